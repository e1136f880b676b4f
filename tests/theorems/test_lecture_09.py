"""The cards of lecture 09, verified through the library, and broken by dropping a hypothesis."""

from itertools import pairwise

import numpy as np
import pytest

from course_lib import (
    CellPolynomial,
    ExactRisk,
    PiecewisePolynomial,
    ReLUNetwork,
    gradient_descent,
    gradient_flow,
    stochastic_gradient_descent,
)
from course_lib.descent import minibatches
from course_lib.theorems import applicable, card

EPS = np.finfo(float).eps
XI = 0.7
NET, NEURON, PAIR, DEEP = ReLUNetwork(1, 6, 1), ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1), ReLUNetwork(1, 4, 4, 1)
P = PiecewisePolynomial([-1, 0, 0.5, 2], [[1], [0], [0.2, 1]])                     # a hole, a slope; mass 2.425... on [-1, 2]
CONSTANT = PiecewisePolynomial.constant(XI, -1, 2)
LINE, SQUARE = (PiecewisePolynomial.polynomial(c, 0, 1) for c in ([0, 1], [0, 0, 1]))
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
L = ExactRisk(NET, CONSTANT, P)
START = NET.random(np.random.default_rng(0))


def V(theta):
    """|theta|^2 + (c - 2 xi)^2."""
    return (theta**2).sum(axis=-1) + (theta[..., -1] - 2 * XI) ** 2


def slope_of_V(theta):
    slope = 2 * theta
    slope[-1] += 2 * (theta[-1] - 2 * XI)
    return slope


def hat(theta):
    """V - 2 xi^2 = sum of squares of the neurons + 2 (c - xi)^2."""
    return V(theta) - 2 * XI**2


# ---------------------------------------------------------------- constant targets
@pytest.mark.theorem("constant-target-lyapunov")
def test_the_slope_of_V_along_G_is_eight_times_the_risk():
    """<grad V, G> = 8 L for 50 networks, degenerate and dead neurons among them; 64 eps of the terms of the product."""
    thetas = NET.random(np.random.default_rng(1), 50)
    thetas[:10, [0, 6]] = 0                                                        # w_1 = b_1 = 0
    thetas[10:20, 7] = -9                                                          # neuron 2 dead
    for theta in thetas:
        terms = slope_of_V(theta) * L.gradient(theta)
        assert terms.sum() == pytest.approx(8 * L(theta), abs=64 * EPS * np.abs(terms).sum())


@pytest.mark.theorem("constant-target-lyapunov")
def test_along_a_flow_V_pays_for_the_risk():
    """V(Theta_t) + 8 int L = V(Theta_0), V falls, and 8 t L(Theta_t) <= V(Theta_0) - 2 xi^2 at every accepted step.
    The integral by the trapezoidal rule with end correction, L' = -|G|^2: order four in the solver's steps."""
    flow = gradient_flow(L, START, 50.0, rtol=1e-11, atol=1e-13)
    h, slope = np.diff(flow.times), -(L.gradient(flow.thetas) ** 2).sum(axis=1)
    r = flow.risks
    paid = 8 * np.sum(h / 2 * (r[1:] + r[:-1]) - h**2 / 12 * np.diff(slope))
    assert V(START) - V(flow.theta) == pytest.approx(paid, rel=1e-6)
    assert (np.diff(V(flow.thetas)) < 0).all()
    assert (8 * flow.times * flow.risks <= hat(START)).all()


@pytest.mark.theorem("constant-target-lyapunov", drops="constant target")
def test_other_targets_have_critical_points_above_zero():
    """f = x on [0, 1]: at c = 1/2 with a dead neuron G = 0 but L = 1/12."""
    line, theta = ExactRisk(NEURON, LINE), np.array([1, -2, 1, 0.5])
    assert np.abs(line.gradient(theta)).max() < 4 * EPS
    assert line(theta) == pytest.approx(1 / 12, rel=1e-14)


def steps(L, eta, count):
    """(V_n, R_n, Q_n, theta_n) along minibatch steps of four points."""
    theta, batches = START, minibatches(L, 4, np.random.default_rng(2))
    for _ in range(count):
        R, G = next(batches).value_and_gradient(theta)
        yield V(theta), R, G @ G + G[-1] ** 2, theta
        theta = theta - eta * G


def small_rate():
    return 1 / (P.integral() * (5 * hat(START) + 2))


@pytest.mark.theorem("minibatch-step")
@pytest.mark.parametrize("eta", [small_rate(), 0.05])
def test_a_minibatch_step_changes_V_by_the_stated_amount(eta):
    """V_{n+1} - V_n = -8 eta R_n + eta^2 Q_n in 300 steps, for every eta; 64 eps V_0 each."""
    for (V0, R, Q, _), (V1, *_) in pairwise(steps(L, eta, 300)):
        assert pytest.approx(-8 * eta * R + eta**2 * Q, abs=64 * EPS * V(START)) == V1 - V0


@pytest.mark.theorem("minibatch-step")
def test_at_a_small_rate_the_risks_have_a_finite_sum():
    """eta M (D V_0 + 2) = 1 with D = 1 + 2^2: V_{n+1} - V_n <= -4 eta R_n, so sum R_n <= V_0 / (4 eta); the mean of
    sum L(theta_n) over 20 runs obeys the same bound."""
    eta = small_rate()
    record = list(steps(L, eta, 300))
    assert all(b[0] - a[0] <= -4 * eta * a[1] + 64 * EPS * V(START) for a, b in pairwise(record))
    assert 4 * eta * sum(R for _, R, _, _ in record) <= hat(START)
    runs = [stochastic_gradient_descent(L, START, eta, 300, batch=4, rng=np.random.default_rng(seed)) for seed in range(5)]
    assert 4 * eta * np.mean([run.risks.sum() for run in runs]) <= hat(START)


@pytest.mark.theorem("minibatch-step", drops="small rate")
def test_at_a_large_rate_V_rises():
    """eta = 1: the quadratic term wins in some step."""
    record = list(steps(L, 1.0, 8))
    assert max(b[0] - a[0] for a, b in pairwise(record)) > 0


@pytest.mark.theorem("minibatch-step", drops="constant target")
def test_noise_keeps_the_risk_above_a_floor_for_other_targets():
    """f = x^2, H = 1, near the global minimum: the mean excess over 4/3645 is about .0009 eta, for three eta."""
    square = ExactRisk(NEURON, SQUARE)
    for eta in (0.08, 0.04, 0.02):
        rng = np.random.default_rng(1)
        run = stochastic_gradient_descent(square, [1, -0.3, 1.3, 0], eta, 10_000, batch=4, rng=rng, record=20)
        assert 6e-4 < (run.risks[100:].mean() - 4 / 3645) / eta < 1.3e-3


def deep_runs(rates):
    """Mean exact risk of eight runs of 1500 steps for a network of depth three, every 500th."""
    deep = ExactRisk(DEEP, PiecewisePolynomial.constant(XI, 0, 1))
    starts = [0.7 * DEEP.random(np.random.default_rng(seed)) for seed in range(8)]
    chance = [np.random.default_rng(100 + seed) for seed in range(8)]
    runs = [
        stochastic_gradient_descent(deep, start, rates, 1500, batch=4, rng=rng, record=500)
        for start, rng in zip(starts, chance, strict=True)
    ]
    return np.mean([run.risks for run in runs], axis=0)


@pytest.mark.theorem("constant-target-sgd")
def test_the_mean_risk_of_deep_stochastic_descent_falls():
    """Widths 1, 4, 4, 1, eta_n = .005: the mean over eight starts falls by a factor of 1000 and keeps falling."""
    means = deep_runs(0.005)
    assert (np.diff(means) < 0).all()
    assert means[-1] < 1e-3 * means[0]


@pytest.mark.theorem("constant-target-sgd", drops="learning rates")
def test_summable_learning_rates_stop_short():
    """eta_n = .005 / (1 + n)^2: the mean risk stays above a tenth of its start and no longer moves."""
    means = deep_runs(lambda n: 0.005 / (1 + n) ** 2)
    assert means[-1] > 0.1 * means[0]
    assert means[1] / means[-1] < 1.01


# ---------------------------------------------------------------- normalized flow
@pytest.mark.theorem("normalized-flow-bounded")
@pytest.mark.parametrize("f", [LINE, SQUARE, PiecewisePolynomial([0, 0.5, 1], [[0.5, -1], [0, 1]])])
def test_normalized_flows_of_one_neuron_stay_bounded(f):
    """20 starts, f = x, x^2, |x - 1/2|: |Theta_t| <= 2 |Theta_0| + 2, and less than .001 of growth after t = 5000."""
    for theta in NEURON.random(np.random.default_rng(3), 20):
        flow = gradient_flow(ExactRisk(NEURON, f), theta, 1e4, normalized=True)
        norms = np.linalg.norm(flow.thetas, axis=1)
        assert norms.max() <= 2 * norms[0] + 2
        assert norms[-1] - norms[flow.times < 5e3].max() < 1e-3
        np.testing.assert_allclose(flow.thetas[:, 0] ** 2 + flow.thetas[:, 1] ** 2, 1, rtol=0, atol=1e-6)


@pytest.mark.theorem("normalized-flow-bounded")
@pytest.mark.parametrize("e", [0.3, 0.1, 0.03])
def test_the_norm_of_the_standing_example_stays_below_a_number(e):
    """f = x, kink at 1 - e, v = .1: sup |Theta_t| = 1.4160 .. 1.4161, limit (1, 0, 1, 0)."""
    flow = gradient_flow(ExactRisk(NEURON, LINE), [1, -(1 - e), 0.1, 0], 1e4, normalized=True)
    assert 1.4160 < np.linalg.norm(flow.thetas, axis=1).max() < 1.4162
    np.testing.assert_allclose(flow.theta, [1, 0, 1, 0], rtol=0, atol=1e-3)


@pytest.mark.theorem("normalized-flow-bounded", drops="one neuron, Lipschitz target")
def test_two_neurons_escape_to_infinity_for_the_step():
    """L |Theta| -> sqrt(5/2) / 12 and L t^(1/3) -> (5/2 / 144)^(1/3) 3^(-1/3): the norm grows like t^(1/3)."""
    flow = gradient_flow(ExactRisk(PAIR, STEP), [1, 1, -0.25, -0.75, 2, -2, 0], 1e8, normalized=True)
    K = np.sqrt(5 / 2) / 12
    assert flow.risk * np.linalg.norm(flow.theta) == pytest.approx(K, rel=1e-3)
    assert flow.risk * 1e8 ** (1 / 3) == pytest.approx((K**2 / 3) ** (1 / 3), rel=1e-3)
    assert np.linalg.norm(flow.theta) > 300


# ---------------------------------------------------------------- large steps
def descend(k, u, count):
    """u_0, ..., u_count of gradient descent on the exact risk: f = x, b = c = 0 held, v = w = u, rate 3 k / 2."""
    run = gradient_descent(ExactRisk(NEURON, LINE), [u, 0, u, 0], 1.5 * k, count, frozen=[1, 3])
    return run.thetas[:, 0], run.risks


@pytest.mark.theorem("two-cycle")
@pytest.mark.parametrize("k", [1.05, 1.1, 1.2])
@pytest.mark.parametrize("u", [0.2, 0.55, 1.2])
def test_descent_ends_in_the_two_cycle(k, u):
    """pq = 1/k, p^2 + q^2 = 1 + 1/k, mean risk (1 - k^-2) / 6 to 1e-11; errors shrink by the multiplier in two steps."""
    us, risks = descend(k, u, 1500)
    p, q = us[-2:]
    assert p * q == pytest.approx(1 / k, rel=1e-11)
    assert p * p + q * q == pytest.approx(1 + 1 / k, rel=1e-11)
    assert risks[-2:].mean() == pytest.approx((1 - k**-2) / 6, rel=1e-11)


@pytest.mark.theorem("two-cycle")
@pytest.mark.parametrize("k", [1.05, 1.1, 1.2])
def test_the_multiplier_of_the_cycle_is_observed(k):
    """Distances from the cycle two steps apart have the ratio 9 - 2 (1 + k)^2, within 2 % between 1e-9 and 1e-5."""
    us, _ = descend(k, 0.55, 1500)
    distance = us[0:-2:2] - us[-1 if len(us) % 2 else -2]
    near = np.flatnonzero((np.abs(distance) < 1e-5) & (np.abs(distance) > 1e-9))[:-1]
    np.testing.assert_allclose(distance[near + 1] / distance[near], 9 - 2 * (1 + k) ** 2, rtol=0.02)
    assert len(near) > 3


@pytest.mark.theorem("two-cycle", drops="step size")
def test_outside_the_window_the_average_is_another():
    """k = .8 converges to risk 0; at k = 1.4 the cycle repels and the average is more than a tenth away from (1 - k^-2) / 6."""
    assert descend(0.8, 0.55, 400)[1][-1] < 1e-25
    assert abs(descend(1.4, 0.55, 4000)[1][100:].mean() / ((1 - 1.4**-2) / 6) - 1) > 0.1


def shared_descent(u, eta, count):
    """Gradient descent of x -> v w x, two ReLU neurons that share v and w: the chain rule adds their gradients."""
    L, us = ExactRisk(PAIR, LINE), [u]
    for _ in range(count):
        G = L.gradient([u, -u, 0, 0, u, -u, 0])
        u -= eta * (G[0] - G[1])
        us.append(u)
    return np.array(us)


def orbit(k, u, count):
    us = np.empty(count)
    for n in range(count):
        us[n] = u
        u = u * (1 + k) - k * u**3
    return us


@pytest.mark.theorem("chebyshev-average")
def test_at_rate_three_descent_is_a_chebyshev_polynomial():
    """u_n = sqrt 2 cos(phi_n), phi_{n+1} = 3 phi_n + pi, for eight steps: each triples the rounding error."""
    us, phi = shared_descent(0.55, 3.0, 8), np.arccos(0.55 / np.sqrt(2))
    for n, u in enumerate(us):
        assert u == pytest.approx(np.sqrt(2) * np.cos(phi), abs=64 * 3**n * EPS)
        phi = 3 * phi + np.pi


@pytest.mark.theorem("chebyshev-average")
@pytest.mark.parametrize("u", [0.3, 0.55, 0.9])
def test_time_averages_are_one_sixth_and_ln_three(u):
    """Risks along the arcsine law are uncorrelated with variance 1/72: 4 standard deviations of the mean of 40 000.
    The exponent is ln 3 + ln |sin phi_n / sin phi_0| / n exactly; rounding along the orbit adds little."""
    us = orbit(2.0, u, 40_000)
    assert ((us**2 - 1) ** 2 / 3).mean() == pytest.approx(1 / 6, abs=4 / np.sqrt(72 * 40_000))
    assert np.log(np.abs(3 - 6 * us**2)).mean() == pytest.approx(np.log(3), abs=1e-3)


@pytest.mark.theorem("chebyshev-average", drops="typical start")
def test_special_starts_have_other_averages():
    """u = 1 is fixed: average 0; u = 0 is fixed: average 1/3; both repel."""
    for u, average in ((1.0, 0.0), (0.0, 1 / 3)):
        assert ((orbit(2.0, u, 100) ** 2 - 1) ** 2 / 3).mean() == pytest.approx(average, abs=4 * EPS)


@pytest.mark.theorem("chebyshev-average", drops="step size")
def test_at_another_step_size_the_average_is_not_one_sixth():
    """k = 1.9: about .140."""
    assert ((orbit(1.9, 0.55, 20_000) ** 2 - 1) ** 2 / 3).mean() == pytest.approx(0.14, abs=0.005)


# ---------------------------------------------------------------- predicates
CELLS, BOX = CellPolynomial.on_box([-1], [2], {(0,): XI}), CellPolynomial.on_box([0, 0], [1, 1], {(0, 0): XI})
TWO_CELLS = CellPolynomial(([-1], [2]), [([((1,), 0)], {(0,): XI}), ([((-1,), 0)], {(0,): XI + 1})])
PIECES = PiecewisePolynomial([-1, 0, 2], [[XI, 0], [XI]])
NEARLY = PiecewisePolynomial([0, 0.51, 0.52, 1], [[0, 1], [0], [0.52, 1]])         # x but for one short piece


@pytest.mark.parametrize(
    ("net", "f", "slug", "holds"),
    [
        (NET, CONSTANT, "constant-target-lyapunov", True),
        (NET, LINE, "constant-target-lyapunov", False),
        (NET, STEP, "minibatch-step", False),
        (NET, np.cos, "minibatch-step", None),
        (DEEP, CONSTANT, "minibatch-step", False),
        (NET, CELLS, "constant-target-lyapunov", True),
        (NET, TWO_CELLS, "constant-target-lyapunov", False),
        (NET, PIECES, "constant-target-lyapunov", True),
        (ReLUNetwork(2, 3, 1), BOX, "constant-target-sgd", False),
        (ReLUNetwork(1, 3, 2), PiecewisePolynomial.stack([CONSTANT, CONSTANT]), "constant-target-sgd", False),
        (DEEP, SQUARE, "constant-target-sgd", False),
        (DEEP, CONSTANT, "constant-target-sgd", None),
        (NEURON, SQUARE, "normalized-flow-bounded", None),
        (NEURON, STEP, "normalized-flow-bounded", False),
        (PAIR, SQUARE, "normalized-flow-bounded", False),
        (NEURON, LINE, "two-cycle", None),
        (NEURON, SQUARE, "two-cycle", False),
        (NEURON, NEARLY, "two-cycle", False),
        (PAIR, np.cos, "two-cycle", False),
        (NEURON, np.cos, "two-cycle", None),
        (PAIR, LINE, "chebyshev-average", None),
        (NEURON, LINE, "chebyshev-average", False),
        (DEEP, LINE, "chebyshev-average", False),
    ],
)
def test_the_cards_know_where_they_apply(net, f, slug, holds):
    """True, False, or None where only a run can tell."""
    (verdict,) = [v for v in applicable(net, f, None) if v.card.slug == slug]
    assert verdict.holds is holds


@pytest.mark.parametrize(("p", "fits"), [(PiecewisePolynomial.constant(1, 0, 1), True), (STEP, False), (np.cos, None)])
@pytest.mark.parametrize(
    ("net", "slug", "name"), [(NEURON, "two-cycle", "cubic map"), (PAIR, "chebyshev-average", "tied pair")]
)
def test_the_exact_maps_need_the_density_one(net, slug, name, p, fits):
    """p = 1 holds, a density with a hole fails, of a plain function nothing is known."""
    (hypothesis,) = (h for h in card(slug).hypotheses if h.name == name)
    assert hypothesis.predicate(net, LINE, p) is fits
