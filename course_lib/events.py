"""The singular events of gradient flow, found step by step: collapse, near-death and re-birth, sliding.

    collapse    (w_j, b_j) -> 0 in finite time: G jumps there; in the class "a degenerate neuron never revives" it stays 0
    near-death  max_[a,b] (w_j x + b_j) = z_j -> 0 without reaching 0; re-birth: z_j grows again (coordinates.py)
    sliding     G jumps across a surface and pushes back on either side: no solution of Theta' = -G goes on

Contents   Event -> Watch: margins, roots in a step, where to start again -> valley (sliding)
Layer      4; imports coordinates, piecewise, risks
Notation   s = log(1 + t); x the coordinates of coordinates.py; F velocity, -G; neurons counted layer by layer
Source     the class in which neurons stay degenerate: Eberle, Jentzen, Riekert, Weiss (2023), arXiv 2108.08106
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq

from course_lib.coordinates import LogCoordinates, Neurons, Point, nearness
from course_lib.piecewise import EPS
from course_lib.risks import ExactRisk

Kind = Literal["collapse", "near_death", "rebirth", "sliding"]
RESTARTS, QUIET = ("collapse", "carry", "release"), ("carry", "release")
CARRY, RELEASE = 1e-3, 2e-3             # z_j / |(w_j, b_j)|: log z_j is carried from below the one to above the other
FAINT = 1e-8                            # below: near death
ACTING = 1e3                            # a neuron collapses only if |v_j| is this many times |(w_j, b_j)|
BEFORE = 30                             # a step into a collapse is left out if it starts within this many radii
SAMPLES = 16                            # of a step, in which its first event is sought
TANGENTIAL = 1e-10                      # cosine between a velocity and a jump of G that is rounding
NOISE = 1e-8                            # a jump of G below this, times max(1, |theta|), is not looked at
PROBE = 1e-7                            # how far ahead a jump of G is sought when a solver has given up
NO_SOLUTION = "G jumps here and pushes back from both sides, so no solution of Theta' = -G goes on. See flow.events[-1]."


@dataclass(frozen=True, eq=False)
class Event:
    """What happened at `time` (in t) to a hidden neuron, counted layer by layer; theta (size,) at that time.

    kind   "collapse": (w_j, b_j) = 0 from then on;  "near_death": max z_j falls below 1e-8 |(w_j, b_j)|;
           "rebirth": it rises above that again;  "sliding": G pushes back from both sides of {z_j = 0}
    """

    kind: Kind
    time: float
    neuron: int
    theta: np.ndarray

    def __post_init__(self):
        self.theta.setflags(write=False)

    @classmethod
    def at(cls, kind: Kind, point: Point, neuron: int) -> Event:
        """The event at a point of the curve."""
        return cls(kind, float(np.expm1(point.s)), neuron, point.theta.copy())


@dataclass(eq=False)
class Watch:
    """Looks at every accepted step from one (re)start to the next and finds the events in it.

    collapse   the radius |(w_j, b_j)| <= collapse max(1, |theta|) of a collapse, or a tenth of the length at the start
               if that is less: a neuron that starts inside the ball may grow
    free       (size,) 1.0 where a parameter moves; a neuron with a frozen w or b is not carried, only flagged
    """

    L: Any
    neurons: Neurons
    start: Point
    free: np.ndarray
    collapse: float
    normalized: bool = False

    def __post_init__(self):
        self.domain, self.can_be_carried = domain(self.L), can_be_carried(self.L, self.neurons, self.free)
        self.has_kinks = str(getattr(self.L, "activation", "relu")) == "relu"
        self.may_slide = self.has_kinks and not (isinstance(self.L, ExactRisk) and len(self.L.network.widths) == 3)
        self.coordinates = LogCoordinates.at(self.L, self.neurons, self.start)
        self.radius = self.neurons.lengths(self.start.theta) / 10
        self.x0 = self.coordinates.of(self.start)
        self.last = (self.start.s, self.x0, self.margins(self.start.s, self.x0))

    def at_the_start(self) -> list[Event]:
        """Near-death of the neurons that start so."""
        faint = (self.last[2][2] <= 0) & ~np.isnan(self.start.log_z)
        return [Event.at("near_death", self.start, int(j)) for j in np.flatnonzero(faint)]

    def point(self, s: float, x: np.ndarray) -> Point:
        """The point of the curve with coordinates x."""
        log_z = np.full(len(self.start.log_z), np.nan)
        log_z[self.coordinates.carried] = self.coordinates.log_z(x)
        return Point(s, self.coordinates.theta(x).copy(), float(x[-1]), log_z)

    def margins(self, s: float, x: np.ndarray) -> np.ndarray:
        """(3, neurons), positive before an event: distance from collapse, from other coordinates, from near-death."""
        theta = self.coordinates.theta(x)
        length = self.neurons.lengths(theta)
        margins = np.ones((3, len(length)))
        if self.has_kinks and not self.normalized:
            radius = np.minimum(self.radius, self.collapse * max(1.0, theta.max(), -theta.min()))
            margins[0] = length - radius
            if margins[0].min() <= 0:
                margins[0] = length - np.minimum(radius, self.neurons.outer_lengths(theta) / ACTING)
        if self.domain is not None:
            h = len(self.can_be_carried)
            z = nearness(self.neurons, self.domain, theta)
            margins[1, :h] = np.where(self.can_be_carried, z - CARRY * length[:h], 1.0)
            margins[2, :h] = np.where(self.can_be_carried, 1.0, z - FAINT * length[:h])
            if self.coordinates:
                j = self.coordinates.carried
                log = self.coordinates.log_z(x) - np.log(length[j])
                margins[1, j], margins[2, j] = np.log(RELEASE) - log, log - np.log(FAINT)
        return margins

    def step(self, s: float, x: np.ndarray, interpolant: Callable[[], Callable]) -> list[tuple[str, int, Point]]:
        """(what, neuron, point) in the step that ends in (s, x), in order of time, up to the first that needs a restart.

        what   "collapse", "carry", "release" (these need a restart), "near_death", "rebirth"
        """
        s0, x0, before = self.last
        after = self.margins(s, x)
        self.last = (s, x.copy(), after)
        turned = (before > 0) != (after > 0)
        if not turned.any():
            return []
        curve, found = interpolant(), []
        for i, j in np.argwhere(turned):
            root = self._root(curve, s0, s, (i, j), before[i, j] > 0)
            here, what = self.point(root, curve(root) if root < s else x), self._name(i, j, before[i, j] > 0)
            if what == "collapse" and before[i, j] < BEFORE * np.linalg.norm(here.theta[self.neurons.rows[j]]):
                here = self.point(s0, x0)                      # G jumps inside the step, whose interpolant is then wrong
            found.append((what, int(j), here))
        found.sort(key=lambda event: event[2].s)
        ends = [k for k, event in enumerate(found) if event[0] in RESTARTS]
        return found[: ends[0] + 1] if ends else found

    def _name(self, i: int, j: int, falling: bool) -> str:
        carried = not np.isnan(self.start.log_z[j])
        return ("collapse", "release" if carried else "carry", "near_death" if falling else "rebirth")[i]

    def _root(self, curve: Callable, s0: float, s1: float, which: tuple[int, int], falling: bool) -> float:
        """The first s in (s0, s1] where the margin changes its sign on the solver's interpolant; s1 if only its end does."""

        def margin(s):
            return self.margins(s, curve(s))[which]

        left = s0
        for right in np.linspace(s0, s1, SAMPLES + 1)[1:]:
            if (margin(right) > 0) != falling:
                crosses = (margin(left) > 0) == falling
                return float(brentq(margin, left, right, xtol=1e-15)) if crosses else float(left)
            left = right
        return s1

    def changed(self, point: Point, what: str, j: int) -> Point:
        """The point from which to start again after "carry" or "release" of neuron j."""
        log_z = point.log_z.copy()
        log_z[j] = np.nan if what == "release" else np.log(nearness(self.neurons, self.domain, point.theta)[j])
        return Point(point.s, point.theta, point.energy, log_z)


def domain(L: Any) -> tuple[float, float] | None:
    """[a, b] of an exact risk with one input, where z is followed; None for every other risk."""
    return L.target.domain if isinstance(L, ExactRisk) and L.network.widths[0] == 1 else None


def can_be_carried(L: Any, neurons: Neurons, free: np.ndarray) -> np.ndarray:
    """(first layer,): the neurons of widths (1, H, 1) whose w_j and b_j both move."""
    return (free[neurons.incoming[0]] == 1).all(axis=1) & (domain(L) is not None and L.network.is_shallow_1d)


def first(L: Any, neurons: Neurons, theta0: np.ndarray, free: np.ndarray) -> Point:
    """The start of a curve; live neurons with a small z are carried at once."""
    log_z = np.full(len(neurons.rows), np.nan)
    if domain(L) is not None and L.network.is_shallow_1d:
        z = nearness(neurons, domain(L), theta0)
        small = (z > 0) & (z < CARRY * neurons.lengths(theta0)) & can_be_carried(L, neurons, free)
        log_z[small] = np.log(z[small])
    return Point(0.0, theta0, 0.0, log_z)


def faint_at_the_end(point: Point, seen: list[Event]) -> str:
    """A sentence for a message: which neurons are near death at the last point; empty if none is."""
    last = {event.neuron: event.kind for event in seen}
    faint = sorted(j for j, kind in last.items() if kind == "near_death")
    if not faint:
        return ""
    names = [f"{j} (log z = {point.log_z[j]:.4g})" if point.log_z[j] < 0 else f"{j} (not followed)" for j in faint]
    return f" Near death: neuron {', '.join(names)}; a new start from flow.theta takes it for dead."


def collapsed(point: Point, j: int, neurons: Neurons, F: np.ndarray) -> tuple[Point, list[int]]:
    """The point where (w_j, b_j) = 0, and the neurons that are there: j and those as near to 0 that fall into it too.

    Along the velocity F for r / |r'|, r = |(w_j, b_j)|, so the time is right up to O(r^2).
    """
    theta, length, log_z = point.theta.copy(), neurons.lengths(point.theta), point.log_z.copy()
    speed = -np.array([theta[row] @ F[row] for row in neurons.rows]) / length
    wait = length[j] / speed[j] if speed[j] > 0 else 0.0
    gone = np.union1d(np.flatnonzero((speed > 0) & (length <= 2 * length[j])), j)
    theta += wait * F
    for i in gone:
        theta[neurons.rows[i]], log_z[i] = 0.0, np.nan
    s = float(np.log(np.exp(point.s) + wait))
    return Point(s, theta, point.energy + wait * (F @ F), log_z), gone.tolist()


def valley(
    velocity: Callable[[np.ndarray], np.ndarray], theta0: np.ndarray, F0: np.ndarray, theta1: np.ndarray, F1: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """(theta, jump of G) on a surface between theta0 and theta1 where G jumps and pushes back from both sides; else None.

    The risk is continuous, so the jump J of G is normal to the surface: sliding means F.J > 0 before it and F.J < 0 behind,
    J pointing forward. A jump stays when the segment is halved; a steep but continuous G loses half of its change.
    """
    whole = np.linalg.norm(F1 - F0)
    if whole <= NOISE * max(1.0, np.abs(theta0).max()) or not _pushes_back(theta0, F0, theta1, F1):
        return None
    while np.abs(theta1 - theta0).max() > 8 * EPS * max(1.0, np.abs(theta0).max()):
        middle = (theta0 + theta1) / 2
        F = velocity(middle)
        if np.linalg.norm(F - F0) > np.linalg.norm(F1 - F):
            theta1, F1 = middle, F
        else:
            theta0, F0 = middle, F
        if np.linalg.norm(F1 - F0) < whole / 4:
            return None
    return (theta0, F0 - F1) if _pushes_back(theta0, F0, theta1, F1) else None


def _pushes_back(theta0, F0, theta1, F1) -> bool:
    """True if the velocities at both ends point into the segment along the jump of G, J = F0 - F1.

    A velocity that is tangential but for rounding does not push: there the solution moves on along the surface.
    """
    J = F0 - F1
    least = TANGENTIAL * np.linalg.norm(J) * max(np.linalg.norm(F0), np.linalg.norm(F1))
    return bool((theta1 - theta0) @ J > 0 and min(F0 @ J, -(F1 @ J)) > least)



def switching_neuron(neurons: Neurons, jump: np.ndarray) -> int:
    """The hidden neuron whose activation switches: in the last layer whose rows jump, the row that jumps most."""
    sizes = np.array([np.linalg.norm(jump[row]) for row in neurons.rows])
    layer = np.repeat(np.arange(len(neurons.incoming)), [len(rows) for rows in neurons.incoming])
    last = layer[sizes > 1e-6 * sizes.max()].max()
    return int(np.argmax(np.where(layer == last, sizes, -1.0)))
