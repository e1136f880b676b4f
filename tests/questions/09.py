"""Lecture 09: answers that are not right, what the check says, and what each reveals."""

from functools import partial

import numpy as np

from course_lib.questions.lecture_09 import _forgets_m, _forgets_power, _negative, _no_derivative, _of_rho, _rate
from tests.questions.catalogue import Answer


def divides_by_residuals(w, b, v, c, xi, x):
    return 8 / np.sum((c - xi) ** 2 * np.ones(len(x)))


CATALOGUE = {
    "9.1": [
        Answer(lambda: (1, 2, 3, 4, 5, 6), "you have line 1 before line 6", "leaves the order as printed"),
        Answer(lambda: (2, 4, 6, 1, 3, 5), "complete only after line 5", "divides before the bound is there"),
        Answer(lambda: (4, 2, 6, 1, 5, 3), "line 4 says 'this is'", "computes before the balance identity is used"),
        Answer(lambda: (2, 4, 6, 5, 1, 3), "none before line 1", "bounds before integrating"),
        Answer(lambda: (6, 2, 4, 1, 5, 3), "must be known by then", "starts with the flow"),
        Answer(lambda: (2, 4, 6, 1, 5, 5), "once each", "repeats a line"),
        Answer(lambda: (2, 4, 6), "shape (3,)", "leaves lines out", "cannot be judged"),
    ],
    "9.2": [
        Answer(partial(_rate, twice=False), "V holds c twice", "takes the square of the gradient for Q"),
        Answer(partial(_rate, factor=4.0), "falls fastest", "minimises V instead of finding its second zero"),
        Answer(partial(_rate, factor=2.0), "doubles it twice", "believes that V behaves like |theta|^2 on a quadratic"),
        Answer(partial(_rate, factor=32.0), "factor 2", "forgets the inner derivative of the square"),
        Answer(partial(_rate, mean=False), "not the sum", "sums over the minibatch"),
        Answer(partial(_rate, weak=True), "strictly", "takes relu'(0) = 1"),
        Answer(divides_by_residuals, "expected", "forgets the neurons"),
        Answer(lambda *t: [_rate(*t)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "9.3": [
        Answer(_forgets_m, "factor m", "forgets the inner derivative"),
        Answer(_forgets_power, "divided by m + 2", "forgets the factor of integration"),
        Answer(_of_rho, "belong to rho", "answers for the norm instead of the risk"),
        Answer(_no_derivative, "not the risk", "takes the risk for the speed"),
        Answer(_negative, "beta is positive", "sign of the exponent"),
        Answer(lambda kappa, m: m / (m + 2), "shape ()", "returns the exponent only", "cannot be judged"),
    ],
    "9.4": [
        Answer(lambda: (1, 1, 2, 1.1547), "for k = 1.1 the run does not return", "forgets the edge of stability"),
        Answer(lambda: (1, 2, 4, 1.1547), "fewer than 4", "places the period doubling too early"),
        Answer(lambda: (1, 2, 0, 1.1547), "does become periodic", "takes everything beyond the edge for chaos"),
        Answer(lambda: (1, 2, 2, 4 / 3), "larger than 1/24", "forgets the square root"),
        Answer(lambda: (1, 2, 2, 0.75**0.5), "no two-cycle", "inverts k"),
        Answer(lambda: (1, 2, 2, 1.05), "smaller than 1/24", "guesses"),
        Answer(lambda: (1, 2, 2, -2 / 3**0.5), "positive number", "takes the negative root"),
    ],
    "9.5": [
        Answer(lambda: (1, 5**0.5 - 1), "line 1 is true", "doubts the algebra of the cycle"),
        Answer(lambda: (2, 5**0.5 - 1), "line 2 is true", "doubts the chain rule"),
        Answer(lambda: (3, 5**0.5 - 1), "line 3 is true", "doubts the multiplier"),
        Answer(lambda: (4, 5**0.5 - 1), "line 4 is true", "takes a true inequality for a false one"),
        Answer(lambda: (5, 27**0.5 / 2 - 1), "leave u > 0", "confuses loss of stability with leaving the interval"),
        Answer(lambda: (5, 1.236), "to three digits", "rounds"),
        Answer(lambda: (5, 5**0.5), "claim fails before", "forgets to subtract 1"),
        Answer(lambda: (5, 4.5**0.5 - 1), "can be larger", "asks for a positive multiplier"),
        Answer(lambda: (5, 1.0), "larger than 1", "solves for multiplier +1"),
    ],
    "9.6": [
        Answer(lambda: [0.9, 0.5], "balanced your neuron", "takes any untied start"),
        Answer(lambda: [1.0, 1.0], "almost balanced already", "takes the balanced minimum"),
        Answer(lambda: [-1.0, 1.0], "must be positive", "starts with a dead neuron"),
        Answer(lambda: [1.1, 0.95], "balanced your neuron", "starts near an unbalanced minimum, which repels"),
        Answer(lambda: [0.5, 0.0, 2.0, 0.0], "shape (4,)", "returns all of theta", "cannot be judged"),
    ],
}
