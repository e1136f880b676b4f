"""Coordinates of gradient flow in which a neuron near death keeps its digits: log z_j in place of b_j.

    z_j = max_[a,b] (w_j x + b_j) = w_j e + b_j,    z_j' = -lambda_j z_j,    lambda_j -> 2 v_j (e^2 + 1) r(e) p(e) / |w_j|

e is the end of [a, b] where neuron j is active last. As lambda_j is bounded, z_j never reaches 0: a neuron that was alive
stays alive, and when lambda_j changes its sign it returns, from e^-1000 as from e^-10. b_j alone could not tell the two.

Contents   Neurons -> Point -> nearness z -> LogCoordinates: there and back, velocity, Jacobian
Layer      4; imports networks, piecewise
Notation   s = log(1 + t); x = (theta, E); neurons carried j (k,); F velocity, -G; r residual N - f; q_j = log(-log(z_j / m_j))
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial

SLIVER = 1e-6               # z / |w| below which the active set is an interval too short for the digits of its kink
NODES, WEIGHTS = 0.5 + np.sqrt(0.15) * np.array([-1, 0, 1]), np.array([5, 8, 5]) / 18          # Gauss-Legendre on [0, 1]


class Neurons:
    """Which entries of theta belong to each hidden neuron: incoming [(m, n + 1)] and outgoing [(m, outputs)], by layer."""

    def __init__(self, network: ReLUNetwork):
        layers = [(W.astype(int), b.astype(int)) for W, b in network.split(np.arange(network.size))]
        self.incoming = [np.column_stack([W, b]) for W, b in layers[:-1]]
        self.outgoing = [V.T for V, _ in layers[1:]]
        self.rows = [row for layer in self.incoming for row in layer]

    def lengths(self, theta: np.ndarray) -> np.ndarray:
        """|(w_j, b_j)| of every hidden neuron, (..., neurons)."""
        return np.sqrt(_by_layer(theta**2, self.incoming))

    def outer_lengths(self, theta: np.ndarray) -> np.ndarray:
        """|v_j| of every hidden neuron, (..., neurons)."""
        return np.sqrt(_by_layer(theta**2, self.outgoing))


def _by_layer(values: np.ndarray, layers: list[np.ndarray]) -> np.ndarray:
    """The sum of the values of each neuron, (..., neurons)."""
    sums = [values[..., rows].sum(axis=-1) for rows in layers]
    return sums[0] if len(sums) == 1 else np.concatenate([values[..., :0], *sums], axis=-1)


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the curve: s, theta (size,), the energy so far, log z_j of the neurons carried (neurons,), else nan."""

    s: float
    theta: np.ndarray
    energy: float
    log_z: np.ndarray


def nearness(neurons: Neurons, domain: tuple[float, float], theta: np.ndarray) -> np.ndarray:
    """z_j = max_[a,b] (w_j x + b_j) of the first layer of a network with one input, (H,); 0 where it is <= 0 or rounding."""
    rows = neurons.incoming[0]
    w, b = theta[rows[:, 0]], theta[rows[:, 1]]
    top = np.maximum(w * domain[0], w * domain[1])
    z = top + b
    return np.where(z > 4 * EPS * np.abs(b), z, 0.0)


@dataclass(frozen=True, eq=False)
class LogCoordinates:
    """Coordinates x = (theta, E) in which q_j = log(-log(z_j / m_j)) replaces b_j for the neurons j in `carried` (k,).

        z' = e w' + b' = -lambda z,    q' = lambda e^{-q},    lambda -> 2 v (e^2 + 1) r(e) p(e) / |w|  as z -> 0

    The limit is the integral of the residual r over a sliver of length z / |w| at e. Why two logarithms: where z decays
    exponentially for ever, q grows like log t, which in log time is a straight line.
    ends, scales (k,): e and m_j = |(w_j, b_j)| at the start; inward (k,): -sign(w_j), from e into [a, b].
    """

    L: Any
    carried: np.ndarray
    ends: np.ndarray
    scales: np.ndarray
    inward: np.ndarray

    @classmethod
    def at(cls, L: Any, neurons: Neurons, point: Point) -> LogCoordinates:
        """The coordinates that carry exactly the neurons with a log z."""
        j = np.flatnonzero(~np.isnan(point.log_z))
        a, b = L.target.domain if j.size else (0.0, 0.0)
        right = point.theta[j] > 0
        return cls(L, j, np.where(right, b, a), neurons.lengths(point.theta)[j], np.where(right, -1.0, 1.0))

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The places of w_j, b_j, v_j in theta, each (k,)."""
        H = self.L.network.widths[1] if self else 0
        return self.carried, self.carried + H, self.carried + 2 * H

    def __bool__(self) -> bool:
        return self.carried.size > 0

    def of(self, point: Point) -> np.ndarray:
        """x of a point, (size + 1,)."""
        x = np.append(point.theta, point.energy)
        if self:
            x[self.columns[1]] = np.log(np.log(self.scales) - point.log_z[self.carried])
        return x

    def log_z(self, x: np.ndarray) -> np.ndarray:
        """log z_j of the neurons carried, (k,)."""
        return np.log(self.scales) - np.exp(x[self.columns[1]])

    def theta(self, x: np.ndarray) -> np.ndarray:
        """theta (size,): b = z - w e."""
        if not self:
            return x[:-1]
        theta, (w, b, _) = x[:-1].copy(), self.columns
        theta[b] = np.exp(self.log_z(x)) - theta[w] * self.ends
        return theta

    def slope(self, x: np.ndarray, theta: np.ndarray, F: np.ndarray) -> np.ndarray:
        """dq/dt of the neurons carried, (k,), given the velocity F at theta."""
        w, b, _ = self.columns
        z = np.exp(self.log_z(x))
        decay = -(self.ends * F[w] + F[b]) / np.where(z > 0, z, 1.0)
        fine = z < SLIVER * np.abs(theta[w])
        if fine.any():
            decay[fine] = self._decay(theta, z)[fine]
        return decay * np.exp(-x[b])

    def _decay(self, theta: np.ndarray, z: np.ndarray) -> np.ndarray:
        """lambda (k,) from a Gauss rule on each sliver; slivers at one end see each other through their z, not their b.

        Meant for z < SLIVER |w|, where f and p are their tangents at e; a larger z is cut off, and its value not used.
        """
        w, _, v = self.columns
        steepness = np.abs(theta[w])[:, None]
        depth = np.minimum(z[:, None] / steepness, SLIVER) * NODES                                      # (k, nodes)
        together = (self.ends[:, None] == self.ends) * theta[v]                                      # (k, k)
        own = np.maximum(z[:, None] - steepness * depth[:, None, :], 0.0)                               # (k, k, nodes)
        others = theta.copy()
        others[v] = 0.0
        N = _network(others, self.ends[:, None] + self.inward[:, None] * depth) + (together[:, :, None] * own).sum(axis=1)
        f, p = self.tangents[:, 0, :, None] + self.tangents[:, 1, :, None] * depth
        return 2 * theta[v] * (self.ends**2 + 1) / steepness[:, 0] * (((N - f) * p) @ WEIGHTS)

    @cached_property
    def tangents(self) -> np.ndarray:
        """(2, 2, k): of f and p, the value and the derivative into [a, b], at e."""
        return np.stack([_tangent(function, self.inward) for function in (self.L.target, self.L.density)])

    def jacobian(self, x: np.ndarray, theta: np.ndarray, F: np.ndarray, J: np.ndarray) -> np.ndarray:
        """d(dx/dt)/dx from J (size + 1, size + 1) in theta; on a sliver up to O(z / |w|)."""
        if not self:
            return J
        (w, b, _), e, z = self.columns, self.ends, np.exp(self.log_z(x))
        shrink, fine = np.exp(-x[b]), z < SLIVER * np.abs(theta[w])
        whole = np.where(fine, 1.0, z)
        decay = -(e * F[w] + F[b]) / whole
        change = -(e[:, None] * J[w, :-1] + J[b, :-1]) / whole[:, None]
        k = np.arange(len(w))
        change[k, w] -= decay * e / whole
        change[k, b] -= decay / whole
        if fine.any():
            decay[fine], change[fine] = (part[fine] for part in self._limit(theta))
        J[b, :-1] = shrink[:, None] * change
        J[:, w] -= J[:, b] * e
        J[:, b] *= -z / shrink
        J[b, b] -= shrink * decay
        return J

    def _limit(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """lambda (k,) as z -> 0 and its derivative (k, size)."""
        (w, _, v), e, (f, p) = self.columns, self.ends, self.tangents[:, 0]
        rate, r = 2 * (e**2 + 1) * p / np.abs(theta[w]), _network(theta, e) - f
        change = (rate * theta[v])[:, None] * _network_derivative(theta, e)
        k = np.arange(len(w))
        change[k, v] += rate * r
        change[k, w] -= rate * theta[v] * r / theta[w]
        return rate * theta[v] * r, change


def _tangent(function: PiecewisePolynomial, inward: np.ndarray) -> np.ndarray:
    """(2, k): value and derivative into the domain, at its left end where inward > 0, at its right end where inward < 0."""
    left, right = function.coefficients[0], function.coefficients[-1]
    h, powers = function.breaks[-1] - function.breaks[-2], np.arange(len(right))
    at_left = [left[0], left[1] if len(left) > 1 else 0.0]
    at_right = [right @ h**powers, -(right[1:] * powers[1:]) @ h ** powers[:-1]]
    return np.where(inward > 0, np.transpose([at_left]), np.transpose([at_right]))


def _network(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """N_theta of widths (1, H, 1) at x of any shape."""
    w, b, v = theta[:-1].reshape(3, -1)
    return np.maximum(x[..., None] * w + b, 0.0) @ v + theta[-1]


def _network_derivative(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dN(x_i)/dtheta of widths (1, H, 1), (n, size)."""
    w, b, v = theta[:-1].reshape(3, -1)
    z = x[:, None] * w + b
    on_v = (z > 0) * v
    return np.concatenate([on_v * x[:, None], on_v, np.maximum(z, 0.0), np.ones((len(x), 1))], axis=1)
