"""The cards of lecture 04: uniqueness in the class, growth, the balance, and what a conserved balance forbids."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from course_lib import (
    EmpiricalRisk,
    ExactRisk,
    PiecewisePolynomial,
    QuadratureRisk,
    ReLUNetwork,
    applicable,
    gradient_descent,
    gradient_flow,
)
from course_lib.activations import tanh

ONE, TWO = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1)
CONSTANT = ExactRisk(ONE, PiecewisePolynomial.constant(1.0, 0, 1))
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
CONCAVE = PiecewisePolynomial([0, 0.5, 1], [[0], [0, -1]])                       # -(x - 1/2)^+
INTO_ZERO = PiecewisePolynomial([0, 0.5, 0.7, 1], [[-1], [3], [-1.5]])           # drives a small neuron into 0
ANGLE = 2.452187599 + 0.05


def all_on(t, theta):
    """-G where the neuron is on in all of [0, 1], f = 1: a polynomial field, defined at w = b = 0, too."""
    w, b, v, c = theta
    m0, m1 = c + v * b - 1 + v * w / 2, (c + v * b - 1) / 2 + v * w / 3
    return -2 * np.array([v * m1, v * m0, w * m1 + b * m0, m0])


def reviving(tau, t_end):
    """The solution from (0, 0, 1, 0) that waits until tau and then leaves, as a function on [tau, t_end]."""
    start = [0, 0, 1, 1 - np.exp(-2 * tau)]
    return solve_ivp(all_on, (tau, t_end), start, method="DOP853", rtol=1e-12, atol=1e-14, dense_output=True).sol


# -------------------------------------------------------------------- existence and uniqueness
@pytest.mark.theorem("existence-and-uniqueness")
def test_two_solvers_find_one_curve_through_a_collapse_beside_a_degenerate_neuron():
    """Neuron 1 degenerate, neuron 0 collapses: LSODA and DOP853 agree to 1e-6 at t = 2, and nothing revives.

    The collapse is taken at the radius 1e-8, which moves its time by about 1e-11; the solvers have rtol 1e-10.
    """
    L = ExactRisk(TWO, INTO_ZERO)
    theta = np.array([0.02 * np.cos(ANGLE), 0, 0.02 * np.sin(ANGLE), 0, 3.0, 0.7, 0.0])
    flow, again = (gradient_flow(L, theta, 2.0, method=m, rtol=1e-10, atol=1e-12) for m in ("LSODA", "DOP853"))
    assert flow.status == again.status == "finished"
    np.testing.assert_allclose(flow.theta, again.theta, atol=1e-6)
    degenerate = (flow.thetas[:, :2] == 0) & (flow.thetas[:, 2:4] == 0)
    assert [(e.kind, e.neuron) for e in flow.events] == [("collapse", 0)]
    assert (np.diff(degenerate.astype(int), axis=0) >= 0).all()
    assert degenerate[-1].all()
    assert flow.certificate.energy_defect < 1e-8


@pytest.mark.theorem("existence-and-uniqueness", drops="never revives")
@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_a_degenerate_neuron_may_leave_at_any_time(tau):
    """Both curves solve Theta_t = theta - int G from (0, 0, 1, 0), to 1e-10, and are far apart at t = tau + 1."""
    B, t = reviving(tau, tau + 1), tau + 1.0
    waiting = np.array([0, 0, 1, 1 - np.exp(-2 * tau)])
    velocity = [quad(lambda s, i=i: CONSTANT.gradient(B(s))[i], tau, t, epsabs=1e-12)[0] for i in range(4)]
    np.testing.assert_allclose(B(t), waiting - velocity, atol=1e-10)
    assert np.abs(B(t)[:2]).max() > 0.05                       # w = b = 0 for ever on the other curve
    stays = gradient_flow(CONSTANT, [0, 0, 1, 0], t, rtol=1e-10, atol=1e-12).theta
    np.testing.assert_allclose(stays, [0, 0, 1, 1 - np.exp(-2 * t)], atol=1e-8)


@pytest.mark.theorem("existence-and-uniqueness", drops="never revives")
def test_a_degenerate_neuron_with_negative_outer_weight_may_leave_once_the_residual_has_both_signs():
    """f = x, v = -1: S(phi) of the lecture is nowhere positive at c = -1/10, and positive facing left at c = 9/20.

    Pushed there by 1e-6 and by 1e-8 in the best direction the flow is, to 1e-4, one curve, far from the one that stays.
    """
    L, phi = ExactRisk(ONE, PiecewisePolynomial.polynomial([0, 1], 0, 1)), np.linspace(-np.pi, np.pi, 721)

    def near(c, size):
        return np.column_stack([size * np.cos(phi), size * np.sin(phi), -1 + 0 * phi, c + 0 * phi])

    rate = [(L([0, 0, -1, c]) - L(near(c, 1e-7))) / 1e-7 for c in (-0.1, 0.45)]
    best = rate[1].argmax()
    assert rate[0].max() < 1e-6
    assert rate[1][best] > 0.09
    assert np.cos(phi[best]) < 0
    ends = [gradient_flow(L, near(0.45, size)[best], 5.0, rtol=1e-10, atol=1e-14).theta for size in (1e-6, 1e-8)]
    np.testing.assert_allclose(*ends, atol=1e-4)
    assert L(ends[0]) < 0.5 * gradient_flow(L, [0, 0, -1, 0.45], 5.0).risk


@pytest.mark.theorem("existence-and-uniqueness", drops="bounded density")
def test_two_data_points_admit_no_solution():
    """Points (0, -1), (1, 3): for b <= 0 the flow must raise b, for b > 0 lower it, by at least 1 near the start."""
    D, rng = EmpiricalRisk(ONE, [0, 1], [-1, 3], weights=[1, 1]), np.random.default_rng(0)
    near = np.array([1, 0, 1, 1]) + 0.05 * rng.uniform(-1, 1, (500, 4))
    G_b, on = D.gradient(near)[:, 1], near[:, 1] > 0
    assert G_b[on].min() > 1
    assert G_b[~on].max() < -1
    assert gradient_flow(D, [1, 0, 1, 1], 0.15).status == "sliding"


# -------------------------------------------------------------------- growth
@pytest.mark.theorem("growth-at-most-root-t")
@pytest.mark.parametrize("seed", range(4))
def test_the_distance_is_bounded_by_the_root_of_time_and_risk_lost(seed):
    """At every accepted step; the slack 1e-6 is 100 rtol. The bound is not idle: some point comes within a factor 2."""
    L = ExactRisk(TWO, SQUARE)
    flow = gradient_flow(L, TWO.random(np.random.default_rng(seed)), 1e3)
    distance = np.linalg.norm(flow.thetas - flow.thetas[0], axis=1)[1:]
    bound = np.sqrt(flow.times * np.maximum(flow.risks[0] - flow.risks, 0))[1:]
    assert (distance <= bound * (1 + 1e-6) + 1e-6).all()
    assert (distance / bound).max() > 0.5


@pytest.mark.theorem("growth-at-most-root-t", drops="flow")
def test_a_large_step_jumps_farther_than_the_bound():
    """One step of gradient descent with rate 0.5 from (1, 0, 3, 0): the distance exceeds sqrt(t L(theta_0))."""
    L = ExactRisk(ONE, SQUARE)
    run = gradient_descent(L, [1, 0, 3, 0], learning_rate=0.5, steps=1)
    assert np.linalg.norm(run.theta - run.thetas[0]) > 2 * np.sqrt(0.5 * run.risks[0])


# -------------------------------------------------------------------- the balance
@pytest.mark.theorem("conservation-law")
@pytest.mark.parametrize("risk", ["exact", "data"])
def test_the_balance_is_constant_for_densities_and_for_data(risk):
    """Drift below 1e-9 with rtol 1e-10, and the identity behind it to rounding at random points, degenerate ones too."""
    rng = np.random.default_rng(1)
    net = ReLUNetwork(1, 4, 1)
    x = np.linspace(0, 1, 9)
    L = ExactRisk(net, SQUARE) if risk == "exact" else EmpiricalRisk(net, x, np.sin(5 * x))
    flow = gradient_flow(L, net.random(rng), 2.0, rtol=1e-10, atol=1e-12)
    B = net.balance(flow.thetas)
    assert flow.times[-1] > 0.1                                # also if the data make it slide
    assert np.abs(B - B[0]).max() < 1e-9 * max(1, np.abs(flow.thetas).max() ** 2)
    thetas = net.random(rng, 50)
    thetas[:10, [0, 4]] = 0.0
    G = L.gradient(thetas)
    w, b, v = (slice(4 * i, 4 * i + 4) for i in range(3))
    np.testing.assert_allclose(thetas[:, w] * G[:, w] + thetas[:, b] * G[:, b], thetas[:, v] * G[:, v], atol=1e-12)


@pytest.mark.theorem("conservation-law", drops="homogeneous activation")
def test_tanh_does_not_conserve_the_balance():
    """From (1, -1/2, 1, 0) to t = 10 the balance moves by more than 0.05, the solver's error is below 1e-8."""
    L = QuadratureRisk(ONE, SQUARE, activation=tanh)
    flow = gradient_flow(L, [1, -0.5, 1, 0], 10.0, rtol=1e-10, atol=1e-12)
    assert abs(ONE.balance(flow.theta) - ONE.balance(flow.thetas[0]))[0] > 0.05
    assert flow.certificate.energy_defect < 1e-8


@pytest.mark.theorem("conservation-law", drops="flow")
def test_a_step_of_descent_moves_the_balance_by_its_square():
    """B(theta - eta G) - B(theta) = eta^2 (G_v^2 - G_w^2 - G_b^2), to rounding; over a fixed time the drift has order one."""
    L, theta = ExactRisk(ONE, CONCAVE), np.array([0.6, -0.2, 1.0, 0.0])
    w, b, v, _ = L.gradient(theta)
    etas, drifts = [0.1, 0.05, 0.025, 0.0125], []
    for eta in etas:
        B = ONE.balance(gradient_descent(L, theta, eta, round(10 / eta)).thetas)[:, 0]
        assert B[1] - B[0] == pytest.approx(eta**2 * (v**2 - w**2 - b**2), abs=1e-15)
        drifts.append(abs(B[-1] - B[0]))
    assert np.polyfit(np.log(etas), np.log(drifts), 1)[0] == pytest.approx(1, abs=0.1)
    assert min(drifts) > 1e-3


# -------------------------------------------------------------------- the obstruction
def on_level(balances, signs, rng):
    """A random theta with these balances and, where B_j > 0, these signs of v_j."""
    H = len(balances)
    w, b = rng.standard_normal((2, H))
    short = w * w + b * b + balances < 0                       # v^2 = B + |(w, b)|^2 must not be negative
    stretch = np.where(short, 1.1 * np.sqrt(-np.minimum(balances, 0) / (w * w + b * b)), 1.0)
    w, b = w * stretch, b * stretch
    v = signs * np.sqrt(balances + w * w + b * b)
    return np.concatenate([w, b, v, rng.standard_normal(1)])


@pytest.mark.theorem("topological-obstruction")
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_flows_stay_in_the_component_of_their_signs(signs):
    """Balances (1/2, 2, -1): four components; on every flow v_1 and v_2 keep their sign, and at least sqrt(B_j) in size."""
    net, rng = ReLUNetwork(1, 3, 1), np.random.default_rng(4)
    L, B = ExactRisk(net, CONCAVE), np.array([0.5, 2.0, -1.0])
    for _ in range(4):
        flow = gradient_flow(L, on_level(B, np.array([*signs, 1]), rng), 100.0)
        assert np.abs(net.balance(flow.thetas) - B).max() < 1e-5
        assert (flow.thetas[:, 6:8] * signs >= np.sqrt(B[:2]) - 1e-5).all()


@pytest.mark.theorem("topological-obstruction")
def test_points_with_the_same_signs_are_joined_inside_the_level_set():
    """One neuron each: for B > 0 through w = b = 0, for B < 0 by turning and stretching (w, b); v passes 0 there."""
    s = np.linspace(0, 1, 101)
    u, v = np.outer(1 - 2 * s, [3.0, -4.0]), np.sqrt(1 + 25 * (1 - 2 * s) ** 2)                     # (w, b) to -(w, b)
    np.testing.assert_allclose(v**2 - (u**2).sum(axis=1), 1.0)
    assert (v > 0).all()
    v = 1 - 2 * s                                                                                    # v = 1 to v = -1
    u = np.sqrt(v**2 + 1)[:, None] * np.column_stack([np.cos(np.pi * s), np.sin(np.pi * s)])
    np.testing.assert_allclose(v**2 - (u**2).sum(axis=1), -1.0)


@pytest.mark.theorem("topological-obstruction", drops="inner bias")
def test_without_inner_bias_a_negative_balance_freezes_the_sign_of_w():
    """b = 0 frozen, B = v^2 - w^2 = -3/4: |w| >= sqrt(3)/2 keeps both signs apart, as it does not with a bias."""
    L = ExactRisk(ONE, PiecewisePolynomial.polynomial([0, -1], 0, 1))
    for w in (1.0, -1.0):
        flow = gradient_flow(L, [w, 0, 0.5, 0], 100.0, frozen=[1])
        assert (flow.thetas[:, 0] * w >= np.sqrt(0.75) - 1e-6).all()
    turns = gradient_flow(ExactRisk(ONE, PiecewisePolynomial.polynomial([1, -1], 0, 1)), [0.2, 0.6, 0.5, 0.0], 100.0)
    assert ONE.balance(turns.theta)[0] == pytest.approx(-0.15, abs=1e-6)
    assert turns.thetas[0, 0] > 0 > turns.theta[0]


@pytest.mark.theorem("topological-obstruction", drops="flow")
def test_a_large_step_of_descent_changes_the_component():
    """B = .6 > 0, v = 1: one step with rate 20 makes v negative."""
    run = gradient_descent(ExactRisk(ONE, CONCAVE), [0.6, -0.2, 1.0, 0.0], learning_rate=20.0, steps=1)
    assert ONE.balance(run.thetas[0])[0] > 0
    assert run.thetas[0, 2] > 0 > run.theta[2]


@pytest.mark.theorem("convex-barrier")
@pytest.mark.parametrize("H", [1, 2, 3])
def test_positive_outer_weights_stay_above_the_best_line(H):
    """192 L >= 1 - 1e-9 along ten flows; one of them comes to within 1e-6 of the bound, and inf L = 0."""
    net, rng = ReLUNetwork(1, H, 1), np.random.default_rng(10 + H)
    L, least = ExactRisk(net, CONCAVE), np.inf
    for _ in range(10):
        flow = gradient_flow(L, on_level(rng.uniform(0.2, 2, H), np.ones(H), rng), 1e4)
        assert (192 * flow.risks >= 1 - 1e-9).all()
        least = min(least, 192 * flow.risk)
    assert least == pytest.approx(1, abs=1e-6)
    assert L(np.concatenate([np.ones(H), -np.full(H, 0.5), -np.eye(H)[0], [0]])) == pytest.approx(0, abs=1e-16)


@pytest.mark.theorem("convex-barrier", drops="positive sides")
def test_a_negative_balance_lets_the_outer_weight_change_its_sign():
    """From (1, -.3, .1, 0), B = -1.08, v passes 0 and the risk falls below 1e-3 / 192; so it does from v < 0."""
    for theta in ([1, -0.3, 0.1, 0], [0.6, 0.1, -1.3, 0]):
        assert 192 * gradient_flow(ExactRisk(ONE, CONCAVE), theta, 1e4).risk < 1e-3


@pytest.mark.theorem("convex-barrier", drops="concave target")
def test_a_convex_target_is_no_obstacle():
    """f = (x - 1/2)^+ from (.6, .1, 1.3, 0): far below the best line, which again costs 1/192."""
    L = ExactRisk(ONE, PiecewisePolynomial([0, 0.5, 1], [[0], [0, 1]]))
    assert 192 * gradient_flow(L, [0.6, 0.1, 1.3, 0], 1e4).risk < 1e-3


# -------------------------------------------------------------------- the energy identity, beyond lecture 00
@pytest.mark.theorem("energy-identity")
@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_reviving_solutions_obey_the_energy_identity_too(tau):
    """The identity does not ask for the class: L(tau) - L(tau + 1) = int |G|^2 to 1e-10 on every solution."""
    B = reviving(tau, tau + 1)
    energy = quad(lambda s: np.sum(CONSTANT.gradient(B(s)) ** 2), tau, tau + 1, epsabs=1e-12)[0]
    assert CONSTANT(B(tau)) - CONSTANT(B(tau + 1)) == pytest.approx(energy, abs=1e-10)


@pytest.mark.theorem("energy-identity")
@pytest.mark.parametrize("seed", [0, 3, 4])
def test_data_obey_the_energy_identity_while_kinks_cross_the_points(seed):
    """Masses at nine points, three neurons, t <= 1: kinks cross points, and the defect stays below 1e-8 (rtol 1e-10)."""
    net, x = ReLUNetwork(1, 3, 1), np.linspace(0, 1, 9)
    D, theta = EmpiricalRisk(net, x, np.sin(5 * x)), net.random(np.random.default_rng(seed))
    flow = gradient_flow(D, theta, 1.0, rtol=1e-10, atol=1e-12)
    left_of = np.array([net.kinks(theta) for theta in flow.thetas])[:, :, None] > x
    assert flow.status == "finished"
    assert (left_of[1:] != left_of[:-1]).sum() > 3
    assert flow.certificate.energy_defect < 1e-8


@pytest.mark.theorem("existence-and-uniqueness", drops="bounded density")
def test_on_data_the_gap_of_descent_has_a_limit_that_is_not_zero():
    """Sum eta |G|^2 - (L_0 - L_n) on [0, .15] tends to int 4 v^2 (-r_1)(r_0 + r_1) = .65826 of the sliding curve."""

    def slide(t, y):
        w, v, c, _ = y
        r0, r1 = c + 1, c + v * w - 3
        return [-2 * v * r1, -2 * w * r1, -2 * (r0 + r1), -4 * v * v * r1 * (r0 + r1)]

    limit = solve_ivp(slide, (0, 0.15), [1, 1, 1, 0], rtol=1e-10, atol=1e-12).y[3, -1]
    D, gaps = EmpiricalRisk(ONE, [0, 1], [-1, 3], weights=[1, 1]), []
    for eta in (4e-3, 1e-3, 2.5e-4):
        run = gradient_descent(D, [1, 0, 1, 1], eta, round(0.15 / eta))
        gaps.append(eta * np.sum(D.gradient(run.thetas[:-1]) ** 2) - (run.risks[0] - run.risk))
    assert limit == pytest.approx(0.65826, abs=1e-5)
    assert gaps[-1] == pytest.approx(limit, abs=2e-3)
    assert min(gaps) > 0.6


# -------------------------------------------------------------------- which problems the cards speak about
DEEP, VECTOR = ReLUNetwork(1, 2, 2, 1), PiecewisePolynomial.stack([CONCAVE, SQUARE])
CONVEX_KINK = PiecewisePolynomial([0, 0.5, 1], [[0], [0, 1]])
CUBE = [0, 0, 0, -1]                                                             # -x^3: concave for x > 0 only


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (CONCAVE, None),
        (PiecewisePolynomial.polynomial([1, 2, -3], 0, 1), None),
        (PiecewisePolynomial([0, 0.3, 1], [[0, 1, -1], [0.21, 0.4, -1]]), None),          # x - x^2, in two pieces
        (PiecewisePolynomial.constant(1.0, 0, 1), None),
        (PiecewisePolynomial.polynomial(CUBE, 0, 1), None),
        (PiecewisePolynomial.polynomial(CUBE, -0.1, 1), False),
        (PiecewisePolynomial.polynomial([0, 0, -0.7, 2, -1], 0, 1), False),               # f'' < 0 at both ends, > 0 between
        (SQUARE, False),
        (CONVEX_KINK, False),
        (INTO_ZERO, False),
        (PiecewisePolynomial([0, 0.5, 1], [[1], [0]]), False),                            # a jump, flat on both sides
        (np.sin, None),
    ],
)
def test_the_barrier_knows_a_concave_target(f, expected):
    """None: the start and the flow are left to be granted, and of a plain function the target, too."""
    (verdict,) = [v for v in applicable(TWO, f, None) if v.card.slug == "convex-barrier"]
    assert verdict.holds is expected
    named = [h.name for h in (verdict.failed or verdict.undecided)]
    assert named == (["concave target"] * (expected is False or f is np.sin) + ["positive sides", "flow"] * (expected is None))


@pytest.mark.parametrize(
    ("slug", "net", "f", "p", "failed", "undecided"),
    [
        ("existence-and-uniqueness", TWO, SQUARE, None, [], ["never revives"]),
        ("existence-and-uniqueness", TWO, INTO_ZERO, None, ["continuous target"], ["never revives"]),
        ("existence-and-uniqueness", TWO, SQUARE, np.exp, [], ["bounded density", "never revives"]),
        ("existence-and-uniqueness", DEEP, SQUARE, None, ["shallow"], ["never revives"]),
        ("growth-at-most-root-t", DEEP, INTO_ZERO, SQUARE, [], ["flow"]),
        ("conservation-law", TWO, np.sin, np.exp, [], ["flow"]),
        ("conservation-law", ReLUNetwork(1, 2, 2), VECTOR, None, ["shallow"], ["flow"]),
        ("topological-obstruction", ReLUNetwork(2, 3, 1), np.sin, None, [], ["non-zero balance", "flow"]),
        ("topological-obstruction", DEEP, SQUARE, None, ["shallow"], ["non-zero balance", "flow"]),
        ("convex-barrier", ReLUNetwork(1, 2, 2), VECTOR, None, ["shallow"], ["concave target", "positive sides", "flow"]),
    ],
)
def test_the_cards_decide_what_the_problem_decides(slug, net, f, p, failed, undecided):
    """Depth, outputs, jumps and plain functions; start and trajectory are never decided."""
    (verdict,) = [v for v in applicable(net, f, p) if v.card.slug == slug]
    assert [h.name for h in verdict.failed] == failed
    assert [h.name for h in verdict.undecided] == undecided
