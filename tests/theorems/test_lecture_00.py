"""The cards of lecture 00: convergence with rates, the energy identity, existence of a regular global minimum."""

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, best_of, gradient_descent, gradient_flow

ONE_NEURON, TWO = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
ZERO = PiecewisePolynomial.constant(0.0, 0, 1)
RAMP = np.array([1, 1, -1 / 3, -2 / 3, 3, -3, 0])


def late_slope(flow, values, since):
    """Slope of log values against log t after the time `since`."""
    late = flow.times > since
    return np.polyfit(np.log(flow.times[late]), np.log(values[late]), 1)[0]


@pytest.mark.theorem("shallow-flow-convergence")
@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_dying_neuron_converges_with_its_power_of_time(m):
    """Density x^m: |b| ~ t^{-1/(m+1)}, L ~ t^{-(m+3)/(m+1)}, G -> 0; slopes to 1 % by t = 1e7, all at least the promised 1.

    The risk falls to 1e-21, so that the solver's error in c must stay well below its root: atol = 1e-15.
    """
    L = ExactRisk(ONE_NEURON, ZERO, PiecewisePolynomial.polynomial([0] * m + [1], 0, 1))
    flow = gradient_flow(L, [-1, 0.5, 1, 0], t_end=1e7, rtol=1e-10, atol=1e-15)
    risk_exponent = -late_slope(flow, flow.risks, 1e6)
    assert risk_exponent == pytest.approx((m + 3) / (m + 1), rel=0.01)
    assert risk_exponent > 1
    assert -late_slope(flow, flow.thetas[:, 1], 1e6) == pytest.approx(1 / (m + 1), rel=0.01)
    assert np.abs(L.gradient(flow.theta)).max() < 1e-3


@pytest.mark.theorem("shallow-flow-convergence")
@pytest.mark.parametrize("seed", [6, 23, 30, 48])
def test_a_smooth_limit_is_approached_at_twice_the_least_eigenvalue(seed):
    """The risk gap decays like exp(-2 lambda t), faster than any power; lambda from the Hessian at the limit."""
    L = ExactRisk(TWO, SQUARE)
    flow = gradient_flow(L, TWO.random(np.random.default_rng(seed)), t_end=1e6)
    eigenvalues = np.linalg.eigvalsh(L.hessian(flow.theta))
    gap = flow.risks - flow.risk
    late = (gap < 1e-9) & (gap > 1e-12)
    rate = -np.polyfit(flow.times[late], np.log(gap[late]), 1)[0]
    assert rate == pytest.approx(2 * eigenvalues[eigenvalues > 1e-8].min(), rel=0.01)


@pytest.mark.theorem("shallow-flow-convergence", drops="non-divergent")
def test_a_divergent_flow_is_slower_than_the_promised_rate():
    """Step target: |Theta| ~ t^{1/4} grows without bound and L ~ t^{-1/2}, so (1 + t) L is unbounded."""
    flow = gradient_flow(ExactRisk(TWO, STEP), RAMP, t_end=1e6)
    assert late_slope(flow, flow.risks, 1e5) == pytest.approx(-0.5, abs=0.005)
    assert late_slope(flow, np.linalg.norm(flow.thetas, axis=1), 1e5) == pytest.approx(0.25, abs=0.005)


@pytest.mark.theorem("energy-identity")
def test_the_risk_lost_is_the_time_integral_of_the_squared_speed():
    """|L(0) - L(T) - int |G|^2| <= 1e-9 with DOP853 at rtol 1e-12, three neurons on [-1, 1], T = 50."""
    net = ReLUNetwork(1, 3, 1)
    L = ExactRisk(net, PiecewisePolynomial.polynomial([0, 0, 1], -1, 1))
    theta = net.random(np.random.default_rng(3))
    flow = gradient_flow(L, theta, t_end=50, method="DOP853", rtol=1e-12, atol=1e-13)
    assert flow.status == "finished"
    assert flow.certificate.energy_defect < 1e-9
    assert flow.risks[0] - flow.risk > 0.1


@pytest.mark.theorem("energy-identity", drops="flow")
def test_gradient_descent_violates_the_identity_to_first_order():
    """L_0 - L_n - eta sum |G|^2 = O(eta), not 0: halving the step halves the defect (order 1 +- 0.1)."""
    net = ReLUNetwork(1, 3, 1)
    L = ExactRisk(net, PiecewisePolynomial.polynomial([0, 0, 1], -1, 1))
    theta, defects = net.random(np.random.default_rng(3)), []
    steps = [0.02, 0.01, 0.005, 0.0025]
    for eta in steps:
        run = gradient_descent(L, theta, learning_rate=eta, steps=round(10 / eta))
        speed = np.sum(L.gradient(run.thetas[:-1]) ** 2)
        defects.append(abs(run.risks[0] - run.risk - eta * speed))
    assert np.polyfit(np.log(steps), np.log(defects), 1)[0] == pytest.approx(1, abs=0.1)
    assert min(defects) > 1e-4


BEST = np.array([1, -1 / 3, 4 / 3, 1 / 27])


@pytest.mark.theorem("lipschitz-global-minimum")
def test_the_least_risk_is_attained_and_never_undercut():
    """f = x^2, one neuron: 4/3645 at BEST; 256 descents from random starts reach it and never go below."""
    L = ExactRisk(ONE_NEURON, SQUARE)
    best = best_of(L, ONE_NEURON.random(np.random.default_rng(0), 256), learning_rate=0.1, steps=3000)
    assert L(BEST) == pytest.approx(4 / 3645, rel=1e-14)
    assert best.risk == pytest.approx(4 / 3645, rel=1e-6)
    assert best.risks.min() > 4 / 3645 * (1 - 1e-12)


@pytest.mark.theorem("lipschitz-global-minimum")
def test_the_gradient_is_lipschitz_near_the_minimum():
    """|G(x) - G(y)| <= 2 |Hess(BEST)| |x - y| for 2000 random pairs within 0.02 of BEST."""
    L, rng = ExactRisk(ONE_NEURON, SQUARE), np.random.default_rng(1)
    x, y = BEST + 0.01 * rng.uniform(-1, 1, (2, 2000, 4))
    quotient = np.linalg.norm(L.gradient(x) - L.gradient(y), axis=1) / np.linalg.norm(x - y, axis=1)
    assert quotient.max() <= 2 * np.linalg.norm(L.hessian(BEST), 2)


@pytest.mark.theorem("lipschitz-global-minimum", drops="Lipschitz target")
def test_a_step_target_has_infimum_zero_and_no_minimum():
    """1_{x > 1/2}, two neurons: ramps have risk 1/(12 s) -> 0, while no continuous function has risk 0."""
    L = ExactRisk(TWO, STEP)
    slopes = 2.0 ** np.arange(1, 31)
    ramps = [[1, 1, -(0.5 - 0.5 / s), -(0.5 + 0.5 / s), s, -s, 0] for s in slopes]
    risks = L(np.array(ramps))
    np.testing.assert_allclose(risks * 12 * slopes, 1, rtol=1e-6)
    assert np.all(L(TWO.random(np.random.default_rng(2), 2000)) > 0)
