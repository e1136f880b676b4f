"""Lecture 15: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.lecture_15 import PAIR, THIN, corner, measured
from course_lib.theorems import Hypothesis, TheoremCard
from tests.questions.catalogue import Answer

LONGER = PiecewisePolynomial.constant(1, 0, 2)
JUMP = PiecewisePolynomial([0, 1 / 3, 1], [[1 / 3, -1], [1, 1]])


def always(*value):
    """The same problem for every pair of cards."""
    return lambda speaks, fails: value


def predicted(level=1.0, rate=1.0, q=0.2):
    """The right prediction for q, its numbers multiplied."""
    return lambda: [q, measured(q)[0] * level, measured(q)[1] * rate]


def shallow_pair(network, f, p):
    return bool(network.is_shallow_1d and network.widths[1] >= 2)


def affine_pieces(network, f, p):
    return f.degree == 1


def numpy_bool(network, f, p):
    return np.all(f.coefficients[:, 0] >= -2)


ARCHITECTURE = Hypothesis("architecture", "two neurons", shallow_pair)
TARGET = Hypothesis("target", "piecewise affine", affine_pieces)
LIMIT = Hypothesis("limit", "the flow converges to a pair")


def carded(**changes):
    """A card that is right in form, with some fields changed."""
    fields = {
        "slug": "pair", "title": "A pair", "hypotheses": (ARCHITECTURE, TARGET, LIMIT), "conclusion": "$L\\sim C t^{-3}$",
        "source": "a run", "status": "observed",
    }  # fmt: skip
    return lambda lecture: TheoremCard(**({"lecture": lecture} | fields | changes))


def thinner(network, f, p):
    return p is not None


THINNER = Hypothesis("thin", "$p=x$", thinner)


CATALOGUE = {
    "15.1": [
        Answer(always(PAIR, corner(1 / 3), THIN), "not the same as violated", "takes an open hypothesis for a failed one"),
        Answer(always(PAIR, JUMP, THIN), "does not speak", "breaks the hypothesis that both cards have"),
        Answer(always(ReLUNetwork(1, 2, 2, 1), JUMP, None), "this fails: 'shallow'", "breaks more than is needed"),
        Answer(always(PAIR, JUMP), "a tuple", "forgets the density", "cannot be judged"),
        Answer(always(PAIR, THIN, LONGER), "are no problem", "two intervals", "cannot be judged"),
    ],
    "15.2": [
        Answer(predicted(rate=0.5), "rate is that of the parameters", "forgets the factor two"),
        Answer(predicted(rate=-1), "the sign", "returns the exponent with its sign"),
        Answer(predicted(level=(0.2 * 3) ** -4), "the level for the corner 1/3", "copies the level of the lecture"),
        Answer(predicted(level=3 * 0.2), "not where the flow ends", "scales the level with the fifth power"),
        Answer(predicted(rate=0.9), "the balance of the start", "takes a balanced representative"),
        Answer(lambda: [0.2, measured(0.2)[0], 2 * measured(0.2)[2]], "steepest", "takes the largest eigenvalue"),
        Answer(predicted(q=1 / 3), "differ from 1/3", "takes the problem of the lecture"),
        Answer(lambda: measured(0.2)[:2], "shape (2,)", "does not say which q", "cannot be judged"),
    ],
    "15.3": [
        Answer(lambda: [1, 1, 0.5, 0.3, 0.5, 0.2, 0], "but the rate is only", "takes two neurons that look alike"),
        Answer(lambda: [1, 1, 0.5, -0.3, 1, -0.5, 0], "on its way out", "lets a kink leave at the thin end"),
        Answer(lambda: [1, -1, 0.5, 0.5, 1, 1, 0], "another level", "reaches the global minimum"),
        Answer(lambda: [0] * 7, "another level", "starts where nothing moves but c"),
        Answer(lambda: [9, -9, 1, 20, 0.1, 0.1, 0], "between -3 and 3", "takes sizes beyond the box"),
        Answer(lambda: [2, -2, 0.5, 3], "shape (4,)", "gives one neuron", "cannot be judged"),
    ],
    "15.4": [
        Answer(lambda: (6, 2 / 9), "which of them does it lean on", "blames the conclusion"),
        Answer(lambda: (3, 2 / 9), "both kinks are inside", "doubts the second derivatives"),
        Answer(lambda: (4, 2 / 9), "eigvalsh", "doubts the computation"),
        Answer(lambda: (7, 2 / 9), "quotes the card correctly", "blames the theorem"),
        Answer(lambda: (5, 2 / 3), "forgets the density", "integrates without p"),
        Answer(lambda: (5, 1 / 9), "both sides", "integrates on one side of the corner"),
        Answer(lambda: (5, 14 / 9), "add up all three", "forgets c, or the neurons"),
        Answer(lambda: (5, 3), "the constant is not", "returns the exponent"),
        Answer(lambda: 5, "shape ()", "returns only the line", "cannot be judged"),
    ],
    "15.5": [
        Answer(carded(status="quoted in essence"), "which paper", "quotes a paper that does not exist"),
        Answer(carded(status="proved here"), "claims more", "takes a run for a proof"),
        Answer(carded(status="computed"), "numbers at a finite time", "takes a law read off a run for a number"),
        Answer(carded(lecture="07"), "field lecture", "files the card elsewhere"),
        Answer(carded(conclusion="the risk decays"), "in LaTeX", "has no law in the conclusion"),
        Answer(carded(hypotheses=(ARCHITECTURE, TARGET)), "applies without a run", "forgets that the law is about a limit"),
        Answer(carded(hypotheses=(TARGET, LIMIT)), "fails for one neuron", "forgets the architecture"),
        Answer(carded(hypotheses=(ARCHITECTURE, LIMIT)), "the target x^2", "forgets the corner"),
        Answer(carded(hypotheses=(ARCHITECTURE, TARGET, LIMIT, THINNER)), "holds there too", "asks for the density of the run"),
        Answer(carded(hypotheses=(Hypothesis("values", "bounded", numpy_bool), LIMIT)), "a bool", "returns NumPy's True"),
        Answer(lambda lecture: "a card", "TheoremCard is needed", "returns a text", "cannot be judged"),
    ],
}
