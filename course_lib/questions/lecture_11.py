"""Questions of lecture 11, deep gradient flow: a switch, exponents, a false proof, a time, a ridge, a constant.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "11_deep_gradient_flow"
CHAIN = ExactRisk(ReLUNetwork(1, 1, 1, 1), PiecewisePolynomial([-1, 0, 1], [[-1], [-1, 4]]))


# -------------------------------------------------------------------- 11.1 at the switch
def near(given, value) -> bool:
    return abs(given - value) <= 1e-12 + 1e-9 * abs(value)


def judge_switch(given):
    """L = 4/45, G_W1 = -1/3, limit -1/6, and W3 = (2, -2)."""
    risk, off, on, omega = given
    if near(risk, 2 / 45):
        return "wrong", "the first number is half the risk: L has no factor 1/2."
    if not near(risk, 4 / 45):
        return "wrong", f"the first number, {risk:.6g}, is not the risk. What does the network compute, as a function of x? It is constant."
    if near(off, -1 / 6) and near(on, -1 / 3):
        return "wrong", "you have exchanged the second and the third number: relu'(0) = 0 means that at the switch the neuron does not count."
    if near(off, 1 / 3) or near(off, 1 / 6):
        return "wrong", "mind the sign of the second number: the residual is N - f, and it is negative where x is large."
    if near(off, -1 / 6):
        return "wrong", "the second number: either the neuron at the switch counts in it, or the factor 2 of the square is missing."
    if near(off, -1 / 4):
        return "wrong", "the second number belongs to relu'(0) = 1/2; the convention is 0."
    if not near(off, -1 / 3):
        return "wrong", f"the second number, {off:.6g}, is not G_W1: propagate 2 r back through the one path that is on, and integrate with x."
    if near(on, -1 / 3):
        return "wrong", "the third number: with b_2 raised by eps the second neuron is on, and its path to the first layer counts, however small eps."
    if not near(on, -1 / 6):
        return "wrong", f"the third number, {on:.6g}, is not the limit: now two paths lead back to the first layer. Add them, with their signs."
    if not near(omega, -2):
        return "wrong", f"with {omega:.6g} in the second place the two paths do not cancel."
    return "right", "right: at the switch G is one limit of gradients, and others lie beside it."


# -------------------------------------------------------------------- 11.2 from a slope to an exponent
def exponents(s):
    """alpha = (s + 1)/(2 s), beta = (s - 1)/2, kappa = (s + 1)/2."""
    return np.array([(s + 1) / (2 * s), (s - 1) / 2, (s + 1) / 2])


def _gradient_like_the_root_of_the_risk(s):
    """kappa = s/2, as if alpha were 1/2."""
    return np.array([(s + 1) / (2 * s), (s - 1) / 2, s / 2])


def _distance_like_the_root_of_the_risk(s):
    return np.array([(s + 1) / (2 * s), s / 2, (s + 1) / 2])


def _model_exponent(s):
    """alpha = 1 - 1/s: the q of s^q / q is taken for the slope in time."""
    alpha = 1 - 1 / s
    return np.array([alpha, (s - 1) / 2, (s + 1) / 2])


def _squared_gradient(s):
    return np.array([(s + 1) / (2 * s), (s - 1) / 2, s + 1])


# -------------------------------------------------------------------- 11.3 the wrong line
TRUE_LINES = {
    1: "line 1 is true: where L is continuously differentiable, G is its gradient, because smoothed gradients converge to it.",
    2: "line 2 is true: this is backpropagation, written out as a sum over paths.",
    3: "line 3 is true: a convergent sequence is bounded, and so are x, f, p and the indicators.",
    4: "line 4 is true: pre-activations are continuous functions of the parameters.",
    6: "line 6 is true: it is dominated convergence, correctly used. If its result is false, one of 2 to 5 is.",
    7: "line 7 is true as a conclusion from 1 and 6. Look before.",
}


def judge_wrong_line(given):
    """Line 5: indicators need not converge where the limit of the pre-activation is 0; G_W1 = 1/6."""
    line, G = given
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[line]
    if line != 5:
        return "wrong", f"the proof has the lines 1 to 7, but your first number is {line:g}."
    if abs(G) < 1e-6:
        return "wrong", "the line is right. But 0 is what the false claim says: at the switch the second neuron counts as off."
    if abs(G + 1 / 6) < 1e-6:
        return "wrong", "the line is right. For the number: mind the target, it is 1 - x, and the residual is N - f."
    if abs(G - 1 / 12) < 1e-6:
        return "wrong", "the line is right. For the number: either a factor 2 is missing, or the neuron at the switch was counted half."
    if abs(G - 1 / 6) > 1e-6:
        return "wrong", f"the line is right. But {G:.6g} is not G_W1: integrate x times 2 (N - f), passed back through the neuron that is on."
    return "right", "right: where a pre-activation vanishes on a whole interval, its indicator may jump in the limit."


# -------------------------------------------------------------------- 11.4 time to the valley
def time(beta):
    """b' = -(4 b + 1) from beta to 0."""
    return np.log(1 + 4 * beta) / 4


def _constant_speed(beta):
    return beta


def _no_factor_two(beta):
    """b' = -(2 b + 1/2)."""
    return np.log(1 + 4 * beta) / 2


def _only_the_right_half(beta):
    """b' = -(2 b - 1) would have the wrong sign for small b; with its modulus."""
    return np.log(1 + 2 * beta) / 2


def _only_the_left_half(beta):
    """b' = -2 (b + 1)."""
    return np.log(1 + beta) / 2


# -------------------------------------------------------------------- 11.5 a ridge
def judge_ridge(given):
    """G_b2 >= 1/10 at b2 = 0, <= -1/10 just above."""
    omega, c = given
    at, above = (CHAIN.gradient([1, 0, 1, h, omega, c])[3] for h in (0.0, 1e-12))
    said = f"there G^- = {at:.4g} and G^+ = {above:.4g}"
    if omega == 0:
        return "wrong", "with omega = 0 the second neuron is not heard, and G does not jump."
    if at < 0 < above:
        return "wrong", f"{said}: this is a valley, the flow is pushed towards the surface from both sides."
    if at > 0 > above:
        if min(at, -above) < 0.1:
            return "wrong", f"{said}: a ridge, but not by the margin that is asked for."
        return "right", f"right: {said}. The flow may go down or up from here, so deep flows are not unique."
    return "wrong", f"{said}: both sides push the same way, and the flow crosses or leaves on one side."


# -------------------------------------------------------------------- 11.6 the constant
def judge_constant(C):
    """C = 3^(1/6) / (2 sqrt 3), attained for equal weights."""
    ratio = C / (3 ** (1 / 6) / (2 * np.sqrt(3)))
    if ratio <= 0:
        return "wrong", "the constant must be positive: both sides of the inequality are."
    if abs(C * 2 * np.sqrt(3) - 1) < 1e-6:
        return "wrong", "the inequality fails with your constant. Is L really the product of the squared weights, without another factor?"
    if ratio < 1 - 1e-6:
        return "wrong", "the inequality fails with your constant: try weights that are all equal."
    if ratio > 1 + 1e-6:
        return "not sharp", "the inequality is true with your constant, but a smaller one serves. For which weights is your estimate an equality?"
    return "right", "right: the best constant, attained for equal weights of any size."


QUESTIONS = (
    Question(
        "11.1",
        "at the switch",
        NOTEBOOK,
        Judge((4,), judge_switch),
        (
            "The first layer computes 1 for every x. What do the second layer and the network compute? Then go backwards with 2 r.",
            "delta^1 is 2 r times the sum of W3_i W2_i over those i that are on. For 2 the second neuron is off, for 3 it is on. "
            "dL/dW1 is the integral of x delta^1.",
        ),
    ),
    Question(
        "11.2",
        "from a slope to an exponent",
        NOTEBOOK,
        Compare(
            exponents,
            [(3.0,), (2.0,), (1.5,), (1.1,), (10.0,), (4 / 3,)],
            misconceptions=(
                (_gradient_like_the_root_of_the_risk, "Your gradient falls like the root of the risk gap. That is the case alpha = 1/2; here it falls faster."),
                (_distance_like_the_root_of_the_risk, "Your distance falls like the root of the risk gap. That is the case alpha = 1/2; here it falls more slowly."),
                (_model_exponent, "Your alpha is 1 - 1/s: that is for a risk of the form |x|^s in space. Here s is the power in time."),
                (_squared_gradient, "Your kappa belongs to the square of the gradient norm, which is the rate at which the risk falls."),
            ),
            remark="Risk, distance and gradient norm show the same alpha; measure two of them to be sure.",
        ),
        (
            "The risk gap of a KL inequality falls like t to the power -1/(2 alpha - 1). Solve for alpha.",
            "For the distance: (1 - alpha)/(2 alpha - 1). For the gradient: its square is minus the derivative of the risk gap.",
        ),
    ),
    Question(
        "11.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Test each line at the point of the second part, with theta_n equal to it but for b_2 = -1 + 1/n.",
            "Convergence of z_n to z gives convergence of 1{z_n > 0} to 1{z > 0} unless z is one particular number.",
        ),
    ),
    Question(
        "11.4",
        "time to the valley",
        NOTEBOOK,
        Compare(
            time,
            [(1.0,), (0.1,), (1e-3,), (5.0,), (0.3,), (20.0,)],
            misconceptions=(
                (_constant_speed, "You move with constant speed 1. That is the speed just above the valley only; G depends on b_2."),
                (_no_factor_two, "Your speed is half of what it should be: the risk is a square without a factor 1/2."),
                (_only_the_right_half, "Count both halves of [-1, 1]: for b_2 > 0 the second neuron is active on all of it."),
                (_only_the_left_half, "You count only [-1, 0]: for b_2 > 0 the second neuron is active on [0, 1], too."),
            ),
            remark="There the solution ends: just below, the field points up again.",
        ),
        (
            "What is the network on [-1, 0] and on [0, 1] for b_2 > 0? Integrate 2 (N - f) over both.",
            "G is affine in b_2. Solve b' = -(m b + n): b + n/m decays exponentially.",
        ),
    ),
    Question(
        "11.5",
        "one start, two solutions",
        NOTEBOOK,
        Judge((2,), judge_ridge),
        (
            "Compute G^- (only [0, 1] counts) and G^+ - G^- (what [-1, 0] adds) as functions of omega and c.",
            "G^- is 2 omega times the mean of (omega - 4) x + c + 1 over [0, 1]; [-1, 0] adds 2 omega (c + 1). For omega > 0 you need "
            "c in an interval, which is empty for small omega.",
        ),
    ),
    Question(
        "11.6",
        "sharpen the constant",
        NOTEBOOK,
        Judge((), judge_constant),
        (
            "L is a product of squares times the integral of x^2. What is w_k dL/dw_k?",
            "|G| is 2 L times the root of a sum of w_k^(-2). Compare the arithmetic and the geometric mean of these three numbers.",
        ),
    ),
)  # fmt: skip
