"""Free knots: both dynamic programmes against brute force; R(t) and its derivatives against quadrature and differences."""

from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import PiecewisePolynomial
from course_lib.free_knots import Moments, Partitions, Splines, descend, exact_fit, fit, lower_bound, polish
from course_lib.integration.interval import Problem

EPS = np.finfo(float).eps
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
GAP = PiecewisePolynomial([0, 0.5, 0.75, 1], [[1, 0.5], [0], [0.25, 1, 1]])              # zero on a piece
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
PARABOLA = Problem.of(SQUARE, ONE)
GRID = np.array([0, 0.1, 0.3, 0.35, 0.6, 0.8, 1.0])


def affine_cost(f, p, left, right):
    """min over affine g of int_left^right (g - f)^2 p: weighted least squares at 2000 x 8 Gauss points; slow and obvious."""
    x, w = np.polynomial.legendre.leggauss(8)
    edges = np.union1d(np.linspace(left, right, 2001), [t for t in np.r_[f.breaks, p.breaks] if left < t < right])
    h = np.diff(edges)[:, None]
    s = (edges[:-1, None] + h * (x + 1) / 2).ravel()
    root = np.sqrt((h * w / 2).ravel() * p(s))
    A = root[:, None] * np.stack([np.ones_like(s), s - left], axis=1)
    r = A @ np.linalg.lstsq(A, root * f(s), rcond=None)[0] - root * f(s)
    return r @ r


# ---------------------------------------------------------------- affine pieces that may jump
def test_the_cost_of_the_best_line_for_x_squared_is_h_to_the_fifth_over_180():
    """cost[i, k] = (x_k - x_i)^5 / 180 for every run of cells, the runs of no cell included."""
    h = np.maximum(GRID[None, :] - GRID[:, None], 0.0)
    cost = Partitions.of(PARABOLA, GRID).cost
    np.testing.assert_allclose(np.triu(cost), np.triu(h**5 / 180), rtol=1e-12, atol=EPS**2)
    assert np.isinf(cost[np.tril_indices(len(GRID), -1)]).all()


@pytest.mark.parametrize("p", [ONE, GAP], ids=["p = 1", "p with a hole"])
def test_costs_agree_with_least_squares(p):
    """Jumps inside cells, a density that vanishes on cells: 1e-10 relative, or 1e-20 where the cost is 0."""
    grid = np.array([0, 0.2, 0.4, 0.55, 0.7, 1])
    cost = Partitions.of(Problem.of(JUMPY, p), grid).cost
    for i, k in ((0, 1), (0, 2), (1, 4), (0, 5), (3, 4), (2, 5)):
        assert cost[i, k] == pytest.approx(affine_cost(JUMPY, p, grid[i], grid[k]), rel=1e-10, abs=1e-20)


@pytest.mark.parametrize("knots", [1, 2, 3, 4])
def test_both_programmes_agree_with_all_choices_tried(knots):
    """best: min over grid knots of the sum of costs. charged: the same with the cells of the knots left out."""
    partitions, n = Partitions.of(Problem.of(JUMPY, GAP), GRID), len(GRID) - 1
    cost = partitions.cost
    on_grid = [cost[(0, *c), (*c, n)].sum() for c in combinations_with_replacement(range(n + 1), knots)]
    value, chosen = partitions.best(knots)
    assert value == pytest.approx(min(on_grid), rel=1e-12)
    index = np.searchsorted(GRID, chosen)
    assert cost[np.r_[0, index], np.r_[index, n]].sum() == pytest.approx(value, rel=1e-12)
    free = {c: cost[0, c[0]] + sum(cost[i + 1, max(i + 1, j)] for i, j in pairwise(c)) + cost[c[-1] + 1, n]
            for c in combinations_with_replacement(range(n), knots)}
    through = [min(value for c, value in free.items() if cell in c) for cell in range(n)]
    np.testing.assert_allclose(partitions.charged(knots), through, rtol=1e-12, atol=EPS**2)


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2), st.sampled_from([5, 12, 40]))
@settings(max_examples=25, deadline=None)
def test_charged_cells_bound_every_pair_of_knots_from_below(knots, cells):
    """min charged <= sum of the costs of the pieces between any knots, on any grid: h^5 / 180 for x^2."""
    ends = np.r_[0, np.sort(knots), 1]
    truth = np.sum(np.diff(ends) ** 5) / 180
    partitions = Partitions.of(PARABOLA, np.linspace(0, 1, cells + 1))
    assert partitions.charged(2).min() <= truth * (1 + 1e-12)


def test_several_knots_may_share_a_cell():
    """Three knots, two cells: whatever they are, a knot lies in each cell and nothing is charged."""
    np.testing.assert_array_equal(Partitions.of(PARABOLA, np.array([0, 0.5, 1])).charged(3), [0, 0])


def test_the_programme_that_charges_every_cell_is_no_lower_bound():
    """x^2, one knot, three cells: knots on the grid cost more than the knot 1/2, so `best` alone would prove too much."""
    partitions, truth = Partitions.of(PARABOLA, np.linspace(0, 1, 4)), 2 * 0.5**5 / 180
    assert partitions.best(1)[0] > 1.5 * truth
    assert partitions.charged(1).min() < truth


@pytest.mark.parametrize("knots", [1, 2, 4, 8])
def test_the_lower_bound_comes_close_to_the_best_pieces(knots):
    """x^2: K knots cost 1/(180 (K+1)^4) at least, equal pieces; the bound is below, by 1 % (3 % where 1024 cells end it)."""
    bound = lower_bound(PARABOLA, knots, Partitions.of(PARABOLA, np.linspace(0, 1, 33)))
    truth = 1 / (180 * (knots + 1) ** 4)
    assert (0.97 if knots == 8 else 0.99) * truth <= bound <= truth


def test_the_lower_bound_of_a_target_made_of_pieces_is_zero_despite_rounding():
    """f affine on three pieces, breaks off the grid: two knots fit exactly, so a true bound is 0."""
    f = PiecewisePolynomial([0, 1 / 3, 0.7, 1], [[0.1, 1.7], [np.pi, -0.3], [1 / 7]])
    problem = Problem.of(f, ONE)
    assert lower_bound(problem, 2, Partitions.of(problem, np.linspace(0, 1, 33))) == 0


# ---------------------------------------------------------------- affine pieces whose kinks move
FAMILIES = {
    "free slope": ([], True),
    "pattern": ([], False),
    "one jump, free slope": ([0.25], True),
    "one jump, pattern": ([0.25], False),
    "two jumps": ([0.25, 0.5], True),
}
families = pytest.mark.parametrize(("jumps", "free"), FAMILIES.values(), ids=FAMILIES)
PROBLEM = Problem.of(JUMPY, GAP)
MOMENTS = Moments.of(PROBLEM)


def splines(jumps, free, B=1, K=3, seed=0):
    """B random splines with K kinks."""
    rng = np.random.default_rng(seed)
    left = (rng.random((B, len(jumps) + K)) < 0.5) & (not free)
    return Splines(np.sort(rng.uniform(0.05, 0.95, (B, K)), axis=1), left, np.array(jumps), free)


@families
def test_moments_and_quadrature_give_one_fit(jumps, free):
    """R from closed moments and from the residual at Gauss nodes: equal up to eps times int f^2 p and the conditioning."""
    one = splines(jumps, free)
    assert fit(MOMENTS, one).risk[0] == pytest.approx(exact_fit(PROBLEM, MOMENTS, one).risk[0], rel=1e-8)


@families
def test_the_fit_is_a_spline_of_the_family(jumps, free):
    """The coefficients satisfy slope at a = - sum of the left-facing changes, and have steps at the jumps only."""
    one = splines(jumps, free, seed=1)
    steps, ramps = np.split(fit(MOMENTS, one).coefficients[0], 2)
    assert (steps[1 + len(jumps) :] == 0).all()
    assert free or ramps[0] == pytest.approx(-ramps[1:] @ one.left[0], abs=1e-13 * np.abs(ramps).max())


@families
def test_the_fit_is_the_best_of_its_family(jumps, free):
    """The residual is orthogonal to the family: int (N - f) phi p = 0 for every phi = Z e_i."""
    one = splines(jumps, free, seed=2)
    x, weights = np.polynomial.legendre.leggauss(6)
    edges = np.union1d(PROBLEM.ends, np.r_[one.t[0], 0.25])
    s = (edges[:-1, None] + np.diff(edges)[:, None] * (x + 1) / 2).ravel()
    phi = np.concatenate([s[:, None] > one.positions[0], np.maximum(s[:, None] - one.positions[0], 0)], axis=1)
    r = phi @ exact_fit(PROBLEM, MOMENTS, one).coefficients[0] - JUMPY(s)
    weight = (np.diff(edges)[:, None] * weights / 2).ravel() * GAP(s)
    np.testing.assert_allclose((weight * r) @ phi @ one.basis[0], 0, atol=1e-13)


@families
def test_gradient_and_hessian_are_derivatives(jumps, free):
    """2 gradient = R', 2 hessian = R'': central differences with step 1e-5, error O(h^2) + eps / h."""
    one, h = splines(jumps, free, seed=3), 1e-5
    here = fit(MOMENTS, one)
    ends = [[fit(MOMENTS, Splines(one.t + sign * h * e, one.left, one.jumps, free)) for sign in (1, -1)] for e in np.eye(3)]
    slope = np.array([(up.risk - down.risk)[0] / (4 * h) for up, down in ends])
    curvature = np.array([(up.gradient - down.gradient)[0] / (2 * h) for up, down in ends])
    np.testing.assert_allclose(here.gradient[0], slope, atol=1e-9)
    np.testing.assert_allclose(here.hessian[0], curvature, atol=1e-7 * np.abs(curvature).max() + 1e-8)
    np.testing.assert_allclose(exact_fit(PROBLEM, MOMENTS, one).gradient, here.gradient, atol=1e-12)


@given(arrays(float, (5, 3), elements=st.floats(0.02, 0.98), unique=True), st.booleans())
@settings(max_examples=20, deadline=None)
def test_descent_never_raises_the_risk_and_keeps_the_order(t, free):
    """R(after) <= R(before) for every member, 0 < t_1 < ... < t_K < 1."""
    t = 0.99 * np.sort(t, axis=1) + 0.01 * np.array([0.25, 0.5, 0.75])
    start = Splines(t, np.zeros((5, 3), dtype=bool), np.zeros(0), free)
    end, risk = descend(MOMENTS, start, 6)
    assert (risk <= fit(MOMENTS, start).risk).all()
    assert (np.diff(np.concatenate([np.zeros((5, 1)), end.t, np.ones((5, 1))], axis=1)) > 0).all()


def test_a_batch_gives_the_fits_of_its_members():
    """fit of five splines = five fits, up to rounding."""
    many = splines([0.25], False, B=5)
    together = fit(MOMENTS, many)
    for k in range(5):
        alone = fit(MOMENTS, many[k : k + 1])
        assert together.risk[k] == pytest.approx(alone.risk[0], rel=1e-12)
        np.testing.assert_allclose(together.hessian[k], alone.hessian[0], atol=1e-12)


def test_newton_ends_where_the_derivative_vanishes_quadratically_fast():
    """x^2, three right-facing kinks: from 2 % off to the known optimum (2j - 1)/7, R = 4/(45 7^4), in one polish."""
    goal = np.array([[1, 3, 5]]) / 7
    start = Splines(goal + 0.02 * np.array([[1, -1, 1]]), np.zeros((1, 3), dtype=bool), np.zeros(0), False)
    end, there = polish(PARABOLA, Moments.of(PARABOLA), start)
    np.testing.assert_allclose(end.t, goal, atol=1e-12)
    assert there.risk[0] == pytest.approx(4 / (45 * 7**4), rel=1e-13)


def test_kinks_where_the_density_vanishes_do_no_harm():
    """Two kinks in the hole (1/2, 3/4) of p, a third one beyond: finite values, and the risk of quadrature."""
    one = Splines(np.array([[0.55, 0.6, 0.9]]), np.zeros((1, 3), dtype=bool), np.zeros(0), True)
    here = fit(MOMENTS, one)
    assert all(np.isfinite(x).all() for x in (here.risk, here.gradient, here.hessian))
    assert here.risk[0] == pytest.approx(exact_fit(PROBLEM, MOMENTS, one).risk[0], rel=1e-6)


@pytest.mark.parametrize("width", 10.0 ** -np.arange(2, 14))
def test_kinks_that_run_together_never_look_better_than_they_are(width):
    """f = 1_{x > 1/2}, kinks 1/2 -+ d/2: R = (1 + O(d)) d/12 exactly; from moments R may come out larger, not smaller."""
    problem = Problem.of(STEP, ONE)
    ramp = Splines(np.array([[0.5 - width / 2, 0.5 + width / 2]]), np.zeros((1, 2), dtype=bool), np.zeros(0), False)
    assert fit(Moments.of(problem), ramp).risk[0] >= (1 - width) * width / 12
