"""The sums of interval.py as compiled loops (numba, optional): the same names, the same numbers to 1e-13, much faster.

    sorted_sums(problem, theta, gradient=True) -> (L, G or None)        as in interval.py

One pass over the sorted kinks from left to right, with running value and slope of N; a second one from right to left
for the neurons that face right. Networks of a batch are done one by one, so a batch has the bits of its members.

Contents   _product_plus, _kinks, _cell -> _network -> _batch -> sorted_sums
Layer      2; imports interval, and numba: imported only where integration.compiled_available() says so
Notation   as in interval.py; m0, m1 (cells,) are int r p (1, s) over a cell
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from course_lib.integration.interval import _SPLITTER, Problem

_compile = njit(cache=True, error_model="numpy")


@_compile
def _product_plus(w, a, b):
    """w a + b with the product carried in two doubles, as in interval.py."""
    high = w * a
    w1 = _SPLITTER * w - (_SPLITTER * w - w)
    a1 = _SPLITTER * a - (_SPLITTER * a - a)
    w2, a2 = w - w1, a - a1
    low = w2 * a2 - (((high - w1 * a1) - w2 * a1) - w1 * a2)
    total = high + b
    part = total - high
    return total + (((high - (total - part)) + (b - part)) + low)


@_compile
def _kinks(w, b, a, length, exact, beta, kinks):
    """Fill beta_j = w_j a + b_j and the kinks, clipped to [0, length] as in Problem.kinks."""
    for j in range(len(w)):
        beta[j] = w[j] * a + b[j] if exact else _product_plus(w[j], a, b[j])
        if w[j] == 0.0:
            kinks[j] = 0.0 if beta[j] > 0.0 else length
        else:
            kinks[j] = min(max(-beta[j] / w[j], 0.0), length)


@_compile
def _order(kinks):
    """The indices that sort the kinks; by insertion where there are few, which is faster then."""
    if len(kinks) > 48:
        return np.argsort(kinks)
    order = np.arange(len(kinks))
    for i in range(1, len(kinks)):
        j, k = i, order[i]
        while j > 0 and kinks[order[j - 1]] > kinks[k]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = k
    return order


@_compile
def _cell(left, right, N, slope, t, f, p, nodes, weights):
    """(int r^2 p, int r p, int s r p) over a cell on which N(s) = N + slope (s - left); f, p in powers of s - t."""
    risk = m0 = m1 = 0.0
    for i in range(len(nodes)):
        s = left + (right - left) * nodes[i]
        u, value, density = s - t, f[-1], p[-1]
        for m in range(len(f) - 2, -1, -1):
            value = value * u + f[m]
        for m in range(len(p) - 2, -1, -1):
            density = density * u + p[m]
        r = N + slope * (s - left) - value
        m = (right - left) * weights[i] * density * r
        risk, m0, m1 = risk + m * r, m0 + m, m1 + m * s
    return risk, m0, m1


@_compile
def _network(theta, a, exact, ends, f, p, nodes, weights, beta, kinks, moments, place, G):
    """The risk of one network; G (3H+1,) is filled. beta, kinks (H,), moments (cells, 2), place (H,) are scratch."""
    H = len(kinks)
    w, b, v = theta[:H], theta[H : 2 * H], theta[2 * H : 3 * H]
    _kinks(w, b, a, ends[-1], exact, beta, kinks)
    order = _order(kinks)
    N, slope, risk, left, cell, k = theta[3 * H], 0.0, 0.0, 0.0, 0, 0
    for j in range(H):
        N += v[j] * max(beta[j], 0.0)
        slope += v[j] * w[j] if w[j] < 0.0 else 0.0
    for i in range(H + 1):
        target = kinks[order[i]] if i < H else ends[-1]
        while True:
            right = min(target, ends[k + 1])
            part, moments[cell, 0], moments[cell, 1] = _cell(left, right, N, slope, ends[k], f[k], p[k], nodes, weights)
            risk, N, left, cell = risk + part, N + slope * (right - left), right, cell + 1
            if right == target:
                break
            k += 1
        if i < H:
            place[order[i]] = cell
            slope += v[order[i]] * abs(w[order[i]])
    _gradient(a, w, v, beta, order, moments[:cell], place, G)
    return risk


@_compile
def _gradient(a, w, v, beta, order, moments, place, G):
    """Fill G from the cell moments: sums before its place for one facing left, after it else."""
    H, total = len(w), 0.0
    for faces_right in (False, True):
        S0 = S1 = 0.0
        done = len(moments) if faces_right else 0
        for i in range(H):
            j = order[H - 1 - i] if faces_right else order[i]
            step = -1 if faces_right else 1
            while done != place[j]:
                cell = done - 1 if faces_right else done
                S0, S1, done = S0 + moments[cell, 0], S1 + moments[cell, 1], done + step
            if (w[j] >= 0.0) == faces_right:
                G[j], G[H + j], G[2 * H + j] = 2 * v[j] * (S1 + a * S0), 2 * v[j] * S0, 2 * (w[j] * S1 + beta[j] * S0)
    for cell in range(len(moments)):
        total += moments[cell, 0]
    G[3 * H] = 2 * total


@_compile
def _batch(thetas, a, exact, ends, f, p, nodes, weights, risks, gradients):
    """Fill risks (B,) and gradients (B, 3H+1), network by network."""
    H = thetas.shape[1] // 3
    beta, kinks, place = np.empty(H), np.empty(H), np.empty(H, np.int64)
    moments = np.empty((H + len(ends), 2))
    for k in range(len(thetas)):
        risks[k] = _network(
            thetas[k], a, exact, ends, f, p, nodes, weights, beta, kinks, moments, place, gradients[k]
        )


def sorted_sums(problem: Problem, theta: np.ndarray, gradient: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
    """(L (...,), G (..., 3H+1) or None), as interval.sorted_sums; cost O(H log H) a network."""
    thetas = np.ascontiguousarray(theta).reshape(-1, theta.shape[-1])
    risks, gradients = np.empty(len(thetas)), np.empty(thetas.shape)
    exact = math.frexp(problem.a)[0] in (0.0, 0.5, -0.5)
    _batch(
        thetas, problem.a, exact, problem.ends, problem.f.T, problem.p.T, problem.nodes, problem.weights, risks, gradients
    )
    risk = risks.reshape(theta.shape[:-1])[()]
    return risk, gradients.reshape(theta.shape) if gradient else None
