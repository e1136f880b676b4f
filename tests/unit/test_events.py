"""Collapse, near-death, re-birth and sliding: against closed forms, a regular formulation and arithmetic with 600 digits."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from course_lib import EmpiricalRisk, ExactRisk, PiecewisePolynomial, ReLUNetwork, gradient_flow
from course_lib.activations import tanh
from course_lib.coordinates import Neurons, Point
from course_lib.events import switching_neuron, valley
from course_lib.log_time import SOLVERS, LogTimeSystem, Start

ONE, ZERO = PiecewisePolynomial.constant(1.0, 0, 1), PiecewisePolynomial.constant(0.0, 0, 1)
SQUARE, LINE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), PiecewisePolynomial.polynomial([0, 1], 0, 1)
SINGLE = ReLUNetwork(1, 1, 1)
methods = pytest.mark.parametrize("method", SOLVERS)

# (w, b) is driven into 0 along the direction with kink .8286, the least of 2 int (c - f) relu(w x + b) on the circle
INTO_ZERO = ExactRisk(SINGLE, PiecewisePolynomial([0, 0.5, 0.7, 1], [[-1], [3], [-1.5]]))
ANGLE = 2.452187599 + 0.05
COLLAPSING = np.array([0.02 * np.cos(ANGLE), 0.02 * np.sin(ANGLE), 3.0, 0.0])

# Eight neurons, the first with a kink next to 1
RIPPLE = ExactRisk(
    ReLUNetwork(1, 8, 1),
    PiecewisePolynomial([0, 0.25, 0.5, 0.75, 1], [[0, 1, 2, -3], [0.1, -1, 2, 1], [0.3, 1, 0, 0], [0.4, 0, -2, 1]]),
    PiecewisePolynomial([0, 0.5, 1], [[1, 0.5], [1, -0.5, 0.25]]),
)
# A second-layer pre-activation is constant, b_2, on [-1, -w_1 b_1]; there f pushes it down, elsewhere up
DEEP = ExactRisk(ReLUNetwork(1, 1, 1, 1), PiecewisePolynomial([-1, 0, 1], [[-1], [0.2, 1]]))
SLIDING = [1, 0.05, 1, 0.1, 1, 0]


def ripple_start():
    rng = np.random.default_rng(7)
    w = 0.3 * rng.standard_normal(8)
    b = -w * rng.uniform(-0.1, 1.1, 8)
    return np.concatenate([w, b, 1.5 * rng.standard_normal(8), [0.0]])


def kinds(flow):
    return [(event.kind, event.neuron) for event in flow.events]


# ---------------------------------------------------------------- collapse
def collapse_by_polar_coordinates():
    """(t*, c*) from (log r, phi, v, c, t) in the time tau with dt = r dtau: a regular equation, r -> 0 takes for ever."""

    def slope(tau, y):
        r, e = np.exp(y[0]), np.array([np.cos(y[1]), np.sin(y[1])])
        G = INTO_ZERO.gradient([*(r * e), y[2], y[3]])
        return [-e @ G[:2], e[1] * G[0] - e[0] * G[1], -r * G[2], -r * G[3], r]

    start = [np.log(0.02), ANGLE, 3.0, 0.0, 0.0]
    y = solve_ivp(slope, (0, 40), start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    return y[4], y[3]


T_STAR, C_STAR = collapse_by_polar_coordinates()


@methods
def test_every_solver_finds_the_time_of_a_collapse(method):
    """|t - t*| <= 1e-6 t*, t* = .0261408335 (30 digits gave .02614083355); then c relaxes to the mean of f, the rest rests."""
    flow = gradient_flow(INTO_ZERO, COLLAPSING, 30.0, method=method)
    assert pytest.approx(0.02614083355, rel=1e-9) == T_STAR
    assert kinds(flow) == [("collapse", 0)]
    assert flow.events[0].time == pytest.approx(T_STAR, rel=1e-6)
    after = flow.times >= flow.events[0].time
    np.testing.assert_array_equal(flow.thetas[after, :2], 0.0)
    exact = -0.35 + (C_STAR + 0.35) * np.exp(-2 * (flow.times[after] - T_STAR))
    np.testing.assert_allclose(flow.thetas[after, 3], exact, atol=1e-6)


@methods
def test_a_collapsed_neuron_never_revives_although_a_descent_opens(method):
    """For c < -.295 the risk falls in the direction w > 0 at (w, b) = 0; in the class of the theorem the neuron stays."""
    flow = gradient_flow(INTO_ZERO, COLLAPSING, 30.0, method=method)
    ahead = flow.theta + 1e-6 * np.eye(4)[0]
    assert INTO_ZERO(ahead) < INTO_ZERO(flow.theta)
    assert flow.certificate.monotone


@methods
@pytest.mark.parametrize("atol", [1e-10, 1e-8])
def test_energy_is_conserved_through_a_collapse(method, atol):
    """|L(0) - L(t) - int |G|^2| <= 1e-6, whatever the solver did next to the jump of G."""
    flow = gradient_flow(INTO_ZERO, COLLAPSING, 1.0, method=method, atol=atol)
    assert kinds(flow) == [("collapse", 0)]
    assert flow.events[0].time == pytest.approx(T_STAR, rel=1e-6)
    assert flow.certificate.energy_defect <= 1e-6


def test_a_step_into_a_collapse_is_not_taken_as_it_is():
    """G jumps inside it, so the interpolant is wrong there: from its start along the velocity, 1e-9 instead of 1e-7."""
    flow = gradient_flow(INTO_ZERO, COLLAPSING, 1.0, method="DOP853", atol=1e-9)
    assert flow.events[0].time == pytest.approx(T_STAR, rel=1e-8)


def test_two_neurons_may_collapse_together():
    """Twins: two events at one time, and both rest."""
    w, b, v, c = COLLAPSING
    L = ExactRisk(ReLUNetwork(1, 2, 1), INTO_ZERO.target)
    flow = gradient_flow(L, [w, w, b, b, v, v, c], 1.0)
    assert kinds(flow) == [("collapse", 0), ("collapse", 1)]
    assert flow.events[0].time == flow.events[1].time
    np.testing.assert_array_equal(flow.theta[:4], 0.0)


def test_one_neuron_may_collapse_while_another_grows_next_to_0():
    """At the collapse of the first, 1e-9 from 0, the second is nearer; but its risk falls, so it leaves."""
    k = 0.828569511
    start = [-1e-8, 1e-12, k * 1e-8, -0.5e-12, 3, -0.03, -0.01821037]
    flow = gradient_flow(ExactRisk(ReLUNetwork(1, 2, 1), INTO_ZERO.target), start, 0.5, atol=1e-15)
    assert kinds(flow) == [("collapse", 0)]
    assert np.hypot(flow.theta[1], flow.theta[3]) > 1e-4


def test_a_neuron_of_a_deep_network_collapses_too():
    """N = 3 relu(w x + b) through a second neuron that is always active, its parameters frozen: no sliding."""
    L = ExactRisk(ReLUNetwork(1, 1, 1, 1), INTO_ZERO.target)
    flow = gradient_flow(L, [*COLLAPSING[:2], 3.0, 5.0, 1.0, -5.0], 0.1, frozen=[3, 4, 5])
    assert (flow.status, kinds(flow)) == ("finished", [("collapse", 0)])
    np.testing.assert_array_equal(flow.theta[:2], 0.0)


def test_a_smooth_activation_knows_no_collapse():
    """tanh, c = 0 frozen: G is continuous at (w, b) = 0, which is reached only as t -> infinity."""
    L = EmpiricalRisk(SINGLE, [0, 0.5, 1], [0, 0, 0], activation=tanh)
    flow = gradient_flow(L, [0.1, 0.1, 2, 0], 60.0, atol=1e-16, frozen=[3])
    assert 0 < np.linalg.norm(flow.theta[:2]) < 2e-8
    assert flow.events == ()


def test_events_of_one_step_come_in_their_order_and_end_with_a_restart():
    """On a straight step neuron 0 leaves [0, 1] at s = .8, neuron 1 at s = .4: only the second is reported."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), ZERO)
    start = np.array([1.0, -1.0, -0.9, 0.1, 1, 1, 0])
    system = LogTimeSystem(Start(L, start, L(start), np.ones(7), 1e-8, 1e-10, 10, False))
    watch = system.watch(Point(0.0, start, 0.0, np.full(2, np.nan)))
    end = watch.x0 - np.array([0, 0, 0.125, 0.25, 0, 0, 0, 0])
    ((what, j, point),) = watch.step(1.0, end, lambda: lambda s: watch.x0 + s * (end - watch.x0))
    assert (what, j) == ("carry", 1)
    assert point.s == pytest.approx((0.1 - 0.001) / 0.25, rel=1e-5)             # z = .1 - .25 s = 1e-3 |(w, b)|


def test_the_time_of_a_collapse_depends_on_the_radius_to_second_order():
    """From r to 0 along the velocity: the error is O(r^2), r = 3 collapse; without that step it would be r / .73."""
    times = [
        gradient_flow(INTO_ZERO, COLLAPSING, 0.1, method="DOP853", rtol=1e-12, atol=1e-15, collapse=eps).events[0].time
        for eps in (1e-4, 1e-5, 1e-8)
    ]
    errors = np.abs(np.array(times) - T_STAR)
    assert (errors <= [30 * (30 * 3e-4) ** 2, 30 * (30 * 3e-5) ** 2, 1e-11]).all()
    assert errors[0] < 3e-4 / 0.73 / 100


def test_a_start_inside_the_ball_may_shrink_too():
    """r(0) = 1e-9 with the direction of the collapse: r' = -.7313, so t* = 1.367e-9 up to what the direction is off."""
    k = 0.828569511
    start = [*(1e-9 * np.array([-1, k]) / np.hypot(1, k)), 2.99993333, -0.01821037]
    flow = gradient_flow(INTO_ZERO, start, 0.1, atol=1e-14)
    assert kinds(flow) == [("collapse", 0)]
    assert flow.events[0].time == pytest.approx(1e-9 / 0.731303, rel=1e-4)


@methods
@pytest.mark.parametrize(("t", "risk"), [(0.05, 0.636815), (0.5, 0.0105675), (2.0, 0.00244592)])
def test_the_second_solution_next_to_a_degenerate_neuron_is_computed(method, t, risk):
    """From (eps, 2 eps, 1, 0), eps = 1e-9, f = 1 it leaves at once; from (0, 0, 1, 0) and (-eps, -2 eps, 1, 0) L = e^{-4t}."""
    L = ExactRisk(SINGLE, ONE)
    leaves = gradient_flow(L, [1e-9, 2e-9, 1, 0], t, method=method)
    assert leaves.events == ()
    assert leaves.risk == pytest.approx(risk, rel=1e-5)
    for eps in (0.0, -1e-9):
        assert gradient_flow(L, [eps, 2 * eps, 1, 0], t, method=method).risk == pytest.approx(np.exp(-4 * t), abs=1e-7)


def test_a_neuron_that_fades_as_a_whole_has_not_collapsed():
    """v^2 = w^2 + b^2 in the direction of the collapse, c frozen: (w, b) and v decay alike, to 1e-6 at t = 40."""
    k = 0.828569511
    start = [*(0.02 * np.array([-1, k]) / np.hypot(1, k)), 0.02, -0.01821037]
    flow = gradient_flow(INTO_ZERO, start, 40.0, frozen=[3], atol=1e-14, collapse=1e-5)
    assert 0 < np.abs(flow.theta[:3]).max() < 2e-6
    assert flow.events == ()


def test_neurons_of_all_layers_are_found_in_theta():
    """incoming: rows of (W^k, b^k); outgoing: columns of W^{k+1}."""
    net = ReLUNetwork(2, 3, 2, 1)
    neurons, theta = Neurons(net), net.random(np.random.default_rng(0))
    (W1, b1), (W2, b2), (W3, _) = net.split(theta)
    inner = np.concatenate([np.hypot(np.linalg.norm(W1, axis=1), b1), np.hypot(np.linalg.norm(W2, axis=1), b2)])
    outer = np.concatenate([np.linalg.norm(W2, axis=0), np.linalg.norm(W3, axis=0)])
    np.testing.assert_allclose(neurons.lengths(theta), inner, rtol=1e-14)
    np.testing.assert_allclose(neurons.outer_lengths(theta), outer, rtol=1e-14)


# ---------------------------------------------------------------- near-death and re-birth
@methods
def test_every_solver_finds_and_solves_a_delayed_rebirth(method):
    """Neuron 0: z falls to e^-1350 and is back at 1e-8 |(w, b)| at t = 2.6507; L(20) = .0151247125 with 690 digits."""
    flow = gradient_flow(RIPPLE, ripple_start(), 20.0, method=method)
    assert kinds(flow) == [("near_death", 0), ("near_death", 6), ("rebirth", 6), ("rebirth", 0)]
    times = [event.time for event in flow.events]
    assert times == pytest.approx([0.003179, 0.214614, 1.904123, 2.650708], abs=5e-5)
    assert flow.risk == pytest.approx(0.0151247125194, rel=1e-7)
    assert "Near death" not in flow.message


def test_an_ordinary_start_has_a_delayed_rebirth():
    """f = x^2, normal start: neuron 3 returns from e^-1165 at t = 88.787 (2100-bit arithmetic), and a kink more is used.

    With it the risk tends to 1/112500; with the neuron taken for dead, to 1/46080, the level of one kink less.
    """
    L = ExactRisk(ReLUNetwork(1, 8, 1), SQUARE)
    start = np.random.default_rng(1).standard_normal((30, 25))[17]
    flow = gradient_flow(L, start, 1e6)
    assert kinds(flow) == [("near_death", 3), ("rebirth", 3)]
    assert [event.time for event in flow.events] == pytest.approx([0.42302, 88.78733], rel=1e-4)
    assert flow.risk == pytest.approx(1 / 112500, rel=1e-6)
    dead = gradient_flow(L, flow.events[0].theta, 1e6, frozen=[3, 11])
    assert dead.risk == pytest.approx(1 / 46080, rel=1e-6)


def log_z(t, z0, v):
    """w = 1 at e = 1 with negligible z, f = x, c(0) = 2: c = 1/2 + 3/2 e^{-2t}, r(e) = c - 1, lambda = 4 v r(e)."""
    return np.log(z0) + v * (2 * t - 3 * (1 - np.exp(-2 * t)))


@methods
def test_near_death_and_rebirth_have_the_times_of_the_closed_form(method):
    """Both where log z = log(1e-8 |(w, b)|); w, v move by O(z): relative error about z0."""
    z0, v = 1e-5, 20.0
    edge = np.log(1e-8 * np.sqrt(2))
    times = [brentq(lambda t: log_z(t, z0, v) - edge, *bracket) for bracket in ((0, 0.549), (0.549, 2))]
    flow = gradient_flow(ExactRisk(SINGLE, LINE), [1, -1 + z0, v, 2], 1.3, method=method)
    assert kinds(flow) == [("near_death", 0), ("rebirth", 0)]
    assert [event.time for event in flow.events] == pytest.approx(times, abs=20 * z0)


@pytest.mark.parametrize(("w", "e"), [(1.0, 2.0), (-0.5, -1.0)])
def test_the_rate_of_decay_is_right_at_both_ends(w, e):
    """c = 1 frozen, f = 0, p = 3 on [-1, 2]: lambda = 2 v (e^2 + 1) r p / |w|, so near-death when log z has fallen enough."""
    L = ExactRisk(SINGLE, PiecewisePolynomial.constant(0.0, -1, 2), PiecewisePolynomial.constant(3.0, -1, 2))
    z0, v = 1e-5, 0.7
    decay = 2 * v * (e**2 + 1) * 3 / abs(w)
    due = (np.log(z0) - np.log(1e-8 * np.hypot(w, w * e))) / decay
    flow = gradient_flow(L, [w, z0 - w * e, v, 1], 100 * due, frozen=[3])
    assert kinds(flow) == [("near_death", 0)]
    assert flow.events[0].time == pytest.approx(due, rel=20 * z0)
    (shown,) = re.findall(r"Near death: neuron 0 .log z = ([-+.e0-9]+).; a new start", flow.message)
    assert float(shown) == pytest.approx(np.log(z0) - 100 * decay * due, rel=1e-3)


def test_a_start_near_death_is_reported_at_time_0_and_one_at_0_is_dead():
    """z = 1e-10 > 0 is alive; z = 0 is not, whatever happens later."""
    L = ExactRisk(SINGLE, LINE)
    alive, dead = (gradient_flow(L, [1, -1 + z, 20.0, 2], 1.3) for z in (1e-10, 0.0))
    assert (alive.events[0].kind, alive.events[0].time) == ("near_death", 0.0)
    assert dead.events == ()
    assert (dead.thetas[:, :3] == [1, -1, 20]).all()


def test_what_rounding_leaves_of_z_is_dead():
    """On [0, .1] the kink of (.9, -.09) is the end .1, but .9 * .1 - .09 is 1.4e-17 in floats."""
    assert 0.9 * 0.1 - 0.09 > 0
    L = ExactRisk(SINGLE, PiecewisePolynomial.polynomial([0, 1], 0, 0.1))
    assert gradient_flow(L, [0.9, -0.09, 20, 2], 1.0).events == ()


@pytest.mark.parametrize("frozen", [[0], [1]])
def test_a_neuron_with_a_frozen_weight_is_reported_but_not_followed(frozen):
    """w or b held: flagged when z < 1e-8 |(w, b)|; the frozen one does not move a bit."""
    flow = gradient_flow(ExactRisk(SINGLE, LINE), [1, -1 + 1e-5, 20, 2], 0.5, frozen=frozen)
    assert kinds(flow) == [("near_death", 0)]
    assert (flow.thetas[:, frozen] == flow.thetas[0, frozen]).all()
    assert "neuron 0 (not followed)" in flow.message


def test_a_first_layer_neuron_of_a_deep_network_is_reported_but_not_followed():
    """Widths (1, 4, 3, 1), f = x^2 on [-1, 1]: the kink of neuron 1 leaves the interval near t = .25."""
    net = ReLUNetwork(1, 4, 3, 1)
    L, start = ExactRisk(net, PiecewisePolynomial.polynomial([0, 0, 1], -1, 1)), net.random(np.random.default_rng(4))
    flow = gradient_flow(L, start, 1.0)
    assert kinds(flow) == [("near_death", 1)]
    assert not net.dead(start, -1, 1)[1]
    assert (flow.theta[4 + 1] + abs(flow.theta[1])) < 1e-8
    assert "neuron 1 (not followed)" in flow.message


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("log_z", [(-6.0, -8.0), (-16.0, -8.0), (-20.0, -18.0), (-900.0, -12.0)])
def test_the_jacobian_in_log_coordinates_is_the_derivative(log_z, normalized):
    """Central differences, h = 1e-5; on slivers up to O(z / |w|) <= 1e-6. Neuron 0 at e = 2, neuron 1 at e = -1."""
    L = ExactRisk(
        ReLUNetwork(1, 3, 1),
        PiecewisePolynomial([-1, 0.25, 0.5, 2], [[0, 1, 2, -3], [0.1, -1, 2, 1], [0.3, 1]]),
        PiecewisePolynomial([-1, 0.5, 2], [[1, 0.5], [1, -0.5, 0.25]]),
    )
    z = np.exp(log_z)
    theta = np.array([0.7, -0.5, 0.3, z[0] - 1.4, z[1] - 0.5, 0.1, 0.5, 0.8, -0.6, 0.2])
    system = LogTimeSystem(Start(L, theta, L(theta), np.ones(10), 1e-8, 1e-10, 1000, False, 1e-8, normalized))
    point = Point(0.0, theta, 0.0, np.array([*log_z, np.nan]))
    system.watch(point)
    x, h = system.coordinates.of(point), 1e-5
    columns = [(system.slope(1.0, x + h * e) - system.slope(1.0, x - h * e)) / (2 * h) for e in np.eye(11)]
    np.testing.assert_allclose(system.jacobian(1.0, x), np.transpose(columns), atol=1e-5)


def test_log_coordinates_lead_there_and_back():
    """b = z - w e from log z, and log z from x, for any s; what is not carried stays as it is."""
    L, theta = RIPPLE, ripple_start()
    log_z = np.full(8, np.nan)
    log_z[[0, 3]] = -900.0, -20.0
    system = LogTimeSystem(Start(L, theta, L(theta), np.ones(25), 1e-8, 1e-10, 10, False))
    watch = system.watch(Point(0.0, theta, 0.25, log_z))
    point = watch.point(3.0, watch.x0)
    np.testing.assert_allclose(point.log_z, log_z, rtol=1e-13)
    np.testing.assert_array_equal(np.delete(point.theta, [8, 11]), np.delete(theta, [8, 11]))
    ends = np.where(theta[[0, 3]] > 0, 1.0, 0.0)
    np.testing.assert_allclose(point.theta[[8, 11]], np.exp([-900.0, -20.0]) - theta[[0, 3]] * ends, rtol=1e-14)


# ---------------------------------------------------------------- sliding
@methods
@pytest.mark.parametrize("rtol", [1e-6, 1e-8, 1e-10])
def test_every_solver_stops_where_a_deep_flow_slides(method, rtol):
    """At t = .0591722569793 (30 digits) b_2 = 0 and G_{b_2} jumps from 1.358 to -.341: named, within 5000 evaluations."""
    flow = gradient_flow(DEEP, SLIDING, 1.0, method=method, rtol=rtol, atol=rtol / 100, budget=5000)
    assert flow.status == "sliding"
    assert kinds(flow) == [("sliding", 1)]
    assert flow.events[0].time == flow.times[-1] == pytest.approx(0.0591722569793, rel=max(1e4 * rtol, 1e-6))
    assert "pushes back from both sides, so no solution" in flow.message
    above, below = (DEEP.gradient(flow.theta + h * np.eye(6)[3])[3] for h in (1e-6, -1e-6))
    assert [above, below] == pytest.approx([1.358, -0.341], abs=0.01)


def test_a_second_method_confirms_where_a_flow_slides():
    """Both stop there; the distance is that of their last points."""
    flow = gradient_flow(DEEP, SLIDING, 1.0, confirm="Radau")
    assert flow.certificate.second_method[1] <= 1e-7
    assert flow.certificate.energy_defect <= 1e-7


def test_a_jump_that_is_passed_is_no_sliding():
    """f = -1 everywhere: b_2 is pushed down on either side of 0, passes it, and the flow goes on."""
    L = ExactRisk(ReLUNetwork(1, 1, 1, 1), PiecewisePolynomial.constant(-1.0, -1, 1))
    flow = gradient_flow(L, SLIDING, 1.0)
    assert flow.status == "finished"
    assert flow.thetas[0, 3] > 0 > flow.theta[3]


@methods
def test_a_kink_between_two_data_points_slides_on_one(method):
    """Points (0, -1), (1, 3), weights 1: b is pushed up for b <= 0 and down for b > 0, from any start nearby."""
    L = EmpiricalRisk(SINGLE, [0, 1], [-1, 3], weights=[1, 1])
    for start in ([1, 0, 1, 1], [1, -0.1, 1, 1]):
        flow = gradient_flow(L, start, 1.0, method=method)
        assert flow.status == "sliding"
        assert kinds(flow) == [("sliding", 0)]
        assert flow.theta[1] == pytest.approx(0.0, abs=1e-9)


def test_a_valley_is_sharp_and_has_two_slopes_towards_it():
    """F = -sign(x) (1, 0) slides at 0; F = -tanh(x / 1e-6) is only steep; (2, 0) -> (1, 0) passes; +sign(x) is a ridge."""
    left, right = np.array([-1e-3, 0.0]), np.array([2e-3, 0.0])

    def between(F):
        return valley(lambda x: np.array([F(x[0]), 0.0]), left, np.array([F(-1e-3), 0.0]), right, np.array([F(2e-3), 0.0]))

    theta, jump = between(lambda x: -np.sign(x))
    np.testing.assert_allclose(theta, 0, atol=1e-14)
    np.testing.assert_allclose(jump, [2, 0])

    def jumps_elsewhere(x):
        return 5.0 - 4 * (x > 0) - 2 * (x > 1e-3)

    def rests_behind(x):
        return 1.0 if x < 0 else -7e-15                         # arrives and stays, but for rounding: no valley

    for other in (rests_behind, lambda x: -np.tanh((x - 1e-4) / 1e-6), lambda x: 2.0 - (x > 0), np.sign, jumps_elsewhere):
        assert between(other) is None


@pytest.mark.parametrize(("F", "most"), [(lambda x: x, 0), (lambda x: 2 - x, 0), (lambda x: -x, 3)])
def test_a_step_without_a_jump_costs_few_evaluations(F, most):
    """None where the ends do not push back; else a change that is continuous is below a quarter after three halvings."""
    calls = []

    def velocity(theta):
        calls.append(theta)
        return F(theta)

    assert valley(velocity, np.array([-0.3]), F(np.array([-0.3])), np.array([0.7]), F(np.array([0.7]))) is None
    assert len(calls) <= most


def test_the_neuron_that_switches_is_in_the_last_layer_that_jumps():
    """Rows below it jump through it, rows above do not."""
    net = ReLUNetwork(1, 2, 2, 1)
    jump = np.zeros(net.size)
    jump[[0, 2]], jump[8] = 5.0, 1.0                                # (w, b) of neuron 0; b of neuron 2, first of layer 2
    assert switching_neuron(Neurons(net), jump) == 2
