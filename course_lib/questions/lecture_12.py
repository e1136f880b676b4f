"""Questions of lecture 12, deep descent: a largest pre-activation, a sector, a false proof, a construction, a depth, regularity.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "12_deep_gradient_descent"
CHAIN = ReLUNetwork(1, 1, 1, 1)


# -------------------------------------------------------------------- 12.1 the largest pre-activation
def _values(x, w, b, omega, beta):
    return np.maximum(np.outer(x, w) + b, 0) @ np.asarray(omega, dtype=float) + beta


def _kinks(w, b):
    return [-bi / wi for wi, bi in zip(w, b, strict=True) if wi != 0]


def highest(w, b, omega, beta):
    """max over [0, 1] of beta + sum_i omega_i max(w_i x + b_i, 0)."""
    return _values([0.0, 1.0, *(k for k in _kinks(w, b) if 0 < k < 1)], w, b, omega, beta).max()


def _ends_only(w, b, omega, beta):
    return _values([0.0, 1.0], w, b, omega, beta).max()


def _kinks_only_inside(w, b, omega, beta):
    inside = [k for k in _kinks(w, b) if 0 < k < 1]
    return _values(inside or [0.0], w, b, omega, beta).max()


def _kinks_outside_too(w, b, omega, beta):
    return _values([0.0, 1.0, *_kinks(w, b)], w, b, omega, beta).max()


def _without_relu(w, b, omega, beta):
    return (np.outer([0.0, 1.0], w) + b @ np.eye(len(b))).dot(omega).max() + beta


def _largest_modulus(w, b, omega, beta):
    return np.abs(_values([0.0, 1.0, *(k for k in _kinks(w, b) if 0 < k < 1)], w, b, omega, beta)).max()


def _layer(*numbers):
    return (*(np.array(n, dtype=float) for n in numbers[:3]), float(numbers[3]))


NEURONS = [
    _layer([0], [1], [-2], 0.5), _layer([1], [-2], [3], -0.2), _layer([1], [0], [1], -2), _layer([1, -1], [-0.5, 0.5], [-1, -1], 0.1),
    _layer([1, 1], [-2, 0.5], [5, -1], 0.1), _layer([1, -1], [-1.5, 0.75], [2, -1], -0.2), _layer([2, -3], [-1, 1], [-1, -2], -0.5),
    _layer([100, 100, 100], [-33, -33.3, -33.6], [1, -2, 1], 0),
    *(_layer(*rng.standard_normal((3, 4)).round(3), rng.standard_normal()) for rng in map(np.random.default_rng, range(20))),
]  # fmt: skip


# -------------------------------------------------------------------- 12.2 a sector
def dead(m, M):
    """P(omega h + beta <= 0 for all h in [m, M])."""
    return 0.5 - (np.arctan(M) - np.arctan(m)) / (2 * np.pi)


def _no_zero_inside(m, M):
    return 1 - (np.arctan(M) - np.arctan(m)) / np.pi


def _zero_inside(m, M):
    return (np.arctan(M) - np.arctan(m)) / np.pi


def _angle_of_normals(m, M):
    return (np.arctan(M) - np.arctan(m)) / (2 * np.pi)


def _independent_ends(m, M):
    return 0.25


def _three_eighths(m, M):
    return 0.375


def _linear_in_length(m, M):
    return 0.5 - (M - m) / 8


RANGES = [(0.0, 1.0), (0.5, 0.5), (-1.0, 1.0), (0.0, 50.0), (-3.0, -1.0), (0.3, 1.7), (-0.2, 4.0)]

# -------------------------------------------------------------------- 12.3 find the wrong line
STEP = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 1 / 2, 1], [[0], [1]]))
STEEP = np.array([100, 100, -49.995, -50.005, 100, -100, 0.001])
TRUE_LINES = {
    1: "line 1 is true: a ramp of slope s costs 1/(12 s), and two neurons make one.",
    2: "line 2 is true: the risk is a continuous function of the parameters.",
    3: "line 3 is true: a ball has positive probability, and the starts are independent.",
    5: "line 5 follows: if the run from U stays below epsilon, so does its upper limit, and the minimum over k is not larger.",
    6: "line 6 follows: it counts what 3 and 5 say. The conclusion is false, so something before it is.",
}


def judge_wrong_line(given):
    """Line 4; the ratio is that of one step with the exact gradient."""
    line, ratio = given
    true = STEP(STEEP - 0.1 * STEP.gradient(STEEP)) / STEP(STEEP)
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[line]
    if line != 4:
        return "wrong", f"the proof has the lines 1 to 6, but your first number is {line:g}."
    known = {
        1 / true: "Your ratio is upside down: the risk after the step comes first.",
        true * STEP(STEEP): "Your second number is the risk after the step; divide it by the risk before.",
        STEP(STEEP + 0.1 * STEP.gradient(STEEP)) / STEP(STEEP): "Your step goes along the gradient instead of against it.",
    }
    for value, said in known.items():
        if abs(ratio / value - 1) < 1e-4:
            return "wrong", "the line is right. " + said
    if abs(ratio) <= 1:
        return "wrong", "the line is right. But a ratio of at most 1 would confirm it: take one step from theta_0 and compute."
    if abs(ratio / true - 1) > 1e-4:
        return "wrong", f"the line is right. But {ratio:g} is not the ratio: theta_1 = theta_0 - 0.1 G(theta_0), both risks by ExactRisk."
    return "right", "right: eta was fixed first, and steep ramps are too sharp for it. A start next to them is thrown out in one step."


# -------------------------------------------------------------------- 12.4 carry it through
def judge_regular(theta):
    """N = 1 + 2 max(x - 1/3, 0) on [0, 1]; z_1 and z_2 have no flat zero and no common one."""
    x = np.linspace(0, 1, 601)
    wanted, got = 1 + 2 * np.maximum(x - 1 / 3, 0), CHAIN.realization(theta, x)
    worst = np.abs(got - wanted).argmax()
    if abs(got[worst] - wanted[worst]) > 1e-9:
        return "wrong", f"your network is not f: at x = {x[worst]:.4g} it gives {got[worst]:.6g}, and f is {wanted[worst]:.6g}."
    w1, b1, w2, b2 = theta[:4]
    kink = -b1 / w1 if w1 else -1.0
    corners = np.array([0.0, *([kink] if 0 < kink < 1 else []), 1.0])
    z2 = np.abs(w2 * np.maximum(w1 * corners + b1, 0) + b2) < 1e-9
    for left, right in zip(range(len(corners) - 1), range(1, len(corners)), strict=True):
        if z2[left] and z2[right]:
            said = f"[{corners[left]:.4g}, {corners[right]:.4g}]"
            return "wrong", f"your network is f, but its second pre-activation is 0 on {said}: a change of b^2 switches all of it on at once."
    if 0 <= kink <= 1 and abs(b2) < 1e-9:
        return "wrong", f"your network is f, but both pre-activations vanish at x = {kink:.4g}."
    return "right", "right: f, and no pre-activation that is flat at 0 and no common zero. A regular global minimum."


# -------------------------------------------------------------------- 12.5 how deep is too deep?
def smallest_depth(alive=1 - (3 / 8) ** 2, layers=1, factor=1 - 2.0**-6):
    """The least D with alive * factor^(D - layers) <= 0.01."""
    while alive > 0.01:
        alive, layers = alive * factor, layers + 1
    return layers


def judge_depth(D):
    """The smallest depth that the two estimates prove."""
    depth, sharp = float(D), smallest_depth()
    if not depth.is_integer() or depth < 1:
        return "wrong", f"D is a number of layers, got {depth:g}."
    if depth in (smallest_depth(factor=1 - 2.0**-4), smallest_depth(factor=1 - 2.0**-3)):
        return "wrong", "mind the exponent: a neuron with two inputs has three parameters, and both neurons of the layer must be dead."
    if depth < 40:
        return "wrong", f"perhaps most networks of depth {depth:g} are dead, but your two estimates do not prove it: multiply the factors."
    if depth < sharp:
        return "wrong", f"at D = {depth:g} the estimates leave a network without dead layers a probability above 0.01."
    if depth > sharp:
        crude = smallest_depth(1.0), smallest_depth(1 - 2.0**-6)
        why = "Does your first layer count with its exact probability?" if depth in crude else "One factor a layer: count them again."
        return "not sharp", f"D = {depth:g} is enough, but a smaller one is proved as well. {why}"
    return "right", "right: one factor for the first layer, and one for each of the others."


# -------------------------------------------------------------------- 12.6 regular or not?
REGULAR = {"a": 0, "b": 1, "c": 1, "d": 1, "e": 0}
LOOK = {
    "a": "look at z_2 where the first neuron is off.",
    "b": "how small does z_2 get?",
    "c": "where on [0, 1] does z_1 vanish, and where z_2?",
    "d": "a zero at an end of the interval is one point; is it also a zero of z_1?",
    "e": "scaling w^2 and w^3 does not change where z_2 vanishes.",
}


def judge_five(given):
    """Both hypotheses for (b), (c), (d)."""
    for name, claim in zip(REGULAR, given, strict=True):
        if claim not in (0, 1):
            return "wrong", f"for ({name}) you return {claim:g}; only 1 (both hold) and 0 (not) are asked for."
        if claim != REGULAR[name]:
            return "wrong", f"({name}) is not as you say: {LOOK[name]}"
    return "right", "right: only where the second layer passes zero through on an interval does regularity fail."


QUESTIONS = (
    Question(
        "12.1",
        "is it dead?",
        NOTEBOOK,
        Compare(
            highest,
            NEURONS,
            misconceptions=(
                (_ends_only, "These are the larger values at 0 and 1. In the second layer z bends: it may be larger in between."),
                (_kinks_only_inside, "You look at the kinks only; the largest value may be at an end of the interval."),
                (_kinks_outside_too, "You look at kinks outside [0, 1], too, where no input lies."),
                (_without_relu, "The first layer passes on max(w x + b, 0), not w x + b."),
                (_largest_modulus, "This is the largest modulus. For a dead neuron the sign decides."),
            ),
            remark="Flat neurons, kinks outside and thin peaks included.",
        ),
        (
            "On which intervals is z affine? Where does an affine function on an interval take its largest value?",
            "Candidates: 0, 1, and every -b_i/w_i (w_i not 0) strictly inside. Evaluate z at all of them.",
        ),
    ),
    Question(
        "12.2",
        "a sector",
        NOTEBOOK,
        Compare(
            dead,
            RANGES,
            misconceptions=(
                (_no_zero_inside, "This is the probability that the sign does not change on [m, M]. Half of these neurons are on everywhere."),
                (_zero_inside, "This is the probability that the zero lies in [m, M]."),
                (_angle_of_normals, "This is the angle between the two normals. The sector of the dead is the intersection of the half-planes."),
                (_independent_ends, "You multiply the probabilities at m and at M, but the two values are not independent."),
                (_three_eighths, "This is the value for [0, 1] only."),
                (_linear_in_length, "An angle is not a linear function of the length of the interval."),
            ),
            remark="For m = M it is a half, and negative values of h are allowed.",
        ),
        (
            "The expression is affine in h, so two values of h decide. Each gives a half-plane of (omega, beta).",
            "The half-planes have the normals (m, 1) and (M, 1). Which angle do these enclose, and which angle has the intersection?",
        ),
    ),
    Question(
        "12.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "The learning rate is fixed in the claim, epsilon comes later. Which line would need a learning rate that depends on epsilon?",
            "theta_1 = theta_0 - 0.1 * step.gradient(theta_0); compare step(theta_1) with step(theta_0).",
        ),
    ),
    Question(
        "12.4",
        "carry it through",
        NOTEBOOK,
        Judge((6,), judge_regular),
        (
            "First find some network that is f. Where does its second pre-activation vanish? What may you add there, and correct later?",
            "Let the second layer receive something positive for all x, by its bias. What must w^3 and b^3 then be?",
        ),
    ),
    Question(
        "12.5",
        "how deep is too deep?",
        NOTEBOOK,
        Judge((), judge_depth),
        (
            "Write an upper bound of the probability that no layer is dead, as a product of one factor a layer.",
            "In a later layer a neuron has two weights and a bias; two neurons must be dead. In the first layer a neuron is dead with 3/8.",
        ),
    ),
    Question(
        "12.6",
        "regular or not?",
        NOTEBOOK,
        Judge((5,), judge_five),
        (
            "For each: where on [0, 1] is z_1 zero, and where z_2? Is any of these sets an interval, do they meet?",
            "Where z_1 <= 0 the second pre-activation is equal to its bias.",
        ),
    ),
)  # fmt: skip
