"""Risks: the exact integral of the squared error, its generalized gradient and its Hessian.

    L(theta) = int |N_theta(x) - f(x)|^2 p(x) dx          no factor 1/2, p not normalised

Contents   ExactRisk: value, gradient, Hessian, breakpoints, regions, quadrature defect -> which algorithm -> checks
Layer      3; imports piecewise, cell_polynomials, networks, integration
Notation   theta (..., size); G is the generalized gradient, the limit of gradients of smoothed risks (relu'(0) = 0)
Source     card "exact-quadrature"; explicit formulas of G in integration/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from course_lib.cell_polynomials import CellPolynomial
from course_lib.integration import cells, compiled_available, interval, simplices
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial

Function = PiecewisePolynomial | CellPolynomial
SORTED_FROM = 96            # hidden neurons: below, the dense form is faster


class ExactRisk:
    """theta -> int |N_theta - f|^2 p dx, exact up to rounding, for a network of any depth with one, two or three inputs.

    network   ReLUNetwork(inputs, ..., outputs)
    target    f, with as many outputs: a PiecewisePolynomial for one input, its domain is [a, b]; or a CellPolynomial on a
              box with as many coordinates as the network has inputs
    density   p >= 0, scalar, of the same kind on the same domain, not zero everywhere; None means 1
    method    "auto"; for widths (1, H, 1) the same numbers by three routes: "dense", "sorted", "compiled" (needs numba)

    >>> f = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), f)
    >>> theta = [1, -1/3, 4/3, 1/27]                 # the global minimum for one neuron, 4/3645
    >>> round(L(theta) * 3645, 12)
    4.0
    """

    def __init__(
        self,
        network: ReLUNetwork,
        target: Function,
        density: Function | None = None,
        method: str = "auto",
    ):
        if density is None:
            density = _one(target)
        _check(network, target, density)
        self.network, self.target, self.density, self.method = network, target, density, method
        self._problem, self._evaluate = _route(network, target, density, method)

    def __repr__(self) -> str:
        return f"ExactRisk({self.network!r} on {_named(self.target.domain)})"

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
        Exact for widths (1, H, 1); TypeError for others.
        """
        if not isinstance(self._problem, interval.Problem):
            raise TypeError(
                f"hessian is exact for one input, one hidden layer and one output only, got {self.network!r}. "
                "Use landscapes.numerical_hessian(L, theta)."
            )
        return interval.hessian(self._problem, self.network.check(theta))

    def breakpoints(self, theta) -> np.ndarray:
        """a, the roots of all pre-activations of one network theta (size,) in (a, b), b: sorted, each once.

        Between them the realization is affine and every neuron keeps its sign. Any depth; a PiecewisePolynomial target.
        """
        theta = self._one_network(theta, "breakpoints")
        if isinstance(self.target, CellPolynomial):
            raise TypeError("breakpoints needs a PiecewisePolynomial target, got a CellPolynomial. Use regions.")
        return cells.breakpoints(cells.Problem.of(self.network, self.target, self.density), theta)

    def regions(self, theta) -> simplices.Regions:
        """The linear regions of one network theta (size,) on the box of a CellPolynomial target: simplices with region ids."""
        theta = self._one_network(theta, "regions")
        if not isinstance(self._problem, simplices.Problem):
            raise TypeError("regions needs a CellPolynomial target, got a PiecewisePolynomial. Use breakpoints.")
        return simplices.Regions.of(self._problem, theta, self.target.lower, self.target.upper)

    def quadrature_defect(self, theta, function: Callable | None = None) -> float:
        """How far L and G of one network move when the quadrature gets three more nodes a direction, relative to their size.

        About 1e-15 while the integrand is a polynomial on every simplex. With `function`, x (n, d) -> (n,) or (n, outputs), in
        place of the target's values it tells whether that function is a polynomial of at most the target's degree on the
        target's cells: a jump that is not a face shows as 1e-4 or so. For CellPolynomial targets.
        """
        theta = self._one_network(theta, "quadrature_defect")
        if not isinstance(self._problem, simplices.Problem):
            raise TypeError("quadrature_defect needs a CellPolynomial target, got a PiecewisePolynomial. Use a box ([a], [b]).")
        finer = simplices.Problem.of(self.network, self.target, self.density, extra=3)
        return simplices.quadrature_defect(*(replace(rule, function=function) for rule in (self._problem, finer)), theta)

    def _one_network(self, theta, method: str) -> np.ndarray:
        """theta (size,), checked; ValueError for a batch."""
        theta = self.network.check(theta)
        if theta.ndim != 1:
            raise ValueError(f"{method} is for one network (size,), got theta of shape {theta.shape}. Take theta[k].")
        return theta


def _one(target: Function) -> Function:
    """The density 1 on the domain of the target; the target itself if it has none."""
    if isinstance(target, CellPolynomial):
        return CellPolynomial.on_box(target.lower, target.upper, {(0,) * len(target.lower): 1.0})
    return PiecewisePolynomial.constant(1.0, *target.domain) if isinstance(target, PiecewisePolynomial) else target


def _named(domain) -> str:
    """[0, 1], or [0, 1] x [0, 2] for a box."""
    return " x ".join(f"[{a:g}, {b:g}]" for a, b in zip(*map(np.atleast_1d, domain), strict=True))


def _point(x) -> str:
    """0.5, or 0.5, 1 for a point of a box."""
    return ", ".join(f"{t:g}" for t in np.atleast_1d(x))


def _route(network: ReLUNetwork, target: Function, density: Function, method: str) -> tuple[object, Callable]:
    """The problem as its algorithm wants it, and the algorithm (problem, theta, gradient) -> (L, G)."""
    on_interval = isinstance(target, PiecewisePolynomial)
    if on_interval and network.is_shallow_1d and target.coefficients.ndim == 2:
        return interval.Problem.of(target, density), _shallow_route(method, network.widths[1])
    if method != "auto":
        raise ValueError(f"method must be 'auto' here, got {method!r}. Only widths (1, H, 1) on an interval leave a choice.")
    if not on_interval:
        return simplices.Problem.of(network, target, density), simplices.risk_and_gradient
    return cells.Problem.of(network, target, density), cells.risk_and_gradient


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


def _check(network: ReLUNetwork, target: Function, density: Function) -> None:
    """Raise ValueError unless network, target and density make a problem."""
    for name, function in (("target", target), ("density", density)):
        if not isinstance(function, Function):
            raise TypeError(
                f"{name} must be a PiecewisePolynomial or a CellPolynomial, got {type(function).__name__}. "
                "PiecewisePolynomial.approximate makes one of any function on an interval."
            )
    inputs = len(target.lower) if isinstance(target, CellPolynomial) else 1
    if network.widths[0] != inputs:
        raise ValueError(
            f"A target on {_named(target.domain)} needs a network with {inputs} input(s), got {network!r}. "
            f"Use widths ({inputs}, ...), or a CellPolynomial on a box with {network.widths[0]} coordinates."
        )
    if target.outputs != network.widths[-1]:
        raise ValueError(
            f"target must have as many outputs as {network!r}, got {target.outputs}. "
            "PiecewisePolynomial.stack, or a list of polynomials a cell, makes vector targets."
        )
    if density.outputs != 1:
        raise ValueError(f"density must be scalar, got {density.outputs} outputs. Pass one component.")
    if type(density) is not type(target):
        raise ValueError(
            f"target and density must be of one kind, got {type(target).__name__} and {type(density).__name__}. "
            "On an interval take PiecewisePolynomial, on a box CellPolynomial."
        )
    if target.domain != density.domain:
        raise ValueError(
            f"target and density must have one domain, got {_named(target.domain)} and {_named(density.domain)}. "
            "Give the density on the target's domain."
        )
    _check_density(density)


def _check_density(density: Function) -> None:
    """Raise ValueError unless p >= 0, up to rounding, and p > 0 somewhere; on a box, as far as `minimum` sees."""
    x, lowest = density.minimum()
    if lowest < -64 * EPS * np.abs(density.coefficients).max():
        where = f"p({_point(x)}) = {lowest:g}"
        raise ValueError(f"density must be >= 0, but {where}. Zero on a piece is allowed, below zero is not.")
    if not density.coefficients.any():
        raise ValueError("density must be positive somewhere, but all its coefficients are 0: every risk would be 0.")
