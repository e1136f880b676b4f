"""The cards of lecture 06, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from course_lib import (
    ExactRisk,
    PiecewisePolynomial,
    QuadratureRisk,
    ReLUNetwork,
    global_minimum,
    gradient_descent,
    gradient_flow,
)
from course_lib.landscapes import critical_point
from course_lib.theorems import card
from course_lib.theorems.landscape import affine_target, parabola, uniform_density, unit_interval

SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
IDENTITY = PiecewisePolynomial.polynomial([0, 1], 0, 1)
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
FAMILY_LEVEL = 9 / 4 * np.log(7) - 783 / 343
SOLVER = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 300}


def affine(alpha, beta, a, b):
    return PiecewisePolynomial.polynomial([beta, alpha], a, b)


def zigzag(n, H, alpha=1.0, beta=0.0, a=0.0, b=1.0):
    """The zigzag with n kinks for alpha x + beta on [a, b]; H - n neurons are strictly dead."""
    w, spare = np.where(np.arange(n) % 2 == 0, 1.0, -1.0), np.ones(H - n)
    q = a + (b - a) * np.arange(1, n + 1) / (n + 1)
    c = alpha * (a + b) / 2 + beta
    return np.concatenate([w, spare, -w * q, -(1 + abs(b)) * spare, 2 * alpha / (n + 1) * w, spare, [c]])


def solve(L, start):
    """(theta, max |G|) after a search for G = 0 that does not look at the risk."""
    end = least_squares(L.gradient, start, L.hessian, **SOLVER)
    return end.x, np.abs(end.fun).max()


# -------------------------------------------------------------------- affine targets
@pytest.mark.theorem("affine-target-classification")
@pytest.mark.parametrize(("alpha", "beta", "a", "b"), [(1, 0, 0, 1), (-2, 3, -1, 2), (3, -1, 0, 2)])
@pytest.mark.parametrize("n", [0, 2, 4, 6])
def test_each_level_of_the_card_is_attained(n, alpha, beta, a, b):
    """L = alpha^2 l^3 / (12 (n + 1)^4) and G = 0 up to rounding; local minimum for n = 0, saddle for n >= 2."""
    L = ExactRisk(ReLUNetwork(1, 7, 1), affine(alpha, beta, a, b))
    theta = zigzag(n, 7, alpha, beta, a, b)
    assert L(theta) == pytest.approx(alpha**2 * (b - a) ** 3 / (12 * (n + 1) ** 4), rel=1e-12)
    assert np.abs(L.gradient(theta)).max() < 1e-13
    assert critical_point(L, theta).verdict == ("saddle" if n else "local minimum up to symmetries")


@pytest.mark.theorem("affine-target-classification")
@pytest.mark.parametrize("n", [0, 2, 4])
def test_a_search_for_critical_points_finds_no_other_level(n):
    """Solutions of |G| < 1e-12 near zigzags with H = 4 have risk 0, 1/7500, 1/972 or 1/12, and at least six are found."""
    L, rng = ExactRisk(ReLUNetwork(1, 4, 1), IDENTITY), np.random.default_rng(n)
    ends = [solve(L, zigzag(n, 4) + 0.05 * rng.standard_normal(13)) for _ in range(12)]
    found = np.array([L(theta) for theta, norm in ends if norm < 1e-12])
    assert len(found) >= 6
    assert np.abs(found[:, None] - [0, 1 / 7500, 1 / 972, 1 / 12]).min(axis=1).max() < 1e-10


@pytest.mark.theorem("affine-target-classification")
@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_zigzag_is_the_highest_point_of_its_path(m):
    """L = (1/12) ((m + 1) / x + m / y)^-2 with (m + 1) x + m y = 1 for f(x) = x: below the level except at y = x."""
    L, level = ExactRisk(ReLUNetwork(1, 2 * m, 1), IDENTITY), 1 / (12 * (2 * m + 1) ** 4)
    for y in np.linspace(0.02, 0.98, 25) / m:
        x = (1 - m * y) / (m + 1)
        w, q = np.tile([1.0, -1.0], m), np.cumsum(np.tile([x, y], m))
        theta = np.concatenate([w, -w * q, (x + y) / (m * x + (m + 1) * y) * w, [0.5]])
        assert L(theta) == pytest.approx(1 / (12 * ((m + 1) / x + m / y) ** 2), rel=1e-9)
        assert L(theta) < level


@pytest.mark.theorem("affine-target-classification", drops="affine target")
def test_for_a_parabola_one_kink_is_critical_and_a_live_neuron_idles_in_a_local_minimum():
    """x^2, H = 2: a local minimum with one live kink, an odd number, and positive risk above the infimum."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), SQUARE)
    found = critical_point(L, [1, 1, -1 / 3, -2, 4 / 3, 1, 1 / 27])
    assert found.verdict == "local minimum up to symmetries"
    assert found.risk == pytest.approx(4 / 3645, rel=1e-12)
    assert global_minimum(SQUARE, ONE, neurons=2).risk < 0.2 * found.risk


@pytest.mark.theorem("affine-target-classification", drops="uniform density")
def test_for_another_density_the_levels_have_another_ratio():
    """p = 2 x: the two-kink saddle is 16 % above 1/81 of the flat level 1/18."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), IDENTITY, PiecewisePolynomial.polynomial([0, 2], 0, 1))
    theta, norm = solve(L, zigzag(2, 2))
    assert norm < 1e-14
    flat = zigzag(0, 2)
    flat[-1] = 2 / 3
    assert L(flat) == pytest.approx(1 / 18, rel=1e-12)
    assert L(theta) * 18 * 81 == pytest.approx(1.1613, abs=1e-3)


# -------------------------------------------------------------------- the clock
def half_times(L, saddle, u, distances):
    """The times at which flows from saddle + d u have half the risk of the saddle."""
    level, times = L(saddle) / 2, []
    for d in distances:
        flow = gradient_flow(L, saddle + d * u, t_end=3000, rtol=1e-10, atol=1e-13)
        assert flow.risk < level
        times.append(np.interp(-level, -flow.risks, flow.times))
    return np.array(times)


@pytest.mark.theorem("escape-clock")
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("n", "factor"), [(2, 1), (2, 2), (4, 0.5)])
def test_a_start_a_hundred_times_closer_is_delayed_by_log_100_over_lambda(n, factor, sign):
    """T(d / 100) - T(d) = ln(100) / lambda up to O(d), relative, here 2 % at d = 1e-3; the clock of a rescaling is its own."""
    L = ExactRisk(ReLUNetwork(1, n, 1), IDENTITY)
    saddle = L.network.rescale(zigzag(n, n), [factor] * n)
    values, vectors = np.linalg.eigh(L.hessian(saddle))
    delay = np.diff(half_times(L, saddle, sign * vectors[:, 0], [1e-3, 1e-5]))
    assert delay == pytest.approx(np.log(100) / -values[0], rel=0.02)


@pytest.mark.theorem("escape-clock", drops="twice differentiable")
def test_at_a_degenerate_neuron_a_closer_start_costs_nothing():
    """w = b = 0, v = 1, c = 1/2 for f(x) = x: critical, but T(d) converges as d -> 0."""
    L, corner = ExactRisk(ReLUNetwork(1, 1, 1), IDENTITY), np.array([0, 0, 1, 0.5])
    assert np.abs(L.gradient(corner)).max() < 1e-15
    times = half_times(L, corner, np.array([1.0, 0, 0, 0]), [1e-3, 1e-5, 1e-6])
    assert np.abs(np.diff(times)).max() < 0.02 < 0.01 * times[0]


# -------------------------------------------------------------------- dead neurons
def rung(k, H, dead=-2.0):
    """The local minimum with k live neurons for x^2 on [0, 1]; the others have w = 1, b = dead, v = 1."""
    h, q, spare = 2 / (2 * k + 1), (2 * np.arange(1, k + 1) - 1) / (2 * k + 1), np.ones(H - k)
    return np.concatenate([np.ones(H), -q, dead * spare, np.full(k, 2 * h), spare, [h * h / 12]])


@pytest.mark.theorem("hierarchy-of-local-minima")
@pytest.mark.parametrize("k", range(6))
def test_every_rung_of_the_ladder_is_a_local_minimum_of_the_stated_risk(k):
    """4 / (45 (2 k + 1)^4); no Hessian eigenvalue is negative, and 500 perturbations do not lower the risk."""
    L, theta = ExactRisk(ReLUNetwork(1, 5, 1), SQUARE), rung(k, 5)
    assert L(theta) == pytest.approx(4 / (45 * (2 * k + 1) ** 4), rel=1e-11)
    assert critical_point(L, theta).verdict == "local minimum up to symmetries"
    nearby = theta + 1e-2 * np.random.default_rng(k).standard_normal((500, 16))
    assert np.all(L(nearby) > L(theta))


@pytest.mark.theorem("hierarchy-of-local-minima", drops="strictly dead")
@pytest.mark.parametrize("k", [0, 1, 2])
def test_an_idle_neuron_that_is_not_dead_lets_the_risk_fall(k):
    """The same function with kink 1/2, v = 0 in place of a dead neuron: G is not 0, and one small step lowers the risk."""
    L, theta = ExactRisk(ReLUNetwork(1, 3, 1), SQUARE), rung(k, 3)
    theta[[3 + k, 6 + k]] = -0.5, 0.0
    assert L(theta) == pytest.approx(L(rung(k, 3)), rel=1e-12)
    assert L(theta - 1e-2 * L.gradient(theta)) < L(theta) * (1 - 1e-8)


@pytest.mark.theorem("hierarchy-of-local-minima", drops="parabola")
def test_for_another_target_the_same_parameters_are_not_critical():
    """f(x) = x^3."""
    L = ExactRisk(ReLUNetwork(1, 3, 1), PiecewisePolynomial.polynomial([0, 0, 0, 1], 0, 1))
    assert all(np.abs(L.gradient(rung(k, 3))).max() > 1e-2 for k in range(3))


@pytest.mark.theorem("dead-neuron-probability")
@pytest.mark.parametrize("H", [1, 4])
def test_the_share_of_starts_with_a_dead_neuron(H):
    """1 - (5/8)^H within four standard deviations, 10^5 starts."""
    net = ReLUNetwork(1, H, 1)
    share = net.dead(net.random(np.random.default_rng(H), 100_000), 0, 1).any(axis=1).mean()
    wanted = 1 - (5 / 8) ** H
    assert abs(share - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / 1e5)


@pytest.mark.theorem("dead-neuron-probability")
def test_a_start_with_a_dead_neuron_never_beats_the_best_network_with_one_neuron_fewer():
    """x^2, H = 2, 300 starts: risks stay above m_1 = 4/3645 > m_2, and others get below it."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), SQUARE)
    starts = L.network.random(np.random.default_rng(7), 300)
    with_dead = L.network.dead(starts, 0, 1).any(axis=1)
    end = gradient_descent(L, starts, learning_rate=0.1, steps=1000, record=1000)
    assert end.risk[with_dead].min() > 4 / 3645 - 1e-15
    assert end.risk[~with_dead].min() < 0.5 * 4 / 3645
    assert global_minimum(SQUARE, ONE, neurons=1).risk == pytest.approx(4 / 3645, rel=1e-9)


@pytest.mark.theorem("dead-neuron-probability", drops="normal start")
def test_without_biases_half_of_the_neurons_are_dead():
    """b = 0: P(dead on [0, 1]) = 1/2, not 3/8; four standard deviations of 10^5 starts."""
    net, rng = ReLUNetwork(1, 1, 1), np.random.default_rng(5)
    starts = net.random(rng, 100_000) * [1, 0, 1, 1]
    assert abs(net.dead(starts, 0, 1).mean() - 1 / 2) < 4 * 0.5 / np.sqrt(1e5)


@pytest.mark.theorem("dead-neuron-probability", drops="unit interval")
def test_on_a_symmetric_interval_fewer_neurons_are_dead():
    """On [-1, 1]: 1/4."""
    net = ReLUNetwork(1, 1, 1)
    share = net.dead(net.random(np.random.default_rng(3), 100_000), -1, 1).mean()
    assert abs(share - 1 / 4) < 4 * np.sqrt(3 / 16 / 1e5)


# -------------------------------------------------------------------- the continuum
def target(x):
    """The target of the lecture with K = 1."""
    y, u = np.minimum(x, 0.6), x - 0.6
    left = -6 * (1 - 3 * y**2) / (np.sqrt(1 - y) * (1 + 3 * y) ** 1.5)
    return np.where(x < 0.6, left, np.sqrt(7) / 98 * (6 - 300 * u + 3375 * u**2))


def member(t, H=3):
    """c_t + s_t relu(x - t), the other neurons strictly dead."""
    spare = np.ones(H - 1)
    c, s = -6 * np.sqrt((1 - t) / (1 + 3 * t)), 12 * (1 - t) ** -1.5 * (1 + 3 * t) ** -0.5
    return np.concatenate([[1], spare, [-t], -2 * spare, [s], spare, [c]])


NEAR = PiecewisePolynomial.approximate(target, 0, 1, 1e-13, breaks=[0.6])


@pytest.mark.theorem("local-minimum-continuum")
@pytest.mark.parametrize("H", [2, 4])
@pytest.mark.parametrize("t", [0.02, 0.1, 0.3, 0.45, 0.59])
def test_every_kink_of_the_family_gives_a_critical_point_of_one_level(t, H):
    """L = 9/4 ln 7 - 783/343 and G = 0 to 1e-12 by quadrature, and no perturbation lowers the risk."""
    L = QuadratureRisk(ReLUNetwork(1, H, 1), target, tolerance=1e-13, breaks=(0, 0.6, 1))
    exact = ExactRisk(ReLUNetwork(1, H, 1), NEAR)
    theta = member(t, H)
    assert L(theta) == pytest.approx(FAMILY_LEVEL, rel=1e-12)
    assert np.abs(L.gradient(theta)).max() < 1e-12
    nearby = theta + 1e-3 * np.random.default_rng(H).standard_normal((500, len(theta)))
    assert np.all(exact(nearby) > FAMILY_LEVEL - 1e-12)


@pytest.mark.theorem("local-minimum-continuum")
def test_the_members_are_not_global_and_not_one_function():
    """Two live neurons reach 0.0984; N_0.2 and N_0.5 are 1.3 apart in L^2; K = 10 makes the gap 199."""
    best = global_minimum(NEAR, ONE, neurons=2)
    assert best.risk == pytest.approx(0.0984194, abs=1e-6)
    net, x = ReLUNetwork(1, 3, 1), np.linspace(0, 1, 10_001)
    assert np.mean((net.realization(member(0.2), x) - net.realization(member(0.5), x)) ** 2) == pytest.approx(1.706, abs=1e-2)
    assert 100 * (FAMILY_LEVEL - best.risk) > 199


@pytest.mark.theorem("local-minimum-continuum", drops="two neurons")
def test_with_one_neuron_the_free_knot_solver_finds_nothing_below_the_family():
    """H = 1: the computed infimum is the level itself, so the members are not non-global."""
    assert global_minimum(NEAR, ONE, neurons=1).risk == pytest.approx(FAMILY_LEVEL, rel=1e-9)


@pytest.mark.theorem("local-minimum-continuum", drops="kink in the family")
def test_beyond_three_fifths_the_networks_are_not_critical():
    """t = 0.65: |G| > 1 and another risk."""
    L = ExactRisk(ReLUNetwork(1, 3, 1), NEAR)
    assert np.abs(L.gradient(member(0.65))).max() > 1
    assert L(member(0.65)) > FAMILY_LEVEL + 0.01


@pytest.mark.theorem("local-minimum-continuum", drops="special target")
def test_for_a_parabola_the_reduced_risk_has_one_critical_kink():
    """x^2: the risk of the best network with kink k falls up to 1/3 and rises from there."""
    L, k = ExactRisk(ReLUNetwork(1, 1, 1), SQUARE), np.linspace(0.02, 0.98, 97)
    v = (1 / 4 - k / 3 + k**4 / 12 - (1 - k) ** 2 / 6) / ((1 - k) ** 3 / 3 - (1 - k) ** 4 / 4)
    R = L(np.column_stack([np.ones(97), -k, v, 1 / 3 - v * (1 - k) ** 2 / 2]))
    assert np.array_equal(np.diff(R) > 0, k[1:] > 1 / 3 + 0.005)


# -------------------------------------------------------------------- predicates
def test_predicates_know_the_targets_of_the_cards():
    """alpha x + beta, also cut into pieces; x^2 on [0, 1]; p = 1."""
    net = ReLUNetwork(1, 2, 1)
    cut = PiecewisePolynomial([0, 0.25, 1], [[1, 3], [1.75, 3]])
    bent = PiecewisePolynomial([0, 0.25, 1], [[1, 3], [1.75, 2]])
    assert [affine_target(net, f, None) for f in (cut, bent, SQUARE, ONE, np.cos)] == [True, False, False, False, None]
    on_two = PiecewisePolynomial.polynomial([0, 0, 1], 0, 2)
    pieces = PiecewisePolynomial([0, 0.5, 1], [[0, 0, 1], [0.25, 1, 1]])
    assert [parabola(net, f, None) for f in (SQUARE, pieces, on_two, IDENTITY, np.cos)] == [True, True, False, False, None]
    assert [uniform_density(net, SQUARE, p) for p in (None, ONE, IDENTITY, np.exp)] == [True, True, False, None]
    assert [unit_interval(net, f, None) for f in (SQUARE, on_two, np.cos)] == [True, False, None]
    assert {h.name for h in card("affine-target-classification").hypotheses} >= {"affine target", "uniform density"}
