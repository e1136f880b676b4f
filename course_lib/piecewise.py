"""The functions of the problem: piecewise polynomials on an interval [a, b].

    f(x) = sum_m c[k, m] (x - t_k)^m    for t_k <= x < t_{k+1},    a = t_0 < ... < t_K = b

Contents   PiecewisePolynomial: evaluation, common breakpoints, minimum, integral, samples, approximation of other functions
Layer      1; imports nothing of the course
Notation   K pieces, breaks t (K+1,), local coefficients c (K, M) in ascending powers, or (K, M, outputs)
Convention at a breakpoint the value is the right piece's, at b the last piece's; jumps are allowed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, comb, factorial

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

EPS = np.finfo(float).eps
CHEBYSHEV_DEGREE = 8
MOST_PIECES = 4096


@dataclass(frozen=True, eq=False)
class PiecewisePolynomial:
    """x -> sum_m coefficients[k, m] (x - breaks[k])^m on [breaks[k], breaks[k + 1]).

    breaks        (K+1,) strictly increasing, finite
    coefficients  one ascending list a piece (lengths may differ; stored (K, M), zero-padded), or (K, M, outputs)
    error_estimate, error_bound   of `approximate`: observed, and proven, distance in the maximum norm; else None

    >>> f = PiecewisePolynomial([0, .5, 1], [[0, 0, 1], [.75, -1]])     # x^2, then 3/4 - (x - 1/2)
    >>> f([.25, .5, 1])
    array([0.0625, 0.75  , 0.25  ])
    """

    breaks: np.ndarray
    coefficients: np.ndarray
    error_estimate: float | None = None
    error_bound: float | None = None

    def __post_init__(self):
        breaks = np.array(self.breaks, dtype=float)
        _require_increasing(breaks)
        coefficients = _padded(self.coefficients)
        if len(coefficients) != len(breaks) - 1:
            raise ValueError(
                f"coefficients needs one list a piece: {len(breaks)} breaks make {len(breaks) - 1} pieces, "
                f"but {len(coefficients)} lists came. Give one ascending list for each piece."
            )
        for name, value in (("breaks", breaks), ("coefficients", coefficients)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def constant(cls, value: float, a: float, b: float) -> PiecewisePolynomial:
        """The function equal to value on [a, b]."""
        return cls([a, b], [[value]])

    @classmethod
    def polynomial(cls, coefficients: Sequence[float], a: float, b: float) -> PiecewisePolynomial:
        """sum_m coefficients[m] x^m on [a, b], in powers of x itself (not of x - a).

        >>> PiecewisePolynomial.polynomial([0, 0, 1], -1, 1).coefficients       # x^2 = 1 - 2 (x+1) + (x+1)^2
        array([[ 1., -2.,  1.]])
        """
        return cls([a, b], [_taylor_shift(np.asarray(coefficients, dtype=float), a)])

    @classmethod
    def stack(cls, functions: Sequence[PiecewisePolynomial]) -> PiecewisePolynomial:
        """The vector-valued function x -> (f_1(x), ..., f_n(x)) of scalar functions with one domain."""
        if len({f.domain for f in functions}) != 1:
            raise ValueError(
                f"stack needs functions on one interval; got the domains {[f.domain for f in functions]}. "
                "Restrict or extend them to a common [a, b] first."
            )
        breaks = np.unique(np.concatenate([f.breaks for f in functions]))
        parts = [f.refine(breaks).coefficients for f in functions]
        degree = max(part.shape[1] for part in parts)
        padded = [np.pad(part, ((0, 0), (0, degree - part.shape[1]))) for part in parts]
        return cls(breaks, np.stack(padded, axis=-1))

    @property
    def domain(self) -> tuple[float, float]:
        """(a, b)."""
        return float(self.breaks[0]), float(self.breaks[-1])

    @property
    def outputs(self) -> int:
        """The number of components; 1 for a scalar function."""
        return 1 if self.coefficients.ndim == 2 else self.coefficients.shape[2]

    @property
    def degree(self) -> int:
        """The largest power with a non-zero coefficient on some piece; 0 for the zero function."""
        used = self.coefficients.reshape(*self.coefficients.shape[:2], -1).any(axis=(0, 2))
        return int(np.flatnonzero(used).max(initial=0))

    def __call__(self, x) -> np.ndarray:
        """f(x): x of any shape in, the same shape out (with a last axis of outputs if the function is vector-valued)."""
        x = np.asarray(x, dtype=float)
        a, b = self.domain
        if not np.all((a <= x) & (x <= b)):
            first = x[~((a <= x) & (x <= b))].flat[0]
            raise ValueError(f"x must lie in the domain [{a:g}, {b:g}], but {first:g} came. Clip x, or widen the domain.")
        piece = np.searchsorted(self.breaks[1:-1], x, side="right")
        s = x - self.breaks[piece]
        c = self.coefficients[piece]
        extra = (None,) * (self.coefficients.ndim - 2)
        return horner(np.moveaxis(c, x.ndim, 0), s[(..., *extra)]) + 0.0

    def refine(self, breaks) -> PiecewisePolynomial:
        """The same function with the given breakpoints, which must contain its own."""
        breaks = np.asarray(breaks, dtype=float)
        missing = np.setdiff1d(self.breaks, breaks)
        if missing.size:
            raise ValueError(f"refine keeps every breakpoint, but {missing[0]:g} is missing. Pass the union of both sets.")
        piece = np.searchsorted(self.breaks[1:-1], breaks[:-1], side="right")
        shifted = [_taylor_shift(self.coefficients[k], t - self.breaks[k]) for k, t in zip(piece, breaks, strict=False)]
        return PiecewisePolynomial(breaks, np.array(shifted))

    def minimum(self) -> tuple[float, float]:
        """(x, f(x)) at a smallest value, one-sided limits at jumps included; scalar functions only."""
        candidates = []
        for t, h, c in zip(self.breaks, np.diff(self.breaks), self.coefficients, strict=False):
            roots = Polynomial(np.trim_zeros(c, "b") if c.any() else [0.0]).deriv().roots()
            inside = [s.real for s in roots if abs(s.imag) < 1e-9 * h and 0 < s.real < h]
            candidates += [(float(t + s), float(horner(c, s))) for s in (0.0, *inside, h)]
        return min(candidates, key=lambda pair: pair[1])

    def integral(self) -> float | np.ndarray:
        """int_a^b f, a float, or (outputs,). Exact up to rounding.

        >>> PiecewisePolynomial([0, .5, 1], [[0, 0, 1], [.75, -1]]).integral()      # 1/24 + 3/8 - 1/8
        0.2916666666666667
        """
        total = self._masses().sum(axis=0)
        return float(total) if total.ndim == 0 else total

    def _primitive(self) -> np.ndarray:
        """(M, K) or (M, K, outputs): int_{t_k}^{t_k + s} f = s sum_m primitive[m, k] s^m."""
        powers = np.arange(1, self.coefficients.shape[1] + 1)
        return np.moveaxis(self.coefficients, 1, 0) / powers.reshape(-1, *[1] * (self.coefficients.ndim - 1))

    def _masses(self) -> np.ndarray:
        """The integrals over the pieces, (K,) or (K, outputs)."""
        h = np.diff(self.breaks).reshape(-1, *[1] * (self.coefficients.ndim - 2))
        return h * horner(self._primitive(), h)

    def sample(self, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Independent points with density f / int f, an array of this shape; f >= 0, scalar, not zero everywhere.

        A piece is chosen by its mass, then its distribution function is inverted by bisection, to rounding. Two uniform numbers
        a point, in the order of the array, so that a seed gives the same points on every machine. ValueError for other f.

        >>> PiecewisePolynomial([0, 1, 2], [[0], [1]]).sample(3, np.random.default_rng(0)) > 1      # nothing where f = 0
        array([ True,  True,  True])
        """
        if self.outputs != 1 or self.minimum()[1] < -1e-12 * np.abs(self.coefficients).max() or not self.coefficients.any():
            raise ValueError(
                f"sample needs a scalar f >= 0 that is not 0 everywhere, got {self.outputs} output(s) and minimum "
                f"{self.minimum()[1] if self.outputs == 1 else 'undefined'}. Sample from a density, such as f^2."
            )
        primitive, mass = self._primitive(), np.maximum(self._masses(), 0)
        choice, level = np.moveaxis(rng.random((*(shape if isinstance(shape, tuple) else (shape,)), 2)), -1, 0)
        piece = np.searchsorted(np.cumsum(mass) / mass.sum(), choice, side="right").clip(max=len(mass) - 1)
        level, low, high = level * mass[piece], np.zeros(piece.shape), np.diff(self.breaks)[piece]
        for _ in range(np.finfo(float).nmant + 1):
            middle = (low + high) / 2
            below = middle * horner(primitive[:, piece], middle) <= level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return self.breaks[piece] + low

    @classmethod
    def approximate(
        cls,
        function: Callable[[np.ndarray], np.ndarray],
        a: float,
        b: float,
        tolerance: float,
        breaks: Sequence[float] = (),
        derivative_bound: tuple[int, float] | None = None,
    ) -> PiecewisePolynomial:
        """A piecewise Chebyshev interpolant of a function that is not polynomial.

        function          vectorised, x (n,) -> (n,)
        tolerance         wanted distance in the maximum norm
        breaks            where the function is not smooth (corners, jumps); pieces end there
        derivative_bound  (order, value) with |f^(order)| <= value on every piece: then the interpolant has degree
                          order - 1 and pieces of length h with the proven bound 2 (h/4)^order value / order!

        Without a derivative bound pieces are halved until the distance seen on a ten times finer grid is below the
        tolerance: `.error_estimate` is an observation, not a bound, and `.error_bound` stays None.
        Raises ValueError when more than 4096 pieces would be needed.
        """
        if not tolerance > 0:
            raise ValueError(f"tolerance must be positive, got {tolerance}. A useful value is 1e-10.")
        corners = np.unique([a, *breaks, b]).astype(float)
        if derivative_bound is None:
            pieces = _adaptive(function, corners, tolerance)
            bound = None
        else:
            pieces, bound = _uniform(function, corners, tolerance, *derivative_bound)
        ends, fits, errors = zip(*pieces, strict=True)
        return cls([a, *ends], [_local_coefficients(fit) for fit in fits], max(errors), bound)


def horner(coefficients, s):
    """sum_m coefficients[m] s^m, coefficients (M, ...) broadcasting against s; a constant (M = 1) comes unbroadcast."""
    value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = value * s + c
    return value


def _taylor_shift(coefficients: np.ndarray, shift: float) -> np.ndarray:
    """Coefficients (M, ...) of s -> q(s + shift), by the binomial theorem."""
    if shift == 0:
        return coefficients
    M = len(coefficients)
    powers = [[comb(m, j) * shift ** (m - j) if m >= j else 0.0 for m in range(M)] for j in range(M)]
    return np.tensordot(np.array(powers), coefficients, axes=1)


def _padded(coefficients) -> np.ndarray:
    """Lists of different lengths as one zero-padded array (K, M) or (K, M, outputs); finite numbers only."""
    rows = [np.atleast_1d(np.asarray(row, dtype=float)) for row in coefficients]
    for k, row in enumerate(rows):
        if row.size == 0 or not np.isfinite(row).all():
            raise ValueError(
                f"coefficients[{k}] must hold finite numbers, got {row.tolist()}. "
                "Write a zero piece as [0]; replace NaN or infinity by a number."
            )
    M = max((len(row) for row in rows), default=0)
    padded = [np.pad(row, [(0, M - len(row))] + [(0, 0)] * (row.ndim - 1)) for row in rows]
    return np.array(padded)


def _require_increasing(breaks: np.ndarray) -> None:
    """Raise unless breaks is (K+1,), finite and strictly increasing; say where it is not."""
    if breaks.ndim != 1 or len(breaks) < 2 or not np.isfinite(breaks).all():
        raise ValueError(f"breaks must be a list of at least two finite numbers, got {breaks.tolist()}. Start with [a, b].")
    bad = np.flatnonzero(np.diff(breaks) <= 0)
    if bad.size:
        i = bad[0]
        raise ValueError(
            f"breaks must increase strictly, but breaks[{i}] = {breaks[i]:g} >= breaks[{i + 1}] = {breaks[i + 1]:g}. "
            "For a jump, keep one breakpoint and give the two pieces different coefficients."
        )


def _interpolate(function, left: float, right: float, degree: int) -> tuple[Chebyshev, float]:
    """The Chebyshev interpolant on [left, right] and its distance from the function on a ten times finer grid."""
    fit = Chebyshev.interpolate(function, degree, domain=[left, right])
    x = np.linspace(left, right, 10 * (degree + 1) + 1)[1:-1]      # open: a jump may sit on an end
    return fit, float(np.max(np.abs(fit(x) - function(x))))


def _adaptive(function, corners, tolerance) -> list[tuple[float, Chebyshev, float]]:
    """(right end, interpolant, observed error) of pieces halved until the error is below the tolerance."""
    waiting = list(pairwise(corners))[::-1]
    done = []
    while waiting:
        left, right = waiting.pop()
        fit, error = _interpolate(function, left, right, CHEBYSHEV_DEGREE)
        if error <= tolerance:
            done.append((right, fit, error))
        elif len(done) + len(waiting) < MOST_PIECES and right - left > 1e-9 * (corners[-1] - corners[0]):
            middle = (left + right) / 2
            waiting += [(middle, right), (left, middle)]
        else:
            raise ValueError(
                f"approximate cannot reach tolerance = {tolerance:g} near x = {left:g}: the error on a piece of length "
                f"{right - left:.1e} is {error:.1e}. Name jumps and corners in breaks, or ask for a larger tolerance."
            )
    return done


def _uniform(function, corners, tolerance, order, value) -> tuple[list[tuple[float, Chebyshev, float]], float]:
    """Equal pieces between corners, as many as the proven bound 2 (h/4)^order value / order! asks for; and the bound."""
    if order < 1 or value < 0:
        raise ValueError(f"derivative_bound needs (order >= 1, value >= 0), got {(order, value)}. For Lipschitz f: (1, Lip).")
    longest = 4 * (tolerance * factorial(order) / (2 * value)) ** (1 / order) if value else np.inf
    counts = [max(1, ceil(length / longest)) for length in np.diff(corners)]
    if sum(counts) > MOST_PIECES:
        raise ValueError(
            f"approximate would need {sum(counts)} pieces (at most {MOST_PIECES}) for a proven tolerance = {tolerance:g}. "
            "Bound a higher derivative, or ask for a larger tolerance."
        )
    ends = np.concatenate([np.linspace(l, r, n + 1)[1:] for (l, r), n in zip(pairwise(corners), counts, strict=True)])
    starts = np.concatenate([corners[:1], ends[:-1]])
    pieces = [(r, *_interpolate(function, l, r, order - 1)) for l, r in zip(starts, ends, strict=True)]
    return pieces, float(2 * (np.max(ends - starts) / 4) ** order * value / factorial(order))


def _local_coefficients(fit: Chebyshev) -> np.ndarray:
    """Ascending coefficients of the interpolant in powers of x - left end."""
    left, right = fit.domain
    powers = Polynomial(np.polynomial.chebyshev.cheb2poly(fit.coef))
    in_unit = powers(Polynomial([-1.0, 2.0])).coef                 # s = (x - left) / (right - left) in [0, 1]
    return in_unit / (right - left) ** np.arange(len(in_unit))
