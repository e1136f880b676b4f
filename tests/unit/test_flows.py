"""Gradient flow against closed forms, its certificate against tampered risks, and everything that may stop it."""

import pickle

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from packaging.version import Version

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, gradient_flow
from course_lib.log_time import SOLVERS, LogTimeSystem, Start

RTOL, ATOL = 1e-8, 1e-10                                                   # the defaults of gradient_flow
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
ZERO, ONE = PiecewisePolynomial.constant(0.0, 0, 1), PiecewisePolynomial.constant(1.0, 0, 1)
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
GAP = PiecewisePolynomial([0, 0.5, 0.75, 1], [[1, 0.5], [0], [0.25, 1, 1]])
NET = ReLUNetwork(1, 3, 1)
L3 = ExactRisk(NET, JUMPY, GAP)
START3 = np.array([1, -0.8, 0.6, -0.3, 0.7, 0.2, 0.9, 0.5, -0.7, 0.1])         # three live neurons, kinks .3, .875 and outside
STEP = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 0.5, 1], [[0], [1]]))
RAMP = np.array([np.sqrt(3), np.sqrt(3), -1 / np.sqrt(3), -2 / np.sqrt(3), np.sqrt(3), -np.sqrt(3), 0])    # from 1/3 to 2/3
DYING = (-1.0, 0.5, 1.0, 0.0)                                               # active on [0, b / |w|], which shrinks to a point
methods = pytest.mark.parametrize("method", SOLVERS)


class Tampered:
    """A risk that multiplies, or adds to, the gradient of L, or does something at its n-th single evaluation."""

    def __init__(self, L, factor=1.0, add=0.0, at=None, then=None):
        self.L, self.network, self.factor, self.add, self.at, self.then, self.calls = L, L.network, factor, add, at, then, 0

    def value_and_gradient(self, theta):
        risk, gradient = self.L.value_and_gradient(theta)
        self.calls += np.ndim(risk) == 0                                    # the right-hand side asks for one network
        if np.ndim(risk) == 0 and self.calls == self.at:
            self.then()
        return risk, gradient * self.factor + self.add


def interrupt():
    raise KeyboardInterrupt


def allowance(L, theta0, t_end, rtol=RTOL):
    """What energy defect and drift may be: 10 rtol max(1, L(theta0)) log(1 + t_end)."""
    return 10 * rtol * max(1.0, L(theta0)) * np.log1p(t_end)


# ---------------------------------------------------------------- closed forms
@methods
def test_a_dead_neuron_stays_dead_and_the_bias_relaxes_exponentially(method):
    """theta0 = (0, 0, 1, 0), f = 1: Theta_t = (0, 0, 1, 1 - e^{-2t}), L = e^{-4t} for all t; a contraction: 100 rtol."""
    flow = gradient_flow(ExactRisk(ReLUNetwork(1, 1, 1), ONE), [0, 0, 1, 0], 2.0, method=method)
    t = flow.times
    exact = np.stack([0 * t, 0 * t, 0 * t + 1, 1 - np.exp(-2 * t)], axis=1)
    np.testing.assert_allclose(flow.thetas, exact, rtol=0, atol=100 * RTOL)
    np.testing.assert_allclose(flow.risks, np.exp(-4 * t), rtol=0, atol=200 * RTOL)


def test_the_bias_alone_tends_to_the_mean_of_the_target():
    """All neurons dead: c = f_mean + (c0 - f_mean) e^{-2Pt}, L = L_min + P (c0 - f_mean)^2 e^{-4Pt}, P = int p."""
    f, p = PiecewisePolynomial.polynomial([0, 0, 1], -1, 1), PiecewisePolynomial.polynomial([0, 0, 3], -1, 1)
    flow = gradient_flow(ExactRisk(ReLUNetwork(1, 2, 1), f, p), [0, 0.5, -1, -2, 5, 7, 2], 3.0)
    P, mean, least = 2.0, 3 / 5, 6 / 7 - 2 * (3 / 5) ** 2                   # int x^4 3x^2 = 6/7
    decay = np.exp(-2 * P * flow.times)
    np.testing.assert_allclose(flow.thetas[:, -1], mean + (2 - mean) * decay, atol=100 * RTOL)
    np.testing.assert_allclose(flow.risks, least + P * (2 - mean) ** 2 * decay**2, atol=1000 * RTOL)


def test_a_neuron_that_dies_at_the_edge_has_the_rates_of_its_kl_exponent():
    """f = 0, p = 1: b t -> |w| / v^2 and L t^3 -> w^2 / (3 v^4), up to O(log t / t); w, v known to six digits."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), ZERO)
    flow = gradient_flow(L, DYING, 1e8, rtol=1e-10, atol=1e-16)
    w, b, v, _ = flow.theta
    assert [w, v] == pytest.approx([-1.033426, 0.904416], abs=5e-7)
    assert b * 1e8 == pytest.approx(abs(w) / v**2, rel=1e-6)
    assert flow.risk * 1e24 == pytest.approx(w**2 / (3 * v**4), rel=5e-6)
    late = flow.times > 1e7
    slopes = [np.polyfit(np.log(flow.times[late]), np.log(q[late]), 1)[0] for q in (flow.thetas[:, 1], flow.risks)]
    assert slopes == pytest.approx([-1.0, -3.0], abs=1e-5)


@pytest.mark.parametrize(("t", "risk"), [(0.05, 0.636815), (0.25, 0.0961704), (1.0, 0.00351569), (2.0, 0.00244592)])
def test_a_neuron_just_off_zero_leaves_at_once(t, risk):
    """From (eps, 2 eps, 1, 0), f = 1: the other solution through (0, 0, 1, 0), known to six digits for eps = 1e-9."""
    flow = gradient_flow(ExactRisk(ReLUNetwork(1, 1, 1), ONE), [1e-9, 2e-9, 1, 0], t, atol=1e-14)
    assert flow.risk == pytest.approx(risk, rel=5e-6)


def test_near_a_minimum_the_risk_gap_decays_with_twice_the_smallest_eigenvalue():
    """L - 4/3645 ~ e^{-2 lambda t}, lambda the least non-zero eigenvalue at the run's own limit; rel. O(|Theta_t - limit|)."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), SQUARE)
    theta0 = np.add([1, -1 / 3, 4 / 3, 1 / 27], [0.05, 0.02, -0.03, 0.01])
    flow = gradient_flow(L, theta0, 400.0, rtol=1e-11, atol=1e-13)
    lam = np.linalg.eigvalsh(L.hessian(flow.theta))[1]
    window = (flow.times > 80) & (flow.times < 120)
    rate = -np.polyfit(flow.times[window], np.log(flow.risks[window] - 4 / 3645), 1)[0]
    distance = np.abs(flow.thetas[window][0] - flow.theta).max()
    assert rate == pytest.approx(2 * lam, rel=max(distance, 1e-4))


def test_a_million_time_units_take_at_most_1500_evaluations():
    """f = x^2, H = 8: |L(T) - L_ref(T)| <= 1e-6 L_ref (relative, so absolute too) against a run at rtol 1e-12.

    The steps of LSODA hang on rounding: 1445 evaluations here, with SciPy 1.14 and without numba 1529.
    """
    net = ReLUNetwork(1, 8, 1)
    L, theta0 = ExactRisk(net, SQUARE), np.random.default_rng(0).standard_normal(25)
    flow, reference = (gradient_flow(L, theta0, 1e6, rtol=r, atol=r / 100) for r in (1e-8, 1e-12))
    assert flow.evaluations <= (1500 if Version(scipy.__version__) >= Version("1.15") else 1550)
    assert flow.risk == pytest.approx(reference.risk, rel=1e-6, abs=0)
    assert max(flow.certificate.energy_defect, flow.certificate.conservation_drift) <= allowance(L, theta0, 1e6)


# ---------------------------------------------------------------- identities of every flow
numbers = st.floats(-2, 2).map(lambda t: round(t, 2))                       # zeros and ties do occur
starts = arrays(float, NET.size, elements=numbers)


@settings(max_examples=30, deadline=None)
@given(starts)
def test_energy_and_balance_are_conserved_from_every_start(theta0):
    """L(Theta_0) - L(Theta_t) = int |G|^2, B_j(t) = B_j(0), and L does not rise: for every start, degenerate ones included."""
    certificate = gradient_flow(L3, theta0, 10.0).certificate
    assert certificate.energy_defect <= allowance(L3, theta0, 10.0)
    assert certificate.conservation_drift <= allowance(L3, theta0, 10.0)
    assert certificate.monotone


@pytest.mark.parametrize("seed", range(6))
def test_energy_and_balance_are_conserved_for_a_thousand_time_units(seed):
    """The same three up to t = 1000 for H = 8."""
    net = ReLUNetwork(1, 8, 1)
    L, theta0 = ExactRisk(net, SQUARE), net.random(np.random.default_rng(seed))
    certificate = gradient_flow(L, theta0, 1e3).certificate
    assert certificate.energy_defect <= allowance(L, theta0, 1e3)
    assert certificate.conservation_drift <= allowance(L, theta0, 1e3)
    assert certificate.monotone


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(3)), st.integers(0, 5))
def test_the_flow_commutes_with_permuting_neurons(order, seed):
    """Theta_t(P theta) = P Theta_t(theta) for every permutation P; two runs, each with relative error about 100 rtol."""
    theta0 = NET.random(np.random.default_rng(seed))
    flow, permuted = gradient_flow(L3, theta0, 5.0), gradient_flow(L3, NET.permute(theta0, order), 5.0)
    scale = np.abs(flow.theta).max()
    np.testing.assert_allclose(permuted.theta, NET.permute(flow.theta, order), rtol=0, atol=200 * RTOL * scale)


@pytest.mark.parametrize("split", [0.01, 1.0, 4.0])
def test_two_flows_in_a_row_are_one(split):
    """Theta_t(Theta_s(theta)) = Theta_{s+t}(theta): the right-hand side knows log time, the flow does not. 300 rtol."""
    whole = gradient_flow(L3, START3, 5.0)
    second = gradient_flow(L3, gradient_flow(L3, START3, split).theta, 5.0 - split)
    np.testing.assert_allclose(second.theta, whole.theta, rtol=0, atol=300 * RTOL * np.abs(whole.theta).max())


@methods
def test_every_method_computes_the_same_curve(method):
    """Each of them is within 300 rtol of a run at rtol 1e-12, and reaches t_end exactly."""
    T = 12.3                                                                # expm1(log1p(T)) is not T
    flow, reference = gradient_flow(L3, START3, T, method=method), gradient_flow(L3, START3, T, rtol=1e-12, atol=1e-14)
    assert (flow.status, flow.times[0], flow.times[-1]) == ("finished", 0.0, T)
    assert (np.diff(flow.times) > 0).all()
    np.testing.assert_allclose(flow.theta, reference.theta, rtol=0, atol=300 * RTOL * np.abs(reference.theta).max())


@pytest.mark.parametrize(("frozen", "normalized"), [([], False), ([0, 4, 9], False), ([], True), ([7, 9], True)])
@pytest.mark.parametrize("s", [0.0, 3.0])
def test_the_jacobian_is_the_derivative_of_the_right_hand_side(s, frozen, normalized):
    """Column i is the central difference of dy/ds in direction i: error O(h^2) + eps / h, 1e-9 at h = 1e-5; last row E."""
    free = np.ones(10)
    free[frozen] = 0
    system = LogTimeSystem(Start(L3, START3, L3(START3), free, RTOL, ATOL, 1000, False, normalized=normalized))
    y, h = np.append(START3, 0.5), 1e-5
    columns = [(system.slope(s, y + h * e) - system.slope(s, y - h * e)) / (2 * h) for e in np.eye(11)]
    J, expected = system.jacobian(s, y), np.array(columns).T
    moving = np.append(free, 1) == 1                                        # columns of frozen parameters are never used
    np.testing.assert_allclose(J[:, moving], expected[:, moving], atol=1e-8 * np.abs(J).max())


# ---------------------------------------------------------------- frozen parameters, risks without a Hessian
def test_frozen_parameters_do_not_move_a_bit():
    """Theta_i(t) = theta0_i for i frozen; the others move, and L(0) - L(t) = int |G_free|^2."""
    flow = gradient_flow(L3, START3, 5.0, frozen=[0, 4, 9])
    assert (flow.thetas[:, [0, 4, 9]] == START3[[0, 4, 9]]).all()
    assert (np.delete(flow.theta, [0, 4, 9]) != np.delete(START3, [0, 4, 9])).all()
    assert flow.certificate.energy_defect <= allowance(L3, START3, 5.0)


def test_drift_leaves_out_neurons_with_a_frozen_parameter():
    """Freezing w_1 and b_2 moves B_1 and B_2 but not B_3; with every v frozen no B_j is left and the drift is 0."""
    flow = gradient_flow(L3, START3, 5.0, frozen=[0, 4])
    moved = np.abs(NET.balance(flow.theta) - NET.balance(START3))
    assert flow.certificate.conservation_drift <= allowance(L3, START3, 5.0) < moved[:2].min()
    assert gradient_flow(L3, START3, 5.0, frozen=[6, 7, 8]).certificate.conservation_drift == 0


@pytest.mark.parametrize("method", ["LSODA", "Radau", "BDF"])
def test_a_risk_without_hessian_is_solved_by_differences(method):
    """No .hessian, or one that raises TypeError: the same curve up to the tolerance."""
    flow, exact = gradient_flow(Tampered(L3), START3, 1.0, method=method), gradient_flow(L3, START3, 1.0, method=method)
    np.testing.assert_allclose(flow.theta, exact.theta, rtol=0, atol=300 * RTOL * np.abs(exact.theta).max())
    refuses = Tampered(L3)
    refuses.hessian = lambda theta: len(None)                               # TypeError
    assert (gradient_flow(refuses, START3, 1.0, method=method).thetas == flow.thetas).all()


# ---------------------------------------------------------------- the certificate notices
def test_the_certificate_sees_a_gradient_of_the_wrong_size():
    """G replaced by 2 G: the risk falls by half of int |2 G|^2, so the energy defect is int |2G|^2 / 2 = the fall itself."""
    flow = gradient_flow(Tampered(L3, factor=2.0), START3, 1.0)
    fall = flow.risks[0] - flow.risk
    assert flow.certificate.energy_defect == pytest.approx(fall, abs=allowance(L3, START3, 1.0))


def test_the_certificate_sees_a_flow_uphill():
    """-G instead of G: the risk rises."""
    assert not gradient_flow(Tampered(L3, factor=-1.0), START3, 0.1).certificate.monotone


def test_the_certificate_sees_a_broken_balance():
    """G_{v_1} + 1 breaks v G_v = w G_w + b G_b in neuron 1: B_1 drifts."""
    flow = gradient_flow(Tampered(L3, add=np.eye(10)[6]), START3, 1.0)
    assert flow.certificate.conservation_drift > 1e4 * allowance(L3, START3, 1.0)


def test_a_second_method_confirms_the_end_point():
    """Two methods, each within 300 rtol of the flow; the name is kept, and without `confirm` there is none."""
    flow = gradient_flow(L3, START3, 5.0, confirm="DOP853")
    name, distance = flow.certificate.second_method
    assert name == "DOP853"
    assert 0 < distance <= 600 * RTOL * np.abs(flow.theta).max()
    assert gradient_flow(L3, START3, 1.0).certificate.second_method is None


def test_a_second_method_that_does_not_arrive_confirms_nothing():
    """An explicit method to t = 1e6 needs more than the budget: nan; so does a first run without a single step."""
    far = gradient_flow(L3, START3, 1e6, budget=3000, confirm="RK23")
    short = gradient_flow(L3, START3, 1.0, budget=1, confirm="RK23")
    assert far.status == "finished"
    assert np.isnan([far.certificate.second_method[1], short.certificate.second_method[1]]).all()


def test_the_certificate_says_from_when_on_a_risk_is_not_resolved():
    """The dying neuron, L t^3 -> .532: with atol = 1e-10 the bias c keeps 1e-10, so L ~ 1e-20 is a limit; 1e-16 suffices."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), ZERO)
    flow, fine = gradient_flow(L, DYING, 1e8), gradient_flow(L, DYING, 1e8, method="BDF", rtol=1e-10, atol=1e-16)
    until = flow.certificate.resolved_until
    assert 1e5 < until < 1e7
    assert fine.certificate.resolved_until == 1e8
    assert f"From t = {until:g} on the risk is below what rtol and atol resolve." in flow.message
    assert "resolve" not in fine.message
    exact = np.exp(np.interp(np.log(flow.times[1:]), np.log(fine.times[1:]), np.log(fine.risks[1:])))
    wrong = np.abs(flow.risks[1:] / exact - 1)
    resolved = flow.times[1:] <= until
    assert wrong[resolved].max() < 0.05 < wrong[~resolved].max()


@pytest.mark.parametrize("method", ["LSODA", "DOP853"])
def test_an_exact_fit_is_resolved_down_to_the_square_of_the_tolerance(method):
    """f = x, one neuron active everywhere: L ~ e^{-.44 t} until it is about rtol^2; a run at rtol 1e-12 knows the truth."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.polynomial([0, 1], 0, 1))
    flow = gradient_flow(L, [1, 0.5, 0.5, 0], 200.0, method=method)
    fine = gradient_flow(L, [1, 0.5, 0.5, 0], 100.0, method="DOP853", rtol=1e-12, atol=1e-18)
    until = flow.certificate.resolved_until
    assert 40 < until < 90
    k = np.searchsorted(flow.times, until)
    exact = np.exp(np.interp(flow.times[k], fine.times, np.log(fine.risks)))
    assert flow.risks[k] == pytest.approx(exact, rel=0.05)


def test_a_start_at_an_exact_fit_is_resolved_nowhere():
    """L = 0 to all digits: resolved_until = 0."""
    flow = gradient_flow(ExactRisk(ReLUNetwork(1, 1, 1), ZERO), [1, 0, 0, 0], 1.0)
    assert (flow.risk, flow.certificate.resolved_until) == (0.0, 0.0)


def test_the_energy_identity_holds_to_1e_9_with_the_explicit_method_of_order_8():
    """|L(0) - L(t) - int |G|^2| <= 1e-9 at rtol 1e-12, t = 50, through kink crossings."""
    certificate = gradient_flow(L3, START3, 50.0, method="DOP853", rtol=1e-12, atol=1e-14).certificate
    assert certificate.energy_defect <= 1e-9
    assert certificate.conservation_drift <= 1e-9


# ---------------------------------------------------------------- long horizons
def test_ten_thousand_million_time_units_take_2500_evaluations():
    """f = 1_{x > 1/2}, H = 2, from the ramp of slope 3 to t = 1e10: L ~ t^{-1/2}, |Theta| ~ t^{1/4} up to 1e-3.

    About 1900 at atol 1e-8; at the default 1e-10, for parameters up to 400, 2400 to 2600.
    """
    flow = gradient_flow(STEP, RAMP, 1e10, atol=1e-8)
    late, size = flow.times > 1e8, np.linalg.norm(flow.thetas, axis=1)
    slopes = [np.polyfit(np.log(flow.times[late]), np.log(q[late]), 1)[0] for q in (flow.risks, size)]
    assert slopes == pytest.approx([-0.5, 0.25], abs=1e-3)
    assert flow.risk * 1e5 == pytest.approx(np.sqrt(np.sqrt(5) / 48), rel=1e-3)       # sqrt(K / 8), K = sqrt(5) / 6
    assert (flow.status, flow.evaluations <= 2500) == ("finished", True)
    assert flow.certificate.resolved_until == 1e10


# ---------------------------------------------------------------- normalized flow
@pytest.mark.parametrize("edge", [0.3, 0.1, 0.03])
def test_the_normalized_flow_is_bounded_uniformly_where_the_ordinary_one_is_larger(edge):
    """f = x, one neuron with kink 1 - e and v = .1: sup |Theta| = 1.416 for every e, of the ordinary flow 1.506 and more."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.polynomial([0, 1], 0, 1))
    w = 1 / np.hypot(1, 1 - edge)
    start = [w, -(1 - edge) * w, 0.1, 0]
    flow, ordinary = (gradient_flow(L, start, 1e3, normalized=n) for n in (True, False))
    assert np.linalg.norm(flow.thetas, axis=1).max() == pytest.approx(1.4161, abs=1e-4)
    assert np.linalg.norm(ordinary.thetas, axis=1).max() >= 1.506
    assert flow.certificate.conservation_drift <= 1e-6
    assert flow.certificate.energy_defect <= allowance(L, start, 1e3)


def test_the_normalized_flow_diverges_more_slowly_for_a_step():
    """f = 1_{x > 1/2}, H = 2: L |Theta| -> sqrt(2.5) / 12 and L t^{1/3} -> (sqrt(2.5) / 12)^{2/3} 3^{-1/3}."""
    flow = gradient_flow(STEP, RAMP, 1e8, normalized=True)
    K = np.sqrt(2.5) / 12
    assert flow.risk * np.linalg.norm(flow.theta) == pytest.approx(K, rel=1e-4)
    assert flow.risk * 1e8 ** (1 / 3) == pytest.approx((K**2 / 3) ** (1 / 3), rel=1e-4)


@settings(max_examples=15, deadline=None)
@given(arrays(float, 3, elements=st.floats(0.1, 10)), st.integers(0, 5))
def test_the_normalized_flow_does_not_see_the_scale(s, seed):
    """(w, b, v) -> (s w, s b, v / s) changes nothing: the start is first rescaled to |(w_j, b_j)| = 1, the same function."""
    theta0 = NET.random(np.random.default_rng(seed))
    flow, scaled = (gradient_flow(L3, theta, 2.0, normalized=True) for theta in (theta0, NET.rescale(theta0, s)))
    assert scaled.risks[0] == pytest.approx(L3(theta0), rel=1e-12)
    np.testing.assert_allclose(scaled.theta, flow.theta, rtol=0, atol=300 * RTOL * np.abs(flow.theta).max())
    np.testing.assert_allclose(np.hypot(scaled.thetas[:, :3], scaled.thetas[:, 3:6]), 1, rtol=0, atol=1e-6)


@methods
def test_the_normalized_velocity_is_the_gradient_without_its_normal_part(method):
    """The removed part is v_j G_{v_j} omega_j, omega_j = (w_j, b_j): checked by a short flow from each method."""
    theta = NET.rescale(START3, 1 / np.hypot(START3[:3], START3[3:6]))
    G, h = L3.gradient(theta), 1e-5
    expected = -G.copy()
    expected[:6] += np.tile(theta[6:9] * G[6:9], 2) * theta[:6]
    flow = gradient_flow(L3, theta, h, normalized=True, method=method, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose((flow.theta - theta) / h, expected, atol=100 * h)


# ---------------------------------------------------------------- a run that stops early
@methods
def test_a_used_up_budget_keeps_every_accepted_step(method):
    """budget = n: n evaluations exactly, and the curve is the beginning of the unlimited run, bit by bit."""
    whole = gradient_flow(L3, START3, 5.0, method=method)
    part = gradient_flow(L3, START3, 5.0, method=method, budget=whole.evaluations // 2)
    T = len(part.times)
    assert (part.status, part.evaluations) == ("budget", whole.evaluations // 2)
    assert 1 < T < len(whole.times)
    assert (part.thetas == whole.thetas[:T]).all()
    assert (part.times == whole.times[:T]).all()
    assert f"{part.evaluations} evaluations are used up. Raise budget" in part.message


def test_a_budget_of_one_evaluation_still_gives_a_flow():
    """Nothing computed but the start: T = 1, and its certificate is that of a point."""
    flow = gradient_flow(L3, START3, 5.0, budget=1)
    assert (flow.status, len(flow.times), flow.risk) == ("budget", 1, L3(START3))
    assert flow.certificate.energy_defect == flow.certificate.conservation_drift == 0
    assert flow.certificate.monotone


@methods
def test_an_interrupt_keeps_every_accepted_step(method):
    """KeyboardInterrupt in the 150th evaluation: no exception, the same beginning of the curve."""
    whole = gradient_flow(Tampered(L3), START3, 5.0, method=method)
    part = gradient_flow(Tampered(L3, at=150, then=interrupt), START3, 5.0, method=method)
    T = len(part.times)
    assert part.status == "interrupted"
    assert 1 < T < len(whole.times)
    assert (part.thetas == whole.thetas[:T]).all()
    assert "interrupt" in part.message


@methods
def test_a_gradient_that_becomes_nan_ends_the_run_with_finite_data(method):
    """From the 150th evaluation on G = nan: status "failed", its reason, and only finite numbers kept."""
    L = Tampered(L3, at=150)
    L.then = lambda: setattr(L, "factor", np.nan)
    flow = gradient_flow(L, START3, 5.0, method=method)
    assert flow.status == "failed"
    assert len(flow.times) > 1
    assert np.isfinite(flow.thetas).all()
    assert f"{method} stopped at t = {flow.times[-1]:g}: " in flow.message


def test_a_parameter_that_grows_without_bound_ends_the_run():
    """theta' = + theta, so theta = e^t theta0 leaves the floats before t = 1e4: failed, or out of budget; never for ever."""

    class Growing:
        network = NET

        def value_and_gradient(self, theta):
            return np.zeros(theta.shape[:-1])[()], -theta

    flow = gradient_flow(Growing(), START3, 1e4)
    assert flow.status in ("failed", "budget")
    assert np.isfinite(flow.thetas).all()


@methods
def test_no_method_hangs_where_the_gradient_jumps(method):
    """A neuron driven into w = b = 0, where G is discontinuous: every solver ends, within its budget, on finite numbers."""
    f = PiecewisePolynomial([0, 0.5, 0.7, 1], [[-1], [3], [-1.5]])
    angle = 2.502187599
    flow = gradient_flow(
        ExactRisk(ReLUNetwork(1, 1, 1), f), [0.02 * np.cos(angle), 0.02 * np.sin(angle), 3, 0], 1.0, method=method, budget=5000
    )
    assert flow.evaluations <= 5000
    assert np.isfinite(flow.risks).all()


def test_an_error_of_the_risk_itself_is_not_swallowed():
    """A ValueError raised by the risk, with finite numbers everywhere, is a bug to be seen and not a status."""

    def fail():
        raise ValueError("broken risk")

    with pytest.raises(ValueError, match="broken risk"):
        gradient_flow(Tampered(L3, at=20, then=fail), START3, 5.0)


# ---------------------------------------------------------------- the object, and what is refused
def test_a_flow_is_a_read_only_record_that_pickles():
    """theta and risk are the last of thetas and risks; the start is copied; pickling changes nothing."""
    theta0 = START3.copy()
    flow = gradient_flow(L3, theta0, 0.5)
    again = pickle.loads(pickle.dumps(flow))
    assert (again.thetas == flow.thetas).all()
    assert again.certificate == flow.certificate
    assert (flow.theta == flow.thetas[-1]).all()
    assert (flow.risk, flow.events) == (L3(flow.theta), ())
    assert (theta0 == START3).all()
    with pytest.raises(ValueError, match="read-only"):
        flow.thetas[0, 0] = 1


def test_a_progress_bar_is_shown_only_on_request(capsys):
    """Log time on stderr with progress=True, nothing without."""
    gradient_flow(L3, START3, 0.5)
    assert capsys.readouterr() == ("", "")
    gradient_flow(L3, START3, 0.5, progress=True)
    assert "log(1 + t): 100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "euler"}, "method must be one of LSODA, Radau, BDF, RK45, DOP853, RK23, got 'euler'. Start with"),
        ({"confirm": "lsoda"}, "confirm must be one of LSODA, .* got 'lsoda'"),
        ({"t_end": 0}, "t_end must be positive and finite, got 0. Log time"),
        ({"t_end": -1.0}, "t_end must be positive and finite, got -1.0"),
        ({"t_end": np.inf}, "t_end must be positive and finite, got inf"),
        ({"t_end": np.nan}, "t_end must be positive and finite, got nan"),
        ({"rtol": 1e-17}, r"rtol must lie in \[2.2e-14, 1\) and atol be > 0, got 1e-17"),
        ({"atol": 0.0}, "atol be > 0, got 1e-08 and 0.0. Usual"),
        ({"budget": 0}, "budget must be at least 1 evaluation, got 0. The default"),
        ({"frozen": [3, 10]}, r"frozen must hold parameter indices 0..9 of .*, got \[3, 10\]. For a mask"),
        ({"frozen": [-1]}, r"frozen must hold parameter indices 0..9 of .*, got \[-1\]"),
        ({"frozen": [True] * 10}, r"frozen must hold .* got \[True, .* np.flatnonzero\(mask\)"),
        ({"collapse": 0.0}, r"collapse must lie in \(0, 0.1\], got 0.0. The default"),
        ({"normalized": True, "theta0": [1, 0, 1] * 3 + [0]}, "every neuron, but neuron 1 is degenerate. Give a dead"),
        ({"normalized": True, "frozen": [1]}, "every w_j and b_j free, but neuron 1 has a frozen one. Freeze v or c only"),
        ({"theta0": [1, 2]}, r"shape \(\.\.\., 10\) .* got \(2,\)"),
        ({"theta0": [[0.0] * 10]}, r"one network \(10,\), got \(1, 10\). A batch of starts: one gradient_flow each"),
        ({"theta0": [0.0] * 9 + [np.nan]}, r"theta\[9\] = nan"),
        ({"theta0": [1e200] * 10}, r"finite risk, got L\(theta0\) = (inf|nan) with max .* 1.0e\+200. Start with smaller"),
    ],
)
def test_bad_input_is_named_with_its_remedy(change, message):
    """Required, received, remedy."""
    arguments = {"theta0": START3, "t_end": 1.0} | change
    with pytest.raises(ValueError, match=message):
        gradient_flow(L3, **arguments)


def test_the_normalized_flow_is_for_one_hidden_layer():
    """Required, received, remedy."""
    L = ExactRisk(ReLUNetwork(1, 1, 1, 1), ONE)
    with pytest.raises(ValueError, match=r"normalized=True is for one hidden layer, got ReLUNetwork\(1, 1, 1, 1\). Use"):
        gradient_flow(L, np.ones(6), 1.0, normalized=True)
