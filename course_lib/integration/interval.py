"""Exact risk, generalized gradient and Hessian of a shallow network on an interval.

    L(theta) = int_a^b r(x)^2 p(x) dx,    r = N_theta - f,    N_theta(x) = c + sum_j v_j relu(w_j x + b_j)

Between neighbouring kinks and breakpoints r^2 p is a polynomial, which Gauss-Legendre integrates exactly.
The square of r is integrated, never its expansion, so a small risk keeps its digits. Everything runs in the local
coordinate s = x - a, where w x + b = w s + beta with beta = w a + b computed without rounding the product.

Contents   Problem -> dense (O(H^2), readable, fast for small H) -> sorted_sums (O(H log H)) -> hessian
Layer      2; imports piecewise only
Notation   theta (..., 3H+1) = (w, b, v, c); cells C = H + K, Gauss nodes q a cell; S0, S1 = int_{A_j} r p (1, s) ds
Convention neuron j is active where w_j x + b_j > 0; a zero-length cell stays and weighs nothing
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from course_lib.piecewise import PiecewisePolynomial, horner

_SPLITTER = 2.0**27 + 1


@dataclass(frozen=True, eq=False)
class Problem:
    """Target and density on common pieces, in the local coordinate s = x - a, and the Gauss rule that is exact for them.

    ends    (K+1,) breakpoints minus a: 0, ..., length
    f, p    (M, K), (D, K) local coefficients: the power first, for Horner's rule
    nodes, weights  (q,) of the Gauss-Legendre rule on [0, 1]
    """

    a: float
    ends: np.ndarray
    f: np.ndarray
    p: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, target: PiecewisePolynomial, density: PiecewisePolynomial) -> Problem:
        """The problem on the union of both sets of breakpoints.

        q = (2 max(1, deg f) + deg p) // 2 + 1 nodes are exact for degree 2 q - 1 >= deg(r^2 p), and for x relu r p.
        """
        breaks = np.union1d(target.breaks, density.breaks)
        x, weights = np.polynomial.legendre.leggauss((2 * max(1, target.degree) + density.degree) // 2 + 1)
        return cls(
            a=float(breaks[0]),
            ends=breaks - breaks[0],
            f=np.ascontiguousarray(target.refine(breaks).coefficients[:, : target.degree + 1].T),
            p=np.ascontiguousarray(density.refine(breaks).coefficients[:, : density.degree + 1].T),
            nodes=(1 + x) / 2,
            weights=weights / 2,
        )

    def unpack(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(w, beta, v, c) with w x + b = w s + beta: w, beta, v (..., H), c (...,)."""
        H = theta.shape[-1] // 3
        w, b, v, c = theta[..., :H], theta[..., H : 2 * H], theta[..., 2 * H : -1], theta[..., -1]
        return w, product_plus(w, self.a, b), v, c

    def kinks(self, w: np.ndarray, beta: np.ndarray) -> np.ndarray:
        """Kinks clipped to [0, length], (..., H); with w = 0 the end that makes "active to the right of it" true."""
        flat, length = w == 0, self.ends[-1]
        with np.errstate(over="ignore"):
            kinks = -beta / np.where(flat, 1.0, w)
        if flat.any():
            kinks = np.where(flat, np.where(beta > 0, 0.0, length), kinks)
        return np.minimum(np.maximum(kinks, 0.0), length)

    def edges(self, kinks: np.ndarray) -> np.ndarray:
        """The unsorted ends of all cells: the ends of the pieces, then the kinks; (..., K + 1 + H)."""
        ends = self.ends if kinks.ndim == 1 else np.broadcast_to(self.ends, (*kinks.shape[:-1], len(self.ends)))
        return np.concatenate([ends, kinks], axis=-1)

    def at(self, s: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(f, p) at local points s (..., C, q) of cells in the pieces (..., C); a constant comes as it broadcasts."""
        if len(self.ends) == 2:
            return horner(self.f[:, :, None], s), horner(self.p[:, :, None], s)
        u = s - self.ends[piece][..., None]
        return horner(self.f[:, piece, None], u), horner(self.p[:, piece, None], u)

    def piece(self, s: np.ndarray) -> np.ndarray:
        """The index of the piece that holds the local point s; at a breakpoint the right one."""
        return np.searchsorted(self.ends[1:-1], s, side="right")

    def quadrature(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(middle (..., C), nodes s, f, weight times p (..., C, q)) of the cells between sorted edges (..., C + 1)."""
        left = edges[..., :-1]
        h = edges[..., 1:] - left
        middle = left + h / 2
        s = left[..., None] + h[..., None] * self.nodes
        f, p = self.at(s, self.piece(middle))
        return middle, s, f, h[..., None] * self.weights * p


def dense(problem: Problem, theta: np.ndarray, gradient: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
    """(L (...,), G (..., 3H+1) or None) with the network evaluated at every node; cost O(H^2 q) a network.

        G_w = 2 v int_A x r p,   G_b = 2 v int_A r p,   G_v = 2 int relu(w x + b) r p,   G_c = 2 int r p

    Exact up to rounding, degenerate and dead neurons included: A_j = {w_j x + b_j > 0} is read at cell middles.
    """
    w, beta, v, c = problem.unpack(theta)
    edges = np.sort(problem.edges(problem.kinks(w, beta)), axis=-1)
    middle, s, f, weight = problem.quadrature(edges)
    flat = (*s.shape[:-2], -1)
    relu = np.maximum(s.reshape(flat)[..., None] * w[..., None, :] + beta[..., None, :], 0.0)       # (..., nodes, H)
    N = (relu @ v[..., None])[..., 0] + c[..., None]
    r = N.reshape(s.shape) - f
    m = weight * r
    risk = (m * r).reshape(flat).sum(axis=-1)
    if not gradient:
        return risk, None
    active = (middle[..., None] * w[..., None, :] + beta[..., None, :] > 0).astype(float)             # (..., C, H)
    m0, m1, m = m.sum(axis=-1), (m * s).sum(axis=-1), m.reshape(flat)
    return risk, _assemble(problem.a, v, _row(m0, active), _row(m1, active), _row(m, relu), m.sum(axis=-1))


def sorted_sums(problem: Problem, theta: np.ndarray, gradient: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
    """The same (L, G) as `dense` in O(H log H): N from slopes summed over sorted edges, S0 and S1 from running sums.

    At kink j the slope of N rises by v_j |w_j|, whichever way the neuron faces. A right-facing neuron (w_j >= 0) is
    active on the cells after its kink, a left-facing one on the cells before.
    """
    w, beta, v, c = problem.unpack(theta)
    kinks = problem.kinks(w, beta)
    edges = problem.edges(kinks)
    order = np.argsort(edges, axis=-1, kind="stable")
    edges = np.take_along_axis(edges, order, axis=-1)
    jumps = np.concatenate([np.zeros((*w.shape[:-1], len(problem.ends))), v * np.abs(w)], axis=-1)
    jumps = np.take_along_axis(jumps, order, axis=-1)[..., :-1]
    slope = (np.where(w < 0, v * w, 0.0)).sum(axis=-1)[..., None] + np.cumsum(jumps, axis=-1)         # (..., C)
    start = c + (v * np.maximum(beta, 0.0)).sum(axis=-1)
    rise = slope * (edges[..., 1:] - edges[..., :-1])
    N_left = start[..., None] + np.cumsum(rise, axis=-1) - rise
    _, s, f, weight = problem.quadrature(edges)
    r = N_left[..., None] + slope[..., None] * (s - edges[..., :-1, None]) - f
    m = weight * r
    risk = (m * r).sum(axis=-1).sum(axis=-1)
    if not gradient:
        return risk, None
    position = np.argsort(order, axis=-1)[..., -w.shape[-1] :]                                      # of kink j
    S0 = _one_sided(m.sum(axis=-1), position, w >= 0)
    S1 = _one_sided((m * s).sum(axis=-1), position, w >= 0)
    return risk, _assemble(problem.a, v, S0, S1, w * S1 + beta * S0, m.sum(axis=-1).sum(axis=-1))


def hessian(problem: Problem, theta: np.ndarray) -> np.ndarray:
    """The Hessian of L, (..., 3H+1, 3H+1), where L is twice differentiable: 2 int J J^T p + curvature of N + kink terms.

    J = dN/dtheta. The curvature of N gives 2 S1 to (w_j, v_j) and 2 S0 to (b_j, v_j). A kink k_j inside (a, b) gives
    2 v_j r(k_j) p(k_j) / |w_j| times (k_j^2, k_j; k_j, 1) to (w_j, b_j): the active set A_j moves with the kink.
    At a kink on a jump of f or p the right-hand value is taken (L has only one-sided second derivatives there).
    """
    w, beta, v, c = problem.unpack(theta)
    H = w.shape[-1]
    kinks = problem.kinks(w, beta)
    middle, s, f, weight = problem.quadrature(np.sort(problem.edges(kinks), axis=-1))
    flat = (*s.shape[:-2], -1)
    active = np.repeat(middle[..., None] * w[..., None, :] + beta[..., None, :] > 0, len(problem.nodes), axis=-2)
    s, weight, f = s.reshape(flat), weight.reshape(flat), np.broadcast_to(f, s.shape).reshape(flat)
    relu = np.where(active, s[..., None] * w[..., None, :] + beta[..., None, :], 0.0)
    on_v = active * v[..., None, :]
    J = np.concatenate([on_v * (problem.a + s[..., None]), on_v, relu, np.ones_like(s)[..., None]], axis=-1)
    m = weight * ((relu @ v[..., None])[..., 0] + c[..., None] - f)
    half = np.swapaxes(J * weight[..., None], -1, -2) @ J
    S = np.stack([m * (problem.a + s), m], axis=-2) @ active.astype(float)                          # (..., 2, H)
    j = np.arange(H)
    for block, value in ((j, S[..., 0, :]), (j + H, S[..., 1, :])):
        half[..., block, j + 2 * H] += value
        half[..., j + 2 * H, block] += value
    kappa = _kink_curvature(problem, kinks, w, beta, v, c)
    x = problem.a + kinks
    for row, column, value in ((j, j, kappa * x * x), (j, j + H, kappa * x), (j + H, j, kappa * x), (j + H, j + H, kappa)):
        half[..., row, column] += value
    return 2 * half


def _kink_curvature(problem: Problem, kinks, w, beta, v, c) -> np.ndarray:
    """v_j r(k_j) p(k_j) / |w_j| for kinks in the open interval, else 0; (..., H)."""
    inside = (w != 0) & (kinks > 0) & (kinks < problem.ends[-1])
    z = kinks[..., :, None] * w[..., None, :] + beta[..., None, :]
    N = (np.maximum(z, 0.0) @ v[..., None])[..., 0] + c[..., None]
    f, p = problem.at(kinks[..., None], problem.piece(kinks))
    return np.where(inside, v * (N - f[..., 0]) * p[..., 0] / np.where(inside, np.abs(w), 1.0), 0.0)


def _one_sided(cells: np.ndarray, position: np.ndarray, rightward: np.ndarray) -> np.ndarray:
    """Sums of cells (..., C) from each position on (rightward) or before it, (..., H)."""
    zero = np.zeros((*cells.shape[:-1], 1))
    before = np.concatenate([zero, np.cumsum(cells, axis=-1)], axis=-1)
    after = np.concatenate([np.cumsum(cells[..., ::-1], axis=-1)[..., ::-1], zero], axis=-1)
    return np.where(rightward, np.take_along_axis(after, position, -1), np.take_along_axis(before, position, -1))


def _row(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """x^T matrix, (..., n) and (..., n, H) to (..., H): one small product a network, so batches keep their bits."""
    return (x[..., None, :] @ matrix)[..., 0, :]


def _assemble(a: float, v, S0, S1, S_v, S_c) -> np.ndarray:
    """2 (v (S1 + a S0), v S0, S_v, S_c): back from s to x = a + s; (..., 3H+1)."""
    return 2 * np.concatenate([v * (S1 + a * S0), v * S0, S_v, S_c[..., None]], axis=-1)


def product_plus(w: np.ndarray, a: float, b: np.ndarray) -> np.ndarray:
    """w a + b with the product carried in two doubles (Dekker): no digits are lost when w a and b nearly cancel.

    Matters on intervals such as [1000, 1001]. Products with 0 and powers of two are exact as they are.
    """
    if math.frexp(a)[0] in (0.0, 0.5, -0.5):
        return w * a + b
    high = w * a
    w1 = _SPLITTER * w - (_SPLITTER * w - w)
    a1 = _SPLITTER * a - (_SPLITTER * a - a)
    w2, a2 = w - w1, a - a1
    low = w2 * a2 - (((high - w1 * a1) - w2 * a1) - w1 * a2)
    total = high + b                                             # two-sum: total + rest = high + b exactly
    part = total - high
    rest = (high - (total - part)) + (b - part)
    return total + (rest + low)
