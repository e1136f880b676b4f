"""The cards of lecture 10, verified through the library, and broken by dropping a hypothesis."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from course_lib import (
    CellPolynomial,
    EmpiricalRisk,
    ExactRisk,
    PiecewisePolynomial,
    ReLUNetwork,
    gradient_descent,
    gradient_flow,
)
from course_lib.activations import Activation, SmoothReLU, tanh
from tests.reference_deep import Deep, on_box

EPS = np.finfo(float).eps
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
BOX = ([0, 0], [1, 1])
HALVES = [([((1, -1), 0)], {(2, 0): 1.0, (0, 0): 0.5}), ([((-1, 1), 0)], {(0, 1): 1.0})]      # a jump along the diagonal
GAUSS = np.polynomial.legendre.leggauss(3)


def tents(m) -> tuple[ReLUNetwork, np.ndarray]:
    """The m-fold tent map on [0, 1]: m hidden layers of width two."""
    net, inner = ReLUNetwork(1, *[2] * m, 1), ([[2, -4], [2, -4]], [0, -0.5])
    return net, net.join([([[1], [1]], [0, -0.5]), *[inner] * (m - 1), ([[2, -4]], [0])])


# -------------------------------------------------------------------- depth-breakpoints
@pytest.mark.theorem("depth-breakpoints")
@pytest.mark.parametrize("m", [1, 2, 5, 10])
def test_the_composed_tent_map_bends_at_every_multiple_of_two_to_the_minus_m(m):
    """Breakpoints j / 2^m exactly (dyadic numbers do not round), values 0 and 1 in turn: 2^m pieces."""
    net, theta = tents(m)
    points = ExactRisk(net, SQUARE).breakpoints(theta)
    np.testing.assert_array_equal(points, np.arange(2**m + 1) / 2**m)
    np.testing.assert_array_equal(net.realization(theta, points), np.arange(2**m + 1) % 2)


@pytest.mark.theorem("depth-breakpoints")
@pytest.mark.parametrize("widths", [(1, 3, 1), (1, 2, 2, 1), (1, 3, 2, 1), (1, 2, 2, 2, 2, 1)], ids=str)
def test_cells_never_exceed_the_product_of_widths_plus_one(widths):
    """300 networks with small integer parameters, full of coinciding and vanishing neurons, on [-4, 4]."""
    net = ReLUNetwork(*widths)
    L, bound = ExactRisk(net, PiecewisePolynomial.constant(0.0, -4, 4)), np.prod(np.array(widths[1:-1]) + 1)
    thetas = np.random.default_rng(0).integers(-3, 4, (300, net.size))
    counts = [len(L.breakpoints(theta)) - 1 for theta in thetas]
    assert 1 < max(counts) <= bound


@pytest.mark.theorem("depth-breakpoints", drops="one input")
def test_three_lines_in_the_plane_make_seven_regions_not_four():
    """Lines in general position inside the box: 1 + 3 + 3 regions, above the product 3 + 1."""
    net = ReLUNetwork(2, 3, 1)
    theta = net.join([([[1, 0], [0, 1], [1, 1]], [-0.3, -0.3, -1]), ([[1, 1, 1]], [0])])
    assert len(ExactRisk(net, CellPolynomial.on_box(*BOX, {})).regions(theta)) == 7 > 3 + 1


# -------------------------------------------------------------------- deep-exactness
@pytest.mark.theorem("deep-exactness")
@pytest.mark.parametrize(("widths", "seed"), [((2, 3, 3, 1), 8), ((2, 2, 2, 2, 1), 25)], ids=str)
def test_risk_and_gradient_in_the_plane_are_the_rational_ones(widths, seed):
    """A target that jumps along the diagonal, the density 1 + x y: 1e-13 of rational arithmetic, some thousand eps."""
    net, p = ReLUNetwork(*widths), {(0, 0): 1.0, (1, 1): 1.0}
    L = ExactRisk(net, CellPolynomial(BOX, HALVES), CellPolynomial.on_box(*BOX, p))
    theta = net.random(np.random.default_rng(seed))
    exact = Deep(widths, theta, on_box(BOX, HALVES, [([], p)]))
    assert len(L.regions(theta)) > 2
    assert abs(float(Fraction(L(theta)) / exact.risk) - 1) < 1e-13
    G = np.array([float(g) for g in exact.gradient])
    np.testing.assert_allclose(L.gradient(theta), G, rtol=0, atol=1e-13 * np.abs(G).max())


@pytest.mark.theorem("deep-exactness")
def test_in_three_dimensions_more_nodes_change_nothing():
    """The rule of degree D against one with three nodes more a direction: rounding only."""
    net = ReLUNetwork(3, 3, 2, 1)
    L = ExactRisk(net, CellPolynomial.on_box([0] * 3, [1] * 3, {(1, 1, 0): 1.0, (0, 0, 2): -1.0}))
    assert L.quadrature_defect(net.random(np.random.default_rng(3))) < 1e-13


@pytest.mark.theorem("deep-exactness", drops="cells")
def test_leaving_out_a_bend_of_the_second_layer_loses_exactness():
    """The twofold tent map against x^2 with ten nodes a cell, one of the bends at 1/4 and 3/4 left out."""
    net, theta = tents(2)
    t, q = np.polynomial.legendre.leggauss(10)

    def risk(edges):
        x = np.concatenate([left + (right - left) * (1 + t) / 2 for left, right in pairwise(edges)])
        weight = np.concatenate([(right - left) * q / 2 for left, right in pairwise(edges)])
        return weight @ (net.realization(theta, x) - x**2) ** 2

    exact = ExactRisk(net, SQUARE)(theta)
    assert risk([0, 0.25, 0.5, 0.75, 1]) == pytest.approx(exact, rel=1e-14)
    assert abs(risk([0, 0.5, 0.75, 1]) / exact - 1) > 1e-4


@pytest.mark.theorem("deep-exactness", drops="piecewise polynomial")
def test_a_target_that_is_not_polynomial_moves_the_numbers_with_the_rule():
    """exp(x y) in place of a polynomial of degree two: the defect is no rounding error."""
    net = ReLUNetwork(2, 3, 2, 1)
    L, theta = ExactRisk(net, CellPolynomial.on_box(*BOX, {(2, 0): 1.0})), net.random(np.random.default_rng(3))
    assert L.quadrature_defect(theta) < 1e-13
    assert L.quadrature_defect(theta, function=lambda x: np.exp(4 * x[:, 0] * x[:, 1])) > 1e-8


# -------------------------------------------------------------------- backpropagation-limit
CORNER = ReLUNetwork(1, 1, 2, 1)                           # the second neuron of layer two vanishes identically
AT_CORNER = CORNER.join([([[0]], [1]), ([[1], [1]], [0, -1]), ([[1, -1]], [-0.5])])
IDENTITY = PiecewisePolynomial.polynomial([0, 1], 0, 1)
NODES, WEIGHTS = (1 + np.polynomial.legendre.leggauss(200)[0]) / 2, np.polynomial.legendre.leggauss(200)[1] / 2


def smoothed(network, theta, activation) -> np.ndarray:
    """The gradient of the risk with another activation, by 200 Gauss nodes on [0, 1], target x."""
    return EmpiricalRisk(network, NODES, NODES, weights=WEIGHTS, activation=activation).gradient(theta)


@pytest.mark.theorem("backpropagation-limit")
def test_gradients_of_smoothed_risks_approach_the_generalized_gradient():
    """At the corner exactly -1/6 in the first entry and 0 elsewhere; at a random network the distance falls below 1e-3."""
    G = ExactRisk(CORNER, IDENTITY).gradient(AT_CORNER)
    np.testing.assert_allclose(G, [-1 / 6, *[0] * 8], atol=4 * EPS)
    np.testing.assert_allclose(smoothed(CORNER, AT_CORNER, SmoothReLU(100.0)), G, atol=1e-13)
    net = ReLUNetwork(1, 3, 3, 1)
    theta = net.random(np.random.default_rng(1))
    exact = ExactRisk(net, IDENTITY).gradient(theta)
    near, far = (np.abs(smoothed(net, theta, SmoothReLU(r)) - exact).max() for r in (300.0, 3.0))
    assert near < 1e-3 * np.abs(exact).max() < far


@pytest.mark.theorem("backpropagation-limit", drops="smoothed from the right")
def test_smoothing_that_is_steep_at_zero_has_another_limit():
    """R_r(z + 1/r) has the slope 1 at 0: at the corner the first entry of the gradient tends to 0, not to -1/6."""
    r = 1e6
    base = SmoothReLU(r)
    early = Activation("early", lambda z: base.value(z + 1 / r), lambda z: base.derivative(z + 1 / r))
    assert np.abs(smoothed(CORNER, AT_CORNER, early)).max() < 1e-5


# -------------------------------------------------------------------- layer-balance
@pytest.mark.theorem("layer-balance")
@pytest.mark.parametrize("widths", [(2, 3, 2, 1), (2, 2, 3, 2, 1)], ids=str)
def test_incoming_and_outgoing_gradients_balance_at_every_hidden_neuron(widths):
    """sum_j W_ij G_ij + b_i G_i = sum_m W'_mi G'_mi in two dimensions; the terms are compared with their own size."""
    net = ReLUNetwork(*widths)
    L, rng = ExactRisk(net, CellPolynomial.on_box(*BOX, {(1, 1): 1.0})), np.random.default_rng(5)
    for theta in [net.random(rng), rng.integers(-2, 3, net.size).astype(float)]:
        G = net.split(L.gradient(theta))
        for ((W, b), (U, _)), ((GW, Gb), (GU, _)) in zip(pairwise(net.split(theta)), pairwise(G), strict=True):
            incoming, outgoing = (W * GW).sum(axis=1) + b * Gb, (U * GU).sum(axis=0)
            np.testing.assert_allclose(incoming, outgoing, atol=1e-12 * (1 + np.abs(outgoing).max()))


@pytest.mark.theorem("layer-balance")
def test_balances_stay_along_the_flow_of_a_deep_network():
    """rtol 1e-10: the drift over t = 5 is at most a thousand times that, while theta moves by more than 0.1."""
    net = ReLUNetwork(1, 4, 3, 1)
    flow = gradient_flow(ExactRisk(net, SQUARE), net.random(np.random.default_rng(4)), t_end=5, rtol=1e-10, atol=1e-12)
    balances = net.balance(flow.thetas)
    assert np.abs(balances - balances[0]).max() < 1e-7
    assert np.abs(flow.theta - flow.thetas[0]).max() > 0.1


@pytest.mark.theorem("layer-balance", drops="flow")
def test_a_descent_step_changes_the_balances_by_the_squared_learning_rate():
    """Exactly eta^2 (|G_out|^2 - |G_in|^2 - G_b^2), and that is not 0."""
    net, eta = ReLUNetwork(1, 4, 3, 1), 0.01
    L, theta = ExactRisk(net, SQUARE), net.random(np.random.default_rng(4))
    run, G = gradient_descent(L, theta, learning_rate=eta, steps=1), L.gradient(theta)
    change = net.balance(run.theta) - net.balance(theta)
    np.testing.assert_allclose(change, eta**2 * net.balance(G), atol=64 * EPS * (theta @ theta))
    assert np.abs(change).max() > 1e-6


@pytest.mark.theorem("layer-balance", drops="ReLU")
def test_with_tanh_the_identity_of_the_balances_fails():
    """tanh is not homogeneous: incoming and outgoing sums differ by more than a tenth of their size."""
    net = ReLUNetwork(1, 3, 3, 1)
    theta = net.random(np.random.default_rng(5))
    G = net.split(smoothed(net, theta, tanh))
    (W, b), (U, _) = net.split(theta)[:2]
    incoming, outgoing = (W * G[0][0]).sum(axis=1) + b * G[0][1], (U * G[1][0]).sum(axis=0)
    assert np.abs(incoming - outgoing).max() > 0.1 * np.abs(outgoing).max()


# -------------------------------------------------------------------- deep-lyapunov-identity
def lyapunov(net, theta, xi) -> tuple[float, np.ndarray]:
    """V and its gradient."""
    K = len(net.widths) - 1
    layers = [(2 * W, 2 * k * b) for k, (W, b) in enumerate(net.split(theta), start=1)]
    layers[-1] = (layers[-1][0], layers[-1][1] - 2 * K * xi)
    value = sum(k * b @ b + (W**2).sum() for k, (W, b) in enumerate(net.split(theta), start=1))
    return value - 2 * K * xi @ net.split(theta)[-1][1], net.join(layers)


@pytest.mark.theorem("deep-lyapunov-identity")
@pytest.mark.parametrize("widths", [(1, 5, 1), (1, 5, 5, 1), (1, 6, 6, 6, 1), (1, 4, 4, 4, 4, 1), (1, 3, 4, 2)], ids=str)
def test_the_lyapunov_function_descends_at_four_times_depth_times_risk(widths):
    """<grad V, G> = 4 K L, for one and two outputs; the sum has some dozen terms of the size |grad V| |G|."""
    net, xi = ReLUNetwork(*widths), np.array([0.7, -0.2])[: widths[-1]]
    one = [PiecewisePolynomial.constant(value, 0, 1) for value in xi]
    L = ExactRisk(net, one[0] if len(one) == 1 else PiecewisePolynomial.stack(one))
    for theta in net.random(np.random.default_rng(6), 5):
        risk, G = L.value_and_gradient(theta)
        slope = lyapunov(net, theta, xi)[1]
        assert slope @ G == pytest.approx(4 * (len(widths) - 1) * risk, abs=1e-12 * np.linalg.norm(slope) * np.linalg.norm(G))


@pytest.mark.theorem("deep-lyapunov-identity")
def test_in_two_dimensions_and_for_a_sample_the_identity_holds_as_well():
    """It is pointwise in x: the exact risk on a square, and the risk on seven random points."""
    net, xi = ReLUNetwork(2, 4, 3, 1), np.array([0.7])
    theta, x = net.random(np.random.default_rng(7)), np.random.default_rng(8).uniform(size=(7, 2))
    for L in (ExactRisk(net, CellPolynomial.on_box(*BOX, {(0, 0): 0.7})), EmpiricalRisk(net, x, np.full(7, 0.7))):
        risk, G = L.value_and_gradient(theta)
        assert lyapunov(net, theta, xi)[1] @ G == pytest.approx(12 * risk, rel=1e-12)


@pytest.mark.theorem("deep-lyapunov-identity")
def test_along_a_flow_the_risk_stays_below_the_bound():
    """L(Theta_t) <= (V(Theta_0) + K xi^2) / (4 K t), and V never increases."""
    net, xi = ReLUNetwork(1, 4, 4, 1), np.array([0.7])
    L = ExactRisk(net, PiecewisePolynomial.constant(0.7, 0, 1))
    flow = gradient_flow(L, net.random(np.random.default_rng(9)), t_end=100)
    V = np.array([lyapunov(net, theta, xi)[0] for theta in flow.thetas])
    assert np.all(np.diff(V) <= 1e-6 * V[0])
    assert np.all(flow.risks[1:] * flow.times[1:] <= (V[0] + 3 * 0.49) / 12)


@pytest.mark.theorem("deep-lyapunov-identity", drops="constant target")
def test_for_a_target_that_is_not_constant_the_function_can_increase():
    """f = x, xi = 1/2, N = x/2 + 1/4 half way between them: <grad V, G> = -4 K int (f - xi)^2 / 4 = -K/12 < 0."""
    net = ReLUNetwork(1, 1, 1, 1)
    theta = net.join([([[1]], [0]), ([[1]], [0]), ([[0.5]], [0.25])])
    G = ExactRisk(net, IDENTITY).gradient(theta)
    assert lyapunov(net, theta, np.array([0.5]))[1] @ G == pytest.approx(-3 / 12, rel=1e-12)


@pytest.mark.theorem("deep-lyapunov-identity", drops="ReLU")
def test_with_tanh_the_lyapunov_identity_fails():
    """By more than a tenth of 4 K L."""
    net = ReLUNetwork(1, 3, 3, 1)
    theta = net.random(np.random.default_rng(5))
    risk, G = EmpiricalRisk(net, NODES, np.full(200, 0.7), weights=WEIGHTS, activation=tanh).value_and_gradient(theta)
    assert abs(lyapunov(net, theta, np.array([0.7]))[1] @ G / (12 * risk) - 1) > 0.1
