"""The cards of lecture 08, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest

from course_lib import (
    CellPolynomial,
    ExactRisk,
    PiecewisePolynomial,
    QuadratureRisk,
    ReLUNetwork,
    applicable,
    best_of,
    gradient_descent,
    gradient_flow,
)
from course_lib.activations import softplus
from course_lib.landscapes import sharpness
from course_lib.theorems.descent import neurons_in_reach, regular_minimum

EPS = np.finfo(float).eps
NEURON, NET = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 3, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
WAVE = PiecewisePolynomial([0, 0.4, 1], [[0.1, 1, -1], [0.34, -0.5, 1]])          # continuous, with a corner at 0.4
P = PiecewisePolynomial([0, 0.6, 1], [[1, 0.5], [1.3, -1]])
L, L1 = ExactRisk(NET, WAVE, P), ExactRisk(NEURON, SQUARE)
BIAS = ExactRisk(NEURON, PiecewisePolynomial.constant(1.0, 0, 1))                 # while only c moves: L = (1 - c)^2
OFF = np.array([0.0, 0.0, 1.0, 0.0])                                              # degenerate: G_b = 0, yet L falls if b grows
DEAD = np.array([-1.0, -1.0, 1.0, 0.0])                                           # off on a neighbourhood: L is smooth there
START = np.array([1.0, -0.8, 1.2, -0.2, 0.7, -0.7, 0.5, 0.6, -0.4, 0.1])          # kinks 0.2, 0.875, 0.583
BEST, GLOBAL = np.array([1, -1 / 3, 4 / 3, 1 / 27]), 4 / 3645


def order(errors, rates):
    assert len(rates) >= 4
    assert min(errors) > 1e4 * EPS
    return np.polyfit(np.log(rates), np.log(errors), 1)[0]


# ---------------------------------------------------------------- Euler's method
@pytest.mark.theorem("euler-order-one")
def test_descent_has_order_one_and_keeps_the_bound():
    """|theta_n - Theta_1| at n eta = 1: order 1 +- 0.1, and at most M eta / 2 (e^l - 1) with l, M sampled near the curve."""
    flow = gradient_flow(L, START, 1.0, method="DOP853", rtol=1e-12, atol=1e-14)
    rates = 2.0 ** -np.arange(4, 8)
    runs = [gradient_descent(L, START, eta, round(1 / eta)) for eta in rates]
    errors = np.array([np.linalg.norm(run.theta - flow.theta) for run in runs])
    near = np.concatenate([flow.thetas, runs[0].thetas])
    ell, M = np.abs(np.linalg.eigvalsh(L.hessian(near))).max(), np.linalg.norm(L.gradient(near), axis=1).max()
    assert order(errors, rates) == pytest.approx(1, abs=0.1)
    assert (errors <= M * rates / 2 * np.expm1(ell)).all()


@pytest.mark.theorem("euler-order-one")
@pytest.mark.parametrize("eta", [0.2, 0.05, 0.0125])
def test_the_bound_holds_where_everything_is_known(eta):
    """f = 1, dead neuron: 1 - c = e^{-2t} against (1 - 2 eta)^n, with l = M = 2 exactly, at every step up to t = 2."""
    run = gradient_descent(BIAS, DEAD, eta, round(2 / eta))
    np.testing.assert_array_equal(run.thetas[:, :3], np.tile(DEAD[:3], (len(run.thetas), 1)))
    t = eta * np.arange(len(run.risks))
    error = np.abs((1 - run.thetas[:, 3]) - np.exp(-2 * t))
    assert (error <= eta * np.expm1(2 * t) + 16 * EPS).all()
    assert error.max() > 0.1 * eta                                                # and it is not better than order one


@pytest.mark.theorem("euler-order-one", drops="Lipschitz gradient")
def test_descent_misses_the_flow_that_leaves_a_degenerate_neuron():
    """f = 1 from (0, 0, 1, 0): descent keeps w = b = 0 for every eta, a flow leaves; their distance does not shrink."""
    flow = gradient_flow(BIAS, [1e-9, 2e-9, 1, 0], 0.5, method="DOP853", rtol=1e-10, atol=1e-14)
    for eta in (0.05, 0.005, 0.0005):
        run = gradient_descent(BIAS, OFF, eta, round(0.5 / eta))
        assert (run.theta[:2] == 0).all()
        assert np.linalg.norm(run.theta - flow.theta) > 0.5


# ---------------------------------------------------------------- the balance
@pytest.mark.theorem("balance-defect-of-descent")
@pytest.mark.parametrize("eta", [1e-3, 0.1, 2.0])
def test_a_step_changes_every_balance_by_the_square_of_the_rate(eta):
    """B_j(theta') - B_j(theta) = eta^2 (G_v^2 - G_w^2 - G_b^2) for 200 networks and a degenerate one, to 256 eps."""
    thetas = np.vstack([NET.random(np.random.default_rng(3), 200), START * ([0, 1, 1] * 2 + [1] * 4)])
    G = L.gradient(thetas)
    gw, gb, gv, _ = NET.shallow(G)
    change = NET.balance(thetas - eta * G) - NET.balance(thetas)
    scale = (thetas**2).max(axis=1) + ((thetas - eta * G) ** 2).max(axis=1)
    assert (np.abs(change - eta**2 * (gv**2 - gw**2 - gb**2)) <= 256 * EPS * scale[:, None]).all()


@pytest.mark.theorem("balance-defect-of-descent", drops="relu")
def test_softplus_changes_the_balance_at_first_order():
    """Without homogeneity halving eta halves the change of one step, and the formula is off by far."""
    smooth, theta = QuadratureRisk(NEURON, SQUARE, activation=softplus), np.array([1, -0.4, 1.5, 0.1])
    G = smooth.gradient(theta)
    change = [NEURON.balance(theta - eta * G)[0] - NEURON.balance(theta)[0] for eta in (0.02, 0.01, 0.005)]
    assert np.divide(change[:-1], change[1:]) == pytest.approx(2, abs=0.05)
    assert abs(change[2]) > 10 * 0.005**2 * (G[:3] ** 2).sum()


@pytest.mark.theorem("balance-defect-of-descent", drops="one rate")
def test_frozen_outer_weights_change_the_balance_at_first_order():
    """With v held, the change of one step is 2 eta (w G_w + b G_b) - eta^2 (...): halving eta halves it."""
    runs = [gradient_descent(L1, [1, -0.4, 1.5, 0.1], eta, 1, frozen=[2]) for eta in (0.02, 0.01, 0.005)]
    change = [(NEURON.balance(run.theta) - NEURON.balance(run.thetas[0]))[0] for run in runs]
    assert np.divide(change[:-1], change[1:]) == pytest.approx(2, abs=0.05)


# ---------------------------------------------------------------- the descent lemma
@pytest.mark.theorem("descent-lemma")
def test_the_risk_falls_by_what_the_lemma_promises():
    """At every step of a run, with l the largest Hessian eigenvalue at 11 points of the step; and the bound on min |G|^2."""
    eta, steps = 0.1, 100
    run = gradient_descent(L, START, eta, steps)
    G2 = (L.gradient(run.thetas[:-1]) ** 2).sum(axis=1)
    mix = np.linspace(0, 1, 11)[:, None, None]
    ell = sharpness(L, (1 - mix) * run.thetas[:-1] + mix * run.thetas[1:]).max(axis=0)
    assert (eta * ell < 2).all()
    assert (-np.diff(run.risks) >= eta * (1 - eta * ell / 2) * G2 - 4 * EPS).all()
    assert G2.min() <= run.risks[0] / (eta * (1 - eta * ell.max() / 2) * steps)


@pytest.mark.theorem("descent-lemma", drops="small step")
@pytest.mark.parametrize(("eta", "factor"), [(1.0, 1.0), (1.1, 1.44)])
def test_at_two_over_the_curvature_the_risk_no_longer_falls(eta, factor):
    """Dead neuron, L = (1 - c)^2 with l = 2 on the way: at eta = 1 the risk stays, above it grows by (1 - 2 eta)^2 a step."""
    assert sharpness(BIAS, DEAD) == pytest.approx(2, rel=1e-12)
    risks = gradient_descent(BIAS, DEAD, eta, 20).risks
    np.testing.assert_allclose(risks[1:] / risks[:-1], factor, rtol=1e-12)


def test_at_a_degenerate_neuron_the_risk_has_no_gradient():
    """f = 1 at (0, 0, 1, 0): the risk falls at the rate 2 as b grows, yet G_b = 0; so 'curvature' fails there."""
    h = 1e-6
    assert (BIAS([0, h, 1, 0]) - BIAS(OFF)) / h == pytest.approx(-2, abs=1e-5)
    assert BIAS.gradient(OFF)[1] == 0


@pytest.mark.theorem("descent-lemma", drops="curvature")
def test_the_curvature_at_the_start_does_not_bound_that_of_the_step():
    """eta = 1 / sharpness(theta_0), half the threshold: among 2000 normal starts some steps raise the risk."""
    thetas = NEURON.random(np.random.default_rng(4), 2000)
    rates = 1 / sharpness(L1, thetas)
    assert (L1(thetas - rates[:, None] * L1.gradient(thetas)) > 1.01 * L1(thetas)).any()


# ---------------------------------------------------------------- the best of K
@pytest.mark.theorem("best-of-k")
def test_the_best_of_64_starts_reaches_the_infimum():
    """f = x^2, one neuron, normal starts: risk 4/3645 to 1e-8 relative; a tenth succeeds, so 64 fail with probability 0.1 %."""
    assert best_of(L1, NEURON.random(np.random.default_rng(1), 64), 0.1, 2000).risk == pytest.approx(GLOBAL, rel=1e-8)


@pytest.mark.theorem("best-of-k")
def test_starts_near_the_regular_minimum_all_succeed():
    """The neighbourhood of the sketch: 64 starts within 0.02 of the minimum reach the infimum on short paths."""
    starts = BEST + 0.01 * np.random.default_rng(2).uniform(-1, 1, (64, 4))
    run = gradient_descent(L1, starts, 0.1, 2000)
    np.testing.assert_allclose(run.risk, GLOBAL, rtol=1e-8)
    assert (np.linalg.norm(np.diff(run.thetas, axis=0), axis=-1).sum(axis=0) < 0.2).all()


@pytest.mark.theorem("best-of-k", drops="full support")
def test_starts_that_are_all_dead_stay_dead():
    """w, b < 0: the neuron is off on [0, 1], and every run ends at 4/45 however many there are."""
    starts = np.abs(NEURON.random(np.random.default_rng(5), 128)) * [-1, -1, 1, 1]
    np.testing.assert_allclose(best_of(L1, starts, 0.1, 1000).risks, 4 / 45, rtol=1e-12)


@pytest.mark.theorem("best-of-k", drops="small step")
def test_above_the_largest_stable_rate_no_start_succeeds():
    """The flattest global minimum has sharpness 3.174: at eta = 0.65 > 2 / 3.174 the best of 128 stays five times above."""
    s = np.geomspace(0.2, 20, 400)
    flattest = sharpness(L1, np.stack([s, -s / 3, 4 / (3 * s), 0 * s + 1 / 27], axis=-1)).min()
    assert 0.65 * flattest > 2
    assert best_of(L1, NEURON.random(np.random.default_rng(8), 128), 0.65, 2000).risk > 5 * GLOBAL


@pytest.mark.theorem("best-of-k", drops="regular global minimum")
def test_without_a_minimum_more_starts_do_not_reach_the_infimum():
    """Step target, two neurons, infimum 0: the best of 64 and of 128 starts stay above 0.009 after 2000 to 4000 steps."""
    net = ReLUNetwork(1, 2, 1)
    step = ExactRisk(net, PiecewisePolynomial([0, 0.5, 1], [[0], [1]]))
    starts = net.random(np.random.default_rng(8), 128)
    assert step([1, 1, -0.5 + 5e-7, -0.5 - 5e-7, 1e6, -1e6, 0]) < 1e-6             # 1/(12 s): the infimum is 0
    assert min(best_of(step, starts[:64], 0.1, 4000).risk, best_of(step, starts, 0.1, 2000).risk) > 0.009


# ---------------------------------------------------------------- predicates
PAIR, STEP = ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
SAW = PiecewisePolynomial([0, 0.4, 1], [[0, 1], [1, 2]])                         # slope 1, a jump from 0.4 to 1, slope 2
BOX = CellPolynomial.on_box([0, 0], [1, 1], {(1, 1): 1})


@pytest.mark.parametrize(
    ("net", "f", "p", "expected"),
    [
        (NET, WAVE, P, True),                                                    # continuous, positive density
        (PAIR, STEP, None, False),                                               # infimum 0, a ramp of two neurons
        (ReLUNetwork(1, 2, 1, 1), STEP, None, False),                            # the second layer hands the ramp on
        (NEURON, STEP, None, None),                                              # one neuron makes no ramp: not decided
        (PAIR, SAW, None, None),
        (NET, SAW, None, False),
        (PAIR, PiecewisePolynomial([0, 0.5, 1], [[0], [1, 0, 1]]), None, None),  # a jump and a curved piece
        (PAIR, STEP, STEP, None),                                                # the jump is where the density begins
        (ReLUNetwork(1, 2, 2, 1), WAVE, None, None),
        (ReLUNetwork(1, 1), STEP, None, None),
        (PAIR, np.cos, None, None),
        (PAIR, WAVE, np.exp, None),
        (ReLUNetwork(2, 3, 1), BOX, None, None),
        (ReLUNetwork(1, 2, 2), PiecewisePolynomial.stack([STEP, WAVE]), None, None),
    ],
)
def test_best_of_k_knows_where_a_regular_minimum_exists(net, f, p, expected):
    """True, False, or None where network, target and density do not decide; the verdict of the card follows."""
    assert regular_minimum(net, f, p) is expected
    if expected is False:
        (verdict,) = [v for v in applicable(net, f, p) if v.card.slug == "best-of-k"]
        assert verdict.holds is False
        assert [h.name for h in verdict.failed] == ["regular global minimum"]


def test_the_number_of_neurons_in_reach_is_enough():
    """SAW with three: one for the slope 1, and a ramp of width d for the jump; the risk is at most d. Bends count once."""
    d = 1e-6
    theta = [1, 1, 1, 0, -0.4, -0.4 - d, 1, (0.6 + d) / d, -(0.6 + d) / d + 1, 0]
    assert neurons_in_reach(SAW) == 3
    assert ExactRisk(NET, SAW)(theta) < d
    assert [neurons_in_reach(f) for f in (STEP, PiecewisePolynomial([0, 0.5, 1], [[0.5, -1], [0, 1]]))] == [2, 2]


def test_the_balance_card_fails_for_a_deep_network():
    """'shallow' is decided by the widths; the rate is not."""
    for net, holds in ((NET, None), (ReLUNetwork(1, 2, 2, 1), False)):
        (verdict,) = [v for v in applicable(net, WAVE, P) if v.card.slug == "balance-defect-of-descent"]
        assert verdict.holds is holds
