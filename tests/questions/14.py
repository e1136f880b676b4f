"""Lecture 14: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.questions.lecture_14 import (
    _average_not_checked,
    _average_of_lengths,
    _each_coordinate_near,
    _each_gradient_short,
    _midpoint,
    _multiplied,
    _no_slack,
    _on_the_line,
    _one_neuron_a_point,
    _points_not_checked,
    _positive_only,
    _shorter_end,
    _sign_not_checked,
    _signs_forgotten,
    _squared_lengths,
    _sum_not_checked,
    _unit_lengths,
    _weight_only,
    least_norm,
    shortest,
)
from tests.questions.catalogue import Answer


def divides_by_zero(m, g):
    way = (g - m).tolist()
    return m - sum(a * b for a, b in zip(m.tolist(), way, strict=True)) / sum(a * a for a in way) * (g - m)


CATALOGUE = {
    "14.1": [
        Answer(lambda: (26 / 3, 1 / 3, 6, 0.6, 3), "twice too large", "takes 1/n for 1/(2n)"),
        Answer(lambda: (13, 1 / 2, 6, 0.6, 3), "lack the 1/n", "forgets the mean"),
        Answer(lambda: (26 / 6, 25 / 6, 6, 0.6, 3), "smaller half leaves", "lets the smaller half escape first"),
        Answer(lambda: (26 / 6, 1 / 6, np.sqrt(26), 0.6, 3), "y as a whole", "takes one neuron for both signs"),
        Answer(lambda: (26 / 6, 1 / 6, 8, 0.6, 3), "every data point alone", "takes one neuron a data point"),
        Answer(lambda: (26 / 6, 1 / 6, 6, 3, 0.6), "wrong order", "exchanges the clocks"),
        Answer(lambda: (26 / 6, 1 / 6, 6, 5 / 3, 1 / 3), "rates of growth", "takes a rate for a time"),
        Answer(lambda: (26 / 6, 1 / 6, 6, 0.3, 1.5), "the first clock is not", "forgets that m is a square"),
        Answer(lambda: (26 / 6, 1 / 6, 6), "shape (3,)", "forgets the clocks", "cannot be judged"),
    ],
    "14.2": [
        Answer(_unit_lengths, "for unit inputs", "ignores the lengths"),
        Answer(_multiplied, "cheaper or dearer", "multiplies by the lengths"),
        Answer(_one_neuron_a_point, "neuron of its own", "adds absolute values"),
        Answer(_signs_forgotten, "both signs", "takes the norm of all values"),
        Answer(_squared_lengths, "by its square", "divides by the squared length"),
        Answer(_positive_only, "negative values", "forgets the negative neurons"),
        Answer(lambda s, y: [least_norm(s, y)], "shape (1,)", "returns a list", "cannot be judged"),
    ],
    "14.3": [
        Answer(lambda: (1, -0.25), "line 1 is true", "doubts that F is piecewise affine"),
        Answer(lambda: (2, -0.25), "line 2 is true", "doubts the definition"),
        Answer(lambda: (3, -0.25), "line 3 is true", "doubts the average"),
        Answer(lambda: (4, -0.25), "line 4 is true", "doubts that one-sided derivatives exist"),
        Answer(lambda: (6, -0.25), "line 6 follows", "sees that the conclusion is false, not where"),
        Answer(lambda: (5, 15 / 4), "as the false line says", "computes with the false line"),
        Answer(lambda: (5, 0), "does not contradict", "finds the line, but no counter-example"),
        Answer(lambda: (5, -17 / 4), "smallest of the four", "takes the least product instead of the largest"),
        Answer(lambda: (5, -1 / (4 * np.sqrt(5))), "the length of h", "normalizes the direction"),
        Answer(lambda: (5, -1), "is not the slope", "guesses a negative number"),
        Answer(lambda: (7, 0), "lines 1 to 6", "counts lines that are not there"),
    ],
    "14.4": [
        Answer(lambda: (9 / 32, 9 / 32, 7 / 32, 7 / 32), "lecture's function", "copies the weights of the lecture"),
        Answer(lambda: (1 / 4, 1 / 4, 1 / 4, 1 / 4), "average to (-0.5, 0)", "gives equal weights"),
        Answer(lambda: (3 / 16, 3 / 16, 5 / 16, 5 / 16), "Mind the order", "exchanges the pairs"),
        Answer(lambda: (5, 5, 3, 3), "add up to 16", "forgets to normalize"),
        Answer(lambda: (0.7, -0.075, 0.575, -0.2), "is negative", "solves the equations without the signs"),
    ],
    "14.5": [
        Answer(_on_the_line, "whole line", "projects on the line"),
        Answer(_shorter_end, "shorter of the two", "compares the ends only"),
        Answer(_midpoint, "the midpoint", "averages"),
        Answer(_weight_only, "exchanged", "exchanges the weights"),
        Answer(divides_by_zero, "ZeroDivisionError", "divides by the length of the segment"),
        Answer(lambda m, g: np.linalg.norm(shortest(m, g)), "shape ()", "returns the length", "cannot be judged"),
    ],
    "14.6": [
        Answer(_points_not_checked, "not within delta", "forgets the points"),
        Answer(_sum_not_checked, "add up to 1", "forgets the sum"),
        Answer(_sign_not_checked, "negative weights", "forgets the signs"),
        Answer(_average_not_checked, "how long the average", "forgets the average"),
        Answer(_no_slack, "Rounding decides", "compares without the slack"),
        Answer(_each_gradient_short, "Long ones that cancel", "asks for short gradients"),
        Answer(_average_of_lengths, "averages the lengths", "norm and average exchanged"),
        Answer(_each_coordinate_near, "not in a box", "takes the maximum norm"),
        Answer(lambda *args: None, "returned None", "returns nothing", "cannot be judged"),
    ],
}
