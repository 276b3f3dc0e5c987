"""Question 4: sentiment of sentences from their word vectors."""
import numpy as np


def getRegularizationValues():
    """Regularisation strengths to try: sorted, positive, over several powers of ten. Returns a list or an array."""
    # BEGIN SOLUTION w2v-14 (2 points): equal steps in logs, wide enough that the best one is not at an end
    return np.logspace(-6, 1, 15)
    # END SOLUTION w2v-14


def chooseBestModel(results):
    """The result to report. results: list of dicts with the keys reg, train, dev, test (accuracies in percent).

    Returns one of these dicts; of equal ones, the first.
    """
    # BEGIN SOLUTION w2v-15 (4 points): which of the accuracies may take part in a choice?
    return max(results, key=lambda result: result["dev"])
    # END SOLUTION w2v-15
