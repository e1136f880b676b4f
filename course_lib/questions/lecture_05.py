"""Questions of lecture 05, global minima: a formula, a proof in order, a skip connection, a norm, a constant, a jump.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "05_global_minima"
PAIR = ReLUNetwork(1, 2, 1)


# -------------------------------------------------------------------- 5.1 the minimum for x^2 on [0, length]
def optimum(H, length):
    """[4 l^5 / (45 (2H+1)^4), kinks (2j - 1) l / (2H + 1)]: reflected at 0 there are 2H + 1 equal pieces."""
    return _pieces(H, length, 5)


def _pieces(H, length, power):
    kinks = (2 * np.arange(1, H + 1) - 1) / (2 * H + 1) * length
    return np.r_[4 * length**power / (45 * (2 * H + 1) ** 4), kinks]


def _equal_pieces(H, length):
    """H + 1 equal pieces of [0, length], as with a skip connection."""
    return np.r_[length**5 / (180 * (H + 1) ** 4), np.arange(1, H + 1) / (H + 1) * length]


def _not_halved(H, length):
    """The risk of the reflected network on [-length, length]."""
    return optimum(H, length) * np.r_[2, np.ones(H)]


def _one_kink_fewer(H, length):
    """H equal pieces, H - 1 kinks; the last kink put at the end."""
    return np.r_[length**5 / (180 * H**4), np.arange(1, H + 1) / H * length]


def _mirrored(H, length):
    """All neurons facing left."""
    best = optimum(H, length)
    return np.r_[best[0], length - best[:0:-1]]


# -------------------------------------------------------------------- 5.2 the proof in order
NEEDS = {2: (6,), 5: (2,), 4: (2,), 8: (4,), 1: (8, 4), 7: (1, 5, 8), 3: (7,)}
MISSING = {
    1: "line 1 speaks of h and its kinks, and something about h has not been said before it.",
    2: "line 2 speaks of the N_n and the limits of their kinks before there are any.",
    3: "line 3 takes it for granted that g has no jumps; when is that known?",
    4: "line 4 supposes something about g before there is a g.",
    5: "line 5 speaks of g before there is a g.",
    7: "line 7 combines three inequalities, and one of them is not yet known there.",
    8: "line 8 says `these jumps`: which? They have not been mentioned before it.",
}


def judge_order(given):
    """Every line after those it needs; several orders are right."""
    order = [int(k) for k in given]
    if sorted(order) != list(range(1, 9)) or not np.array_equal(order, given):
        return "wrong", "each of the line numbers 1 to 8 must occur exactly once."
    for place, line in enumerate(order):
        if set(NEEDS.get(line, ())) - set(order[:place]):
            return "wrong", f"{MISSING[line]} (It is number {place + 1} in your order.)"
    return "right", "right: every line uses only what stands before it."


# -------------------------------------------------------------------- 5.3 a skip connection
def judge_skip(given):
    """m = 1/(180 5^4), and the least H with H + 1/2 >= 5."""
    m, H = given
    sharp = 1 / 112500
    if m > 0 and abs(m * 180 * 4**4 - 1) < 1e-6:
        return "wrong", "m is the value for four pieces; four kinks cut [0, 1] into more."
    if m > 0 and abs(m * 180 * 4.5**4 - 1) < 1e-6:
        return "wrong", "m is the minimum without a skip connection: there the first piece must be flat."
    if m > 0 and abs(m * 180 * 5**5 - 1) < 1e-6:
        return "wrong", "m is the risk of one of the pieces. How many are there?"
    if abs(m / sharp - 1) > 1e-6:
        return "wrong", f"m = {m:.4g} is not the minimum. How many equal pieces are there, how long, and what does the best line on one cost?"
    if round(H) != H:
        return "wrong", "m is right. The number of neurons H is an integer."
    if H < 5:
        return "wrong", f"m is right. But networks with {H:g} neurons and no skip connection do not reach it: the slope condition costs something."
    if H > 5:
        return "wrong", f"m is right. {H:g} neurons reach it, but fewer do, too. Use the formula for the minimum without a skip connection."
    return "right", "right: the skip connection is worth half a kink."


# -------------------------------------------------------------------- 5.4 the least norm of a ramp
def _ends(n, m):
    return m - 1 / (2 * n), m + 1 / (2 * n)


def least_squared_norm(n, m):
    """2 n (sqrt(1 + q1^2) + sqrt(1 + q2^2)); both neurons face left, so that c = 0."""
    return 2 * n * sum(np.hypot(1, q) for q in _ends(n, m))


def _naive(n, m):
    return 3 + sum(q * q for q in _ends(n, m)) + 2 * n * n


def _naive_left(n, m):
    return _naive(n, m) - 1


# -------------------------------------------------------------------- 5.5 errors of the same sign
def judge_same_sign(C):
    """sup over 0 <= B < 1 of C with C <= (2 + B) / (3 (1 - B)): least at B = 0."""
    sharp = 2 / 3
    if sharp * (1 + 1e-6) < C:
        return "wrong", f"C = {C:g} is too large: for some A and B of the same sign the ramp gains less than this. Keep the larger error fixed and let the other one vary."
    if C <= 0:
        return "wrong", f"C = {C:g} is not positive: then the bound would not say that the ramp gains anything."
    if abs(C * 6 - 1) < 1e-6:
        return "not sharp", "this is the constant for errors of any sign; where was it attained, and is that allowed here?"
    if sharp * (1 - 1e-6) > C:
        return "not sharp", f"C = {C:g} is valid, but a larger one is, too. For which A and B of the same sign is the gain least?"
    return "right", "right and sharp: equality where g is exact on one side of the jump."


# -------------------------------------------------------------------- 5.6 a jump that does no harm
def judge_jump(given):
    """f = x^2 + J 1_{x > 1/2}, |J| >= 1/20: does theta beat all limits c | line, line | c with a jump at 1/2? They cost 17/5760."""
    J, theta = given[0], given[1:]
    if abs(J) < 0.05:
        return "wrong", f"the jump J = {J:g} is smaller than 1/20. A larger one is asked for."
    risk = ExactRisk(PAIR, PiecewisePolynomial([0, 1 / 2, 1], [[0, 0, 1], [1 / 4 + J, 1, 1]]))(theta)
    if risk >= 17 / 5760:
        if abs(J) <= 0.3:
            hope = "Your J allows a better network. First fit x^2 well, then think of the jump."
        else:
            hope = "For a smaller jump it is easier to find one that is better."
        return "wrong", f"the risk of your network is {risk:.4g}, and some limit with a jump at 1/2 has a smaller one or the same. {hope}"
    return "right", f"right: risk {risk:.4g}, less than any limit that jumps at 1/2. So the minimum is attained although f jumps."


QUESTIONS = (
    Question(
        "5.1",
        "predict the minimum",
        NOTEBOOK,
        Compare(
            optimum,
            [(1, 1.0), (3, 1.0), (2, 1.0), (1, 2.0), (3, 0.5), (5, 3.0), (8, 1.0)],
            misconceptions=(
                (_equal_pieces, "You cut [0, length] into H + 1 equal pieces. Then the first piece has positive slope, which H neurons with H kinks "
                 "cannot give: the slope condition."),
                (_not_halved, "The kinks are right, but the risk is that of the reflected network, on both sides of 0."),
                (lambda H, l: _pieces(H, l, 4), "Check the power of the length: the integral itself scales, too."),
                (lambda H, l: _pieces(H, l, 0), "The risk depends on the length as well."),
                (_one_kink_fewer, "With H - 1 kinks the slopes are free, but one kink more is better, even at the price of a flat first piece."),
                (_mirrored, "You let the last piece be flat; x^2 is flat at the other end."),
            ),
            atol=1e-15,
            remark="The solver agrees.",
        ),
        (
            "Which piece must be flat if all H neurons have a kink inside and face right? A flat piece costs half of a best line of twice its length.",
            "Reflect at 0: on [-length, length] there are 2H + 1 equal pieces, each costing h^5/180. The risk on [0, length] is half of "
            "that, the kinks are the ends of the pieces.",
        ),
    ),
    Question(
        "5.2",
        "put the proof in order",
        NOTEBOOK,
        Judge((8,), judge_order),
        (
            "Start with the minimizing sequence, then its limit g. What must be supposed for the ramps to make sense?",
            "The contradiction chains three inequalities: one about L(h) and inf L, one about L(h) and L(g), one about L(g) and inf L. "
            "Each has its own line, and all three come before it.",
        ),
    ),
    Question(
        "5.3",
        "what a skip connection is worth",
        NOTEBOOK,
        Judge((2,), judge_skip),
        (
            "With a skip connection the kinks and slopes are free: the pieces are equal, and each costs h^5/180.",
            "For (b) write the minimum without a skip connection as 1/(180 (H + 1/2)^4) and compare.",
        ),
    ),
    Question(
        "5.4",
        "the price of steepness",
        NOTEBOOK,
        Compare(
            least_squared_norm,
            [(2.0, 0.5), (4.0, 0.25), (4.0, 0.75), (10.0, 0.5), (100.0, 0.9), (1000.5, 0.3)],
            misconceptions=(
                (_naive, "This is the norm with w = (1, 1). Rescale each neuron: w, b times s and v divided by s realize the same function."),
                (_naive_left, "This is the norm with w = (-1, -1). Rescale each neuron: w, b times s and v divided by s realize the same function."),
                (lambda n, m: np.sqrt(least_squared_norm(n, m)), "This is the norm; its square is asked for."),
                (lambda n, m: least_squared_norm(n, m) / 2, "A balanced neuron has v^2 = w^2 + b^2, so it costs twice v^2: a factor 2 is missing."),
                (lambda n, m: 4 * n, "The biases count as well: a kink away from 0 needs b different from 0."),
                (lambda n, m: 4 * n * np.hypot(1, m), "This is the limit for large n; for finite n the two kinks are not at m."),
                (lambda n, m: least_squared_norm(n, m) + 1, "This network faces right. Is the other facing cheaper?"),
            ),
            remark="It grows like n, not like n^2.",
        ),
        (
            "One neuron with kink q and slope change d: minimize w^2 + b^2 + v^2 under b = -w q and v |w| = |d|.",
            "The least cost of such a neuron is 2 |d| sqrt(1 + q^2), by the inequality of means. Which directions make c = 0?",
        ),
    ),
    Question(
        "5.5",
        "a jump on one side",
        NOTEBOOK,
        Judge((), judge_same_sign),
        (
            "Scale so that the larger error is 1 and the other is B with 0 <= B < 1. What is (1 + B + B^2)/3 - 1, divided by (1 - B)^2?",
            "Factor 1 - B out of 1 - (1 + B + B^2)/3. The quotient is monotone in B; look at the end of [0, 1) where it is least.",
        ),
    ),
    Question(
        "5.6",
        "a jump that does no harm",
        NOTEBOOK,
        Judge((8,), judge_jump),
        (
            "A limit that jumps has spent both neurons on the jump, and must be flat on one side of it. What does that cost for x^2?",
            "A constant on [0, 1/2] and a line on [1/2, 1] cost 0.00295 at best, whatever J. Take the best network for x^2 and add J/2 "
            "to c: its root risk is at most sqrt(4/28125) + |J|/2.",
        ),
    ),
)  # fmt: skip
