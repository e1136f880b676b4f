"""The cards of lecture 12, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest

from course_lib import CellPolynomial, ExactRisk, PiecewisePolynomial, ReLUNetwork, best_of, gradient_descent

RAMP = PiecewisePolynomial([0, 0.25, 0.75, 1], [[0], [0, 2], [1]])
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
HINGE = PiecewisePolynomial([0, 0.5, 1], [[0], [0, 1]])
P = PiecewisePolynomial([0, 0.6, 1], [[1, 0.5], [1.3, -1]])
TWO, THREE = ReLUNetwork(1, 2, 2, 1), ReLUNetwork(1, 2, 2, 2, 1)
ONE, PAIR = ReLUNetwork(1, 1, 1, 1), ReLUNetwork(1, 2, 1, 1)
NAIVE = np.array([1, -0.5, 1, 0, 1, 0])                 # relu(relu(x - 1/2)): zero on [0, 1/2] in the second layer
SHIFTED = np.array([1, -0.5, 1, 1, 1, -1])              # relu(relu(x - 1/2) + 1) - 1


def starts(net, K, seed=12):
    return net.random(np.random.default_rng(seed), K)


def dead_layers(net, L, theta):
    """Which hidden layers are dead on [a, b]: pre-activations are affine between breakpoints, so it is enough to look there."""
    h, dead = L.breakpoints(theta)[:, None], []
    for W, b in net.split(theta)[:-1]:
        h = np.maximum(h @ W.T + b, 0)
        dead.append(not h.any())
    return dead


# ---------------------------------------------------------------- the best of K
@pytest.mark.theorem("deep-best-of-k")
@pytest.mark.parametrize("net", [TWO, THREE], ids=["two hidden layers", "three hidden layers"])
def test_the_best_of_64_deep_starts_learns_the_ramp(net):
    """One run in seven comes below 1e-3, so 64 fail together with probability 1e-4; the best comes far below."""
    best = best_of(ExactRisk(net, RAMP), starts(net, 64), 0.1, 1500)
    assert best.risk < 1e-6
    assert 0.02 < np.mean(best.risks < 1e-3) < 0.4


@pytest.mark.theorem("deep-best-of-k", drops="realized")
def test_the_step_is_not_learnt_by_the_same_starts():
    """inf L = 0 as for the ramp (a ramp of slope s costs 1/(12 s)), but it is not attained: the best of 64 stays above 1e-3."""
    steep = TWO.join([([[1], [1]], [1, 1]), ([[1e6, 0], [0, 1e6]], [0.5 - 1.5e6, -0.5 - 1.5e6]), ([[1, -1]], [0])])
    assert ExactRisk(TWO, STEP)(steep) == pytest.approx(1 / 12e6, rel=1e-3)
    assert best_of(ExactRisk(TWO, STEP), starts(TWO, 64), 0.1, 1500).risk > 1e-3


@pytest.mark.theorem("deep-best-of-k", drops="full support")
def test_starts_with_a_dead_second_layer_all_fail():
    """W^2, b^2 < 0: every run ends at the variance 1/6, to rounding."""
    thetas = starts(TWO, 64)
    thetas[:, 4:10] = -np.abs(thetas[:, 4:10])
    np.testing.assert_allclose(best_of(ExactRisk(TWO, RAMP), thetas, 0.1, 400).risks, 1 / 6, rtol=1e-12)


@pytest.mark.theorem("deep-best-of-k", drops="small step")
def test_a_long_step_leaves_nobody_at_the_minimum():
    """Along the constants L = (c - mean)^2 + 1/6 has curvature 2: at eta = 1.01 > 2/2 no run can rest at a minimum."""
    best = best_of(ExactRisk(TWO, RAMP), starts(TWO, 64), 1.01, 400)
    assert best.risk > 1e-3


# ---------------------------------------------------------------- regular minima
def jump(L, theta, place, delta):
    """|G(theta + delta e) - G(theta - delta e)| / (2 delta) in the direction of one parameter."""
    e = delta * np.eye(len(theta))[place]
    return np.linalg.norm(L.gradient(theta + e) - L.gradient(theta - e)) / (2 * delta)


@pytest.mark.theorem("regular-minimum")
def test_near_a_minimum_without_coincidences_the_gradient_is_lipschitz():
    """400 pairs within 0.01 of SHIFTED, at distances 1e-3 to 1e-9: quotients of G below one bound; risk 0 at SHIFTED."""
    L, rng = ExactRisk(ONE, HINGE, P), np.random.default_rng(3)
    near = SHIFTED + 0.01 * rng.uniform(-1, 1, (400, 6))
    assert L(SHIFTED) < 1e-30
    for size in (1e-3, 1e-6, 1e-9):
        far = near + size * rng.uniform(-1, 1, near.shape)
        quotients = np.linalg.norm(L.gradient(far) - L.gradient(near), axis=1) / np.linalg.norm(far - near, axis=1)
        assert quotients.max() < 30
        assert quotients.max() > 1


@pytest.mark.theorem("regular-minimum")
def test_the_gradient_there_is_the_derivative_of_the_risk():
    """Central differences of L with step 1e-5 agree with G to 1e-8 at 20 points near SHIFTED."""
    L, h = ExactRisk(ONE, HINGE, P), 1e-5
    for theta in SHIFTED + 0.01 * np.random.default_rng(4).uniform(-1, 1, (20, 6)):
        difference = [(L(theta + h * e) - L(theta - h * e)) / (2 * h) for e in np.eye(6)]
        np.testing.assert_allclose(difference, L.gradient(theta), atol=1e-8)


@pytest.mark.theorem("regular-minimum", drops="nowhere flat")
@pytest.mark.parametrize("eps", [1e-2, 1e-4])
def test_a_flat_pre_activation_makes_the_gradient_jump(eps):
    """c moved by eps: G_{b^2} jumps by 2 eps (1/2) where b^2 changes sign, however near; the quotient grows like 1/delta."""
    L = ExactRisk(ONE, HINGE)
    for delta in (1e-4 * eps, 1e-6 * eps):
        assert jump(L, NAIVE + eps * np.eye(6)[5], 3, delta) * 2 * delta == pytest.approx(eps, rel=1e-3)


@pytest.mark.theorem("regular-minimum", drops="no double zeros")
@pytest.mark.parametrize("eps", [1e-2, 1e-3])
def test_coinciding_zeros_make_the_gradient_jump_nearby(eps):
    """h = (relu(x - 1/2), relu(1/2 - x)), z = h_1 - h_2: kinks eps apart leave z = b^2 between, G_{b^2} jumps 2 eps r."""
    L = ExactRisk(PAIR, PiecewisePolynomial.constant(0.0, 0, 1))
    theta = np.array([1, -1, -0.5 - eps / 2, 0.5 - eps / 2, 1, -1, 0, 1, 0.3])
    for delta in (1e-5 * eps, 1e-7 * eps):
        assert jump(L, theta, 6, delta) * 2 * delta == pytest.approx(2 * eps * 0.3, rel=1e-3)


# ---------------------------------------------------------------- dead layers
@pytest.mark.theorem("dead-layer-probability")
def test_dead_layers_are_at_least_as_frequent_as_stated():
    """Six hidden layers of width 1: at least 1 - (3/4)^5 = .763 in layers 2 to 6; 500 starts, 5 deviations below."""
    net = ReLUNetwork(1, *[1] * 6, 1)
    L = ExactRisk(net, RAMP)
    share = np.mean([any(dead_layers(net, L, theta)[1:]) for theta in starts(net, 500)])
    bound = 1 - 0.75**5
    assert share > bound - 5 * np.sqrt(bound * (1 - bound) / 500)
    assert share < 1


@pytest.mark.theorem("dead-layer-probability")
def test_the_conditional_probability_is_an_angle_and_a_power():
    """After one neuron with range [m, M]: q = 1/2 - (arctan M - arctan m)/(2 pi); three: q^3. 20000 draws, 5 deviations."""
    m, M = 0.2, 1.7
    draws = np.random.default_rng(5).standard_normal((20_000, 3, 2))
    dead = (draws @ np.array([[m, M], [1, 1]]) <= 0).all(axis=2)
    q = 0.5 - (np.arctan(M) - np.arctan(m)) / (2 * np.pi)
    assert 1 / 4 < q < 1 / 2
    for share, true in ((dead[:, 0].mean(), q), (dead.all(axis=1).mean(), q**3)):
        assert abs(share - true) < 5 * np.sqrt(true * (1 - true) / len(dead))


@pytest.mark.theorem("dead-layer-probability")
def test_a_network_with_a_dead_layer_stays_constant():
    """Among 64 starts of depth 6: those with a dead layer keep it, keep N constant, and never fall below 1/6."""
    net = ReLUNetwork(1, *[2] * 6, 1)
    L, thetas = ExactRisk(net, RAMP), starts(net, 64)
    dead = np.array([any(dead_layers(net, L, theta)) for theta in thetas])
    assert dead.sum() > 10
    run = gradient_descent(L, thetas[dead], 0.02, 300)
    assert (run.risks >= 1 / 6 - 1e-13).all()
    assert all(any(dead_layers(net, L, theta)) for theta in run.theta)
    assert np.ptp(net.realization(run.theta, np.linspace(0, 1, 101)), axis=1).max() < 1e-12


@pytest.mark.theorem("dead-layer-probability", drops="normal start")
def test_positive_parameters_are_never_dead():
    """|N(0, 1)| in place of N(0, 1): no dead layer in 200 starts, where the formula would ask for three quarters."""
    net = ReLUNetwork(1, *[1] * 6, 1)
    L = ExactRisk(net, RAMP)
    assert not any(any(dead_layers(net, L, np.abs(theta))) for theta in starts(net, 200))


@pytest.mark.theorem("dead-layer-probability", drops="gradient method")
def test_noise_wakes_a_dead_layer():
    """Normal noise on all parameters at each step moves those with G = 0, too: the layer revives, the risk falls below 1/6."""
    L, rng = ExactRisk(TWO, RAMP), np.random.default_rng(7)
    theta = starts(TWO, 1)[0]
    theta[4:10] = -np.abs(theta[4:10])
    assert dead_layers(TWO, L, theta) == [False, True]
    lowest = 1.0
    for _ in range(2000):
        theta = theta - 0.1 * L.gradient(theta) + 0.1 * rng.standard_normal(TWO.size)
        lowest = min(lowest, L(theta))
    assert lowest < 0.15


# ---------------------------------------------------------------- single runs
@pytest.mark.theorem("deep-non-convergence")
def test_the_share_of_runs_that_fail_grows_with_the_depth():
    """Ramp, width two: after 600 steps the share of runs above 1e-3 rises from D = 2 to D = 16, where it is 64 of 64."""
    failing = {}
    for D in (2, 16):
        net = ReLUNetwork(1, *[2] * D, 1)
        failing[D] = np.mean(best_of(ExactRisk(net, RAMP), starts(net, 64, seed=1), 0.05, 600).risks > 1e-3)
    assert failing[2] < failing[16] == 1


@pytest.mark.theorem("deep-non-convergence")
def test_starts_with_a_dead_first_layer_neuron_become_certain_with_the_width():
    """1 - (5/8)^H of the starts have one on [0, 1], here for H = 1, 4, 10; 4000 starts, 5 deviations."""
    for H in (1, 4, 10):
        net = ReLUNetwork(1, H, 3, 1)
        share, true = net.dead(starts(net, 4000), 0, 1).any(axis=1).mean(), 1 - (5 / 8) ** H
        assert abs(share - true) < 5 * np.sqrt(true * (1 - true) / 4000)


@pytest.mark.theorem("deep-non-convergence", drops="one run")
def test_many_runs_together_do_reach_the_minimum():
    """At fixed depth the best of 64 succeeds where most single runs fail."""
    best = best_of(ExactRisk(THREE, RAMP), starts(THREE, 64), 0.1, 1500)
    assert np.mean(best.risks > 1e-3) > 0.7
    assert best.risk < 1e-6


def test_the_card_of_best_of_k_sees_targets_that_cannot_be_realized():
    """A jump or a curved piece refutes 'realized'; a continuous piecewise affine target, or one on a square, leaves it open."""
    from course_lib.theorems import card

    realized = {h.name: h.predicate for h in card("deep-best-of-k").hypotheses}["realized"]
    square = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
    plane = CellPolynomial.on_box([0, 0], [1, 1], {(1, 0): 1.0})
    assert [realized(TWO, f, None) for f in (STEP, square, RAMP, plane)] == [False, False, None, None]
