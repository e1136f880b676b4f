"""The cards of lecture 03, verified through the library, and broken by dropping a hypothesis."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_lib import EmpiricalRisk, ExactRisk, PiecewisePolynomial, QuadratureRisk, ReLUNetwork
from course_lib.activations import Activation, SmoothReLU, softplus
from course_lib.landscapes import numerical_hessian
from tests.reference import Rational

NET, NEURON = ReLUNetwork(1, 3, 1), ReLUNetwork(1, 1, 1)
F = PiecewisePolynomial([0, 0.4, 1], [[0, 1, -1, 2], [0.5, 0, 1]])                # jumps at 0.4
P = PiecewisePolynomial([0, 0.6, 1], [[1, 0.5], [0.3]])                           # jumps at 0.6
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
L = ExactRisk(NET, F, P)
THETA = np.array([1.3, -0.8, 0.6, -0.5, 0.6, -0.1, 1.1, 0.9, -2.0, 0.2])          # kinks 0.385, 0.75, 0.167
DEGENERATE = np.array([1.3, 0, 0.6, -0.5, 0, -0.1, 1.1, 0.9, -2.0, 0.2])
ON_JUMP = np.array([1.0, -0.8, 0.6, -0.4, 0.6, -0.1, 1.1, 0.9, -2.0, 0.2])        # first kink on the jump of F
CONSTANT = np.array([0, 0, 0.6, 0.5, -0.5, -0.1, 1.1, 0.9, -2.0, 0.2])            # w = 0, b > 0 and b < 0
CASES = {"generic": THETA, "degenerate": DEGENERATE, "on a jump": ON_JUMP, "w = 0": CONSTANT}
EVERY = pytest.mark.parametrize("theta", CASES.values(), ids=CASES)
SIZES = np.array([100, 200, 400, 800])


def ramp(n):
    """The derivative is min(max(n z, 0), 1): in the class of the theorem, but z - 1/(2n) at the end."""

    def value(z):
        return np.where(z < 1 / n, n * np.maximum(z, 0) ** 2 / 2, z - 0.5 / n)

    return Activation("ramp", value, lambda z: np.clip(n * z, 0, 1), corners=(0.0, 1 / n), degree=2)


def shifted(n):
    """SmoothReLU moved to the left: the slope at 0 is 1."""
    R = SmoothReLU(n)
    moved = [lambda z: R.value(z + 1 / n), lambda z: R.derivative(z + 1 / n)]
    return Activation("shifted", *moved, corners=(-0.5 / n, 0.0), degree=3)


def distances(way, theta):
    """|grad L_n - G|, largest component, for each n."""
    smooth = [QuadratureRisk(NET, F, P, activation=way(n)).gradient(theta) for n in SIZES]
    return np.abs(smooth - L.gradient(theta)).max(axis=1)


def order(errors):
    assert np.all(errors > 1e-12), f"rounding noise, cannot judge: {errors}"
    return -np.polyfit(np.log(SIZES), np.log(errors), 1)[0]


# ---------------------------------------------------------------- generalized-gradient
@pytest.mark.theorem("generalized-gradient")
@EVERY
@pytest.mark.parametrize("way", [SmoothReLU, ramp])
def test_smooth_gradients_tend_to_g_whatever_the_smoothing(way, theta):
    """|grad L_n - G| = O(1/n) at least: halved, up to a tenth, when n doubles, also where L is not differentiable."""
    errors = distances(way, theta)
    assert np.all(errors[1:] <= 0.55 * errors[:-1])
    assert errors[-1] < 2e-2


@pytest.mark.theorem("generalized-gradient")
@EVERY
def test_the_formula_is_that_of_the_card_in_rational_arithmetic(theta):
    """G = (2 v int_A x r p, 2 v int_A r p, 2 int relu r p, 2 int r p), exact to 1e-13 of the largest term."""
    assert_allclose(L.gradient(theta), np.array(Rational(theta, F, P).gradient, dtype=float), atol=1e-13)


@pytest.mark.theorem("generalized-gradient", drops="smoothing")
def test_another_slope_at_zero_gives_another_limit():
    """f = 1, theta = (0, 0, 1, 0): the slope s gives -s (1, 2) in (w, b); from the right s = 1, error of order 1/n."""
    theta, n = [0, 0, 1, 0], 1e6
    right = QuadratureRisk(NEURON, ONE, activation=shifted(n)).gradient(theta)
    assert_allclose(right[:2], [-1, -2], atol=3 / n)
    half = Activation("half", lambda z: (z + np.hypot(z, 1 / n)) / 2, lambda z: (1 + z / np.hypot(z, 1 / n)) / 2)
    assert_allclose(QuadratureRisk(NEURON, ONE, activation=half).gradient(theta)[:2], [-0.5, -1], atol=3 / n)
    assert not ExactRisk(NEURON, ONE).gradient(theta)[:2].any()


# ---------------------------------------------------------------- smooth-gradient-rate
@pytest.mark.theorem("smooth-gradient-rate")
@EVERY
def test_with_exact_tails_the_order_is_two(theta):
    """Order 2 +- 0.1 over four n, with jumps of f and p, one of them on a kink."""
    assert order(distances(SmoothReLU, theta)) == pytest.approx(2, abs=0.1)


@pytest.mark.theorem("smooth-gradient-rate", drops="exact tails")
def test_the_ramp_that_stays_below_the_relu_has_order_one():
    """R_n(z) = z - 1/(2n) for z >= 1/n."""
    assert order(distances(ramp, THETA)) == pytest.approx(1, abs=0.1)


@pytest.mark.theorem("smooth-gradient-rate", drops="piecewise Lipschitz")
def test_a_root_at_the_kink_costs_half_an_order():
    """f = root(x - k) right of the kink k: by substitution u = root(x - k) the error of G_b is a polynomial integral, n^(-3/2).

    G_b = 2 v int_0^1/n (R' - 1)(-root z + ...) dz / |w|, so (1/n)^(3/2) times a constant.
    """
    t, q = np.polynomial.legendre.leggauss(20)
    errors = []
    for n in SIZES:
        pieces = [(0.0, np.sqrt(0.5 / n)), (np.sqrt(0.5 / n), np.sqrt(1 / n))]
        u = np.concatenate([(a + b) / 2 + (b - a) / 2 * t for a, b in pieces])
        weights = np.concatenate([(b - a) / 2 * q for a, b in pieces])
        z, R = u**2, SmoothReLU(n)
        errors.append(abs(np.sum(weights * 2 * u * 2 * ((R.derivative(z)) * (R.value(z) - u) - (z - u)))))
    assert order(np.array(errors)) == pytest.approx(1.5, abs=0.1)


# ---------------------------------------------------------------- differentiable-off-degenerate
@pytest.mark.theorem("differentiable-off-degenerate")
@pytest.mark.parametrize("theta", [THETA, ON_JUMP, CONSTANT], ids=["generic", "on a jump", "w = 0"])
def test_off_degenerate_neurons_g_is_the_gradient_and_lipschitz(theta):
    """(L(theta + t h) - L(theta)) / t = <G, h> + O(t), and |G(theta + t h) - G(theta)| <= 100 t, for t = 1e-2 .. 1e-6."""
    for h in np.random.default_rng(1).standard_normal((20, NET.size)):
        for t in (1e-2, 1e-4, 1e-6):
            assert abs((L(theta + t * h) - L(theta)) / t - L.gradient(theta) @ h) < 100 * t + 1e-9
            assert np.abs(L.gradient(theta + t * h) - L.gradient(theta)).max() < 100 * t


@pytest.mark.theorem("differentiable-off-degenerate")
def test_the_increment_is_the_integral_of_g_even_through_a_degenerate_point():
    """Towards a degenerate point the kinks of the other neurons stay put, so the integrand is a polynomial on either half."""
    h = np.zeros(NET.size)
    h[[1, 4, 7, 9]] = 0.7, -0.3, 0.5, 0.4
    t, q = np.polynomial.legendre.leggauss(6)
    s = np.concatenate([(t - 1) / 2, (1 + t) / 2])
    integral = np.tile(q / 2, 2) @ (L.gradient(DEGENERATE + s[:, None] * h) @ h)
    assert L(DEGENERATE + h) - L(DEGENERATE - h) == pytest.approx(integral, abs=1e-14)


@pytest.mark.theorem("differentiable-off-degenerate", drops="no degenerate neuron")
def test_at_a_degenerate_neuron_one_sided_slopes_differ():
    """f = 1, theta = (0, 0, 1, 0): slope -1 along +w, 0 along -w, to O(t)."""
    risk, theta, t, e_w = ExactRisk(NEURON, ONE), np.array([0.0, 0, 1, 0]), 1e-6, np.eye(4)[0]
    assert (risk(theta + t * e_w) - risk(theta)) / t == pytest.approx(-1, abs=t)
    assert risk(theta - t * e_w) == risk(theta)


@pytest.mark.theorem("differentiable-off-degenerate", drops="bounded density")
def test_point_masses_make_g_jump_although_no_neuron_is_degenerate():
    """Data (0, -1) and (1, 3): at b = 0 the kink crosses the first one, and G_b jumps by 2 * 2."""
    risk = EmpiricalRisk(NEURON, [0, 1], [-1, 3], weights=[1, 1])
    below, above = (risk.gradient([1, b, 1, 1]) for b in (-1e-9, 1e-9))
    assert_allclose(above - below, [0, 4, 0, 0], atol=1e-8)


# ---------------------------------------------------------------- limiting-subgradient
@pytest.mark.theorem("limiting-subgradient")
@pytest.mark.parametrize("eps", [1e-1, 1e-5, 1e-10])
def test_g_is_a_gradient_at_points_of_differentiability_nearby(eps):
    """Lower the degenerate bias: no neuron is degenerate, central differences give the same G (error eps / 1e3 + rounding)."""
    near = DEGENERATE - eps * np.eye(NET.size)[4]
    assert not NET.degenerate(near).any()
    step = min(eps, 1e-3) / 4                                                     # the lowered neuron stays off
    slopes = [(L(near + step * e) - L(near - step * e)) / (2 * step) for e in np.eye(NET.size)]
    assert_allclose(slopes, L.gradient(DEGENERATE), atol=1e-15 / step + 100 * step**2)
    assert np.array_equal(L.gradient(near), L.gradient(DEGENERATE))


@pytest.mark.theorem("limiting-subgradient")
def test_more_than_limiting_fails_g_need_not_be_frechet_where_others_are():
    """f = 1.1 x - 1, (0, 0, 1, 0): L'(theta; h) > <y, h> if (h_w, h_b) is not 0, for y = (2/15, 9/20, 0, 9/10); not for G.

    G = (0, 0, 0, 9/10); one-sided quotients with t = 1e-7 err by O(t).
    """
    risk, theta, t = ExactRisk(NEURON, PiecewisePolynomial.polynomial([-1, 1.1], 0, 1)), np.array([0.0, 0, 1, 0]), 1e-7
    h = np.random.default_rng(3).standard_normal((5000, 4))
    h /= np.linalg.norm(h[:, :2], axis=1, keepdims=True)
    h[:, 2:] = np.clip(h[:, 2:], -3, 3)
    slopes = (risk(theta + t * h) - risk(theta)) / t
    assert_allclose(risk.gradient(theta), [0, 0, 0, 0.9], atol=1e-15)
    assert (slopes - h @ [2 / 15, 9 / 20, 0, 9 / 10]).min() > 0.07
    assert (slopes - h @ risk.gradient(theta)).min() < -8e-4


@pytest.mark.theorem("differentiable-off-degenerate")
def test_one_sided_slopes_at_a_degenerate_neuron_are_those_of_g_plus_a_homogeneous_term():
    """L'(theta; h) = <G, h> + 2 v int r max(h_w x + h_b, 0) p, the second neuron degenerate; quotients, to O(t)."""
    t, (nodes, weights), missed = 1e-7, np.polynomial.legendre.leggauss(20), []
    for h in np.random.default_rng(4).standard_normal((20, NET.size)):
        edges = np.unique(np.clip([0, 0.4, 0.6, 1, -h[4] / h[1], *NET.kinks(THETA)], 0, 1))
        x = (edges[:-1, None] + np.diff(edges)[:, None] * (1 + nodes) / 2).ravel()
        mass = (np.diff(edges)[:, None] * weights / 2).ravel() * P(x)
        r = NET.realization(DEGENERATE, x) - F(x)
        phi = 2 * DEGENERATE[7] * np.sum(mass * r * np.maximum(h[1] * x + h[4], 0))
        slope = (L(DEGENERATE + t * h) - L(DEGENERATE)) / t
        assert slope == pytest.approx(L.gradient(DEGENERATE) @ h + phi, abs=1e-4)
        missed.append(abs(phi))
    assert max(missed) > 0.1                                                      # by G alone


@pytest.mark.theorem("limiting-subgradient", drops="convention")
def test_with_one_half_at_zero_the_vector_is_no_limit_of_gradients():
    """relu'(0) = 1/2 gives (-1/2, -1) in (w, b); all gradients near theta = (0, 0, 1, 0), f = 1, stay 0.2 away from it."""
    rng = np.random.default_rng(2)
    near = np.array([0.0, 0, 1, 0]) + 1e-4 * rng.standard_normal((5000, 4))
    gradients = ExactRisk(NEURON, ONE).gradient(near)[:, :2]
    assert np.linalg.norm(gradients - [-0.5, -1], axis=1).min() > 0.2
    assert np.linalg.norm(gradients, axis=1).min() < 1e-3                         # while G = (0, 0) is one


# ---------------------------------------------------------------- kink-hessian
SMOOTH_AT_KINKS = np.array([1.3, -0.8, 0.6, -0.4, 0.56, -0.1, 1.1, 0.9, -2.0, 0.2])        # kinks 0.308, 0.7, 0.167


def from_the_card(theta, kinks=True):
    """The matrix of the card by Gauss quadrature on the cells, for L."""
    w, b, v, _ = NET.shallow(theta)
    k = -b / w
    edges = np.unique([*F.breaks, *P.breaks, *k])
    t, q = np.polynomial.legendre.leggauss(6)
    x = (edges[:-1, None] + np.diff(edges)[:, None] * (1 + t) / 2).ravel()
    m = (np.diff(edges)[:, None] * q / 2).ravel() * P(x)
    z = w[:, None] * x + b[:, None]
    on, r = z > 0, NET.realization(theta, x) - F(x)
    J = np.vstack([v[:, None] * on * x, v[:, None] * on, np.maximum(z, 0), np.ones_like(x)])
    H = 2 * (J * m) @ J.T
    kappa = 2 * v * (NET.realization(theta, k) - F(k)) * P(k) / np.abs(w)
    for j in range(3):
        cross = 2 * (on[j] * r * m) @ np.stack([x, np.ones_like(x)], axis=1)
        H[[j, j + 3], j + 6] += cross
        H[j + 6, [j, j + 3]] += cross
        H[np.ix_([j, j + 3], [j, j + 3])] += kinks * kappa[j] * np.outer([k[j], 1], [k[j], 1])
    return H


@pytest.mark.theorem("kink-hessian")
def test_the_hessian_of_the_card_is_the_librarys_and_that_of_differences():
    """Rounding for the library's; central differences agree within their own error estimate. Without kinks neither does."""
    H = from_the_card(SMOOTH_AT_KINKS)
    assert_allclose(ExactRisk(NET, F, P).hessian(SMOOTH_AT_KINKS), H, atol=1e-13)
    differences, error = numerical_hessian(L, SMOOTH_AT_KINKS)
    assert error < 1e-6
    assert_allclose(differences, H, atol=10 * error + 1e-9)
    assert np.abs(from_the_card(SMOOTH_AT_KINKS, kinks=False) - H).max() > 0.1


@pytest.mark.theorem("kink-hessian")
def test_the_hessian_at_the_best_pair_has_the_stated_entries():
    """f = x^2 on [-1, 1]: H_ww = 272/243, H_wb = 368/243, H_bb = 176/81, H_wv = 112/243, H_wc = 32/27."""
    risk = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial.polynomial([0, 0, 1], -1, 1))
    H = risk.hessian([1, -1, -1 / 3, -1 / 3, 4 / 3, 4 / 3, 1 / 27])
    assert_allclose(H[0, [0, 2, 4, 6]], [272 / 243, 368 / 243, 112 / 243, 32 / 27], rtol=1e-13)
    assert H[2, 2] == pytest.approx(176 / 81, rel=1e-13)


@pytest.mark.theorem("kink-hessian", drops="continuous at kinks")
def test_on_a_jump_of_the_target_second_derivatives_differ_by_two_v_over_w():
    """The step on [0, 1], kink at 1/2: one-sided quotients of G_b differ by 2 v [f] p / |w| = 2."""
    risk = ExactRisk(NEURON, PiecewisePolynomial([0, 0.5, 1], [[0], [1]]))
    theta, t, e_b = np.array([1, -0.5, 1, 0.1]), 1e-5, np.eye(4)[1]
    up, down = ((risk.gradient(theta + d * e_b) - risk.gradient(theta))[1] / d for d in (t, -t))
    assert up - down == pytest.approx(2, abs=10 * t)


@pytest.mark.theorem("kink-hessian", drops="kinks inside")
def test_on_an_end_of_the_interval_second_derivatives_differ():
    """f = 1 on [0, 1], kink at 0: b > 0 moves it out (no kink term), b < 0 moves it in; 2 v r(0) / w = -2."""
    risk, t, e_b, theta = ExactRisk(NEURON, ONE), 1e-5, np.eye(4)[1], np.array([1.0, 0, 1, 0])
    up, down = ((risk.gradient(theta + d * e_b) - risk.gradient(theta))[1] / d for d in (t, -t))
    assert up - down == pytest.approx(2, abs=10 * t)


# ---------------------------------------------------------------- balance-identity
def imbalance(risk, theta):
    """w G_w + b G_b - v G_v of every neuron."""
    (w, b, v, _), (Gw, Gb, Gv, _) = (risk.network.shallow(t) for t in (theta, risk.gradient(theta)))
    return w * Gw + b * Gb - v * Gv


@pytest.mark.theorem("balance-identity")
@EVERY
def test_the_gradient_of_every_neuron_is_balanced(theta):
    """Zero to 64 eps times the size of the terms."""
    assert np.abs(imbalance(L, theta)).max() <= 64 * np.finfo(float).eps * np.abs(theta).max() * np.abs(L.gradient(theta)).max()


@pytest.mark.theorem("balance-identity", drops="homogeneous activation")
def test_with_softplus_the_balance_fails():
    """log(1 + e^z) is not homogeneous."""
    assert np.abs(imbalance(QuadratureRisk(NET, F, P, activation=softplus), THETA)).max() > 0.1
