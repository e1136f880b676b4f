"""Gradient descent with the exact generalized gradient, or with that of minibatches; the best of many starts.

    theta_{n+1} = theta_n - learning_rate * G(theta_n)

Euler's method for the gradient flow: theta_n follows Theta_{n * learning_rate} with an error of order one. The balance
B_j = v_j^2 - w_j^2 - b_j^2, constant along the flow, changes a step by learning_rate^2 (G_v^2 - G_w^2 - G_b^2).

Contents   Descent -> gradient_descent -> minibatches -> stochastic_gradient_descent -> Best -> best_of
Layer      5; imports piecewise, activations, other_risks, flows
Notation   theta (..., size), leading axes a batch; K starts in chunks of 64
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from course_lib.activations import relu
from course_lib.flows import finite_start, free_parameters
from course_lib.other_risks import EmpiricalRisk
from course_lib.piecewise import PiecewisePolynomial

CHUNK = 64                  # starts a task: fixed, so that no executor changes a bit
BLOCK = 256                 # minibatches drawn at once: fixed, so that the number of steps does not change the draws

Status = Literal["finished", "diverged", "interrupted"]


@dataclass(frozen=True, eq=False)
class Descent:
    """The iterates of gradient descent, every `record`-th of them.

    thetas (steps // record + 1, ..., size), risks (steps // record + 1, ...): the start first; shorter if the run stopped
    theta (..., size), risk (...,) or float: after the last step
    status    "finished"; "diverged" if the start, or a member of the batch, left the finite numbers; "interrupted"
    diverged  (...,) bool: which members did. Such a member stays at its last point with a finite risk and gradient;
              the run ends early when no other is left
    """

    thetas: np.ndarray
    risks: np.ndarray
    theta: np.ndarray
    risk: float | np.ndarray
    status: Status
    diverged: np.ndarray

    def __post_init__(self):
        for array in (self.thetas, self.risks, self.theta, self.diverged):
            array.setflags(write=False)


def gradient_descent(
    L: Any,
    theta0,
    learning_rate: float,
    steps: int,
    *,
    frozen: Sequence[int] | None = None,
    record: int = 1,
    progress: bool = False,
) -> Descent:
    """theta_0, ..., theta_steps with theta_{n+1} = theta_n - learning_rate G(theta_n).

    theta0   (size,), or a batch (..., size) of independent runs
    frozen   indices of parameters held at their start
    record   keep every record-th iterate: the memory is (steps // record + 1) times that of theta0

    Exact up to rounding. Cost: steps + 1 evaluations of L.value_and_gradient.
    Raises ValueError unless learning_rate > 0, steps >= 1, record >= 1 and theta0 is finite with a finite risk.

    >>> from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.constant(1.0, 0, 1))
    >>> run = gradient_descent(L, [0, 0, 1, 0], learning_rate=0.25, steps=2)     # 1 - c halves a step
    >>> run.risks
    array([1.    , 0.25  , 0.0625])
    """
    _check_rate(learning_rate)
    _check_counts(steps=steps, record=record)
    theta0, risk0 = finite_start(L, theta0)
    now = _Iterate(theta0, risk0, L.value_and_gradient(theta0)[1], np.ones(theta0.shape[:-1], dtype=bool))
    rates = learning_rate * free_parameters(L.network, frozen)
    return _descend(now, repeat((L, rates)), attrgetter("risk"), steps, record, progress)


def minibatches(L: Any, batch: int, rng: np.random.Generator) -> Iterator[EmpiricalRisk]:
    """Independent estimates of L without end: R(theta) = (M / batch) sum_i |N_theta(x_i) - y_i|^2 with mean L(theta).

    Of an EmpiricalRisk the (x_i, y_i) are data points drawn with replacement by their weights, and M is the sum of these.
    Of an ExactRisk on an interval, or a QuadratureRisk with piecewise polynomial density, the x_i are drawn from p / M with
    M = int p, and y_i = f(x_i). The gradient of R, by backpropagation with relu'(0) = 0, has mean G(theta).

    Raises ValueError unless batch >= 1, TypeError for an rng that is no Generator and for a risk it cannot sample.

    >>> from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork
    >>> L = ExactRisk(ReLUNetwork(1, 1, 1), PiecewisePolynomial.constant(1.0, 0, 2))
    >>> R = next(minibatches(L, 4, np.random.default_rng(0)))
    >>> R, R([0, 0, 1, 0]), L([0, 0, 1, 0])                  # the residual is -1 everywhere: nothing is left to chance
    (EmpiricalRisk(ReLUNetwork(1, 1, 1), 4 points), 2.0, 2.0)
    """
    _check_counts(batch=batch)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, got {rng!r}. Use np.random.default_rng(seed).")
    if isinstance(L, EmpiricalRisk):
        return _batches_of_data(L, int(batch), rng)
    density = getattr(L, "density", None)
    if not isinstance(density, PiecewisePolynomial):
        raise TypeError(
            f"minibatches samples a PiecewisePolynomial density or the data of an EmpiricalRisk, got {L!r} with density "
            f"{type(density).__name__}. Draw points yourself and make an EmpiricalRisk of them."
        )
    return _batches_of_density(L, int(batch), rng)


def _batches_of_data(L: EmpiricalRisk, batch: int, rng: np.random.Generator) -> Iterator[EmpiricalRisk]:
    """Rows of the data, drawn by weight."""
    mass = L.weights.sum()
    while True:
        for rows in rng.choice(len(L.weights), (BLOCK, batch), p=L.weights / mass):
            yield EmpiricalRisk(L.network, L.x[rows], L.y[rows], np.full(batch, mass / batch), L.activation)


def _batches_of_density(L: Any, batch: int, rng: np.random.Generator) -> Iterator[EmpiricalRisk]:
    """Points of the interval, drawn from the density."""
    activation = getattr(L, "activation", relu)
    mass = L.density.integral()
    while True:
        for x in L.density.sample((BLOCK, batch), rng):
            yield EmpiricalRisk(L.network, x, L.target(x), np.full(batch, mass / batch), activation)


def stochastic_gradient_descent(
    L: Any,
    theta0,
    learning_rate: float | Sequence[float] | Callable[[int], float],
    steps: int,
    *,
    batch: int,
    rng: np.random.Generator,
    frozen: Sequence[int] | None = None,
    record: int = 1,
    progress: bool = False,
) -> Descent:
    """theta_{n+1} = theta_n - eta_n grad R_n(theta_n), R_n the n-th of `minibatches(L, batch, rng)`, n = 0..steps-1.

    theta0         (size,), or (..., size): runs that all see the same minibatches
    learning_rate  eta: one number; a sequence of `steps` numbers; or a function n -> eta_n
    batch, rng     points a minibatch, and the only source of chance: the same seed gives the same run
    frozen, record, progress  as in gradient_descent

    The risks of the record are the exact L(theta_n), not the noisy R_n. Cost: steps + 1 minibatches of gradients and
    steps // record + 2 exact risks. An interrupt keeps the record and sets the status.
    Raises ValueError unless every eta_n is positive and finite, and as gradient_descent and minibatches do.

    >>> from course_lib import EmpiricalRisk, ReLUNetwork
    >>> data = EmpiricalRisk(ReLUNetwork(1, 1, 1), x=[0.0, 1.0], y=[1.0, 1.0])
    >>> run = stochastic_gradient_descent(data, [0, 0, 1, 0], 0.25, 2, batch=1, rng=np.random.default_rng(0))
    >>> run.risks                                          # both points ask for c = 1: 1 - c halves a step
    array([1.    , 0.25  , 0.0625])
    """
    _check_counts(steps=steps, record=record)
    etas = _learning_rates(learning_rate, int(steps))
    theta0, _ = finite_start(L, theta0)
    batches = minibatches(L, batch, rng)
    now = _Iterate(theta0, *next(batches).value_and_gradient(theta0), np.ones(theta0.shape[:-1], dtype=bool))
    rates = etas[:, None] * free_parameters(L.network, frozen)
    return _descend(now, zip(batches, rates, strict=False), partial(_exact_risk, L), steps, record, progress)


def _exact_risk(L: Any, now: _Iterate) -> float | np.ndarray:
    return L(now.theta)


def _descend(
    now: _Iterate,
    plan: Iterable[tuple[Any, np.ndarray]],
    risk_of: Callable[[_Iterate], float | np.ndarray],
    steps: int,
    record: int,
    progress: bool,
) -> Descent:
    """The run from `now`: the n-th pair of the plan holds the risk to evaluate after step n and the rates (size,) of step n."""
    steps, record = int(steps), int(record)
    thetas, kept, status = np.empty((steps // record + 1, *now.theta.shape)), 1, "finished"
    risks = np.empty(thetas.shape[:-1])
    thetas[0], risks[0] = now.theta, risk_of(now)
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            counter = tqdm(range(1, steps + 1), desc="steps", disable=not progress)
            for n, (L, rates) in zip(counter, plan, strict=False):
                now = now.next(L, rates)
                if not now.live.any():
                    break
                if n % record == 0:
                    thetas[kept], risks[kept] = now.theta, risk_of(now)
                    kept += 1
        except KeyboardInterrupt:
            status = "interrupted"
        risk = risk_of(now)
    if status == "finished" and not now.live.all():
        status = "diverged"
    return Descent(thetas[:kept], risks[:kept], now.theta, risk, status, np.asarray(~now.live))


@dataclass(frozen=True, eq=False)
class Best:
    """The end points of gradient descent from K starts, and the best of them: the least risk among those that stayed finite.

    risk float, theta (size,), index: the best start     risks (K,), thetas (K, size), diverged (K,) bool: all of them
    status   "finished"; "diverged" if every start did; "interrupted": then K counts the starts of the finished chunks
    """

    risk: float
    theta: np.ndarray
    index: int
    risks: np.ndarray
    thetas: np.ndarray
    diverged: np.ndarray
    status: Status

    def __post_init__(self):
        for array in (self.theta, self.risks, self.thetas, self.diverged):
            array.setflags(write=False)


def best_of(
    L: Any,
    starts,
    learning_rate: float,
    steps: int,
    *,
    executor: Executor | None = None,
    progress: bool = False,
) -> Best:
    """min over k of L(theta_steps^k), gradient descent from every start theta_0^k, starts (K, size).

    executor   anything with the `map` of concurrent.futures: threads, processes, a cluster; None runs here

    The starts go out in fixed chunks of 64 and a batch gives the bits of its members, so every executor returns the
    same bits. An interrupt keeps the chunks that are finished; with none finished it propagates.
    Raises ValueError as gradient_descent does, and unless starts is (K, size) with K >= 1.
    """
    _check_rate(learning_rate)
    _check_counts(steps=steps)
    starts = L.network.check(starts)
    if starts.ndim != 2 or len(starts) == 0:
        raise ValueError(
            f"starts must have shape (K, {L.network.size}) with K >= 1, got {starts.shape}. "
            "network.random(rng, K) makes K of them."
        )
    chunks = [starts[i : i + CHUNK] for i in range(0, len(starts), CHUNK)]
    descend = partial(gradient_descent, L, learning_rate=learning_rate, steps=steps, record=int(steps))
    results = (executor.map if executor else map)(descend, chunks)
    runs, interrupted = _finished(tqdm(results, total=len(chunks), desc="chunks", disable=not progress))
    risks, thetas, diverged = (np.concatenate([getattr(run, name) for run in runs]) for name in ("risk", "theta", "diverged"))
    index = int(np.argmin(np.where(diverged & ~diverged.all(), np.inf, risks)))
    status = "interrupted" if interrupted else "diverged" if diverged.all() else "finished"
    return Best(float(risks[index]), thetas[index].copy(), index, risks, thetas, diverged, status)


@dataclass(frozen=True, eq=False)
class _Iterate:
    """theta (..., size) with its risk (...,) and gradient (..., size), all finite; live (...,): members that still move."""

    theta: np.ndarray
    risk: float | np.ndarray
    gradient: np.ndarray
    live: np.ndarray

    def next(self, L: Any, rates: np.ndarray) -> _Iterate:
        """One step; a member whose point, risk or gradient would leave the finite numbers stays where it is, for good."""
        theta = self.theta - rates * self.gradient * self.live[..., None]
        finite = np.isfinite(theta).all(axis=-1)
        theta = np.where(finite[..., None], theta, self.theta)
        risk, gradient = L.value_and_gradient(theta)
        live = self.live & finite & np.isfinite(risk) & np.isfinite(gradient).all(axis=-1)
        if live.all():
            return _Iterate(theta, risk, gradient, live)
        moved = live[..., None]
        theta, gradient = np.where(moved, theta, self.theta), np.where(moved, gradient, self.gradient)
        return _Iterate(theta, np.where(live, risk, self.risk)[()], gradient, live)


def _finished(results: Iterator[Descent]) -> tuple[list[Descent], bool]:
    """The chunks that came to their end, and whether an interrupt cut the row short."""
    runs = []
    try:
        for run in results:
            if run.status == "interrupted":         # the interrupt reached gradient_descent itself
                raise KeyboardInterrupt
            runs.append(run)
    except KeyboardInterrupt:
        if not runs:
            raise
        return runs, True
    return runs, False


def _learning_rates(learning_rate, steps: int) -> np.ndarray:
    """eta_0, ..., eta_{steps-1} as an array; ValueError unless there are so many, positive and finite."""
    if callable(learning_rate):
        etas = np.array([learning_rate(n) for n in range(steps)], dtype=float)
    else:
        etas = np.array(learning_rate, dtype=float)
        etas = np.full(steps, etas) if etas.ndim == 0 else etas
    if etas.shape != (steps,):
        raise ValueError(
            f"learning_rate must be one number, {steps} numbers or a function n -> number, got shape {etas.shape}. "
            "One number a step, the first for the start."
        )
    for eta in etas:
        _check_rate(eta)
    return etas


def _check_rate(learning_rate: float) -> None:
    """Raise ValueError unless 0 < learning_rate < inf."""
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate must be positive and finite, got {learning_rate}. Try 0.1: G is subtracted.")


def _check_counts(**counts: int) -> None:
    """Raise ValueError unless the named numbers are positive integers."""
    for name, value in counts.items():
        if int(value) != value or value < 1:
            remedy = "The start itself is always kept." if name != "batch" else "One point a step is the smallest minibatch."
            raise ValueError(f"{name} must be an integer >= 1, got {value}. {remedy}")
