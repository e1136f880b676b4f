"""Lecture 12: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_12 import (
    STEEP,
    STEP,
    _angle_of_normals,
    _ends_only,
    _independent_ends,
    _kinks_only_inside,
    _kinks_outside_too,
    _largest_modulus,
    _linear_in_length,
    _no_zero_inside,
    _three_eighths,
    _without_relu,
    _zero_inside,
    highest,
)
from tests.questions.catalogue import Answer

BEFORE = STEP(STEEP)
AFTER = STEP(STEEP - 0.1 * STEP.gradient(STEEP))
ALONG = STEP(STEEP + 0.1 * STEP.gradient(STEEP))


def on_a_grid(w, b, omega, beta):
    x = np.linspace(0, 1, 1001)
    return np.max(np.maximum(np.outer(x, w) + b, 0) @ omega + beta)


CATALOGUE = {
    "12.1": [
        Answer(_ends_only, "values at 0 and 1", "believes that a second pre-activation is affine"),
        Answer(_kinks_only_inside, "the kinks only", "forgets the ends of the interval"),
        Answer(_kinks_outside_too, "kinks outside", "does not restrict the kinks to the interval"),
        Answer(_without_relu, "not w x + b", "forgets the activation of the first layer"),
        Answer(_largest_modulus, "largest modulus", "confuses large with positive"),
        Answer(on_a_grid, "expected", "evaluates on a grid and misses thin peaks"),
        Answer(lambda w, b, omega, beta: [highest(w, b, omega, beta)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "12.2": [
        Answer(_no_zero_inside, "on everywhere", "counts the neurons that are on everywhere as dead"),
        Answer(_zero_inside, "the zero lies in", "computes the probability of a kink inside"),
        Answer(_angle_of_normals, "between the two normals", "takes the angle of the normals for that of the sector"),
        Answer(_independent_ends, "not independent", "multiplies dependent probabilities"),
        Answer(_three_eighths, "[0, 1] only", "repeats the lecture's number"),
        Answer(_linear_in_length, "not a linear function", "extrapolates from one value"),
    ],
    "12.3": [
        Answer(lambda: (1, AFTER / BEFORE), "line 1 is true", "doubts that the infimum is 0"),
        Answer(lambda: (2, AFTER / BEFORE), "line 2 is true", "doubts that the risk is continuous"),
        Answer(lambda: (3, AFTER / BEFORE), "line 3 is true", "doubts the probabilistic part"),
        Answer(lambda: (5, AFTER / BEFORE), "line 5 follows", "objects to a consequence instead of its cause"),
        Answer(lambda: (6, AFTER / BEFORE), "line 6 follows", "sees that the conclusion is false, not where"),
        Answer(lambda: (4, 0.9), "would confirm it", "finds the line, but expects the risk to fall"),
        Answer(lambda: (4, BEFORE / AFTER), "upside down", "divides the wrong way round"),
        Answer(lambda: (4, AFTER), "risk after the step; divide", "forgets to divide"),
        Answer(lambda: (4, ALONG / BEFORE), "along the gradient", "adds the gradient"),
        Answer(lambda: (4, 12345.0), "is not the ratio", "takes another start or step"),
        Answer(lambda: (7, 2), "lines 1 to 6", "counts lines that are not there"),
    ],
    "12.4": [
        Answer(lambda: (1, -1 / 3, 1, 0, 2, 1), "is 0 on", "passes the first layer through and makes it flat"),
        Answer(lambda: (1, -1 / 3, 1, 1, 2, 1), "is not f", "adds a bias and does not subtract it later"),
        Answer(lambda: (1, -1 / 3, 1, 1, 1, 0), "is not f", "forgets the factor 2"),
        Answer(lambda: (1, -1 / 3, -1, -1, 2, 1), "is not f", "shifts with the wrong sign and kills the second layer"),
        Answer(lambda: (1, -1 / 3, 2, 1), "shape (4,)", "gives the parameters of a shallow network", "cannot be judged"),
    ],
    "12.5": [
        Answer(lambda: 294, "exact probability", "leaves out the first layer", "not sharp"),
        Answer(lambda: 285, "One factor a layer", "counts one layer too many", "not sharp"),
        Answer(lambda: 293, "exact probability", "takes the crude bound for the first layer, too", "not sharp"),
        Answer(lambda: 17, "do not prove it", "reads the answer off the experiment"),
        Answer(lambda: 283, "probability above 0.01", "counts one layer too few"),
        Answer(lambda: 71, "mind the exponent", "counts the parameters of a neuron wrongly"),
        Answer(lambda: 282.8, "number of layers", "does not round up"),
    ],
    "12.6": [
        Answer(lambda: (1, 1, 1, 1, 1), "(a) is not", "thinks that regularity belongs to the function"),
        Answer(lambda: (0, 0, 1, 1, 0), "(b) is not", "thinks that a shift changes nothing"),
        Answer(lambda: (0, 1, 0, 1, 0), "(c) is not", "looks at zeros outside the interval"),
        Answer(lambda: (0, 1, 1, 0, 0), "(d) is not", "thinks that a zero at an end is flat"),
        Answer(lambda: (0, 1, 1, 1, 1), "(e) is not", "is misled by the scaling"),
        Answer(lambda: (0, 1, 1, 1, 0.5), "only 1 (both hold)", "hedges"),
    ],
}
