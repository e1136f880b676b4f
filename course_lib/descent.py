"""Gradient descent with the exact generalized gradient, for one start, a batch of starts, and the best of many.

    theta_{n+1} = theta_n - learning_rate * G(theta_n)

Euler's method for the gradient flow: theta_n follows Theta_{n * learning_rate} with an error of order one. The balance
B_j = v_j^2 - w_j^2 - b_j^2, constant along the flow, changes a step by learning_rate^2 (G_v^2 - G_w^2 - G_b^2).

Contents   Descent -> gradient_descent -> Best -> best_of
Layer      5; imports flows
Notation   theta (..., size), leading axes a batch; K starts in chunks of 64
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from course_lib.flows import finite_start, free_parameters

CHUNK = 64                  # starts a task: fixed, so that no executor changes a bit

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
    _check_settings(learning_rate, steps, record)
    theta0, risk0 = finite_start(L, theta0)
    now = _Iterate(theta0, risk0, L.value_and_gradient(theta0)[1], np.ones(theta0.shape[:-1], dtype=bool))
    rates = learning_rate * free_parameters(L.network, frozen)
    thetas, kept, status = np.empty((steps // record + 1, *theta0.shape)), 1, "finished"
    risks = np.empty(thetas.shape[:-1])
    thetas[0], risks[0] = theta0, risk0
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            for n in tqdm(range(1, steps + 1), desc="steps", disable=not progress):
                now = now.next(L, rates)
                if not now.live.any():
                    break
                if n % record == 0:
                    thetas[kept], risks[kept] = now.theta, now.risk
                    kept += 1
        except KeyboardInterrupt:
            status = "interrupted"
    if status == "finished" and not now.live.all():
        status = "diverged"
    return Descent(thetas[:kept], risks[:kept], now.theta, now.risk, status, np.asarray(~now.live))


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
    _check_settings(learning_rate, steps, 1)
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


def _check_settings(learning_rate: float, steps: int, record: int) -> None:
    """Raise ValueError unless 0 < learning_rate < inf and steps, record are positive integers."""
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate must be positive and finite, got {learning_rate}. Try 0.1: G is subtracted.")
    for name, value in (("steps", steps), ("record", record)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {value}. The start itself is always kept.")
