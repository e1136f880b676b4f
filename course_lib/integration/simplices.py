"""Exact risk and generalized gradient of a ReLU network of any depth on a box with one, two or three coordinates.

    L(theta) = int |N^L - f|^2 p dx,    N^1 = W^1 x + b^1,    N^{k+1} = W^{k+1} relu(N^k) + b^{k+1}

Simplices of the cells of f and p are bisected at the zeros of pre-activations, layer by layer, until no neuron changes sign
on a simplex. There N^L is affine: with barycentric coordinates lambda_i and R_i = int 2 (N^L - f) p lambda_i dx, G is
backpropagation with the vertices as data set, R_i as residuals of the output and one 0/1 mask a simplex and neuron.

Contents   Problem -> risk_and_gradient, quadrature_defect -> refined -> backpropagation, conical quadrature -> Regions
Layer      2; imports cell_polynomials, networks, cells (rounding bounds)
Notation   S simplices, vertices (S, d+1, d); O outputs, Q nodes; layers [(W^k, b^k)] of one network
Convention a neuron is active on a simplex where its largest vertex value is > 0, rounding errors being set to 0 beforehand
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import roots_jacobi

from course_lib.cell_polynomials import CellPolynomial, Simplices, kuhn, polynomial_values
from course_lib.integration.cells import Layers, rounding_bounds
from course_lib.networks import ReLUNetwork

CHUNK = 1024                # simplices at once: they fit the cache, and depth first bounds the memory


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, and target and density on common simplices, with a quadrature rule that is exact for them.

    start       simplices of the common cells, labelled 0, 1, ...
    f, p        (exponents (M, d), coefficients (labels, M, O)) of target and density
    nodes       (Q, d+1) barycentric, weights (Q,) of sum 1
    function    replaces the target's values at the nodes: x (n, d) -> (n,) or (n, O); None for the target itself
    """

    network: ReLUNetwork
    start: Simplices
    largest: np.ndarray
    f: tuple[np.ndarray, np.ndarray]
    p: tuple[np.ndarray, np.ndarray]
    nodes: np.ndarray
    weights: np.ndarray
    function: Callable | None = None

    @classmethod
    def of(cls, network: ReLUNetwork, target: CellPolynomial, density: CellPolynomial, extra: int = 0) -> Problem:
        """The problem on the common cells, with nodes for degree 2 max(1, deg f) + deg p, and `extra` more a direction."""
        parts = [target.triangulation.inside(*faces) for faces in density.faces]
        of_p = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        whole = Simplices.join(parts)
        degree = 2 * max(1, target.degree) + density.degree
        return cls(
            network,
            replace(whole, labels=np.arange(len(whole))),
            np.maximum(np.abs(target.lower), np.abs(target.upper)),
            (target.exponents, target.coefficients[whole.labels]),
            (density.exponents, density.coefficients[of_p]),
            *conical_rule(len(target.lower), degree // 2 + 1 + extra),
        )

    def layers(self, theta: np.ndarray) -> tuple[Layers, list[np.ndarray]]:
        """[(W^1, b^1), ...] of one network theta (size,), and its rounding bounds on the box."""
        layers = self.network.split(theta)
        return layers, rounding_bounds(layers, self.largest)


def conical_rule(d: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric nodes (q^d, d+1), all inside, and weights > 0 of sum 1: exact for polynomials of degree 2 q - 1.

    The simplex is a cube pushed together: lambda_1 = u_1, lambda_2 = (1 - u_1) u_2, ...; the Jacobian (1 - u_i)^{d-i} is
    the weight of the i-th Gauss-Jacobi rule.
    """
    nodes, weights, rest = np.empty((1, 0)), np.ones(1), np.ones(1)
    for i in range(d):
        x, w = roots_jacobi(q, d - 1 - i, 0)
        u = (1 + x) / 2
        nodes = np.column_stack([np.repeat(nodes, q, axis=0), np.outer(rest, u).ravel()])
        weights = np.outer(weights, w / w.sum()).ravel()
        rest = np.outer(rest, 1 - u).ravel()
    return np.column_stack([rest, nodes]), weights


def risk_and_gradient(problem: Problem, theta: np.ndarray, gradient: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
    """(L (...,), G (..., size) or None), exact up to rounding; networks one after another.

    Coordinates are those of the box: log10(largest |x| / side) digits are lost, so shift a box that lies far out.
    Cost: O(S sum_k n_k n_{k+1}) a network; S grows like H^d for H neurons in one layer.
    """
    flat = theta.reshape(-1, problem.network.size)
    risks, gradients = np.zeros(len(flat)), np.zeros(flat.shape)
    for k, one in enumerate(flat):
        layers, bounds = problem.layers(one)
        for part in refined(layers, bounds, problem.start):
            z = preactivations(layers, bounds, part.vertices)
            risk, R = quadrature(problem, part, z[-1])
            risks[k] += risk
            if gradient:
                gradients[k] += backpropagated(layers, part.vertices, z, R)
    return risks.reshape(theta.shape[:-1]), gradients.reshape(theta.shape) if gradient else None


def quadrature_defect(problem: Problem, finer: Problem, theta: np.ndarray) -> float:
    """The distance of (L, G) with two rules, relative to the larger of int |f|^2 p, L and max|G|: for one network."""
    (L, G), (L_finer, G_finer) = (risk_and_gradient(which, theta) for which in (problem, finer))
    size = max(L_finer, risk_and_gradient(finer, 0 * theta, gradient=False)[0], np.abs(G_finer).max())
    return float(max(abs(L - L_finer), np.abs(G - G_finer).max()) / (size or 1.0))


# -------------------------------------------------------------------- the simplices on which the network is affine
def preactivations(layers: Layers, bounds: list[np.ndarray], vertices: np.ndarray) -> list[np.ndarray]:
    """[N^1, N^2, ...] at vertices (S, d+1, d), each (S, d+1, n_k), with 0 for what is within the bounds."""
    shape = vertices.shape[:2]
    a, values = vertices.reshape(-1, vertices.shape[2]), []
    for (W, b), bound in zip(layers, bounds, strict=True):
        z = a @ W.T + b
        z *= np.abs(z) > bound
        values.append(z.reshape(*shape, -1))
        a = np.maximum(z, 0.0)
    return values


def refined(layers: Layers, bounds: list[np.ndarray], start: Simplices) -> Iterator[Simplices]:
    """Chunks of simplices that together fill those of start, on which no hidden neuron changes sign."""
    hidden = len(layers) - 1
    waiting = [start] + [start[:0]] * hidden                 # waiting[k]: the neurons of the first k layers keep their sign
    while any(map(len, waiting)):
        full = [k for k, some in enumerate(waiting) if len(some) >= CHUNK]
        k = full[-1] if full else next(k for k, some in enumerate(waiting) if len(some))
        part, waiting[k] = waiting[k][-CHUNK:], waiting[k][:-CHUNK]
        if k == hidden:
            yield part
            continue
        z = preactivations(layers[: k + 1], bounds[: k + 1], part.vertices)[k]
        low, high = z.min(axis=1), z.max(axis=1)
        cut = (low < 0) & (high > 0)
        some = cut.any(axis=1)
        waiting[k + 1] = Simplices.join([waiting[k + 1], part[~some]])
        waiting[k] = Simplices.join([waiting[k], part[some].bisected(_best_cut(z[some], low[some], high[some], cut[some]))])


def _best_cut(z: np.ndarray, low: np.ndarray, high: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """The values (S, d+1) of one neuron that changes sign: with most vertices on its hyperplane, then the most balanced."""
    balance = np.minimum(high, -low) / np.maximum(np.maximum(high, -low), np.finfo(float).tiny)
    score = np.where(cut, (z == 0).sum(axis=1) + balance / 2, -1.0)
    return z[np.arange(len(z)), :, score.argmax(axis=1)]


# -------------------------------------------------------------------- integration over the simplices
def quadrature(problem: Problem, part: Simplices, N: np.ndarray) -> tuple[float, np.ndarray]:
    """(the part of L, R (S, d+1, O)) from N^L at the vertices (S, d+1, O). The square of the residual is integrated."""
    x = problem.nodes @ part.vertices                                                    # (S, Q, d)
    p = polynomial_values(problem.p[0], problem.p[1][part.labels], x)[..., 0]
    if problem.function is None:
        f = polynomial_values(problem.f[0], problem.f[1][part.labels], x)
    else:
        f = np.asarray(problem.function(x.reshape(-1, x.shape[2]))).reshape(*x.shape[:2], -1)
    r = problem.nodes @ N - f
    m = (part.volumes[:, None] * problem.weights * p)[..., None] * r
    return float((m * r).sum()), 2 * (problem.nodes.T @ m)


def backpropagated(layers: Layers, vertices: np.ndarray, z: list[np.ndarray], R: np.ndarray) -> np.ndarray:
    """The gradient (size,): vertices as data set, R (S, d+1, O) as residuals, a neuron's mask the same at all vertices."""
    parts = []
    for k in reversed(range(len(layers))):
        a = np.maximum(z[k - 1], 0.0) if k else vertices
        delta = R.reshape(-1, R.shape[2])
        parts = [(delta.T @ a.reshape(len(delta), -1)).ravel(), delta.sum(axis=0), *parts]
        if k:
            R = (delta @ layers[k][0]).reshape(a.shape) * (z[k - 1].max(axis=1, keepdims=True) > 0)
    return np.concatenate(parts)


# -------------------------------------------------------------------- regions
@dataclass(frozen=True, eq=False)
class Regions:
    """The linear regions of one network on a box: simplices (S), each with the region (R) that it belongs to.

    vertices  (S, d+1, d)      volumes (S,)
    region    (S,) ids 0..R-1: equal where the same hidden neurons are active. Such a set is convex, so it is connected
    patterns  (R, hidden neurons) bool, layer by layer: who is active
    """

    vertices: np.ndarray
    volumes: np.ndarray
    region: np.ndarray
    patterns: np.ndarray

    @classmethod
    def of(cls, problem: Problem, theta: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Regions:
        """The regions of one network theta (size,) on the box, whatever the cells of target and density."""
        layers, bounds = problem.layers(theta)
        parts = list(refined(layers, bounds, kuhn(lower, upper)))
        whole = Simplices.join(parts)
        on = [np.concatenate(_masks(layers, bounds, part), axis=1) for part in parts]
        patterns, region = np.unique(np.concatenate(on), axis=0, return_inverse=True)
        return cls(whole.vertices, whole.volumes, region.ravel(), patterns)

    def __len__(self) -> int:
        """The number of regions."""
        return len(self.patterns)

    def polygons(self) -> list[np.ndarray]:
        """The corners (n, 2) of every region in order around it, some of them on straight sides; for two coordinates."""
        if self.vertices.shape[2] != 2:
            raise ValueError(f"polygons needs 2 coordinates, got {self.vertices.shape[2]}. Draw a section of the network.")
        corners = [np.unique(self.vertices[self.region == k].reshape(-1, 2), axis=0) for k in range(len(self))]
        turned = [np.arctan2(*(x - x.mean(axis=0)).T[::-1]) for x in corners]
        return [x[np.argsort(angle)] for x, angle in zip(corners, turned, strict=True)]


def _masks(layers: Layers, bounds: list[np.ndarray], part: Simplices) -> list[np.ndarray]:
    """Who is active on each simplex, (S, n_k) for each hidden layer, after (S, 0)."""
    hidden = preactivations(layers, bounds, part.vertices)[:-1]
    return [np.empty((len(part), 0), bool), *(z.max(axis=1) > 0 for z in hidden)]
