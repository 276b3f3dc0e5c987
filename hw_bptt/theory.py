"""The choice questions: give the letter of the true statement. It is checked at grading, where every option is computed."""


def c1():
    """Letter of the true statement on an RNN without activation and input, h_t = U h_{t-1} = U^t h_0.

    U = QΛQ^T with Q orthogonal, so h_t = QΛ^tQ^T h_0 and dL/dh_0 = QΛ^tQ^T dL/dh_t.
    (A) eigenvalues with |λ_i| < 1 easily make gradients vanish
    (B) eigenvalues with |λ_i| = 1 easily make gradients vanish
    (C) eigenvalues with |λ_i| > 1 easily make gradients vanish
    """
    # BEGIN SOLUTION bptt-91 (3 points): what happens to the t-th power of an eigenvalue as t grows?
    return "A"
    # END SOLUTION bptt-91


def c2():
    """Letter of the activation that passes the gradient back through t steps without shrinking it.

    h_t = φ(W h_{t-1} + U x_t + b), W orthogonal, all pre-activations positive.
    (A) sigmoid        (B) tanh        (C) ReLU
    """
    # BEGIN SOLUTION bptt-92 (3 points): how large is φ' on the positive side?
    return "C"
    # END SOLUTION bptt-92


if __name__ == "__main__":
    print(f"c1: {c1()}\nc2: {c2()}")
