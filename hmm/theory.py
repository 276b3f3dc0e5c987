"""The choice questions: give the letter of the true formula, "A", "B", "C" or "D". Time and states count from 1 here.

The letter is checked when homework is graded: every formula is computed and compared with the sum over all state paths.
"""


def c1():
    """Letter of the formula for gamma_t(i) = P(q_t = S_i | O, lambda).

    (A) alpha_t(i) beta_t(i)                    (B) alpha_t(i) beta_t(i) / sum_j alpha_t(j) beta_t(j)
    (C) alpha_t(i) + beta_t(i)                  (D) (alpha_t(i) + beta_t(i)) / sum_j (alpha_t(j) + beta_t(j))
    """
    # BEGIN SOLUTION hmm-91 (3 points): what must gamma_t sum to over the states?
    return "B"
    # END SOLUTION hmm-91


def c2():
    """Letter of the formula for P(q_5 = S_2, q_6 = S_4, O | lambda), with 5 states and T = 10.

    (A) alpha_5(2) a_24                         (B) b_4(o_6) beta_6(4)
    (C) alpha_5(2) a_24 b_4(o_6)                (D) alpha_5(2) a_24 b_4(o_6) beta_6(4)
    """
    # BEGIN SOLUTION hmm-92 (3 points): which of the ten symbols does each factor account for?
    return "D"
    # END SOLUTION hmm-92


if __name__ == "__main__":
    print(f"c1: {c1()}\nc2: {c2()}")
