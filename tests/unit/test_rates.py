"""Rates: exponents of known curves, intervals that do not promise too much, noise and transients cut away, KL exponents."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, gradient_flow
from course_lib.rates import fit_rate, kl_exponent, local_slopes

ONE_NEURON = ReLUNetwork(1, 1, 1)
ZERO, SQUARE = PiecewisePolynomial.constant(0.0, 0, 1), PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
T = np.geomspace(1, 1e8, 801)
exponents = st.floats(-3, 3).filter(lambda e: abs(e) > 0.1)


@given(exponents, st.floats(1e-3, 1e3))
def test_a_pure_power_is_found_with_its_constant(e, K):
    """u = K t^e: exponent e, interval one point, drift 0, all to 1e-10."""
    rate = fit_rate(T, K * T**e)
    assert rate.exponent == pytest.approx(e, abs=1e-10)
    assert rate.interval == pytest.approx((e, e), abs=1e-10)
    assert rate.drift == pytest.approx(0, abs=1e-10)
    assert rate.constant == pytest.approx(K, rel=1e-8)


@given(st.floats(0.01, 2), st.floats(-2, 2))
def test_an_exponential_is_found_with_its_rate(e, limit):
    """u = limit + e^{-e t}: -e from the last half before u reaches 1e4 eps |limit|, where the noise is at most 1e-4."""
    t = np.linspace(0, 100, 1001)
    rate = fit_rate(t, limit + 3 * np.exp(-e * t), limit=limit, scale="exponential")
    assert rate.exponent == pytest.approx(-e, rel=2e-3)
    assert rate.interval[0] <= rate.exponent <= rate.interval[1]


@pytest.mark.parametrize("c", [-0.5, 1.0, 4.0])
def test_the_interval_holds_the_limit_of_a_slope_that_still_drifts_like_a_power(c):
    """u = t^{-2} (1 + c t^{-1/2}) until 1e4: the fit is off by about c/200, and -2 lies in the interval."""
    t = T[T <= 1e4]
    rate = fit_rate(t, t**-2.0 * (1 + c / np.sqrt(t)))
    assert rate.interval[0] <= -2 <= rate.interval[1]
    assert 0 < abs(rate.exponent + 2) < 0.05
    assert np.sign(rate.drift) == np.sign(c)


def test_a_logarithmic_decay_shows_as_drift():
    """u = 1 / log t has local slope -1 / log t: at 1e8 still -0.054, with the drift that this has over the last decade."""
    t = T[T > 2]
    rate = fit_rate(t, 1 / np.log(t))
    low, high = -1 / np.log(1e7), -1 / np.log(1e8)
    assert low < rate.exponent < high
    assert rate.drift == pytest.approx((high - low) * 7 / 8, rel=0.05)      # from middle to middle of eight parts


def test_noise_below_the_floor_ends_the_curve():
    """u = 1 + t^{-2} + noise of 1e-12: with floor 1e-10 only t < 1e5 is used and the exponent is -2 to one percent."""
    values = 1 + T**-2.0 + 1e-12 * np.random.default_rng(0).standard_normal(len(T))
    rate = fit_rate(T, values, limit=1, floor=1e-10)
    assert rate.window[1] == pytest.approx(1e5, rel=0.03)
    assert rate.exponent == pytest.approx(-2, abs=0.01)


def test_points_after_the_first_noise_are_never_used():
    """A value below the floor at t = 100 ends the curve, though later values are large again."""
    u = 1 / T
    u[400:402] = -1.0
    assert fit_rate(T, u).window[1] < T[400]


def test_time_zero_is_left_out_and_a_window_can_be_chosen():
    """t = 0 has no logarithm; window = (10, 1000) uses exactly its points."""
    rate = fit_rate(np.append(0, T), np.append(1, T**-1.5), window=(10, 1000))
    assert rate.window == pytest.approx((10, 1000), rel=1e-12)
    assert repr(rate) == "Rate(t^-1.5 in [-1.5, -1.5] for t in [10, 1e+03])"


def test_local_slopes_stand_at_the_middles():
    """Power: geometric middles; exponential: arithmetic ones."""
    for scale, middles, slopes in (("power", [2, 8], [-1, -1]), ("exponential", [2.5, 10], np.log(1 / 4) / [3, 12])):
        t, s = local_slopes([1, 4, 16], [1, 1 / 4, 1 / 16], scale)
        np.testing.assert_allclose(t, middles, rtol=1e-14)
        np.testing.assert_allclose(s, slopes, rtol=1e-14)


@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_dying_neuron_has_kl_exponent_m_plus_2_over_m_plus_3(m):
    """p = x^m, f = 0, b -> 0: alpha = (m+2)/(m+3), b ~ t^{-1/(m+1)}, L ~ t^{-(m+3)/(m+1)}, to 2e-4 at t = 1e8.

    The solver's error in c, about 1e-13, adds 1e-26 to L ~ 1e-24 for m = 0 and is worse in G: the floor is 1e-20.
    """
    L = ExactRisk(ONE_NEURON, ZERO, PiecewisePolynomial.polynomial([0] * m + [1], 0, 1))
    flow = gradient_flow(L, [-1, 0.5, 1, 0], 1e8, rtol=1e-10, atol=1e-16)
    limit = flow.theta * [1, 0, 1, 0]
    assert kl_exponent(L, limit, flow.thetas, floor=1e-20).alpha == pytest.approx((m + 2) / (m + 3), abs=2e-4)
    assert fit_rate(flow.times, flow.thetas[:, 1]).exponent == pytest.approx(-1 / (m + 1), abs=2e-4)
    assert fit_rate(flow.times, flow.risks).exponent == pytest.approx(-(m + 3) / (m + 1), abs=2e-4)


def test_an_always_active_neuron_has_kl_exponent_three_quarters_at_zero():
    """On y = c + v (w/2 + b) = 0, v = w: |G| / L^{3/4} -> sqrt(2) 12^{3/4} / 6 = 1.51967137, correction O(w^2)."""
    w = np.geomspace(0.1, 1e-3, 31)
    thetas = np.stack([w, 1 + 0 * w, w, -w * (w / 2 + 1)], axis=1)
    kl = kl_exponent(ExactRisk(ONE_NEURON, ZERO), [0, 1, 0, 0], thetas)
    assert kl.alpha == pytest.approx(3 / 4, abs=1e-8)
    assert 1 / kl.constant == pytest.approx(1.51967137, rel=1e-7)
    assert kl.interval[0] <= 3 / 4 <= kl.interval[1]


def test_near_a_minimum_with_positive_hessian_the_kl_exponent_is_one_half():
    """f = x^2, H = 1, towards (1, -1/3, 4/3, 1/27) along a ray: alpha = 1/2 + O(distance)."""
    L, limit = ExactRisk(ONE_NEURON, SQUARE), np.array([1, -1 / 3, 4 / 3, 1 / 27])
    ray = np.array([0.5, -0.2, 0.3, 0.1])
    kl = kl_exponent(L, limit, limit + np.geomspace(1e-2, 1e-6, 41)[:, None] * ray, floor=1e-13)
    assert kl.alpha == pytest.approx(1 / 2, abs=1e-3)
    assert kl.window[0] > 1e-13


def test_the_kl_constant_makes_the_inequality_true_and_the_interval_looks_towards_the_limit():
    """The same ray from farther away: |L - L*|^alpha <= C |G| at every fitted point; 1/2 is in the interval, not the fit."""
    L, limit = ExactRisk(ONE_NEURON, SQUARE), np.array([1, -1 / 3, 4 / 3, 1 / 27])
    thetas = limit + np.geomspace(0.3, 0.01, 41)[:, None] * np.array([0.5, -0.2, 0.3, 0.1])
    kl = kl_exponent(L, limit, thetas)
    u, G = np.abs(L(thetas) - L(limit)), np.linalg.norm(L.gradient(thetas), axis=1)
    fitted = u <= kl.window[1]
    assert (u[fitted] ** kl.alpha <= kl.constant * G[fitted] * (1 + 1e-12)).all()
    assert kl.interval[0] <= 1 / 2 <= kl.interval[1]
    assert abs(kl.alpha - 1 / 2) > 1e-3


L0 = ExactRisk(ONE_NEURON, ZERO)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fit_rate([1, 2, 3], [1, 2]), r"one shape \(n,\) with n >= 2, got \(3,\) and \(2,\)"),
        (lambda: fit_rate(T, 0 * T), r"three points above floor = 0.0e\+00 .* got 0 of 801"),
        (lambda: fit_rate(T, 1 / T, window=(2, 2.01)), r"window \(2, 2.01\), got 0 of 801"),
        (lambda: fit_rate(T, 1 / T, scale="log"), "'power' or 'exponential', got 'log'"),
        (lambda: local_slopes([1, 1, 2], [1, 1, 1]), r"t must increase, .* got t\[0:2\] = \[1.0, 1.0\]"),
        (lambda: local_slopes([0, 1], [1, 1]), "Drop t = 0"),
        (lambda: local_slopes([1, 2], [1, 0]), r"u\[1\] = 0"),
        (lambda: local_slopes([1], [1]), r"n >= 2, got \(1,\)"),
        (lambda: kl_exponent(L0, [0, 1, 0, 0], [[0, 1, 0, 0]]), "three points .* got 0 of 1"),
        (lambda: kl_exponent(L0, [0, 1, 0], [[0, 1, 0, 0]]), r"got \(3,\)"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()
