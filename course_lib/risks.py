"""Risks: the exact integral of the squared error, its generalized gradient and its Hessian.

    L(theta) = int_a^b (N_theta(x) - f(x))^2 p(x) dx          no factor 1/2, p not normalised

Contents   ExactRisk: value, gradient, Hessian
Layer      3; imports piecewise, networks, integration
Notation   theta (..., size); G is the generalized gradient, the limit of gradients of smoothed risks (relu'(0) = 0)
Source     card "exact-quadrature"; explicit formula of G in integration/interval.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.integration import compiled_available, interval
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial

SORTED_FROM = 96            # hidden neurons: below, the dense form is faster


class ExactRisk:
    """theta -> int (N_theta - f)^2 p dx, exact up to rounding, for a network with one input, hidden layer and output.

    network   ReLUNetwork(1, H, 1)
    target    f, a scalar PiecewisePolynomial; its domain is [a, b]
    density   p >= 0 on the same domain, not zero everywhere; None means 1
    method    the same numbers by three routes: "dense", "sorted", "compiled" (needs numba); "auto" takes the fastest

    >>> f = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), f)
    >>> theta = [1, -1/3, 4/3, 1/27]                 # the global minimum for one neuron, 4/3645
    >>> round(L(theta) * 3645, 12)
    4.0
    """

    def __init__(
        self,
        network: ReLUNetwork,
        target: PiecewisePolynomial,
        density: PiecewisePolynomial | None = None,
        method: str = "auto",
    ):
        if density is None:
            density = PiecewisePolynomial.constant(1.0, *target.domain)
        _check(network, target, density)
        self.network, self.target, self.density, self.method = network, target, density, method
        self._problem = interval.Problem.of(target, density)
        self._evaluate = _shallow_route(method, network.widths[1])

    def __repr__(self) -> str:
        a, b = self.target.domain
        return f"ExactRisk({self.network!r} on [{a:g}, {b:g}])"

    def __call__(self, theta) -> float | np.ndarray:
        """L(theta): a float for one network (size,), else (...,). Exact up to rounding; ValueError on a wrong theta."""
        risk, _ = self._evaluate(self._problem, self.network.check(theta), gradient=False)
        return float(risk) if risk.ndim == 0 else risk

    def gradient(self, theta) -> np.ndarray:
        """The generalized gradient G(theta), (..., size)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta) -> tuple[float | np.ndarray, np.ndarray]:
        """(L(theta), G(theta)) from one pass: float or (...,), and (..., size)."""
        risk, gradient = self._evaluate(self._problem, self.network.check(theta))
        return (float(risk) if risk.ndim == 0 else risk), gradient

    def hessian(self, theta) -> np.ndarray:
        """The Hessian (..., size, size), kink terms included; meaningful where L is twice differentiable.

        That is: no neuron with w = b = 0, and no kink on an end of [a, b] or on a jump of f or p.
        """
        return interval.hessian(self._problem, self.network.check(theta))


def _shallow_route(method: str, H: int) -> Callable:
    """The function (problem, theta, gradient) -> (L, G) of the named method for H hidden neurons."""
    routes = {"dense": interval.dense, "sorted": interval.sorted_sums}
    if method in routes:
        return routes[method]
    if method == "auto" and not compiled_available():
        return interval.sorted_sums if H >= SORTED_FROM else interval.dense
    if method in ("auto", "compiled") and compiled_available():
        from course_lib.integration.compiled import sorted_sums  # imports numba

        return sorted_sums
    raise ValueError(
        f"method must be 'auto', 'dense', 'sorted', or with numba 'compiled', got {method!r}. Without numba choose 'auto'."
    )


def _check(network: ReLUNetwork, target: PiecewisePolynomial, density: PiecewisePolynomial) -> None:
    """Raise ValueError unless network, target and density make a problem."""
    if not network.is_shallow_1d:
        raise ValueError(
            f"ExactRisk needs one input, one hidden layer and one output, got {network!r}. Use widths such as (1, 8, 1)."
        )
    for name, function in (("target", target), ("density", density)):
        if function.coefficients.ndim != 2:
            raise ValueError(
                f"{name} must be scalar, got {function.coefficients.shape[2]} outputs. Pass one component at a time."
            )
    if target.domain != density.domain:
        raise ValueError(
            f"target and density must have one domain, got [{target.domain[0]:g}, {target.domain[1]:g}] and "
            f"[{density.domain[0]:g}, {density.domain[1]:g}]. Give the density on the target's domain."
        )
    x, lowest = density.minimum()
    if lowest < -64 * EPS * np.abs(density.coefficients).max():
        raise ValueError(f"density must be >= 0, but p({x:g}) = {lowest:g}. Zero on a piece is allowed, below zero is not.")
    if not density.coefficients.any():
        raise ValueError("density must be positive somewhere, but all its coefficients are 0: every risk would be 0.")
