"""Exact integration on an interval against rational arithmetic, and the identities that every gradient must satisfy."""

import os
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
from tests.reference import Rational

SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
GAP = PiecewisePolynomial([0, 0.5, 0.75, 1], [[1, 0.5], [0], [0.25, 1, 1]])              # zero on a piece
FAR = PiecewisePolynomial([1000, 1000.3, 1001], [[1, -2, 1], [0.25, 3]])
FARTHER = PiecewisePolynomial([1e6 + 0.1, 1e6 + 0.7, 1e6 + 1.1], [[1, -2, 1], [0.25, 3]])
FARTHER_ONE = PiecewisePolynomial.constant(1.0, 1e6 + 0.1, 1e6 + 1.1)
FAR_ONE = PiecewisePolynomial.constant(1.0, 1000, 1001)
WIDE = PiecewisePolynomial.polynomial([0.3, -1, 0, 2], -1.5, 2.25)
WIDE_DENSITY = PiecewisePolynomial([-1.5, 0.1, 2.25], [[1, 0, 0.5], [0.2, 0.1]])
TINY = 2.0**-60

# (w, b, v, c), f, p
DEGENERATE = {
    "w = 0, b > 0": (([0.0, 1], [0.5, -0.3], [1.5, 2], 0.1), SQUARE, ONE),
    "w = 0, b < 0": (([0.0, 1], [-0.5, -0.3], [1.5, 2], 0.1), SQUARE, ONE),
    "w = 0, b = 0": (([0.0, 1], [0.0, -0.3], [1.5, 2], 0.1), SQUARE, ONE),
    "all degenerate": (([0.0], [0.0], [1.0], 0.0), SQUARE, ONE),
    "v = 0": (([1.0, -1], [-0.2, 0.7], [0.0, 2], 0.1), SQUARE, ONE),
    "dead": (([1.0, -1], [-2.0, -0.5], [3.0, 2], 0.25), SQUARE, ONE),
    "full": (([1.0, -1], [1.0, 2.0], [3.0, 2], -0.7), JUMPY, GAP),
    "kink on a": (([1.0, -1], [0.0, 0.0], [3.0, 2], -0.7), JUMPY, ONE),
    "kink on b": (([1.0, -1], [-1.0, 1.0], [3.0, 2], -0.7), JUMPY, ONE),
    "kinks on breakpoints": (([1.0, -2], [-0.5, 0.5], [3.0, 2], -0.7), JUMPY, ONE),
    "coincident kinks": (([1.0, 2, -1], [-0.375, -0.75, 0.375], [1.0, -2, 0.5], 0.2), JUMPY, GAP),
    "tiny |w|": (([TINY, -TINY, TINY], [0.4, 0.2, -TINY / 3], [1.0, 2, TINY], 0.2), SQUARE, ONE),
    "density zero on a piece": (([1.0, -1], [-0.6, 0.55], [1.0, 2], 0.2), JUMPY, GAP),
    "[1000, 1001]": (([1.0, -3], [-1000.4, 3000.7 + 1], [2.0, 0.5], 0.3), FAR, FAR_ONE),
    "[1000, 1001], random digits": (([1.7, -0.31], [-1.7 * 1000.61, 0.31 * 1000.27], [1.3, 4.1], 0.3), FAR, FAR_ONE),
    "near 10^6": (([1.7, -0.31], [-1.7 * (1e6 + 0.61), 0.31 * (1e6 + 0.27)], [1.3, 4.1], 0.3), FARTHER, FARTHER_ONE),
    "[-1.5, 2.25]": (([1.1, -0.7, 0.3], [0.2, 0.9, 2.0], [1.3, -2, 0.4], 0.3), WIDE, WIDE_DENSITY),
}
cases = pytest.mark.parametrize("case", DEGENERATE.values(), ids=DEGENERATE)
needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
routes = pytest.mark.parametrize("method", ["dense", "sorted", pytest.param("compiled", marks=needs_numba)])


def problem(case, method="dense"):
    (w, b, v, c), f, p = case
    return ExactRisk(ReLUNetwork(1, len(w), 1), f, p, method), np.array([*w, *b, *v, c])


def distance(computed, exact) -> float:
    """max |computed - exact| relative to max |exact|, the difference taken in rational arithmetic."""
    exact = np.ravel(exact)
    worst = max(abs(Fraction(float(c)) - e) for c, e in zip(np.ravel(computed), exact, strict=True))
    return float(worst / (max(abs(e) for e in exact) or 1))


@routes
@cases
def test_risk_and_gradient_agree_with_rational_arithmetic(case, method):
    """|L - exact| <= 1e-13 L and |G - exact| <= 1e-13 max|G|, degenerate networks included."""
    L, theta = problem(case, method)
    exact = Rational(theta, L.target, L.density)
    risk, gradient = L.value_and_gradient(theta)
    assert distance(risk, exact.risk) <= 1e-13
    assert distance(gradient, exact.gradient) <= 1e-13


@cases
def test_hessian_agrees_with_rational_arithmetic(case):
    """|Hess - exact| <= 1e-12 max|Hess|; on a jump the right-hand value of f and p is meant, as in the docstring."""
    L, theta = problem(case)
    if case is DEGENERATE["kinks on breakpoints"]:
        theta = theta + np.r_[0, 0, -1e-9, 1e-9, 0, 0, 0]       # off the jump, where the Hessian exists
    exact = Rational(theta, L.target, L.density)
    assert distance(L.hessian(theta), exact.hessian) <= 1e-12


@routes
@pytest.mark.parametrize("H", [1, 2, 5, 8])
@pytest.mark.parametrize("seed", range(5))
def test_random_networks_agree_with_rational_arithmetic(H, seed, method):
    """Random theta, a target with jumps of degree 3 and a density with a hole: 1e-13 for L and G, 1e-12 for the Hessian."""
    net = ReLUNetwork(1, H, 1)
    L, theta = ExactRisk(net, JUMPY, GAP, method), net.random(np.random.default_rng(seed))
    exact = Rational(theta, JUMPY, GAP)
    risk, gradient = L.value_and_gradient(theta)
    assert distance(risk, exact.risk) <= 1e-13
    assert distance(gradient, exact.gradient) <= 1e-13
    assert H > 5 or distance(L.hessian(theta), exact.hessian) <= 1e-12


@routes
def test_an_exact_fit_has_risk_and_gradient_zero(method):
    """N = f = |x - 1/2| with binary coefficients: L <= eps^2-sized, not the 1e-16 left by an expanded square."""
    f = PiecewisePolynomial([0, 0.5, 1], [[0.5, -1], [0, 1]])
    L, theta = problem((([1.0, -1], [-0.5, 0.5], [1.0, 1], 0.0), f, ONE), method)
    risk, gradient = L.value_and_gradient(theta)
    assert risk <= np.finfo(float).eps ** 2
    assert np.abs(gradient).max() <= np.finfo(float).eps


@routes
def test_a_residual_of_one_billionth_keeps_six_digits(method):
    """f = N + 1e-9 x: the residual has relative error about eps / 1e-9, so L and G keep 1e-6."""
    f = PiecewisePolynomial([0, 0.5, 1], [[0.5, -1 + 1e-9], [5e-10, 1 + 1e-9]])
    L, theta = problem((([1.0, -1], [-0.5, 0.5], [1.0, 1], 0.0), f, ONE), method)
    exact = Rational(theta, f, ONE)
    risk, gradient = L.value_and_gradient(theta)
    assert distance(risk, exact.risk) <= 1e-6
    assert distance(gradient, exact.gradient) <= 1e-6


numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                       # zeros and ties do occur
thetas = arrays(float, 3 * 4 + 1, elements=numbers)


@given(thetas)
def test_gradient_satisfies_the_balance_identity(theta):
    """w_j G_{w_j} + b_j G_{b_j} = v_j G_{v_j} for every neuron, degenerate ones included."""
    net = ReLUNetwork(1, 4, 1)
    w, b, v, _ = net.shallow(theta)
    gw, gb, gv, _ = net.shallow(ExactRisk(net, JUMPY, GAP).gradient(theta))
    scale = np.abs(w * gw) + np.abs(b * gb) + np.abs(v * gv) + 1e3          # |theta| <= 3, H = 4: |r| <= 100
    np.testing.assert_array_less(np.abs(w * gw + b * gb - v * gv), 1e-14 * scale)


@given(thetas)
def test_sorted_and_dense_are_the_same_number(theta):
    """Two algorithms, one integral: they share the quadrature but neither the network's values nor the sums."""
    net = ReLUNetwork(1, 4, 1)
    dense = ExactRisk(net, JUMPY, GAP, "dense").value_and_gradient(theta)
    for method in ("sorted", "compiled") if find_spec("numba") else ("sorted",):
        fast = ExactRisk(net, JUMPY, GAP, method).value_and_gradient(theta)
        assert fast[0] == pytest.approx(dense[0], rel=1e-13)
        np.testing.assert_allclose(fast[1], dense[1], atol=1e-13 * (1 + np.abs(dense[1]).max()), rtol=0)


@given(thetas, arrays(float, 4, elements=st.floats(0.1, 10)))
def test_risk_is_invariant_under_positive_rescaling(theta, factors):
    """L(s w, s b, v / s, c) = L(w, b, v, c) for s > 0."""
    net = ReLUNetwork(1, 4, 1)
    L = ExactRisk(net, JUMPY, GAP)
    assert L(net.rescale(theta, factors)) == pytest.approx(L(theta), rel=1e-11, abs=1e-12)


@given(thetas, thetas)
def test_gradient_is_the_derivative_along_a_segment(theta, direction):
    """L(theta + d) - L(theta) = int_0^1 <G(theta + t d), d> dt for every segment: the chain rule holds across kinks too.

    Midpoint rule with 2000 steps: t -> <G, d> is bounded and piecewise smooth here, error <= C / 2000.
    """
    net = ReLUNetwork(1, 4, 1)
    theta = theta + np.linspace(0.011, 0.017, 13)                           # segments through w = b = 0 are not generic
    L, d = ExactRisk(net, JUMPY, GAP), 0.1 * direction
    t = (np.arange(2000) + 0.5) / 2000
    work = (L.gradient(theta + t[:, None] * d) @ d).mean()
    assert L(theta + d) - L(theta) == pytest.approx(work, abs=1e-3 * (1 + np.abs(d) @ np.abs(L.gradient(theta))))


@routes
def test_a_batch_gives_the_bits_of_its_members(method):
    """Splitting or permuting a batch of 1000 networks changes no bit of any risk or gradient."""
    net, rng = ReLUNetwork(1, 8, 1), np.random.default_rng(0)
    L, starts, order = ExactRisk(net, JUMPY, GAP, method), net.random(rng, 1000), rng.permutation(1000)
    risk, gradient = L.value_and_gradient(starts)
    shuffled = L.value_and_gradient(starts[order])
    assert (shuffled[0] == risk[order]).all()
    assert (shuffled[1] == gradient[order]).all()
    for k in (0, 17, 999):
        one = L.value_and_gradient(starts[k])
        assert one[0] == risk[k]
        assert (one[1] == gradient[k]).all()


def test_batched_hessian_and_two_batch_axes_have_the_right_entries():
    """Leading axes are a batch for every output."""
    net = ReLUNetwork(1, 3, 1)
    L, starts = ExactRisk(net, JUMPY, GAP), ReLUNetwork(1, 3, 1).random(np.random.default_rng(1), 6)
    assert L.hessian(starts).shape == (6, 10, 10)
    assert (L.hessian(starts)[4] == L.hessian(starts[4])).all()
    assert (L(starts.reshape(2, 3, 10)) == L(starts).reshape(2, 3)).all()


def test_a_neuron_is_inactive_where_its_preactivation_is_zero():
    """relu'(0) = 0: at w = b = 0 the generalized gradient is 0 in (w, b), though f = 1 pulls."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), ONE)
    assert L([0, 0, 1, 0]) == 1
    np.testing.assert_array_equal(L.gradient([0, 0, 1, 0]), [0, 0, 0, -2])


def test_the_sorted_form_handles_wide_networks_as_well_as_the_dense_one():
    """H = 300, above the switch: 1e-13 between the two routes."""
    net = ReLUNetwork(1, 300, 1)
    theta = net.random(np.random.default_rng(3))
    dense = ExactRisk(net, JUMPY, GAP, "dense").value_and_gradient(theta)
    auto = ExactRisk(net, JUMPY, GAP, "sorted").value_and_gradient(theta)
    assert auto[0] == pytest.approx(dense[0], rel=1e-13)
    np.testing.assert_allclose(auto[1], dense[1], rtol=0, atol=1e-13 * np.abs(dense[1]).max())


def test_without_numba_the_numpy_form_is_taken_and_says_so_when_compiled_is_asked_for():
    """COURSE_LIB_COMPILED=0: "auto" gives dense or sorted, numba is not imported, "compiled" is refused with a remedy."""
    code = (
        "import sys; from course_lib import *; f = PiecewisePolynomial.constant(1, 0, 1)\n"
        "print(*(ExactRisk(ReLUNetwork(1, H, 1), f)._evaluate.__name__ for H in (8, 96)), 'numba' in sys.modules)\n"
        "try: ExactRisk(ReLUNetwork(1, 8, 1), f, method='compiled')\n"
        "except ValueError as error: print(error)"
    )
    env = os.environ | {"COURSE_LIB_COMPILED": "0"}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert out.startswith("dense sorted_sums False\n")
    assert "Without numba choose 'auto'" in out
