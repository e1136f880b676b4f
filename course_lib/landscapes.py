"""Landscapes: what kind of critical point this is, with the evidence; sharpness; affine pieces.

    critical: G(theta) = 0.   Hessian eigenvalues below 0: saddle.   Eigenvalues 0 only along symmetries: local minimum

No critical point is a local maximum: L is a strictly convex parabola in the outer bias c.

Contents   numerical_hessian -> sharpness -> CriticalPoint, critical_point -> least slope at a degenerate neuron
           -> one-sided Hessians -> affine_pieces -> GoldsteinPoint, goldstein_point; rates and KL exponents come from rates.py
Layer      6; imports piecewise, rates, symmetries
Notation   theta (size,); z pre-activation, k kink; a symmetry is a curve of parameters along which N_theta does not change
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar

from course_lib.piecewise import EPS
from course_lib.rates import KLExponent, Rate, fit_rate, kl_exponent, local_slopes
from course_lib.symmetries import NEAR, all_breaks, is_relu, rescalings, span, symmetries

__all__ = [
    "CriticalPoint",
    "GoldsteinPoint",
    "KLExponent",
    "Rate",
    "affine_pieces",
    "critical_point",
    "fit_rate",
    "goldstein_point",
    "kl_exponent",
    "local_slopes",
    "numerical_hessian",
    "sharpness",
]

Verdict = Literal["not critical", "saddle", "local minimum up to symmetries", "undecided"]
ASIDE = 1e-6                # of the interval: how far a kink is moved for a one-sided Hessian
SIDES = {
    "saddle": "A one-sided Hessian has a direction of descent that leads to its side.",
    "local minimum up to symmetries": "The Hessians on all sides are positive across symmetries.",
    "undecided": "The Hessian does not exist here, and one-sided ones show neither descent nor a minimum.",
}


def numerical_hessian(L: Any, theta, step: float | None = None) -> tuple[np.ndarray, float]:
    """(H, error): H[i, j] = (G_j(theta + h e_i) - G_j(theta - h e_i)) / 2h, made symmetric, (size, size).

    step   h; None: eps^(1/3) max(1, max |theta_i|)

    error is an estimate for the entries: the largest difference from the quotient with step 2h (O(h^2) where L is three
    times differentiable, O(1) where the Hessian jumps), and the largest asymmetry. Cost: 4 size gradients.
    """
    theta = _one(L, theta)
    h = EPS ** (1 / 3) * max(1.0, np.abs(theta).max()) if step is None else step
    if not 0 < h < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}. None chooses one.")
    shifts = h * np.eye(L.network.size)
    near, far = ((L.gradient(theta + n * shifts) - L.gradient(theta - n * shifts)) / (2 * n * h) for n in (1, 2))
    error = max(np.abs(near - far).max(), np.abs(near - near.T).max())
    return (near + near.T) / 2, float(error)


def sharpness(L: Any, theta) -> float | np.ndarray:
    """The largest eigenvalue of the Hessian: float for (size,), else (...,), for example along flow.thetas.

    Gradient descent near theta is stable only if learning_rate < 2 / sharpness.
    """
    theta = L.network.check(theta)
    try:
        H = L.hessian(theta)
    except (TypeError, AttributeError):
        flat = [numerical_hessian(L, row)[0] for row in theta.reshape(-1, L.network.size)]
        H = np.reshape(flat, (*theta.shape, theta.shape[-1]))
    largest = np.linalg.eigvalsh(H)[..., -1]
    return float(largest) if largest.ndim == 0 else largest


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """What is known about theta as a critical point.

    verdict, reason     "not critical" | "saddle" | "local minimum up to symmetries" | "undecided", and why
    risk, gradient_norm L(theta) and |G(theta)|
    nonsmooth           sentences: why the Hessian does not exist at theta; empty if it does
    least_slope         least one-sided derivative along unit directions of the (w, b) of degenerate neurons with v not 0
                        (for v = 0: of v and (w, b) together, to second order); None without degenerate neurons
    eigenvalues         (size,) of the Hessian, ascending, or None
    inertia             (negative, zero, positive) eigenvalues; zero means at most `zero_tolerance` in modulus
    zero_tolerance      64 size eps |H|, plus the error of a numerical H, plus |H s| for symmetries s (0 if G = 0 exactly)
    symmetries          dimension of the set of parameters near theta with the same N: that many zeros are explained
    """

    verdict: Verdict
    reason: str
    risk: float
    gradient_norm: float
    nonsmooth: tuple[str, ...] = ()
    least_slope: float | None = None
    eigenvalues: np.ndarray | None = None
    inertia: tuple[int, int, int] | None = None
    zero_tolerance: float | None = None
    symmetries: int | None = None

    def __repr__(self) -> str:
        return f"CriticalPoint: {self.verdict}. {self.reason} (L = {self.risk:.4g}, |G| = {self.gradient_norm:.1e})"


def critical_point(L: Any, theta, tolerance: float = 1e-8) -> CriticalPoint:
    """The evidence on theta (size,) for being a minimum or a saddle, and a verdict that goes no further than the evidence.

    tolerance   |G| up to here counts as 0; a point from a flow or a descent has one that depends on when it stopped

    Saddle: a degenerate neuron with a negative one-sided derivative, or a negative eigenvalue of the Hessian. Minimum: no
    negative eigenvalue, and zeros only along symmetries, across which L then grows quadratically; or L = 0. Where a kink
    lies on an end or a jump, the Hessians on all its sides are judged. Everything else is undecided.
    Exact Hessians where L has them, else `numerical_hessian`.
    """
    theta = _one(L, theta)
    if not 0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance}. A useful value is 1e-8.")
    risk, G = L.value_and_gradient(theta)
    norm = float(np.linalg.norm(G))
    known = {"risk": risk, "gradient_norm": norm}
    if norm > tolerance:
        return CriticalPoint("not critical", f"|G| is above the tolerance {tolerance:g}.", **known)
    degenerate = _degenerate(L, theta)
    slopes = [_least_slope(L, theta, int(j)) for j in degenerate] if L.network.widths[0] == 1 else []
    known["least_slope"] = min(slopes, default=None)
    sides, known["nonsmooth"] = _sides(L, theta, degenerate)
    beside = "undecided"
    if known["nonsmooth"]:
        beside = _on_sides(L, theta, sides)
    else:
        known |= _inertia(*_hessian(L, theta), symmetries(L, theta))
    return CriticalPoint(*_judge(L, theta, known, beside, max(tolerance, 10 * norm)), **known)


def _judge(L: Any, theta: np.ndarray, known: dict, beside: Verdict, noise: float) -> tuple[Verdict, str]:
    """(verdict, reason) from the evidence on a point with G = 0; beside: the verdict of one-sided Hessians, if needed."""
    slope, why = known["least_slope"], " ".join(known["nonsmooth"])
    rounding = (64 * EPS) ** 2 * (L(np.zeros_like(theta)) + (1 + theta @ theta) ** 2)
    if known["risk"] <= rounding:
        return "local minimum up to symmetries", "L = 0 up to rounding, and no risk is smaller: a global minimum."
    if slope is not None and slope < -noise:
        return "saddle", f"Moving a degenerate neuron away from (w, b) = 0 lowers L: least one-sided derivative {slope:.3g}."
    if why:
        return beside, f"{why} {SIDES[beside]}"
    (negative, zeros, positive), explained = known["inertia"], known["symmetries"]
    if negative:
        return "saddle", f"Negative eigenvalues of the Hessian: {negative}, the least {known['eigenvalues'][0]:.3g}."
    if zeros > explained:
        return "undecided", f"Zero eigenvalues of the Hessian: {zeros}, of which symmetries explain {explained}."
    found = f"{positive} of {len(theta)} eigenvalues of the Hessian are positive, the others are 0 along symmetries."
    return "local minimum up to symmetries", found


def _hessian(L: Any, theta: np.ndarray) -> tuple[np.ndarray, float]:
    """(H, error of its entries): L.hessian with error 0 where there is one, else numerical."""
    try:
        return L.hessian(theta), 0.0
    except (TypeError, AttributeError):
        return numerical_hessian(L, theta)


def _inertia(H: np.ndarray, error: float, symmetries: np.ndarray) -> dict:
    """Eigenvalues, their signs, and the modulus up to which one counts as 0 (Weyl: an error of H moves none by more)."""
    eigenvalues = np.linalg.eigvalsh(H)
    zero = 64 * len(H) * EPS * np.abs(eigenvalues).max() + len(H) * error + _defect(H, symmetries)
    signs = (int((eigenvalues < -zero).sum()), int((np.abs(eigenvalues) <= zero).sum()), int((eigenvalues > zero).sum()))
    return {"eigenvalues": eigenvalues, "inertia": signs, "zero_tolerance": float(zero), "symmetries": len(symmetries)}


def _defect(H: np.ndarray, tangents: np.ndarray) -> float:
    """|H s| for tangents s of symmetries, spectral norm: 0 where G = 0 exactly, and of the order of |G| near such a point."""
    return float(np.linalg.norm(H @ tangents.T, 2)) if len(tangents) else 0.0


# ---------------------------------------------------------------- where L is not twice differentiable
def _degenerate(L: Any, theta: np.ndarray) -> np.ndarray:
    """The first-layer neurons with w = b = 0; for a smooth activation they are nothing special."""
    if len(L.network.widths) == 2 or not is_relu(L):
        return np.zeros(0, dtype=int)
    return np.flatnonzero(L.network.degenerate(theta))


def _least_slope(L: Any, theta: np.ndarray, j: int) -> float:
    """min over unit directions (dw, db) of the one-sided derivative of L at the degenerate neuron j of one input.

        D(dw, db) = 2 v_j int r relu(dw x + db) p dx = v_j G_{v_j} at the network with (w_j, b_j, v_j) = (dw, db, 0)

    That network has the same N, so D is as exact as L.gradient. For v_j = 0: min -|G_{v_j}|, the second-order decrease
    when v_j leaves 0 as well. D is 0 where the neuron stays dead, hence the minimum is <= 0.
    """
    n, positions = L.network.widths[1], L.network.split(np.arange(L.network.size))
    outgoing = positions[1][0][:, j].astype(int)               # where the v_j stand in theta
    v = theta[outgoing]

    def slope(angles):
        thetas = np.broadcast_to(theta, (len(angles), len(theta))).copy()
        thetas[:, j], thetas[:, n + j], thetas[:, outgoing] = np.cos(angles), np.sin(angles), 0.0
        G = L.gradient(thetas)[:, outgoing]
        return (G * v).sum(axis=1) if v.any() else -np.linalg.norm(G, axis=1)

    angles = np.linspace(0, 2 * np.pi, 721)
    values = slope(angles)
    best, width = np.argsort(values)[:4], angles[1]
    options = {"method": "bounded", "options": {"xatol": 1e-9}}
    around = [(a - width, a + width) for a in angles[best]]
    refined = [minimize_scalar(lambda t: slope(np.array([t]))[0], bounds=bounds, **options).fun for bounds in around]
    return float(min(values.min(), *refined))


def _sides(L: Any, theta: np.ndarray, degenerate: np.ndarray) -> tuple[list[int], tuple[str, ...]]:
    """(neurons whose kink can be moved to either side, sentences on why there is no Hessian)."""
    sentences = [f"Neuron {j} is degenerate, w = b = 0." for j in degenerate]
    if not is_relu(L):
        return [], ()
    if hasattr(L, "weights"):
        return [], tuple(sentences + _on_data(L, theta))
    if not L.network.is_shallow_1d:
        return [], tuple(sentences)
    points = all_breaks(L)
    (a, b), kinks, sides = (points[0], points[-1]), L.network.kinks(theta), []
    for j in np.flatnonzero(np.isfinite(kinks)):
        nearest = points[np.argmin(np.abs(points - kinks[j]))]
        if abs(nearest - kinks[j]) <= NEAR * (b - a):
            left, right = (_hessian(L, moved)[0] for moved in _moved(L, theta, [j]))
            if np.abs(left - right).max() > 1e3 * ASIDE * max(np.abs(left).max(), np.abs(right).max()):
                sides.append(int(j))
                place = "an end" if nearest in (a, b) else "a breakpoint"
                sentences.append(f"The kink of neuron {j} lies on {place}, x = {nearest:g}.")
    return ([] if len(degenerate) else sides), tuple(sentences)


def _moved(L: Any, theta: np.ndarray, neurons: list[int]) -> np.ndarray:
    """theta with the kinks of these neurons moved by ASIDE of the interval, all combinations of -1 and +1 in turn."""
    points, n = all_breaks(L), L.network.widths[1]
    shifts = np.array(list(product((-1, 1), repeat=len(neurons)))) * ASIDE * (points[-1] - points[0])
    moved = np.broadcast_to(theta, (len(shifts), len(theta))).copy()
    moved[:, [n + j for j in neurons]] -= shifts * theta[neurons]          # kink -b/w
    return moved


def _on_sides(L: Any, theta: np.ndarray, neurons: list[int]) -> Verdict:
    """The verdict of the one-sided Hessians: L equals a smooth function on each of the cones that the kinks' sides define.

    Saddle: one is negative along a direction of its own cone. Minimum: all are positive across the symmetries of their
    function, so that each function is least at theta near theta. More than four kinks are not looked at.
    """
    if not 1 <= len(neurons) <= 4:
        return "undecided"
    n, kinks, rises = L.network.widths[1], L.network.kinks(theta)[neurons], True
    for signs, moved in zip(product((-1, 1), repeat=len(neurons)), _moved(L, theta, neurons), strict=True):
        H, error = _hessian(L, moved)
        values, vectors = np.linalg.eigh(H)
        aside = error + ASIDE * np.abs(values).max()
        clearly = values < -(len(H) * aside + _defect(H, span(rescalings(L.network, theta))))
        for u in (vectors.T[clearly][:, None] * np.array([1, -1])[:, None]).reshape(-1, len(theta)):
            speed = -(u[[n + j for j in neurons]] + kinks * u[neurons]) / theta[neurons]
            if (speed * signs >= -ASIDE).all():                    # a kink that stays where it is is on both sides
                return "saddle"
        found = _inertia(H, aside, symmetries(L, theta, beside=moved))
        rises &= found["inertia"][:2] == (0, found["symmetries"])
    return "local minimum up to symmetries" if rises else "undecided"


def _on_data(L: Any, theta: np.ndarray) -> list[str]:
    """Sentences on hidden neurons with pre-activation 0 at a data point of positive weight."""
    sentences, a = [], L.x[L.weights > 0]
    for k, (W, b) in enumerate(L.network.split(theta)[:-1], start=1):
        z, size = a @ W.T + b, np.abs(a) @ np.abs(W).T + np.abs(b)
        for j in np.flatnonzero((np.abs(z) <= 64 * EPS * size).any(axis=0) & (W.any(axis=1) | (b != 0))):
            sentences.append(f"Neuron {j} of hidden layer {k} has its kink on a data point.")
        a = np.maximum(z, 0.0)
    return sentences


# ---------------------------------------------------------------- affine pieces
def affine_pieces(L: Any, theta) -> int:
    """The number of intervals of [a, b] on which N_theta is affine, neighbours with different slopes; one input, ReLU.

    Kinks closer than 1e-9 (b - a) count as one, and a change of slope below rounding as none. Deep networks need
    L.breakpoints(theta).
    """
    theta = _one(L, theta)
    if not is_relu(L) or L.network.widths[0] != 1:
        raise ValueError(f"affine_pieces needs a ReLU network with one input, got {L!r}. Smooth activations have no pieces.")
    a, *_, b = all_breaks(L)
    bends = L.network.kinks(theta) if L.network.is_shallow_1d else np.asarray(L.breakpoints(theta), dtype=float)
    t = np.sort(np.concatenate([[a, b], bends[(bends > a) & (bends < b)]]))
    t = t[np.append(True, np.diff(t) > NEAR * (b - a))]
    if b - t[-1] > 0:
        t[-1] = b                                              # the last kink was within NEAR of b
    N = L.network.realization(theta, t).reshape(len(t), -1)
    h = np.diff(t)[:, None]
    noise = 64 * EPS * _size_of_terms(L.network, theta, max(abs(a), abs(b))) / h
    slopes = np.diff(N, axis=0) / h
    return 1 + int((np.abs(np.diff(slopes, axis=0)) > noise[1:] + noise[:-1]).any(axis=1).sum())


def _size_of_terms(network: Any, theta: np.ndarray, x: float) -> float:
    """A bound for every term that is summed in N: |W^L| (... |W^1| x + |b^1| ...) + |b^L|."""
    size = np.array([x])
    for W, b in network.split(theta):
        size = np.abs(W) @ size + np.abs(b)
    return float(size.max())


def _one(L: Any, theta) -> np.ndarray:
    """theta as (size,); ValueError for a batch."""
    theta = L.network.check(theta)
    if theta.ndim != 1:
        raise ValueError(f"theta must be one network ({L.network.size},), got {theta.shape}. Loop over the rows of a batch.")
    return theta


# ---------------------------------------------------------------- approximate stationarity
@dataclass(frozen=True, eq=False)
class GoldsteinPoint:
    """A point x, the path to it, and the certificate that it is (delta, epsilon)-stationary in the sense of Goldstein.

    path       (steps + 1, d), from the start to x; each step has length delta and lowers the function
    points     (n, d), all within delta of x            gradients  (n, d), at the points
    weights    (n,), >= 0, of sum 1: |sum_i weights_i gradients_i| <= epsilon if status is "stationary"
    calls      evaluations of the gradient              status     "stationary" or "budget"
    """

    path: np.ndarray
    points: np.ndarray
    gradients: np.ndarray
    weights: np.ndarray
    calls: int
    status: Literal["stationary", "budget"]

    @property
    def x(self) -> np.ndarray:
        """The last point, (d,)."""
        return self.path[-1]

    @property
    def steps(self) -> int:
        """The number of accepted steps."""
        return len(self.path) - 1

    @property
    def norm(self) -> float:
        """|sum_i weights_i gradients_i|."""
        return float(np.linalg.norm(self.weights @ self.gradients))


def goldstein_point(
    value: Callable,
    gradient: Callable,
    start,
    delta: float,
    epsilon: float,
    lipschitz: float,
    rng: np.random.Generator,
    budget: int = 1_000_000,
) -> GoldsteinPoint:
    """A (delta, epsilon)-stationary point of F, found by interpolated normalized gradient descent with random directions.

        step     x <- x - delta d  where that lowers F by at least delta |m| / 4;  d = m / |m|, randomly perturbed
        else     m <- beta m + (1 - beta) g,  g the gradient at a random point of [x, x - delta d]
        stop     |m| <= epsilon

    value, gradient  F: (d,) -> number, and its gradient (d,) -> (d,) wherever F is differentiable, anything elsewhere
    start     (d,)      lipschitz  a Lipschitz constant of F where the path may come; a longer gradient raises ValueError
    budget    of gradients; when it is used up the status is "budget", and the weights certify no more than `norm`

    Cards "goldstein-step-bound" (steps) and "goldstein-calls" (expected number of gradients).
    """
    for name, number in (("delta", delta), ("epsilon", epsilon), ("lipschitz", lipschitz), ("budget", budget)):
        if not 0 < number < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {number}. Usual: 0.05, 0.1, max |gradient|, 1000000.")
    path, calls = [np.array(start, dtype=float)], 0
    while True:
        after, *found = _search(value, gradient, path[-1], (delta, epsilon, lipschitz), rng, budget - calls)
        calls += len(found[0])
        if after is None or calls >= budget:
            norm = np.linalg.norm(found[2] @ found[1])
            status = "stationary" if after is None and norm <= epsilon else "budget"
            return GoldsteinPoint(np.array(path), *found, calls, status)
        path.append(after)


def _search(value, gradient, x, settings, rng, budget) -> tuple:
    """(x after a step or None, points, gradients, weights): gradients near x are averaged until a step or the end."""
    delta, epsilon, lipschitz = settings
    points = [x + delta * _in_ball(rng, len(x))]
    gradients, weights = [_bounded(gradient(points[0]), lipschitz)], np.ones(1)
    m = gradients[0]
    while (size := np.linalg.norm(m)) > epsilon and len(points) < budget:
        d = m + epsilon**4 / (8 * lipschitz**3) * _in_ball(rng, len(x))
        d /= np.linalg.norm(d)
        if value(x) - value(x - delta * d) >= delta * size / 4:
            return x - delta * d, np.array(points), np.array(gradients), weights
        points.append(x - rng.random() * delta * d)
        gradients.append(_bounded(gradient(points[-1]), lipschitz))
        beta = (4 * lipschitz**2 - size**2) / (4 * lipschitz**2 + 2 * size**2)
        weights = np.append(beta * weights, 1 - beta)
        m = beta * m + (1 - beta) * gradients[-1]
    return None, np.array(points), np.array(gradients), weights


def _in_ball(rng: np.random.Generator, d: int) -> np.ndarray:
    """Uniform in the unit ball of R^d."""
    direction = rng.standard_normal(d)
    return rng.random() ** (1 / d) * direction / np.linalg.norm(direction)


def _bounded(g, lipschitz: float) -> np.ndarray:
    """The gradient g; ValueError if it is longer than the Lipschitz constant."""
    g = np.asarray(g, dtype=float)
    if np.linalg.norm(g) > lipschitz * (1 + 1e-9):
        raise ValueError(f"lipschitz = {lipschitz:g} must bound gradients, got norm {np.linalg.norm(g):.6g}. Enlarge it.")
    return g
