"""Critical points: known minima and saddles with their evidence, and verdicts that do not go beyond it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import EmpiricalRisk, ExactRisk, PiecewisePolynomial, QuadratureRisk, ReLUNetwork, best_of
from course_lib.activations import tanh
from course_lib.landscapes import (
    _least_slope,
    _on_sides,
    affine_pieces,
    critical_point,
    goldstein_point,
    numerical_hessian,
    sharpness,
)
from course_lib.symmetries import rescalings, symmetries

SADDLE, MINIMUM = "saddle", "local minimum up to symmetries"
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
HINGE = PiecewisePolynomial([0, 0.5, 1], [[0], [0, -1]])                     # -(x - 1/2)^+
JUMPY = PiecewisePolynomial([0, 0.25, 0.5, 1], [[0, 1, 2, -3], [0.1, -1], [2.0, 0, 0.5]])
K14 = (np.sqrt(13) - 2) / 3
BEST_TWO = [1, -1, -1 / 3, -1 / 3, 4 / 3, 4 / 3, 1 / 27]                     # f = x^2 on [-1, 1]
numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                       # zeros and ties do occur


def square(H, a=0, b=1):
    return ExactRisk(ReLUNetwork(1, H, 1), PiecewisePolynomial.polynomial([0, 0, 1], a, b))


def zigzag(n, alpha, beta):
    """(L, theta) of the zigzag critical point of f = alpha x + beta with n kinks, n even, on [0, 1]."""
    h, i = 1 / (n + 1), np.arange(1, n + 1)
    side = np.where(i % 2 == 1, 1.0, -1.0)
    theta = np.concatenate([side, -side * i * h, 2 * alpha * h * side, [alpha / 2 + beta]])
    return ExactRisk(ReLUNetwork(1, n, 1), PiecewisePolynomial.polynomial([beta, alpha], 0, 1)), theta


def ladder(k):
    """(L, theta), H = 4, f = x^2 on [0, 1]: k right-facing neurons fitted as well as k neurons can, the others dead."""
    h, L = 2 / (2 * k + 1), square(4)
    kinks, live = h * (np.arange(4) + 0.5), np.arange(4) < k
    theta = np.concatenate([live, np.where(live, -kinks, -1.0), np.where(live, 2 * h, 1.0), [0.0]])
    return L, theta - np.append(np.zeros(12), L.gradient(theta)[-1] / 2)


# name: (L, theta, verdict, inertia, symmetries)
KNOWN = {
    "best two neurons": (square(2, -1), BEST_TWO, MINIMUM, (0, 2, 5), 2),
    "dead neuron": (square(1, -1), [0, -1, 5, 1 / 3], MINIMUM, (0, 3, 1), 3),
    "best line": (square(1), [1, 1, 1, -7 / 6], MINIMUM, (0, 2, 2), 2),
    "best single neuron": (square(1), [1, -1 / 3, 4 / 3, 1 / 27], MINIMUM, (0, 1, 3), 1),
    "step, one neuron": (ExactRisk(ReLUNetwork(1, 1, 1), STEP), [1, -0.25, 16 / 9, 0], MINIMUM, (0, 1, 3), 1),
    "one live, one dead": (square(2, -1), [1, 0, -K14, -1, 1.5351837585, 4, 0.2504126323], MINIMUM, (0, 4, 3), 4),
    "|x| from two opposite neurons": (square(2, -1), [1, -1, 0, 0, 1, 1, -1 / 6], SADDLE, (1, 2, 4), 2),
    "|x| from a line and a neuron": (square(2, -1), [1, -1, 2, 0, 1, 2, -2 - 1 / 6], MINIMUM, (0, 3, 4), 3),
    "two lines and a dead one": (square(3), [1, -1, 0, 1, 2, -1, 2, 1, 5, -4 - 1 / 6], MINIMUM, (0, 8, 2), 8),
    **{f"zigzag {n}, 1": (*zigzag(n, 1, 0), SADDLE, (n, n, n + 1), n) for n in (2, 4, 6, 8)},
    **{f"zigzag {n}, -2": (*zigzag(n, -2, 3), SADDLE, (n, n, n + 1), n) for n in (2, 4, 6, 8)},
    **{f"{k} of 4 live": (*ladder(k), MINIMUM, (0, 12 - 2 * k, 2 * k + 1), 12 - 2 * k) for k in range(5)},
}


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
def test_known_critical_points_get_their_verdict(case):
    """G = 0; the Hessian's inertia; as many zeros as symmetries at a minimum."""
    L, theta, verdict, inertia, symmetries = case
    point = critical_point(L, theta)
    assert point.verdict == verdict, point
    assert point.inertia == inertia
    assert point.symmetries == symmetries
    assert not point.nonsmooth


@pytest.mark.parametrize("n", [2, 4, 6, 8])
def test_zigzag_saddles_have_the_stated_risk_and_n_negative_eigenvalues(n):
    """L = alpha^2 / (12 (n+1)^4), |G| <= 1e-14; for n = 2 the negative eigenvalues are -0.026687 and -0.005688."""
    L, theta = zigzag(n, 1.0, 0.0)
    point = critical_point(L, theta)
    assert point.risk == pytest.approx(1 / (12 * (n + 1) ** 4), rel=1e-13)
    assert point.gradient_norm <= 1e-14
    assert n > 2 or point.eigenvalues[:2] == pytest.approx([-0.026687, -0.005688], abs=5e-7)


@pytest.mark.parametrize("k", range(5))
def test_each_number_of_live_neurons_has_its_own_level_of_local_minima(k):
    """f = x^2, H = 4: L = 4 / (45 (2k+1)^4), and without the dead neurons exactly k zero eigenvalues."""
    L, theta = ladder(k)
    assert L(theta) == pytest.approx(4 / (45 * (2 * k + 1) ** 4), rel=1e-13)
    live = np.flatnonzero(np.concatenate([np.tile(np.arange(4) < k, 3), [True]]))
    eigenvalues = np.linalg.eigvalsh(L.hessian(theta)[np.ix_(live, live)])
    assert np.count_nonzero(np.abs(eigenvalues) < 1e-13) == k
    assert eigenvalues.min() > -1e-13


@pytest.mark.parametrize("name", [name for name, case in KNOWN.items() if case[2] == MINIMUM])
def test_around_a_minimum_nothing_is_lower(name):
    """L(theta + d) >= L(theta) for 2000 perturbations of each size 1e-2, 1e-3: the verdict against brute force."""
    L, theta, *_ = KNOWN[name]
    d = np.random.default_rng(0).standard_normal((2000, len(theta)))
    for size in (1e-2, 1e-3):
        assert L(theta + size * d).min() >= L(theta) * (1 - 1e-13) - 1e-11    # |G| = 6e-11 where parameters have ten digits


@pytest.mark.parametrize("name", [name for name, case in KNOWN.items() if case[2] == SADDLE])
def test_a_saddle_has_lower_neighbours_along_its_eigenvector(name):
    """L(theta +- s u) - L(theta) = lambda s^2 / 2 + O(s^3) < 0 for the least eigenvalue."""
    L, theta, *_ = KNOWN[name]
    values, vectors = np.linalg.eigh(L.hessian(theta))
    s = 1e-4
    change = L(np.asarray(theta) + s * vectors[:, 0]) - L(theta)
    assert change == pytest.approx(values[0] * s * s / 2, rel=0.05)
    assert change < 0


# ---------------------------------------------------------------- where the Hessian does not exist
def test_a_degenerate_neuron_that_can_descend_makes_a_saddle():
    """theta = (0, 0, 1, 1/3), f = x^2 on [-1, 1]: min over unit (dw, db) of 2 int r relu is -1/6, at (1, 0)."""
    point = critical_point(square(1, -1), [0, 0, 1, 1 / 3])
    assert point.verdict == SADDLE
    assert point.least_slope == pytest.approx(-1 / 6, rel=1e-12)
    assert point.eigenvalues is None
    assert point.nonsmooth == ("Neuron 0 is degenerate, w = b = 0.",)


@pytest.mark.parametrize("seed", range(4))
def test_the_least_slope_is_the_least_difference_quotient(seed):
    """min over 20001 angles of (L(theta + s d) - L(theta)) / s, s = 1e-7, at theta with a degenerate neuron and any G."""
    rng = np.random.default_rng(seed)
    net, v = ReLUNetwork(1, 2, 1), rng.standard_normal(2)
    L, theta = ExactRisk(net, JUMPY), np.array([0, 1, 0, -0.4, *v, 0.2])
    angles = np.linspace(0, 2 * np.pi, 20001)
    near = np.broadcast_to(theta, (len(angles), 7)).copy()
    near[:, 0], near[:, 2] = 1e-7 * np.cos(angles), 1e-7 * np.sin(angles)
    assert _least_slope(L, theta, 0) == pytest.approx(((L(near) - L(theta)) / 1e-7).min(), rel=1e-5, abs=1e-7)


def test_a_degenerate_neuron_that_cannot_descend_is_left_undecided():
    """v = -1 instead: the derivative is >= 0, and 0 where the neuron stays dead."""
    point = critical_point(square(1, -1), [0, 0, -1, 1 / 3])
    assert point.verdict == "undecided"
    assert point.least_slope == pytest.approx(0, abs=1e-12)


def test_a_degenerate_neuron_without_output_weight_descends_to_second_order():
    """v = 0: along (w, b, v) = s (cos, sin, -sign) the change is -|min| s^2 + O(s^4), a saddle."""
    L = square(1, -1)
    point = critical_point(L, [0, 0, 0, 1 / 3])
    assert point.verdict == SADDLE
    s = 1e-3
    assert L([s, 0, s, 1 / 3]) - L([0, 0, 0, 1 / 3]) == pytest.approx(point.least_slope * s * s, rel=1e-4)


@pytest.mark.parametrize(("v", "verdict"), [(-0.7, SADDLE), (0.7, MINIMUM)])
def test_a_kink_on_an_end_has_no_hessian_and_one_side_may_descend(v, verdict):
    """f = -(x - 1/2)^+, theta = (1, -1, v, -1/8): r(1) = 3/8 > 0, so moving the kink inwards changes L by v r(1) z^2."""
    L = ExactRisk(ReLUNetwork(1, 1, 1), HINGE)
    point = critical_point(L, [1, -1, v, -1 / 8])
    assert point.verdict == verdict
    assert point.eigenvalues is None
    assert point.nonsmooth == ("The kink of neuron 0 lies on an end, x = 1.",)
    z = 1e-3
    assert L([1, -1 + z, v, -1 / 8]) - L([1, -1, v, -1 / 8]) == pytest.approx(v * 3 / 8 * z * z, rel=0.01)


def test_of_two_kinks_on_ends_one_may_descend_while_the_other_stays():
    """f = -(x - 1/2)^+, dead neurons at x = 1 and 0, r(1) = 3/8, r(0) = -1/8: moving j in changes L by v_j r z^2."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), HINGE)
    for v in (1.0, -1.0):
        point = critical_point(L, [1, -1, -1, 0, -0.7, v, -1 / 8])
        assert (point.verdict, len(point.nonsmooth)) == (SADDLE, 2)
    assert critical_point(L, [1, -1, -1, 0, 0.7, -1.0, -1 / 8]).verdict == MINIMUM


def test_every_end_of_a_descent_is_a_minimum_and_nothing_near_is_lower():
    """f = x^2 on [-1, 1], H = 2, 200 starts: where |G| <= 1e-8 the verdict is a minimum, on an end of [a, b] too.

    Brute force: L(theta + d) >= L(theta) - |G| |d| for 300 perturbations of size 1e-3 each.
    """
    L, rng, on_an_end = square(2, -1), np.random.default_rng(0), 0
    for theta in best_of(L, L.network.random(rng, 200), learning_rate=0.1, steps=4000).thetas:
        point = critical_point(L, theta)
        if point.verdict != "not critical":
            assert point.verdict == MINIMUM, (theta, point)
            d = 1e-3 * rng.standard_normal((300, 7))
            lowest = (L(theta + d) - L(theta) + point.gradient_norm * np.linalg.norm(d, axis=1)).min()
            assert lowest >= -1e-15
            on_an_end += bool(point.nonsmooth)
    assert on_an_end >= 10


class TwoSided:
    """Two neurons with w = 1 and kink on x = 0; the Hessian in (b_0, b_1) is (1, c; c, 1), less `drop` for one moved right."""

    network, breaks, density = ReLUNetwork(1, 2, 1), np.array([0.0, 1.0]), staticmethod(np.ones_like)

    def __init__(self, coupling, drop):
        self.coupling, self.drop = coupling, drop

    def hessian(self, theta):
        H = np.zeros((7, 7))
        H[2:4, 2:4] = [[1, self.coupling], [self.coupling, 1]]
        H[[2, 3], [2, 3]] -= self.drop * (theta[2:4] < 0)
        return H


@pytest.mark.parametrize(("coupling", "drop", "descends"), [(0.6, 0.5, 0), (-0.6, 0.5, 1), (0.9, 0.5, 1), (0, 2, 1)])
def test_a_negative_direction_counts_only_if_it_moves_every_kink_to_its_side(coupling, drop, descends):
    """Both right: (1/2, c; c, 1/2) is negative along (1, -sign c): both right for c < 0 only. One right: det = 1/2 - c^2.

    Without coupling, drop 2: the direction moves one kink and leaves the other, which is on both sides then.
    """
    verdict = _on_sides(TwoSided(coupling, drop), np.array([1, 1, 0, 0, 1, 1, 0.0]), [0, 1])
    assert verdict == (SADDLE if descends else "undecided")


def test_a_neuron_active_where_the_density_is_zero_is_flat_in_its_outer_weight():
    """p = 0 on [1/2, 1], kink at 3/4: rescaling and v explain two of its three zeros, the third is left undecided."""
    p = PiecewisePolynomial([0, 0.5, 1], [[1], [0]])
    L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), p)
    point = critical_point(L, [1, -0.75, 5, 1 / 12])
    assert (point.verdict, point.inertia, point.symmetries) == ("undecided", (0, 3, 1), 2)


def test_a_kink_on_a_jump_of_the_target_is_said():
    """f = sign x on [-1, 1], a kink on 0: r jumps there, and with it the kink term of the Hessian. (G is not 0 here.)"""
    f = PiecewisePolynomial([-1, 0, 1], [[-1], [1]])
    L = ExactRisk(ReLUNetwork(1, 2, 1), f)
    theta = np.array([1, -1, 0, 1.0, 1.2, 0.0, 0.0])
    point = critical_point(L, theta, tolerance=10)
    assert point.nonsmooth == ("The kink of neuron 0 lies on a breakpoint, x = 0.",)


def test_a_breakpoint_without_jump_is_no_obstacle():
    """f = x^2 cut at 1/3, where the kink of the best neuron lies: the same inertia as without the cut."""
    f = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1).refine([0, 1 / 3, 1])
    point = critical_point(ExactRisk(ReLUNetwork(1, 1, 1), f), [1, -1 / 3, 4 / 3, 1 / 27])
    assert (point.verdict, point.inertia) == (MINIMUM, (0, 1, 3))


def test_a_flat_direction_that_no_symmetry_explains_is_undecided():
    """f = x^2 - 1/3 on [-1, 1], theta = (0, 1, 0, 0): r is even, so int x r = 0 and (w, v) are flat to second order."""
    f = PiecewisePolynomial.polynomial([-1 / 3, 0, 1], -1, 1)
    point = critical_point(ExactRisk(ReLUNetwork(1, 1, 1), f), [0, 1, 0, 0])
    assert point.verdict == "undecided"
    assert "Zero eigenvalues of the Hessian: 3, of which symmetries explain" in point.reason


def test_risk_zero_is_a_global_minimum_whatever_the_hessian():
    """f = 0 at (0, 1, 0, 0): L = 0, rank 1."""
    point = critical_point(ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.constant(0.0, 0, 1)), [0, 1, 0, 0])
    assert (point.verdict, point.inertia) == (MINIMUM, (0, 3, 1))
    assert "global minimum" in point.reason


@given(arrays(float, 7, elements=numbers))
def test_where_g_is_not_zero_there_is_nothing_to_judge(theta):
    """|G| > tolerance: not critical, with |G| in the evidence; every other verdict has |G| <= tolerance."""
    L = ExactRisk(ReLUNetwork(1, 2, 1), JUMPY)
    point = critical_point(L, theta)
    assert point.gradient_norm == pytest.approx(np.linalg.norm(L.gradient(theta)), rel=1e-14)
    assert (point.verdict == "not critical") == (point.gradient_norm > 1e-8)


@given(arrays(float, 2, elements=st.floats(0.2, 5)))
def test_the_verdict_and_the_signs_do_not_depend_on_the_scale_of_a_neuron(factors):
    """The Hessian at a critical point transforms by congruence: Sylvester's law."""
    for name in ("best two neurons", "zigzag 2, 1", "|x| from two opposite neurons"):
        L, theta, verdict, inertia, _ = KNOWN[name]
        point = critical_point(L, L.network.rescale(theta, factors))
        assert (point.verdict, point.inertia) == (verdict, inertia)


def test_slopes_exchanged_between_neurons_with_one_kink_are_a_symmetry():
    """H = 2, both kinks at 1/3 with slopes summing to 4/3: two rescalings and one exchange."""
    point = critical_point(square(2), [1, 2, -1 / 3, -2 / 3, 1, 1 / 6, 1 / 27])
    assert point.symmetries == 3
    assert point.gradient_norm < 1e-15


@settings(max_examples=20)
@given(arrays(float, 10, elements=numbers))
def test_symmetries_leave_the_function_unchanged_to_second_order(theta):
    """|N_{theta + s t} - N_theta| = O(s^2) for every tangent t found, at any theta, also on kinks: s = 1e-5."""
    L = ExactRisk(ReLUNetwork(1, 3, 1), JUMPY)
    x = np.linspace(0, 1, 201)
    tangents = symmetries(L, theta)
    moved = L.network.realization(theta + 1e-5 * tangents, x) - L.network.realization(theta, x)
    assert np.abs(moved).max(initial=0.0) <= 1e-8


def test_rescaling_tangents_are_derivatives_of_rescale():
    """Central difference of s -> rescale(theta, s e_j) at 1, h = 1e-6, for every hidden neuron of a deep network: 1e-9."""
    net = ReLUNetwork(1, 2, 3, 1)
    theta, h, expected = net.random(np.random.default_rng(0)), 1e-6, []
    for layer, width in ((1, 2), (2, 3)):
        for e in np.eye(width):
            expected.append((net.rescale(theta, 1 + h * e, layer) - net.rescale(theta, 1 - h * e, layer)) / (2 * h))
    np.testing.assert_allclose(rescalings(net, theta), expected, rtol=0, atol=1e-9)


# ---------------------------------------------------------------- other risks
def test_without_an_exact_hessian_the_numerical_one_gives_the_same_verdict():
    """QuadratureRisk with ReLU has none: best single neuron again, the tolerance then contains the estimated error."""
    f = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
    L = QuadratureRisk(ReLUNetwork(1, 1, 1), f.__call__, breaks=(0, 1))
    point = critical_point(L, [1, -1 / 3, 4 / 3, 1 / 27])
    assert (point.verdict, point.inertia, point.symmetries) == (MINIMUM, (0, 1, 3), 1)
    error = numerical_hessian(L, [1, -1 / 3, 4 / 3, 1 / 27])[1]
    assert 4 * error <= point.zero_tolerance < 1e-6


def test_a_tanh_network_has_no_rescaling_and_no_kinks():
    """f = x on [-1, 1], theta = 0: w = b = 0 is nothing special; H_wv = -2 int x^2 = -4/3, H_cc = 4, else 0: a saddle."""
    L = QuadratureRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.polynomial([0, 1], -1, 1), activation=tanh)
    point = critical_point(L, [0, 0, 0, 0])
    assert (point.verdict, point.inertia, point.nonsmooth) == (SADDLE, (1, 1, 2), ())
    assert point.eigenvalues == pytest.approx([-4 / 3, 0, 4 / 3, 4], abs=1e-10)


def test_a_kink_on_a_data_point_is_said():
    """Data (0, 1), (1, 1), neuron relu(x) at v = 0: z = 0 at the first point. Moved off it, N = 1 fits both."""
    L = EmpiricalRisk(ReLUNetwork(1, 1, 1), [0, 1], [1, 1])
    point = critical_point(L, [1, 0, 0, 0.5], tolerance=10)
    assert point.nonsmooth == ("Neuron 0 of hidden layer 1 has its kink on a data point.",)
    assert critical_point(L, [1, -0.5, 0, 1]).verdict == MINIMUM               # fits both points


def test_the_numerical_hessian_of_a_smooth_point_is_within_its_error_estimate():
    """f = x^2, best two neurons: |H - exact| <= error <= 1e-8; a deep network's is symmetric."""
    L = square(2, -1)
    H, error = numerical_hessian(L, BEST_TWO)
    assert np.abs(H - L.hessian(BEST_TWO)).max() <= error < 1e-8
    np.testing.assert_array_equal(H, H.T)


def test_where_the_hessian_jumps_the_error_estimate_is_large():
    """A kink 1.5 h from the end x = 1: step h does not cross it, step 2h does; the Hessians differ by 2 v r(1) in (b, b)."""
    L, h = ExactRisk(ReLUNetwork(1, 1, 1), HINGE), 1e-5
    jump = 2 * 0.7 * 3 / 8
    _, error = numerical_hessian(L, [1, -1 + 1.5 * h, 0.7, -1 / 8], step=h)
    assert error == pytest.approx(jump / 8, rel=0.01)                         # a quarter of one of the two steps of 2h


def test_the_order_of_the_numerical_hessian_is_two():
    """|H_h - H| = O(h^2), slope 2 +- 0.1 over h = 2^-6 .. 2^-10, at a point whose kinks stay inside."""
    L, theta = square(2, -1), np.add(BEST_TWO, 0.1)
    steps = 2.0 ** -np.arange(6, 11)
    errors = [np.abs(numerical_hessian(L, theta, h)[0] - L.hessian(theta)).max() for h in steps]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(2, abs=0.1)


def test_sharpness_is_the_largest_eigenvalue():
    """6.8104942 at the best two neurons for x^2 on [-1, 1]; batches keep their shape; numerical where there is no Hessian."""
    L = square(2, -1)
    assert sharpness(L, BEST_TWO) == pytest.approx(6.8104942, abs=5e-8)
    assert sharpness(L, np.broadcast_to(BEST_TWO, (2, 3, 7))).shape == (2, 3)
    plain = QuadratureRisk(L.network, lambda x: x * x, breaks=(-1, 1))
    assert sharpness(plain, BEST_TWO) == pytest.approx(6.8104942, abs=1e-6)


@pytest.mark.parametrize(("shrink", "factor"), [(1.0, 3.27), (1.25**-0.25, 3.63)])
def test_the_sharpness_of_a_ramp_grows_with_its_slope(shrink, factor):
    """Step target, slope s = 100: lambda_max = 3.27 s for |w| = |v| = sqrt(s), 3.63 s balanced (v^2 = w^2 + b^2 = 5/4 w^2)."""
    s, L = 100.0, ExactRisk(ReLUNetwork(1, 2, 1), STEP)
    w, v = np.sqrt(s) * shrink, np.sqrt(s) / shrink
    theta = [w, w, -w * (0.5 - 0.5 / s), -w * (0.5 + 0.5 / s), v, -v, 0]
    assert sharpness(L, theta) / s == pytest.approx(factor, abs=0.02)


# ---------------------------------------------------------------- affine pieces
@given(st.integers(1, 6), st.integers(0, 5))
def test_a_generic_network_has_one_piece_more_than_kinks_inside(H, seed):
    """H neurons, kinks at H different points of (0, 1), slopes not 0: H + 1 pieces; dead neurons add none."""
    rng = np.random.default_rng(seed)
    kinks, w = np.linspace(0.1, 0.9, H), rng.choice([-1.5, 1.0], H)
    theta = np.concatenate([w, [1.0], -w * kinks, [-2.0], rng.choice([-1, 1], H) * rng.uniform(0.5, 2, H), [3.0], [0.3]])
    assert affine_pieces(square(H + 1), theta) == H + 1


@pytest.mark.parametrize(
    ("theta", "pieces"),
    [
        ([1, -1, 0, 0, 1, 1, 0], 2),                                          # |x|
        ([1, -1, 0, 0, 1, -1, 0], 1),                                         # relu(x) - relu(-x) = x
        ([1, 1, 0, 0, 1, -1, 0], 1),                                          # relu(x) - relu(x)
        ([1, 1, 0.5, -0.5, 1, -1, 0], 3),
        ([1, 1, -1, -2, 1, -1, 0], 1),                                        # kinks on the end and outside
        ([0, 1, 5, 1e-13, 1, 1, 0], 2),
    ],
)
def test_pieces_are_counted_on_the_function_not_on_the_neurons(theta, pieces):
    """Kinks that cancel, coincide or lie outside (-1, 1)."""
    assert affine_pieces(square(2, -1), theta) == pieces


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_tent_map_of_depth_k_has_two_to_the_k_pieces(depth):
    """T(x) = 2 relu(x) - 4 relu(x - 1/2) composed: 2^k pieces on [0, 1]."""
    net = ReLUNetwork(1, *[2] * depth, 1)
    inner = [([[2, -4], [2, -4]], [0, -0.5]) for _ in range(depth - 1)]
    theta = net.join([([[1], [1]], [0, -0.5]), *inner, ([[2, -4]], [0])])
    assert affine_pieces(ExactRisk(net, PiecewisePolynomial.constant(0.0, 0, 1)), theta) == 2**depth


SMOOTH = QuadratureRisk(ReLUNetwork(1, 1, 1), np.sin, activation=tanh, breaks=(0, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: critical_point(square(1), np.zeros((2, 4))), r"one network \(4,\), got \(2, 4\)"),
        (lambda: critical_point(square(1), np.zeros(4), tolerance=0), "tolerance must be positive and finite, got 0"),
        (lambda: critical_point(square(1), [1, 2, 3]), r"got \(3,\)"),
        (lambda: numerical_hessian(square(1), np.zeros(4), step=-1), "step must be positive and finite, got -1"),
        (lambda: affine_pieces(SMOOTH, np.zeros(4)), "Smooth activations have no pieces"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()


def test_the_verdict_reads_as_a_sentence():
    """repr: verdict, reason, L and |G|."""
    text = repr(critical_point(square(1), [1, 1, 1, -7 / 6]))
    assert text.startswith("CriticalPoint: local minimum up to symmetries. 2 of 4 eigenvalues of the Hessian are positive, ")
    assert "L = 0.005556" in text
    text = repr(critical_point(square(1), [1, 1, 1, 1]))
    assert text.startswith("CriticalPoint: not critical. |G| is above the tolerance 1e-08.")


def test_deep_networks_are_judged_with_the_numerical_hessian():
    """Widths (1, 1, 2, 1), the point with G = (-1/6, 0, ..., 0): not critical. A constant network at the mean: dead neurons."""
    net = ReLUNetwork(1, 1, 2, 1)
    L = ExactRisk(net, PiecewisePolynomial.polynomial([0, 1], 0, 1))
    theta = net.join([([[0]], [1]), ([[1], [1]], [0, -1]), ([[1, -1]], [-0.5])])
    assert critical_point(L, theta).gradient_norm == pytest.approx(1 / 6, rel=1e-13)
    dead = net.join([([[0]], [-1]), ([[1], [1]], [-1, -1]), ([[1, -1]], [0.5])])
    point = critical_point(L, dead)
    assert (point.verdict, point.inertia) == ("undecided", (0, 8, 1))          # only rescalings are counted for deep networks
    assert sharpness(L, dead) == pytest.approx(2, abs=1e-6)


# ---------------------------------------------------------------- Goldstein points
def cone(x):
    return float(np.linalg.norm(x))


def radial(x):
    return x / np.linalg.norm(x)


def cone_point(seed, **settings):
    given = {"delta": 0.1, "epsilon": 0.2, "lipschitz": 1.0} | settings
    return goldstein_point(cone, radial, [1.0, 0.5], rng=np.random.default_rng(seed), **given)


@pytest.mark.parametrize("seed", range(5))
def test_a_goldstein_point_of_the_norm_lies_near_its_tip(seed):
    """F = |x|: gradients within delta of x average to at most epsilon < 1 only if 0 is within about delta of x."""
    found = cone_point(seed)
    assert found.status == "stationary"
    assert found.norm <= 0.2
    assert cone(found.x) <= 2 * 0.1
    assert found.calls >= len(found.points)


def test_a_goldstein_point_is_that_of_its_seed():
    """The same generator, the same path and certificate; another, another."""
    assert np.array_equal(cone_point(1).path, cone_point(1).path)
    assert np.array_equal(cone_point(1).weights, cone_point(1).weights)
    assert not np.array_equal(cone_point(1).points, cone_point(2).points)


def test_a_used_up_budget_is_a_status():
    """Five gradients are not enough from (1, 0.5); what was found is kept."""
    found = cone_point(0, budget=5)
    assert found.status == "budget"
    assert found.calls == 5
    assert 0 < found.steps <= 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"delta": 0}, "delta must be positive and finite, got 0"), ({"epsilon": np.inf}, "eps"), ({"lipschitz": 0.5}, "Enlarge")],
)
def test_a_goldstein_point_needs_sensible_settings(settings, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        cone_point(0, **settings)
