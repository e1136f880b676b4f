"""The differential equation of gradient flow in log time, and the solvers that advance it.

    dx/ds = (1 + t) (F, |F|^2),    x = (theta, E),    s = log(1 + t),    F = -G, or its tangential part if normalized

Contents   Start (the checked question) -> LogTimeSystem: right-hand side, Jacobian, budget -> steps
Layer      4; imports coordinates, events
Notation   E the energy int |F|^2; D = dF/dtheta; where a neuron is near death x holds log(-log z) for b (coordinates.py)
Source     the solvers are SciPy's
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.integrate import BDF, DOP853, LSODA, RK23, RK45, Radau

from course_lib import events
from course_lib.coordinates import Neurons, Point

SOLVERS = {"LSODA": LSODA, "Radau": Radau, "BDF": BDF, "RK45": RK45, "DOP853": DOP853, "RK23": RK23}
IMPLICIT = ("LSODA", "Radau", "BDF")

Method = Literal["LSODA", "Radau", "BDF", "RK45", "DOP853", "RK23"]


@dataclass(frozen=True, eq=False)
class Start:
    """The checked question: a risk, a start, what may move, and how accurately."""

    L: Any
    theta0: np.ndarray
    risk0: float
    free: np.ndarray
    rtol: float
    atol: float
    budget: int
    progress: bool
    collapse: float = 1e-8
    normalized: bool = False

    def tolerances(self, s_end: float, carried: np.ndarray) -> dict:
        """rtol, and the atol of x = (theta, E): a fortieth of the energy defect that a certificate may show, for E.

        100 rtol where x holds log(-log z), the places `carried`: all that log z tells is when a neuron is born again.
        """
        atol = np.full(len(self.theta0) + 1, self.atol)
        atol[-1] = 0.25 * self.rtol * max(1.0, self.risk0) * s_end
        atol[carried] = 100 * self.rtol
        return {"rtol": self.rtol, "atol": atol}


class Stop(Exception):
    """(status, reason): ends a run from inside the right-hand side or between steps."""


class LogTimeSystem:
    """dx/ds = (1 + t) (F, |F|^2) for x = (theta, E), and its Jacobian; counts evaluations up to the budget.

    F = -G, or its tangential part in a normalized flow. The coordinates x may carry log z in place of some b.
    """

    def __init__(self, start: Start):
        self.start, self.neurons = start, Neurons(start.L.network)
        self.evaluations, self.finite = 0, True                # finite so far
        self.first = events.first(start.L, self.neurons, start.theta0, start.free)
        self.watch(self.first)

    def watch(self, point: Point) -> events.Watch:
        """A look-out for events from a point on, whose coordinates x means from now on."""
        start = self.start
        self._watch = events.Watch(start.L, self.neurons, point, start.free, start.collapse, start.normalized)
        self.coordinates = self._watch.coordinates
        return self._watch

    def follow(self, what: str, neuron: int, point: Point) -> tuple[Point, list[int]]:
        """Where to start again after an event, and the neurons it befell. Collapsed ones rest at 0, as relu'(0) = 0 says."""
        if what == "collapse":
            return events.collapsed(point, neuron, self.neurons, self.velocity(point.theta))
        return self._watch.changed(point, what, neuron), [neuron]

    def velocity(self, theta: np.ndarray) -> np.ndarray:
        """F (size,)."""
        self._count()
        F = -self.start.free * self.start.L.value_and_gradient(theta)[1]
        return _tangential(self.neurons, theta, F) if self.start.normalized else F

    def _count(self) -> None:
        if self.evaluations >= self.start.budget:
            raise Stop("budget", f"all {self.start.budget} evaluations are used up. Raise budget, or loosen rtol.")
        self.evaluations += 1

    def slope(self, s: float, x: np.ndarray) -> np.ndarray:
        """dx/ds, (size + 1,); nan where x is no longer finite, which makes a solver shorten its step."""
        theta = self.coordinates.theta(x)
        if np.isfinite(x).all() and np.isfinite(theta).all():
            F = self.velocity(theta)
            slope = np.concatenate([F, [F @ F]])
            if self.coordinates:
                slope[self.coordinates.columns[1]] = self.coordinates.slope(x, theta, F)
            slope *= np.exp(s)
        else:
            self._count()
            slope = np.full_like(x, np.nan)
        self.finite &= bool(np.isfinite(slope).all())
        return slope

    def jacobian(self, s: float, x: np.ndarray) -> np.ndarray:
        """d(dx/ds)/dx: (1 + t) (D; 2 F^T D) with a last column of zeros, D = dF/dtheta = -Hessian in the free parameters."""
        L, theta = self.start.L, self.coordinates.theta(x)
        J, finite = np.zeros((len(x), len(x))), bool(np.isfinite(x).all() and np.isfinite(theta).all())
        if finite:
            F, D = -self.start.free * L.value_and_gradient(theta)[1], -self.start.free[:, None] * L.hessian(theta)
            if self.start.normalized:
                F, D = _tangential(self.neurons, theta, F), _tangential_derivative(self.neurons, theta, F, D)
            J[:-1, :-1], J[-1, :-1] = D, 2 * F @ D
            J = self.coordinates.jacobian(x, theta, F, J) * np.exp(s)
        if not finite or not np.isfinite(J).all():
            raise Stop("failed", f"G or the Hessian is not finite, max |theta| = {np.abs(theta).max():.1e}. Start smaller.")
        return J


def _tangential(neurons: Neurons, theta: np.ndarray, F: np.ndarray) -> np.ndarray:
    """P F: what remains of the velocity of each (w_j, b_j) =: r_j omega_j without its part along omega_j."""
    F = F.copy()
    for row in neurons.rows:
        omega = theta[row] / np.linalg.norm(theta[row])
        F[row] -= (F[row] @ omega) * omega
    return F


def _tangential_derivative(neurons: Neurons, theta: np.ndarray, F: np.ndarray, D: np.ndarray) -> np.ndarray:
    """d(P F)/dtheta, (size, size), from D = dF/dtheta; d omega/d(w, b) = (1 - omega omega^T) / r."""
    D = D.copy()
    for row in neurons.rows:
        r = np.linalg.norm(theta[row])
        omega = theta[row] / r
        turn = (np.eye(len(row)) - np.outer(omega, omega)) / r
        D[row] -= np.outer(omega, omega @ D[row])
        D[np.ix_(row, row)] -= (np.outer(omega, F[row]) + (F[row] @ omega) * np.eye(len(row))) @ turn
    return D


def steps(system: LogTimeSystem, method: Method, x0: np.ndarray, s0: float, s_end: float) -> Iterator[Any]:
    """The solver after every accepted step; raises Stop when it gives up, stands still or leaves the finite numbers."""
    options = system.start.tolerances(s_end, system.coordinates.columns[1])
    if method in IMPLICIT and _has_hessian(system.start):
        options["jac"] = system.jacobian
    with warnings.catch_warnings(record=True) as said:         # LSODA gives its reason as a warning only
        warnings.simplefilter("always")
        solver = SOLVERS[method](system.slope, s0, x0, s_end, **options)
        while solver.status == "running":
            before, reason = solver.t, solver.step()
            if solver.status == "failed":
                reason = said[-1].message if said else reason
                raise Stop("failed", f"{reason} Try another method, or a looser rtol.")
            if not (np.isfinite(solver.y).all() and solver.t > before):
                raise Stop("failed", "no finite step forward is left. Try another method, or a smaller theta0.")
            yield solver


def _has_hessian(start: Start) -> bool:
    """False for a risk without .hessian, or whose .hessian says by a TypeError that there is none."""
    try:
        return hasattr(start.L, "hessian") and start.L.hessian(start.theta0) is not None
    except TypeError:
        return False
