"""Questions of lecture 03, the generalized gradient: a gradient by hand, all smoothings, a false proof, a program, a block, speeds.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "03_generalized_gradient"
NEURON = ReLUNetwork(1, 1, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
RISK = ExactRisk(NEURON, SQUARE)


# -------------------------------------------------------------------- 3.1 the gradient of one neuron
def gradient(w, b, v, c):
    """(G_w, G_b, G_v, G_c) for f = x^2, p = 1 on [0, 1]; rounding noise is printed as 0."""
    return RISK.gradient([w, b, v, c]).round(14) + 0.0


def _across_the_kink(w, b, v, c):
    """Three Gauss nodes on all of [0, 1], whatever the kink."""
    nodes, weights = np.polynomial.legendre.leggauss(3)
    x = (1 + nodes) / 2
    z = w * x + b
    residual = c + v * np.maximum(z, 0) - x**2
    return np.array([v * (z > 0) * x, v * (z > 0), np.maximum(z, 0), np.ones(3)]) @ (weights * residual)


def _on_at_zero(w, b, v, c):
    """relu'(0) = 1: the limit from the right at w = b = 0."""
    return _slope_at_zero(1.0, w, b, v, c)


def _half_at_zero(w, b, v, c):
    return _slope_at_zero(0.5, w, b, v, c)


def _slope_at_zero(s, w, b, v, c):
    G = gradient(w, b, v, c)
    return G + (w == b == 0) * s * 2 * v * np.array([c / 2 - 1 / 4, c - 1 / 3, 0, 0])


def _halved(w, b, v, c):
    return gradient(w, b, v, c) / 2


def _negative(w, b, v, c):
    return -gradient(w, b, v, c)


def _without_v(w, b, v, c):
    """The residual is right, but v is forgotten in G_w and G_b; no instance has v = 0."""
    return gradient(w, b, v, c) / np.array([v, v, 1, 1])


def _without_x(w, b, v, c):
    G = gradient(w, b, v, c)
    return np.array([G[1], G[1], G[2], G[3]])


def _in_order(places):
    def wrong(w, b, v, c):
        return gradient(w, b, v, c)[list(places)]

    return wrong


ORDERS = [_in_order(places) for places in permutations(range(4)) if places != (0, 1, 2, 3)]
NEURONS = [
    (0.0, 0.0, 1.0, 0.3), (0.0, 0.0, -2.0, 1.0), (0.0, 1.0, 2.0, 0.5), (0.0, -1.0, 2.0, 0.5), (1.0, -2.0, 3.0, 0.25), (-1.0, -0.5, 3.0, 0.1),
    (1.0, 0.0, 1.0, 0.0), (-1.0, 1.0, 1.0, 0.2), (1.0, -1.0, 2.0, 0.1), (1.0, -1 / 3, 4 / 3, 1 / 27), (-2.0, 0.5, 3.0, 0.0), (1.0, 0.5, 1.0, -0.5),
    *map(tuple, np.random.default_rng(31).standard_normal((20, 4)).round(3).tolist()),
]  # fmt: skip


# -------------------------------------------------------------------- 3.2 one neuron, all smoothings
def limit(s):
    """2 v s int (x, 1) (1 - x), 0, 2 int (1 - x) at theta = (0, 0, 2, 1), f = x."""
    return np.array([2 * s / 3, 2 * s, 0.0, 1.0])


def _scaled_limit(wb, c=1.0):
    def wrong(s):
        return np.array([2 * s / 3, 2 * s, 0.0, 1.0]) * np.array([wb, wb, 1.0, c])

    return wrong


def _always_generalized(s):
    return np.array([0.0, 0.0, 0.0, 1.0])


def _values_kept(s):
    """R_n(0) -> s instead of R_n'(0): the derivative by v is not 0."""
    return np.array([2 * s / 3, 2 * s, s, 1.0])


def _no_factor_x(s):
    return np.array([2 * s, 2 * s, 0.0, 1.0])


# -------------------------------------------------------------------- 3.3 the wrong line
FOLLOWING_LINES = {
    1: "line 1 follows: it is the formula that the lecture proves by smoothing, for all parameters and directions.",
    2: "line 2 follows: put th for h in line 1, which holds for all directions, and divide by t.",
    3: "line 3 follows: convergence of the points is clear, and G is bounded on bounded sets by its formula.",
    5: "line 5 follows, whether or not its conclusion is true: it quotes dominated convergence correctly, from what 3 and 4 state.",
    6: "line 6 follows: the inner product with the zero vector is zero. Its conclusion is false here because of a line before it.",
}


def judge_wrong_line(given):
    """Line 4: G need not be continuous at a degenerate neuron; the slope is 2 (1/4 - 1/3)."""
    line, slope = given
    if line in FOLLOWING_LINES:
        return "wrong", FOLLOWING_LINES[line]
    if line != 4:
        return "wrong", f"the proof has the lines 1 to 6, but your first number is {line:g}."
    if abs(slope) < 1e-6:
        return "wrong", "the line is right. But 0 is what the false claim says: put w = t, b = 0 and differentiate at t = 0 from the right."
    if abs(slope - 1 / 6) < 1e-6:
        return "wrong", "the line is right. For the slope, mind the sign of the residual N - f."
    if abs(slope + 1 / 12) < 1e-6:
        return "wrong", "the line is right. For the slope: the risk is a square, so its derivative has a factor 2."
    if abs(slope + 1 / 6) > 1e-6:
        return "wrong", f"the line is right. But {slope:g} is not the slope: it is 2 v times the integral of residual times relu(x), here with v = 1."
    return "right", "right: the field jumps at a degenerate neuron, and a zero of it may have directions of descent."


# -------------------------------------------------------------------- 3.4 break the choice one half
def judge_program(a):
    """a_1 + a_2 + a_3 = 0 and a_1 / 2 + a_2 / 4 + a_3 / 8 = 1."""
    total, slope = a.sum(), a @ np.array([0.5, 0.25, 0.125])
    if abs(total) > 1e-9:
        return "wrong", f"your program is not the function 0: at x = 1 it computes {total:.6g}."
    if not a.any():
        return "wrong", "the empty program is 0, and so is its derivative. Backpropagation must return 1."
    if abs(slope + 1) < 1e-9:
        return "wrong", "your program is 0, but backpropagation returns -1 at x = 0: a sign."
    if abs(slope - 1) > 1e-9:
        return "wrong", f"your program is 0, but backpropagation returns {slope:.12g} at x = 0; each ReLU on the path counts one half."
    return "right", "right: the program is the function 0, and its automatic derivative at 0 is 1."


# -------------------------------------------------------------------- 3.5 a block of the Hessian
def block(w, b, v, c):
    """The second derivatives of L by (w, b)."""
    return RISK.hessian([w, b, v, c])[:2, :2]


def _kink(w, b, v, c, inside_only=True, absolute=True):
    k = -b / w
    if inside_only and not 0 < k < 1:
        return np.zeros((2, 2))
    return 2 * v * (c - k * k) / (abs(w) if absolute else w) * np.outer([k, 1], [k, 1])


def _no_kink_term(w, b, v, c):
    return block(w, b, v, c) - _kink(w, b, v, c)


def _no_absolute_value(w, b, v, c):
    return _no_kink_term(w, b, v, c) + _kink(w, b, v, c, absolute=False)


def _kinks_outside_too(w, b, v, c):
    return _no_kink_term(w, b, v, c) + _kink(w, b, v, c, inside_only=False)


def _wrong_sign(w, b, v, c):
    return _no_kink_term(w, b, v, c) - _kink(w, b, v, c)


def _not_divided_by_w(w, b, v, c):
    return _no_kink_term(w, b, v, c) + abs(w) * _kink(w, b, v, c)


BLOCKS = [
    (1.0, 1.0, 1.0, 0.0), (1.0, -0.5, 2.0, 0.0), (-1.0, 0.5, 2.0, 0.0), (2.0, -3.0, 1.0, 0.5), (-1.0, 2.0, 1.5, -0.5), (-2.0, 0.5, -3.0, 0.1),
    *((w, -w * k, v, c) for w, k, v, c in np.random.default_rng(35).uniform([0.5, 0.1, -2, -1], [2, 0.9, 2, 1], (8, 4)).round(3).tolist()),
    *((-w, w * k, v, c) for w, k, v, c in np.random.default_rng(36).uniform([0.5, 0.1, -2, -1], [2, 0.9, 2, 1], (8, 4)).round(3).tolist()),
]  # fmt: skip


# -------------------------------------------------------------------- 3.6 three speeds
SPEEDS = (2.0, 1.0, 1.0)
WAYS = ("softplus", "the leaky ReLU", "SmoothReLU with the root of n")


def judge_speeds(claimed):
    """Compare the errors that the claimed orders predict between n and 4 n with what happens."""
    for way, claim, true in zip(WAYS, claimed, SPEEDS, strict=True):
        if claim <= 0:
            return "wrong", f"for {way} the order {claim:g} is not positive: m is meant in n^(-m), and the errors do shrink."
        if abs(claim - true) > 0.05:
            more = "more" if true > claim else "less"
            return "wrong", (
                f"for {way} your order {claim:g} predicts that four times the n divides the error by {4**claim:.3g}; "
                f"measured, it divides it by much {more} than that."
            )
    return "right", "right: what counts is the mean error of the derivative over the strip, the width of the strip, and the tails."


QUESTIONS = (
    Question(
        "3.1",
        "the gradient of one neuron",
        NOTEBOOK,
        Compare(
            gradient,
            NEURONS,
            misconceptions=(
                (_on_at_zero, "For w = b = 0 your neuron counts as active. The convention is relu'(0) = 0: active where w x + b > 0, strictly."),
                (_half_at_zero, "For w = b = 0 your neuron counts as half active. The convention is relu'(0) = 0."),
                (_across_the_kink, "These are the values of one Gauss rule on all of [0, 1]. The integrands of G_w and G_b jump at the kink: "
                 "cut [0, 1] at -b/w when that lies inside."),
                (_halved, "These are halves of the gradient: the risk is a square without a factor 1/2 before it."),
                (_negative, "This is the negative gradient, the direction of the flow; the residual is N - f."),
                (_without_v, "In G_w and G_b the factor v is missing."),
                (_without_x, "Your G_w equals your G_b: the derivative by w carries a factor x."),
                *((order, "Right numbers in another order: the order is (G_w, G_b, G_v, G_c).") for order in ORDERS),
            ),
            remark="Degenerate and dead neurons, w = 0 and kinks on the ends included.",
        ),
        (
            "Differentiate under the integral: 2 r times the derivative of N by w, by b, by v, by c. Where does it jump?",
            "The derivatives of N are v x, v (both only where w x + b > 0, strictly), relu(w x + b) and 1. Cut [0, 1] at the kink if it "
            "lies inside; three Gauss nodes a cell are exact.",
        ),
    ),
    Question(
        "3.2",
        "one neuron, all smoothings",
        NOTEBOOK,
        Compare(
            limit,
            [(0.0,), (1.0,), (0.5,), (1 / 3,), (-2.0,)],
            misconceptions=(
                (_always_generalized, "This is G for every s. A smoothing with another slope at 0 has another limit."),
                (_scaled_limit(0.5), "The derivatives by w and b carry the factor v, here 2."),
                (_scaled_limit(0.5, 0.5), "A factor 2 is missing: the risk is a square."),
                (_scaled_limit(-1.0, -1.0), "Mind the sign: the residual is N - f, and N tends to the outer bias."),
                (_no_factor_x, "The derivative by w carries a factor x under the integral."),
                (_values_kept, "The derivative by v contains the value R_n(0), not the slope; the values tend to 0."),
            ),
            remark="Among these limits only the one for s = 0 is G.",
            reveal=False,
        ),
        (
            "At this theta the pre-activation is 0 for all x. What are the network and the residual in the limit?",
            "The residual tends to 1 - x. Then dL/dw -> 2 v s int x (1 - x), dL/db -> 2 v s int (1 - x), and dL/dv contains R_n(0).",
        ),
    ),
    Question(
        "3.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Which line uses more than the lecture knows about G at a parameter with a degenerate neuron?",
            "For the slope: near theta, N(x) = 1/2 + max(t x, 0). Differentiate the integral of (N - x)^2 by t at t = 0 from the right.",
        ),
    ),
    Question(
        "3.4",
        "break the choice one half",
        NOTEBOOK,
        Judge((3,), judge_program),
        (
            "For x > 0 every term is a multiple of x. When is the sum 0? And what does backpropagation multiply along a path?",
            "Two linear equations for three unknowns: one from x > 0, one from the derivative at 0, where k nested ReLUs give the factor 1/2 "
            "to the power k.",
        ),
    ),
    Question(
        "3.5",
        "a block of the Hessian",
        NOTEBOOK,
        Compare(
            block,
            BLOCKS,
            misconceptions=(
                (_no_kink_term, "The term from the moving kink is missing: the end of the active set depends on w and b, too."),
                (_no_absolute_value, "For neurons that face left your kink term has the wrong sign: divide by |w|."),
                (_kinks_outside_too, "You add a kink term also where the kink lies outside [0, 1] and moves no end of the active set."),
                (_wrong_sign, "Your kink term has the wrong sign. When b grows and w > 0, does the active set grow or shrink?"),
                (_not_divided_by_w, "In the kink term the speed of the kink is missing: it moves by 1/|w| times the change of b."),
                (lambda *t: block(*t) / 2, "These are halves: the risk is a square without a factor 1/2 before it."),
            ),
            remark="Kinks inside and outside, neurons facing both ways.",
        ),
        (
            "Differentiate G_w and G_b once more. They depend on w and b under the integral and through the end of the active set.",
            "Under the integral: 2 v^2 times the moments of the active set. Then differentiate the end -b/w by w and by b, and multiply "
            "by the integrand there; is it the upper or the lower end, is it inside, and what is N at the kink?",
        ),
    ),
    Question(
        "3.6",
        "three speeds",
        NOTEBOOK,
        Judge((3,), judge_speeds),
        (
            "Where does the derivative of the activation differ from that of the ReLU, by how much, and how much on average?",
            "Redo the proof of the rate. (a) What does the given integral say about the error of the derivative, averaged over the strip? "
            "(b) Where does the leaky ReLU differ from the ReLU, only near the kink? (c) Which number plays the part of the card's n?",
        ),
    ),
)  # fmt: skip
