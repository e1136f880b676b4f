"""Lecture 01: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.questions.lecture_01 import (
    _all_face_right,
    _jumps_only,
    _nearly_at,
    _neuron_by_neuron,
    _quotient,
    _same_rule,
    _swapped,
    _without_v,
    slopes,
)
from tests.questions.catalogue import Answer


def activations_only(theta, x):
    H = len(theta) // 3
    on = (theta[:H] * x + theta[H : 2 * H] > 0).astype(float)
    return np.array([on.sum(), on.sum()])


def loops_over_columns(theta, x):
    return [sum(w * v for w, b, v in theta if w * x + b > 0)] * 2


def value(theta, x):
    return ReLUNetwork(1, len(theta) // 3, 1).realization(theta, [x])


CATALOGUE = {
    "1.1": [
        Answer(_same_rule(np.greater), "active at x itself", "applies relu'(0) = 0 where one-sided slopes are asked"),
        Answer(_same_rule(np.greater_equal), "on both sides", "counts a neuron at its kink on both sides"),
        Answer(_all_face_right, "faces left", "forgets that w < 0 turns a neuron round"),
        Answer(_jumps_only, "A jump is a difference", "adds jumps, forgets the leftmost slope"),
        Answer(_nearly_at, "Compare z with 0 exactly", "compares with a tolerance"),
        Answer(_swapped, "wrong order", "exchanges left and right"),
        Answer(_without_v, "outer weights v", "forgets the outer weights"),
        Answer(_neuron_by_neuron, "all w, then all b", "reads theta neuron by neuron"),
        Answer(_quotient, "difference quotients", "differentiates numerically"),
        Answer(activations_only, "expected", "adds the pattern instead of the slopes"),
        Answer(loops_over_columns, "TypeError in line", "takes theta for a list of neurons"),
        Answer(value, "shape (1,)", "returns the value of the network", "cannot be judged"),
        Answer(lambda theta, x: slopes(theta, x)[1], "shape ()", "returns one slope only", "cannot be judged"),
    ],
    "1.2": [
        Answer(lambda: [1, 1, -1 / 4, -3 / 4, 2, -1, 0], "left of the first kink is 0", "lets both neurons face right"),
        Answer(lambda: [-1, -1, 1 / 4, 3 / 4, 2, -1, 3 / 4], "left of the first kink is -1", "lets both neurons face left"),
        Answer(lambda: [1, -1, -1 / 4, 3 / 4, 2, -1, 0], "at x = 0", "forgets the outer bias"),
        Answer(lambda: [1, -1, 1 / 4, 3 / 4, 2, -1, 3 / 4], "neuron 1 has no kink", "takes b for the kink, without the sign"),
        Answer(lambda: [1, -1, -1 / 2, 3 / 4, 2, -1, 3 / 4], "bends at x = 0.5", "puts a kink in the wrong place"),
        Answer(lambda: [1, -1, -1 / 4, 3 / 4, 3, 2, 3 / 4], "the slope of your network is -2", "takes slopes for jumps"),
        Answer(lambda: [1, -1 / 4, 2, -1, 3 / 4, -1, 3 / 4], "both w, then both b", "lists the parameters neuron by neuron"),
        Answer(lambda: [1, -1, -1 / 4, 3 / 4, 2, -1], "shape (6,)", "forgets the outer bias altogether", "cannot be judged"),
    ],
    "1.3": [
        Answer(lambda: (0.3, 0.6, 0, 1, 3), "first piece is flat", "counts degrees of freedom only"),
        Answer(lambda: (0.3, 0.6, 1, 2, 0), "last piece is flat", "forgets that both neurons may face left"),
        Answer(lambda: (0.3, 0.6, 1, 0, 1), "middle piece is flat", "forgets neurons that turn their backs to each other"),
        Answer(lambda: (0.3, 0.6, 1, 3, 2), "although no piece is flat", "believes that a flat piece is necessary"),
        Answer(lambda: (0.3, 0.6, 1, 2, 2), "fewer than two kinks", "names a point without a bend"),
        Answer(lambda: (0, 1, 1, -1, 1), "0 < q1", "puts the kinks at the ends of the interval"),
    ],
    "1.4": [
        Answer(lambda: (3 / 8, 3 / 8, 1 / 4), "interval of the lecture", "forgets that dead depends on the interval"),
        Answer(lambda: (1 / 3, 1 / 3, 1 / 3), "more often", "takes three cases for equally likely"),
        Answer(lambda: (1 / 8, 1 / 8, 3 / 4), "less often", "takes a half-plane too many"),
        Answer(lambda: (1 / 2, 1 / 4, 1 / 4), "compare two of your numbers", "takes dead for not active at 0"),
        Answer(lambda: (1 / 4, 1 / 2, 1 / 2), "not to 1.25", "counts neurons twice"),
        Answer(lambda: (25, 25, 50), "not to 100", "answers in per cent"),
    ],
    "1.5": [
        Answer(lambda: [0, 0, 0, 5], "does not help c", "believes that constants belong to the outer bias", "not sharp"),
        Answer(lambda: [0, 5**0.5, 5**0.5, 0], "what do they save", "lets the neuron carry everything", "not sharp"),
        Answer(lambda: [0, 1, 4, 1], "not balanced", "finds c, forgets to rescale", "not sharp"),
        Answer(lambda: [0, 2.5**0.5, 2.5**0.5, 2.5], "to divide the 5", "halves the constant", "not sharp"),
        Answer(lambda: [1, 2, 2, 1], "at x = 1 it is 7", "leaves an inner weight on"),
        Answer(lambda: [0, -2, -2, 1], "at x = 0 it is 1", "forgets that relu cuts off a negative bias"),
    ],
    "1.6": [
        Answer(lambda: (1, 1), "line 1 is true", "doubts uniform limits"),
        Answer(lambda: (3, 1), "line 3 follows", "doubts the reparametrization bound, not its premise"),
        Answer(lambda: (4, 1), "Bolzano", "doubts compactness in finite dimension"),
        Answer(lambda: (5, 1), "line 5 is true", "doubts the continuity of the realization map"),
        Answer(lambda: (2, 0), "false proof", "takes a false proof for a disproof"),
        Answer(lambda: (6, 1), "lines 1 to 5", "names a line that is not there"),
    ],
}
