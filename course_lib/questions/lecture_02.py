"""Questions of lecture 02, exact risk: a risk by hand, the number of nodes, rates, a false proof, a constant, a blind grid.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "02_exact_risk"
NEURON = ReLUNetwork(1, 1, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
GAUSS = np.polynomial.legendre.leggauss(3)


# -------------------------------------------------------------------- 2.1 the risk of one neuron
def risk(w, b, v, c):
    """int_0^1 (c + v relu(w x + b) - x^2)^2 dx."""
    return ExactRisk(NEURON, SQUARE)([w, b, v, c])


def _cells(w, b, v, c, edges, relu=np.maximum):
    """The same integral by three Gauss nodes on each cell, whatever the edges."""
    total = 0.0
    for left, right in pairwise(edges):
        x = (left + right) / 2 + (right - left) / 2 * GAUSS[0]
        total += (right - left) / 2 * (GAUSS[1] @ (c + v * relu(w * x + b, 0) - x**2) ** 2)
    return total


def _across_the_kink(w, b, v, c):
    return _cells(w, b, v, c, [0, 1])


def _no_relu(w, b, v, c):
    return _cells(w, b, v, c, [0, 1], relu=lambda z, _: z)


def _never_clipped(w, b, v, c):
    return _cells(w, b, v, c, sorted([0, -b / w if w else 0, 1]))


def _cut_when_rising(w, b, v, c):
    return risk(w, b, v, c) if w > 0 else _across_the_kink(w, b, v, c)


NEURONS = [
    (0.0, 1.0, 2.0, 0.5), (0.0, -1.0, 2.0, 0.5), (0.0, 0.0, 1.0, 0.3), (1.0, -2.0, 3.0, 1 / 3), (-1.0, -0.5, 3.0, 0.1),
    (1.0, 0.0, 1.0, 0.0), (-1.0, 1.0, 1.0, 0.2), (1.0, -1 / 3, 4 / 3, 1 / 27), (1.0, 0.5, 1.0, -0.5),
    *map(tuple, np.random.default_rng(21).standard_normal((20, 4)).round(3).tolist()),
]  # fmt: skip


# -------------------------------------------------------------------- 2.2 how many nodes
def node_count(deg_f, deg_p):
    """The least n with 2 n - 1 >= 2 max(1, deg f) + deg p."""
    return (2 * max(1, deg_f) + deg_p) // 2 + 1


# -------------------------------------------------------------------- 2.3 rates
RATES = (2.0, 1.0, 0.5)
METHODS = ("the midpoint grid with a continuous target", "the midpoint grid with a jump", "sampling")


def judge_rates(claimed):
    """Compare the errors that the claimed orders predict between n and 100 n with what happens."""
    for method, claim, true in zip(METHODS, claimed, RATES, strict=True):
        if claim <= 0:
            return "wrong", f"for {method} the order {claim:g} is not positive: s is meant in n^(-s), and the errors do shrink."
        if abs(claim - true) > 0.05:
            more = "more" if true > claim else "less"
            return "wrong", (
                f"for {method} your order {claim:g} predicts that 100 times as many points divide the error by "
                f"{100**claim:.3g}; measured, they divide it by much {more} than that."
            )
    return "right", "right: corners cost nothing here, jumps one order, chance one and a half."


# -------------------------------------------------------------------- 2.4 the wrong line
def judge_wrong_line(given):
    """The line that does not follow, and the k of a relative error of about 10^-k."""
    line, k = given
    if line == 1:
        return "wrong", "line 1 is true: on a cell all three integrands are polynomials, and Gauss-Legendre is exact there."
    if line == 5:
        return "wrong", "line 5 is true: the sum of positive terms is not smaller than its terms, so no digits cancel."
    if line in (2, 3):
        return "wrong", f"line {line:g} is true: it speaks of absolute errors, and they do add up like this. Read on."
    if line != 4:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if k < 0:
        return "wrong", "the line is right. The second number is k, so that the relative error is 10 to the power of minus k."
    if abs(k - 16) <= 1:
        return "wrong", "the line is right, but 10^-16 is the absolute error of the three integrals. Divide by the risk."
    if abs(k - 4) > 0.7:
        return "wrong", "the line is right. For k: absolute error about 10^-16, risk 10^-12; what is the error relative to the risk?"
    return "right", "right: twelve of sixteen digits are gone. Integrating the square of the residual keeps them."


# -------------------------------------------------------------------- 2.5 the constant
def judge_constant(claim):
    """|sqrt L_f - sqrt L_g| <= C delta for the density x on [0, 1]; sharp for f = g + delta, N = g."""
    sharp = np.sqrt(0.5)
    if claim < sharp * (1 - 1e-6):
        return "wrong", f"with C = {claim:g} the bound is false: take g = 0, f = delta, and the network that is 0 everywhere."
    if claim > sharp * (1 + 1e-6):
        return "not sharp", f"the bound holds with C = {claim:g}, but for no f, g and theta with equality. Where does p enter?"
    return "right", "right and sharp: equality for g = 0, f = delta and the zero network."


# -------------------------------------------------------------------- 2.6 a grid that sees nothing
def judge_blind_grid(theta):
    """The ten midpoints see risk 0, the exact risk for f = 0 is at least 1e-3."""
    x = (np.arange(10) + 0.5) / 10
    seen = np.mean(NEURON.realization(theta, x) ** 2)
    exact = ExactRisk(NEURON, PiecewisePolynomial.constant(0.0, 0, 1))(theta)
    if seen > 0:
        point = x[np.argmax(np.abs(NEURON.realization(theta, x)))]
        return "wrong", f"the grid does see your network: at the grid point {point:g} it is not 0, and the grid risk is {seen:.3g}."
    if exact == 0:
        return "wrong", "the grid sees 0, but so does the integral: your network vanishes on all of [0, 1]."
    if exact < 1e-3:
        return "wrong", f"the grid is blind to your network, but its exact risk is only {exact:.3g}. One parameter makes it larger."
    return "right", f"right: the grid reports 0, the exact risk is {exact:.4g}. This grid cannot tell the two apart."


QUESTIONS = (
    Question(
        "2.1",
        "the risk of one neuron",
        NOTEBOOK,
        Compare(
            risk,
            NEURONS,
            misconceptions=(
                (_across_the_kink, "These are the values of one Gauss rule on all of [0, 1]. At the kink the residual has a corner, and "
                 "no Gauss rule is exact across a corner: cut [0, 1] at -b/w when that lies inside."),
                (_cut_when_rising, "You cut only neurons with w > 0; one with w < 0 has a corner at -b/w just as well."),
                (_no_relu, "These are the values for c + v (w x + b): the relu is missing."),
                (lambda *t: risk(*t) / 2, "These are halves of the risk: the course's risk has no factor 1/2."),
                (_never_clipped, "You cut at -b/w even where it lies outside [0, 1], and so integrate over more than [0, 1]."),
            ),
            rtol=1e-10,
            remark="Degenerate and dead neurons included.",
        ),
        (
            "Where does x -> c + v relu(w x + b) - x^2 stop being a polynomial? Only at one point, if at all.",
            "Make the list of cell ends [0, 1], with -b/w between them if w is not 0 and 0 < -b/w < 1. On each cell use three "
            "Gauss-Legendre nodes: the square of the residual has degree 4 there.",
        ),
    ),
    Question(
        "2.2",
        "how many nodes",
        NOTEBOOK,
        Compare(
            node_count,
            [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (3, 2), (4, 1), (7, 3)],
            misconceptions=(
                (lambda f, p: (2 * f + p) // 2 + 1, "A constant target does not make the residual constant: the network has degree 1."),
                (lambda f, p: (max(1, f) + p) // 2 + 1, "The residual is squared: its degree counts twice."),
                (lambda f, p: (2 * max(1, f) + p) / 2 + 1, "The number of nodes is an integer: the least n with 2 n - 1 >= d."),
                (lambda f, p: -(-(2 * max(1, f) + p) // 2), "2 n - 1 >= d asks for one node more when d is even."),
                (lambda f, p: 2 * max(1, f) + p, "This is the degree d of the integrand; the least n with 2 n - 1 >= d is wanted."),
                (lambda f, p: 2 * max(1, f) + p + 1, "n nodes integrate degree 2 n - 1 exactly, not only n - 1."),
                (lambda f, p: (2 * max(1, f)) // 2 + 1, "The density is a factor of the integrand, too."),
            ),
            remark="One node fewer misses the square of a Legendre polynomial of degree d // 2.",
        ),
        (
            "First the degree d of (N - f)^2 p on a cell, where N is affine. Then the least n with 2 n - 1 >= d.",
            "The residual has degree max(1, deg f): even if f is constant, N is not. The least integer n with 2 n - 1 >= d is "
            "d // 2 + 1.",
        ),
    ),
    Question(
        "2.3",
        "three rates",
        NOTEBOOK,
        Judge((3,), judge_rates),
        (
            "Think of the one cell of length 1/n that contains the corner or the jump: how wrong is the midpoint there, times 1/n?",
            "A corner: the value at the midpoint is off by about 1/n, on a cell of length 1/n. A jump: off by about 1, on a cell of "
            "length 1/n. Chance: the standard deviation of a mean of n independent numbers.",
        ),
    ),
    Question(
        "2.4",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Ask of every line: is the error meant absolute or relative to the number at hand?",
            "A, 2B and C are of size 1 and carry absolute errors of about 1e-16. Their combination is of size 1e-12. Which line "
            "speaks of a relative error, and relative to what?",
        ),
    ),
    Question(
        "2.5",
        "sharpen a constant",
        NOTEBOOK,
        Judge((), judge_constant),
        (
            "sqrt(L_f(theta)) is the norm of N - f in a space L2 with weight p. What is the norm of f - g there?",
            "The triangle inequality gives (int (f - g)^2 p)^(1/2) <= delta (int p)^(1/2). Insert p(x) = x.",
        ),
    ),
    Question(
        "2.6",
        "a grid that sees nothing",
        NOTEBOOK,
        Judge((4,), judge_blind_grid),
        (
            "The grid has no point in (0.95, 1]. Let the network live there only.",
            "A neuron facing right with its kink at 0.95: w = 1, b = -0.95. Its exact risk is v^2 0.05^3 / 3. Choose v.",
        ),
    ),
)  # fmt: skip
