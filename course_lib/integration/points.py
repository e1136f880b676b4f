"""Weighted sums over points: the squared error of a network of any shape, its gradient and its Hessian.

    L(theta) = sum_i m_i |N(x_i) - y_i|^2,    delta^L = 2 m (N - y),    delta^{k} = (delta^{k+1} W^{k+1}) sigma'(N^k)
    G_{W^k} = sum_i delta^k_i (a^{k-1}_i)^T,    G_{b^k} = sum_i delta^k_i          a^0 = x, a^k = sigma(N^k)

Contents   Points -> value_and_gradient -> magnitudes (what rounding is measured against) -> hessian
Layer      2; imports networks and activations
Notation   theta (..., size); x (..., n, inputs), y (..., n, outputs), m (..., n); one matrix product a network and layer, so
           that a batch keeps the bits of its members
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.activations import Activation
from course_lib.networks import ReLUNetwork


@dataclass(frozen=True, eq=False)
class Points:
    """Points x (..., n, inputs) with values y (..., n, outputs) and weights m (..., n)."""

    x: np.ndarray
    y: np.ndarray
    m: np.ndarray


def forward(network: ReLUNetwork, activation: Activation, theta: np.ndarray, x: np.ndarray) -> tuple[list, list]:
    """([a^0, ..., a^{L-1}], [N^1, ..., N^L]), each (..., n, width)."""
    a, z = [x], []
    for W, b in network.split(theta):
        z.append(a[-1] @ np.swapaxes(W, -1, -2) + b[..., None, :])
        a.append(activation.value(z[-1]))
    return a[:-1], z


def value_and_gradient(network: ReLUNetwork, activation: Activation, theta: np.ndarray, points: Points):
    """(L (...,), G (..., size)) by backpropagation; exact up to rounding."""
    a, z = forward(network, activation, theta, points.x)
    r = z[-1] - points.y
    delta = 2 * points.m[..., None] * r
    risk = _flat(delta / 2 * r).sum(axis=-1)
    parts, layers = [], network.split(theta)
    for k in reversed(range(len(layers))):
        parts.append(_outer(delta, a[k]))
        if k:
            delta = (delta @ layers[k][0]) * activation.derivative(z[k - 1])
    return risk, np.concatenate(parts[::-1], axis=-1)


def magnitudes(network: ReLUNetwork, activation: Activation, theta: np.ndarray, points: Points):
    """(sum m |r| (|a||W| + |b|), sum |each term of G|): shapes (...,) and (..., size).

    The first times eps estimates what rounding does to L; the second is the size that an error of G is compared with.
    """
    a, z = forward(network, activation, theta, points.x)
    layers = network.split(theta)
    W, b = layers[-1]
    r = z[-1] - points.y
    size = np.abs(a[-1]) @ np.swapaxes(np.abs(W), -1, -2) + np.abs(b)[..., None, :] + np.abs(points.y)
    delta, parts = 2 * points.m[..., None] * r, []
    rounding = _flat(np.abs(delta) / 2 * size).sum(axis=-1)
    for k in reversed(range(len(layers))):
        parts.append(_outer(np.abs(delta), np.abs(a[k])))
        if k:
            delta = (delta @ layers[k][0]) * activation.derivative(z[k - 1])
    return rounding, np.concatenate(parts[::-1], axis=-1)


def hessian(network: ReLUNetwork, activation: Activation, theta: np.ndarray, points: Points) -> np.ndarray:
    """d G / d theta (..., size, size): the lines of `value_and_gradient` differentiated in every coordinate direction.

    A dotted name holds the derivative of its name in direction e_i, i on the axis before the points. sigma'' is 0 if the
    activation has no `second`: right for ReLU where no point has a pre-activation 0.
    """
    layers = [(W[..., None, :, :], b[..., None, :]) for W, b in network.split(theta)]
    dots = network.split(np.eye(network.size))
    x, y, m = (array[..., None, :, :] for array in (points.x, points.y, points.m[..., None]))
    a, z = forward(network, activation, theta[..., None, :], x)
    a_dot, z_dot = [np.zeros_like(x)], []
    for k, ((W, _), (W_dot, b_dot)) in enumerate(zip(layers, dots, strict=True)):
        z_dot.append(a_dot[k] @ np.swapaxes(W, -1, -2) + a[k] @ np.swapaxes(W_dot, -1, -2) + b_dot[..., None, :])
        a_dot.append(activation.derivative(z[k]) * z_dot[k])
    delta, delta_dot, parts = 2 * m * (z[-1] - y), 2 * m * z_dot[-1], []
    for k in reversed(range(len(layers))):
        parts.append(_outer(delta_dot, a[k]) + _outer(delta, a_dot[k], bias=0.0))
        if k:
            back, slope = delta @ layers[k][0], activation.derivative(z[k - 1])
            bend = back * activation.second(z[k - 1]) * z_dot[k - 1] if activation.second else 0.0
            delta, delta_dot = back * slope, (delta_dot @ layers[k][0] + delta @ dots[k][0]) * slope + bend
    return np.concatenate(parts[::-1], axis=-1)


def _outer(delta: np.ndarray, a: np.ndarray, bias: float = 1.0) -> np.ndarray:
    """(sum delta a^T row by row, bias * sum delta) over the points: one layer's part of theta, (..., m n + m)."""
    with_bias = np.concatenate([a, np.full_like(a[..., :1], bias)], axis=-1)
    sums = np.swapaxes(delta, -1, -2) @ with_bias
    W = sums[..., :-1]
    return np.concatenate([W.reshape(*W.shape[:-2], -1), sums[..., -1]], axis=-1)


def _flat(terms: np.ndarray) -> np.ndarray:
    """(..., n, outputs) to (..., n * outputs)."""
    return terms.reshape(*terms.shape[:-2], -1)
