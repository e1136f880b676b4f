"""The cards of lecture 14, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_lib import EmpiricalRisk, ReLUNetwork
from course_lib.landscapes import goldstein_point

Y = np.array([3.0, 4.0, -1.0])                              # |y+| = 5, |y-| = 1, least norm 6
STEP = 0.01


def risk(H, y, inputs=None):
    """L = (1/2n) sum (N(x_i) - y_i)^2 on orthonormal inputs, or others."""
    n = len(y)
    return EmpiricalRisk(ReLUNetwork(n, H, 1), np.eye(n) if inputs is None else inputs, y, weights=np.full(n, 1 / (2 * n)))


def pack(W, v):
    """The parameters (..., size) with these W (..., H, n), v (..., H) and no biases."""
    flat = W.reshape(*W.shape[:-2], -1)
    return np.concatenate([flat, 0 * v, v, 0 * v[..., :1]], axis=-1)


def parts(L, theta):
    """(W, v)."""
    (W, _), (V, _) = L.network.split(theta)
    return W, V[..., 0, :]


def flow(L, theta, t_end, step=STEP):
    """(thetas, risks) of the flow without biases, by the classical Runge-Kutta method."""
    (_, b), (_, c) = L.network.split(np.arange(L.network.size))
    free = np.ones(L.network.size)
    free[np.concatenate([b, c]).astype(int)] = 0

    def F(theta):
        return -free * L.gradient(theta)

    thetas = [theta]
    for _ in range(round(t_end / step)):
        x = thetas[-1]
        k1 = F(x)
        k2 = F(x + step / 2 * k1)
        k3 = F(x + step / 2 * k2)
        thetas.append(x + step / 6 * (k1 + 2 * k2 + 2 * k3 + F(x + step * k3)))
    return np.array(thetas), L(np.array(thetas))


def random_start(H, n, size, seed=0):
    """Balanced, |v_j| = |w_j| = size, signs in turn."""
    W = np.random.default_rng(seed).standard_normal((H, n))
    W *= size / np.linalg.norm(W, axis=1, keepdims=True)
    return pack(W, size * (-1.0) ** np.arange(H))


def norm(L, theta):
    W, v = parts(L, theta)
    return float(np.sum(np.abs(v) * np.linalg.norm(W, axis=-1)))


# ---------------------------------------------------------------- orthogonal-inputs
@pytest.mark.theorem("orthogonal-inputs")
def test_small_starts_reach_zero_loss_with_nearly_least_norm_past_two_saddles():
    """L -> 0, the norm's excess over 6 falls with lambda, and L spends a unit of time within 2 % of 26/6, and of 1/6."""
    L, excess = risk(20, Y), []
    for size in (1e-1, 1e-2, 1e-3):
        thetas, risks = flow(L, random_start(20, 3, size), 60, 0.02)
        assert risks[-1] < 1e-12
        excess.append(norm(L, thetas[-1]) - 6)
    assert excess[0] > excess[1] > excess[2] > 0
    assert excess[2] < 1e-2
    for level in (26 / 6, 1 / 6):
        assert (np.abs(risks - level) < 0.02 * level).sum() * 0.02 > 1


@pytest.mark.theorem("orthogonal-inputs", drops="small start")
def test_a_large_start_ends_far_from_least_norm():
    """lambda = 2: zero loss, but a norm above 2 * 6."""
    L = risk(20, Y)
    thetas, risks = flow(L, random_start(20, 3, 2.0), 60, 0.02)
    assert risks[-1] < 1e-12
    assert norm(L, thetas[-1]) > 12


@pytest.mark.theorem("orthogonal-inputs", drops="both signs")
def test_without_a_negative_neuron_the_loss_ends_at_the_second_saddle():
    """All v_j > 0: the values N(x_i) >= 0 cannot reach -1, and L -> 1/6."""
    L = risk(20, Y)
    W, v = parts(L, random_start(20, 3, 1e-2))
    _, risks = flow(L, pack(W, np.abs(v)), 60, 0.02)
    assert_allclose(risks[-1], 1 / 6, atol=1e-9)


# ---------------------------------------------------------------- logistic-clock
def aligned(y, size):
    """Two neurons along y+ and y-."""
    plus, minus = np.maximum(y, 0), np.maximum(-y, 0)
    W = size * np.array([plus / np.linalg.norm(plus), minus / np.linalg.norm(minus)])
    return pack(W, size * np.array([1.0, -1.0]))


def logistic(y, size, t):
    """m(t) of the card for the value |y| = y."""
    return y / (1 + (y / size**2 - 1) * np.exp(-2 * y * t / 3))


@pytest.mark.theorem("logistic-clock")
@pytest.mark.parametrize("size", [0.3, 1e-2, 1e-4])
def test_an_aligned_start_follows_the_logistic_curve(size):
    """L(t) to 1e-6: Runge-Kutta of order 4 with step 0.01 and rates up to 10/3 has an error below (0.01 * 10/3)^4."""
    L = risk(2, Y)
    thetas, risks = flow(L, aligned(Y, size), 40)
    t = STEP * np.arange(len(risks))
    m = logistic(5, size, t), logistic(1, size, t)
    assert_allclose(risks, ((5 - m[0]) ** 2 + (1 - m[1]) ** 2) / 6, atol=2e-6)
    W, v = parts(L, thetas)
    assert_allclose(np.abs(v) * np.linalg.norm(W, axis=-1), np.stack(m, axis=1), atol=2e-6)
    assert_allclose(W[:, 0] / np.linalg.norm(W[:, 0], axis=1, keepdims=True), np.tile([0.6, 0.8, 0], (len(t), 1)), atol=1e-12)


@pytest.mark.theorem("logistic-clock", drops="aligned start")
def test_a_start_off_the_direction_escapes_later():
    """w+ turned by 60 degrees towards the direction (4, -3): the half-time is not that of the card, by more than 0.1."""
    L, size = risk(2, Y), 1e-2
    W, v = parts(L, aligned(Y, size))
    W = W.copy()
    W[0] = size * (0.5 * np.array([0.6, 0.8, 0]) + np.sqrt(0.75) * np.array([0.8, -0.6, 0]))
    thetas, _ = flow(L, pack(W, v), 15)
    W, v = parts(L, thetas)
    reached = STEP * np.argmax(np.abs(v[:, 0]) * np.linalg.norm(W[:, 0], axis=1) > 2.5)
    assert reached > 3 / 10 * np.log(5 / size**2 - 1) + 0.1


@pytest.mark.theorem("logistic-clock", drops="orthonormal inputs")
def test_with_correlated_inputs_the_direction_turns():
    """Inputs (1, 0, 0), (.8, .6, 0), (0, 0, 1): the aligned neuron leaves its direction."""
    L = risk(2, Y, np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]]))
    W, _ = parts(L, flow(L, aligned(Y, 0.1), 5)[0][-1])
    assert abs(W[0, 0] / W[0, 1] - 0.75) > 0.1


# ---------------------------------------------------------------- minimal-variation-norm
@pytest.mark.theorem("minimal-variation-norm")
def test_no_interpolating_network_beats_the_bound_and_two_neurons_attain_it():
    """Random W, then v of least l1 norm with N(x_i) = y_i by linear programming: never below 6; with the two directions 6."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(14)
    for extra in (np.zeros((0, 3)), np.array([[0.6, 0.8, 0], [0, 0, 1]])):
        for _ in range(20):
            W = np.concatenate([rng.standard_normal((12, 3)), np.eye(3), extra])
            W /= np.linalg.norm(W, axis=1, keepdims=True)
            A = np.maximum(W, 0).T
            found = linprog(np.ones(2 * len(W)), A_eq=np.hstack([A, -A]), b_eq=Y)
            assert found.fun >= 6 - 1e-8
    assert_allclose(found.fun, 6, atol=1e-8)


@pytest.mark.theorem("minimal-variation-norm")
def test_the_half_squared_norm_is_at_least_the_variation_norm():
    """(v^2 + |w|^2) / 2 >= |v||w|, with equality for the balanced pair of the proof."""
    L = risk(2, Y)
    theta = pack(np.array([[0.6, 0.8, 0], [0, 0, 1]]) * np.sqrt([[5], [1]]), np.sqrt([5.0, 1]) * [1, -1])
    assert L(theta) < 1e-28
    assert_allclose([theta @ theta / 2, norm(L, theta)], 6, atol=1e-13)
    assert L.network.rescale(theta, [2.0, 1]) @ L.network.rescale(theta, [2.0, 1]) / 2 > 6 + 1


@pytest.mark.theorem("minimal-variation-norm", drops="orthonormal inputs")
def test_correlated_inputs_cost_less():
    """x = (1, 0), (.8, .6), y = (1, 1): w along the bisector, |w| = 1 / |x_1 + x_2| * 2 = 1.054 < root 2."""
    x = np.array([[1, 0], [0.8, 0.6]])
    w = x.sum(axis=0) / (1 + x[0] @ x[1])
    assert_allclose(x @ w, 1, atol=1e-15)
    assert np.linalg.norm(w) < 1.06 < np.sqrt(2)


@pytest.mark.theorem("minimal-variation-norm", drops="no biases")
def test_biases_cost_less():
    """y = (1, 1): w = (1/3, 1/3), b = 2/3 has norm root(2/3) < root 2, even with the bias counted."""
    L = risk(1, np.ones(2))
    w, b = np.full((1, 2), 1 / 3), np.array([2 / 3])
    assert L(L.network.join([(w, b), ([[1.0]], [0.0])])) < 1e-30
    assert np.sqrt(w[0] @ w[0] + b @ b) < 0.82 < np.sqrt(2)


@pytest.mark.theorem("minimal-variation-norm", drops="interpolation")
def test_a_network_that_does_not_fit_may_be_zero():
    """theta = 0 has norm 0 < 6 and risk 26/6."""
    L = risk(2, Y)
    assert norm(L, np.zeros(L.network.size)) == 0
    assert_allclose(L(np.zeros(L.network.size)), 26 / 6)


# ---------------------------------------------------------------- Goldstein
LAMBDA = np.hypot(1, 2.25)


def F(z):
    """|1 - x| / 4 + |y - 2|x| + 1|; inf F = 0 = F(1, 1)."""
    x, y = z
    return abs(1 - x) / 4 + abs(y - 2 * abs(x) + 1)


def dF(z):
    x, y = z
    s = np.sign(y - 2 * abs(x) + 1)
    return np.array([-np.sign(1 - x) / 4 - 2 * s * np.sign(x), s])


def run(seed, delta, epsilon=0.1, start=(-1.0, 1.0), budget=100_000):
    return goldstein_point(F, dF, start, delta, epsilon, LAMBDA, np.random.default_rng(seed), budget)


SEEDS = pytest.mark.parametrize("seed", range(6))


@pytest.mark.theorem("goldstein-step-bound")
@SEEDS
@pytest.mark.parametrize("start", [(-1.0, 1.0), (2.0, -3.0), (-2.0, 0.5)])
def test_steps_stay_below_the_bound_and_each_lowers_f(seed, start):
    """steps <= 4 F(start) / (delta epsilon), inf F = 0, and every step lowers F by more than delta epsilon / 4."""
    found = run(seed, 0.1, start=start)
    assert 0 < found.steps <= 4 * F(start) / 0.01
    assert np.all(-np.diff([F(z) for z in found.path]) > 0.1 * 0.1 / 4)


@pytest.mark.theorem("goldstein-step-bound", drops="bounded below")
def test_without_a_lower_bound_the_steps_go_on():
    """F(x) = -x: every search accepts its first direction, so the steps are as many as the budget allows."""
    found = goldstein_point(lambda x: -x[0], lambda x: np.array([-1.0]), [0.0], 0.1, 0.1, 1.0, np.random.default_rng(0), 500)
    assert found.status == "budget"
    assert found.steps >= 499


@pytest.mark.theorem("goldstein-step-bound", drops="sufficient decrease")
def test_steps_of_one_length_without_a_test_never_end():
    """x <- x - delta sign(x) on |x| from delta / 2 jumps to and fro: more steps than 4 Delta / (delta epsilon) with |m| = 1."""
    delta, epsilon, x, steps = 0.1, 0.5, 0.05, 0
    while abs(np.sign(x)) > epsilon and steps < 1000:
        x, steps = x - delta * np.sign(x), steps + 1
    assert steps == 1000 > 4 * 0.05 / (delta * epsilon)


@pytest.mark.theorem("goldstein-step-bound", drops="stopping rule")
def test_without_the_stopping_rule_a_gentle_slope_is_walked_down_to_its_end():
    """F = eta |x|, eta = epsilon / 10, from x = 100.5 delta: 100 lawful steps or more; 4 Delta / (delta epsilon) = 40.2."""
    delta, epsilon, eta = 0.1, 0.5, 0.05
    x, steps = 100.5 * delta, 0
    while eta * abs(x) - eta * abs(x - delta) >= delta * eta / 4:
        x, steps = x - delta, steps + 1
    assert steps >= 100 > 4 * eta * 100.5 * delta / (delta * epsilon)


@pytest.mark.theorem("goldstein-calls")
@pytest.mark.theorem("goldstein-stationarity")
@SEEDS
@pytest.mark.parametrize("delta", [0.1, 0.05])
def test_the_certificate_is_one_and_the_calls_stay_below_the_bound(seed, delta):
    """Points within delta of x, gradients theirs, weights convex, norm <= epsilon; calls below the bound on their mean."""
    found = run(seed, delta)
    assert found.status == "stationary"
    assert np.linalg.norm(found.points - found.x, axis=1).max() <= delta * (1 + 1e-12)
    assert_allclose(found.gradients, [dF(z) for z in found.points])
    assert found.weights.min() >= 0
    assert_allclose(found.weights.sum(), 1, atol=1e-12)
    assert np.linalg.norm(found.weights @ found.gradients) <= 0.1
    assert found.calls <= (1 + 2 / (delta * 0.1)) * (1 + 2 * np.ceil(8 * LAMBDA**2 / 0.01))


@pytest.mark.theorem("goldstein-stationarity")
def test_half_the_radius_takes_about_twice_the_gradients():
    """Mean over 6 seeds that end at the minimum: ratio 2 within 15 %."""
    means = []
    for delta in (0.1, 0.05):
        found = [run(seed, delta) for seed in range(12)]
        means.append(np.mean([f.calls for f in found if f.x[0] > 0.5]))
    assert means[1] / means[0] == pytest.approx(2, rel=0.15)


@pytest.mark.theorem("goldstein-stationarity", drops="bounded below")
def test_without_a_lower_bound_there_may_be_no_stationary_point():
    """F(x) = -x: all gradients are -1, and so is each of their averages."""
    found = goldstein_point(lambda x: -x[0], lambda x: np.array([-1.0]), [0.0], 0.1, 0.1, 1.0, np.random.default_rng(0), 500)
    assert found.status == "budget"
    assert_allclose(found.norm, 1)


@pytest.mark.theorem("goldstein-calls", drops="random points")
def test_a_gradient_always_taken_at_x_never_ends_the_search():
    """F = |x| at x = delta / 4: the step gains -delta / 2, the gradient at x is 1 for ever, and m = 1 stays."""
    delta, x, m = 0.1, 0.025, 1.0
    for _ in range(1000):
        assert abs(x) - abs(x - delta) < delta / 4
        beta = (4 - m**2) / (4 + 2 * m**2)
        m = beta * m + (1 - beta) * np.sign(x)
    assert_allclose(m, 1, atol=1e-12)
    found = goldstein_point(lambda z: abs(z[0]), np.sign, [x], delta, 0.1, 1.0, np.random.default_rng(0))
    assert found.status == "stationary"


@pytest.mark.theorem("goldstein-calls", drops="bounded below")
def test_without_a_lower_bound_the_calls_go_on():
    """F(x) = -x uses up every budget."""
    found = goldstein_point(lambda x: -x[0], lambda x: np.array([-1.0]), [0.0], 0.1, 0.1, 1.0, np.random.default_rng(0), 777)
    assert found.calls == 777
