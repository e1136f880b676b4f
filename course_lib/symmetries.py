"""Symmetries: the directions in which parameters can move without changing the function that the risk sees.

    t is such a direction if theta lies on a manifold of parameters with the same N (where p > 0), and t is tangent to it

Contents   symmetries -> rescalings -> kinks that stay where they are -> the Jacobian dN/dtheta -> bases
Layer      6; imports activations
Notation   theta (size,); a direction is a row (size,); k kinks, z pre-activation
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.activations import relu

NEAR = 1e-9                 # of the interval: closer than this a kink counts as on a point


def is_relu(L: Any) -> bool:
    """True for a risk of ReLU networks."""
    return getattr(L, "activation", relu) == relu


def all_breaks(L: Any) -> np.ndarray:
    """The breakpoints of target and density on an interval, ends included, (K+1,)."""
    return L.breaks if hasattr(L, "breaks") else np.union1d(L.target.breaks, L.density.breaks)


def symmetries(L: Any, theta: np.ndarray, beside: np.ndarray | None = None) -> np.ndarray:
    """An orthonormal basis (k, size) of symmetries of theta (size,); not always of all.

    beside   parameters near theta, for a kink on an end of [a, b]: there the neuron has its kink on one side of the end,
             and symmetries of the formula that L has on this side are meant; None: theta itself

    Shallow ReLU on an interval: keep every kink of [a, b] where it is; then N is linear in the slopes v_j |w_j|, and in
    slope and height of the affine part. The directions that keep kinks and, by J t = 0, N: the rescalings, everything
    about dead neurons, what neurons without kink inside exchange, and slopes exchanged between neurons with one kink.
    Elsewhere for ReLU: the rescalings. For other activations: none.
    """
    if not is_relu(L):
        return np.zeros((0, len(theta)))
    if not L.network.is_shallow_1d or hasattr(L, "weights"):
        return span(rescalings(L.network, theta))
    V = _kinks_kept(L, theta, theta if beside is None else beside)
    _, s, rows = np.linalg.svd(_weighted_jacobian(L, theta) @ V.T)
    return rows[_rank(s) :] @ V


def rescalings(network: Any, theta: np.ndarray) -> np.ndarray:
    """The derivative of network.rescale in the factor of each hidden neuron, (hidden neurons, size)."""
    rows, layers = [], network.split(theta)
    for k, (W, b) in enumerate(layers[:-1]):
        for j in range(len(b)):
            tangent = [(np.zeros_like(W), np.zeros_like(b)) for W, b in layers]
            tangent[k][0][j], tangent[k][1][j], tangent[k + 1][0][:, j] = W[j], b[j], -layers[k + 1][0][:, j]
            rows.append(network.join(tangent))
    return np.array(rows).reshape(-1, len(theta))


def _kinks_kept(L: Any, theta: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """An orthonormal basis (m, size) of the directions that move no kink of [a, b]; (w, b) of other neurons are free.

    Which neurons these are is read from `beside`. Those active on all of [a, b] stay fixed in (w, b) if all of them have
    w = v = 0: slope and height then are no independent coordinates.
    """
    (a, *_, b), n = all_breaks(L), L.network.widths[1]
    near_w, near_b, _, _ = L.network.shallow(beside)
    w, bias, v, _ = L.network.shallow(theta)
    ends = np.stack([near_w * a + near_b, near_w * b + near_b])
    full, dead = (ends > 0).all(axis=0), (ends < 0).all(axis=0)
    if not (v[full].any() or w[full].any()):
        full = np.zeros_like(full)
    rows = list(np.eye(len(theta))[2 * n :])                   # every v_j, and c
    for j in range(n):
        if full[j] or dead[j]:
            rows += [np.eye(len(theta))[j], np.eye(len(theta))[n + j]]
        elif w[j] or bias[j]:
            row = np.zeros(len(theta))
            row[j], row[n + j] = np.array([w[j], bias[j]]) / np.hypot(w[j], bias[j])
            rows.append(row)
    return np.array(rows)


def _weighted_jacobian(L: Any, theta: np.ndarray) -> np.ndarray:
    """sqrt(h p(x)) dN(x)/dtheta at three points x of every cell between kinks and breakpoints, (points, size)."""
    w, b, v, _ = L.network.shallow(theta)
    points, kinks = all_breaks(L), L.network.kinks(theta)
    edges = np.unique(np.concatenate([points, kinks[(kinks > points[0]) & (kinks < points[-1])]]))
    h = np.diff(edges)
    x = (edges[:-1, None] + h[:, None] * np.array([0.2, 0.5, 0.8])).ravel()
    h[h <= NEAR * (points[-1] - points[0])] = 0.0              # a kink this close to an end is on it
    z = np.multiply.outer(x, w) + b
    on = (z > 0) * v
    J = np.concatenate([on * x[:, None], on, np.maximum(z, 0.0), np.ones_like(x)[:, None]], axis=1)
    return np.sqrt(np.repeat(h, 3) * L.density(x))[:, None] * J


def span(rows: np.ndarray) -> np.ndarray:
    """An orthonormal basis, in rows, of the span of the rows."""
    _, s, basis = np.linalg.svd(rows)
    return basis[: _rank(s)]


def _rank(s: np.ndarray) -> int:
    """The number of singular values above 1e-9 of the largest."""
    return int((s > 1e-9 * s.max(initial=0.0)).sum())
