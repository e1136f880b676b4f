"""Activation functions: ReLU, its smooth approximations, and the smooth activations of networks without kinks.

    relu(z) = max(z, 0)      softplus(z) = log(1 + e^z)      tanh(z)      SmoothReLU(r) -> relu as r -> infinity

Contents   Activation -> relu, softplus, tanh -> SmoothReLU
Layer      1; imports nothing of the course
Notation   z pre-activation; corners: where value or derivative changes its formula, so that integration must split there
Convention relu'(0) = 0; each smoothing R_r has R_r(z) = 0 for z <= 1/(2r), so that R_r'(0) = 0 too: from the left
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, repr=False)
class Activation:
    """z -> value(z), elementwise on arrays, with its derivative.

    second   second derivative; None if the first one jumps at a corner (ReLU: no Hessian of an integral by formula alone)
    corners  where the activation is not smooth
    degree   its degree if it is a polynomial between the corners, else None

    >>> square = Activation("square", lambda z: z**2, lambda z: 2 * z)
    >>> square.derivative(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    name: str
    value: Function
    derivative: Function
    second: Function | None = None
    corners: tuple[float, ...] = ()
    degree: int | None = None

    def __repr__(self) -> str:
        return self.name


def _relu(z):
    return np.maximum(z, 0.0)


def _step(z):
    return (z > 0).astype(float)


def _softplus(z):
    return np.logaddexp(0.0, z)


def _logistic_slope(z):
    return expit(z) * expit(-z)


def _tanh_derivative(z):
    return (1 - np.tanh(z)) * (1 + np.tanh(z))


def _tanh_second(z):
    return -2 * np.tanh(z) * _tanh_derivative(z)


relu = Activation("relu", _relu, _step, corners=(0.0,), degree=1)
softplus = Activation("softplus", _softplus, expit, _logistic_slope)
tanh = Activation("tanh", np.tanh, _tanh_derivative, _tanh_second)


@dataclass(frozen=True)
class SmoothReLU:
    """R_r: 0 up to h = 1/(2r), then h s^2 (5 - 3s) with s = (z - h)/h, then z from 2h on; continuously differentiable.

    r   > 0; R_r -> relu and R_r' -> 1_{z > 0} at every z as r -> infinity, with 0 <= R_r <= relu and |R_r'| <= 25/9

    >>> SmoothReLU(5.0).value(np.array([0.1, 0.15, 0.2]))
    array([0.    , 0.0875, 0.2   ])
    """

    r: float
    degree = 3

    def __post_init__(self):
        if not 0 < self.r < np.inf:
            raise ValueError(f"r must be positive and finite, got {self.r}. SmoothReLU(100) differs from relu on (0, 0.01).")

    @property
    def name(self) -> str:
        """"SmoothReLU(r)"."""
        return repr(self)

    @property
    def corners(self) -> tuple[float, float]:
        """(1/(2r), 1/r): where the three formulas meet."""
        return 0.5 / self.r, 1 / self.r

    def _s(self, z):
        h = 0.5 / self.r
        return np.clip((z - h) / h, 0.0, 1.0)

    def value(self, z):
        """R_r(z)."""
        s = self._s(z)
        return np.where(s < 1, 0.5 / self.r * s * s * (5 - 3 * s), z)

    def derivative(self, z):
        """R_r'(z) = s (10 - 9 s)."""
        s = self._s(z)
        return s * (10 - 9 * s)

    def second(self, z):
        """R_r''(z) = (10 - 18 s) / h between the corners, else 0; it jumps at the corners, where the right value is taken."""
        s = self._s(z)
        return np.where((z >= 0.5 / self.r) & (s < 1), (10 - 18 * s) * 2 * self.r, 0.0)
