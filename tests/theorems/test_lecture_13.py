"""The cards of lecture 13, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

from course_lib import (
    ExactRisk,
    PiecewisePolynomial,
    QuadratureRisk,
    ReLUNetwork,
    global_minimum,
    gradient_descent,
    gradient_flow,
)
from course_lib.activations import softplus, tanh
from course_lib.landscapes import sharpness

NEURON, PAIR, THREE = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1), ReLUNetwork(1, 3, 1)
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
IDENTITY, HALF = PiecewisePolynomial.polynomial([0, 1], -1, 1), PiecewisePolynomial.constant(0.5, -1, 1)
L, L1, L3 = (ExactRisk(net, STEP) for net in (PAIR, NEURON, THREE))
TANH = QuadratureRisk(NEURON, IDENTITY, HALF, activation=tanh)
LOWEST, K, K_TANH = 0.0450658, np.sqrt(5) / 6, 4 / 1575


def ramp(n, position=0.5):
    """The balanced parameters of the ramp of slope n through (position, 1/2), both neurons facing right."""
    q = position + np.array([-0.5, 0.5]) / n
    w = np.sqrt(n) / (1 + q * q) ** 0.25
    return np.array([*w, *(-w * q), n / w[0], -n / w[1], 0.0])


def fitted(risk, kinks, face):
    """Neurons facing as told with these kinks, and the outer weights that make L least: L is a parabola in (v, c)."""
    H = len(face)
    theta = np.r_[face, -np.multiply(face, kinks), np.zeros(H + 1)].astype(float)
    curvature, slope = risk.hessian(theta)[2 * H :, 2 * H :], risk.gradient(theta)[2 * H :]
    theta[2 * H :] = np.linalg.lstsq(curvature, -slope, rcond=None)[0]
    return theta


def critical(risk, kinks, face):
    """The critical point found by Newton's method for the two kinks, from a guess."""
    H = len(face)
    return fitted(risk, fsolve(lambda k: risk.gradient(fitted(risk, k, face))[H : 2 * H], kinks, xtol=1e-13), face)


# ---------------------------------------------------------------- the critical levels of the step
@pytest.mark.theorem("step-critical-levels")
def test_five_networks_have_the_five_levels():
    """|G| <= 1e-10 at a constant, the best line, one kink, and the two pairs that face each other."""
    q = brentq(lambda q: ((6 * q - 12) * q + 9) * q - 2, 0, 0.5)
    thetas = [
        [0, 0, -1, -1, 2, 3, 0.5], [1, 0, 1, -1, 1.5, 2, -1.75], [1, 0, -0.25, -1, 16 / 9, 1, 0],
        critical(L, (0.14, 0.28), (1, -1)), fitted(L, (q, 1 - q), (1, -1)),
    ]  # fmt: skip
    np.testing.assert_allclose(L(np.array(thetas)), [1 / 4, 1 / 16, 1 / 18, 0.0558797, LOWEST], rtol=0, atol=5e-8)
    assert np.abs(L.gradient(np.array(thetas))).max() < 1e-10


@pytest.mark.theorem("step-critical-levels")
def test_newton_from_everywhere_finds_no_other_level():
    """Newton from 81 pairs of kinks, facing each other, ends at 1/18, .0558797, .0450658, or nowhere."""
    guesses = [(0.15, 0.3), *np.random.default_rng(13).uniform(0.02, 0.98, (80, 2))]
    def slope_in_the_kinks(k):
        return L.gradient(fitted(L, np.clip(k, 0.001, 0.999), (1, -1)))[2:4]

    found = []
    for guess in guesses:
        kinks, _, ok, _ = fsolve(slope_in_the_kinks, guess, full_output=True)
        if ok == 1 and (np.abs(kinks - 0.5) < 0.498).all() and abs(kinks[0] - kinks[1]) > 1e-4:
            theta = fitted(L, kinks, (1, -1))
            found += [L(theta)] if np.abs(L.gradient(theta)).max() < 1e-9 else []
    gap = np.abs(np.subtract.outer(found, [1 / 18, 0.0558797, LOWEST]))
    assert (gap.min(axis=1) < 1e-6).all()
    assert (gap.min(axis=0) < 1e-6).all()


@pytest.mark.theorem("step-critical-levels")
def test_two_neurons_that_face_the_same_way_are_not_critical():
    """The best line over a jump at fraction s misses (0, 1) at its ends by |(1-s)(1-3s)| + |(1-s)(1+3s) - 1| > .2 for all
    s in [0, 1]; and at 2000 fitted pairs with both v_j above .01 the gradient is not 0."""
    s = np.linspace(0.0, 1.0, 1001)
    assert (np.abs((1 - s) * (1 - 3 * s)) + np.abs((1 - s) * (1 + 3 * s) - 1)).min() > 0.2
    kinks = np.sort(np.random.default_rng(3).uniform(0.02, 0.98, (2000, 2)))
    thetas = np.array([fitted(L, k, (1, 1)) for k in kinks[np.diff(kinks)[:, 0] > 0.01]])
    thetas = thetas[np.abs(thetas[:, 4:6]).min(axis=1) > 0.01]
    assert len(thetas) > 1000
    assert np.linalg.norm(L.gradient(thetas), axis=1).min() > 1e-6


@pytest.mark.theorem("step-critical-levels", drops="two neurons")
def test_three_neurons_have_a_lower_critical_level():
    """Two neurons facing right and one facing left: a critical point at .0263105."""
    theta = critical(L3, (0.215, 0.611, 0.43), (1, 1, -1))
    assert np.abs(L3.gradient(theta)).max() < 1e-10
    assert np.abs(theta[6:9]).min() > 0.1
    assert L3(theta) == pytest.approx(0.0263105, abs=1e-7)


@pytest.mark.theorem("step-critical-levels", drops="step target")
def test_a_steep_but_continuous_ramp_has_the_critical_level_zero():
    """Slope 5 instead of a jump: two neurons represent it, L = 0 and G = 0."""
    target = PiecewisePolynomial([0, 0.4, 0.6, 1], [[0], [0, 5], [1]])
    risk = ExactRisk(PAIR, target)
    assert risk(ramp(5)) < 1e-28
    assert np.abs(risk.gradient(ramp(5))).max() < 1e-13


# ---------------------------------------------------------------- blow-up
@pytest.mark.theorem("blow-up")
@pytest.mark.parametrize(
    "start", [ramp(2), ramp(3, 0.46), PAIR.rescale(ramp(4), [2, 0.5])], ids=["slope 2", "off centre", "uneven"]
)
def test_good_starts_diverge(start):
    """L(Theta_0) < .0450658; the norm grows by more than 2 over two decades of time, twice."""
    risk = L(np.array(start))
    runs = [np.linalg.norm(gradient_flow(L, start, t).theta) for t in (1e3, 1e5, 1e7)]
    assert risk < LOWEST
    assert runs[1] > 2 * runs[0]
    assert runs[2] > 2 * runs[1]


@pytest.mark.theorem("blow-up", drops="good start")
def test_a_start_above_the_level_may_converge_to_it():
    """Neurons that face each other, L = .0513: the flow ends in the lowest critical level."""
    flow = gradient_flow(L, [1, -1, -0.4, 0.6, 1, -1, 0.5], 1e4)
    assert flow.risk == pytest.approx(LOWEST, abs=1e-7)
    assert np.linalg.norm(L.gradient(flow.theta)) < 1e-9


@pytest.mark.theorem("blow-up", drops="at least two neurons")
def test_one_neuron_attains_the_infimum_for_the_step():
    """H = 1: the infimum 1/18 is attained, no start lies below the critical levels, and the flow converges."""
    best = global_minimum(STEP, neurons=1)
    flow = gradient_flow(L1, [1, -0.2, 1.5, 0.1], 1e3)
    assert best.attained
    assert best.risk == pytest.approx(1 / 18, rel=1e-9)
    assert flow.risk == pytest.approx(1 / 18, rel=1e-9)


@pytest.mark.theorem("blow-up", drops="suitable target")
def test_for_a_ramp_as_target_the_same_start_converges():
    """Slope 5 instead of a jump: from the ramp of slope 2 the risk tends to 0, the norm stays below 5."""
    risk = ExactRisk(PAIR, PiecewisePolynomial([0, 0.4, 0.6, 1], [[0], [0, 5], [1]]))
    flow = gradient_flow(risk, ramp(2), 1e4)
    assert flow.risk < 1e-15
    assert np.linalg.norm(flow.thetas, axis=1).max() < 5


# ---------------------------------------------------------------- the rates
@pytest.mark.theorem("blow-up-rates")
@pytest.mark.parametrize("n", [2, 3, 10])
def test_the_three_constants_are_right_to_one_tenth_of_a_percent(n):
    """At t = 1e8: |Theta|^2 L, L sqrt t and |Theta| t^{-1/4} against their limits."""
    flow = gradient_flow(L, ramp(n), 1e8, rtol=1e-10, atol=1e-12)
    r = np.linalg.norm(flow.theta)
    got = r * r * flow.risk, flow.risk * 1e4, r / 1e2
    np.testing.assert_allclose(got, [K, np.sqrt(K / 8), (8 * K) ** 0.25], rtol=1e-3)
    np.testing.assert_allclose(got, [0.372678, 0.215835, 1.314032], rtol=1e-3)


@pytest.mark.theorem("blow-up-rates", drops="ordinary flow")
def test_the_normalized_flow_is_slower_in_the_risk():
    """L t^{1/3} -> .1795 and L sqrt t -> infinity."""
    flow = gradient_flow(L, ramp(3), 1e8, normalized=True)
    assert flow.risk * 1e8 ** (1 / 3) == pytest.approx((np.sqrt(2.5) / 12) ** (2 / 3) * 3 ** (-1 / 3), rel=1e-3)
    assert flow.risk * 1e4 > 10 * np.sqrt(K / 8)


@pytest.mark.theorem("blow-up-rates", drops="step target")
def test_a_jump_elsewhere_has_other_constants():
    """Jump at 1/4: K = sqrt(1 + 1/16) / 3, eight per cent below sqrt(5)/6."""
    risk = ExactRisk(PAIR, PiecewisePolynomial([0, 0.25, 1], [[0], [1]]))
    flow = gradient_flow(risk, ramp(3, 0.25), 1e7)
    r = np.linalg.norm(flow.theta)
    assert r * r * flow.risk == pytest.approx(np.sqrt(17 / 16) / 3, rel=1e-3)
    assert r * r * flow.risk < 0.95 * K


@pytest.mark.theorem("blow-up-rates", drops="two neurons")
def test_one_neuron_does_not_climb():
    """H = 1: the flow for the same step converges, |Theta| t^{-1/4} -> 0."""
    flow = gradient_flow(L1, [1, -0.2, 1.5, 0.1], 1e6)
    assert np.linalg.norm(flow.theta) / 1e6**0.25 < 0.1


@pytest.mark.theorem("blow-up-rates", drops="ramp start")
def test_another_start_converges():
    """Two neurons that face each other do not diverge at all."""
    flow = gradient_flow(L, [1, -1, -0.4, 0.6, 1, -1, 0.5], 1e4)
    assert np.linalg.norm(flow.theta) < 5


# ---------------------------------------------------------------- descent
UNEVEN = np.sqrt(3) * np.array([1, 1, -1 / 3, -2 / 3, 1, -1, 0])


@pytest.mark.theorem("descent-stalls")
def test_descent_hovers_at_the_edge():
    """At t = 1500: slope 9.22 and 12.99 of the first neuron, sharpness 2/eta to 1 %, risks .01455 and .00996."""
    for eta, slope, risk in ((0.1, 9.22, 0.01455), (0.05, 12.99, 0.00996)):
        run = gradient_descent(L, UNEVEN, eta, round(1500 / eta))
        assert run.theta[0] * run.theta[4] == pytest.approx(slope, rel=0.01)
        assert run.risk == pytest.approx(risk, rel=0.01)
        assert eta * sharpness(L, run.thetas[-200:]).mean() / 2 == pytest.approx(1, abs=0.01)


@pytest.mark.theorem("descent-stalls")
def test_the_risk_of_descent_stays_where_it_is():
    """eta = .1 from t = 5000 to 12000: between .011 and .0125, while the flow falls to .002."""
    run = gradient_descent(L, UNEVEN, 0.1, 120_000, record=15)
    late = run.risks[len(run.risks) * 5 // 12 :]
    assert 0.011 < late.min() < late.max() < 0.0125
    assert gradient_flow(L, UNEVEN, 12_000).risk < 0.002


@pytest.mark.theorem("descent-stalls", drops="constant rate")
def test_with_rates_that_shrink_with_the_curvature_descent_follows_the_flow():
    """eta_n = min(.1, .8 / sqrt(1 + t_n)): the risk falls at every step, to that of the flow within 1 %."""
    theta, t, risks = UNEVEN.copy(), 0.0, []
    for _ in range(20_000):
        eta = min(0.1, 0.8 / np.sqrt(1 + t))
        risk, G = L.value_and_gradient(theta)
        theta, t, risks = theta - eta * G, t + eta, [*risks[-1:], risk]
        assert len(risks) < 2 or risks[1] < risks[0]
    assert L(theta) == pytest.approx(gradient_flow(L, UNEVEN, t).risk, rel=0.01)


@pytest.mark.theorem("descent-stalls", drops="step target")
def test_for_a_gentle_ramp_descent_converges():
    """Target of slope 4: the solution is stable at eta = .05, and descent reaches it."""
    risk = ExactRisk(PAIR, PiecewisePolynomial([0, 0.375, 0.625, 1], [[0], [0, 4], [1]]))
    assert gradient_descent(risk, UNEVEN, 0.05, 40_000).risk < 1e-15


@pytest.mark.theorem("descent-stalls", drops="two neurons")
def test_one_neuron_descends_to_its_minimum():
    assert gradient_descent(L1, [1, -0.2, 1.5, 0.1], 0.1, 5000).risk == pytest.approx(1 / 18, rel=1e-9)


# ---------------------------------------------------------------- smooth activations
def bump(h):
    """(softplus(hx) + softplus(-hx) - 2 log 2) 4 / h^2, which tends to x^2 as h -> 0."""
    return np.array([h, -h, 0, 0, 4 / h**2, 4 / h**2, -8 * np.log(2) / h**2])


@pytest.mark.theorem("smooth-activations-never-attain")
def test_softplus_comes_as_close_to_the_square_as_you_like():
    """5184 L / h^4 -> 1 with error O(h^2), |theta|^2 L -> (32 + 64 log^2 2)/5184: the infimum is 0, the norm explodes."""
    risk = QuadratureRisk(PAIR, PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), activation=softplus)
    h = np.array([0.5, 0.25, 0.1, 0.05])
    values = np.array([risk(bump(k)) for k in h])
    gap = 1 - 5184 * values / h**4
    assert gap[-1] == pytest.approx(0, abs=3e-4)
    np.testing.assert_allclose(gap / h**2, gap[1] / h[1] ** 2, rtol=0.05)
    assert bump(0.05) @ bump(0.05) * values[-1] == pytest.approx((32 + 64 * np.log(2) ** 2) / 5184, rel=1e-3)


@pytest.mark.theorem("smooth-activations-never-attain", drops="smooth activation")
def test_relu_attains_zero_for_the_identity_and_the_flow_converges():
    """One ReLU neuron, f = x on [-1, 1]: the flow from the tanh start tends to risk 0 with bounded parameters."""
    flow = gradient_flow(ExactRisk(NEURON, IDENTITY, HALF), [0.7, 0.3, 1.2, -0.2], 1e6)
    assert flow.risk < 1e-16
    assert np.linalg.norm(flow.thetas, axis=1).max() < 3


@pytest.mark.theorem("smooth-activations-never-attain", drops="polynomial target")
def test_tanh_learns_tanh_and_converges():
    """f = tanh: risk 0 at (1, 0, 1, 0), and the flow goes there."""
    risk = QuadratureRisk(NEURON, np.tanh, HALF, activation=tanh, breaks=(-1, 1))
    np.testing.assert_allclose(gradient_flow(risk, [0.7, 0.3, 1.2, -0.2], 1e4).theta, [1, 0, 1, 0], atol=1e-6)


@pytest.mark.theorem("smooth-activations-never-attain", drops="good start")
def test_a_start_without_output_converges():
    """v = w = b = 0: only c moves, to the mean of the target, and the risk to 1/3."""
    flow = gradient_flow(TANH, [0, 0, 0, 1], 50)
    np.testing.assert_allclose(flow.theta, 0, atol=1e-6)
    assert flow.risk == pytest.approx(1 / 3, rel=1e-6)


@pytest.mark.theorem("tanh-never-attains")
def test_along_the_best_ray_the_risk_is_a_fourth_power():
    """L / w^4 -> 4/1575 with error O(w^2), and L |theta|^4 has the same limit."""
    w = np.array([0.2, 0.1, 0.05])
    x, q = np.polynomial.legendre.leggauss(20)
    a = np.tanh(np.multiply.outer(w, x))
    v = (a * x) @ q / ((a * a) @ q)
    thetas = np.stack([w, 0 * w, v, 0 * w], axis=1)
    values = np.array([TANH(t) for t in thetas])
    np.testing.assert_allclose((1 - values / w**4 / K_TANH) / w**2, 0.49, rtol=0.03)
    assert values[-1] * np.linalg.norm(thetas[-1]) ** 4 == pytest.approx(K_TANH, rel=5e-3)


@pytest.mark.theorem("tanh-never-attains")
@pytest.mark.parametrize("start", [[1, 0, 1, 0], [0.7, 0.3, 1.2, -0.2]])
def test_the_flow_follows_the_prediction_to_infinity(start):
    """At t = 1e8 the norm is (24 K t)^{1/6} and the risk K (24 K t)^{-2/3}, to 0.2 %; b and c vanish."""
    flow = gradient_flow(TANH, start, 1e8)
    clock = 24 * K_TANH * 1e8
    assert np.linalg.norm(flow.theta) / clock ** (1 / 6) == pytest.approx(1, abs=2e-3)
    assert flow.risk / (K_TANH * clock ** (-2 / 3)) == pytest.approx(1, abs=2e-3)
    assert np.abs(flow.theta[[1, 3]]).max() < 1e-6


@pytest.mark.theorem("tanh-never-attains", drops="tanh")
def test_two_softplus_neurons_are_the_identity():
    """softplus(x) - softplus(-x) = x: the infimum is attained."""
    risk = QuadratureRisk(PAIR, IDENTITY, HALF, activation=softplus)
    assert risk([1, -1, 0, 0, 1, -1, 0]) < 1e-28


@pytest.mark.theorem("tanh-never-attains", drops="identity target")
def test_a_constant_target_is_attained():
    """f = 1: c = 1 and v = 0."""
    assert QuadratureRisk(NEURON, PiecewisePolynomial.constant(1.0, -1, 1), HALF, activation=tanh)([1, 0, 0, 1]) == 0
