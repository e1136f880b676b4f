"""ExactRisk: closed-form values, what counts as a problem, and what is refused."""

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork

UNIT, SYMMETRIC = (0, 1), (-1, 1)
K14 = (np.sqrt(13) - 2) / 3
# name: (domain, global ascending target, density or None, (w, b, v, c), risk, gradient)
CLOSED_FORMS = {
    "T1 zero network": (SYMMETRIC, [0, 0, 1], None, [0, 0, 0, 0], 2 / 5, [0, 0, 0, -4 / 3]),
    "T2 dead neuron": (SYMMETRIC, [0, 0, 1], None, [0, -1, 5, 1 / 3], 8 / 45, 0),
    "T3 global minimum": (SYMMETRIC, [0, 0, 1], None, [1, -1, -1 / 3, -1 / 3, 4 / 3, 4 / 3, 1 / 27], 8 / 3645, 0),
    "T4 H = 4": (SYMMETRIC, [0, 0, 1], None, [1, 1, -1, -1, *[-0.2, -0.6] * 2, *[0.8] * 4, 0.04 / 3], 8 / 28125, 0),
    "T5 best line": (UNIT, [0, 0, 1], None, [1, 1, 1, -7 / 6], 1 / 180, 0),
    "T6 H = 1": (UNIT, [0, 0, 1], None, [1, -1 / 3, 4 / 3, 1 / 27], 4 / 3645, 0),
    "T7": (UNIT, [0], None, [1, 0, 1, 0], 1 / 3, [2 / 3, 1, 2 / 3, 1]),
    "T8": (UNIT, [0], None, [1, -0.5, 2, 1], 5 / 3, [7 / 3, 3, 5 / 12, 5 / 2]),
    "T9 density x": (UNIT, [0], [0, 1], [1, 0, 1, 0], 1 / 4, [1 / 2, 2 / 3, 1 / 2, 2 / 3]),
    "T10 degenerate": (UNIT, [1], None, [0, 0, 1, 0], 1, [0, 0, 0, -2]),
    "T11 dying neuron": (UNIT, [0], None, [-2, 0.5, 3, 0], 3 / 16, [3 / 32, 9 / 8, 1 / 8, 3 / 8]),
    "T12 dying, density x": (UNIT, [0], [0, 1], [-2, 0.5, 3, 0], 2 * 9 * 0.5**4 / (24 * 4), None),
    "T13 |x| - 1/6": (SYMMETRIC, [0, 0, 1], None, [1, -1, 0, 0, 1, 1, -1 / 6], 1 / 90, 0),
    "T14": (SYMMETRIC, [0, 0, 1], None, [1, 0, -K14, -1, 1.5351837585, 4, 0.2504126323], 0.1126355743153, 0),
}


@pytest.mark.parametrize("case", CLOSED_FORMS.values(), ids=CLOSED_FORMS)
def test_closed_forms(case):
    """Risks and gradients known in closed form, to 1e-14 (T14's parameters are rounded to ten digits: 1e-9)."""
    domain, target, density, theta, risk, gradient = case
    f = PiecewisePolynomial.polynomial(target, *domain)
    p = None if density is None else PiecewisePolynomial.polynomial(density, *domain)
    L = ExactRisk(ReLUNetwork(1, len(theta) // 3, 1), f, p)
    atol = 1e-9 if theta[2] == -K14 else 1e-14
    np.testing.assert_allclose(L(theta), risk, rtol=1e-14, atol=1e-13 if atol == 1e-9 else 0)
    if gradient is not None:
        np.testing.assert_allclose(L.gradient(theta), np.broadcast_to(gradient, len(theta)), atol=atol)


@pytest.mark.parametrize("slope", [1.5, 3.0, 64.0, 2.0**20])
def test_a_ramp_of_slope_s_misses_the_step_by_one_over_12_s(slope):
    """f = 1_{x > 1/2}, two neurons: L = 1/(12 s)."""
    f = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
    left, right = 0.5 - 0.5 / slope, 0.5 + 0.5 / slope
    theta = [1, 1, -left, -right, slope, -slope, 0]
    assert ExactRisk(ReLUNetwork(1, 2, 1), f)(theta) == pytest.approx(1 / (12 * slope), rel=1e-9)


@pytest.mark.parametrize("h", [0.5, 1.0, 2.0])
def test_the_best_line_misses_x_squared_by_h_to_the_fifth_over_180(h):
    """On [0, h]: -h^2/6 + h x is best, L = h^5 / 180."""
    f = PiecewisePolynomial.polynomial([0, 0, 1], 0, h)
    theta = [h, 0, 1, -h * h / 6]
    L = ExactRisk(ReLUNetwork(1, 1, 1), f)
    assert L(theta) == pytest.approx(h**5 / 180, rel=1e-13)
    assert L.gradient(theta)[3] == pytest.approx(0, abs=1e-15)


def test_hessian_at_the_two_neuron_minimum_has_the_stated_entries_and_eigenvalues():
    """T20: H_ww = 272/243, H_wb = 368/243, H_bb = 176/81, H_wv = 112/243, H_wc = 32/27; rank 7 - 2."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial.polynomial([0, 0, 1], -1, 1))
    A = L.hessian([1, -1, -1 / 3, -1 / 3, 4 / 3, 4 / 3, 1 / 27])
    expected = [272 / 243, 368 / 243, 112 / 243, 32 / 27]
    np.testing.assert_allclose(A[0, [0, 2, 4, 6]], expected, rtol=1e-13)
    assert A[2, 2] == pytest.approx(176 / 81, rel=1e-13)
    eigenvalues = [0, 0, 0.0528470, 0.0658436, 0.6263707, 3.4238683, 6.8104942]
    np.testing.assert_allclose(np.linalg.eigvalsh(A), eigenvalues, atol=5e-8)


def test_hessian_is_the_derivative_of_the_gradient():
    """Central difference with step h: error O(h^2) + eps/h, here 1e-9 at h = 1e-5; kinks stay off the breakpoints."""
    f = PiecewisePolynomial([0, 0.5, 1], [[0, 1, -2], [0.25, 3]])
    net = ReLUNetwork(1, 3, 1)
    L, theta, h = ExactRisk(net, f), net.random(np.random.default_rng(5)), 1e-5
    steps = h * np.eye(net.size)
    difference = (L.gradient(theta + steps) - L.gradient(theta - steps)) / (2 * h)
    np.testing.assert_allclose(L.hessian(theta), difference, atol=1e-8 * np.abs(difference).max())


def test_the_parts_of_the_interface_agree():
    """L(theta) and L.gradient(theta) are the two halves of value_and_gradient; one network gives a float."""
    net = ReLUNetwork(1, 3, 1)
    L, theta = ExactRisk(net, PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)), net.random(np.random.default_rng(0))
    risk, gradient = L.value_and_gradient(theta)
    assert isinstance(risk, float)
    assert L(theta) == risk
    np.testing.assert_array_equal(L.gradient(theta), gradient)


NET, DEEP, F = ReLUNetwork(1, 2, 1), ReLUNetwork(1, 2, 2, 1), PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExactRisk(ReLUNetwork(2, 2, 1), F), r"on \[0, 1\] needs .* 1 input\(s\), got ReLUNetwork\(2, 2, 1\)"),
        (lambda: ExactRisk(NET, PiecewisePolynomial.stack([F, F])), r"as many outputs as ReLUNetwork\(1, 2, 1\), got 2"),
        (lambda: ExactRisk(NET, F, PiecewisePolynomial.constant(1, 0, 2)), r"one domain, got \[0, 1\] and \[0, 2\]"),
        (lambda: ExactRisk(NET, F, PiecewisePolynomial.polynomial([-0.1, 1], 0, 1)), r">= 0, but p\(0\) = -0.1"),
        (lambda: ExactRisk(NET, F, PiecewisePolynomial.constant(0, 0, 1)), "positive somewhere"),
        (lambda: ExactRisk(NET, F, PiecewisePolynomial.stack([F, F])), "density must be scalar, got 2 outputs"),
        (lambda: ExactRisk(DEEP, F, method="dense"), "must be 'auto' here, got 'dense'"),
        (lambda: ExactRisk(DEEP, F).breakpoints(np.zeros((2, 13))), r"one network \(size,\), got theta of shape \(2, 13\)"),
        (lambda: ExactRisk(NET, F, method="fast"), "'dense', 'sorted', .* got 'fast'"),
        (lambda: ExactRisk(NET, F)([1, 2, 3]), r"shape \(\.\.\., 7\) .* got \(3,\)"),
        (lambda: ExactRisk(NET, F).gradient([1, 2, 3, 4, 5, 6, np.nan]), r"theta\[6\] = nan"),
        (lambda: ExactRisk(NET, F).hessian([1, 2, 3, 4, 5, 6, np.inf]), r"theta\[6\] = inf"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("widths", [(1, 2, 2, 1), (1, 2, 2), (1, 1)])
def test_other_networks_than_shallow_ones_have_no_exact_hessian(widths):
    """TypeError, which the solvers of the flow understand; the remedy is named."""
    L = ExactRisk(ReLUNetwork(*widths), F if widths[-1] == 1 else PiecewisePolynomial.stack([F, F]))
    with pytest.raises(TypeError, match=r"one hidden layer .* got ReLUNetwork\(1, .* Use landscapes.numerical_hessian"):
        L.hessian(np.zeros(L.network.size))


def test_a_density_that_touches_zero_is_accepted():
    """p = (x - 1/2)^2 and a zero piece are densities."""
    for p in (PiecewisePolynomial.polynomial([0.25, -1, 1], 0, 1), PiecewisePolynomial([0, 0.5, 1], [[0], [1]])):
        assert ExactRisk(NET, F, p)([0.0] * 7) > 0
