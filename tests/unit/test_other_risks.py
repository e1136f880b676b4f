"""EmpiricalRisk and QuadratureRisk against ExactRisk, closed forms, differences and asymptotics."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import EmpiricalRisk, ExactRisk, PiecewisePolynomial, QuadratureRisk, ReLUNetwork
from course_lib.activations import Activation, SmoothReLU, relu, softplus, tanh
from course_lib.descent import gradient_descent
from course_lib.flows import gradient_flow

ONE_NEURON, NET, DEEP = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 3, 1), ReLUNetwork(3, 5, 4, 2)
ONE, SQUARE = PiecewisePolynomial.constant(1.0, 0, 1), PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
GAP = PiecewisePolynomial([0, 0.5, 0.75, 1], [[1, 0.5], [0], [0.25, 1, 1]])
RNG = np.random.default_rng(7)
DATA = EmpiricalRisk(DEEP, RNG.standard_normal((33, 3)), RNG.standard_normal((33, 2)))
RISKS = {
    "data, deep": DATA,
    "data, tanh": EmpiricalRisk(DEEP, DATA.x, DATA.y, activation=tanh),
    "smooth relu": QuadratureRisk(NET, JUMPY, GAP, SmoothReLU(4.0)),
    "softplus": QuadratureRisk(NET, JUMPY, GAP, softplus),
    "tanh, two hidden layers": QuadratureRisk(ReLUNetwork(1, 3, 2, 1), np.cos, np.exp, tanh, breaks=(-1, 1)),
    "relu, plain functions": QuadratureRisk(NET, np.sin, np.exp, breaks=(0, 0.5, 1)),
}
risks = pytest.mark.parametrize("L", RISKS.values(), ids=RISKS)
numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                       # zeros and ties do occur
thetas = arrays(float, NET.size, elements=numbers)


def by_loops(theta, x, y, weights):
    """Risk and gradient of a shallow network on the line, point by point, from the definition."""
    w, b, v, c = NET.shallow(np.asarray(theta))
    risk, G = 0.0, np.zeros(NET.size)
    for xi, yi, mi in zip(x, y, weights, strict=True):
        z = w * xi + b
        r = c + sum(v[j] * max(z[j], 0) for j in range(3)) - yi
        risk += mi * r * r
        on = np.array([1.0 if t > 0 else 0.0 for t in z])
        G += 2 * mi * r * np.concatenate([v * on * xi, v * on, on * z, [1.0]])
    return risk, G


# ---------------------------------------------------------------- data
@given(thetas)
def test_backpropagation_agrees_with_the_definition_written_as_loops(theta):
    """sum m r^2 and its gradient, relu'(0) = 0, kinks on data points included: |difference| <= 1e-13 max(1, |G|)."""
    x, y, weights = np.array([0.0, 0.5, 1.0, -1.0]), np.array([1.0, -2.0, 0.5, 0.0]), np.array([0.5, 0.0, 2.0, 1.0])
    risk, G = EmpiricalRisk(NET, x, y, weights).value_and_gradient(theta)
    expected, G_expected = by_loops(theta, x, y, weights)
    assert risk == pytest.approx(expected, rel=1e-13, abs=1e-13)
    np.testing.assert_allclose(G, G_expected, rtol=0, atol=1e-13 * max(1, np.abs(G_expected).max()))


def test_on_gauss_nodes_of_the_cells_the_sum_is_the_integral():
    """Nodes and weights p of the exact rule between kinks and breakpoints: EmpiricalRisk = ExactRisk, all three outputs.

    The Hessian up to the kink terms 2 v r p / |w|, which a sum over points does not have: kinks outside [0, 1] here.
    """
    theta = np.array([1.0, -1.0, 0.5, 0.2, 3.0, -2.0, 1.5, -0.7, 2.0, 0.3])
    t, m = np.polynomial.legendre.leggauss(6)
    edges = np.union1d(JUMPY.breaks, GAP.breaks)
    x = (edges[:-1, None] + np.diff(edges)[:, None] * (1 + t) / 2).ravel()
    L, E = EmpiricalRisk(NET, x, JUMPY(x), np.outer(np.diff(edges), m / 2).ravel() * GAP(x)), ExactRisk(NET, JUMPY, GAP)
    assert L(theta) == pytest.approx(E(theta), rel=1e-13)
    np.testing.assert_allclose(L.gradient(theta), E.gradient(theta), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(L.hessian(theta), E.hessian(theta), rtol=1e-12, atol=1e-12)


def test_two_data_points_push_the_kink_both_ways():
    """Data (0, -1), (1, 3), weights 1: at (1, b, 1, 1) G_b = -2 for b = 0 and 2 (1 + b) + 2 (b - 1) + 2 b > 0 just above."""
    L = EmpiricalRisk(ONE_NEURON, [0, 1], [-1, 3], [1, 1])
    risk, G = L.value_and_gradient([1, 0, 1, 1])
    assert risk == 5
    np.testing.assert_array_equal(G, [-2, -2, -2, 2])
    assert L.gradient([1, 1e-9, 1, 1])[1] == pytest.approx(2, abs=1e-8)


@pytest.mark.parametrize(("rate", "switches"), [(4e-3, 35), (2e-3, 68), (1e-3, 135), (5e-4, 270)])
def test_descent_on_two_data_points_chatters_and_keeps_an_energy_gap(rate, switches):
    """On [0, 0.15] the sign of b changes 0.135 / rate times; L lost 1.69, sum rate |G|^2 = 2.36: the gap 0.66 stays."""
    L = EmpiricalRisk(ONE_NEURON, [0, 1], [-1, 3], [1, 1])
    run = gradient_descent(L, [1, 0, 1, 1], rate, round(0.15 / rate))
    G = L.gradient(run.thetas[:-1])
    assert np.count_nonzero(np.diff(run.thetas[:, 1] > 0)) == switches
    assert rate * (G**2).sum() - (run.risks[0] - run.risks[-1]) == pytest.approx(0.66, abs=0.025)


def test_default_weights_are_one_over_n():
    """theta = 0: the mean of y^2, for vectors the mean of |y|^2."""
    assert EmpiricalRisk(NET, [0, 1, 2, 3], [1, 2, 3, 4])(np.zeros(NET.size)) == pytest.approx(30 / 4, rel=1e-15)
    assert DATA(np.zeros(DEEP.size)) == pytest.approx((DATA.y**2).sum() / 33, rel=1e-14)
    assert DATA.weights.sum() == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("activation", [relu, softplus], ids=repr)
def test_a_network_without_hidden_layer_is_least_squares(activation):
    """Widths (2, 1): the Hessian is 2 sum m (x, 1)(x, 1)^T whatever the activation, and G vanishes at the solution."""
    x, y = RNG.standard_normal((20, 2)), RNG.standard_normal(20)
    L, A = EmpiricalRisk(ReLUNetwork(2, 1), x, y, activation=activation), np.column_stack([x, np.ones(20)])
    np.testing.assert_allclose(L.hessian(np.zeros(3)), 2 * A.T @ A / 20, rtol=1e-13)
    assert np.abs(L.gradient(np.linalg.lstsq(A, y)[0])).max() < 1e-14


# ---------------------------------------------------------------- what all risks share
@risks
def test_the_gradient_is_the_derivative_of_the_risk(L):
    """Central differences, h = 1e-5, three random networks: relative error <= 1e-7 (h^2 |L'''| and tolerance / h)."""
    h = 1e-5
    for theta in L.network.random(np.random.default_rng(0), 3):
        shifts = h * np.eye(L.network.size)
        quotient = (L(theta + shifts) - L(theta - shifts)) / (2 * h)
        np.testing.assert_allclose(L.gradient(theta), quotient, rtol=0, atol=1e-7 * np.abs(quotient).max())


@pytest.mark.parametrize("name", [name for name in RISKS if "plain" not in name])
def test_the_hessian_is_the_derivative_of_the_gradient(name):
    """Central differences, h = 1e-6: relative error <= 1e-8; for ReLU data no kink is that close to a point."""
    L, h = RISKS[name], 1e-6
    for theta in L.network.random(np.random.default_rng(1), 3):
        shifts = h * np.eye(L.network.size)
        quotient = (L.gradient(theta + shifts) - L.gradient(theta - shifts)) / (2 * h)
        H = L.hessian(theta)
        np.testing.assert_allclose(H, quotient, rtol=0, atol=1e-8 * np.abs(H).max())
        np.testing.assert_allclose(H, H.T, rtol=0, atol=1e-13 * np.abs(H).max())


@risks
def test_a_batch_gives_the_bits_of_its_members(L):
    """Splitting or permuting a batch of 200 networks changes no bit; leading axes keep their shape."""
    starts, order = L.network.random(np.random.default_rng(2), 200), np.random.default_rng(3).permutation(200)
    risk, G = L.value_and_gradient(starts)
    shuffled = L.value_and_gradient(starts[order])
    assert (shuffled[0] == risk[order]).all()
    assert (shuffled[1] == G[order]).all()
    for k in (0, 17, 199):
        assert L(starts[k]) == risk[k]
        assert (L.gradient(starts[k]) == G[k]).all()
    assert L.gradient(starts.reshape(4, 50, -1)).shape == (4, 50, L.network.size)
    assert isinstance(L(starts[0]), float)


@pytest.mark.parametrize("name", ["data, deep", "softplus", "smooth relu"])
def test_the_hessian_of_a_batch_holds_that_of_its_members(name):
    """(2, 3, size, size), to rounding."""
    L = RISKS[name]
    starts = L.network.random(np.random.default_rng(4), 6)
    H = L.hessian(starts.reshape(2, 3, -1))
    np.testing.assert_allclose(H[1, 2], L.hessian(starts[5]), rtol=1e-12, atol=1e-14 * np.abs(H).max())


@risks
def test_a_risk_can_be_sent_to_another_process(L):
    """pickle: the same bits on the other side."""
    theta = L.network.random(np.random.default_rng(5))
    assert pickle.loads(pickle.dumps(L))(theta) == L(theta)


# ---------------------------------------------------------------- quadrature
@settings(max_examples=50)
@given(thetas)
def test_with_relu_and_polynomials_quadrature_is_exact(theta):
    """QuadratureRisk(relu) = ExactRisk for every theta, degenerate, dead and coincident kinks included: 1e-13."""
    risk, G = QuadratureRisk(NET, JUMPY, GAP).value_and_gradient(theta)
    expected, G_expected = ExactRisk(NET, JUMPY, GAP).value_and_gradient(theta)
    assert risk == pytest.approx(expected, rel=1e-13, abs=1e-15)
    np.testing.assert_allclose(G, G_expected, rtol=0, atol=1e-13 * (1 + np.abs(G_expected).max()))


@settings(max_examples=20, deadline=None)
@given(thetas)
def test_plain_functions_give_the_same_numbers_as_pieces(theta):
    """f and p as functions with the breakpoints named: relative 1e-10, the tolerance, and no cell is missed."""
    L = QuadratureRisk(NET, JUMPY.__call__, GAP.__call__, breaks=np.union1d(JUMPY.breaks, GAP.breaks))
    assert not L.exact
    assert L(theta) == pytest.approx(ExactRisk(NET, JUMPY, GAP)(theta), rel=1e-10, abs=1e-14)


STEEP = SmoothReLU(1e6)
START = np.array([1.0, -1.0, 0.0, -0.3, 0.7, 0.0, 1.0, 2.0, 1.0, 0.1])        # kinks 0.3 and 0.7, one degenerate neuron


def _symmetric(r):
    return (lambda z: (z + np.sqrt(z * z + r**-2)) / 2, lambda z: 0.5 + z / np.sqrt(z * z + r**-2) / 2)


def test_gradients_of_smoothed_risks_converge_to_the_generalized_gradient_at_order_two():
    """|grad L_r - G| ~ r^{-2}, a degenerate neuron included: slope -2 +- 0.05 over r = 10, 30, 100, 300, 1000."""
    r, G = np.array([10, 30, 100, 300, 1000]), ExactRisk(NET, SQUARE).gradient(START)
    errors = [np.linalg.norm(QuadratureRisk(NET, SQUARE, activation=SmoothReLU(k)).gradient(START) - G) for k in r]
    assert np.polyfit(np.log(r), np.log(errors), 1)[0] == pytest.approx(-2, abs=0.05)
    assert errors[-1] < 2e-6 * np.linalg.norm(G)


@pytest.mark.parametrize(
    ("activation", "limit"),
    [
        (STEEP, (0, 0)),
        (Activation("symmetric", *_symmetric(1e6)), (-0.5, -1)),
        (Activation("shifted", lambda z: STEEP.value(z + 1e-6), lambda z: STEEP.derivative(z + 1e-6)), (-1, -2)),
    ],
    ids=["left", "symmetric", "right"],
)
def test_at_a_degenerate_neuron_the_limit_depends_on_the_smoothing(activation, limit):
    """theta = (0, 0, 1, 0), f = 1 on [0, 1]: (G_w, G_b) -> (0, 0), (-1/2, -1), (-1, -2); error O(1/r)."""
    G = QuadratureRisk(ONE_NEURON, ONE, activation=activation).gradient([0, 0, 1, 0])
    np.testing.assert_allclose(G[:2], limit, atol=3e-6)


def test_polynomials_are_integrated_exactly_with_a_smooth_relu():
    """H = 1, w = 1, b = 0, v = 1, c = 0, f = 0 on [0, 1]: L = 1/3 - h^3 (7/3 - int_0^1 (s^2 (5 - 3s))^2 ds), h = 1/(2r)."""
    h, middle = 0.05, 25 / 5 - 30 / 6 + 9 / 7                                # int s^4 (25 - 30 s + 9 s^2)
    L = QuadratureRisk(ONE_NEURON, PiecewisePolynomial.constant(0.0, 0, 1), activation=SmoothReLU(10.0))
    assert L.exact
    assert L([1, 0, 1, 0]) == pytest.approx((1 - 8 * h**3) / 3 + h**3 * middle, rel=1e-14)
    assert L.error_estimate([1, 0, 1, 0])[0] < 1e-14


@pytest.mark.parametrize(("h", "ratio"), [(1, 0.9002), (0.5, 0.9733), (0.25, 0.9932), (0.1, 0.9989), (0.05, 0.99973)])
def test_two_softplus_neurons_approach_x_squared_without_reaching_it(h, ratio):
    """theta(h) = (h, -h; 0, 0; 4/h^2, 4/h^2; -8 ln 2 / h^2): 5184 L / h^4 -> 1, and |theta|^2 L -> 0.0121."""
    theta = np.array([h, -h, 0, 0, 4 / h**2, 4 / h**2, -8 * np.log(2) / h**2])
    L = QuadratureRisk(ReLUNetwork(1, 2, 1), SQUARE, activation=softplus)
    assert 5184 * L(theta) / h**4 == pytest.approx(ratio, abs=6e-5)
    assert L.error_estimate(theta)[0] <= 1e-6 * L(theta)                     # r is a difference of numbers near 8 / h^2


@pytest.mark.parametrize(("w", "order"), [(0.3, 0.05), (0.1, 0.006), (0.03, 6e-4)])
def test_one_tanh_neuron_misses_the_identity_by_four_over_1575_over_theta_to_the_fourth(w, order):
    """f = x on [-1, 1], p = 1/2, best v for the given w: L = (4/1575) w^4 (1 + O(w^2)), and |theta| ~ 1/w."""
    f, p = PiecewisePolynomial.polynomial([0, 1], -1, 1), PiecewisePolynomial.constant(0.5, -1, 1)
    L = QuadratureRisk(ONE_NEURON, f, p, tanh)
    at_zero, at_one = (L.gradient([w, 0, v, 0])[2] for v in (0, 1))          # affine in v
    theta = np.array([w, 0, at_zero / (at_zero - at_one), 0])
    assert L(theta) == pytest.approx(4 / 1575 * w**4, rel=order)
    assert L(theta) * (theta @ theta) ** 2 == pytest.approx(4 / 1575, rel=order)


@pytest.mark.parametrize(("t", "norm", "loss"), [(1e3, 1.033, 1.095), (3e3, 1.020, 1.041), (1e4, 1.013, 1.013)])
def test_the_flow_of_one_tanh_neuron_leaves_with_its_powers_of_time(t, norm, loss):
    """|Theta_t| / (24 K t)^{1/6} and L / (K (24 K t)^{-2/3}), K = 4/1575, from (1, 0, 1, 0): known to three decimals."""
    f, p = PiecewisePolynomial.polynomial([0, 1], -1, 1), PiecewisePolynomial.constant(0.5, -1, 1)
    flow, K = gradient_flow(QuadratureRisk(ONE_NEURON, f, p, tanh), [1, 0, 1, 0], t), 4 / 1575
    assert np.linalg.norm(flow.theta) / (24 * K * t) ** (1 / 6) == pytest.approx(norm, abs=6e-4)
    assert flow.risk / (K * (24 * K * t) ** (-2 / 3)) == pytest.approx(loss, abs=8e-4)


def test_the_density_exp_minus_one_over_x_is_integrated_near_zero():
    """f = 0, w = -1, v = 1, b = e: L = int_0^e (e - x)^2 e^{-1/x} dx; |L / (2 e^6 exp(-1/e)) - 1| <= 12 e (Laplace)."""
    L = QuadratureRisk(ONE_NEURON, PiecewisePolynomial.constant(0.0, 0, 1), lambda x: np.exp(-1 / x))
    for e in (0.02, 0.01, 0.005):
        assert L([-1, e, 1, 0]) == pytest.approx(2 * e**6 * np.exp(-1 / e), rel=12 * e)
        assert L.error_estimate([-1, e, 1, 0])[0] <= 1e-10 * L([-1, e, 1, 0]) + 1e-300


def test_nothing_is_evaluated_on_the_ends_of_the_interval():
    """exp(-1/x) divides by 0 at x = 0: no warning though kinks outside [0, 1] make empty cells there; N = 1, L = int p."""
    L = QuadratureRisk(NET, PiecewisePolynomial.constant(0.0, 0, 1), lambda x: np.exp(-1 / x))
    assert L([1, -1, 0, -5, -5, -1, 1, 1, 1, 1]) == pytest.approx(0.14849550677592205, rel=1e-10)     # E_2(1)


def test_the_estimated_error_is_about_the_true_one():
    """f = cos, p = 1, a constant network: the true error is below the estimate plus rounding, at tolerances 1e-2 and 1e-12."""
    for tolerance in (1e-2, 1e-12):
        L = QuadratureRisk(NET, lambda x: np.cos(40 * x), tolerance=tolerance, breaks=(0, 1))
        theta = np.zeros(NET.size)
        error = abs(L(theta) - (0.5 + np.sin(80) / 160))
        assert error <= L.error_estimate(theta)[0] <= tolerance
    assert L.error_estimate(np.zeros((2, NET.size)))[1].shape == (2, NET.size)


def test_a_tolerance_out_of_reach_is_a_warning_that_names_the_distance():
    """f = |x - 0.3137|^{1/10} with its corner not named: the result is kept, the estimate is honest."""
    L = QuadratureRisk(NET, lambda x: np.abs(x - 0.3137) ** 0.1, tolerance=1e-13, breaks=(0, 1))
    with pytest.warns(UserWarning, match="does not reach tolerance = 1e-13: two results still differ by"):
        value = L(np.zeros(NET.size))
    exact = (0.3137**1.2 + 0.6863**1.2) / 1.2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert 1e-13 < abs(value - exact) < 10 * L.error_estimate(np.zeros(NET.size))[0]


def test_the_realization_uses_the_activation_of_the_risk():
    """N = 2 tanh(3x + 1) - 1, at (n,) points, for a batch (..., n)."""
    L, x = QuadratureRisk(ONE_NEURON, SQUARE, activation=tanh), np.linspace(0, 1, 5)
    np.testing.assert_allclose(L.realization([3, 1, 2, -1], x), 2 * np.tanh(3 * x + 1) - 1, rtol=1e-15)
    assert L.realization(np.zeros((2, 4)), x).shape == (2, 5)


X2, Y2 = [0.0, 1.0], [1.0, 2.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EmpiricalRisk(NET, X2, [1.0]), "one length, got 2 and 1"),
        (lambda: EmpiricalRisk(NET, [[0.0, 1.0]], [1.0]), r"x must have shape \(n,\) with n >= 1, got \(1, 2\)"),
        (lambda: EmpiricalRisk(DEEP, [0.0], [1.0]), r"x must have shape \(n, 3\) .* got \(1,\)"),
        (lambda: EmpiricalRisk(DEEP, np.zeros((4, 3)), np.zeros(4)), r"y must have shape \(n, 2\) .* got \(4,\)"),
        (lambda: EmpiricalRisk(NET, [], []), "n >= 1"),
        (lambda: EmpiricalRisk(NET, X2, [1.0, np.nan]), "y must be finite, but row 1 holds nan"),
        (lambda: EmpiricalRisk(NET, [np.inf, 0.0], Y2), "x must be finite, but row 0 holds inf"),
        (lambda: EmpiricalRisk(NET, X2, Y2, [1.0]), r"weights must have shape \(2,\), one a data point, got \(1,\)"),
        (lambda: EmpiricalRisk(NET, X2, Y2, [1.0, -1.0]), r"weights\[1\] = -1.0"),
        (lambda: EmpiricalRisk(NET, X2, Y2, [1.0, np.nan]), r"weights\[1\] = nan"),
        (lambda: EmpiricalRisk(NET, X2, Y2, [0.0, 0.0]), "weights must be positive somewhere"),
        (lambda: EmpiricalRisk(NET, X2, Y2)([1, 2, 3]), r"shape \(\.\.\., 10\) .* got \(3,\)"),
        (lambda: QuadratureRisk(DEEP, np.sin, breaks=(0, 1)), r"one input and one output.*got ReLUNetwork\(3, 5, 4, 2\)"),
        (lambda: QuadratureRisk(ReLUNetwork(1, 2, 2, 1), np.sin, breaks=(0, 1)), "one hidden layer for relu if it has corners"),
        (lambda: QuadratureRisk(NET, np.sin), r"breaks must name the interval .* got \(\)"),
        (lambda: QuadratureRisk(NET, SQUARE, breaks=(0, 2)), r"one interval, got \[\(0.0, 1.0\), \(0.0, 2.0\)\]"),
        (lambda: QuadratureRisk(NET, np.sin, breaks=(1, 1)), "two different finite numbers"),
        (lambda: QuadratureRisk(NET, SQUARE, tolerance=0), "tolerance must lie between 0 and 1, got 0"),
        (lambda: QuadratureRisk(NET, lambda x: 1.0, breaks=(0, 1)), r"target must give finite values of shape \(64,\)"),
        (lambda: QuadratureRisk(NET, SQUARE, lambda x: x / 0 * 0), "density must give finite values"),
        (lambda: QuadratureRisk(NET, SQUARE, lambda x: x - 0.5), r"density must be >= 0 .* but p\(0\.01"),
        (lambda: QuadratureRisk(NET, SQUARE, lambda x: 0 * x), "not 0 everywhere"),
        (lambda: QuadratureRisk(NET, SQUARE, activation=tanh)([np.nan] * 10), r"theta\[0\] = nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()


def test_relu_with_plain_functions_has_no_hessian_and_says_what_has():
    """TypeError with the remedy, which solvers of flows understand too."""
    with pytest.raises(TypeError, match=r"got relu\. Use landscapes\.numerical_hessian"):
        RISKS["relu, plain functions"].hessian(np.zeros(NET.size))
