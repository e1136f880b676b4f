"""Questions of lecture 01, shallow networks: slopes, two constructions, a probability, a cheap constant, a false proof.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.questions.framework import Compare, Judge, Question

NOTEBOOK = "01_shallow_relu_networks"
NEURON, PAIR = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1)


# -------------------------------------------------------------------- 1.1 slopes left and right of a point
def _split(theta):
    H = len(theta) // 3
    return theta[:H], theta[H : 2 * H], theta[2 * H : 3 * H]


def slopes(theta, x):
    """(slope just left of x, slope just right of x) of N_theta."""
    w, b, v = _split(theta)
    z = w * x + b
    left = (z > 0) | ((z == 0) & (w < 0))
    right = (z > 0) | ((z == 0) & (w > 0))
    return np.array([v[left] @ w[left], v[right] @ w[right]])


def _same_rule(compare):
    """Both slopes from the neurons with compare(z, 0): blind to the side."""

    def both(theta, x):
        w, b, v = _split(theta)
        on = compare(w * x + b, 0)
        return np.array([v[on] @ w[on]] * 2)

    return both


def _swapped(theta, x):
    return slopes(theta, x)[::-1]


def _without_v(theta, x):
    theta = np.array(theta)
    theta[2 * (len(theta) // 3) : -1] = 1
    return slopes(theta, x)


def _neuron_by_neuron(theta, x):
    """Reads theta as (w_1, b_1, v_1, w_2, b_2, v_2, ..., c)."""
    return slopes(np.append(np.reshape(theta[:-1], (-1, 3)).T.ravel(), theta[-1]), x)


def _all_face_right(theta, x):
    """At the point itself every neuron is switched on to the right of it."""
    w, b, v = _split(theta)
    z = w * x + b
    return np.array([v[z > 0] @ w[z > 0], v[z >= 0] @ w[z >= 0]])


def _quotient(theta, x, h=2.0**-20):
    net = ReLUNetwork(1, len(theta) // 3, 1)
    before, at, after = net.realization(theta, [x - h, x, x + h])
    return np.array([(at - before) / h, (after - at) / h])


def _jumps_only(theta, x):
    """The sums of the jumps v |w| at kinks before x, and up to x."""
    w, b, v = _split(theta)
    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = np.where(w == 0, np.inf, -b / w)
    return np.array([(v * np.abs(w))[kinks < x].sum(), (v * np.abs(w))[kinks <= x].sum()])


def _nearly_at(theta, x):
    """A kink within 1e-8 counts as a kink at x."""
    w, b, v = _split(theta)
    z = np.where(np.abs(w * x + b) < 1e-8, 0.0, w * x + b)
    left, right = (z > 0) | ((z == 0) & (w < 0)), (z > 0) | ((z == 0) & (w > 0))
    return np.array([v[left] @ w[left], v[right] @ w[right]])


def _points():
    """(theta, x): degenerate, w = 0, dead, kink at x, facing left, |x|, cancelling jumps, kinks close to x; then random ones."""
    by_hand = [
        ([0, 0, 1, 0], 0.5), ([0, 1, 3, 0], 0.5), ([1, -2, 3, 0.25], 0.5), ([2, -1, 3, 0], 0.5), ([-2, 1, 3, 0], 0.5),
        ([1, -1, 0, 0, 1, 1, 0], 0), ([1, 1, -0.5, -0.5, 2, -2, 1], 0.5), ([1, -1, 0.25, 0.25, 2, 5, 1], 0),
        ([1, 1, -0.5, -0.5 - 2.0**-30, 1, 4, 0], 0.5), ([1, 2, 3, -1, 1, 0, 2, 3, 4, 7], 0),
    ]  # fmt: skip
    rng = np.random.default_rng(11)
    random = [(rng.integers(-4, 5, 3 * H + 1) / 4, rng.integers(0, 5) / 4) for H in (1, 2, 3, 5) for _ in range(5)]
    return [(np.array(theta, dtype=float), float(x)) for theta, x in by_hand + random]


# -------------------------------------------------------------------- 1.2 two neurons for a given function
KINKS, SLOPES = np.array([0.25, 0.75]), np.array([1.0, 3.0, 2.0])
PIECES = ("left of the first kink", "between the kinks", "right of the second kink")


def judge_two_neurons(theta):
    """N_theta = g on [0, 1]; if it is g with the neurons written one after the other, that is said."""
    regrouped = np.append(theta[:6].reshape(2, 3).T, theta[6])
    outcome, message = _judge_slopes(theta)
    if outcome == "wrong" and _judge_slopes(regrouped)[0] == "right":
        return "wrong", "you wrote the parameters neuron by neuron. The order is both w, then both b, then both v, then c."
    return outcome, message


def _judge_slopes(theta):
    """N_theta = g on [0, 1]: g(0) = 0, slopes 1, 3, 2, kinks at 1/4 and 3/4."""
    w, _, v, _ = PAIR.shallow(theta)
    bends = PAIR.kinks(theta)[(w != 0) & (v != 0)]
    bends = bends[(bends > 0) & (bends < 1)]
    wrong = [k for k in bends if np.min(np.abs(KINKS - k)) > 1e-9]
    if wrong:
        return "wrong", f"your network bends at x = {wrong[0]:.6g}, and g does not. The kink of a neuron is -b/w."
    if len(bends) < 2 or abs(bends[0] - bends[1]) < 1e-9:
        inside = (w != 0) & (v != 0) & (PAIR.kinks(theta) > 0) & (PAIR.kinks(theta) < 1)
        why = "both neurons have the same kink" if inside.all() else f"neuron {np.argmin(inside) + 1} has no kink -b/w inside (0, 1)"
        return "wrong", f"g bends at two points, your network at fewer: {why}."
    at = PAIR.realization(theta, [0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1])
    slope = np.array([(at[1] - at[0]) * 8, (at[3] - at[2]) * 4, (at[5] - at[4]) * 8])
    if np.allclose(np.diff(slope), np.diff(SLOPES), atol=1e-9) and abs(slope[0] - SLOPES[0]) > 1e-9:
        return "wrong", (
            f"the jumps of the slope are right, but the slope {PIECES[0]} is {slope[0]:g} instead of {SLOPES[0]:g}: "
            "which neurons are active there? The one at a kink may face left or right without changing the jump."
        )
    for piece, yours, wanted in zip(PIECES, slope, SLOPES, strict=True):
        if abs(yours - wanted) > 1e-9:
            return "wrong", f"{piece} the slope of your network is {yours:.12g}, that of g is {wanted:g}."
    if abs(at[0]) > 1e-9:
        return "wrong", "all slopes are right, but at x = 0 your network is not 0, as g is. One parameter mends it."
    return "right", "right: no piece of g is flat, and two neurons are enough."


# -------------------------------------------------------------------- 1.3 two kinks that two neurons cannot
def judge_counter_example(given):
    """No S solves m_0 + sum_S d = 0, so no network with two neurons has these kinks and slopes."""
    q1, q2, m0, m1, m2 = given
    if not 0 < q1 < q2 < 1:
        return "wrong", "the kinks must satisfy 0 < q1 < q2 < 1: only bends inside the interval count."
    if min(abs(m1 - m0), abs(m2 - m1)) < 1e-9:
        return "wrong", "at one of your points the slope does not change. With fewer than two kinks, two neurons always suffice."
    orientations = (
        (m0, "the first piece is flat: two neurons facing right, with outer weights equal to the jumps, realize your g."),
        (m2, "the last piece is flat: two neurons facing left, with outer weights equal to the jumps, realize your g."),
        (m1, "the middle piece is flat: a neuron facing left at q1 and one facing right at q2 realize your g."),
        (m0 + m2 - m1, "a neuron facing right at q1 and one facing left at q2 realize your g, although no piece is flat: m1 = m0 + m2."),
    )
    for slope, message in orientations:
        if abs(slope) < 1e-9:
            return "wrong", message
    return "right", "right: in all four orientations the leftmost slope comes out wrong, and a third neuron is needed."


# -------------------------------------------------------------------- 1.4 a random neuron on [-1, 1]
def judge_probabilities(claimed):
    """(dead, affine, bends) for standard normal w, b on [-1, 1]: a quarter, a quarter, a half."""
    dead, affine, bends = claimed
    if np.min(claimed) < 0 or abs(np.sum(claimed) - 1) > 1e-6:
        return "wrong", f"exactly one of the three happens, so your numbers must be at least 0 and add up to one (not to {np.sum(claimed):.3g})."
    if np.allclose(claimed, [3 / 8, 3 / 8, 1 / 4], atol=1e-6):
        return "wrong", "these are the probabilities for the interval of the lecture. Draw the lines w + b = 0 and b = w for this one."
    if abs(dead - affine) > 1e-3:
        return "wrong", "replace (w, b) by (-w, -b), which has the same distribution: what does a dead neuron become? Compare two of your numbers."
    seen = "more often" if bends < 0.5 else "less often"
    if abs(bends - 0.5) > 1e-3:
        return "wrong", f"a random neuron bends in (-1, 1) {seen} than you say. What angle do the two lines where the neuron vanishes at an end make?"
    return "right", "right: a quarter of a turn each for dead and affine, half a turn for the bends."


# -------------------------------------------------------------------- 1.5 what a constant costs
def judge_constant(theta):
    """N_theta = 5 on [0, 1] with one neuron; the least squared norm of such theta is 9.

    One kink, three points: two of them lie on one side of the kink, so N is 5 there, and then on the other side, too.
    """
    values = NEURON.realization(theta, [0, 0.5, 1])
    w, b, v, c = theta
    worst = int(np.argmax(abs(values - 5)))
    if abs(values[worst] - 5) > 1e-9:
        return "wrong", f"your network is not 5 on [0, 1]: at x = {worst / 2:g} it is {values[worst]:.12g}."
    norm = theta @ theta
    said = f"your network is 5 on [0, 1], with squared norm {norm:.8g}"
    if norm < 9 + 1e-6:
        return "right", f"right and sharp: {said}, less than 25. Constants, too, cost only their root."
    if v * max(b, w + b) <= 0:
        return "not sharp", f"{said}. The neuron does not help c: could it carry a part of the 5?"
    if abs(abs(v) - abs(b)) > 1e-6:
        return "not sharp", f"{said}. The neuron is not balanced."
    if abs(c) < 1e-9:
        return "not sharp", f"{said}. The outer bias is 0: what do the first 0.1 of c cost, and what do they save?"
    return "not sharp", f"{said}. The neuron is balanced; it remains to divide the 5 between c and the neuron."


# -------------------------------------------------------------------- 1.6 the wrong line
def judge_wrong_line(given):
    """Line 2 is false (ramps of width d and height root d); the claim is true nevertheless."""
    line, claim = given
    if line == 1:
        return "wrong", "line 1 is true: a uniform limit of continuous functions is continuous, and convergent numbers are bounded."
    if line == 3:
        return "wrong", "line 3 follows from the lines before it and the card minimal-norm. So doubt the lines before it."
    if line == 4:
        return "wrong", "line 4 is the theorem of Bolzano and Weierstrass, and the norms are bounded if line 3 is granted."
    if line == 5:
        return "wrong", "line 5 is true: on a bounded interval the realization depends continuously on the parameters."
    if line != 2:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if claim not in (0, 1):
        return "wrong", f"the line is right. The second number says whether the claim is true, 1, or false, 0; you gave {claim:g}."
    if claim == 0:
        return "wrong", "the line is right. But a false proof does not make a claim false: is this claim on one of the cards?"
    return "right", "right: uniform convergence does not bound slopes, and the claim needs another proof, that of the lecture."


QUESTIONS = (
    Question(
        "1.1",
        "slopes left and right",
        NOTEBOOK,
        Compare(
            slopes,
            _points(),
            misconceptions=(
                (_same_rule(np.greater), "You take the neurons that are active at x itself. Just right of its kink a neuron that faces right "
                 "is active, too; just left of it, one that faces left."),
                (_same_rule(np.greater_equal), "You count a neuron whose kink is x on both sides. It is active on one side only: which one "
                 "depends on the sign of w."),
                (_all_face_right, "You switch every neuron with its kink at x on to the right of x. If w < 0, the neuron faces left."),
                (_jumps_only, "You add the jumps of the slope. A jump is a difference: the slope of the leftmost piece is missing."),
                (_nearly_at, "One network has two kinks about one billionth apart; a tolerance takes them for one. Compare z with 0 exactly."),
                (_swapped, "These are the right numbers in the wrong order: first the slope to the left of x."),
                (_without_v, "The outer weights v are missing."),
                (_neuron_by_neuron, "You read theta neuron by neuron. The order is all w, then all b, then all v, then c."),
                (_quotient, "These are difference quotients. One of the networks has a second kink within "
                 "one billionth of x; add up the active neurons instead."),
            ),
            rtol=1e-12,
            atol=1e-13,
            remark="Kinks at x, coincident kinks, dead and degenerate neurons included.",
        ),
        (
            "The slope is the sum of v w over the active neurons. Which neurons are active just right of x, which just left of it?",
            "With z = w x + b: a neuron is active on both sides if z > 0. If z = 0 it is active on the right for w > 0, on the left "
            "for w < 0, and nowhere for w = 0.",
        ),
    ),
    Question(
        "1.2",
        "two neurons for a given function",
        NOTEBOOK,
        Judge((7,), judge_two_neurons),
        (
            "The kinks and the jumps of the slope are given. What is left to choose is, for each neuron, the way it faces, and c.",
            "Find S with m_0 + sum of d_i over S = 0, where d = (2, -1) and m_0 = 1. A neuron facing left at q has w = -1, b = q and "
            "v = d. Choose c last, from g(0) = 0.",
        ),
    ),
    Question(
        "1.3",
        "two kinks that two neurons cannot",
        NOTEBOOK,
        Judge((5,), judge_counter_example),
        (
            "There are four sets S of two kinks. Write m_0 + sum of d_i over S in terms of m_0, m_1, m_2 for each of them.",
            "The four sums are m_0, m_1, m_0 + m_2 - m_1 and m_2. None of them may vanish. A zigzag?",
        ),
    ),
    Question(
        "1.4",
        "a random neuron on another interval",
        NOTEBOOK,
        Judge((3,), judge_probabilities),
        (
            "The direction of (w, b) is uniformly distributed. Draw the plane and the two lines where the neuron vanishes at an end.",
            "The neuron is b - w at the left end and b + w at the right end. The lines b = w and b = -w cut the plane into four "
            "sectors of equal angle.",
        ),
    ),
    Question(
        "1.5",
        "what a constant costs",
        NOTEBOOK,
        Judge((4,), judge_constant),
        (
            "The constant 5 may be divided: c carries one part, a neuron with w = 0 the rest. What does each part cost?",
            "A balanced neuron with w = 0 that carries r = v b costs 2 r. So minimise c^2 + 2 (5 - c) over c.",
        ),
    ),
    Question(
        "1.6",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Try each line on ramps of height root d and width d, which converge to 0 uniformly as d tends to 0.",
            "These ramps have slope 1 over root d. Which line do they contradict? For the second number, "
            "look at the theorem cards.",
        ),
    ),
)  # fmt: skip
