"""Exact risk and generalized gradient of a ReLU network of any depth, with any number of outputs, on an interval.

    L(theta) = int_a^b |N^L - f|^2 p dx,    N^1 = W^1 x + b^1,    N^{k+1} = W^{k+1} relu(N^k) + b^{k+1}

Layer by layer the roots of the pre-activations cut [a, b] into cells on which N^L is affine: N^L = N_left (1 - t) + N_right t.
With R_left = int 2 (N^L - f) p (1 - t) dx and R_right alike, G is backpropagation with the ends of the cells as data set
and R as residuals of the output; a cell has one 0/1 mask a neuron. Local coordinate s = x - a, as in interval.py.

Contents   Problem -> risk_and_gradient, breakpoints -> preactivations, rounding_bounds, edges -> quadrature, backpropagation
Layer      2; imports piecewise, networks, interval
Notation   theta (..., size), B networks at a time; E edges, C = 8 K cells in K blocks, O outputs, q Gauss nodes a cell
Convention a neuron is active on a cell where its larger end value is > 0, rounding errors being set to 0 beforehand
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.integration import interval
from course_lib.integration.interval import product_plus
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial, horner

ROUNDING = 64 * EPS         # of the running bound: what may be a rounding error of zero
NEURONS = 1024              # of all networks that are evaluated at once: arrays that stay in the cache
BLOCK = 8                   # cells a matrix product: a fixed shape, so that a batch has the bits of its members

Layers = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Problem:
    """A network of any depth with one input, and target and density in the local coordinate s = x - a.

    line   the problem's pieces and Gauss rule      f   (M, K, O) its target, one column an output
    """

    network: ReLUNetwork
    line: interval.Problem
    f: np.ndarray

    @classmethod
    def of(cls, network: ReLUNetwork, target: PiecewisePolynomial, density: PiecewisePolynomial) -> Problem:
        """The problem on the union of both sets of breakpoints; target scalar or with as many outputs as the network."""
        line = interval.Problem.of(target, density)
        return cls(network, line, np.ascontiguousarray(np.moveaxis(line.f.reshape(-1, *line.f.shape[-2:]), 0, -1)))

    def layers(self, theta: np.ndarray) -> tuple[Layers, list[np.ndarray]]:
        """[(W^1, beta), (W^2, b^2), ...] of networks theta (B, size), W^1 x + b^1 = W^1 s + beta, and their rounding bounds."""
        (W, b), *rest = self.network.split(theta)
        layers = [(W, product_plus(W[..., 0], self.line.a, b)), *rest]
        return layers, rounding_bounds(layers, np.full((len(theta), 1), self.line.ends[-1]))


def risk_and_gradient(problem: Problem, theta: np.ndarray, gradient: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
    """(L (...,), G (..., size) or None), exact up to rounding; cost O(C sum_k n_k n_{k+1}) a network.

    C can grow like 2^depth (tent maps); random networks have 0.3 to 0.5 cells a neuron.
    """
    flat, count = theta.reshape(-1, problem.network.size), max(1, NEURONS // sum(problem.network.widths[1:]))
    if not len(flat):
        return np.zeros(theta.shape[:-1]), np.zeros(theta.shape)
    parts = [_chunk(problem, flat[i : i + count], gradient) for i in range(0, len(flat), count)]
    risk = np.concatenate([part[0] for part in parts]).reshape(theta.shape[:-1])
    return risk, np.concatenate([part[1] for part in parts]).reshape(theta.shape) if gradient else None


def breakpoints(problem: Problem, theta: np.ndarray) -> np.ndarray:
    """a, the roots of all pre-activations in (a, b), b: sorted, each once; of one network theta (size,)."""
    s = edges(*problem.layers(theta[None]), problem.line.ends[[0, -1]])[0]
    apart = np.diff(s) > ROUNDING * s[-1]                    # equal roots of two neurons may differ by rounding
    inner = s[:-1][apart][1:]
    return problem.line.a + np.array([0.0, *inner, s[-1]])


def _chunk(problem: Problem, theta: np.ndarray, gradient: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """risk_and_gradient of theta (B, size), B networks at once."""
    layers, bounds = problem.layers(theta)
    s = edges(layers, bounds, problem.line.ends)
    s = np.pad(s, ((0, 0), (0, -(s.shape[1] - 1) % BLOCK)), mode="edge")                # cells of length 0
    ends = np.stack([s[:, :-1], s[:, 1:]], axis=-1).reshape(len(s), -1, 2 * BLOCK)      # (B, K, 16)
    z = preactivations(layers, bounds, ends)
    risk, R = quadrature(problem, s, z[-1])
    if not gradient:
        return risk, None
    parts = []
    for k in reversed(range(len(layers))):
        a = np.maximum(z[k - 1], 0.0) if k else ends[..., None]
        G_W, G_b = _sum(np.swapaxes(R, -1, -2) @ a), _sum(np.ones(2 * BLOCK) @ R)
        if k:
            R = (R @ layers[k][0][:, None]) * _mask(z[k - 1])
        else:
            G_W = G_W + problem.line.a * G_b[..., None]                                 # x = a + s
        parts = [G_W.reshape(len(s), -1), G_b, *parts]
    return risk, np.concatenate(parts, axis=-1)


# -------------------------------------------------------------------- values and cells
def rounding_bounds(layers: Layers, largest: np.ndarray) -> list[np.ndarray]:
    """64 eps s_k, (..., n_k), for hidden layers, 0 for the last:  s_0 = largest |x| (..., n_0),  s_k = |W^k| s_{k-1} + |b^k|.

    A bound on the rounding error of N^k: smaller values have no sign. It scales with a neuron's weights, and it carries
    the errors of all layers before: |W^k| |relu(N^{k-1})| + |b^k| at the point itself misses what cancelled there.
    """
    bounds = []
    for W, b in layers:
        largest = (np.abs(W) @ largest[..., None])[..., 0] + np.abs(b)
        bounds.append(ROUNDING * largest)
    return [*bounds[:-1], np.zeros_like(bounds[-1])]


def preactivations(layers: Layers, bounds: list[np.ndarray], s: np.ndarray) -> list[np.ndarray]:
    """[N^1, N^2, ...] at local points s (B, P, R), each (B, P, R, n_k), with 0 for what is within the bounds."""
    a, values = s[..., None], []
    for (W, b), bound in zip(layers, bounds, strict=True):
        z = a @ np.swapaxes(W, -1, -2)[:, None] + b[:, None, None]
        values.append(np.where(np.abs(z) <= bound[:, None, None], 0.0, z))
        a = np.maximum(values[-1], 0.0)
    return values


def edges(layers: Layers, bounds: list[np.ndarray], ends: np.ndarray) -> np.ndarray:
    """(B, E) sorted: ends and the roots of all pre-activations; fewer roots than the richest network: the last end again."""
    s = np.broadcast_to(ends, (len(layers[0][0]), len(ends)))
    for k in range(1, len(layers)):
        z = preactivations(layers[:k], bounds[:k], s[..., None])[-1][:, :, 0]                       # (B, E, n_k)
        left, right = z[:, :-1], z[:, 1:]
        changes = np.sign(left) * np.sign(right) < 0
        t = left / np.where(changes, left - right, 1.0)
        roots = np.minimum(s[:, :-1, None] + t * np.diff(s)[..., None], s[:, 1:, None])
        roots = np.where(changes, roots, ends[-1]).reshape(len(s), -1)
        most = changes.sum(axis=(1, 2)).max(initial=0)
        s = np.sort(np.concatenate([s, roots], axis=1), axis=1)[:, : s.shape[1] + most]
    return s


# -------------------------------------------------------------------- integration over the cells
def quadrature(problem: Problem, s: np.ndarray, N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(L (B,), R (B, K, 16, O)) from the edges s (B, C + 1) and N^L at both ends of every cell, (B, K, 16, O).

    The square of the residual is integrated, never its expansion, so a small risk keeps its digits.
    """
    line, t = problem.line, problem.line.nodes
    left, h = s[:, :-1], np.diff(s)
    piece = line.piece(left + h / 2)
    u = left[..., None] + h[..., None] * t - line.ends[piece][..., None]                            # (B, C, q)
    weight = h[..., None] * line.weights * horner(line.p[:, piece, None], u)
    ends = N.reshape(*left.shape, 2, -1, 1)
    r = ends[:, :, 0] * (1 - t) + ends[:, :, 1] * t - horner(problem.f[:, piece, :, None], u[:, :, None])   # (B, C, O, q)
    m = weight[:, :, None] * r
    risk = _sum((m * r).reshape(*N.shape[:2], -1).sum(axis=-1))
    R = (2 * m).reshape(*N.shape[:2], -1, len(t)) @ np.stack([1 - t, t], axis=-1)
    return risk, np.swapaxes(R.reshape(*N.shape[:2], BLOCK, -1, 2), -1, -2).reshape(N.shape)


def _mask(z: np.ndarray) -> np.ndarray:
    """True at both ends of the cells where a neuron is active: z (B, K, 16, n) in pairs, the larger one > 0."""
    pairs = z.reshape(*z.shape[:2], BLOCK, 2, -1)
    return np.repeat(pairs.max(axis=3) > 0, 2, axis=2)


def _sum(blocks: np.ndarray) -> np.ndarray:
    """The sum over axis 1 one after another, so that appended zeros change no bit."""
    return np.cumsum(blocks, axis=1)[:, -1]
