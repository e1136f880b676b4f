"""Networks of any depth on an interval against rational arithmetic, degenerate ones included."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
from course_lib.integration import cells, interval
from tests.reference_deep import Deep, on_interval

ONE = PiecewisePolynomial.constant(1.0, 0, 1)
ZERO = PiecewisePolynomial.constant(0.0, 0, 1)
LINE = PiecewisePolynomial.polynomial([0, 1], 0, 1)
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
BENT = PiecewisePolynomial([0, 0.375, 1], [[1, 1], [0, 2, -1]])
GAP = PiecewisePolynomial([0, 0.5, 0.75, 1], [[1, 0.5], [0], [0.25, 1, 1]])              # zero on a piece
WIDTHS = [(1, 1), (1, 1, 1, 1), (1, 3, 3, 1), (1, 4, 4, 4, 2), (1, 8, 8, 1), (1, 5, 2)]
widths = pytest.mark.parametrize("widths", WIDTHS, ids=str)
PLATEAU = ([[3], [-3]], [-1, 2])                      # relu(3x-1) + relu(2-3x) is 1 on [1/3, 2/3] and bends at both ends

# layers (W, b); f = JUMPY, p = GAP
DEGENERATE = {
    "dead first layer": [([[1], [-1]], [-2, -0.5]), ([[1, 2], [-1, 1]], [0.5, -1]), ([[2, -3]], [0.25])],
    "dead second layer": [([[1], [-1]], [0, 1]), ([[-1, -2], [-1, 1]], [0, -2]), ([[2, -3]], [0.25])],
    "everything zero": [([[0], [0]], [0, 0]), ([[0, 0], [0, 0]], [0, 0]), ([[0, 0]], [0])],
    "rows with w = 0": [([[0], [0], [0]], [1, -1, 0]), ([[1, 1, 1], [0, 0, 0]], [-0.5, 2]), ([[1, 0.5]], [0.1])],
    "zero on an interval": [PLATEAU, ([[1, 1], [1, 1]], [-1, 0]), ([[2, -1]], [0.3])],
    "zero on an interval, from below": [PLATEAU, ([[-1, -1], [1, -1]], [1, 0]), ([[2, -1]], [0.3])],
    "one kink in three layers": [([[3], [9]], [-1, -3]), *[([[1, 1], [2, -1]], [0, 0])] * 2, ([[1, 2]], [1])],
    "kinks on breakpoints and ends": [([[4], [-2], [1]], [-1, 1, 0]), ([[1, 0, 0], [0, 1, 1]], [-1, -0.5]), ([[3, -2]], [0])],
    "kinks a rounding apart": [([[1], [1]], [-1 / 3, -1 / 3 - 2**-54]), ([[3, -2], [1, 1]], [0, -0.25]), ([[1, 1]], [0])],
    "tiny and huge": [([[2.0**-60], [2.0**60]], [2.0**-62, -(2.0**59)]), ([[2.0**60, -(2.0**-60)]], [-0.4]), ([[3]], [1])],
}


def joined(layers) -> tuple[ReLUNetwork, np.ndarray]:
    net = ReLUNetwork(len(layers[0][0][0]), *(len(b) for _, b in layers))
    return net, net.join(layers)


def distance(computed, exact) -> float:
    """max |computed - exact| relative to max |exact|, the difference taken in rational arithmetic."""
    exact = np.ravel(exact)
    worst = max(abs(Fraction(float(c)) - e) for c, e in zip(np.ravel(computed), exact, strict=True))
    return float(worst / (max(abs(e) for e in exact) or 1))


def errors(net, theta, f=JUMPY, p=GAP) -> tuple[float, float]:
    """(error of L, error of G) against the rational reference."""
    exact = Deep(net.widths, theta, on_interval(f, p))
    risk, gradient = ExactRisk(net, f, p).value_and_gradient(theta)
    return distance(risk, exact.risk), distance(gradient, exact.gradient)


def tent(depth: int) -> tuple[ReLUNetwork, np.ndarray]:
    """T(T(...T(x))) with T(x) = 2 relu(x) - 4 relu(x - 1/2): 2^depth pieces with the slopes +-2^depth."""
    middle = [([[2, -4], [2, -4]], [0, -0.5])] * (depth - 1)
    return joined([([[1], [1]], [0, -0.5]), *middle, ([[2, -4]], [0])])


# -------------------------------------------------------------------- against rational arithmetic
@widths
@pytest.mark.parametrize("seed", range(4))
def test_random_networks_agree_with_rational_arithmetic(widths, seed):
    """|L - exact| <= 1e-13 L and |G - exact| <= 1e-13 max|G|; vector targets where there are two outputs."""
    net = ReLUNetwork(*widths)
    f = JUMPY if widths[-1] == 1 else PiecewisePolynomial.stack([JUMPY, BENT])
    assert max(errors(net, net.random(np.random.default_rng(seed)), f)) <= 1e-13


@pytest.mark.parametrize("layers", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_networks_agree_with_rational_arithmetic(layers):
    """The same bound where neurons are dead, vanish on an interval, or kinks of several layers coincide."""
    assert max(errors(*joined(layers))) <= 1e-13


@pytest.mark.parametrize("widths", [(1, 1, 1, 1), (1, 3, 3, 1), (1, 4, 4, 4, 2), (1, 3, 3, 3, 3, 1)], ids=str)
def test_networks_with_small_integers_agree_with_rational_arithmetic(widths):
    """200 networks with parameters -3..3: most have dead layers, coinciding kinks or neurons that vanish on an interval."""
    net, rng = ReLUNetwork(*widths), np.random.default_rng(0)
    f = JUMPY if widths[-1] == 1 else PiecewisePolynomial.stack([JUMPY, BENT])
    L, parts = ExactRisk(net, f, GAP), on_interval(f, GAP)
    thetas = rng.integers(-3, 4, (200, net.size)).astype(float)
    risks, gradients = L.value_and_gradient(thetas)
    exact = [Deep(widths, theta, parts) for theta in thetas]
    assert max(distance(risk, reference.risk) for risk, reference in zip(risks, exact, strict=True)) <= 1e-12
    assert max(distance(G, reference.gradient) for G, reference in zip(gradients, exact, strict=True)) <= 1e-12


@pytest.mark.parametrize("m", [3, 7, 11, 13])
@pytest.mark.parametrize("near", [1e5, 1e7, 1e9])
def test_a_neuron_that_vanishes_up_to_the_rounding_errors_of_the_layer_before_is_inactive(m, near):
    """m relu(m x - 1) - relu(m^2 x - m) = 0 for all x, with a kink close to 1/m, where |W||a| + |b| is far below its error."""
    kink = np.ceil(near / m) / near
    net, theta = joined([([[m], [m * m], [1]], [-1, -m, -kink]), ([[m, -1, 0]], [0]), ([[1]], [0.5])])
    assert max(errors(net, theta)) <= 1e-13


@pytest.mark.parametrize("a", [1000.0, 1e6 + 0.1, -1e6 + 0.1])
def test_far_from_the_origin_no_digit_is_lost(a):
    """On [a, a + 1] everything runs in s = x - a: 1e-13, where plain x keeps 1e-9."""
    f, p = PiecewisePolynomial([a, a + 0.3, a + 1], [[1, -2, 1], [0.25, 3]]), PiecewisePolynomial.constant(1.0, a, a + 1)
    inner = ([[1.7], [-0.31]], [-1.7 * (a + 0.61), 0.31 * (a + 0.27)])
    net, theta = joined([inner, ([[1.3, 4.1], [1, -2]], [-0.3, 0.1]), ([[1, 2]], [0.3])])
    assert max(errors(net, theta, f, p)) <= 1e-13


# -------------------------------------------------------------------- by hand
def test_three_identities_in_a_row():
    """T17: widths (1, 1, 1, 1), all w = 1, b = 0, f = 0 on [0, 1]: L = 1/3, G = (2/3, 1, 2/3, 1, 2/3, 1)."""
    net, theta = joined([([[1]], [0])] * 3)
    risk, gradient = ExactRisk(net, ZERO).value_and_gradient(theta)
    assert risk == pytest.approx(1 / 3, rel=1e-15)
    np.testing.assert_allclose(gradient, [2 / 3, 1] * 3, rtol=1e-15)


def test_a_second_layer_neuron_that_vanishes_identically_is_inactive():
    """T18: relu'(0) = 0 in the second layer leaves G = (-1/6, 0, ..., 0); with relu'(0) = 1 it would be 0."""
    net, theta = joined([([[0]], [1]), ([[1], [1]], [0, -1]), ([[1, -1]], [-0.5])])
    risk, gradient = ExactRisk(net, LINE).value_and_gradient(theta)
    assert risk == pytest.approx(1 / 12, rel=1e-15)
    np.testing.assert_allclose(gradient, [-1 / 6, *[0] * 8], atol=1e-16)
    on = theta + 1e-4 * np.eye(net.size)[5]
    assert np.abs(ExactRisk(net, LINE).gradient(on)).max() <= 2e-4


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_tent_maps(depth):
    """T^n has 2^n pieces; int (T^n)^2 = 1/3 and int (T^n - x)^2 = 1/6 for n >= 1."""
    net, theta = tent(depth)
    assert ExactRisk(net, ZERO)(theta) == pytest.approx(1 / 3, rel=1e-14)
    assert ExactRisk(net, LINE)(theta) == pytest.approx(1 / 6, rel=1e-14)
    np.testing.assert_array_equal(ExactRisk(net, LINE).breakpoints(theta), np.arange(2**depth + 1) / 2**depth)


def test_the_gradient_at_a_tent_map_of_depth_eight_agrees_with_rational_arithmetic():
    """256 cells, every kink of every layer at a multiple of 1/256: relative error <= 1e-13."""
    net, theta = tent(8)
    assert max(errors(net, theta, LINE, ONE)) <= 1e-13


def test_an_exact_fit_has_risk_and_gradient_zero():
    """f = |x - 1/2| written with two hidden layers: L <= eps^2-sized."""
    f = PiecewisePolynomial([0, 0.5, 1], [[0.5, -1], [0, 1]])
    net, theta = joined([([[1], [-1]], [-0.5, 0.5]), ([[1, 1]], [0]), ([[1]], [0])])
    risk, gradient = ExactRisk(net, f).value_and_gradient(theta)
    assert risk <= np.finfo(float).eps ** 2
    assert np.abs(gradient).max() <= np.finfo(float).eps


# -------------------------------------------------------------------- identities
numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                       # zeros and ties do occur
DEEP = ReLUNetwork(1, 3, 3, 1)
thetas = arrays(float, DEEP.size, elements=numbers)


@given(arrays(float, 13, elements=numbers))
def test_shallow_networks_have_the_numbers_of_the_shallow_algorithm(theta):
    """Two algorithms, one integral: 1e-13 for L and G, whatever the degeneracies."""
    dense = interval.dense(interval.Problem.of(JUMPY, GAP), theta)
    deep = cells.risk_and_gradient(cells.Problem.of(ReLUNetwork(1, 4, 1), JUMPY, GAP), theta)
    assert deep[0] == pytest.approx(dense[0], rel=1e-13)
    np.testing.assert_allclose(deep[1], dense[1], rtol=0, atol=1e-13 * (1 + np.abs(dense[1]).max()))


@given(thetas)
def test_gradient_satisfies_the_balance_identity_in_every_layer(theta):
    """<W_j, G_{W_j}> + b_j G_{b_j} = <V_j, G_{V_j}> for incoming W_j, b_j and outgoing V_j of every hidden neuron."""
    layers, gradients = DEEP.split(theta), DEEP.split(ExactRisk(DEEP, JUMPY, GAP).gradient(theta))
    scale = (np.abs(theta) * np.abs(ExactRisk(DEEP, JUMPY, GAP).gradient(theta))).sum()
    for (inner, outer), (g_inner, g_outer) in zip(pairwise(layers), pairwise(gradients), strict=True):
        incoming = (inner[0] * g_inner[0]).sum(axis=1) + inner[1] * g_inner[1]
        np.testing.assert_allclose(incoming, (outer[0] * g_outer[0]).sum(axis=0), rtol=0, atol=1e-13 * (1 + scale))


@given(thetas, arrays(float, 3, elements=st.floats(-10, 10)), st.sampled_from([1, 2]))
def test_rescaling_a_neuron_by_ten_orders_of_magnitude_changes_nothing(theta, exponents, layer):
    """L(theta) and G, scaled back, are those of (s W_j, s b_j, V_j / s), s in [1e-10, 1e10]; 1e-12 of the largest entry."""
    L, factors = ExactRisk(DEEP, JUMPY, GAP), 2.0 ** np.round(exponents * np.log2(10))
    risk, gradient = L.value_and_gradient(theta)
    other, scaled = L.value_and_gradient(DEEP.rescale(theta, factors, layer))
    assert other == pytest.approx(risk, rel=1e-12)
    np.testing.assert_allclose(DEEP.rescale(scaled, factors, layer), gradient, rtol=0, atol=1e-12 * np.abs(gradient).max())


def test_two_outputs_are_two_risks():
    """L of (N_1, N_2) against (f_1, f_2) is L of N_1 against f_1 plus L of N_2 against f_2; so are the shared gradients."""
    both, one = ReLUNetwork(1, 4, 3, 2), ReLUNetwork(1, 4, 3, 1)
    theta = both.random(np.random.default_rng(0))
    layers = both.split(theta)
    alone = [one.join([*layers[:-1], (layers[-1][0][o : o + 1], layers[-1][1][o : o + 1])]) for o in (0, 1)]
    parts = [ExactRisk(one, f, GAP).value_and_gradient(t) for f, t in zip((JUMPY, BENT), alone, strict=True)]
    risk, gradient = ExactRisk(both, PiecewisePolynomial.stack([JUMPY, BENT]), GAP).value_and_gradient(theta)
    assert risk == pytest.approx(parts[0][0] + parts[1][0], rel=1e-14)
    np.testing.assert_allclose(gradient[:23], (parts[0][1] + parts[1][1])[:23], rtol=0, atol=1e-14 * np.abs(gradient).max())


@given(thetas, thetas)
@settings(max_examples=30)
def test_gradient_is_the_derivative_along_a_segment(theta, direction):
    """L(theta + d) - L(theta) = int_0^1 <G(theta + t d), d> dt; midpoint rule with 1000 steps, error <= C / 1000.

    The tilt keeps the segment off the points where a neuron vanishes on an interval.
    """
    L, d = ExactRisk(DEEP, JUMPY, GAP), 0.1 * direction + 0.003 * np.sin(np.arange(DEEP.size))
    theta = theta + 0.01 * np.cos(np.arange(DEEP.size) ** 2)
    gradients = L.gradient(theta + ((np.arange(1000) + 0.5) / 1000)[:, None] * d)
    scale = 1 + (np.abs(d) * np.abs(gradients).max(axis=0)).sum()
    assert L(theta + d) - L(theta) == pytest.approx((gradients @ d).mean(), abs=2e-3 * scale)


# -------------------------------------------------------------------- batches, breakpoints
@pytest.mark.parametrize("widths", [(1, 3, 3, 1), (1, 16, 16, 16, 1), (1, 4, 5, 2)], ids=str)
@pytest.mark.parametrize("pieces", [4, 48])
def test_a_batch_gives_the_bits_of_its_members(widths, pieces):
    """Splitting, permuting or reshaping a batch of 100 networks changes no bit of any risk or gradient, few cells or many."""
    net, rng = ReLUNetwork(*widths), np.random.default_rng(0)
    f = JUMPY.refine(np.linspace(0, 1, pieces + 1))
    L = ExactRisk(net, f if widths[-1] == 1 else PiecewisePolynomial.stack([f, BENT]), GAP)
    starts, order = net.random(rng, 100), rng.permutation(100)
    risk, gradient = L.value_and_gradient(starts)
    shuffled = L.value_and_gradient(starts[order].reshape(4, 25, -1))
    assert (shuffled[0].ravel() == risk[order]).all()
    assert (shuffled[1].reshape(100, -1) == gradient[order]).all()
    single = [L.value_and_gradient(theta) for theta in starts]
    assert all(one[0] == r and (one[1] == g).all() for one, r, g in zip(single, risk, gradient, strict=True))


def test_value_alone_and_an_empty_batch():
    """L(theta) is the first half of value_and_gradient; no network, no numbers."""
    L, theta = ExactRisk(DEEP, JUMPY), DEEP.random(np.random.default_rng(2))
    assert L(theta) == L.value_and_gradient(theta)[0]
    assert isinstance(L(theta), float)
    assert L.gradient(np.empty((0, DEEP.size))).shape == (0, DEEP.size)


def test_breakpoints_are_the_roots_of_all_preactivations_each_once():
    """Layer 1 bends at 1/3 and 2/3; 1/2 - plateau vanishes at 1/6 and 5/6; an equal root counts once, density breaks do not."""
    net, theta = joined([PLATEAU, ([[-1, -1], [1, 1]], [1.5, -1.5]), ([[1, 1]], [0])])
    found = ExactRisk(net, LINE, GAP).breakpoints(theta)
    np.testing.assert_allclose(found, [0, 1 / 6, 1 / 3, 2 / 3, 5 / 6, 1], atol=1e-15)
    shallow = ExactRisk(ReLUNetwork(1, 2, 1), ONE)
    np.testing.assert_array_equal(shallow.breakpoints([1, 1, -0.25, 2, 1, 1, 0]), [0, 0.25, 1])


def test_between_breakpoints_the_realization_is_affine():
    """N(middle) = (N(left) + N(right)) / 2 for every pair of neighbours, and not across a breakpoint."""
    net = ReLUNetwork(1, 8, 8, 1)
    theta = net.random(np.random.default_rng(4))
    x = ExactRisk(net, ONE).breakpoints(theta)
    N, middle = net.realization(theta, x), net.realization(theta, (x[:-1] + x[1:]) / 2)
    np.testing.assert_allclose(middle, (N[:-1] + N[1:]) / 2, rtol=0, atol=1e-13 * np.abs(N).max())
    assert (np.abs(np.diff(N, 2)) > 0).all()
