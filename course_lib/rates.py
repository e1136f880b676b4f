"""Rates and exponents read off computed curves: local slopes, a fit with an interval, the KL exponent.

    u(t) = values - limit ~ K t^exponent      local slope: d log u / d log t
    |L(theta) - L*|^alpha <= C |G(theta)|     alpha: slope of log |G| against log |L - L*| as L -> L*

Contents   local_slopes -> Rate, fit_rate -> KLExponent, kl_exponent
Layer      6; imports piecewise
Notation   u the quantity that tends to 0; window (from, to) the part of the curve that is fitted
Source     cards "shallow-flow-convergence"; a fit is an observation about the window, never a proof about the limit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from course_lib.piecewise import EPS

PARTS = 8                   # local slopes in a window
Scale = Literal["power", "exponential"]


def local_slopes(t, u, scale: Scale = "power") -> tuple[np.ndarray, np.ndarray]:
    """(middles, slopes), each (n - 1,): the slope of log u between neighbouring points, against log t or against t.

    t      (n,) increasing, > 0 for "power"
    u      (n,) > 0
    scale  "power": u ~ t^slope, geometric middles; "exponential": u ~ e^{slope t}, arithmetic middles

    A difference of rounded logarithms: points closer together than the noise of u allows give noise.

    >>> local_slopes([1, 2, 4], [8, 2, 0.5])[1]
    array([-2., -2.])
    """
    t, u = _curve(t, u, scale)
    x = _axis(t, scale)
    middles = (x[1:] + x[:-1]) / 2
    return (np.exp(middles) if scale == "power" else middles), np.diff(np.log(u)) / np.diff(x)


@dataclass(frozen=True)
class Rate:
    """values - limit ~ constant * t^exponent, or constant * e^{exponent t}, in the window.

    interval  (low, high): the spread of eight local slopes in the window, continued by `drift` beyond the last of them
    drift     last minus first local slope. If it is not small, the window shows a transient: the limit may lie elsewhere
    """

    exponent: float
    interval: tuple[float, float]
    window: tuple[float, float]
    drift: float
    constant: float
    scale: Scale = "power"

    def __repr__(self) -> str:
        low, high = self.interval
        law = "t^" if self.scale == "power" else "exp, rate "
        start, end = self.window
        return f"Rate({law}{self.exponent:.4g} in [{low:.4g}, {high:.4g}] for t in [{start:.3g}, {end:.3g}])"


def fit_rate(
    times,
    values,
    limit: float = 0.0,
    *,
    scale: Scale = "power",
    floor: float | None = None,
    window: tuple[float, float] | None = None,
) -> Rate:
    """The exponent of values - limit ~ K t^exponent (or K e^{exponent t}) late in a run, with an interval.

    times, values  (T,); times increasing
    limit   what the values tend to, known independently: with the last value as limit the end of the curve is too steep
    floor   values - limit at or below it are noise: the curve ends before the first such time. None: 1e4 eps |limit|,
            where the difference keeps four digits; a solver with atol needs a larger floor
    window  (from, to) in t; None: the last decade before the noise ("power"), or its last half ("exponential")

    Least squares on all points of the window. The interval is no bound: see `Rate`.
    Raises ValueError when fewer than three points are left.

    >>> t = np.geomspace(1, 1e6, 200)
    >>> fit_rate(t, 3 + 5 / t**2, limit=3)
    Rate(t^-2 in [-2, -2] for t in [8.21e+04, 8.12e+05])
    """
    times, values = _points(times, values)
    floor = 1e4 * EPS * abs(limit) if floor is None else floor
    t, u = _before_noise(times, values - limit, floor, scale)
    if window is None and t.size:
        window = (t[-1] / 10 if scale == "power" else (t[0] + t[-1]) / 2, t[-1])
    inside = (t >= window[0] * (1 - 8 * EPS)) & (t <= window[1]) if window else t > 0
    if inside.sum() < 3:
        raise ValueError(
            f"fit_rate needs three points above floor = {floor:.1e} in the window {window}, got {inside.sum()} of "
            f"{len(times)}. Record more points, lower the floor, or widen the window."
        )
    return _fit(t[inside], u[inside], scale)


def _before_noise(t: np.ndarray, u: np.ndarray, floor: float, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """The curve up to the first u at or below the floor (or nan), without t = 0 for a power."""
    if scale == "power":
        t, u = t[t > 0], u[t > 0]
    noise = np.flatnonzero(~(u > floor))
    return (t[: noise[0]], u[: noise[0]]) if noise.size else (t, u)


@dataclass(frozen=True)
class KLExponent:
    """|L - L*|^alpha <= constant * |G| on the points used, which have |L - L*| in the window.

    interval  (low, high) for alpha: the spread of local slopes, continued by their drift towards L*
    alpha = 1/2 is what a minimum with Hessian positive across its manifold has; larger is flatter and slower
    """

    alpha: float
    interval: tuple[float, float]
    constant: float
    window: tuple[float, float]


def kl_exponent(L: Any, theta_limit, thetas, *, floor: float | None = None) -> KLExponent:
    """alpha of |L - L*|^alpha ~ C |G| along the points thetas (n, size), which tend to theta_limit; L* = L(theta_limit).

    floor   points with |L - L*| at or below it are noise; None: 1e4 eps L*, which for L* = 0 trusts every digit: along a
            flow give atol^2 at least, since the solver's error in c adds its square to L

    The three decades of |L - L*| next to the floor are fitted. The inequality at theta_limit is about every point near
    it: its exponent is at least the one along these points, and larger if another approach is flatter.
    Raises ValueError when fewer than three points are left.
    """
    limit = L(L.network.check(theta_limit))
    risks, gradients = L.value_and_gradient(np.atleast_2d(L.network.check(thetas)))
    u, norms = np.abs(risks - limit), np.linalg.norm(gradients, axis=-1)
    floor = 1e4 * EPS * limit if floor is None else floor
    keep = (u > floor) & (norms > 0)
    keep &= u <= 1e3 * u[keep].min(initial=np.inf)
    u, index = np.unique(u[keep], return_index=True)
    norms = norms[keep][index]
    if len(u) < 3:
        raise ValueError(
            f"kl_exponent needs three points with |L - L*| > floor = {floor:.1e} and G not 0, got {len(u)} of {len(risks)}. "
            "Give more points near theta_limit, on several scales."
        )
    fit = _fit(u, norms, "power", towards_zero=True)
    return KLExponent(fit.exponent, fit.interval, float((u**fit.exponent / norms).max()), fit.window)


def _fit(t: np.ndarray, u: np.ndarray, scale: Scale, towards_zero: bool = False) -> Rate:
    """Least squares of log u on all points; the interval from slopes between PARTS + 1 of them, evenly spread."""
    t, u = _curve(t, u, scale)
    x = _axis(t, scale)
    exponent, constant = np.polyfit(x - x.mean(), np.log(u), 1)
    picked = np.unique(np.searchsorted(x, np.linspace(x[0], x[-1], PARTS + 1)).clip(0, len(x) - 1))
    _, slopes = local_slopes(t[picked], u[picked], scale)
    if towards_zero:
        slopes = slopes[::-1]
    drift = slopes[-1] - slopes[0]
    ahead = slopes[-1] + drift
    interval = (float(min(slopes.min(), ahead, exponent)), float(max(slopes.max(), ahead, exponent)))
    with np.errstate(over="ignore"):
        constant = float(np.exp(constant - exponent * x.mean()))
    return Rate(float(exponent), interval, (float(t[0]), float(t[-1])), float(drift), constant, scale)


def _axis(t: np.ndarray, scale: Scale) -> np.ndarray:
    return np.log(t) if scale == "power" else t


def _points(t, u) -> tuple[np.ndarray, np.ndarray]:
    """t and u as arrays (n,); ValueError on different shapes or fewer than two points."""
    t, u = np.asarray(t, dtype=float), np.asarray(u, dtype=float)
    if t.ndim != 1 or t.shape != u.shape or len(t) < 2:
        raise ValueError(
            f"a curve needs times and values of one shape (n,) with n >= 2, got {t.shape} and {u.shape}. "
            "Of a flow: flow.times and flow.risks."
        )
    return t, u


def _curve(t, u, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """t and u as arrays (n,); ValueError unless t increases, u > 0 and the scale is known."""
    t, u = _points(t, u)
    if scale not in ("power", "exponential"):
        raise ValueError(f"scale must be 'power' or 'exponential', got {scale!r}. Power: a line in log-log coordinates.")
    bad = np.flatnonzero(~(np.diff(t) > 0))
    if bad.size or (scale == "power" and not t[0] > 0):
        i = int(bad[0]) if bad.size else 0
        raise ValueError(f"t must increase, for a power from t > 0; got t[{i}:{i + 2}] = {t[i : i + 2].tolist()}. Drop t = 0.")
    if not (u > 0).all():
        i = int(np.flatnonzero(~(u > 0))[0])
        raise ValueError(f"u must be positive to have a logarithm, but u[{i}] = {u[i]:g}. Cut the curve where noise begins.")
    return t, u
