"""The cards of lecture 07, verified through the library, and broken by dropping a hypothesis."""

from functools import cache

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, QuadratureRisk, ReLUNetwork, applicable, gradient_flow
from course_lib.rates import fit_rate, local_slopes

ONE, PAIR, THREE = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1), ReLUNetwork(1, 3, 1)
ZERO, SQUARE = PiecewisePolynomial.constant(0.0, 0, 1), PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
S, W = np.polynomial.laguerre.laggauss(40)


def flat(x):
    """The density exp(-1/x), smooth, not piecewise polynomial."""
    return np.exp(-1 / np.maximum(x, 1e-300))


def power(m):
    """One neuron, f = 0, p(x) = x^m on [0, 1]."""
    return ExactRisk(ONE, ZERO, PiecewisePolynomial.polynomial([0] * m + [1], 0, 1))


@cache
def dying(m, fixed=False):
    """The flow of the dying neuron to t = 1e8, with c trained or held at 0."""
    return gradient_flow(power(m), [-1, 0.5, 1, 0], 1e8, rtol=1e-10, atol=1e-16, frozen=[3] if fixed else None)


def quotients(L, thetas, alpha, limit=0.0):
    """|L - L*|^alpha / |G|."""
    return np.abs(L(thetas) - limit) ** alpha / np.linalg.norm(L.gradient(thetas), axis=-1)


# -------------------------------------------------------------------- semialgebraic-risk
THETA = np.array([1, -1, 0.8, -0.3, 0.7, -0.6, 1.2, 0.5, -0.9, 0.1])          # kinks 0.3, 0.7, 0.75
LINE = np.array([0, 0, 0, 0.1, -0.05, 0.02, 0.3, -0.4, 0.2, 0.2])             # w is held


def sixth_difference(L, reach, line=LINE):
    """Sixth difference of L on THETA + [-reach, reach] * line, in units of max |L|."""
    risks = L(THETA + np.linspace(-reach, reach, 7)[:, None] * line)
    return abs(np.diff(risks, 6)[0]) / np.abs(risks).max()


@pytest.mark.theorem("semialgebraic-risk")
@pytest.mark.parametrize("seed", range(5))
def test_between_crossings_the_risk_is_a_polynomial_of_degree_five_along_lines(seed):
    """Sixth differences are rounding: at most 2^6 terms of size max |L| with relative error 16 eps. Fifth ones are not."""
    line = LINE * np.random.default_rng(seed).uniform(0.5, 1.5, 10)
    assert sixth_difference(ExactRisk(THREE, SQUARE), 0.2, line) < 2**6 * 16 * np.finfo(float).eps
    risks = ExactRisk(THREE, SQUARE)(THETA + np.linspace(-1.2, 1.2, 7)[:, None] * line * (LINE > 0.15))
    assert abs(np.diff(risks, 4)).max() < 1e-12               # only v and c move: degree 2
    risks = ExactRisk(THREE, SQUARE)(THETA + np.linspace(-0.2, 0.2, 7)[:, None] * line)
    assert abs(np.diff(risks, 4)).max() > 1e-10               # b moves, too: more than degree 3


@pytest.mark.theorem("semialgebraic-risk")
def test_where_kinks_cross_another_polynomial_begins():
    """Along the same line, farther out: kinks 0.7 and 0.75 meet, and the sixth difference is no rounding."""
    assert sixth_difference(ExactRisk(THREE, SQUARE), 2.8) > 1e-6


@pytest.mark.theorem("semialgebraic-risk", drops="piecewise polynomial")
def test_with_a_smooth_density_the_risk_is_no_polynomial_between_crossings():
    """p = exp(-1/x): the sixth difference is 1e-8 of L, where quadrature leaves 64 * 1e-13 uncertain."""
    assert sixth_difference(QuadratureRisk(THREE, SQUARE, flat, tolerance=1e-13), 0.2) > 1e-9


# -------------------------------------------------------------------- kl-inequality
@pytest.mark.theorem("kl-inequality")
@pytest.mark.parametrize("m", [0, 1, 2])
def test_one_constant_serves_every_ball_around_the_limit_of_a_dying_neuron(m):
    """theta = (w, 0, v, 0) + h * direction, h = 1e-1..1e-4, directions random and along b: L^alpha <= 2 |G|.

    With alpha - 0.1 instead, the quotients along b grow without bound.
    """
    L, alpha, rng = power(m), (m + 2) / (m + 3), np.random.default_rng(m)
    limit, worst, worse = np.array([-1.1, 0, 0.9, 0]), [], []
    for h in (1e-1, 1e-2, 1e-3, 1e-4):
        thetas = limit + h * np.vstack([rng.uniform(-1, 1, (500, 4)), [0, 1, 0, 0]])
        thetas = thetas[L(thetas) > 0]
        worst.append(quotients(L, thetas, alpha).max())
        worse.append(quotients(L, thetas[-1:], alpha - 0.1).max())
    assert max(worst) < 2
    assert np.all(np.diff(np.log(worse)) > 0.2)


@pytest.mark.theorem("kl-inequality", drops="piecewise polynomial")
@pytest.mark.parametrize("alpha", [0.8, 0.9, 0.99])
def test_with_density_exp_minus_one_over_x_no_exponent_below_one_serves(alpha):
    """At (-1, b, 1, 0), L = e^{-1/b} b^6 M_2 and |G| <= 4 e^{-1/b} b^4 M_1: the quotient exceeds 1e30 at b = 1e-4."""
    def M(n, b):
        return (S**n / (1 + b * S) ** (n + 2)) @ W

    L = QuadratureRisk(ONE, ZERO, flat)
    assert L([-1, 0.1, 1, 0]) == pytest.approx(np.exp(-10) * 1e-6 * M(2, 0.1), rel=1e-9)
    assert np.linalg.norm(L.gradient([-1, 0.1, 1, 0])) <= 4 * np.exp(-10) * 1e-4 * M(1, 0.1)
    b = 1e-4
    log_quotient = alpha * (-1 / b + np.log(b**6 * M(2, b))) - (-1 / b + np.log(4 * b**4 * M(1, b)))
    assert log_quotient > 30 * np.log(10)


# -------------------------------------------------------------------- finite-length
@pytest.mark.theorem("finite-length")
@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_the_remaining_length_is_bounded_by_the_risk_at_every_time(m):
    """With C the largest quotient along the flow: polygon length and distance to the limit <= C u^{1-alpha} / (1-alpha)."""
    flow, alpha = dying(m), (m + 2) / (m + 3)
    C = quotients(power(m), flow.thetas, alpha).max()
    steps = np.linalg.norm(np.diff(flow.thetas, axis=0), axis=1)
    bound = C / (1 - alpha) * flow.risks ** (1 - alpha)
    remaining = np.append(np.cumsum(steps[::-1])[::-1], 0)
    assert np.all(remaining <= bound)
    assert remaining[0] > 0.8 * bound[0]                      # nearly sharp: a wrong factor 1 - alpha would show
    assert np.all(np.linalg.norm(flow.thetas - flow.theta, axis=1) <= bound)


@pytest.mark.theorem("finite-length", drops="KL inequality")
def test_on_the_mexican_hat_the_flow_turns_for_ever():
    """The spiral phi = y, y = 1/(1 - rho^2), is a flow line: its length grows by one per unit of y, the height is e^{-y}."""
    def hat(rho, phi):
        y = 1 / (1 - rho**2)
        return np.exp(-y) * (1 - 4 * rho**4 / (4 * rho**4 + (1 - rho**2) ** 4) * np.sin(phi - y))

    rho = np.sqrt(1 - 1 / np.linspace(2, 60, 4000))
    y = 1 / (1 - rho**2)
    by_rho, by_phi = hat(rho + 1e-20j, y).imag / 1e-20, hat(rho, y + 1e-20j).imag / 1e-20
    np.testing.assert_allclose(by_phi / rho**2, by_rho * 2 * rho * y**2, rtol=1e-6)
    length = np.cumsum(np.hypot(np.diff(rho * np.cos(y)), np.diff(rho * np.sin(y))))
    assert length[-1] == pytest.approx(y[-1] - y[0], rel=0.05)
    quotient = hat(rho, y) ** 0.9 / np.hypot(by_rho, by_phi / rho)
    assert quotient[-1] > 100


@pytest.mark.theorem("finite-length", drops="accumulation point")
def test_a_flow_without_accumulation_point_has_infinite_length():
    """Step target: from each decade of time to the next the path grows by the factor 10^{1/4} or so."""
    flow = gradient_flow(ExactRisk(PAIR, STEP), [1, 1, -1 / 3, -2 / 3, 3, -3, 0], t_end=1e6)
    length = np.append(0, np.cumsum(np.linalg.norm(np.diff(flow.thetas, axis=0), axis=1)))
    grown = np.diff(np.interp([1e3, 1e4, 1e5, 1e6], flow.times, length))
    assert np.all(grown[1:] / grown[:-1] > 1.5)


# -------------------------------------------------------------------- kl-rates
@pytest.mark.theorem("kl-rates")
@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_the_risk_stays_below_the_solution_of_the_comparison_equation(m):
    """u <= [u_0^{1-2 alpha} + (2 alpha - 1) t / C^2]^{-1/(2 alpha - 1)} at all times, and not by more than a factor 4."""
    flow, alpha = dying(m), (m + 2) / (m + 3)
    k, C = 2 * alpha - 1, quotients(power(m), flow.thetas, alpha).max()
    bound = (flow.risks[0] ** -k + k * flow.times / C**2) ** (-1 / k)
    assert np.all(flow.risks <= bound * (1 + 1e-9))
    assert flow.risk > bound[-1] / 4
    assert 1 / k == pytest.approx((m + 3) / (m + 1))


@pytest.mark.theorem("kl-rates")
def test_with_exponent_one_half_the_risk_is_below_an_exponential():
    """f = x^2 from (1, -0.2, 1, 0): u <= u_0 e^{-t / C^2} until u = 1e-12, C the largest quotient on the way."""
    L = ExactRisk(ONE, SQUARE)
    flow = gradient_flow(L, [1, -0.2, 1, 0], 400, rtol=1e-10, atol=1e-13)
    u = flow.risks - 4 / 3645
    seen = u > 1e-12
    C = quotients(L, flow.thetas[seen], 0.5, 4 / 3645).max()
    assert np.all(u[seen] <= u[0] * np.exp(-flow.times[seen] / C**2) * (1 + 1e-3))       # u is known to 1e-4 at 1e-12
    rate = 1 / C**2
    assert rate == pytest.approx(0.0967, abs=5e-4)


@pytest.mark.theorem("kl-rates", drops="KL along the flow")
def test_without_kl_the_slopes_never_settle():
    """p = exp(-1/x), full flow to 1e7: the slope of b rises through -0.15 .. -0.075, decade by decade, no power of t."""
    flow = gradient_flow(QuadratureRisk(ONE, ZERO, flat), [-1, 0.5, 1, 0], 1e7, rtol=1e-9, atol=1e-16)
    at = np.searchsorted(flow.times, np.geomspace(1e3, 9e6, 5))
    _, slopes = local_slopes(flow.times[at], flow.thetas[at, 1])
    assert np.all(np.diff(slopes) > 0.005)
    assert slopes[0] < -0.14
    assert slopes[-1] > -0.085


# -------------------------------------------------------------------- dying-neuron-rates
@pytest.mark.theorem("dying-neuron-rates")
@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_limits_constant_and_exponents_of_a_dying_neuron(m):
    """c = 0 fixed, t = 1e8: v and w to 1e-4 (b^2 is left), the constant of b to 3e-4, both exponents to 1e-3."""
    flow = dying(m, fixed=True)
    w, b, v, _ = flow.theta
    v_end, w_end = np.sqrt(1 - 0.5 / (m + 3)), np.sqrt(1 + (m + 1) / (m + 3) / 4)
    assert (v, -w) == pytest.approx((v_end, w_end), abs=1e-4)
    assert b * 1e8 ** (1 / (m + 1)) == pytest.approx(w_end * ((m + 2) / (2 * v_end**2)) ** (1 / (m + 1)), rel=3e-4)
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-(m + 3) / (m + 1), abs=1e-3)
    assert fit_rate(flow.times, flow.thetas[:, 1]).exponent == pytest.approx(-1 / (m + 1), abs=1e-3)


@pytest.mark.theorem("dying-neuron-rates")
@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_training_the_outer_bias_changes_no_exponent(m):
    """The full flow has the same slopes, to 1e-3 at t = 1e8."""
    flow = dying(m)
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-(m + 3) / (m + 1), abs=1e-3)
    assert fit_rate(flow.times, flow.thetas[:, 1]).exponent == pytest.approx(-1 / (m + 1), abs=1e-3)


@pytest.mark.theorem("dying-neuron-rates", drops="strong output")
def test_a_weak_output_dies_instead_and_exponentially():
    """3 v^2 < 2 b^2, m = 0: b stays at (b_0^2 - 3 v_0^2 / 2)^{1/2}, L decays with the rate 4 b^3 / (3 |w|)."""
    flow = gradient_flow(power(0), [-1, 0.9, 0.1, 0], 60, rtol=1e-10, atol=1e-16, frozen=[3])
    w, b, _, _ = flow.theta
    assert b == pytest.approx(np.sqrt(0.81 - 0.015), abs=1e-6)
    rate = fit_rate(flow.times, flow.risks, scale="exponential").exponent
    assert rate == pytest.approx(4 * b**3 / (3 * w), rel=1e-3)


@pytest.mark.theorem("dying-neuron-rates", drops="strong output")
@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_tie_is_slower_than_both_sides(m):
    """(m + 3) v^2 = 2 b^2: L ~ t^{-(m+5)/(m+3)}, to 1e-3 at t = 1e8."""
    flow = gradient_flow(power(m), [-1, 0.5, np.sqrt(0.5 / (m + 3)), 0], 1e8, rtol=1e-10, atol=1e-16, frozen=[3])
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-(m + 5) / (m + 3), abs=1e-3)


# -------------------------------------------------------------------- exponential-rate
@pytest.mark.theorem("exponential-rate")
@pytest.mark.parametrize("start", [[1, -0.2, 1, 0], [0.5, -0.2, 1, 0.2], [1.5, -0.3, 0.8, 0]])
def test_the_risk_gap_decays_with_twice_the_least_eigenvalue(start):
    """f = x^2, kink inside at the limit: rate 2 lambda to 1e-3, and the KL constant 1/sqrt(2 lambda) is approached."""
    L = ExactRisk(ONE, SQUARE)
    flow = gradient_flow(L, start, 400, rtol=1e-10, atol=1e-13)
    eigenvalues = np.linalg.eigvalsh(L.hessian(flow.theta))
    lam = eigenvalues[eigenvalues > 1e-8].min()
    rate = fit_rate(flow.times, flow.risks, limit=4 / 3645, scale="exponential", floor=1e-12)
    assert -rate.exponent == pytest.approx(2 * lam, rel=1e-3)
    late = (flow.risks - 4 / 3645 > 1e-11) & (flow.risks - 4 / 3645 < 1e-8)
    assert quotients(L, flow.thetas[late], 0.5, 4 / 3645) == pytest.approx(1 / np.sqrt(2 * lam), rel=1e-3)


@pytest.mark.theorem("exponential-rate", drops="twice differentiable")
def test_a_kink_that_rests_on_the_end_does_not_obey_the_hessian():
    """(-1, 1/2, 1, 0): the Hessian at the limit promises 4, the rate is 4 v / (3 |w|) = 1.17."""
    L = ExactRisk(ONE, SQUARE)
    flow = gradient_flow(L, [-1, 0.5, 1, 0], 400, rtol=1e-10, atol=1e-13)
    w, b, v, c = flow.theta
    assert 0 <= b < 1e-50
    assert np.linalg.eigvalsh(L.hessian([w, 0, v, c])).max() == pytest.approx(2, rel=1e-9)
    rate = -fit_rate(flow.times, flow.risks, limit=4 / 45, scale="exponential", floor=1e-12).exponent
    assert rate == pytest.approx(4 * v / (3 * abs(w)), rel=1e-3)
    assert rate < 2


@pytest.mark.theorem("exponential-rate", drops="Morse-Bott")
def test_where_the_kernel_of_the_hessian_is_too_large_the_rate_is_a_power():
    """m = 1: the Hessian at the limit is diag(0, 0, 0, 1) in eigenvalues, yet L(1e8) is about 1e-17, a power of t."""
    flow = dying(1)
    assert np.linalg.eigvalsh(power(1).hessian(flow.theta * [1, 0, 1, 0])) == pytest.approx([0, 0, 0, 1], abs=1e-12)
    assert flow.risk > 1e-18


# -------------------------------------------------------------------- predicates
CUBE = PiecewisePolynomial.polynomial([0, 0, 0, 1], 0, 1)
CUT = PiecewisePolynomial([0, 0.5, 1], [[0, 0, 1], [0.25, 1, 1]])              # x^2 in two pieces
TWICE, LONGER = PiecewisePolynomial.polynomial([0, 2], 0, 1), PiecewisePolynomial.polynomial([0, 1], 0, 2)
BROKEN = PiecewisePolynomial([0, 0.5, 1], [[0, 1], [0.5, 0]])                  # x, then 1/2


@pytest.mark.parametrize(
    ("net", "f", "p", "expected"),
    [
        (ONE, ZERO, None, None),
        (ONE, ZERO, CUBE, None),
        (ONE, ZERO, CUT, None),
        (ONE, ZERO, np.exp, None),
        (ONE, np.cos, CUBE, None),
        (PAIR, ZERO, CUBE, False),
        (ONE, SQUARE, CUBE, False),
        (ONE, np.cos, TWICE, False),
        (ONE, ZERO, BROKEN, False),
        (ONE, PiecewisePolynomial.constant(0.0, 0, 2), LONGER, False),
    ],
)
def test_the_dying_neuron_is_excluded_by_its_problem_or_left_to_its_start(net, f, p, expected):
    """False for two neurons, f not 0, p no power of x, another interval; never True, since the start is not known."""
    (verdict,) = [v for v in applicable(net, f, p) if v.card.slug == "dying-neuron-rates"]
    assert verdict.holds is expected
    assert ("one neuron at a flat end" in [h.name for h in verdict.failed]) is (expected is False)


def test_the_kl_inequality_is_granted_for_pieces_and_left_open_for_a_plain_density():
    """Card kl-inequality holds for pieces, so that finite-length leaves the flow and its accumulation point only."""
    holds = {p: {v.card.slug: v for v in applicable(PAIR, SQUARE, p)} for p in (CUBE, flat)}
    assert [holds[p]["kl-inequality"].holds for p in (CUBE, flat)] == [True, None]
    assert [h.name for h in holds[CUBE]["finite-length"].undecided] == ["flow", "accumulation point"]
    assert [h.name for h in holds[flat]["finite-length"].undecided] == ["flow", "accumulation point", "KL inequality"]
    assert [holds[CUBE][slug].holds for slug in ("semialgebraic-risk", "kl-rates", "exponential-rate")] == [True, None, None]
