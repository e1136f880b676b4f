"""Lecture 02: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_02 import _across_the_kink, _cells, risk
from tests.questions.catalogue import Answer


def cut_outside(w, b, v, c):
    return _cells(w, b, v, c, sorted([0, -b / w if w else 0, 1]))


def cut_when_rising(w, b, v, c):
    return _cells(w, b, v, c, [0, -b / w, 1] if w > 0 and 0 < -b / w < 1 else [0, 1])


def fine_grid(w, b, v, c):
    return _cells(w, b, v, c, np.linspace(0, 1, 2001))


def divides_by_zero(w, b, v, c):
    return risk(w, b, v, c) if -b / w else 0


def monte_carlo(w, b, v, c):
    x = np.random.default_rng(0).uniform(size=100_000)
    return np.mean((c + v * np.maximum(w * x + b, 0) - x**2) ** 2)


CATALOGUE = {
    "2.1": [
        Answer(_across_the_kink, "corner", "integrates across the kink"),
        Answer(lambda w, b, v, c: _cells(w, b, v, c, [0, 1], lambda z, _: z), "relu is missing", "forgets the relu"),
        Answer(lambda *t: risk(*t) / 2, "no factor 1/2", "halves the risk, as many textbooks do"),
        Answer(cut_outside, "more than [0, 1]", "cuts at kinks outside the interval"),
        Answer(cut_when_rising, "only neurons with w > 0", "forgets that left-facing neurons have kinks, too"),
        Answer(fine_grid, "the relative error", "hopes that many cells replace the right ones"),
        Answer(divides_by_zero, "ZeroDivisionError in line", "divides by w before asking whether it is 0"),
        Answer(monte_carlo, "expected", "samples instead of integrating"),
        Answer(lambda w, b, v, c: [risk(w, b, v, c)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "2.2": [
        Answer(lambda f, p: (2 * f + p) // 2 + 1, "constant target", "forgets that the network itself has degree 1"),
        Answer(lambda f, p: (max(1, f) + p) // 2 + 1, "squared", "forgets to square the residual"),
        Answer(lambda f, p: 2 * max(1, f) + p + 1, "2 n - 1", "takes Gauss rules for interpolation rules"),
        Answer(lambda f, p: (2 * max(1, f) + p) / 2 + 1, "integer", "forgets to round"),
        Answer(lambda f, p: -(-(2 * max(1, f) + p) // 2), "even", "off by one for even degrees"),
        Answer(lambda f, p: 2 * max(1, f) + p, "degree d of the integrand", "returns the degree"),
        Answer(lambda f, p: max(1, f) + 1, "density", "forgets the density"),
    ],
    "2.3": [
        Answer(lambda: (1, 1, 0.5), "continuous target your order 1", "believes that a corner costs an order"),
        Answer(lambda: (2, 2, 0.5), "with a jump your order 2", "believes that the midpoint rule never notices a jump"),
        Answer(lambda: (-2, -1, -0.5), "not positive", "sign of the exponent"),
        Answer(lambda: (2, 1, 1), "sampling your order 1", "forgets the square root of the variance"),
        Answer(lambda: (4, 1, 0.5), "much less", "takes the order of a smoother rule"),
    ],
    "2.4": [
        Answer(lambda: (3, 4), "absolute errors", "does not tell absolute from relative errors"),
        Answer(lambda: (1, 4), "line 1 is true", "doubts the exactness of Gauss quadrature"),
        Answer(lambda: (5, 4), "line 5 is true", "believes that summing positive terms loses digits"),
        Answer(lambda: (4, 16), "Divide by the risk", "finds the line, but not the loss"),
        Answer(lambda: (4, -4), "minus k", "sign of the exponent"),
        Answer(lambda: (4, 8), "relative to the risk", "divides by the root of the risk"),
    ],
    "2.5": [
        Answer(lambda: 1.0, "where does p enter", "forgets that p has mass 1/2", "not sharp"),
        Answer(lambda: 0.5, "is false", "forgets the square root"),
        Answer(lambda: 2**0.5, "bound holds", "inverts the constant", "not sharp"),
        Answer(lambda: float("nan"), "contains nan", "divides zero by zero"),
    ],
    "2.6": [
        Answer(lambda: [1, -0.9, 10, 0], "grid point 0.95", "puts the neuron where the grid looks"),
        Answer(lambda: [1, -1, 10, 0], "vanishes on all", "kills the neuron altogether"),
        Answer(lambda: [1, -0.95, 1, 0], "is only", "blind grid, but too small a risk"),
        Answer(lambda: [[1, -0.95, 9, 0]], "shape (1, 4)", "returns a batch", "cannot be judged"),
    ],
}
