"""The certificate of a computed gradient flow: what the exact flow satisfies, measured on the computed one.

    L(Theta_0) - L(Theta_t) = int_0^t |F|^2,    v_j^2 - |w_j|^2 - b_j^2 constant,    L never rises

None of these sees a risk that has become smaller than the tolerances can tell from 0; `resolved_until` does.

Contents   Certificate -> certify -> one function a field
Layer      4; imports piecewise, coordinates, log_time
Notation   thetas (T, size) the accepted steps, F = -G the velocity (of a normalized flow: its tangential part)
Source     card "energy-identity"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.coordinates import Neurons
from course_lib.log_time import Start
from course_lib.piecewise import EPS

CHUNK = 64                  # points of the curve whose risks are evaluated together
PATTERNS = 8                # sign patterns in which all parameters are moved by their tolerance
MARGIN = 2                  # a risk is resolved while it is this many times the change by those moves


@dataclass(frozen=True)
class Certificate:
    """How well a flow was computed.

    energy_defect       |L(Theta_0) - L(Theta_T) - int |G|^2|; usual: below 10 rtol max(1, L(Theta_0)) log(1 + t_end)
    conservation_drift  max over neurons j and times of |B_j(t) - B_j(0)| / max(1, max |Theta_i|^2), B = network.balance;
                        neurons with a frozen parameter are left out (their B_j may move), 0 if none remains.
                        B is conserved for ReLU; for another activation the number says nothing about the solver.
                        Of a normalized flow: max | |(w_j, b_j)|^2 - 1 |
    monotone            no step raises the risk by more than a local error delta of the solver can explain,
                        delta = sqrt(size) (atol + rtol max |Theta_i|). The slack is Taylor's formula to second order,
                        the curvature of L taken as 1 + |Theta|^2, and the rounding of the risk:
                        delta (|G_k| + |G_{k+1}|) + delta^2 (1 + |Theta|^2) + 8 eps L
    resolved_until      the last time up to which L is at least twice what it changes by when every parameter moves by
                        +- (atol + rtol |Theta_i|): t_end, or where the risk sinks below what the tolerances can tell from 0.
                        There the risk is right to about one per cent, later it need not have one right digit. Remedy: a lower
                        atol, and rtol
    second_method       (name, max |Theta_T - Theta'_T|) of a second run, nan if that run did not get there; or None
    """

    energy_defect: float
    conservation_drift: float
    monotone: bool
    resolved_until: float
    second_method: tuple[str, float] | None = None


def certify(start: Start, times, thetas, energy: float, second: tuple[str, float] | None) -> tuple[np.ndarray, Certificate]:
    """(risks (T,), certificate) of the accepted steps times (T,), thetas (T, size) with the last energy int |F|^2."""
    with np.errstate(all="ignore"):                            # a failed run may end near the largest floats
        risks, gradients = _along(start.L, thetas)
        return risks, Certificate(
            energy_defect=float(abs(risks[0] - risks[-1] - energy)),
            conservation_drift=_drift(start, thetas),
            monotone=_is_monotone(start, thetas, risks, gradients),
            resolved_until=float(times[max(_last_resolved(start, thetas, risks), 0)]),
            second_method=second,
        )


def _along(L: Any, thetas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(risks (T,), gradients (T, size)) at the points of a curve, in chunks that fit any memory."""
    parts = [L.value_and_gradient(thetas[i : i + CHUNK]) for i in range(0, len(thetas), CHUNK)]
    return np.concatenate([risk for risk, _ in parts]), np.concatenate([gradient for _, gradient in parts])


def _drift(start: Start, thetas: np.ndarray) -> float:
    """Certificate.conservation_drift."""
    network = start.L.network
    if start.normalized:
        return float(np.abs(Neurons(network).lengths(thetas) ** 2 - 1).max())
    frozen = np.eye(network.size)[start.free == 0]
    moving = ~(network.balance(frozen) != 0).any(axis=0)       # B_j is a sum of +- squares: e_i meets the B_j it is in
    B = network.balance(thetas)[:, moving]
    return float(np.abs(B - B[0]).max(initial=0.0) / max(1.0, np.abs(thetas).max() ** 2))


def _is_monotone(start: Start, thetas: np.ndarray, risks: np.ndarray, gradients: np.ndarray) -> bool:
    """Whether no step raises the risk by more than the slack of `Certificate.monotone`."""
    size, largest = thetas.shape[1], np.abs(thetas).max(axis=1)
    delta = np.sqrt(size) * (start.atol + start.rtol * largest)
    steepness = np.linalg.norm(start.free * gradients, axis=1)
    curvature = 1 + (thetas**2).sum(axis=1)
    slack = delta[1:] * (steepness[1:] + steepness[:-1]) + (delta**2 * curvature)[1:] + 8 * EPS * risks[1:]
    return bool((np.diff(risks) <= slack).all())


def _last_resolved(start: Start, thetas: np.ndarray, risks: np.ndarray) -> int:
    """The index of the last point, found by bisection, whose risk the tolerances resolve; -1 if none does."""

    def resolved(k: int) -> bool:
        delta = start.free * (start.atol + start.rtol * np.abs(thetas[k]))
        return bool(risks[k] > MARGIN * _change(start.L, thetas[k], risks[k], delta))

    low, high = -1, len(risks) - 1
    if resolved(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if resolved(middle) else (low, middle)
    return low


def _change(L: Any, theta: np.ndarray, risk: float, delta: np.ndarray) -> float:
    """max |L(theta +- sigma delta) - L(theta)| over Walsh's sign patterns sigma_k(i) = (-1)^(number of bits of i & k)."""
    i, k = np.arange(len(theta)), np.arange(PATTERNS)[:, None]
    signs = 1.0 - 2.0 * (np.bitwise_count(i & k) % 2)
    return float(np.abs(_along(L, theta + np.concatenate([signs, -signs]) * delta)[0] - risk).max())
