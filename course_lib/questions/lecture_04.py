"""Questions of lecture 04, gradient flow: a second solution, components, a barrier, a false proof, orders, a walk through zero.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.flows import gradient_flow
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "04_gradient_flow"
NEURON = ReLUNetwork(1, 1, 1)
LECTURE_START = np.array([1, -0.3, 0.1, 0])
RAMP_DOWN = ExactRisk(NEURON, PiecewisePolynomial([0, 0.5, 1], [[0], [0, -1]]))


# -------------------------------------------------------------------- 4.1 the way out
def departure(v, c):
    """(w', b', v', c') at t = 0+ of the solution that leaves (0, 0, v, c) at once; f(x) = x, v > 0 >= c."""
    m0, m1 = c - 1 / 2, c / 2 - 1 / 3                        # int r, int x r for r = c - x
    return -2 * np.array([v * m1, v * m0, 0.0, m0]) + 0.0       # no -0. is printed


def _stays(v, c):
    return departure(v, c) * [0, 0, 1, 1]


def _uphill(v, c):
    return -departure(v, c)


def _half(v, c):
    return departure(v, c) / 2


def _no_outer_weight(v, c):
    return departure(1.0, c)


def _target_one(v, c):
    m0, m1 = c - 1, (c - 1) / 2
    return -2 * np.array([v * m1, v * m0, 0.0, m0])


def _moments_swapped(v, c):
    return departure(v, c)[[1, 0, 2, 3]]


def _target_only(v, c):
    return departure(v, 0.0)


def _product_of_means(v, c):
    """int x r taken for int x times int r."""
    return departure(v, c) * [0, 1, 1, 1] + [v * (1 / 2 - c), 0, 0, 0]


def _one_for_half(v, c):
    """int x taken for 1 in int x (c - x)."""
    return departure(v, c) - [v * c, 0, 0, 0]


def _copied(v, c):
    return np.array([1.0, 2.0, 0.0, 2.0])


STARTS = [(1.0, 0.0), (2.0, 0.0), (0.5, -1.0), (3.0, -0.25), (1.5, -2.0)]


# -------------------------------------------------------------------- 4.2 components
PLACES = ("(a) all components", "(a) up to permutation", "(b) all components", "(b) up to permutation", "(c) all components")
COUNTS = (4, 4, 4, 3, 8)


def judge_components(given):
    """Two signs are free in (a) and (b); in (b) those two neurons may be exchanged; in (c) a third sign is frozen."""
    for place, claim in zip(PLACES, given, strict=True):
        if claim < 1 or abs(claim - round(claim)) > 1e-9:
            return "wrong", f"{place}: a number of components is a positive integer, not {claim:g}."
    if given[0] == 8:
        return "wrong", "(a): the third neuron has a negative balance: can you not go from v_3 > 0 to v_3 < 0 inside its level set?"
    if given[0] == 2:
        return "wrong", "(a): count the neurons with a positive balance B = v^2 - w^2 - b^2, not those with a negative one."
    if given[0] != COUNTS[0] or given[2] != COUNTS[2]:
        place = "(a)" if given[0] != COUNTS[0] else "(b)"
        return "wrong", f"{place}: the components multiply. How many has each neuron's own level set in (w, b, v)?"
    if given[1] != COUNTS[1]:
        return "wrong", "(a), up to permutation: exchanging two neurons with different balances leaves the level set altogether."
    if given[3] == COUNTS[2]:
        return "wrong", "(b), up to permutation: signs (+, -) and (-, +) of the first two neurons are exchanged by a permutation."
    if given[3] != COUNTS[3]:
        return "wrong", "(b), up to permutation: the first two neurons may be exchanged. Only how many of their v are positive counts."
    if given[4] == COUNTS[2]:
        return "wrong", "(c): without inner bias a negative balance reads w^2 = v^2 + |B|. Which number is then never zero?"
    if given[4] != COUNTS[4]:
        return "wrong", "(c): now every neuron has a curve in the plane (w, v) as its level set. How many pieces has a hyperbola?"
    return "right", "right: a sphere in the incoming parameters is connected from two dimensions on, and two points in one."


# -------------------------------------------------------------------- 4.3 the barrier
def barrier(s):
    """min over lines of int_0^1 (line + max(x - s, 0))^2 dx."""
    u = 1 - s
    covariance = u**3 / 3 + (s - 1 / 2) * u**2 / 2
    return u**3 / 3 - u**4 / 4 - 12 * covariance**2


def _constants_only(s):
    return (1 - s) ** 3 / 3 - (1 - s) ** 4 / 4


def _mean_square(s):
    return (1 - s) ** 3 / 3


def _not_centred(s):
    u = 1 - s
    return u**3 / 3 - u**4 / 4 - 12 * (u**3 / 3 + s * u**2 / 2) ** 2


def _halved(s):
    return barrier(s) / 2


def _variance_forgotten(s):
    u = 1 - s
    return u**3 / 3 - u**4 / 4 - (u**3 / 3 + (s - 1 / 2) * u**2 / 2) ** 2


def _guessed(power):
    """A symmetric guess with the right values at 0, 1/2 and 1."""

    def guess(s):
        return (4 * s * (1 - s)) ** power / 192

    return guess


GUESSED = "This is right at s = 1/2 and at the ends only. Do not guess: expand int f^2, int f and int f (x - 1/2) in u = 1 - s."


# -------------------------------------------------------------------- 4.4 the wrong line
def judge_wrong_line(given):
    """Line 3: a curve is a null set. Sum of the one-sided slopes of L in directions (-2, 1) and (2, -1): -1/2 each."""
    line, total = given
    told = {
        1: "line 1 is true: G is bounded on bounded sets, so Theta is Lipschitz on bounded intervals, and so is L along it.",
        2: "line 2 is true: L is differentiable off a null set of parameters, with gradient G.",
        4: "line 4 is true: at a time when both derivatives exist, this is the chain rule for a differentiable L.",
        5: "line 5 is true: a locally Lipschitz function is the integral of its derivative, which exists almost everywhere.",
    }
    if line in told:
        return "wrong", told[line]
    if line != 3:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if abs(total) < 1e-6:
        return "wrong", "the line is right. But if the two slopes cancelled, L could be differentiable there. Compute each of them."
    if total > 0:
        return "wrong", "the line is right. For the slopes: the target lies above N = 0, and a neuron with v > 0 lifts N. Does the risk rise?"
    if abs(total + 0.5) < 1e-6 or abs(total + 0.25) < 1e-6:
        return "wrong", "the line is right. For the slopes: two of them are asked for, added, and the risk has a square and no factor 1/2."
    if abs(total + 1) > 1e-6:
        return "wrong", "the line is right. For the slopes: which neuron is on where, and what is the integral of max(1 - 2x, 0)?"
    return "right", "right: a differentiable function has opposite slopes in opposite directions; here both go down."


# -------------------------------------------------------------------- 4.5 four factors
WHICH = ("(a) the balance at the fixed time", "(b) the balance after ten steps", "(c) the balance with data", "(d) the energy defect with data")
FACTORS = (2.0, 4.0, 2.0, 1.0)
ASK = (
    "By which power of eta does one step change it, and how many steps are there?",
    "By which power of eta does one step change it, and does the number of steps depend on eta?",
    "Does the law (4.12) of one step ask that G be continuous, or that there be a density?",
    "A step that crosses b = 0 meets a G_b on the other side that differs by a fixed amount. Of which order is its defect?",
)


def judge_factors(given):
    """What halving the step divides the four errors by."""
    for name, ask, claim, true in zip(WHICH, ASK, given, FACTORS, strict=True):
        if claim <= 0:
            return "wrong", f"{name}: a factor by which something is divided is positive, not {claim:g}. Use 1 for no change."
        if claim < 1:
            return "wrong", f"{name}: your factor says that the error grows when the step is halved. The factor is that of the division."
        if abs(claim - true) > 0.05:
            return "wrong", f"{name}: you say that halving the step divides it by {claim:g}; the measurement says otherwise. {ask}"
    return "right", "right: the balance has a law for each step, whatever G does; the energy has none where G jumps."


# -------------------------------------------------------------------- 4.6 a walk through zero
def judge_walk(theta):
    """v > 0 at the start, |theta| <= 5, and the flow for f = -(x - 1/2)^+ ends with a risk below 1/1000."""
    w, b, v, _ = theta
    balance = v * v - w * w - b * b
    if np.abs(theta - LECTURE_START).max() < 0.05:
        return "wrong", "this is, or nearly is, a start of the lecture. Find one of your own: what makes the lecture's start work?"
    if v < 0.05:
        return "wrong", f"your start has v = {v:.4g}; asked for is v >= 0.05: the sign has to change on the way."
    if np.linalg.norm(theta) > 5:
        return "wrong", f"your start has norm {np.linalg.norm(theta):.4g}, more than 5."
    if balance >= 0:
        return "wrong", f"your start has the balance {balance:.4g}, which is not negative, so v keeps its sign and N stays convex for ever."
    flow = gradient_flow(RAMP_DOWN, theta, 1e4, budget=5000)
    if flow.status != "finished":
        return "wrong", f"from your start the flow did not get to t = 10000 ({flow.status}). Try smaller parameters."
    if flow.risk < 1e-3:
        return "right", f"right: B = {balance:.4g}, v went from {v:.3g} to {flow.theta[2]:.3g}, and the risk is {flow.risk:.1e}."
    kink = NEURON.kinks(flow.theta)[0]
    if flow.theta[2] > 0:
        where = f"v is still positive, and the kink has come to {kink:.3g}"
        return "wrong", f"at the end 192 L = {192 * flow.risk:.4g}: {where}. Did the neuron leave [0, 1] before v could change its sign?"
    return "wrong", f"v did change its sign, but at the end 192 L = {192 * flow.risk:.4g}, and the kink is at {kink:.3g}. Which way does it face?"


QUESTIONS = (
    Question(
        "4.1",
        "the way out",
        NOTEBOOK,
        Compare(
            departure,
            STARTS,
            misconceptions=(
                (_stays, "This is the velocity of the solution that stays degenerate. Just after time 0 the neuron is on in all of [0, 1]."),
                (_uphill, "The sign: the velocity is -G."),
                (_half, "These are halves of the velocity: the risk has no factor 1/2, so G has a factor 2."),
                (_no_outer_weight, "The outer weight v is a factor of G_w and G_b."),
                (_target_one, "This is for the target f = 1 of the lecture; here f(x) = x."),
                (_moments_swapped, "G_w has the factor x under the integral, G_b does not."),
                (_target_only, "The residual of the start is c - x, not -x."),
                (_product_of_means, "In w' the integral of x r is not the product of the integrals of x and r."),
                (_one_for_half, "In w' the outer bias is multiplied by x under the integral, too, and int x is not 1."),
                (_copied, "This is the example of the lecture, with f = 1, v = 1 and c = 0; here f(x) = x, and v and c are given."),
            ),
            remark="Both w and b start to grow, so the neuron is indeed on in all of [0, 1].",
            reveal=False,
        ),
        (
            "Just after time 0 the neuron is on in all of [0, 1]. Put A = [0, 1] into the formula for G, with w = b = 0 otherwise.",
            "The residual is r = c - x. You need int r and int x r over [0, 1]; G_v has the factor w x + b = 0.",
        ),
    ),
    Question(
        "4.2",
        "count the components",
        NOTEBOOK,
        Judge((5,), judge_components),
        (
            "One neuron at a time: {(w, b, v): v^2 = B + w^2 + b^2}. For B > 0, can v be 0? For B < 0, can (w, b)?",
            "A product of connected sets is connected, so the numbers of components multiply. In (c) each neuron has a hyperbola in "
            "the plane (w, v).",
        ),
    ),
    Question(
        "4.3",
        "what the wrong sign costs",
        NOTEBOOK,
        Compare(
            barrier,
            [(0.0,), (0.5,), (0.25,), (0.75,), (0.9,), (0.1,), (1.0,)],
            misconceptions=(
                (_constants_only, "This is the risk of the best constant. A convex network may have a slope, too."),
                (_mean_square, "This is the risk of the network 0. A line does better."),
                (_not_centred, "For the slope, f has to be multiplied by x minus its mean 1/2, not by x."),
                (_variance_forgotten, "The squared covariance has to be divided by the variance of x, which is 1/12 and not 1."),
                (_halved, "This is half of the barrier: the risk has no factor 1/2."),
                *((_guessed(power), GUESSED) for power in (1, 2, 4)),
                (lambda s: 1 / 192, "This is the value for s = 1/2 only."),
            ),
            atol=1e-9,
            remark="Simplified, the barrier is s^3 (1 - s)^3 / 3: it is 0 at both ends, where f is affine on [0, 1].",
            reveal=False,
        ),
        (
            "A convex network does no better than the best line, and the best line is reached. So: least squares with 1 and x - 1/2.",
            "1 and x - 1/2 are orthogonal on [0, 1], with squared norms 1 and 1/12. So the answer is int f^2 - (int f)^2 - "
            "12 (int f (x - 1/2))^2; substitute y = x - s on [s, 1].",
        ),
    ),
    Question(
        "4.4",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Ask of each 'almost every' which measure is meant: on the time axis or in the parameter space?",
            "Solution A of the lecture lives where L has a corner, for all times. For the slopes: to first order in h the network is "
            "h max(delta_w x + delta_b, 0), and L = int (N - 1)^2.",
        ),
    ),
    Question(
        "4.5",
        "halve the step",
        NOTEBOOK,
        Judge((4,), judge_factors),
        (
            "What does one step change, and how many steps are there until the fixed time?",
            "One step changes the balance by eta^2 times a bounded number, (4.12), for every theta; until time T there are T/eta steps. "
            "For (d) look at the printed table of section 6.",
        ),
    ),
    Question(
        "4.6",
        "a walk through zero",
        NOTEBOOK,
        Judge((4,), judge_walk),
        (
            "Which conserved number forbids a change of sign, and for which values of it is v = 0 possible?",
            "B < 0 with a small v > 0, and a neuron that faces right with its kink inside (0, 1), well away from 1, so that it does not "
            "die first.",
        ),
    ),
)  # fmt: skip
