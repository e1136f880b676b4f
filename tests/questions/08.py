"""Lecture 08: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_08 import (
    L,
    _late_gradients,
    _leading_term,
    _no_weight,
    _norms,
    _step_lengths,
    _too_many_gradients,
    defect,
    starts,
)
from tests.questions.catalogue import Answer


def changes_its_argument_to_integers(theta, eta, n):
    return defect(np.round(theta), eta, n)


def uphill(theta, eta, n):
    return defect(theta, -eta, n) - 2 * eta * (L.gradient(theta) ** 2).sum()


def two_over_standard_sharpness():
    return 2 / 5.006398


def needs(p, q):
    return np.log(1 - q) / np.log(1 - p) if p < 1 else 1.0


CATALOGUE = {
    "8.1": [
        Answer(_late_gradients, "ends of the steps", "takes the gradient after the step"),
        Answer(_too_many_gradients, "n + 1 gradients", "sums one gradient too many"),
        Answer(_no_weight, "lacks its weight", "forgets that a step lasts eta"),
        Answer(_step_lengths, "squared lengths of the steps", "sums |theta' - theta|^2"),
        Answer(_norms, "norms of G", "forgets to square"),
        Answer(_leading_term, "leading term", "evaluates (8.9) instead of running"),
        Answer(uphill, "expected", "adds the gradient"),
        Answer(lambda *t: -defect(*t), "sign is turned", "turns the defect round"),
        Answer(changes_its_argument_to_integers, "expected", "computes with rounded parameters"),
        Answer(lambda theta, eta, n: L(theta) + 0 * theta, "shape (4,)", "returns an array", "cannot be judged"),
    ],
    "8.2": [
        Answer(lambda: (0.5, 0.25, 0.25, 0.5, 2), "what a single step does", "forgets that there are more steps"),
        Answer(lambda: (0.25, 0.25, 0.5, 0.5, 2), "(a)", "takes Euler's local error for the global one"),
        Answer(lambda: (0.5, 0.5, 0.5, 0.5, 2), "(b)", "believes that a step changes the balance at first order"),
        Answer(lambda: (0.5, 0.25, 0.5, 0.25, 2), "(d)", "expects second order of the energy"),
        Answer(lambda: (0.5, 0.25, 0.5, 0.5, 0.5), "sharper or a flatter", "turns the threshold round"),
        Answer(lambda: (0.5, 0.25, 0.5, 0.5, 4), "(e)", "squares the threshold"),
        Answer(lambda: (2, 4, 2, 2, 0.5), "other direction", "gives the factors for the doubled rate"),
        Answer(lambda: (-1, -2, -1, -1, 1), "not positive", "gives exponents instead of factors"),
    ],
    "8.3": [
        Answer(lambda: (3, 6, 5, 4, 7, 2), "does not follow", "believes that square-summable means summable"),
        Answer(lambda: (3, 1, 6, 4, 7, 2), "line 1 uses", "uses concavity before it is stated"),
        Answer(lambda: (3, 6, 1, 4, 2, 7), "line 2 uses", "passes to the limit before the iterates are known to stay"),
        Answer(lambda: (3, 6, 1, 7, 4, 2), "line 7 uses", "uses the length before it is bounded"),
        Answer(lambda: (3, 6, 4, 1, 7, 2), "line 4 uses", "sums an inequality that is not there yet"),
        Answer(lambda: (3, 6, 1, 4, 7, 7), "twice", "repeats a line"),
        Answer(lambda: (0, 3, 6, 1, 4, 7), "numbered 1 to 7", "counts from zero"),
        Answer(lambda: (3, 6, 1, 4, 5, 7, 2), "shape (7,)", "uses all seven lines", "cannot be judged"),
    ],
    "8.4": [
        Answer(lambda: [1, -1 / 3, 4 / 3, 0.5], "lowers the risk", "an ordinary start"),
        Answer(lambda: [1, -2, 3, 0.5], "dead on [0, 1]", "a dead neuron, where the risk is quadratic"),
        Answer(lambda: [1, -1, 3, 1 / 3], "critical point", "a start that does not move"),
        Answer(lambda: [1e6, 0, 1, 0], "at most 100", "leaves the allowed range"),
        Answer(lambda: [[1, 0, 1, 0]], "shape (1, 4)", "returns a batch", "cannot be judged"),
    ],
    "8.5": [
        Answer(lambda p, q: np.ceil(q / p), "adds probabilities", "takes K p for the probability of success"),
        Answer(lambda p, q: np.ceil(1 / p), "mean number of runs", "takes the mean waiting time"),
        Answer(lambda p, q: max(1, np.floor(needs(p, q))), "Rounded down", "rounds to the wrong side"),
        Answer(lambda p, q: max(1, round(needs(p, q))), "nearest integer", "rounds to the nearest"),
        Answer(lambda p, q: np.ceil(np.log(1 - q) / np.log(1 - p)), "without a run", "forgets p = 1"),
        Answer(needs, "an integer", "forgets to round"),
        Answer(lambda p, q: np.ceil(needs(p, 1 - q)), "probability of failure", "exchanges success and failure"),
        Answer(lambda p, q: np.ceil(-np.log(1 - q) / p), "expected", "uses the approximation for small p"),
        Answer(lambda p, q: starts(p, q) - 1, "expected", "counts failures instead of runs"),
    ],
    "8.6": [
        Answer(two_over_standard_sharpness, "particular point", "uses the sharpness at s = 1", "not sharp"),
        Answer(lambda: 0.628, "more accurately", "minimises on a coarse grid", "not sharp"),
        Answer(lambda: 0.65, "too large", "takes the first rate at which no run succeeded"),
        Answer(lambda: 3.174, "a sharpness", "returns the least sharpness"),
        Answer(lambda: 0.31506, "one over the sharpness", "takes 1 / sharpness for the threshold", "not sharp"),
        Answer(lambda: -0.6, "positive", "sign of the step"),
    ],
}  # fmt: skip
