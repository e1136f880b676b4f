"""The cards of lecture 02, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
from tests.reference import Rational

NET = ReLUNetwork(1, 3, 1)
F = PiecewisePolynomial([0, 0.4, 1], [[0, 1, -1, 2], [0.5, 0, 1]])
JUMP = PiecewisePolynomial([0, 2**-0.5, 1], [[0], [1]])
CORNER = PiecewisePolynomial([0, 2**-0.5, 1], [[0, 1], [2**-0.5, -1]])
P = PiecewisePolynomial([0, 0.6, 1], [[1, 0.5], [0.3]])
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
THETA = np.array([1.3, -0.8, 0.6, -0.5, 0.6, -0.1, 1.1, 0.9, -2.0, 0.2])          # kinks 0.385, 0.75, 0.167


def gauss(theta, f, p, edges, n):
    """Gauss-Legendre with n nodes on each cell between the edges, for int (N - f)^2 p."""
    t, q = np.polynomial.legendre.leggauss(n)
    left, h = edges[:-1, None], np.diff(edges)[:, None]
    x = left + h * (1 + t) / 2
    r = NET.realization(theta, x.ravel()) - f(x.ravel())
    return float(np.sum(np.broadcast_to(h * q / 2, x.shape).ravel() * r**2 * p(x.ravel())))


def midpoint(f, n):
    x = (np.arange(n) + 0.5) / n
    return np.mean((NET.realization(THETA, x) - f(x)) ** 2)


CELLS = np.unique([*F.breaks, *P.breaks, *NET.kinks(THETA)])


@pytest.mark.theorem("exact-quadrature")
def test_the_stated_number_of_nodes_is_exact_and_one_fewer_is_not():
    """d = 2 * 3 + 1 = 7: four nodes a cell give the rational value, three do not."""
    exact = Rational(THETA, F, P).risk
    assert gauss(THETA, F, P, CELLS, 4) == pytest.approx(float(exact), rel=1e-14)
    assert abs(gauss(THETA, F, P, CELLS, 3) / float(exact) - 1) > 1e-8
    assert ExactRisk(NET, F, P)(THETA) == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.theorem("exact-quadrature", drops="cells")
@pytest.mark.parametrize("missing", [1, 2, 3, 4, 5])
def test_leaving_out_any_single_cell_end_loses_exactness(missing):
    """Three kinks, a break of f and one of p: each is needed, even with ten nodes a cell."""
    edges = np.delete(CELLS, missing)
    assert abs(gauss(THETA, F, P, edges, 10) / ExactRisk(NET, F, P)(THETA) - 1) > 1e-8


@pytest.mark.theorem("exact-quadrature", drops="piecewise polynomial")
def test_no_fixed_rule_is_exact_for_a_target_that_is_not_polynomial():
    """f = exp: the rule of degree 2 * 2 + 0 misses (N - exp)^2 on the same cells."""
    net, t = ReLUNetwork(1, 1, 1), np.polynomial.legendre.leggauss(3)
    x, wide = (1 + t[0]) / 2, PiecewisePolynomial.approximate(np.exp, 0, 1, 1e-14)
    theta = [1.0, 0.0, 1.5, 1.0]                                                  # 1 + 1.5 x, kink on the boundary
    three_nodes = t[1] / 2 @ (net.realization(theta, x) - np.exp(x)) ** 2
    assert abs(three_nodes / ExactRisk(net, wide)(theta) - 1) > 1e-4


@pytest.mark.theorem("monte-carlo-rate")
@pytest.mark.parametrize("n", [50, 800])
def test_sampling_has_the_stated_mean_square_error(n):
    """RMSE = sigma / sqrt n; over 4000 repetitions its relative spread is about 3 %, the bound is four times that."""
    L = ExactRisk(NET, F)(THETA)
    r4 = gauss_fourth_power()
    x = np.random.default_rng(n).uniform(size=(4000, n))
    estimates = ((NET.realization(THETA, x.ravel()) - F(x.ravel())) ** 2).reshape(x.shape).mean(axis=1)
    assert np.sqrt(np.mean((estimates - L) ** 2) * n / (r4 - L * L)) == pytest.approx(1, abs=0.12)


def gauss_fourth_power():
    """int (N - F)^4 on the cells of N and F: degree 12, seven nodes."""
    t, q = np.polynomial.legendre.leggauss(7)
    edges = np.unique([*F.breaks, *NET.kinks(THETA)])
    x = edges[:-1, None] + np.diff(edges)[:, None] * (1 + t) / 2
    r = (NET.realization(THETA, x.ravel()) - F(x.ravel())).reshape(x.shape)
    return np.sum(np.diff(edges)[:, None] * q / 2 * r**4)


@pytest.mark.theorem("monte-carlo-rate", drops="sampled from p")
def test_sampling_from_another_density_leaves_a_floor():
    """p = 2 x, sampled uniformly: a million points stay at a distance that no n removes."""
    slope = PiecewisePolynomial.polynomial([0, 2], 0, 1)
    wanted, floor = ExactRisk(NET, F, slope)(THETA), abs(ExactRisk(NET, F, slope)(THETA) - ExactRisk(NET, F)(THETA))
    x = np.random.default_rng(0).uniform(size=1_000_000)
    assert abs(np.mean((NET.realization(THETA, x) - F(x)) ** 2) - wanted) == pytest.approx(floor, rel=0.05)
    assert floor > 0.1 * wanted


def worst_errors(f):
    """max |midpoint(m) - L| over m = n..n+19, for four n: the order is that of the worst position of the corner."""
    L = ExactRisk(NET, f)(THETA)
    return [max(abs(midpoint(f, m) - L) for m in range(n, n + 20)) for n in (100, 400, 1600, 6400)]


@pytest.mark.theorem("grid-rate")
def test_the_midpoint_rule_has_order_two_for_a_continuous_target():
    """Slope -2 +- 0.1 in log error against log n, corners of N and f included."""
    slope = np.polyfit(np.log([100, 400, 1600, 6400]), np.log(worst_errors(CORNER)), 1)[0]
    assert slope == pytest.approx(-2, abs=0.1)


@pytest.mark.theorem("grid-rate", drops="continuous target")
def test_the_midpoint_rule_has_order_one_for_a_target_with_a_jump():
    """Slope -1 +- 0.1: one cell of length 1/n is wrong by O(1)."""
    slope = np.polyfit(np.log([100, 400, 1600, 6400]), np.log(worst_errors(JUMP)), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


@pytest.mark.theorem("target-perturbation")
@pytest.mark.parametrize("delta", [1e-2, 1e-5, 1e-8])
def test_root_risks_differ_by_at_most_delta_root_mass(delta):
    """|sqrt L_f - sqrt L_g| <= delta sqrt P for random networks; attained to rounding by N = g = 0, f = delta."""
    near = PiecewisePolynomial(F.breaks, F.coefficients + np.array([[delta], [-delta]]) * np.eye(1, 4))
    thetas = np.vstack([NET.random(np.random.default_rng(1), 200), THETA])
    moved = np.abs(np.sqrt(ExactRisk(NET, F, P)(thetas)) - np.sqrt(ExactRisk(NET, near, P)(thetas)))
    mass = ExactRisk(NET, ONE, P)(np.zeros(NET.size))
    assert np.all(moved <= delta * np.sqrt(mass) * (1 + 1e-12) + 1e-14)
    f, g = (PiecewisePolynomial([0, 1], [[value]]) for value in (delta, 0.0))
    zero = np.zeros(NET.size)
    sharp = np.sqrt(ExactRisk(NET, f, P)(zero)) - np.sqrt(ExactRisk(NET, g, P)(zero))
    assert sharp == pytest.approx(delta * np.sqrt(mass), rel=1e-12)


@pytest.mark.theorem("target-perturbation", drops="maximum norm")
@pytest.mark.parametrize("n", [4, 64, 1024])
def test_closeness_in_the_mean_does_not_bound_the_change_of_the_risk(n):
    """A spike of height sqrt n and width 1/n: mean distance n^(-1/2), root risk moved by 1."""
    spike = PiecewisePolynomial([0, 0.5, 0.5 + 1 / n, 1], [[0], [np.sqrt(n)], [0]])
    assert np.sqrt(ExactRisk(NET, spike)(np.zeros(NET.size))) == pytest.approx(1, abs=1e-12)
