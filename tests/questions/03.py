"""Lecture 03: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_03 import (
    _across_the_kink,
    _always_generalized,
    _half_at_zero,
    _kinks_outside_too,
    _no_absolute_value,
    _no_factor_x,
    _no_kink_term,
    _not_divided_by_w,
    _on_at_zero,
    _values_kept,
    _without_v,
    _without_x,
    _wrong_sign,
    block,
    gradient,
    limit,
)
from tests.questions.catalogue import Answer


def divides_by_zero(w, b, v, c):
    return gradient(w, b, v, c) if -b / w else 0


def riemann_sum(w, b, v, c):
    x = (np.arange(100_000) + 0.5) / 100_000
    on = w * x + b > 0
    r = c + v * np.maximum(w * x + b, 0) - x**2
    return [np.mean(2 * r * v * on * x), np.mean(2 * r * v * on), np.mean(2 * r * np.maximum(w * x + b, 0)), np.mean(2 * r)]


CATALOGUE = {
    "3.1": [
        Answer(_on_at_zero, "counts as active", "takes relu'(0) = 1"),
        Answer(_half_at_zero, "half active", "takes relu'(0) = 1/2"),
        Answer(_across_the_kink, "one Gauss rule", "integrates across the kink"),
        Answer(lambda *t: gradient(*t) / 2, "halves", "puts a factor 1/2 before the risk"),
        Answer(lambda *t: -gradient(*t), "negative gradient", "takes f - N for the residual"),
        Answer(_without_v, "factor v is missing", "forgets the outer weight in the chain rule"),
        Answer(_without_x, "a factor x", "forgets the inner derivative"),
        Answer(lambda *t: gradient(*t)[[1, 0, 2, 3]], "the order is (G_w, G_b, G_v, G_c)", "puts the bias before the weight"),
        Answer(lambda *t: gradient(*t)[::-1], "another order", "lists the parameters from the outer bias inwards"),
        Answer(divides_by_zero, "ZeroDivisionError in line", "divides by w before asking whether it is 0"),
        Answer(riemann_sum, "the relative error", "sums over a grid instead of integrating"),
        Answer(lambda *t: [gradient(*t)], "shape (1, 4)", "returns a batch", "cannot be judged"),
    ],
    "3.2": [
        Answer(_always_generalized, "for every s", "believes that the limit never depends on the smoothing"),
        Answer(lambda s: limit(s) * [0.5, 0.5, 1, 1], "the factor v", "forgets the outer weight"),
        Answer(lambda s: limit(s) / 2, "factor 2 is missing", "puts a factor 1/2 before the risk"),
        Answer(lambda s: -limit(s), "Mind the sign", "takes f - N for the residual"),
        Answer(_no_factor_x, "a factor x", "forgets the inner derivative"),
        Answer(_values_kept, "value R_n(0)", "confuses the value and the slope of the smoothing at 0"),
        Answer(lambda s: [7 * s, 2 * s, 0, 1], "not right: entry 1", "errs in one integral, and is not told its value"),
    ],
    "3.3": [
        Answer(lambda: (2, -1 / 6), "line 2 follows", "believes that scaling the direction is not allowed"),
        Answer(lambda: (1, -1 / 6), "line 1 follows", "doubts the chain rule along segments"),
        Answer(lambda: (3, -1 / 6), "line 3 follows", "believes that G is unbounded where it jumps"),
        Answer(lambda: (5, -1 / 6), "line 5 follows", "blames dominated convergence"),
        Answer(lambda: (6, -1 / 6), "line 6 follows", "sees that the conclusion is false, not where"),
        Answer(lambda: (4, 0), "false claim", "finds the line, but computes with G instead of the risk"),
        Answer(lambda: (4, 1 / 6), "the sign", "takes f - N for the residual"),
        Answer(lambda: (4, -1 / 12), "factor 2", "forgets that the risk is a square"),
        Answer(lambda: (4, -1), "is not the slope", "repeats the slope of the lecture's example"),
        Answer(lambda: (7, 0), "lines 1 to 6", "counts lines that are not there"),
    ],
    "3.4": [
        Answer(lambda: (2, 0, 0), "not the function 0", "fits the derivative and forgets the function"),
        Answer(lambda: (0, 0, 0), "empty program", "takes the trivial program"),
        Answer(lambda: (1, -1, 0), "each ReLU on the path", "forgets to scale the program"),
        Answer(lambda: (-4, 4, 0), "a sign", "orders the two terms the wrong way round"),
        Answer(lambda: (4, -4), "shape (2,)", "gives two numbers only", "cannot be judged"),
    ],
    "3.5": [
        Answer(_no_kink_term, "moving kink is missing", "differentiates as if the active set were fixed"),
        Answer(_no_absolute_value, "face left", "divides by w instead of its modulus"),
        Answer(_kinks_outside_too, "outside [0, 1]", "adds the kink term for kinks outside"),
        Answer(_wrong_sign, "the wrong sign. When b grows", "gets Leibniz' sign wrong at the lower end"),
        Answer(_not_divided_by_w, "speed of the kink", "forgets the derivative of the kink by b"),
        Answer(lambda *t: block(*t) / 2, "halves", "puts a factor 1/2 before the risk"),
        Answer(lambda *t: block(*t)[0], "shape (2,)", "returns a row", "cannot be judged"),
    ],
    "3.6": [
        Answer(lambda: (1, 1, 1), "softplus your order 1", "does not see that the errors on the strip cancel"),
        Answer(lambda: (2, 2, 1), "leaky ReLU your order 2", "looks at the kink only, not at the slope far from it"),
        Answer(lambda: (2, 1, 2), "root of n your order 2", "applies the card without changing the parameter"),
        Answer(lambda: (-2, -1, -1), "not positive", "sign of the exponent"),
        Answer(lambda: (2, 1, 0.5), "much more", "takes the width of the strip for the error"),
    ],
}
