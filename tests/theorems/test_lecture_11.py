"""The cards of lecture 11, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from course_lib import (
    CellPolynomial,
    EmpiricalRisk,
    ExactRisk,
    PiecewisePolynomial,
    ReLUNetwork,
    gradient_descent,
    gradient_flow,
)
from course_lib.rates import fit_rate, kl_exponent

LINE = PiecewisePolynomial.polynomial([0, 1], 0, 1)
ZERO = PiecewisePolynomial.constant(0.0, 0, 1)
CHAIN3 = ReLUNetwork(1, 1, 1, 1)
CORNER = ReLUNetwork(1, 1, 2, 1)
AT = CORNER.join([([[0]], [1]), ([[1], [1]], [0, -1]), ([[1, -1]], [-0.5])])
RISK = ExactRisk(CORNER, LINE)
E = np.eye(9)
HAND = PiecewisePolynomial([-1, 0, 1], [[-1], [-1, 4]])                           # continuous: -1, then 4x - 1
JUMP = PiecewisePolynomial([-1, 0, 1], [[-1], [0.2, 1]])
SLIDES = [1, 0.05, 1, 0.1, 1, 0]


def dying(inputs, K):
    """(risk, start, limit of a computed end) of a neuron that dies in a corner, followed by K - 1 layers that stay active."""
    network = ReLUNetwork(inputs, *[1] * K)
    target = ZERO if inputs == 1 else CellPolynomial.on_box([0] * inputs, [1] * inputs, {})
    start = np.array([-1.0] * inputs + [0.5] + [1, 0.5] * (K - 2) + [1, -0.5 * (K - 2)])

    def limit(end):
        """b_1 = 0 and the last bias such that N = 0."""
        at = end.copy()
        at[inputs] = at[-1] = 0
        x = np.full((1, inputs), 0.5) if inputs > 1 else np.array([0.5])
        at[-1] = -network.realization(at, x)[0]
        return at

    return ExactRisk(network, target), start, limit


# ---------------------------------------------------------------- deep-energy-identity
@pytest.mark.theorem("deep-energy-identity")
@pytest.mark.parametrize("widths", [(1, 3, 3, 1), (1, 3, 3, 3, 1), (2, 2, 2, 1)])
def test_the_risk_lost_by_a_deep_flow_is_its_energy(widths):
    """Defect below 10 rtol max(1, L_0) log(1 + t)."""
    box = CellPolynomial.on_box([0] * 2, [1] * 2, {(2, 0): 1.0, (0, 2): 1.0})
    target = PiecewisePolynomial.polynomial([0, 0, 1], -1, 1) if widths[0] == 1 else box
    network = ReLUNetwork(*widths)
    flow = gradient_flow(ExactRisk(network, target), network.random(np.random.default_rng(3)), 3.0, rtol=1e-9, atol=1e-12)
    assert flow.risks[0] - flow.risk > 0.05
    assert flow.certificate.energy_defect < 1e-8 * max(1, flow.risks[0]) * np.log(4)


@pytest.mark.theorem("deep-energy-identity")
def test_the_chain_rule_holds_along_a_curve_on_which_a_neuron_has_preactivation_zero_everywhere():
    """Along W_3, b_3 through the corner the second neuron stays at 0; along w_1 it is off before the corner, on behind it."""
    t, q = np.polynomial.legendre.leggauss(12)
    for h, s in ((E[8] - 0.5 * E[6], (1 + t) / 2), (E[0], (t - 1) / 2), (E[0], (1 + t) / 2)):
        low, high = (-1, 0) if s.min() < 0 else (0, 1)
        integral = q / 2 @ (RISK.gradient(AT + s[:, None] * h) @ h)
        assert RISK(AT + high * h) - RISK(AT + low * h) == pytest.approx(integral, abs=1e-13)


@pytest.mark.theorem("deep-energy-identity", drops="solution")
def test_euler_polygons_on_a_valley_keep_an_energy_gap():
    """Their limit is no solution: sum eta |G|^2 exceeds the risk lost by .06, and does not tend to it."""
    L, gaps = ExactRisk(CHAIN3, JUMP), []
    for eta in (1e-3, 2.5e-4):
        run = gradient_descent(L, SLIDES, learning_rate=eta, steps=round(0.2 / eta))
        gaps.append(eta * (L.gradient(run.thetas[:-1]) ** 2).sum() - (run.risks[0] - run.risks[-1]))
    assert gaps[1] == pytest.approx(0.0604, abs=1e-3)
    assert gaps[1] > 0.9 * gaps[0]


# ---------------------------------------------------------------- deep-gradient-flow
@pytest.mark.theorem("deep-gradient-flow")
@pytest.mark.parametrize(("inputs", "K", "t_end"), [(1, 3, 1e5), (1, 4, 1e5), (2, 3, 1e3)])
def test_a_dying_deep_neuron_converges_with_the_predicted_powers(inputs, K, t_end):
    """d inputs: alpha = (d+1)/(d+2), risk t^-((d+2)/d), distance t^-(1/d), in the fitted intervals; (1+t) L bounded."""
    L, start, limit = dying(inputs, K)
    flow = gradient_flow(L, start, t_end, rtol=1e-9, atol=1e-13)
    at = limit(flow.theta)
    assert L(at) < 1e-25
    assert np.ptp(flow.thetas, axis=0).min() > 1e-3                               # every parameter is trained
    for values, power in ((flow.risks, (inputs + 2) / inputs), (np.linalg.norm(flow.thetas - at, axis=1), 1 / inputs)):
        rate = fit_rate(flow.times, values)
        assert rate.interval[0] - 1e-3 <= -power <= rate.interval[1] + 1e-3
        assert rate.exponent == pytest.approx(-power, rel=0.05)
    assert np.max((1 + flow.times) * flow.risks) < 0.05
    assert kl_exponent(L, at, flow.thetas, floor=1e-14).alpha == pytest.approx((inputs + 1) / (inputs + 2), abs=0.01)


@pytest.mark.theorem("deep-gradient-flow")
def test_a_random_deep_flow_converges_exponentially_to_the_level_of_two_neurons():
    """Widths 1, 3, 3, 1, f = x^2 on [-1, 1], seed 3: L -> 8/3645, and (1 + t)(L - 8/3645) stays bounded."""
    network = ReLUNetwork(1, 3, 3, 1)
    L = ExactRisk(network, PiecewisePolynomial.polynomial([0, 0, 1], -1, 1))
    flow = gradient_flow(L, network.random(np.random.default_rng(3)), 400, rtol=1e-9, atol=1e-12)
    assert flow.risk == pytest.approx(8 / 3645, abs=1e-9)
    assert np.linalg.norm(L.gradient(flow.theta)) < 1e-4
    assert np.max((1 + flow.times) * (flow.risks - 8 / 3645)) < 10


@pytest.mark.theorem("deep-gradient-flow", drops="non-divergent")
def test_a_divergent_deep_flow_is_slower_than_one_over_t():
    """The step, K = 3: L ~ t^(-K/(K+2)), |Theta| ~ t^(1/(K+2)), so t L is unbounded."""
    network, r = ReLUNetwork(1, 2, 1, 1), np.sqrt(3.0)
    L = ExactRisk(network, PiecewisePolynomial([0, 0.5, 1], [[0], [1]]))
    start = network.join([([[r], [r]], [-r / 3, -2 * r / 3]), ([[r, -r]], [0]), ([[1]], [0])])
    flow = gradient_flow(L, start, 1e4)
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-0.6, abs=0.02)
    assert fit_rate(flow.times, np.linalg.norm(flow.thetas, axis=1)).exponent == pytest.approx(0.2, abs=0.02)


@pytest.mark.theorem("deep-gradient-flow", drops="solution")
def test_where_a_flow_slides_there_is_no_curve_to_speak_about():
    """Within t = .06 the flow reaches a valley of G, at the recorded time."""
    flow = gradient_flow(ExactRisk(CHAIN3, JUMP), SLIDES, 1.0, rtol=1e-10, atol=1e-12)
    assert flow.status == "sliding"
    assert flow.times[-1] == pytest.approx(0.0591722569793, rel=1e-6)


# ---------------------------------------------------------------- chain-kl-exponent
def biases(K):
    return list(range(1, 2 * K, 2))


@pytest.mark.theorem("chain-kl-exponent")
@pytest.mark.parametrize("K", [2, 3, 5])
def test_the_constant_of_the_chain_is_a_bound_and_is_attained(K):
    """L^(1 - 1/(2K)) <= C |G|, with equality for equal weights, up to 64 eps K."""
    density = PiecewisePolynomial.polynomial([0.5, 1], 0, 1)
    L, M = ExactRisk(ReLUNetwork(*[1] * (K + 1)), ZERO, density), 0.5 / 3 + 1 / 4
    C = M ** (-1 / (2 * K)) / (2 * np.sqrt(K))
    theta = np.zeros((40, 2 * K))
    theta[:, ::2] = np.exp(np.random.default_rng(K).standard_normal((40, K)))
    theta[:5, ::2] = np.geomspace(1e-2, 2, 5)[:, None]
    risk, G = L.value_and_gradient(theta)
    quotient = risk ** (1 - 1 / (2 * K)) / (C * np.linalg.norm(G[:, ::2], axis=1))
    assert_allclose(risk, M * np.prod(theta[:, ::2] ** 2, axis=1), rtol=1e-12)
    assert_allclose(quotient[:5], 1, rtol=1e-12)
    assert np.all(quotient[5:] < 1)


@pytest.mark.theorem("chain-kl-exponent")
@pytest.mark.parametrize("K", [2, 3, 4])
def test_the_flow_of_equal_weights_is_the_closed_form(K):
    """w^(-(2K-2)) = 1 + 4 (K-1) t / 3, to rtol 1e-6 in the risk at t = 1e8."""
    L = ExactRisk(ReLUNetwork(*[1] * (K + 1)), ZERO)
    flow = gradient_flow(L, [1.0, 0.0] * K, 1e8, rtol=1e-10, atol=1e-16, frozen=biases(K))
    w = (1 + 4 * (K - 1) / 3 * 1e8) ** (-1 / (2 * K - 2))
    assert flow.risk == pytest.approx(w ** (2 * K) / 3, rel=1e-6)
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-K / (K - 1), abs=1e-3)


@pytest.mark.theorem("chain-kl-exponent", drops="no biases")
def test_with_biases_trained_the_chain_converges_exponentially():
    """Hidden biases settle above 0, then the balances keep w_2 and w_3 away from 0: the risk is a parabola in w_1."""
    L = ExactRisk(CHAIN3, ZERO)
    flow = gradient_flow(L, [1, 0, 1, 0, 1, -0.5], 2e4, rtol=1e-9, atol=1e-14)
    assert flow.risk < 1e-12                                                       # with the biases held: 1e-7
    assert flow.theta[1:5].min() > 0.1
    at = flow.theta * [0, 1, 1, 1, 1, 0]
    at[5] = -at[4] * (at[2] * at[1] + at[3])                                       # w_1 = 0 and N = 0
    assert L(at) < 1e-30
    assert kl_exponent(L, at, flow.thetas, floor=1e-12).alpha == pytest.approx(0.5, abs=0.02)


@pytest.mark.theorem("chain-kl-exponent", drops="equal weights")
def test_with_one_small_weight_the_chain_converges_exponentially():
    """w_k^2 - w_1^2 is conserved, so only w_1 dies: w_1' = -(2/3) w_2^2 w_3^2 w_1."""
    flow = gradient_flow(ExactRisk(CHAIN3, ZERO), [0.5, 0, 1, 0, 1, 0], 60, rtol=1e-10, atol=1e-14, frozen=biases(3))
    rate = fit_rate(flow.times, flow.risks, scale="exponential")
    assert flow.theta[2] ** 2 == pytest.approx(0.75, abs=1e-8)
    assert rate.exponent == pytest.approx(-4 / 3 * 0.75**2, rel=1e-4)


# ---------------------------------------------------------------- deep-limiting-subgradient
def lowered(network, theta, eps):
    """Hidden biases of layer k lowered by eps^(1/k): the first layer least."""
    layers = network.split(theta)
    return network.join([(W, b - (eps ** (1 / k) if k < len(layers) else 0)) for k, (W, b) in enumerate(layers, 1)])


FLAT = ReLUNetwork(1, 3, 3, 1).join([
    ([[0], [1], [0]], [0, -0.3, 1]), ([[1, 0, 1], [0, 1, 0], [0, 0, 1]], [-1, 0, -1]), ([[1, 2, -1]], [0.2])])  # fmt: skip
CASES = [(RISK, AT), (ExactRisk(ReLUNetwork(1, 3, 3, 1), LINE), FLAT)]


@pytest.mark.theorem("deep-limiting-subgradient")
@pytest.mark.parametrize(("L", "theta"), CASES, ids=["corner", "three neurons at zero"])
def test_lowered_biases_lead_to_true_gradients_that_tend_to_g(L, theta):
    """G(lowered) = central differences of L there, and |G(lowered) - G(theta)| = O(eps^(1/2))."""
    for eps in (1e-2, 1e-4, 1e-6):
        near = lowered(L.network, theta, eps)
        step = eps / 100
        slopes = [(L(near + step * e) - L(near - step * e)) / (2 * step) for e in np.eye(L.network.size)]
        assert_allclose(slopes, L.gradient(near), atol=1e-15 / step + 10 * step)
        assert np.abs(L.gradient(near) - L.gradient(theta)).max() < 20 * eps**0.5


@pytest.mark.theorem("deep-limiting-subgradient", drops="convention")
def test_with_one_half_at_zero_the_corner_gets_a_vector_that_is_no_limit_of_gradients():
    """relu'(0) = 1/2 gives (-1/12, 0, ...); gradients at 4000 points nearby keep a distance of 0.05 from it, not from G."""
    near = AT + 1e-5 * np.random.default_rng(5).standard_normal((4000, 9))
    G = RISK.gradient(near)
    assert np.linalg.norm(G + E[0] / 12, axis=1).min() > 0.05
    assert np.linalg.norm(G + E[0] / 6, axis=1).min() < 1e-3


# ---------------------------------------------------------------- two-critical-points
def approach():
    """(rate, start) of a flow into the corner: ascent from 1e-7 beside it, along the strong eigenvector of its active side."""
    M = 2 * np.outer(*2 * [E[2] - E[3] + E[4] - E[5] + E[6] + E[8]])
    for i, sign in ((2, -1), (6, -1), (3, 1), (7, -1)):
        M[0, i] = M[i, 0] = sign / 6
    eigenvalues, vectors = np.linalg.eigh(M)
    e = vectors[:, -1] * np.sign(vectors[5, -1])
    up = solve_ivp(lambda t, y: RISK.gradient(y), (0, 1.2), AT + 1e-7 * e, method="DOP853", rtol=1e-12, atol=1e-15)
    return eigenvalues[-1], up.y[:, -1]


@pytest.mark.theorem("two-critical-points")
def test_at_the_corner_zero_is_a_limit_of_gradients_and_g_is_not_zero():
    """L = 1/12, G = -1/6 e_1; at b_2 = -1 + eps the gradient is (0, 0, -2, 2, -2, 2, -2, -2 eps, -2) eps."""
    assert RISK(AT) == pytest.approx(1 / 12, abs=1e-15)
    assert_allclose(RISK.gradient(AT), -E[0] / 6, atol=1e-15)
    for eps in (1e-1, 1e-4, 1e-9):
        assert_allclose(RISK.gradient(AT + eps * E[5]), eps * np.array([0, 0, -2, 2, -2, 2, -2, -2 * eps, -2]), atol=1e-15)


@pytest.mark.theorem("two-critical-points")
def test_a_flow_runs_into_the_corner_exponentially():
    """|Theta_t - corner| ~ e^(-lambda t) with lambda = 12.0035 the root of x^3 - 12 x^2 - x/9 + 5/6, over five decades."""
    rate, start = approach()
    assert np.polyval([1, -12, -1 / 9, 5 / 6], rate) == pytest.approx(0, abs=1e-10)
    flow = gradient_flow(RISK, start, 1.2, method="DOP853", rtol=1e-12, atol=1e-15)
    distance = np.linalg.norm(flow.thetas - AT, axis=1)
    assert distance[0] > 0.1
    assert distance[-1] < 1e-6
    late = flow.times > 0.4
    assert -np.polyfit(flow.times[late], np.log(distance[late]), 1)[0] == pytest.approx(rate, rel=2e-3)
    assert np.linalg.norm(RISK.gradient(flow.theta)) < 1e-5


@pytest.mark.theorem("two-critical-points", drops="deep")
def test_in_a_shallow_network_gradients_that_tend_to_zero_force_g_to_be_zero():
    """A degenerate neuron: components of G off its (w, b) block are continuous, and the block of G is 0."""
    network = ReLUNetwork(1, 2, 1)
    L = ExactRisk(network, LINE)
    theta = np.array([0, 0.5, 0, 0.5, 1, 0, 0.5])                                 # neuron 0 degenerate, N = 1/2
    near = theta + 1e-7 * np.random.default_rng(0).standard_normal((200, network.size))
    free = [1, 3, 4, 5, 6]
    assert not L.gradient(theta)[[0, 2]].any()
    assert np.abs(L.gradient(near)[:, free] - L.gradient(theta)[free]).max() < 1e-5


# ---------------------------------------------------------------- no-way-out-of-a-valley
@pytest.mark.theorem("no-way-out-of-a-valley")
def test_the_hand_example_is_a_valley_and_every_flow_nearby_ends_in_one():
    """G_{b_2} = -1 at and below b_2 = 0, +1 above; twenty starts around it end with status sliding, within t = 0.1."""
    L, at = ExactRisk(CHAIN3, HAND), np.array([1.0, 0, 1, 0, 1, 0])
    assert [L.gradient(at + h * np.eye(6)[3])[3] for h in (-1e-12, 0, 1e-12)] == pytest.approx([-1, -1, 1], abs=1e-9)
    for noise in np.random.default_rng(7).uniform(-0.02, 0.02, (20, 6)):
        flow = gradient_flow(L, at + noise, 1.0)
        assert flow.status == "sliding"
        assert flow.times[-1] < 0.1


@pytest.mark.theorem("no-way-out-of-a-valley", drops="valley")
def test_where_both_sides_push_the_same_way_the_flow_passes():
    """f = -1 everywhere: G_{b_2} > 0 on both sides of b_2 = 0, and the flow crosses."""
    L = ExactRisk(CHAIN3, PiecewisePolynomial.constant(-1.0, -1, 1))
    assert all(L.gradient(np.array([1, 0, 1, h, 1, 0]))[3] > 0.1 for h in (-1e-9, 0, 1e-9))
    flow = gradient_flow(L, SLIDES, 1.0)
    assert flow.status == "finished"
    assert flow.thetas[0, 3] > 0 > flow.theta[3]


@pytest.mark.theorem("no-way-out-of-a-valley", drops="valley")
def test_on_a_ridge_two_solutions_start():
    """w_3 = 8, b_3 = -5/2: G_{b_2} > 0 below, < 0 above; the flows from +-1e-9 differ by more than 0.1 at t = 0.02."""
    L, at, e = ExactRisk(CHAIN3, HAND), np.array([1, 0, 1, 0, 8, -2.5]), np.eye(6)[3]
    below, above = (L.gradient(at + h * e)[3] for h in (-1e-12, 1e-12))
    assert below > 1 > -1 > above
    ends = [gradient_flow(L, at + h * e, 0.02, rtol=1e-10, atol=1e-12).theta for h in (-1e-9, 1e-9)]
    assert np.abs(ends[0] - ends[1]).max() > 0.1


def test_data_sets_are_bounded_data_for_the_energy_identity_too():
    """Point masses do not spoil the identity as long as there is a solution: the certificate of a short flow."""
    network = ReLUNetwork(1, 2, 2, 1)
    L = EmpiricalRisk(network, np.linspace(0, 1, 7), np.linspace(0, 1, 7) ** 2)
    flow = gradient_flow(L, network.random(np.random.default_rng(1)), 0.1, rtol=1e-9, atol=1e-12)
    assert flow.certificate.energy_defect < 1e-7
