"""Gradient flow: the curve along which the risk falls fastest, with a certificate of how well it was computed.

    Theta'_t = -G(Theta_t),  Theta_0 = theta0;      L(Theta_t) = L(Theta_0) - int_0^t |G(Theta_u)|^2 du

Solved in log time s = log(1 + t), where dTheta/ds = -(1 + t) G(Theta): a decade late costs what a decade early costs.

Contents   Flow, Certificate -> gradient_flow -> the system in log time -> accepted steps -> certificate
Layer      4; imports piecewise; works with every risk of risks.py
Notation   y = (theta, E) with E the energy int |G|^2; T accepted steps; G the generalized gradient, relu'(0) = 0
Source     card "energy-identity"; the solvers are SciPy's
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.integrate import BDF, DOP853, LSODA, RK23, RK45, Radau
from tqdm import tqdm

from course_lib.piecewise import EPS

SOLVERS = {"LSODA": LSODA, "Radau": Radau, "BDF": BDF, "RK45": RK45, "DOP853": DOP853, "RK23": RK23}
IMPLICIT = ("LSODA", "Radau", "BDF")
BAR = "{l_bar}{bar}| {elapsed}<{remaining}"
CHUNK = 64                  # points of the curve whose risks are evaluated together

Method = Literal["LSODA", "Radau", "BDF", "RK45", "DOP853", "RK23"]
Status = Literal["finished", "budget", "interrupted", "failed"]


@dataclass(frozen=True)
class Certificate:
    """What the exact flow satisfies, measured on the computed one.

    energy_defect       |L(Theta_0) - L(Theta_T) - int |G|^2|; usual: below 10 rtol max(1, L(Theta_0)) log(1 + t_end)
    conservation_drift  max over neurons j and times of |B_j(t) - B_j(0)| / max(1, max |Theta_i|^2), B = network.balance;
                        neurons with a frozen parameter are left out (their B_j may move), 0 if none remains.
                        B is conserved for ReLU; for another activation the number says nothing about the solver
    monotone            no step raises the risk by more than a local error delta of the solver can explain,
                        delta = sqrt(size) (atol + rtol max |Theta_i|). The slack is Taylor's formula to second order,
                        the curvature of L taken as 1 + |Theta|^2, and the rounding of the risk:
                        delta (|G_k| + |G_{k+1}|) + delta^2 (1 + |Theta|^2) + 8 eps L
    second_method       (name, max |Theta_T - Theta'_T|) of a second run, nan if that run did not get there; or None
    """

    energy_defect: float
    conservation_drift: float
    monotone: bool
    second_method: tuple[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Flow:
    """The computed curve t -> Theta_t at the accepted steps of the solver.

    times (T,) from 0, t_end last if finished; thetas (T, size); risks (T,)
    status       "finished", "budget", "interrupted" or "failed"; everything computed until then is kept
    message      why it stopped, and the remedy
    evaluations  of the right-hand side, a second run not counted
    """

    times: np.ndarray
    thetas: np.ndarray
    risks: np.ndarray
    status: Status
    message: str
    evaluations: int
    certificate: Certificate
    events: tuple = ()

    def __post_init__(self):
        for array in (self.times, self.thetas, self.risks):
            array.setflags(write=False)

    @property
    def theta(self) -> np.ndarray:
        """The last parameters, (size,)."""
        return self.thetas[-1]

    @property
    def risk(self) -> float:
        """The last risk."""
        return float(self.risks[-1])


def gradient_flow(
    L: Any,
    theta0,
    t_end: float,
    *,
    method: Method = "LSODA",
    rtol: float = 1e-8,
    atol: float = 1e-10,
    budget: int = 20_000,
    confirm: Method | None = None,
    frozen: Sequence[int] | None = None,
    progress: bool = False,
) -> Flow:
    """Theta_t for 0 <= t <= t_end with Theta' = -G(Theta), Theta_0 = theta0 (size,), from one start.

    L        a risk: .network, .value_and_gradient(theta), and .hessian(theta) where it has one (else differences)
    method   LSODA switches between stiff and non-stiff; Radau and BDF are stiff; DOP853 is best for short, accurate runs
    rtol, atol  of the solver, for every parameter. Where parameters tend to 0 and their rate is wanted, atol must lie
             below them: 1e-16 for b ~ 1 / t up to t = 1e8
    budget   evaluations of the right-hand side over the whole run, rejected steps included: a flow never hangs
    confirm  a second method, run under the same settings and compared at the end: certificate.second_method
    frozen   indices of parameters held at their start

    Approximate: the certificate says how well. An interrupt, a used-up budget or a solver that gives up is no exception
    but a `status`. LSODA of SciPy before 1.17 is not re-entrant: there flows in threads need another method.
    Raises ValueError on an unknown method, a bad theta0, t_end, tolerance, budget or frozen index.

    >>> from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.constant(1.0, 0, 1))
    >>> flow = gradient_flow(L, [0, 0, 1, 0], t_end=2.0)      # only c moves: c(t) = 1 - exp(-2 t)
    >>> flow.status, round(float(flow.theta[3]), 6)
    ('finished', 0.981684)
    """
    _check_settings((method, confirm), t_end, rtol, atol, budget)
    theta0, risk0 = finite_start(L, theta0)
    if theta0.ndim != 1:
        raise ValueError(
            f"theta0 must be one network ({L.network.size},), got {theta0.shape}. "
            "A batch of starts: one gradient_flow each, or gradient_descent."
        )
    start = _Start(L, theta0, risk0, free_parameters(L.network, frozen), rtol, atol, budget, progress)
    path = _integrate(start, method, float(t_end))
    with np.errstate(all="ignore"):                            # a failed run may end near the largest floats
        risks, gradients = _along(L, path.thetas)
        certificate = Certificate(
            energy_defect=float(abs(risks[0] - risks[-1] - path.energy)),
            conservation_drift=_drift(start, path.thetas),
            monotone=_is_monotone(start, path.thetas, risks, gradients),
            second_method=None if confirm is None else (confirm, _distance(start, confirm, path)),
        )
    return Flow(path.times, path.thetas, risks, path.status, path.message, path.evaluations, certificate)


def free_parameters(network, frozen: Sequence[int] | None) -> np.ndarray:
    """1.0 for a parameter that moves, 0.0 for one in `frozen`, (size,)."""
    free = np.ones(network.size)
    indices = np.asarray([] if frozen is None else frozen)
    if indices.size == 0:
        return free
    if not np.issubdtype(indices.dtype, np.integer) or indices.min() < 0 or indices.max() >= network.size:
        raise ValueError(
            f"frozen must hold parameter indices 0..{network.size - 1} of {network!r}, got {indices.tolist()}. "
            "For a mask pass np.flatnonzero(mask)."
        )
    free[indices] = 0.0
    return free


def finite_start(L: Any, theta0) -> tuple[np.ndarray, Any]:
    """(theta0 as a new float array, L(theta0)); ValueError unless theta0 is finite, of the right length, with finite risk."""
    theta0 = np.array(L.network.check(theta0))
    with np.errstate(over="ignore", invalid="ignore"):
        risk0 = L.value_and_gradient(theta0)[0]
    if not np.isfinite(risk0).all():
        raise ValueError(
            f"theta0 must have a finite risk, got L(theta0) = {np.ravel(risk0)[~np.isfinite(np.ravel(risk0))][0]} with "
            f"max |theta0| = {np.abs(theta0).max():.1e}. Start with smaller parameters."
        )
    return theta0, risk0


@dataclass(frozen=True, eq=False)
class _Start:
    """The checked question: a risk, a start, what may move, and how accurately."""

    L: Any
    theta0: np.ndarray
    risk0: float
    free: np.ndarray
    rtol: float
    atol: float
    budget: int
    progress: bool

    def tolerances(self, s_end: float) -> dict:
        """rtol, and the atol of y = (theta, E): a fortieth of the energy defect that a certificate may show, for E."""
        atol = np.full(len(self.theta0) + 1, self.atol)
        atol[-1] = 0.25 * self.rtol * max(1.0, self.risk0) * s_end
        return {"rtol": self.rtol, "atol": atol}


@dataclass(frozen=True, eq=False)
class _Path:
    """The accepted steps of one solver: times (T,), thetas (T, size), the last energy, and how it ended."""

    times: np.ndarray
    thetas: np.ndarray
    energy: float
    status: Status
    message: str
    evaluations: int


class _Stop(Exception):
    """(status, reason): ends a run from inside the right-hand side or between steps."""


@dataclass
class _LogTimeSystem:
    """dy/ds = (1 + t) (-G, |G|^2) for y = (theta, E), and its Jacobian; counts evaluations up to the budget."""

    start: _Start
    evaluations: int = field(default=0, init=False)
    finite: bool = field(default=True, init=False)             # so far

    def slope(self, s: float, y: np.ndarray) -> np.ndarray:
        """dy/ds, (size + 1,); nan where theta is no longer finite, which makes a solver shorten its step."""
        if self.evaluations >= self.start.budget:
            raise _Stop("budget", f"all {self.start.budget} evaluations are used up. Raise budget, or loosen rtol.")
        self.evaluations += 1
        slope = np.full_like(y, np.nan)
        if np.isfinite(y).all():
            G = self.start.free * self.start.L.value_and_gradient(y[:-1])[1]
            slope = np.exp(s) * np.append(-G, G @ G)
        self.finite &= bool(np.isfinite(slope).all())
        return slope

    def jacobian(self, s: float, y: np.ndarray) -> np.ndarray:
        """d(dy/ds)/dy = (1 + t) (-H; 2 G^T H), with a last column of zeros; H the Hessian of L in the free parameters."""
        L, free = self.start.L, self.start.free
        J = np.zeros((len(y), len(y)))
        if np.isfinite(y).all():
            G, H = free * L.value_and_gradient(y[:-1])[1], free[:, None] * L.hessian(y[:-1])
            J[:-1, :-1], J[-1, :-1] = -H, 2 * G @ H
        J *= np.exp(s)
        if not np.isfinite(J).all() or not np.isfinite(y).all():
            raise _Stop("failed", f"G or the Hessian is not finite, max |theta| = {np.abs(y[:-1]).max():.1e}. Start smaller.")
        return J


def _integrate(start: _Start, method: Method, t_end: float) -> _Path:
    """The accepted steps of SciPy's solver from t = 0 to t_end, or to where the run stops.

    The solver is advanced step by step, not through solve_ivp, which returns nothing when it is interrupted.
    """
    system, s_end = _LogTimeSystem(start), np.log1p(t_end)
    s, y = [0.0], [np.append(start.theta0, 0.0)]
    status, reason = "finished", "t_end is reached."
    bar = tqdm(total=s_end, desc="log(1 + t)", bar_format=BAR, disable=not start.progress)
    with bar, np.errstate(all="ignore"):
        try:
            for s_new, y_new in _steps(system, method, y[0], s_end):
                bar.update(s_new - s[-1])
                y.append(y_new)
                s.append(s_new)
        except _Stop as stop:
            status, reason = stop.args
        except KeyboardInterrupt:
            status, reason = "interrupted", "an interrupt. What was computed is kept; start again from flow.theta."
        except ValueError as error:                            # Radau and BDF factorise a matrix without looking at it
            if system.finite:
                raise
            status, reason = "failed", f"G is not finite: {error}. Try a smaller theta0."
    times, y = np.expm1(s), np.array(y[: len(s)])
    if status == "finished":
        times[-1] = t_end
    message = f"{method} stopped at t = {times[-1]:g}: {reason}"
    return _Path(times, y[:, :-1].copy(), float(y[-1, -1]), status, message, system.evaluations)


def _steps(system: _LogTimeSystem, method: Method, y0: np.ndarray, s_end: float) -> Iterator[tuple[float, np.ndarray]]:
    """(s, y) after every accepted step; raises _Stop when the solver gives up, stands still or leaves the finite numbers."""
    options = system.start.tolerances(s_end)
    if method in IMPLICIT and _has_hessian(system.start):
        options["jac"] = system.jacobian
    with warnings.catch_warnings(record=True) as said:         # LSODA gives its reason as a warning only
        warnings.simplefilter("always")
        solver = SOLVERS[method](system.slope, 0.0, y0, s_end, **options)
        while solver.status == "running":
            before, reason = solver.t, solver.step()
            if solver.status == "failed":
                reason = said[-1].message if said else reason
                raise _Stop("failed", f"{reason} Try another method, or a looser rtol.")
            if not (np.isfinite(solver.y).all() and solver.t > before):
                raise _Stop("failed", "no finite step forward is left. Try another method, or a smaller theta0.")
            yield solver.t, solver.y


def _has_hessian(start: _Start) -> bool:
    """False for a risk without .hessian, or whose .hessian says by a TypeError that there is none."""
    try:
        return hasattr(start.L, "hessian") and start.L.hessian(start.theta0) is not None
    except TypeError:
        return False


def _along(L: Any, thetas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(risks (T,), gradients (T, size)) at the points of a curve, in chunks that fit any memory."""
    parts = [L.value_and_gradient(thetas[i : i + CHUNK]) for i in range(0, len(thetas), CHUNK)]
    return np.concatenate([risk for risk, _ in parts]), np.concatenate([gradient for _, gradient in parts])


def _drift(start: _Start, thetas: np.ndarray) -> float:
    """max |B_j(t) - B_j(0)| / max(1, max |Theta_i|^2) over times and the neurons whose parameters all move."""
    network = start.L.network
    frozen = np.eye(network.size)[start.free == 0]
    moving = ~(network.balance(frozen) != 0).any(axis=0)       # B_j is a sum of +- squares: e_i meets the B_j it is in
    B = network.balance(thetas)[:, moving]
    return float(np.abs(B - B[0]).max(initial=0.0) / max(1.0, np.abs(thetas).max() ** 2))


def _is_monotone(start: _Start, thetas: np.ndarray, risks: np.ndarray, gradients: np.ndarray) -> bool:
    """Whether no step raises the risk by more than the slack of `Certificate.monotone`."""
    size, largest = len(start.theta0), np.abs(thetas).max(axis=1)
    delta = np.sqrt(size) * (start.atol + start.rtol * largest)
    steepness = np.linalg.norm(start.free * gradients, axis=1)
    curvature = 1 + (thetas**2).sum(axis=1)
    slack = delta[1:] * (steepness[1:] + steepness[:-1]) + (delta**2 * curvature)[1:] + 8 * EPS * risks[1:]
    return bool((np.diff(risks) <= slack).all())


def _distance(start: _Start, method: Method, path: _Path) -> float:
    """max |Theta_T - Theta'_T| against a run of another method to the same last time; nan if either has no such time."""
    if path.times[-1] == 0:
        return float("nan")
    other = _integrate(start, method, float(path.times[-1]))
    return float(np.abs(path.thetas[-1] - other.thetas[-1]).max()) if other.status == "finished" else float("nan")


def _check_settings(methods, t_end: float, rtol: float, atol: float, budget: int) -> None:
    """Raise ValueError unless methods are known, t_end positive and finite, tolerances usable, budget at least 1."""
    for name, method in zip(("method", "confirm"), methods, strict=True):
        if method not in SOLVERS and not (name == "confirm" and method is None):
            raise ValueError(f"{name} must be one of {', '.join(SOLVERS)}, got {method!r}. Start with 'LSODA'.")
    if not 0 < t_end < np.inf:
        raise ValueError(f"t_end must be positive and finite, got {t_end}. Log time makes 1e8 affordable.")
    if not (100 * EPS <= rtol < 1 and 0 < atol < np.inf):
        raise ValueError(f"rtol must lie in [{100 * EPS:.1e}, 1) and atol be > 0, got {rtol} and {atol}. Usual: 1e-8, 1e-10.")
    if budget < 1:
        raise ValueError(f"budget must be at least 1 evaluation, got {budget}. The default is 20000.")
