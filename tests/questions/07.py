"""Lecture 07: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_07 import (
    _first_decade,
    _last_value,
    _negative,
    _no_mask,
    _whole,
    _whole_with_noise,
    exponents,
    late_exponent,
    tie,
)
from tests.questions.catalogue import Answer


def changed(index, value):
    """exponents with one number replaced by value(nu)."""

    def answer(nu):
        numbers = list(exponents(nu))
        numbers[index] = value(nu)
        return numbers

    return answer


def wrong_integral(nu):
    return 1 - 1 / nu, nu ** (1 / nu - 1), 1 / (nu - 1), nu / (nu - 1)


def without_noise_or_zero(t, L, limit):
    return -np.polyfit(np.log(t), np.log(L - limit), 1)[0]


CATALOGUE = {
    "7.1": [
        Answer(changed(0, lambda nu: 1 / nu), "your alpha is 1/nu", "takes the power of s for the exponent"),
        Answer(changed(1, lambda nu: 1.0), "forgets the nu", "forgets the constant in L"),
        Answer(changed(1, lambda nu: nu ** (1 - 1 / nu)), "other side", "inverts the constant"),
        Answer(changed(3, lambda nu: 1 / (nu - 2)), "L is a power of s", "confuses the risk with the parameter"),
        Answer(lambda nu: (1 - 1 / nu, nu ** (1 / nu - 1), -1 / (nu - 2), -nu / (nu - 2)), "the signs", "returns the slopes"),
        Answer(wrong_integral, "which power of s", "integrates s' = -s^(nu-1) wrongly"),
        Answer(lambda nu: 1 - 1 / nu, "shape ()", "returns only alpha", "cannot be judged"),
    ],
    "7.2": [
        Answer(lambda m: ((m + 2) / (m + 3), (m + 3) / (m + 1), 1 / (m + 1)), "v goes to 0 as well", "ignores the tie"),
        Answer(lambda m: ((m + 3) / (m + 4), (m + 4) / (m + 2), 1 / (m + 2)), "L has v^2", "counts v once"),
        Answer(lambda m: (*tie(m)[:2], 1 / (m + 1)), "b is fed", "keeps the old equation for b"),
        Answer(lambda m: (tie(m)[0], (m + 3) / (m + 1), 1 / (m + 1)), "alpha is right", "keeps the old exponents of time"),
        Answer(lambda m: ((m + 2) / (m + 3), *tie(m)[1:]), "rates and alpha belong together", "keeps the old alpha"),
        Answer(lambda m: (tie(m)[0], tie(m)[2], tie(m)[1]), "mind the order", "swaps the two rates"),
        Answer(lambda m: tie(m)[:2], "shape (2,)", "forgets one of the numbers", "cannot be judged"),
    ],
    "7.3": [
        Answer(lambda: [3, 6, 1, 2, 5, 4], "stays in the ball", "concludes from the conditional bound"),
        Answer(lambda: [6, 3, 1, 5, 4, 2], "the identity just found", "uses KL before there is anything to bound"),
        Answer(lambda: [3, 1, 6, 5, 4, 2], "no lower bound yet", "integrates the identity itself"),
        Answer(lambda: [3, 6, 1, 4, 5, 2], "no T has been chosen", "springs the trap before setting it"),
        Answer(lambda: [5, 3, 6, 1, 4, 2], "bounds a length", "starts with epsilon"),
        Answer(lambda: [1, 2, 3, 4, 5, 5], "exactly once", "repeats a line"),
        Answer(lambda: "361542", "instead of numbers", "returns a string", "cannot be judged"),
    ],
    "7.4": [
        Answer(_whole, "transient", "fits the whole curve"),
        Answer(_whole_with_noise, "and the noise at its end", "fits every point that has a logarithm"),
        Answer(_last_value, "last value in place of the limit", "takes the end of the run for the limit"),
        Answer(_negative, "the sign", "returns the slope"),
        Answer(_first_decade, "late times", "takes the best resolved part of the curve"),
        Answer(_no_mask, "noise included", "fits rounding noise"),
        Answer(without_noise_or_zero, "SVD did not converge", "takes logarithms of zero"),
        Answer(lambda t, L, limit: [late_exponent(t, L, limit)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "7.5": [
        Answer(lambda: 1 / np.sqrt(0.08), "mind the factor", "forgets the one half in L", "not sharp"),
        Answer(lambda: 1 / np.sqrt(6), "is false", "takes the largest eigenvalue"),
        Answer(lambda: 1 / 0.16, "for no theta outside", "forgets the root", "not sharp"),
        Answer(lambda: float("inf"), "contains inf", "divides by the eigenvalue 0"),
    ],
    "7.6": [
        Answer(lambda: [1, -0.2, 1, 0], "in the interior", "takes a neuron that the target wants"),
        Answer(lambda: [-1, 0.5, 1, 0], "the other end is asked for", "copies the start of the lecture"),
        Answer(lambda: [1, -0.5, -3, 3], "outside, where", "starts so far off that the neuron turns round"),
        Answer(lambda: [-1, 1, 1, 0], "must start in", "starts with the kink on the end"),
        Answer(lambda: [-9, 4.5, 1, 0], "between -3 and 3", "ignores the bounds"),
        Answer(lambda: [0, 1, 1, 0], "starts at nan", "a neuron without a kink"),
    ],
}
