"""Lecture 04: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_04 import _one_for_half, _product_of_means, barrier, departure
from tests.questions.catalogue import Answer


def target_one(v, c):
    return np.array([v * (1 - c), 2 * v * (1 - c), 0, 2 * (1 - c)])


CATALOGUE = {
    "4.1": [
        Answer(lambda v, c: np.array([0, 0, 0, 1 - 2 * c]), "stays degenerate", "computes the solution of the class"),
        Answer(lambda v, c: -departure(v, c), "the velocity is -G", "flows uphill"),
        Answer(lambda v, c: departure(v, c) / 2, "no factor 1/2", "forgets the 2 of the square"),
        Answer(lambda v, c: departure(1.0, c), "factor of G_w", "forgets the outer weight"),
        Answer(target_one, "target f = 1", "keeps the lecture's target"),
        Answer(lambda v, c: departure(v, c)[[1, 0, 2, 3]], "G_b does not", "swaps w and b"),
        Answer(lambda v, c: departure(v, 0.0), "not -x", "forgets the outer bias"),
        Answer(_product_of_means, "not the product", "integrates a product factor by factor"),
        Answer(_one_for_half, "int x is not 1", "takes int x for 1"),
        Answer(lambda v, c: [1, 2, 0, 2], "example of the lecture", "copies the lecture"),
        Answer(lambda v, c: departure(v, c) * [2, 1, 1, 1], "not right: entry 1", "errs in one integral, and is not told it"),
        Answer(lambda v, c: departure(v, c)[:2], "shape (2,)", "gives w' and b' only", "cannot be judged"),
    ],
    "4.2": [
        Answer(lambda: (8, 8, 8, 4, 8), "v_3 < 0 inside", "freezes every sign"),
        Answer(lambda: (2, 2, 2, 2, 8), "not those with a negative", "counts the negative balances"),
        Answer(lambda: (3, 3, 3, 2, 8), "multiply", "adds components instead of multiplying"),
        Answer(lambda: (4, 3, 4, 3, 8), "different balances", "permutes neurons with different balances"),
        Answer(lambda: (4, 4, 4, 4, 8), "exchanged by a permutation", "forgets the permutation"),
        Answer(lambda: (4, 4, 4, 2, 8), "how many of their v", "divides by the number of permutations"),
        Answer(lambda: (4, 4, 4, 3, 4), "never zero", "believes that a sphere of dimension 0 is connected"),
        Answer(lambda: (4, 4, 4, 3, 6), "hyperbola", "miscounts the product"),
        Answer(lambda: (4, 4, 4, 3.5, 8), "positive integer", "returns a fraction"),
    ],
    "4.3": [
        Answer(lambda s: (1 - s) ** 3 / 3 - (1 - s) ** 4 / 4, "best constant", "forgets the slope"),
        Answer(lambda s: (1 - s) ** 3 / 3, "network 0", "takes the mean square of the target"),
        Answer(lambda s: 1 / 192, "s = 1/2 only", "copies the lecture"),
        Answer(lambda s: (4 * s * (1 - s)) ** 2 / 192, "Do not guess", "guesses through the given values"),
        Answer(lambda s: 4 * s * (1 - s) / 192, "at the ends only", "guesses a parabola"),
        Answer(lambda s: barrier(s) / 2, "no factor 1/2", "halves the risk"),
        Answer(lambda s: 2 * barrier(s), "not right", "errs by a factor, and is not told the value"),
        Answer(lambda s: [barrier(s)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "4.4": [
        Answer(lambda: (1, -1), "line 1 is true", "doubts that the risk is Lipschitz along the curve"),
        Answer(lambda: (2, -1), "line 2 is true", "doubts differentiability almost everywhere"),
        Answer(lambda: (4, -1), "line 4 is true", "doubts the chain rule itself"),
        Answer(lambda: (5, -1), "line 5 is true", "doubts the fundamental theorem"),
        Answer(lambda: (3, 0), "cancelled", "finds the line, takes L for differentiable"),
        Answer(lambda: (3, 1), "Does the risk rise", "sign of the slopes"),
        Answer(lambda: (3, -0.5), "two of them", "gives one slope, or forgets the 2 of the square"),
        Answer(lambda: (3, -2), "which neuron is on where", "integrates over all of [0, 1]"),
        Answer(lambda: (6, -1), "lines 1 to 5", "names a line that is not there"),
    ],
    "4.5": [
        Answer(lambda: (4, 4, 2, 1), "(a) the balance at the fixed time", "forgets that there are more steps"),
        Answer(lambda: (2, 2, 2, 1), "(b) the balance after ten steps", "takes the order of the sum for that of a step"),
        Answer(lambda: (2, 4, 1, 1), "(c) the balance with data", "believes that a jump of G spoils it"),
        Answer(lambda: (2, 4, 4, 1), "(4.12)", "takes the order of one step for that at a fixed time"),
        Answer(lambda: (2, 4, 2, 2), "differs by a fixed amount", "believes that every gap vanishes"),
        Answer(lambda: (0.5, 0.25, 0.5, 1), "grows when the step is halved", "inverts the factors"),
        Answer(lambda: (-2, 4, 2, 1), "positive", "gives an exponent"),
    ],
    "4.6": [
        Answer(lambda: [0.6, 0.1, -1.3, 0], "the sign has to change", "starts on the other side"),
        Answer(lambda: [0.6, 0.1, 1.3, 0], "not negative", "does not look at the balance"),
        Answer(lambda: [1, -0.5, 0.3, 0], "still positive", "negative balance, but the neuron dies first"),
        Answer(lambda: [-1, 0.9, 0.06, 0.2], "at the end 192 L", "lets the neuron face left"),
        Answer(lambda: [6, -2, 0.1, 0], "more than 5", "starts far away"),
        Answer(lambda: [1, -0.3, 0.1, 0], "a start of the lecture", "copies the lecture"),
        Answer(lambda: [[1, -0.3, 0.1, 0]], "shape (1, 4)", "returns a batch", "cannot be judged"),
    ],
}
