"""Least squares with free knots: affine pieces that may jump, and continuous ones whose kinks move.

    R(t) = min over u of int_a^b (N - f)^2 p dx,    N = u_1 + u_2 s + sum of u times (s - t_j)^+, 1_{s > q}, (s - q)^+

Contents   Partitions (dynamic programmes) -> lower_bound -> Splines (a batch of one family) -> Moments -> fit (R, R', R'')
           -> descend (many at once) -> polish (one, with exact integrals)
Layer      6; imports piecewise, integration
Notation   s = x - a; cells n of a grid; B members, K kinks t (B, K), r jumps q (r,); positions z = (0, q, t), (B, n = 1+r+K);
           features: the steps 1_{s > z}, then the ramps (s - z)^+, 2n of them; u (B, m), coefficients Z u (B, 2n)
Source     variable projection: Golub and Pereyra (1973)
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from course_lib.integration.interval import Problem
from course_lib.piecewise import EPS, horner

LARGEST_GRID, STILL = 1024, 0.01


# ---------------------------------------------------------------- affine pieces that may jump
@dataclass(frozen=True, eq=False)
class Partitions:
    """The costs of affine pieces on the runs of cells of a grid.

    grid   (n+1,) increasing, from 0 to the length of the interval
    cost   (n+1, n+1): cost[i, k] = min over affine g of the integral of (g - f)^2 p over the cells i, ..., k - 1; else inf
    """

    grid: np.ndarray
    cost: np.ndarray

    @classmethod
    def of(cls, problem: Problem, grid: np.ndarray) -> Partitions:
        """All costs, one cell added at a time: O(n^2). Only squares are added, so a small cost keeps its digits."""
        cells = _cell_statistics(problem, grid)
        n = len(grid) - 1
        cost = np.where(np.tri(n + 1, dtype=bool).T, 0.0, np.inf)
        runs = np.zeros((6, n))
        for k in range(n):
            runs[:, : k + 1] = _merge(runs[:, : k + 1], cells[:, k : k + 1])
            cost[: k + 1, k + 1] = runs[-1, : k + 1]
        return cls(grid, cost)

    def best(self, knots: int) -> tuple[float, np.ndarray]:
        """(cost, s (knots,)) of the best function with knots + 1 affine pieces, jumps allowed, knots on the grid."""
        value, back = self.cost[0], []
        for _ in range(knots):
            total = value[:, None] + self.cost
            back.append(np.argmin(total, axis=0))
            value = np.min(total, axis=0)
        path = [len(self.grid) - 1]
        for step in reversed(back):
            path.append(int(step[path[-1]]))
        return float(value[-1]), self.grid[path[:0:-1]]

    def charged(self, knots: int) -> np.ndarray:
        """(n,): for each cell the least sum of costs if one of the knots lies in it and the cells of the knots are free.

        Wherever the knots are, the pieces between them cover the cells charged here: the minimum over the cells is a
        lower bound for every function of knots + 1 affine pieces, jumps allowed, knots anywhere.
        """
        onward = self.cost[1:, :-1] + 0.0                              # a knot in cell i, the next one in cell j >= i
        np.fill_diagonal(onward, 0.0)
        before, after = [self.cost[0, :-1]], [self.cost[1:, -1]]
        for _ in range(knots - 1):
            before.append((before[-1][:, None] + onward).min(axis=0))
            after.append((onward + after[-1]).min(axis=1))
        return np.min([x + y for x, y in zip(before, reversed(after), strict=True)], axis=0)


def lower_bound(problem: Problem, knots: int, partitions: Partitions) -> float:
    """A number below int (g - f)^2 p for every g with at most `knots` >= 1 kinks or jumps on the interval.

    Cells in which a knot of a better function could lie are halved until the bound is within one per cent of the value
    of the best function with knots on the grid, or the grid has 1024 cells. Finally 64 eps |f| is taken off the distance
    for rounding. Not tight for continuous g: the pieces need not meet.
    """
    while True:
        value, charged = partitions.best(knots)[0], partitions.charged(knots)
        near = np.flatnonzero(charged < (1 - STILL / 2) * value)
        if charged.min() >= (1 - STILL) * value or len(partitions.grid) > LARGEST_GRID:
            break
        width = np.diff(partitions.grid)[near]
        near = near[width >= width.max() / 2]
        middles = (partitions.grid[near] + partitions.grid[near + 1]) / 2
        partitions = Partitions.of(problem, np.union1d(partitions.grid, middles))
    _, _, f, weight = problem.quadrature(problem.ends)
    return float(max(0.0, np.sqrt(charged.min()) - 64 * EPS * np.sqrt((weight * f * f).sum())) ** 2)


def _cell_statistics(problem: Problem, grid: np.ndarray) -> np.ndarray:
    """(6, n): mass, mean of s, mean of f, variance of s times mass, slope and cost of the affine fit, on every cell."""
    edges = np.union1d(grid, problem.ends)
    _, s, f, weight = problem.quadrature(edges)
    s, f, weight = s.ravel(), np.broadcast_to(f, s.shape).ravel(), np.broadcast_to(weight, s.shape).ravel()
    starts = np.searchsorted(edges, grid[:-1]) * len(problem.nodes)
    count = np.diff(np.r_[starts, s.size])

    def total(x):
        return np.add.reduceat(x, starts)

    mass = total(weight)
    mean_s, mean_f = _divide(total(weight * s), mass), _divide(total(weight * f), mass)
    ds, df = s - np.repeat(mean_s, count), f - np.repeat(mean_f, count)
    spread = total(weight * ds * ds)
    slope = _divide(total(weight * ds * df), spread)
    cost = total(weight * (df - np.repeat(slope, count) * ds) ** 2)
    return np.stack([mass, mean_s, mean_f, spread, slope, cost])


def _merge(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The statistics of two neighbouring intervals taken together; the cost grows by squares."""
    (m1, s1, f1, v1, g1, c1), (m2, s2, f2, v2, g2, c2) = left, right
    share, ds, df = _divide(m2, m1 + m2), s2 - s1, f2 - f1
    joint = m1 * share
    spread = v1 + v2 + joint * ds * ds
    slope = _divide(v1 * g1 + v2 * g2 + joint * ds * df, spread)
    cost = c1 + c2 + v1 * (slope - g1) ** 2 + v2 * (slope - g2) ** 2 + joint * (df - slope * ds) ** 2
    return np.stack([m1 + m2, s1 + share * ds, f1 + share * df, spread, slope, cost])


def _divide(x, y):
    """x / y, and 0 where y is 0."""
    return x / np.where(y > 0, y, 1.0) * (y > 0)


# ---------------------------------------------------------------- affine pieces whose kinks move
@dataclass(frozen=True, eq=False)
class Splines:
    """A batch of B splines of one family, with the best coefficients for their kinks left open.

    t      (B, K) kinks, increasing, in s = x - a
    left   (B, r + K) bool: the jumps, then the kinks, that face left
    jumps  (r,) fixed points where the spline may jump
    free   True: any slope at a. False: slope at a = minus the sum of the slope changes that face left, because
           (t - s)^+ = (s - t)^+ - s + t
    """

    t: np.ndarray
    left: np.ndarray
    jumps: np.ndarray
    free: bool

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, index) -> Splines:
        return replace(self, t=self.t[index], left=self.left[index])

    @property
    def positions(self) -> np.ndarray:
        """z = (0, q, t), (B, 1 + r + K)."""
        fixed = np.broadcast_to(np.r_[0.0, self.jumps], (len(self.t), 1 + len(self.jumps)))
        return np.concatenate([fixed, self.t], axis=1)

    @property
    def basis(self) -> np.ndarray:
        """Z (B, 2n, m): the coefficients of the features are Z u; the last r + K of u are the changes of slope."""
        B, r, turns = len(self.t), len(self.jumps), self.left.shape[1]
        n = 1 + turns
        Z = np.zeros((B, 2 * n, 1 + r + self.free + turns))
        steps, ramps = np.arange(1 + r), np.arange(turns)
        Z[:, steps, steps] = 1.0
        Z[:, n, 1 + r : 1 + r + self.free] = 1.0
        Z[:, n + 1 + ramps, 1 + r + self.free + ramps] = 1.0
        if not self.free:
            Z[:, n, 1 + r :] = -1.0 * self.left
        return Z


@dataclass(frozen=True, eq=False)
class Moments:
    """s -> int_s^length (p, s p, s^2 p, f p, s f p) ds and (p, f p)(s), piecewise polynomials in closed form.

    ends (P+1,) breakpoints; tails (M, P, 7) local coefficients, the power first; square = int f^2 p
    """

    ends: np.ndarray
    tails: np.ndarray
    square: float

    @classmethod
    def of(cls, problem: Problem) -> Moments:
        """The antiderivatives, piece by piece from the right."""
        P, q = len(problem.ends) - 1, len(problem.f) + len(problem.p) + 2
        tails = np.zeros((q, P, 7))
        later = np.zeros(5)
        for k in reversed(range(P)):
            p = np.polynomial.Polynomial(problem.p[:, k])
            fp, s = p * np.polynomial.Polynomial(problem.f[:, k]), np.polynomial.Polynomial([problem.ends[k], 1.0])
            h = problem.ends[k + 1] - problem.ends[k]
            rows = [later[i] - g.integ(lbnd=h) for i, g in enumerate((p, p * s, p * s * s, fp, fp * s))] + [p, fp]
            for i, row in enumerate(rows):
                tails[: len(row.coef), k, i] = row.coef
            later = tails[0, k, :5]
        _, _, f, weight = problem.quadrature(problem.ends)
        return cls(problem.ends, tails, float((weight * f * f).sum()))

    def __call__(self, s: np.ndarray) -> np.ndarray:
        """The seven values at s (...,): (..., 7)."""
        piece = np.searchsorted(self.ends[1:-1], s, side="right")
        return horner(self.tails[:, piece], (s - self.ends[piece])[..., None])


@dataclass(frozen=True, eq=False)
class Fit:
    """R (B,), half its derivatives in t: gradient (B, K), hessian (B, K, K); coefficients (B, 2n) of the features."""

    risk: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    coefficients: np.ndarray

    def where(self, take: np.ndarray, other: Fit) -> Fit:
        """This fit for the members with take (B,), the other fit for the rest."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Fit(*(np.where(take.reshape(-1, *[1] * (x.ndim - 1)), x, y) for x, y in pairs))


def fit(moments: Moments, splines: Splines) -> Fit:
    """The best coefficients for the given kinks, and the derivatives of what is left (variable projection).

        R'/2 = -d_j int_{t_j}^b r p =: -d_j g_j,     R''/2 = T - C^T A^{-1} C,     r = N - f, d_j the change of slope at t_j
        A = <phi, phi>,     C = <phi, -d_j 1_{s > t_j}> - (g_j in the row of d_j)
        T = d_i d_j <1_{s > t_i}, 1_{s > t_j}> + (d_j r(t_j) p(t_j) on the diagonal)

    The inner products come from moments, with the square expanded: for finding the way, not for the last digits. What
    rounding can do to R is added to it, so that kinks which run together do not look better than they are.
    """
    z, Z, K = splines.positions, splines.basis, splines.t.shape[1]
    n = z.shape[1]
    values = moments(z)
    gram, right = _gram(z, values)
    A, y = _swap(Z) @ gram @ Z, (right[:, None] @ Z)[:, 0]
    sizes = np.repeat([gram[0, 0, 0], gram[0, n, n]], [1 + len(splines.jumps), A.shape[1] - 1 - len(splines.jumps)])
    A = A + 64 * EPS * np.diag(sizes)                                  # kinks may meet, or lie where p = 0
    last = slice(n - K, n)                                             # the steps at t; the ramps at t come last
    columns = _swap(Z) @ gram[:, :, last]
    solved = np.linalg.solve(A, np.concatenate([y[..., None], columns], axis=2))
    coefficients = (Z @ solved[..., :1])[..., 0]
    product = (gram @ coefficients[..., None])[..., 0]
    risk = moments.square + ((product - 2 * right) * coefficients).sum(axis=1)
    risk = risk + 8 * EPS * (np.einsum("bii->bi", gram) * coefficients**2).sum(axis=1)
    d, g = coefficients[:, 2 * n - K :], (product - right)[:, last]
    N = _values(z, coefficients, splines.t)
    bend = d * (N * values[:, n - K :, 5] - values[:, n - K :, 6])
    C = -columns * d[:, None, :]
    C[:, -K or C.shape[1] :] -= g[:, :, None] * np.eye(K)
    T = d[:, :, None] * d[:, None, :] * gram[:, last, last] + bend[:, :, None] * np.eye(K)
    return Fit(risk, -d * g, T - _swap(C) @ np.linalg.solve(A, C), coefficients)


def _gram(z: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inner products of steps and ramps at z with each other (B, 2n, 2n) and with f (B, 2n)."""
    later = (z[:, :, None] >= z[:, None, :])[..., None]
    P0, P1, P2 = np.moveaxis(np.where(later, values[:, :, None, :3], values[:, None, :, :3]), -1, 0)
    x, y = z[:, :, None], z[:, None, :]
    mixed = P1 - y * P0                                                # step at x, ramp at y
    gram = np.block([[P0, mixed], [_swap(mixed), P2 - (x + y) * P1 + x * y * P0]])
    return gram, np.concatenate([values[..., 3], values[..., 4] - z * values[..., 3]], axis=1)


def _swap(matrices: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrices, -1, -2)


def features(z: np.ndarray, s: np.ndarray) -> np.ndarray:
    """1_{s > z} and (s - z)^+ for s (..., q) and z (..., n): (..., q, 2n)."""
    gap = s[..., :, None] - z[..., None, :]
    return np.concatenate([gap > 0, np.maximum(gap, 0.0)], axis=-1)


def _values(z, coefficients, s) -> np.ndarray:
    """The spline at s (B, q)."""
    return (features(z, s) @ coefficients[..., None])[..., 0]


def descend(moments: Moments, splines: Splines, steps: int) -> tuple[Splines, np.ndarray]:
    """(splines, R (B,)) after `steps` damped Newton steps of every member; R never rises, kinks keep their order."""
    now, scale = fit(moments, splines), np.ones(len(splines))
    for _ in range(steps if splines.t.size else 0):
        trial = replace(splines, t=splines.t + scale[:, None] * _step(splines.t, now, moments.ends[-1]))
        new = fit(moments, trial)
        better = new.risk < now.risk
        splines = replace(splines, t=np.where(better[:, None], trial.t, splines.t))
        now = new.where(better, now)
        scale = np.where(better, np.minimum(1.0, 4 * scale), scale / 4)
    return splines, now.risk


def polish(problem: Problem, moments: Moments, splines: Splines) -> tuple[Splines, Fit]:
    """One spline (B = 1) led to R' = 0 up to rounding: Newton's method with the exact R and R' of `exact_fit`."""
    now, scale = exact_fit(problem, moments, splines), 1.0
    for _ in range(40 if splines.t.size else 0):
        step = _step(splines.t, now, moments.ends[-1])
        trial = replace(splines, t=splines.t + scale * step)
        new = exact_fit(problem, moments, trial)
        level = new.risk <= now.risk * (1 + 1e-12) and np.abs(new.gradient).max() < np.abs(now.gradient).max()
        if new.risk < now.risk * (1 - 1e-12) or level:
            splines, now, scale = trial, new, min(1.0, 4 * scale)
        elif np.abs(step * now.gradient).sum() <= 1e-12 * now.risk:                     # nothing to gain: the end
            break
        else:
            scale /= 4
    return splines, now


def exact_fit(problem: Problem, moments: Moments, splines: Splines) -> Fit:
    """`fit` of one spline (B = 1) with R and R' from the residual at Gauss nodes, not from expanded squares."""
    z, Z, K = splines.positions[0], splines.basis[0], splines.t.shape[1]
    _, s, f, weight = problem.quadrature(np.sort(np.concatenate([problem.ends, z[1:]])))
    s, f, weight = s.ravel(), np.broadcast_to(f, s.shape).ravel(), np.maximum(np.broadcast_to(weight, s.shape).ravel(), 0.0)
    phi, root = features(z, s), np.sqrt(weight)
    coefficients = Z @ np.linalg.lstsq(root[:, None] * (phi @ Z), root * f, rcond=None)[0]
    r = phi @ coefficients - f
    g = (weight * r) @ (s[:, None] > splines.t[0])
    gradient = -coefficients[len(coefficients) - K :] * g
    return Fit((weight * r * r).sum()[None], gradient[None], fit(moments, splines).hessian, coefficients[None])


def _step(t: np.ndarray, now: Fit, length: float) -> np.ndarray:
    """Newton's step (B, K) with |eigenvalues|, so that it descends, shortened so that no gap closes by more than 0.9."""
    values, vectors = np.linalg.eigh(now.hessian)
    size = np.abs(values)
    size = np.maximum(size, 1e-9 * size.max(axis=1, keepdims=True) + 1e-200)
    step = -(vectors @ ((now.gradient[:, None] @ vectors)[:, 0] / size)[..., None])[..., 0]
    step, edge = np.clip(step, -length, length), np.zeros((len(t), 1))
    gaps = np.diff(np.concatenate([edge, t, edge + length], axis=1))
    closing = -np.diff(np.concatenate([edge, step, edge], axis=1))
    ratio = np.maximum(closing, 0.0) / np.maximum(gaps, EPS * length)
    return step / np.maximum(1.0, ratio.max(axis=1) / 0.9)[:, None]
