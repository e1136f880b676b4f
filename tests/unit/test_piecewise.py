"""Piecewise polynomials: the definition, its conventions, approximation with its stated error, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PPoly

from course_lib import PiecewisePolynomial
from course_lib.piecewise import EPS

F = PiecewisePolynomial([0, 0.5, 1], [[0, 0, 1], [0.75, -1]])
coefficient = st.floats(-5, 5)
functions = st.lists(st.lists(coefficient, min_size=1, max_size=4), min_size=1, max_size=4).map(
    lambda rows: PiecewisePolynomial(np.linspace(-1, 2, len(rows) + 1), rows)
)


@given(functions, st.floats(-1, 2))
def test_values_agree_with_scipy(f, x):
    """scipy.interpolate.PPoly is the slow independent reference; it takes the right piece at a breakpoint, too."""
    reference = PPoly(f.coefficients[:, ::-1].T, f.breaks)
    assert f(x) == pytest.approx(float(reference(x)), abs=1e3 * EPS)


def test_value_at_a_breakpoint_is_the_right_piece_and_at_the_end_the_last():
    """f(t_k) = f(t_k +), f(b) = the last piece's value."""
    np.testing.assert_array_equal(F([0, 0.5, 1]), [0, 0.75, 0.25])


@given(functions, st.lists(st.floats(-1, 2), max_size=3))
def test_refining_changes_no_value(f, extra):
    """The Taylor shift is an identity; rounding stays below 1e3 eps on coefficients <= 5 and pieces <= 3."""
    finer = f.refine(np.unique([*f.breaks, *extra]))
    x = np.linspace(-1, 2, 31)
    np.testing.assert_allclose(finer(x), f(x), atol=1e3 * EPS * 5)


@pytest.mark.parametrize(("a", "b"), [(0, 1), (-1, 1), (1000, 1001)])
def test_global_powers_become_local_ones(a, b):
    """x^2 - 3x + 1 in powers of x - a."""
    f, x = PiecewisePolynomial.polynomial([1, -3, 1], a, b), np.linspace(a, b, 7)
    np.testing.assert_allclose(f(x), x**2 - 3 * x + 1, rtol=1e-14, atol=1e-14 * b * b)


def test_a_constant_keeps_the_shape_of_x():
    """Degree 0 broadcasts as any other polynomial."""
    assert PiecewisePolynomial.constant(2.5, 0, 1)(np.zeros((2, 3))).shape == (2, 3)


def test_stacked_functions_are_the_components():
    """stack([f, g])(x) = (f(x), g(x))."""
    G = PiecewisePolynomial([0, 0.25, 1], [[1], [2, 0, 0, 1]])
    x = np.linspace(0, 1, 9)
    np.testing.assert_allclose(PiecewisePolynomial.stack([F, G])(x), np.stack([F(x), G(x)], axis=-1), atol=4 * EPS)


def test_degree_ignores_padded_zeros():
    """The quadrature order follows the true degree."""
    assert PiecewisePolynomial([0, 1], [[1, 0, 0]]).degree == 0
    assert F.degree == 2


def test_minimum_finds_an_interior_dip():
    """(x - 0.3)^2 - 0.01 dips below zero between its positive ends."""
    x, value = PiecewisePolynomial.polynomial([0.08, -0.6, 1], 0, 1).minimum()
    assert x == pytest.approx(0.3)
    assert value == pytest.approx(-0.01)


@pytest.mark.parametrize("function", [np.exp, lambda x: np.sin(20 * x), lambda x: np.sqrt(x + 0.01)])
def test_approximation_is_as_close_as_its_estimate_says(function):
    """On a grid unrelated to the construction the distance is within a factor 2 of the estimate, itself <= 1e-10."""
    f = PiecewisePolynomial.approximate(function, 0, 1, 1e-10)
    x = np.random.default_rng(0).uniform(0, 1, 20_000)
    assert f.error_estimate <= 1e-10
    assert np.max(np.abs(f(x) - function(x))) <= 2 * f.error_estimate
    assert f.error_bound is None


def test_a_derivative_bound_proves_the_error():
    """|exp^(6)| <= e on [0, 1]: the observed error stays below the proven bound, the bound below the tolerance."""
    f = PiecewisePolynomial.approximate(np.exp, 0, 1, 1e-9, derivative_bound=(6, np.e))
    x = np.linspace(0, 1, 20_001)
    assert np.max(np.abs(f(x) - np.exp(x))) <= f.error_bound <= 1e-9


def test_a_lipschitz_function_is_approximated_from_its_lipschitz_constant():
    """order 1: pieces of length h, constants at midpoints, |f - g| <= Lip h / 2, attained by slope Lip."""
    f = PiecewisePolynomial.approximate(lambda x: np.abs(x - 1 / 3), 0, 1, 1e-2, derivative_bound=(1, 1))
    x = np.linspace(0, 1, 10_001)
    worst = np.max(np.abs(f(x) - np.abs(x - 1 / 3)))
    assert 0.9e-2 <= worst <= f.error_bound + 4 * EPS
    assert f.error_bound <= 1e-2 * (1 + 8 * EPS)


def test_named_corners_make_a_kink_cheap():
    """|x - 1/3| is polynomial on both sides of its corner: two pieces."""
    assert len(PiecewisePolynomial.approximate(lambda x: np.abs(x - 1 / 3), 0, 1, 1e-12, breaks=[1 / 3]).breaks) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PiecewisePolynomial([0, 0.5, 0.5, 1], [[1]] * 3), r"breaks\[1\] = 0.5 >= breaks\[2\] = 0.5.*For a jump"),
        (lambda: PiecewisePolynomial([0], []), r"at least two finite numbers, got \[0.0\]"),
        (lambda: PiecewisePolynomial([0, np.inf], [[1]]), "finite"),
        (lambda: PiecewisePolynomial([0, 1], [[1], [2]]), "make 1 pieces, but 2 lists came"),
        (lambda: PiecewisePolynomial([0, 1], [[1, np.nan]]), r"coefficients\[0\] must hold finite numbers.*nan"),
        (lambda: F(1.5), r"domain \[0, 1\], but 1.5 came"),
        (lambda: F.refine([0, 1]), "0.5 is missing"),
        (lambda: PiecewisePolynomial.stack([F, PiecewisePolynomial.constant(1, 0, 2)]), "on one interval"),
        (lambda: PiecewisePolynomial.approximate(np.exp, 0, 1, 0), "tolerance must be positive, got 0"),
        (lambda: PiecewisePolynomial.approximate(lambda x: np.sign(x - 0.3), 0, 1, 1e-6), "Name jumps and corners"),
        (lambda: PiecewisePolynomial.approximate(np.abs, -1, 1, 1e-9, derivative_bound=(1, 1)), "would need .* pieces"),
        (lambda: PiecewisePolynomial.approximate(np.abs, -1, 1, 1e-9, derivative_bound=(0, 1)), "order >= 1"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_function_cannot_be_changed_after_construction():
    """Arrays are read-only copies."""
    breaks = np.array([0.0, 1.0])
    f = PiecewisePolynomial(breaks, [[1.0]])
    breaks[1] = 7
    assert f.domain == (0, 1)
    with pytest.raises(ValueError, match="read-only"):
        f.coefficients[0, 0] = 3


# ---------------------------------------------------------------- integral and samples
SQUARE_THEN_LINE = PiecewisePolynomial([0, 0.5, 2], [[0, 0, 1], [0.75, -1]])


@pytest.mark.parametrize("f", [SQUARE_THEN_LINE, PiecewisePolynomial.constant(3.0, -1, 1)])
def test_the_integral_is_that_of_gauss_quadrature_on_the_pieces(f):
    """Degree <= 2: two nodes a piece are exact."""
    t, q = np.polynomial.legendre.leggauss(2)
    h = np.diff(f.breaks)[:, None]
    assert f.integral() == pytest.approx(float((h / 2 * q * f(f.breaks[:-1, None] + h * (1 + t) / 2)).sum()), rel=1e-15)


def test_the_integral_of_a_stack_is_the_stack_of_integrals():
    f, g = PiecewisePolynomial.polynomial([0, 1], 0, 1), PiecewisePolynomial([0, 0.5, 1], [[1], [3]])
    np.testing.assert_allclose(PiecewisePolynomial.stack([f, g]).integral(), [0.5, 2.0], rtol=1e-15)


def test_samples_follow_the_distribution_function():
    """sup |F_n - F| < 1.95 / sqrt n (Kolmogorov, chance 1e-3) for p with a hole, a slope and a jump; none in the hole."""
    p = PiecewisePolynomial([0, 1, 2, 3], [[0, 0, 3], [0], [2, -2]])           # masses 1, 0, 1
    x = np.sort(p.sample(10_000, np.random.default_rng(4)))
    F = np.where(x < 1, x**3 / 2, 0.5 + (2 * (x - 2) - (x - 2) ** 2) / 2)
    assert np.abs(F - (np.arange(10_000) + 0.5) / 10_000).max() < 1.95 / 100
    assert not ((x > 1) & (x < 2)).any()
    assert x.max() <= 3


def test_samples_have_the_shape_asked_for_and_a_seed_repeats_them():
    """Rows come one after the other: more of them begin with the same ones."""
    p = PiecewisePolynomial.polynomial([1, 1], 0, 2)
    x = p.sample((7, 3), np.random.default_rng(0))
    assert x.shape == (7, 3)
    assert (p.sample((9, 3), np.random.default_rng(0))[:7] == x).all()
    assert p.sample((), np.random.default_rng(0)).shape == ()


@pytest.mark.parametrize("coefficients", [[[-1.0, 1.0]], [[0.0]]])
def test_only_densities_can_be_sampled(coefficients):
    """Negative somewhere, or zero everywhere."""
    with pytest.raises(ValueError, match="sample needs a scalar f >= 0 that is not 0 everywhere"):
        PiecewisePolynomial([0, 2], coefficients).sample(3, np.random.default_rng(0))


def test_vectors_are_no_density():
    f = PiecewisePolynomial.constant(1.0, 0, 1)
    with pytest.raises(ValueError, match=r"got 2 output\(s\) and minimum undefined"):
        PiecewisePolynomial.stack([f, f]).sample(3, np.random.default_rng(0))
