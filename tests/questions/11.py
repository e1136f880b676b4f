"""Lecture 11: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_11 import (
    _constant_speed,
    _distance_like_the_root_of_the_risk,
    _gradient_like_the_root_of_the_risk,
    _model_exponent,
    _no_factor_two,
    _only_the_left_half,
    _only_the_right_half,
    _squared_gradient,
    exponents,
)
from tests.questions.catalogue import Answer

CATALOGUE = {
    "11.1": [
        Answer(lambda: [2 / 45, -1 / 3, -1 / 6, -2], "half the risk", "puts a factor 1/2 before the risk"),
        Answer(lambda: [1 / 5, -1 / 3, -1 / 6, -2], "is not the risk", "forgets the outer bias"),
        Answer(lambda: [4 / 45, -1 / 6, -1 / 3, -2], "exchanged", "takes relu'(0) = 1"),
        Answer(lambda: [4 / 45, 1 / 3, 1 / 6, -2], "mind the sign", "takes f - N for the residual"),
        Answer(lambda: [4 / 45, -1 / 6, -1 / 6, -2], "either the neuron at the switch counts", "sees no jump"),
        Answer(lambda: [4 / 45, -1 / 4, -1 / 6, -2], "relu'(0) = 1/2", "takes the middle of the jump"),
        Answer(lambda: [4 / 45, 0, -1 / 6, -2], "the one path that is on", "believes that W1 = 0 makes its derivative vanish"),
        Answer(lambda: [4 / 45, -1 / 3, -1 / 3, -2], "however small eps", "takes a small pre-activation for a small effect"),
        Answer(lambda: [4 / 45, -1 / 3, -1 / 2, -2], "with their signs", "subtracts a negative path"),
        Answer(lambda: [4 / 45, -1 / 3, -1 / 6, -1 / 2], "do not cancel", "takes the inverse of the first weight"),
    ],
    "11.2": [
        Answer(_gradient_like_the_root_of_the_risk, "gradient falls like the root", "carries a rule for parabolas over"),
        Answer(_distance_like_the_root_of_the_risk, "distance falls like the root", "carries a rule for parabolas over"),
        Answer(_model_exponent, "power in time", "confuses the power in space with that in time"),
        Answer(_squared_gradient, "square of the gradient norm", "forgets the root"),
        Answer(lambda s: exponents(s) * [1, -1, 1], "expected", "returns the slope of the distance instead of beta"),
        Answer(lambda s: exponents(s)[:2], "shape (2,)", "leaves the gradient out", "cannot be judged"),
    ],
    "11.3": [
        Answer(lambda: (1, 1 / 6), "line 1 is true", "doubts that G is the gradient where there is one"),
        Answer(lambda: (3, 1 / 6), "line 3 is true", "blames the bound"),
        Answer(lambda: (4, 1 / 6), "line 4 is true", "believes that pre-activations jump"),
        Answer(lambda: (6, 1 / 6), "line 6 is true", "blames dominated convergence"),
        Answer(lambda: (5, 0), "false claim", "counts the neuron at the switch as on"),
        Answer(lambda: (5, -1 / 6), "mind the target", "repeats the number of the lecture"),
        Answer(lambda: (5, 1 / 12), "factor 2", "forgets that the risk is a square"),
        Answer(lambda: (5, 1), "is not G_W1", "guesses"),
        Answer(lambda: (8, 0), "lines 1 to 7", "counts lines that are not there"),
    ],
    "11.4": [
        Answer(_constant_speed, "constant speed", "takes the speed at the valley for the speed everywhere"),
        Answer(_no_factor_two, "half of what it should be", "puts a factor 1/2 before the risk"),
        Answer(_only_the_right_half, "both halves", "forgets the interval on which the first neuron is off"),
        Answer(_only_the_left_half, "only [-1, 0]", "forgets the interval on which the first neuron is on"),
        Answer(lambda beta: -np.log(1 + 4 * beta) / 4, "expected", "lets time run backwards"),
    ],
    "11.5": [
        Answer(lambda: (1, 0), "a valley", "returns the point of the lecture"),
        Answer(lambda: (1, 1), "same way", "finds a surface that the flow crosses"),
        Answer(lambda: (0, -1), "not heard", "switches the neuron off"),
        Answer(lambda: (4.05, -1.018), "not by the margin", "has the inequalities, but sits at the tip of the region"),
        Answer(lambda: 8, "shape ()", "returns omega only", "cannot be judged"),
    ],
    "11.6": [
        Answer(lambda: 1.0, "a smaller one serves", "is content with a true constant", "not sharp"),
        Answer(lambda: 0.5 / np.sqrt(3), "without another factor", "forgets the integral of x squared"),
        Answer(lambda: 0.2, "weights that are all equal", "guesses"),
        Answer(lambda: -0.3, "must be positive", "loses a sign"),
        Answer(lambda: (0.3, 0.4), "shape (2,)", "returns an interval", "cannot be judged"),
    ],
}
