"""Questions of lecture 13, when flows diverge: an asymptote, levels, a false proof, slopes, a flow to the wrong level.

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

NOTEBOOK = "13_when_flows_diverge"
TWO_JUMPS = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 1 / 4, 3 / 4, 1], [[0], [1], [-1]]))


# -------------------------------------------------------------------- 13.1 predict the escape
def asymptote(t, J, a):
    """L = K / rho^2 with K = J^3 sqrt(1 + a^2) / 3: (8 K t)^{1/4} and sqrt(K / (8 t))."""
    return _escape(t, J**3 * np.sqrt(1 + a * a) / 3)


def _escape(t, K, power=8.0):
    """rho^4 = power K t and L = K / rho^2."""
    return np.array([(power * K * t) ** 0.25, K / np.sqrt(power * K * t)])


def _jump_squared(t, J, a):
    """A ramp of slope n has width 1/n whatever J: risk J^2 / (12 n), with the norm of a slope n J."""
    return _escape(t, J**2 * np.sqrt(1 + a * a) / 3)


def _jump_once(t, J, a):
    return _escape(t, J * np.sqrt(1 + a * a) / 3)


def _without_bias(t, J, a):
    """w^2 + v^2 >= 2 n instead of w^2 (1 + a^2) + v^2."""
    return _escape(t, J**3 / 3)


def _unbalanced(t, J, a):
    """|w| = |v| = sqrt(n): not the cheapest parameters of the ramp."""
    return _escape(t, J**3 * (2 + a * a) / 6)


def _one_neuron_only(t, J, a):
    return _escape(t, J**3 * np.sqrt(1 + a * a) / 6)


def _no_chain_rule(t, J, a):
    """rho' = K / rho^3, the factor m = 2 lost."""
    return _escape(t, J**3 * np.sqrt(1 + a * a) / 3, 4.0)


def _squared_norm(t, J, a):
    norm, risk = asymptote(t, J, a)
    return np.array([norm**2, risk])


def _of_the_lecture(t, J, a):
    return _escape(t, np.sqrt(5) / 6)


def _place_of_one_half(t, J, a):
    return asymptote(t, J, 0.5)


def _risk_first(t, J, a):
    return asymptote(t, J, a)[::-1]


ESCAPES = [
    (1e6, 1.0, 0.5), (1e6, 2.0, 0.5), (1e4, 1.0, 0.25), (1e8, 0.5, 0.75),
    *((t, J, a) for t, J, a in np.random.default_rng(131).uniform([1e5, 0.5, 0.1], [1e7, 3, 0.9], (6, 3)).round(3).tolist()),
]  # fmt: skip


# -------------------------------------------------------------------- 13.2 levels of one neuron
def levels(a):
    """Best line; one kink facing right, (1 - a)/9; one kink facing left, a/9."""
    return np.array([a * (1 - a) - 3 * (a * (1 - a)) ** 2, (1 - a) / 9, a / 9])


def _swapped(a):
    return levels(a)[[0, 2, 1]]


def _without_length(a):
    """The risk of the best line over the unit interval with s = 1/3, not multiplied by the length of the piece."""
    return np.array([levels(a)[0], 2 / 27, 2 / 27])


def _kink_of_one_half(a):
    return np.array([levels(a)[0], 1 / 18, 1 / 18])


def _wrong_end(a):
    """s = 2/3: the line that is right at the other end."""
    return np.array([levels(a)[0], 2 / 27 * 3 * (1 - a), 2 / 27 * 3 * a])


def _constant_instead(a):
    return np.array([a * (1 - a), (1 - a) / 9, a / 9])


def _slope_not_squared(a):
    return np.array([a * (1 - a) - 6 * (a * (1 - a)) ** 2, (1 - a) / 9, a / 9])


def _all_of_one_half(a):
    return levels(0.5)


POSITIONS = [(0.5,), (0.4,), (0.6,), (0.35,), (0.65,), (0.5432,)]


# -------------------------------------------------------------------- 13.3 find the wrong line
TRUE_LINES = {
    1: "line 1 is true: it is the energy identity, with a risk that is never negative.",
    2: "line 2 is true: a curve is at least as long as the distance of its ends.",
    3: "line 3 is true: the Cauchy-Schwarz inequality for the product of |G| and 1.",
    4: "line 4 is true: it combines 1 to 3, and it is a theorem of the course.",
    6: "line 6 is true if the line before it is. Doubt that one.",
}


def judge_false_proof(given):
    """Line 5: a square-integrable speed need not be integrable; |G| = sqrt(-dL/dt) ~ t^{-3/4} for the step."""
    line, kappa = given
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[line]
    if line != 5:
        return "wrong", f"the proof has the lines 1 to 6, but your first number is {line:g}."
    if abs(kappa - 1.5) < 1e-6:
        return "wrong", "the line is right. Your kappa is the exponent of the square of the speed."
    if abs(kappa - 0.5) < 1e-6:
        return "wrong", "the line is right. Your kappa is the exponent of the risk; the speed is the root of its derivative."
    if kappa < 0:
        return "wrong", "the line is right. But your kappa is negative: then the speed would grow. It is meant in t^(-kappa)."
    if kappa > 1:
        return "wrong", f"the line is right. But a speed like t^(-{kappa:g}) has a finite integral, and the flow would converge."
    if abs(kappa - 0.75) > 1e-6:
        return "wrong", f"the line is right. But with kappa = {kappa:g} the distance covered would not grow like the norm does."
    return "right", "right: the square of the speed has a finite integral, the speed has not."


# -------------------------------------------------------------------- 13.4 three slopes
SLOPES = (-2 / 3, -1 / 2, -4 / 5)
WHICH = ("tanh", "the softplus family", "the third activation")


def judge_slopes(given):
    """-m/(m + 2) with m = 4, 2, 8."""
    for name, slope, true in zip(WHICH, given, SLOPES, strict=True):
        if slope >= 0:
            return "wrong", f"for {name} the slope {slope:g} is not negative, but the risk falls."
        if slope <= -1:
            return "wrong", f"for {name}: no escape with L = K / rho^m is as fast as t^({slope:.4g}). Solve the equation for rho once more."
        m = -2 * slope / (1 + slope)
        if abs(slope - true) > 1e-4:
            return "wrong", f"for {name} your slope {slope:.6g} belongs to L = K / rho^m with m = {m:.4g}. How do L and rho depend on w (or h)?"
    return "right", "right: only the power that links the risk and the norm matters."


# -------------------------------------------------------------------- 13.5 a flow to the wrong level
def judge_wrong_level(theta):
    """Run the flow to 1e4 and to 1e6: the norm must go on growing, the risk must stay above .1."""
    if np.abs(theta).max() > 100:
        return "wrong", f"the largest parameter is {np.abs(theta).max():.4g}; the rules allow 100."
    early, late = (gradient_flow(TWO_JUMPS, theta, t) for t in (1e4, 1e6))
    if late.status != "finished":
        return "wrong", f"the flow could not be followed to t = 1e6: {late.message}"
    growth = float(np.linalg.norm(late.theta) / np.linalg.norm(early.theta)) if early.theta.any() else 1.0
    if growth < 2.5:
        return "wrong", f"between t = 1e4 and 1e6 the norm is multiplied by {growth:.4g} only, and the risk ends at {late.risk:.4g}: no escape."
    if late.risk < 0.1:
        return "wrong", f"the flow diverges, but to a risk below {late.risk:.4g}: that is the good level, follow another way to spend two neurons."
    return "right", f"right: the norm grows by {growth:.4g}, and the risk tends to a level far above the infimum (now {late.risk:.4g})."


QUESTIONS = (
    Question(
        "13.1",
        "predict the escape",
        NOTEBOOK,
        Compare(
            asymptote,
            ESCAPES,
            misconceptions=(
                (_of_the_lecture, "These are the constants for a jump of height 1 at 1/2; neither the height nor the place of the jump enters."),
                (_jump_squared, "The height of the jump enters the risk of a ramp of slope n twice: through the residual and through the width."),
                (_jump_once, "The risk of a ramp of slope n is no linear function of the height: integrate the square."),
                (_without_bias, "You forgot the price of the biases: b = -w a."),
                (_unbalanced, "Your ramp has |w| = |v|. Cheaper parameters have the same function; minimize over the rescaling of each neuron."),
                (_one_neuron_only, "You counted the squared norm of one neuron. A ramp needs two."),
                (_no_chain_rule, "Your rho is too small by a constant factor: differentiate K / rho^2 by rho once more."),
                (_squared_norm, "Your first number is the square of the norm."),
                (_place_of_one_half, "The height is right, but your jump is at 1/2 whatever a is: the place enters through the biases of the ramp."),
                (_risk_first, "The two numbers are in the other order: the norm comes first."),
            ),
            remark="Heights and places of the jump, and times, of several sizes.",
        ),
        (
            "What is the risk of a ramp of slope n and height J? It is a constant times 1/n. And the least squared norm of its parameters? It is a "
            "constant times n.",
            "For each of the two neurons v^2 + w^2 (1 + a^2) with |v w| = n is least when both terms are equal. Eliminate n: L = K / rho^2, then "
            "solve rho' = 2 K / rho^3.",
        ),
    ),
    Question(
        "13.2",
        "levels of one neuron",
        NOTEBOOK,
        Compare(
            levels,
            POSITIONS,
            misconceptions=(
                (_swapped, "The levels of the two kinked networks are in the wrong order: which of them is flat before the jump?"),
                (_without_length, "The line is fitted on a piece of [0, 1] only, and the risk is proportional to the length of that piece."),
                (_all_of_one_half, "These are the levels of a jump at 1/2, wherever the jump is."),
                (_kink_of_one_half, "These kinked levels belong to a jump at 1/2; the kink moves with the jump."),
                (_wrong_end, "The line must meet the flat piece at the kink. Which of the two end values must be 0?"),
                (_constant_instead, "Your first level is that of the best constant."),
                (_slope_not_squared, "Your first level subtracts too much: a line of slope s through the mean removes s^2/12 from the variance."),
            ),
            remark="Where a = 1/2 the two kinked networks are mirror images.",
        ),
        (
            "On a piece of length 1 the best line leaves the variance of f minus (slope)^2 / 12. A piece of length l multiplies that by l.",
            "Facing right: N = 0 up to the kink k, and on [k, 1] the best line, whose left end is 0. The lemma says which fraction of [k, 1] lies "
            "before the jump; this gives k.",
        ),
    ),
    Question(
        "13.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_false_proof),
        (
            "The conclusion is false for the step. Which line would have to fail for its flow?",
            "Compare a function and its square: which of them has a finite integral over all times? For kappa use |G|^2 = -dL/dt.",
        ),
    ),
    Question(
        "13.4",
        "three slopes",
        NOTEBOOK,
        Judge((3,), judge_slopes),
        (
            "Find m in L = K / rho^m for each: express L and rho by the small parameter w (or h).",
            "(a) L like w^4, rho like 1/w. (b) L like h^4; which parameters are the largest, and how large? (c) The first error term is v (w x)^5: "
            "square it, with v w = 1.",
        ),
    ),
    Question(
        "13.5",
        "a flow to the wrong level",
        NOTEBOOK,
        Judge((7,), judge_wrong_level),
        (
            "Two neurons can follow one jump, and their directions decide what the network can do on both sides of it.",
            "Start with a steep ramp across the jump at 3/4, and choose the directions for which the network is constant before the jump.",
        ),
    ),
)  # fmt: skip
