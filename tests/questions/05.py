"""Lecture 05: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_05 import (
    _equal_pieces,
    _mirrored,
    _naive,
    _not_halved,
    _one_kink_fewer,
    _pieces,
    least_squared_norm,
    optimum,
)
from tests.questions.catalogue import Answer

CATALOGUE = {
    "5.1": [
        Answer(_equal_pieces, "slope condition", "forgets that the first piece must be flat"),
        Answer(_not_halved, "both sides of 0", "forgets to halve after the reflection"),
        Answer(lambda H, length: _pieces(H, length, 4), "power of the length", "scales the square, but not the interval"),
        Answer(lambda H, length: _pieces(H, length, 0), "depends on the length as well", "scales only the kinks"),
        Answer(_one_kink_fewer, "one kink more is better", "buys a free slope with a neuron"),
        Answer(_mirrored, "flat at the other end", "reflects at the wrong end"),
        Answer(lambda H, length: optimum(H, length)[0], "shape ()", "returns the risk alone", "cannot be judged"),
    ],
    "5.2": [
        Answer(lambda: [6, 2, 4, 8, 1, 7, 5, 3], "three inequalities", "forgets Fatou's lemma until after the contradiction"),
        Answer(lambda: [6, 2, 5, 8, 4, 1, 7, 3], "these jumps", "lays ramps before supposing that there is a jump"),
        Answer(lambda: [6, 2, 5, 4, 1, 8, 7, 3], "h and its kinks", "speaks of h before it is made"),
        Answer(lambda: [4, 6, 2, 5, 8, 1, 7, 3], "before there is a g", "starts with the contradiction"),
        Answer(lambda: [6, 2, 5, 3, 4, 8, 1, 7], "takes it for granted", "concludes before excluding jumps"),
        Answer(lambda: [2, 6, 5, 4, 8, 1, 7, 3], "limits of their kinks", "takes limits before there is a sequence"),
        Answer(lambda: [0, 1, 2, 3, 4, 5, 6, 7], "exactly once", "counts from 0"),
    ],
    "5.3": [
        Answer(lambda: (1 / (180 * 4**4), 4), "four pieces", "takes kinks for pieces"),
        Answer(lambda: (4 / (45 * 9**4), 4), "without a skip connection", "uses the wrong formula"),
        Answer(lambda: (1 / (180 * 5**5), 5), "one of the pieces", "forgets to add the pieces"),
        Answer(lambda: (1 / 2880, 5), "is not the minimum", "repeats the example"),
        Answer(lambda: (1 / 112500, 4), "slope condition", "believes that the skip connection is worth nothing"),
        Answer(lambda: (1 / 112500, 6), "fewer do", "rounds up twice"),
        Answer(lambda: (1 / 112500, 4.5), "integer", "does not round"),
    ],
    "5.4": [
        Answer(_naive, "w = (1, 1)", "does not balance"),
        Answer(lambda n, m: _naive(n, m) - 1, "w = (-1, -1)", "chooses the directions, but does not balance"),
        Answer(lambda n, m: np.sqrt(least_squared_norm(n, m)), "its square", "returns the norm"),
        Answer(lambda n, m: least_squared_norm(n, m) / 2, "factor 2", "counts only half of a neuron"),
        Answer(lambda n, m: 4 * n, "biases count", "forgets b"),
        Answer(lambda n, m: 4 * n * np.hypot(1, m), "limit for large n", "gives the asymptotic value"),
        Answer(lambda n, m: least_squared_norm(n, m) + 1, "other facing", "lets both neurons face right, as in the lecture"),
    ],
    "5.5": [
        Answer(lambda: 1 / 6, "any sign", "repeats the constant of the lecture", "not sharp"),
        Answer(lambda: 1.0, "let the other one vary", "forgets the ramp's own error"),
        Answer(lambda: 1 / 2, "a larger one is", "stops early", "not sharp"),
        Answer(lambda: -2 / 3, "not positive", "sign of the change"),
        Answer(lambda: float("inf"), "contains inf", "looks at the end where the quotient is largest"),
    ],
    "5.6": [
        Answer(lambda: [-0.7, 1, 1, -0.2, -0.6, 0.8, 0.8, 1 / 75], "smaller jump", "believes that every jump does"),
        Answer(lambda: [0.07, 1, 1, 0, 0, 0, 0, 0], "allows a better network", "a good J without its network"),
        Answer(lambda: [0.1, 1, 1, -0.2, -0.6, 0.8, 0.8, 0.2], "First fit x^2", "a good J, but the constant is off"),
        Answer(lambda: [0.01, 1, 1, -0.2, -0.6, 0.8, 0.8, 1 / 75], "smaller than 1/20", "small, but not as asked"),
        Answer(lambda: [0.0, 1, 1, -0.2, -0.6, 0.8, 0.8, 1 / 75], "J = 0 ", "removes the jump"),
        Answer(lambda: 0.07, "shape ()", "returns the jump alone", "cannot be judged"),
    ],
}
