"""Lecture 10: answers that are not right, what the check says, and what each reveals."""

from course_lib.questions.lecture_10 import (
    _bias_as_column,
    _bias_first,
    _biases_at_the_end,
    _by_columns,
    _from_one,
    _no_biases,
    _weighted,
    folds,
)
from tests.questions.catalogue import Answer


def only_the_last(b, G_b):
    return 2 * (len(b) - 1) * float(b[-1] @ G_b[-1])


def one_array(b, G_b):
    return 2 * (b @ G_b)


CATALOGUE = {
    "10.1": [
        Answer(_by_columns, "column by column", "stores matrices by columns"),
        Answer(_from_one, "counts from zero", "forgets that Python counts from zero"),
        Answer(_bias_first, "W comes first", "puts the bias before the matrix"),
        Answer(_biases_at_the_end, "at the end of theta", "collects all biases at the end"),
        Answer(_bias_as_column, "after all rows", "treats the bias as a column in front of each row"),
        Answer(_no_biases, "without their biases", "forgets the biases of earlier layers"),
        Answer(lambda widths, k, i, j: [0], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "10.2": [
        Answer(lambda m: [3 * m, 3 * m, 3 * m - 1], "triples", "believes that pieces add up like neurons"),
        Answer(lambda m: [2**m, 3 * m, 2**m - 1], "tent map", "takes the numbers of the tent map"),
        Answer(lambda m: [3**m, 3**m, 3**m - 1], "three neurons a layer", "believes that neurons multiply like pieces"),
        Answer(lambda m: [3**m, 3 * m, 3**m], "n - 1 kinks", "counts an end as a kink"),
        Answer(lambda m: [3**m + 1, 3 * m, 3**m - 1], "end points", "counts end points for pieces"),
        Answer(lambda m: [4**m, 3 * m, 4**m - 1], "does not attain", "takes the bound for the number"),
        Answer(lambda m: folds(m)[0], "shape ()", "returns the pieces only", "cannot be judged"),
    ],
    "10.3": [
        Answer(lambda: [27 / 512, 9 / 32, 9 / 64], "halves", "uses a risk with a factor 1/2"),
        Answer(lambda: [27 / 256, 9 / 32, 9 / 32], "passes the weight", "forgets the weight between the layers"),
        Answer(lambda: [27 / 256, 9 / 32, 9 / 16], "wrong order", "exchanges the layers"),
        Answer(lambda: [27 / 256, 9 / 32, 9 / 64], "factor that both", "forgets the 2 of the squared residual"),
        Answer(lambda: [1 / 12, 9 / 16, 9 / 32], "L is too small", "ignores the second layer"),
        Answer(lambda: [27 / 256, -9 / 16, -9 / 32], "negative", "has the sign of the flow instead of the gradient"),
        Answer(lambda: [1 / 3, 9 / 16, 9 / 32], "L is too large", "integrates beyond the cell"),
    ],
    "10.4": [
        Answer(lambda: (1, 8), "line 1 is true", "doubts that an affine function changes sign at most once"),
        Answer(lambda: (3, 8), "line 3 is true", "doubts that layer two sees only the kinks of layer one"),
        Answer(lambda: (5, 8), "it says what follows if", "overlooks the hypothesis of a line"),
        Answer(lambda: (4, 4), "of one neuron", "forgets that layer two has two neurons"),
        Answer(lambda: (4, 6), "more than three pieces", "confuses kinks and pieces"),
        Answer(lambda: (4, 11), "layer two alone", "gives the bound for the whole network"),
        Answer(lambda: (4, 2), "how many pieces", "repeats the wrong count"),
    ],
    "10.5": [
        Answer(_weighted(lambda k, K: k - 1), "brings a factor", "forgets to differentiate the square"),
        Answer(_weighted(lambda k, K: 2 * (1 - k)), "The sign", "takes the difference the other way round"),
        Answer(_weighted(lambda k, K: 2 * k), "still has", "believes that the bug drops the biases altogether"),
        Answer(_weighted(lambda k, K: 2 * (K - 1)), "its own factor", "uses one factor for all layers"),
        Answer(only_the_last, "expected", "believes that only the last layer is affected"),
        Answer(one_array, "TypeError", "treats the list of biases as one array"),
    ],
    "10.6": [
        Answer(lambda: [0, 0, 0, 0, 0, 0.25], "is constant", "takes a constant between, but it is not between everywhere"),
        Answer(lambda: [1, 0, 1, 0, 1, 0], "equals the target", "takes the minimum, where V stands still"),
        Answer(lambda: [1, 0, 1, 0, 0.9, 0.05], "above the bound", "lies between, but too close to the target"),
        Answer(lambda: [1, 0, 1, 0, 2, -0.5], "not negative", "overshoots: steeper than the target"),
        Answer(lambda: [1, 0, 1, 0, 0.25, 0.25], "= 0 is not negative", "is between on a third of the interval only"),
        Answer(lambda: [1, 0, 0.5, 0.25], "shape (4,)", "forgets a layer", "cannot be judged"),
    ],
}
