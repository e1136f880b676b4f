"""Risks that are no exact integral: a sum over a data set, and quadrature for smooth activations, targets and densities.

    EmpiricalRisk   L(theta) = sum_i m_i |N_theta(x_i) - y_i|^2
    QuadratureRisk  L(theta) = int_a^b (N_theta(x) - f(x))^2 p(x) dx by Gauss-Legendre on cells that are halved until it settles

Contents   EmpiricalRisk -> QuadratureRisk -> its cells -> checks
Layer      3; imports piecewise, networks, activations, integration; the interface is that of ExactRisk in risks.py
Notation   theta (..., size), leading axes a batch; theta is flat, (B, size), inside
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.activations import Activation, SmoothReLU, relu
from course_lib.integration import points
from course_lib.integration.points import Points
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial

NODES = 12                  # Gauss nodes a cell where no number is exact
HALVINGS = 8                # of every cell, at most
NODES_AT_ONCE = 2**17       # nodes times networks held in memory


class EmpiricalRisk:
    """theta -> sum_i weights_i |N_theta(x_i) - y_i|^2 for a network of any widths on n data points.

    x           (n,) if the network has one input, else (n, inputs)
    y           (n,) if it has one output, else (n, outputs)
    weights     (n,), >= 0, not all zero; None means 1/n each
    activation  of the hidden layers; relu'(0) = 0

    >>> L = EmpiricalRisk(ReLUNetwork(1, 1, 1), [0, 1], [-1, 3], weights=[1, 1])
    >>> L([1, 0, 1, 1]), L.gradient([1, 0, 1, 1]).tolist()         # the kink lies on the first point, which counts as off
    (5.0, [-2.0, -2.0, -2.0, 2.0])
    """

    def __init__(self, network: ReLUNetwork, x, y, weights=None, activation: Activation | SmoothReLU = relu):
        self.network, self.activation = network, activation
        inputs, outputs = network.widths[0], network.widths[-1]
        x, y = _table("x", x, inputs), _table("y", y, outputs)
        weights = np.full(len(x), 1 / len(x)) if weights is None else np.array(weights, dtype=float)
        _check_data(x, y, weights)
        self._points = Points(x, y, weights)

    def __repr__(self) -> str:
        return f"EmpiricalRisk({self.network!r}, {len(self.x)} points)"

    @property
    def x(self) -> np.ndarray:
        """The inputs, (n, inputs)."""
        return self._points.x

    @property
    def y(self) -> np.ndarray:
        """The values, (n, outputs)."""
        return self._points.y

    @property
    def weights(self) -> np.ndarray:
        """The weights, (n,)."""
        return self._points.m

    def __call__(self, theta) -> float | np.ndarray:
        """L(theta): a float for one network (size,), else (...,). Exact up to rounding; ValueError on a wrong theta."""
        return self.value_and_gradient(theta)[0]

    def gradient(self, theta) -> np.ndarray:
        """The generalized gradient G(theta), (..., size), by backpropagation."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta) -> tuple[float | np.ndarray, np.ndarray]:
        """(L(theta), G(theta)) from one pass: float or (...,), and (..., size)."""
        risk, gradient = points.value_and_gradient(self.network, self.activation, self.network.check(theta), self._points)
        return (float(risk) if risk.ndim == 0 else risk), gradient

    def hessian(self, theta) -> np.ndarray:
        """The Hessian (..., size, size), exact up to rounding where L is twice differentiable.

        That is, for ReLU: no hidden neuron has pre-activation 0 at a data point. Memory: n (size) numbers a network.
        """
        return points.hessian(self.network, self.activation, self.network.check(theta), self._points)


class QuadratureRisk:
    """theta -> int_a^b (N_theta - f)^2 p dx by quadrature, for an activation, target or density that is no polynomial.

    network     one input, one output; one hidden layer if the activation has corners
    target, density  f and p: PiecewisePolynomial, or functions x (n,) -> (n,) that are smooth between the breaks; None: p = 1
    activation  softplus, tanh, SmoothReLU(r), relu, or an Activation of your own
    tolerance   wanted error of L relative to L, and of each G_i relative to int |the integrand of G_i|
    breaks      (a, ..., b): the ends, and where plain functions are not smooth; breakpoints of f and p are added

    Cells end at breaks and where w_j x + b_j is a corner of the activation. If everything is polynomial between them the
    integral is exact. Else every cell is halved until two results agree; `error_estimate` says how well they do: an
    observation, not a bound (a peak between all nodes is not seen). A tolerance not reached after 8 halvings is a warning.

    >>> from course_lib.activations import tanh
    >>> L = QuadratureRisk(ReLUNetwork(1, 1, 1), np.cos, activation=tanh, breaks=(0, 1))
    >>> bool(abs(L([0, 0, 1, 0]) - (0.5 + np.sin(2) / 4)) < 1e-12)          # int cos^2
    True
    """

    def __init__(
        self,
        network: ReLUNetwork,
        target: Callable,
        density: Callable | None = None,
        activation: Activation | SmoothReLU = relu,
        tolerance: float = 1e-10,
        breaks: Sequence[float] = (),
    ):
        self.network, self.activation, self.tolerance = network, activation, tolerance
        self.breaks = _breaks(target, density, breaks)
        self.target = target
        self.density = PiecewisePolynomial.constant(1.0, *self.domain) if density is None else density
        _check_problem(self)
        both = (self.target, self.density)
        self.exact = activation.degree is not None and all(isinstance(f, PiecewisePolynomial) for f in both)
        count = NODES
        if self.exact:
            count = (2 * max(activation.degree, self.target.degree) + self.density.degree) // 2 + 1
        nodes, weights = np.polynomial.legendre.leggauss(count)
        self._nodes, self._weights = (1 + nodes) / 2, weights / 2

    def __repr__(self) -> str:
        a, b = self.domain
        return f"QuadratureRisk({self.network!r} with {self.activation!r} on [{a:g}, {b:g}])"

    @property
    def domain(self) -> tuple[float, float]:
        """(a, b)."""
        return float(self.breaks[0]), float(self.breaks[-1])

    def __call__(self, theta) -> float | np.ndarray:
        """L(theta): a float for one network (size,), else (...,)."""
        return self.value_and_gradient(theta)[0]

    def gradient(self, theta) -> np.ndarray:
        """The gradient of L (for ReLU the generalized one), (..., size)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta) -> tuple[float | np.ndarray, np.ndarray]:
        """(L(theta), G(theta)): float or (...,), and (..., size)."""
        sums, _ = self._settled(self.network.check(theta), self._sums)
        return (float(sums[0]) if sums.ndim == 1 else sums[..., 0]), sums[..., 1:]

    def error_estimate(self, theta) -> tuple[float | np.ndarray, np.ndarray]:
        """Estimated errors of L(theta) and G(theta), shaped like them: last two results compared, plus rounding."""
        _, error = self._settled(self.network.check(theta), self._sums)
        return (float(error[0]) if error.ndim == 1 else error[..., 0]), error[..., 1:]

    def hessian(self, theta) -> np.ndarray:
        """The Hessian (..., size, size), as accurate as L; TypeError for an activation with kinks, such as ReLU."""
        if self.activation.second is None:
            raise TypeError(
                f"QuadratureRisk has a Hessian for activations with a second derivative, got {self.activation!r}. "
                "Use landscapes.numerical_hessian, or ExactRisk for piecewise polynomial f and p."
            )
        flat, _ = self._settled(self.network.check(theta), self._second_derivatives)
        return flat.reshape(*flat.shape[:-1], self.network.size, self.network.size)

    def realization(self, theta, x) -> np.ndarray:
        """N_theta(x) with this activation: x (n,), returns (..., n)."""
        x = np.atleast_1d(np.asarray(x, dtype=float))
        return points.forward(self.network, self.activation, self.network.check(theta), x[:, None])[1][-1][..., 0]

    # ---------------------------------------------------------------- quadrature
    def _settled(self, theta: np.ndarray, sums: Callable) -> tuple[np.ndarray, np.ndarray]:
        """(values, errors) of sums, (..., M): the cells of each network are halved until two of its results agree."""
        flat = theta.reshape(-1, self.network.size)
        value, _, rounding = self._in_chunks(flat, 0, sums)
        error = rounding.copy()
        live, level = np.arange(0 if self.exact else len(flat)), 0
        while live.size and level < HALVINGS:
            level += 1
            fine, scale, rounding = self._in_chunks(flat[live], level, sums)
            distance = np.abs(fine - value[live])
            value[live], error[live] = fine, distance + rounding
            live = live[~(distance <= self.tolerance * scale + rounding).all(axis=-1)]
        if live.size:
            warnings.warn(
                f"{self!r} does not reach tolerance = {self.tolerance:g}: two results still differ by {error[live].max():.1e}. "
                "Name corners of f and p in breaks, or ask for a larger tolerance.",
                stacklevel=4,
            )
        shape = theta.shape[:-1]
        return value.reshape(*shape, -1), error.reshape(*shape, -1)

    def _in_chunks(self, theta: np.ndarray, level: int, sums: Callable) -> list[np.ndarray]:
        """sums of (B, size) networks, as many at once as fit into memory."""
        width = len(self.breaks) + len(self.activation.corners) * sum(self.network.widths[1:-1])
        rows = max(1, NODES_AT_ONCE // (width * len(self._nodes) * 2**level))
        parts = [sums(theta[i : i + rows], level) for i in range(0, max(1, len(theta)), rows)]
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]

    def _sums(self, theta: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(L and G, what their errors are compared with, their rounding), each (B, 1 + size)."""
        cells = self._cells(theta, level)
        risk, gradient = points.value_and_gradient(self.network, self.activation, theta, cells)
        rounding, size = points.magnitudes(self.network, self.activation, theta, cells)
        rounding = 16 * EPS * rounding[:, None]
        relative = rounding / np.where(risk > 0, risk, 1.0)[:, None]
        return _beside(risk, gradient), _beside(risk, size), np.concatenate([rounding, relative * size], axis=1)

    def _second_derivatives(self, theta: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(Hessian, its largest entry, rounding), each (B, size^2)."""
        flat = points.hessian(self.network, self.activation, theta, self._cells(theta, level)).reshape(len(theta), -1)
        scale = np.broadcast_to(np.abs(flat).max(axis=1, keepdims=True), flat.shape)
        return flat, scale, 64 * EPS * scale

    def _cells(self, theta: np.ndarray, level: int) -> Points:
        """Gauss nodes, f and weights times p on the cells of (B, size) networks, each cut into 2^level: (B, nodes)."""
        edges = np.broadcast_to(self.breaks, (len(theta), len(self.breaks)))
        if self.activation.corners:
            w, b, _, _ = self.network.shallow(theta)
            with np.errstate(over="ignore"):
                kinks = [(corner - b) / np.where(w == 0, 1.0, w) for corner in self.activation.corners]
            edges = np.sort(np.concatenate([edges, np.clip(np.concatenate(kinks, axis=1), *self.domain)], axis=1), axis=1)
        left = edges[:, :-1, None]
        h = (edges[:, 1:, None] - left) / 2**level
        cut = (np.arange(2**level)[:, None] + self._nodes).ravel()
        x = np.where(h > 0, left + h * cut, sum(self.domain) / 2).reshape(len(theta), -1)      # nothing to see in an empty cell
        m = (h * np.tile(self._weights, 2**level)).reshape(len(theta), -1)
        f, p = (function(x.ravel()).reshape(x.shape) for function in (self.target, self.density))
        return Points(x[..., None], f[..., None], m * p)


def _beside(risk: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """(B,) and (B, size) to (B, 1 + size)."""
    return np.concatenate([risk[:, None], gradient], axis=1)


# ---------------------------------------------------------------- checks
def _table(name: str, values, width: int) -> np.ndarray:
    """values (n,) if width is 1, or (n, width), as a new finite array (n, width)."""
    values = np.array(values, dtype=float)
    if values.ndim == 1 and width == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] != width or len(values) == 0:
        wanted = "(n,)" if width == 1 else f"(n, {width})"
        raise ValueError(f"{name} must have shape {wanted} with n >= 1, got {values.shape}. One row is one data point.")
    if not np.isfinite(values).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name} must be finite, but row {i} holds {values[i, j]}. Drop or repair that data point.")
    return values


def _check_data(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> None:
    """Raise ValueError unless x, y and weights have one length and the weights are finite, >= 0 and not all 0."""
    if len(y) != len(x):
        raise ValueError(f"x and y must have one length, got {len(x)} and {len(y)}. Row i of y is the value at row i of x.")
    if weights.shape != (len(x),):
        raise ValueError(f"weights must have shape ({len(x)},), one a data point, got {weights.shape}. None means 1/n each.")
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        raise ValueError(f"weights must be finite and >= 0, but weights[{bad[0]}] = {weights[bad[0]]}. Weight 0 drops a point.")
    if not weights.any():
        raise ValueError("weights must be positive somewhere, but all are 0: every risk would be 0.")


def _breaks(target, density, breaks) -> np.ndarray:
    """The union of all breakpoints, (K+1,); ValueError if the interval is not known or not one."""
    given = [np.asarray(breaks, dtype=float)] if len(breaks) else []
    given += [f.breaks for f in (target, density) if isinstance(f, PiecewisePolynomial)]
    if not given:
        raise ValueError("breaks must name the interval (a, ..., b) if f and p have no breakpoints, got (). Example: (0, 1).")
    ends = {(float(t.min()), float(t.max())) for t in given}
    if len(ends) > 1:
        raise ValueError(f"target, density and breaks must have one interval, got {sorted(ends)}. Let all go from a to b.")
    union = np.unique(np.concatenate(given))
    if len(union) < 2 or not np.isfinite(union).all():
        raise ValueError(f"breaks must hold two different finite numbers at least, got {union.tolist()}. Example: (0, 1).")
    return union


def _check_problem(L: QuadratureRisk) -> None:
    """Raise ValueError unless network, functions and tolerance make a problem that quadrature can work on."""
    shallow, widths = L.network.is_shallow_1d, L.network.widths
    if widths[0] != 1 or widths[-1] != 1 or (L.activation.corners and not shallow):
        raise ValueError(
            f"QuadratureRisk needs one input and one output, and one hidden layer for {L.activation!r} if it has corners; "
            f"got {L.network!r}. Use widths such as (1, 8, 1)."
        )
    if not 0 < L.tolerance < 1:
        raise ValueError(f"tolerance must lie between 0 and 1, got {L.tolerance}. A useful value is 1e-10.")
    t = np.linspace(0, 1, 66)[1:-1]
    x = (L.breaks[:-1, None] + np.diff(L.breaks)[:, None] * t).ravel()
    for name, function in (("target", L.target), ("density", L.density)):
        values = np.asarray(function(x))
        if values.shape != x.shape or not np.isfinite(values).all():
            raise ValueError(
                f"{name} must give finite values of shape {x.shape} for x {x.shape}, got shape {values.shape}, "
                f"finite: {bool(np.isfinite(values).all())}. Write it with NumPy functions of x; np.vectorize helps."
            )
    lowest = int(np.argmin(values))
    if values[lowest] < 0 or not values.any():
        raise ValueError(
            f"density must be >= 0 and not 0 everywhere, but p({x[lowest]:g}) = {values[lowest]:g}. Try its maximum with 0."
        )
