"""Questions of lecture 07, KL and rates: a model, a tie, a shuffled proof, a fit, a constant, a limit without a Hessian.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "07_kl_inequality_and_rates"
NEURON = ReLUNetwork(1, 1, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)


# -------------------------------------------------------------------- 7.1 the model s^nu / nu
def exponents(nu):
    """(alpha, C, e_s, e_L) for L = s^nu / nu: L^alpha = C |L'|, s ~ t^(-e_s), L ~ t^(-e_L)."""
    alpha = 1 - 1 / nu
    return alpha, nu**-alpha, 1 / (nu - 2), nu / (nu - 2)


def _with(change):
    """exponents with one of its four numbers changed."""
    return lambda nu: tuple(change(nu, *exponents(nu)))


# -------------------------------------------------------------------- 7.2 a tie
def tie(m):
    """(alpha, e_L, e_b) for L = K v^2 b^(m+3) / |w|^(m+1) with v proportional to b."""
    return (m + 4) / (m + 5), (m + 5) / (m + 3), 1 / (m + 3)


# -------------------------------------------------------------------- 7.3 order the proof
ORDER = (3, 6, 1, 5, 4, 2)
NEEDS = {
    6: (3, "line 6 speaks of \"the identity just found\", but none has been found yet at that place."),
    1: (6, "line 1 integrates \"the lower bound just found\"; at its place in your order there is no lower bound yet."),
    5: (1, "line 5 asks that \"the length bound just found\" be small; no line before it in your order bounds a length."),
    4: (5, "line 4 contradicts the choice of a time T; in your order no T has been chosen yet."),
    2: (4, "line 2 says that the bound holds for all later times; before it, you have not shown that the flow stays in the ball."),
}


def judge_order(lines):
    """Each line once, and nothing used before it is there."""
    order = [int(line) for line in lines]
    if sorted(order) != [1, 2, 3, 4, 5, 6] or not np.array_equal(order, lines):
        return "wrong", f"each of the lines 1 to 6 must occur exactly once, got {order}."
    for line in order:
        needed, sentence = NEEDS.get(line, (None, ""))
        if needed and order.index(needed) > order.index(line):
            return "wrong", sentence
    return "right", "right: a conditional bound, a good moment to start, and a trap that removes the condition."


# -------------------------------------------------------------------- 7.4 read an exponent off a curve
def curve(e: float, limit: float, bump: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """t, L, limit: a power law with exponent e after a transient, with noise of size 1e-14."""
    t = np.append(0, np.geomspace(1e-3, 1e8, 640))
    noise = 1e-14 * np.random.default_rng(seed).standard_normal(len(t))
    return t, limit + 0.5 * (1 + t / 10) ** -e + bump * np.exp(-t / 20) + noise, limit


CURVES = [curve(3, 0.0, 5, 1), curve(2, 4 / 3645, 1, 2), curve(5 / 3, 0.1, -0.2, 3), curve(1.5, 0.0, 2, 4), curve(0.25, 0.3, 1, 5)]
TRUE = {CURVES[i][1][0]: e for i, e in enumerate((3.0, 2.0, 5 / 3, 1.5, 0.25))}        # by the first value of L


def late_exponent(t, L, limit):
    """The exponent with which the curve was made."""
    return TRUE[L[0]]


def _slope(t, u):
    return -np.polyfit(np.log(t), np.log(u), 1)[0]


def _kept(t, L, limit):
    keep = (t > 0) & (L - limit > 1e-12)
    return t[keep], (L - limit)[keep]


def _whole(t, L, limit):
    return _slope(*_kept(t, L, limit))


def _whole_with_noise(t, L, limit):
    keep = (t > 0) & (L - limit > 0)
    return _slope(t[keep], (L - limit)[keep])


def _last_value(t, L, limit):
    t, u = _kept(t[:-1], L[:-1], L[-1])
    return _slope(t[t > t[-1] / 10], u[t > t[-1] / 10])


def _negative(t, L, limit):
    return -late_exponent(t, L, limit)


def _first_decade(t, L, limit):
    t, u = _kept(t, L, limit)
    return _slope(t[t < 10 * t[0]], u[t < 10 * t[0]])


def _no_mask(t, L, limit):
    late = t > t[-1] / 10
    return _slope(t[late], np.abs(L - limit)[late])


# -------------------------------------------------------------------- 7.5 the constant
def judge_constant(claim):
    """sqrt(L) <= C |grad L| for L = <H theta, theta> / 2 with eigenvalues 0, 0.08, 3."""
    sharp = 1 / np.sqrt(2 * 0.08)
    if claim < sharp * (1 - 1e-6):
        return "wrong", f"with C = {claim:g} the inequality is false for some eigenvector of H. Try each of the three."
    if claim > sharp * (1 + 1e-6):
        return "not sharp", f"the inequality holds with C = {claim:g}, but with equality for no theta outside the kernel. Mind the factor in L."
    return "right", "right and sharp: equality along one eigenvector, and 1 / C^2 is the rate of the risk."


# -------------------------------------------------------------------- 7.6 a limit without a Hessian
def flow_end(theta) -> np.ndarray:
    """Theta_400 of the gradient flow from theta; |b| below 1e-12 is not resolved."""
    gradient = ExactRisk(NEURON, SQUARE).gradient
    return solve_ivp(lambda t, y: -gradient(y), (0, 400), theta, method="LSODA", rtol=1e-9, atol=1e-12).y[:, -1]


def judge_start(theta):
    """The kink starts in [0.05, 0.95] and rests on the right end of [0, 1] at t = 400."""
    if np.abs(theta).max() > 3:
        return "wrong", f"the four numbers must lie between -3 and 3, got {theta.tolist()}."
    kink = NEURON.kinks(theta)[0]
    if not 0.05 <= kink <= 0.95:
        return "wrong", f"the kink must start in [0.05, 0.95]; yours starts at {kink:.3g}."
    end = flow_end(theta)
    kink, size, risk = NEURON.kinks(end)[0], float(np.hypot(*end[:2])), ExactRisk(NEURON, SQUARE)(end)
    if size < 0.01:
        return "wrong", f"your neuron degenerates, |(w, b)| = {size:.1g}: where its kink is no longer matters."
    if abs(kink) <= 1e-6:
        return "wrong", "your kink comes to rest at 0, as in the lecture. The other end is asked for; which sign does the residual have there?"
    if abs(kink - 1) > 1e-6:
        where = "in the interior" if 0 < kink < 1 else "outside, where it no longer matters"
        return "wrong", f"your kink comes to rest at {kink:.4g}, {where} (risk {risk:.6f}). Which neurons does this target not want?"
    return "right", f"right: the kink is at 1 to within {max(abs(kink - 1), 1e-12):.0e}, the risk is {risk:.6f}."


QUESTIONS = (
    Question(
        "7.1",
        "the model of all slow minima",
        NOTEBOOK,
        Compare(
            exponents,
            [(3.0,), (4.0,), (2.5,), (6.0,), (11.0,)],
            misconceptions=(
                (_with(lambda n, a, C, s, e: (1 / n, C, s, e)), "Your alpha is 1/nu. Then L^alpha is of the size of s, and |L'| is not."),
                (_with(lambda n, a, C, s, e: (a, 1.0, s, e)), "C = 1 forgets the nu in L = s^nu / nu, which is raised to the power alpha."),
                (_with(lambda n, a, C, s, e: (a, 1 / C, s, e)), "Your constant stands on the other side: L^alpha = C |L'|."),
                (_with(lambda n, a, C, s, e: (a, C, -s, -e)), "The signs: e_s and e_L are meant in t^(-e), so they are positive."),
                (_with(lambda n, a, C, s, e: (a, C, s, s)), "L is a power of s: it does not decay as slowly as s does."),
                (_with(lambda n, a, C, s, e: (a, C, 1 / (n - 1), n / (n - 1))), "Solve s' = -s^(nu-1) again: which power of s has a constant derivative?"),
            ),
            remark="In terms of alpha: 1 / (2 alpha - 1) for L, (1 - alpha) / (2 alpha - 1) for s.",
        ),
        (
            "First write L^alpha and |L'| as powers of s and compare. Then find the power of s whose derivative along the flow is constant.",
            "The derivative of s^(2-nu) along s' = -s^(nu-1) is nu - 2. So s^(2-nu) = 1 + (nu - 2) t.",
        ),
    ),
    Question(
        "7.2",
        "a tie",
        NOTEBOOK,
        Compare(
            tie,
            [(0,), (1,), (2,), (3,), (7,)],
            misconceptions=(
                (lambda m: ((m + 2) / (m + 3), (m + 3) / (m + 1), 1 / (m + 1)), "These are the exponents when v stays away from 0. Here v goes to 0 as well."),
                (lambda m: ((m + 3) / (m + 4), (m + 4) / (m + 2), 1 / (m + 2)), "You counted one factor v in L; L has v^2."),
                (lambda m: ((m + 2) / (m + 3), (m + 5) / (m + 3), 1 / (m + 3)), "Both rates are right. Your alpha is that of a v which stays away from 0; rates and alpha belong together as in (7.11)."),
                (lambda m: ((m + 4) / (m + 5), 1 / (m + 3), (m + 5) / (m + 3)), "Mind the order: alpha, then the exponent of L, then that of b."),
                (lambda m: ((m + 4) / (m + 5), (m + 5) / (m + 3), 1 / (m + 1)), "alpha and the risk are right, but b is fed by the smaller v as well: b' = -G_b."),
                (lambda m: ((m + 4) / (m + 5), (m + 3) / (m + 1), 1 / (m + 1)), "alpha is right. The exponents of time follow from it, or from b' = -G_b with the new L."),
            ),
            remark="Slower than on either side of the tie.",
        ),
        (
            "Two quantities are conserved. What does b^2/(m+3) - v^2/2 = 0 say about v along the flow?",
            "v stays proportional to b, so that L is of the size of b^(m+5) and G_b = (m+3) L / b. Now compare powers of b, "
            "and solve b' = -const b^(m+4).",
        ),
    ),
    Question(
        "7.3",
        "order the proof",
        NOTEBOOK,
        Judge((6,), judge_order),
        (
            "Look for the words \"just found\", \"this time T\", \"so\": each line leans on one before it. Which line leans on none?",
            "An identity for the derivative of a power of u; a lower bound for it; a bound of a length by integration; a time to start; "
            "why the flow cannot leave; the conclusion.",
        ),
    ),
    Question(
        "7.4",
        "read an exponent off a curve",
        NOTEBOOK,
        Compare(
            late_exponent,
            CURVES,
            misconceptions=(
                (_whole, "These are slopes fitted over the whole curve. Its many early points belong to the transient, and outvote the late ones."),
                (_whole_with_noise, "These are slopes fitted over the whole curve: over the transient at its beginning and the noise at its end."),
                (_last_value, "These are the slopes with the last value in place of the limit. Subtract the limit that is given."),
                (_negative, "The sign: e is meant in t^(-e), so it is positive."),
                (_first_decade, "These are slopes of the first decade. A power law is a statement about late times."),
                (_no_mask, "These are slopes of the last decade of the run, noise included. Leave out what lies at or below 1e-12 first."),
            ),
            rtol=0,
            atol=0.02,
            remark="Late window, given limit, noise masked.",
        ),
        (
            "Three decisions come before any fit: which times have a logarithm, which differences are noise, and what is late?",
            "Keep t > 0 and L - limit > 1e-12; of these keep the last decade, t > t[-1] / 10; then np.polyfit(log t, log(L - limit), 1).",
        ),
    ),
    Question(
        "7.5",
        "sharpen a constant",
        NOTEBOOK,
        Judge((), judge_constant),
        (
            "Write L and |grad L|^2 in coordinates along the eigenvectors of H, and compare the two sums term by term.",
            "One needs lambda_i / 2 <= C^2 lambda_i^2 for each eigenvalue. Which eigenvalue asks for the largest C, and which for none?",
        ),
    ),
    Question(
        "7.6",
        "a limit without a Hessian",
        NOTEBOOK,
        Judge((4,), judge_start),
        (
            "A neuron that only makes the fit worse is pushed out of the interval. In the lecture it faced left, and r(0) > 0.",
            "Let the neuron face right (w > 0). Without it the network would be the mean of f; compare that with f(1). Should a useless neuron "
            "raise the network near x = 1, or lower it?",
        ),
    ),
)  # fmt: skip
