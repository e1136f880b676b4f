"""Gradient flow: the curve along which the risk falls fastest, with a certificate of how well it was computed.

    Theta'_t = -G(Theta_t),  Theta_0 = theta0;      L(Theta_t) = L(Theta_0) - int_0^t |G(Theta_u)|^2 du

Solved in log time s = log(1 + t), where dTheta/ds = -(1 + t) G(Theta): a decade late costs what a decade early costs.

Contents   Flow -> gradient_flow -> the system in log time -> the curve, restarted at its events -> accepted steps
Layer      4; imports piecewise, events, certificates; works with every risk
Notation   x = (theta, E) with E the energy int |F|^2, F = -G the velocity; where events say so, log z_j stands for b_j;
           T accepted steps; G the generalized gradient, relu'(0) = 0
Source     card "energy-identity"; normalized flow: Eberle, Jentzen, Riekert, Weiss (2022), arXiv 2207.06246; SciPy's solvers
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from course_lib import certificates, events
from course_lib.certificates import Certificate
from course_lib.coordinates import Neurons, Point
from course_lib.events import Event
from course_lib.log_time import SOLVERS, LogTimeSystem, Method, Start, Stop, steps
from course_lib.piecewise import EPS

BAR = "{l_bar}{bar}| {elapsed}<{remaining}"

Status = Literal["finished", "budget", "sliding", "interrupted", "failed"]


@dataclass(frozen=True, eq=False)
class Flow:
    """The computed curve t -> Theta_t at the accepted steps of the solver.

    times (T,) from 0, t_end last if finished; thetas (T, size); risks (T,)
    status       "finished", "budget", "sliding", "interrupted" or "failed"; everything computed until then is kept
    message      why it stopped, and the remedy; which neurons are near death; from when on the risk is not resolved
    evaluations  of the right-hand side, a second run not counted
    events       in order of time: collapse, near-death, re-birth, sliding
    """

    times: np.ndarray
    thetas: np.ndarray
    risks: np.ndarray
    status: Status
    message: str
    evaluations: int
    certificate: Certificate
    events: tuple[Event, ...] = ()

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
    normalized: bool = False,
    frozen: Sequence[int] | None = None,
    collapse: float = 1e-8,
    progress: bool = False,
) -> Flow:
    """Theta_t for 0 <= t <= t_end with Theta' = -G(Theta), Theta_0 = theta0 (size,), from one start.

    L        a risk: .network, .value_and_gradient(theta), and .hessian(theta) where it has one (else differences)
    method   LSODA switches between stiff and non-stiff; Radau and BDF are stiff; DOP853 is best for short, accurate runs
    rtol, atol  of the solver, for every parameter. Where parameters tend to 0 and their rate is wanted, atol must lie
             below them: certificate.resolved_until says so
    budget   evaluations of the right-hand side over the whole run, rejected steps included: a flow never hangs
    confirm  a second method, run under the same settings and compared at the end: certificate.second_method
    normalized  Theta' = -P G with P the projection that keeps |(w_j, b_j)| of every hidden neuron; one hidden layer. The
             start is first rescaled to |(w_j, b_j)| = 1, which is the same function
    frozen   indices of parameters held at their start
    collapse  radius: a neuron with |(w_j, b_j)| <= collapse max(1, |theta|), falling, is taken to reach 0 and stays there
             (the class "a degenerate neuron never revives"). Where atol > collapse / 100, 100 atol is used, up to 1e-6;
             with atol > 1e-8 a solver may step over a collapse, which then looks like near-death

    Three singular events are found and reported in `events` (module events): collapse of a neuron, after which the flow
    goes on without it; near-death and re-birth of a neuron whose kink leaves [a, b], solved for ExactRisk and widths
    (1, H, 1) with free w_j and b_j, only reported for other first layers of an ExactRisk with one input, unseen for other
    risks; sliding on a jump of G, where the run stops.

    Approximate: the certificate says how well. An interrupt, a used-up budget or a solver that gives up is no exception
    but a `status`. LSODA of SciPy before 1.17 is not re-entrant: there flows in threads need another method.
    Raises ValueError on an unknown method, a bad theta0, t_end, tolerance, budget, radius or frozen index.

    >>> from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.constant(1.0, 0, 1))
    >>> flow = gradient_flow(L, [0, 0, 1, 0], t_end=2.0)      # only c moves: c(t) = 1 - exp(-2 t)
    >>> flow.status, round(float(flow.theta[3]), 6)
    ('finished', 0.981684)
    """
    _check_settings((method, confirm), t_end, rtol, atol, budget, collapse)
    theta0, risk0 = finite_start(L, theta0)
    if theta0.ndim != 1:
        raise ValueError(
            f"theta0 must be one network ({L.network.size},), got {theta0.shape}. "
            "A batch of starts: one gradient_flow each, or gradient_descent."
        )
    free = free_parameters(L.network, frozen)
    if normalized:
        theta0 = _normalized(L.network, theta0, free)
    start = Start(L, theta0, risk0, free, rtol, atol, budget, progress, max(collapse, min(100 * atol, 1e-6)), normalized)
    path = _integrate(start, method, float(t_end))
    second = None if confirm is None else (confirm, _distance(start, confirm, path))
    risks, certificate = certificates.certify(start, path.times, path.thetas, path.energy, second)
    message = path.message
    if certificate.resolved_until < path.times[-1]:
        message += f" From t = {certificate.resolved_until:g} on the risk is below what rtol and atol resolve."
    return Flow(path.times, path.thetas, risks, path.status, message, path.evaluations, certificate, path.events)


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
class _Path:
    """The accepted steps of one solver: times (T,), thetas (T, size), the last energy, and how it ended."""

    times: np.ndarray
    thetas: np.ndarray
    energy: float
    status: Status
    message: str
    evaluations: int
    events: tuple[Event, ...]


def _integrate(start: Start, method: Method, t_end: float) -> _Path:
    """The accepted steps of SciPy's solver from t = 0 to t_end, or to where the run stops.

    The solver is advanced step by step, not through solve_ivp, which returns nothing when it is interrupted.
    """
    system, s_end = LogTimeSystem(start), np.log1p(t_end)
    points, seen = [system.first], []
    status, reason = "finished", "t_end is reached."
    bar = tqdm(total=s_end, desc="log(1 + t)", bar_format=BAR, disable=not start.progress)
    with bar, np.errstate(all="ignore"):
        try:
            for found in _curve(system, method, s_end):
                _keep(found, points, seen, bar)
        except Stop as stop:
            status, reason = stop.args
        except KeyboardInterrupt:
            status, reason = "interrupted", "an interrupt. What was computed is kept; start again from flow.theta."
        except ValueError as error:                            # Radau and BDF factorise a matrix without looking at it
            if system.finite:
                raise
            status, reason = "failed", f"G is not finite: {error}. Try a smaller theta0."
    times = np.expm1([point.s for point in points])
    if status == "finished":
        times[-1] = t_end
    message = f"{method} stopped at t = {times[-1]:g}: {reason}{events.faint_at_the_end(points[-1], seen)}"
    thetas = np.array([point.theta for point in points])
    return _Path(times, thetas, points[-1].energy, status, message, system.evaluations, tuple(seen))


def _keep(found: Point | Event, points: list[Point], seen: list[Event], bar: tqdm) -> None:
    """Append an event, or a point that is later than the last one."""
    if isinstance(found, Event):
        seen.append(found)
    elif found.s > points[-1].s:
        bar.update(found.s - points[-1].s)
        points.append(found)


def _curve(system: LogTimeSystem, method: Method, s_end: float) -> Iterator[Point | Event]:
    """Accepted points and events, in order of time; the solver starts again where an event changes the equation."""
    start = system.first
    yield from system.watch(start).at_the_start()
    while start is not None and start.s < s_end:
        start = yield from _until_restart(system, method, start, s_end)


def _until_restart(system: LogTimeSystem, method: Method, start: Point, s_end: float) -> Generator:
    """Points and events of one solver; returns the point from which to start again, or None at s_end."""
    watch, here = system.watch(start), start
    F = system.velocity(start.theta) if watch.may_slide else None
    try:
        for solver in steps(system, method, watch.x0, start.s, s_end):
            restart = yield from _events_of(system, watch, solver)
            before, here = here, restart or watch.point(solver.t, solver.y)
            if watch.may_slide and restart is None:
                F = yield from _unless_it_slides(system, before, F, here)
            yield here
            if restart is not None:
                return restart
    except Stop as stop:
        if watch.may_slide and stop.args[0] == "failed":       # a solver may give up on the near side of a jump
            ahead = here.theta + events.PROBE * F / np.linalg.norm(F)
            yield from _unless_it_slides(system, here, F, Point(here.s, ahead, here.energy, here.log_z))
        raise
    return None


def _events_of(system: LogTimeSystem, watch: events.Watch, solver) -> Generator:
    """The events of the last step; returns the point from which to start again, if one of them asks for it."""
    restart = None
    for what, j, point in watch.step(solver.t, solver.y, solver.dense_output):
        befallen = [j]
        if what in events.RESTARTS:
            restart, befallen = system.follow(what, j, point)
        if what not in events.QUIET:
            yield from (Event.at(what, restart or point, i) for i in befallen)
    return restart


def _unless_it_slides(system: LogTimeSystem, before: Point, F0: np.ndarray, after: Point) -> Generator:
    """Returns the velocity at `after`; or yields where the flow starts to slide, and the event, and stops the run."""
    F1 = system.velocity(after.theta)
    found = events.valley(system.velocity, before.theta, F0, after.theta, F1)
    if found is None:
        return F1
    theta, jump = found
    part = np.abs(theta - before.theta).max() / np.abs(after.theta - before.theta).max()
    s, energy = (old + part * (new - old) for old, new in ((before.s, after.s), (before.energy, after.energy)))
    here = Point(s, theta, energy, before.log_z)
    yield here
    yield Event.at("sliding", here, events.switching_neuron(system.neurons, jump))
    raise Stop("sliding", events.NO_SOLUTION)


def _distance(start: Start, method: Method, path: _Path) -> float:
    """max |Theta_T - Theta'_T| against a run of another method to the same last time; nan if either has no such time."""
    if path.times[-1] == 0:
        return float("nan")
    other = _integrate(start, method, float(path.times[-1]))
    arrived = other.status == "finished" or other.status == path.status == "sliding"
    return float(np.abs(path.thetas[-1] - other.thetas[-1]).max()) if arrived else float("nan")


def _normalized(network, theta0: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The same function with |(w_j, b_j)| = 1 for every hidden neuron; ValueError where that is not possible."""
    if len(network.widths) != 3:
        raise ValueError(f"normalized=True is for one hidden layer, got {network!r}. Use the ordinary flow.")
    neurons = Neurons(network)
    lengths, rows = neurons.lengths(theta0), np.array(neurons.rows)
    if (lengths == 0).any():
        raise ValueError(
            f"normalized=True needs (w_j, b_j) != 0 for every neuron, but neuron {int(np.argmin(lengths))} is degenerate. "
            "Give a dead neuron w = 0, b = -1: it contributes nothing either."
        )
    if (free[rows] == 0).any():
        j = int(np.argwhere(free[rows] == 0)[0, 0])
        raise ValueError(f"normalized=True needs every w_j and b_j free, but neuron {j} has a frozen one. Freeze v or c only.")
    return theta0 if np.allclose(lengths, 1.0, rtol=0, atol=4 * EPS) else network.rescale(theta0, 1 / lengths)


def _check_settings(methods, t_end: float, rtol: float, atol: float, budget: int, collapse: float) -> None:
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
    if not 0 < collapse <= 0.1:
        raise ValueError(f"collapse must lie in (0, 0.1], got {collapse}. The default is 1e-8.")
