"""Questions of lecture 09, variants of training: a proof to order, a rate, an exponent, periods, a false proof, a start.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

from functools import partial

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "09_variants_of_training"
LINE = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.polynomial([0, 1], 0, 1))


# -------------------------------------------------------------------- 9.1 the order of a proof
PROOF = (2, 4, 6, 1, 5, 3)
NEEDS = {
    (2, 4): "line 4 says 'this is', and speaks of the sum that line 2 leaves",
    (4, 6): "line 6 replaces the product by 8 L, which must be known by then",
    (6, 1): "line 1 integrates a derivative that nobody has computed yet",
    (1, 5): "line 5 speaks of a right side, and there is none before line 1",
    (5, 3): "line 3 divides a bound on the integral of L, which is complete only after line 5",
}


def judge_order(given):
    """A permutation in which every line comes after the one it uses."""
    order = [int(line) if float(line).is_integer() else line for line in given]
    if sorted(order) != [1, 2, 3, 4, 5, 6]:
        return "wrong", f"the numbers 1 to 6 must occur once each, got {', '.join(map(str, order))}."
    for (before, after), reason in NEEDS.items():
        if order.index(before) > order.index(after):
            return "wrong", f"you have line {after} before line {before}, but {reason}."
    return "right", "right: the identity at a point, then along the flow, then the bound."


# -------------------------------------------------------------------- 9.2 the critical rate
def _rate(w, b, v, c, xi, x, *, twice=True, weak=False, factor=8.0, mean=True):
    """factor R / Q; the keywords are misconceptions."""
    x, w, b, v = (np.asarray(array, dtype=float) for array in (x, w, b, v))
    z = np.multiply.outer(x, w) + b
    on, a = (z >= 0 if weak else z > 0), np.maximum(z, 0)
    r = c + a @ v - xi
    delta = 2 * r / len(x)
    R, G = np.mean(r**2), np.array([*(v * ((delta * x) @ on)), *(v * (delta @ on)), *(delta @ a), delta.sum()])
    if not mean:
        R, G = R * len(x), G * len(x)
    return factor * R / (G @ G + twice * G[-1] ** 2)


def critical_rate(w, b, v, c, xi, x):
    """8 R / (|grad R|^2 + (d_c R)^2)."""
    return _rate(w, b, v, c, xi, x)


def _random_case(rng):
    H, m = rng.integers(1, 5), rng.integers(1, 7)
    w, b, v = rng.standard_normal((3, H)).round(2)
    return w, b, v, round(float(rng.standard_normal()), 2), round(float(rng.uniform(-1, 1)), 2), rng.uniform(0, 1, m).round(3)


_A = np.array
CASES = [
    (_A([0.0]), _A([0.0]), _A([0.0]), 0.0, 1.0, _A([0.2, 0.9])),
    (_A([0.0]), _A([0.0]), _A([2.0]), 0.5, 1.0, _A([0.3])),
    (_A([1.0]), _A([-0.5]), _A([1.0]), 0.0, 1.0, _A([0.5, 1.0])),
    (_A([1.0, -1.0]), _A([-2.0, 0.5]), _A([3.0, 1.0]), 0.2, 0.7, _A([0.1, 0.4, 0.8])),
    *(_random_case(np.random.default_rng(seed)) for seed in range(12)),
]


# -------------------------------------------------------------------- 9.3 the exponent
def escape(kappa, m):
    """(m / (m + 2), kappa (m (m + 2) kappa)^(-m / (m + 2)))."""
    beta = m / (m + 2)
    return beta, kappa * (m * (m + 2) * kappa) ** (-beta)


def _forgets_m(kappa, m):
    return m / (m + 2), kappa * ((m + 2) * kappa) ** (-m / (m + 2))


def _forgets_power(kappa, m):
    return m / (m + 2), kappa * (m * kappa) ** (-m / (m + 2))


def _of_rho(kappa, m):
    return 1 / (m + 2), (m * (m + 2) * kappa) ** (1 / (m + 2))


def _no_derivative(kappa, m):
    return m / (m + 1), kappa * ((m + 1) * kappa) ** (-m / (m + 1))


def _negative(kappa, m):
    return -escape(kappa, m)[0], escape(kappa, m)[1]


# -------------------------------------------------------------------- 9.4 periods
def descend(w, v, k, steps):
    """w_n and v_n, each (steps + 1,), and the risks of gradient descent with rate 3 k / 2, b = c = 0 held; stops when not finite."""
    theta, record = np.array([w, 0.0, v, 0.0]), []
    for _ in range(steps + 1):
        risk, G = LINE.value_and_gradient(theta)
        record.append((theta[0], theta[2], risk))
        theta = theta - 1.5 * k * G * [1, 0, 1, 0]
        if not (np.isfinite(theta).all() and np.abs(theta).max() < 1e100):
            break
    return np.array(record).T


def judge_periods(given):
    """Periods at k = .6, 1.1, 1.22; the k with (1 - k^-2) / 6 = 1/24 in (1, sqrt 5 - 1)."""
    *periods, k = given
    for step, period in zip((0.6, 1.1, 1.22), periods, strict=True):
        if period < 0 or period != round(period):
            return "wrong", f"a period is an integer >= 0, but for k = {step} you gave {period:g}."
        us = descend(0.55, 0.55, step, 4000)[0][-64:]
        if period == 0:
            return "wrong", f"for k = {step} the run does become periodic: compute a multiplier there, and compare its modulus with 1."
        n = int(period)
        if n >= 32 or np.abs(us[n:] - us[:-n]).max() > 1e-6:
            return "wrong", f"for k = {step} the run does not return to its place after {n} step(s). Is g'(1) = 1 - 2k below 1 in modulus?"
        if any(np.abs(us[j:] - us[:-j]).max() < 1e-6 for j in range(1, n)):
            return "wrong", f"for k = {step} the run is back in its place in fewer than {n} steps: the period is the least such number."
    if not k > 0:
        return "wrong", "the periods are right, but k is a positive number: it is two thirds of the learning rate."
    risk = (1 - k**-2) / 6
    if abs(k - 1) < 1e-9 or k < 1:
        return "wrong", f"the periods are right, but at k = {k:g} there is no two-cycle: p and q are different only for larger k."
    if abs(k / np.sqrt(4 / 3) - 1) > 1e-6:
        side = "larger" if risk > 1 / 24 else "smaller"
        return "wrong", f"the periods are right. At k = {k:.7g} the mean risk along the two-cycle is {side} than 1/24."
    return "right", "right: and this k lies in the window where the two-cycle attracts."


# -------------------------------------------------------------------- 9.5 the wrong line
TRUE_LINES = {
    1: "line 1 is true: divide the difference by p - q and the sum by p + q.",
    2: "line 2 is true: the derivative of g(g(u)) at p is the product of g' at p and at q.",
    3: "line 3 is true: the sum and the product of the squares of p and q are known from line 1.",
    4: "line 4 is true: the multiplier decreases in k and is 1 at k = 1.",
}


def judge_wrong_line(given):
    """Line 5; the window ends where the multiplier is -1."""
    line, K = given
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[line]
    if line != 5:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if abs(K / (np.sqrt(5) - 1) - 1) < 1e-6:
        return "right", "right: stability asks for the modulus, and at K the multiplier is -1."
    if abs(K / (np.sqrt(5) - 1) - 1) < 1e-3:
        return "wrong", "the line is right, and K to three digits; relative error 1e-6 is asked for: give K by a formula."
    if K <= 1:
        return "wrong", "the line is right. For K: the claim speaks of k > 1, so K must be larger than 1."
    if abs(K - (np.sqrt(27) / 2 - 1)) < 1e-3:
        return "wrong", "the line is right, but this is where a step may first leave u > 0. The cycle loses its stability earlier."
    multiplier = 9 - 2 * (1 + K) ** 2
    if abs(multiplier) < 1:
        return "wrong", f"the line is right, but at k = {K:.7g} the multiplier still lies in (-1, 1): K can be larger."
    return "wrong", f"the line is right, but just below k = {K:.7g} the multiplier is not in (-1, 1): the claim fails before."


# -------------------------------------------------------------------- 9.6 a start
def judge_start(given):
    """w, v > 0, |v - w| >= .1 at the start and after 2000 steps at k = 1.1."""
    w, v = given
    if w <= 0 or v <= 0:
        return "wrong", f"both numbers must be positive at the start, got w = {w:g}, v = {v:g}."
    if abs(v - w) < 0.1:
        return "wrong", f"the start is almost balanced already: |v - w| = {abs(v - w):.3g}, but 0.1 is asked for."
    ws, vs, risks = descend(w, v, 1.1, 2000)
    if len(ws) < 2001:
        return "wrong", "the run leaves the finite numbers: start closer to the minima."
    gap = abs(vs[-1] - ws[-1])
    if gap < 0.1:
        return "wrong", (
            f"after 2000 steps |v - w| = {gap:.1e}, and the mean of the last two risks is {risks[-2:].mean():.4f}: "
            "large steps have balanced your neuron."
        )
    how = "it rests on a minimum that repels" if risks[-1] < 1e-12 else "the neuron is dead" if ws[-1] <= 0 else "it does move"
    return "right", f"right: after 2000 steps |v - w| = {gap:.3g}, the risk is {risks[-1]:.4f}; {how}."


QUESTIONS = (
    Question(
        "9.1",
        "order the proof",
        NOTEBOOK,
        Judge((6,), judge_order),
        (
            "Two lines speak of a fixed theta, four of the flow. The identity at a fixed theta comes first.",
            "Begin with the balance identity. End with the line that produces L at the time t out of an integral.",
        ),
    ),
    Question(
        "9.2",
        "the largest admissible step",
        NOTEBOOK,
        Compare(
            critical_rate,
            CASES,
            misconceptions=(
                (partial(_rate, twice=False), "Q is not the square of the gradient alone: V holds c twice, in c^2 and in (c - 2 xi)^2."),
                (partial(_rate, factor=4.0), "This is half the rate: there V falls fastest; it is unchanged at the second zero of the parabola."),
                (partial(_rate, factor=2.0), "The slope of V along the gradient of R is not 2 R: the balance identity doubles it twice."),
                (partial(_rate, factor=32.0), "The derivative of a square brings down a factor 2; your gradient of R is half of the true one."),
                (partial(_rate, mean=False), "R is the mean over the points, not the sum."),
                (partial(_rate, weak=True), "At a point on a kink you count the neuron as active; relu'(0) = 0 means z > 0, strictly."),
            ),
            rtol=1e-9,
            remark="Dead and degenerate neurons, and points on a kink, included.",
        ),
        (
            "V is quadratic: V(theta - eta G) - V(theta) is a parabola in eta without constant term. Where is its other zero?",
            "The change is -8 eta R + eta^2 Q with Q = |grad R|^2 + (d_c R)^2. Compute grad R by hand: delta_i = 2 r_i / m, then "
            "G_w = v sum delta x 1, G_b = v sum delta 1, G_v = sum delta relu, G_c = sum delta.",
        ),
    ),
    Question(
        "9.3",
        "an exponent on paper",
        NOTEBOOK,
        Compare(
            escape,
            [(1.0, 1.0), (1.0, 2.0), (0.5, 1.0), (2.0, 2.0), (0.3, 3.0), (1.7, 0.5)],
            misconceptions=(
                (_forgets_m, "The exponent is right; the derivative of rho^(-m) brings down a factor m that C does not have."),
                (_forgets_power, "The exponent is right; integrating rho^(m+1) rho' gives rho^(m+2) divided by m + 2."),
                (_of_rho, "These belong to rho itself, rho ~ C t^beta. The risk is kappa rho^(-m)."),
                (_no_derivative, "You set rho' = L. The speed is the slope of the risk, not the risk."),
                (_negative, "The sign: L t^beta tends to C, so L falls like t^(-beta) and beta is positive."),
            ),
            rtol=1e-9,
            remark="With m = 1 and m = 2 these are the two asymptotes of the lecture.",
        ),
        (
            "Write the equation for rho' and separate the variables: rho^(m+1) rho' is constant.",
            "rho^(m+2) grows linearly in t. Insert rho into L = kappa rho^(-m), and read off power and factor.",
        ),
    ),
    Question(
        "9.4",
        "predict, then test",
        NOTEBOOK,
        Judge((4,), judge_periods),
        (
            "Which multiplier decides about convergence to 1, and which about the two-cycle? Compare their modulus with 1.",
            "g'(1) = 1 - 2k; the two-cycle has the multiplier 9 - 2 (1 + k)^2 and the mean risk (1 - k^-2) / 6.",
        ),
    ),
    Question(
        "9.5",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Try the proof on a number: what does line 3 give for k = 2, and what would that do to a small deviation?",
            "Powers of a number below 1 need not tend to zero. For which numbers do they? Solve that condition for k.",
        ),
    ),
    Question(
        "9.6",
        "a start that large steps do not balance",
        NOTEBOOK,
        Judge((2,), judge_start),
        (
            "Where is the gradient exactly zero? There are unbalanced points among these.",
            "All minima have v w = 1. Choose one whose product is 1 without rounding; or else kill the neuron in the first step.",
        ),
    ),
)  # fmt: skip
