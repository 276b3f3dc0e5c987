"""The choice question of the sheet. A letter is judged when the homework is graded."""


def architecture():
    """c1: the letter of the right answer, "A", "B" or "C" (the sheet has the question)."""
    # BEGIN SOLUTION gpt-91 (6 points): ask of each position which others it may look at
    return "A"
    # END SOLUTION gpt-91
