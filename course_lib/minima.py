"""The global minimum of the risk of a shallow network on an interval.

    inf over theta of L(theta) = int_a^b (N_theta - f)^2 p dx,    N_theta(x) = c + sum_j v_j relu(w_j x + b_j),  j = 1..H

H neurons realize exactly the continuous piecewise affine N with at most H - 1 kinks, and those with H kinks for which
slope at a + sum of the slope changes at some kinks = 0 (the kinks of left-facing neurons). Limits may also jump: a jump is
two kinks that meet, so it costs two neurons; with two jumps their steep ramps free the slope at a.

Contents   Minimum -> global_minimum -> the search: families, starts, descent -> limits and their networks
Layer      7; imports piecewise, networks, integration, risks, free_knots
Notation   s = x - a; K kinks t, r jumps q; a pattern says which of them face left; theta (3H+1,) = (w, b, v, c)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from math import comb

import numpy as np
from tqdm import tqdm

from course_lib.free_knots import Fit, Moments, Partitions, Splines, descend, lower_bound, polish
from course_lib.integration.interval import Problem
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import EPS, PiecewisePolynomial
from course_lib.risks import ExactRisk

MOST_NEURONS, MOST_JUMPS = 10, 6
CELLS = 96                                      # of the first grid
FEWEST, CHUNK = 400, 512                        # starts of a family; starts in one batch
KEPT, OFFERED, POLISHED = 6, 3, 12              # splines of a family kept, and offered for polishing; polished in all


@dataclass(frozen=True, eq=False)
class Minimum:
    """The infimum of the risk over all networks with H neurons, as computed, and where it is attained.

    risk         the infimum, exact for the function found; that no other is better is the result of a search
    lower_bound  no network with H neurons has a smaller risk: a true bound up to rounding, but not tight in general
    attained     False if networks only approach the infimum, by ever steeper ramps
    theta        (3H+1,) with L(theta) = risk, or None if not attained
    kinks        (K,) where the best function, or the limit, bends inside (a, b), increasing
    jumps        (r,) where the limit jumps; empty if attained
    alpha        the slope of the skip connection, N(x) = alpha x + N_theta(x); None without one
    """

    risk: float
    lower_bound: float
    attained: bool
    theta: np.ndarray | None
    kinks: np.ndarray
    jumps: np.ndarray
    alpha: float | None
    _limit: _Limit = field(repr=False)
    _neurons: int = field(repr=False)

    def __post_init__(self):
        for array in (self.kinks, self.jumps, self.theta):
            if array is not None:
                array.setflags(write=False)

    def sequence(self, n: int) -> np.ndarray:
        """The n-th network (3H+1,) of a minimising sequence, n >= 1; `theta` for every n if the infimum is attained.

        A jump becomes a ramp, at most 1/n times as wide as the next kink, jump or end is far: L - infimum = O(1/n).
        """
        if int(n) != n or n < 1:
            raise ValueError(f"n must be an integer >= 1, got {n}. The sequence starts at n = 1.")
        return self.theta if self.attained else self._limit.network(self._neurons, int(n), self.alpha is not None)


def global_minimum(
    target: PiecewisePolynomial,
    density: PiecewisePolynomial | None = None,
    neurons: int = 3,
    *,
    skip: bool = False,
    rng: np.random.Generator | None = None,
    starts: int = 10,
    progress: bool = False,
) -> Minimum:
    """inf L for widths (1, neurons, 1), with the network that attains it or a sequence that approaches it.

    target    f, scalar         density   p >= 0 on the same interval; None means 1
    neurons   H, 1 to 10        skip      networks with a skip connection, alpha x + N_theta(x)
    rng       random starts; None means default_rng(0)
    starts    starting kinks for each of the 2^H patterns of facing left or right, more for small H

    For 1, ..., H neurons in turn every pattern starts from the knots of the best affine pieces, some of them replaced by
    random ones, and from the best results with one neuron less and a kink inserted; Newton's method follows.
    The function found is stationary and its risk exact up to rounding. Heuristic: that no better one was missed, and that
    the limit jumps only where f does (six jumps are tried, large and far apart first). If f is continuous and p > 0 is
    continuous, a jump never pays and the infimum is attained. Steps of f within rounding, or within ten times the error
    of an approximation, do not count as jumps.
    Cost: about 1 s for H = 8, up to 8 s with six jumps. Raises ValueError unless neurons and starts are in range, and as
    ExactRisk does; TypeError unless target is a PiecewisePolynomial.

    >>> best = global_minimum(PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), neurons=1)
    >>> round(best.risk * 3645, 9), best.kinks.round(9)
    (4.0, array([0.33333333]))
    """
    _check(target, neurons, starts)
    neurons, starts = int(neurons), int(starts)
    L = ExactRisk(ReLUNetwork(1, neurons, 1), target, density)
    search = _Search.of(L, skip, np.random.default_rng(0) if rng is None else rng, starts)
    best = None
    for h in tqdm(range(1, neurons + 1), desc="neurons", disable=not progress):
        if best is None or not search.negligible(best):
            best = search.better(best, h)
    theta = None if len(best.jumps) else best.network(neurons, 1, skip)
    risk = best.risk if skip or theta is None else L(theta)
    bound = min(lower_bound(search.problem, neurons, search.partitions), risk)
    a, alpha = target.domain[0], best.slope if skip else None
    return Minimum(risk, bound, theta is not None, theta, a + best.kinks, a + best.jumps, alpha, best, neurons)


def _check(target, neurons: int, starts: int) -> None:
    """Raise unless the target is on an interval and both numbers are integers in range."""
    for name, value, most in (("neurons", neurons, MOST_NEURONS), ("starts", starts, 10**4)):
        if int(value) != value or not 1 <= value <= most:
            raise ValueError(f"{name} must be an integer from 1 to {most}, got {value}. The cost grows like starts 2^neurons.")
    if not isinstance(target, PiecewisePolynomial):
        raise TypeError(
            f"target must be a PiecewisePolynomial, got {type(target).__name__}. "
            "PiecewisePolynomial.approximate makes one of any function on an interval."
        )


# ---------------------------------------------------------------- the search
@dataclass(frozen=True, eq=False)
class _Search:
    """The problem, prepared. knots[m] (m,): of the best m + 1 affine pieces; jumps: where f jumps, in s.

    kept[jumps chosen, free slope]: the best splines of that family found with one neuron less, with their R
    """

    problem: Problem
    moments: Moments
    partitions: Partitions
    knots: list[np.ndarray]
    jumps: np.ndarray
    skip: bool
    rng: np.random.Generator
    starts: int
    kept: dict = field(default_factory=dict)

    @classmethod
    def of(cls, L: ExactRisk, skip: bool, rng: np.random.Generator, starts: int) -> _Search:
        problem = Problem.of(L.target, L.density)
        grid = np.linspace(0.0, problem.ends[-1], CELLS + 1)
        if len(problem.ends) <= len(grid):
            grid = np.union1d(grid, problem.ends)
        partitions = Partitions.of(problem, grid)
        knots = [partitions.best(m)[1] for m in range(L.network.widths[1] + 1)]
        return cls(problem, Moments.of(problem), partitions, knots, _jumps(L.target), skip, rng, starts)

    @property
    def length(self) -> float:
        return self.problem.ends[-1]

    @property
    def noise(self) -> float:
        """What rounding leaves of a risk that is 0."""
        return (64 * EPS) ** 2 * self.moments.square

    def families(self, h: int) -> Iterator[tuple[tuple[int, ...], int, bool]]:
        """(jumps, number of kinks, free slope at a) of the families whose members are limits of networks with h neurons."""
        for r in range(min(h // 2, len(self.jumps)) + 1):
            for chosen in combinations(range(len(self.jumps)), r):
                if self.skip or r >= 2:
                    yield chosen, h - 2 * r, True
                else:
                    yield chosen, h - 2 * r, False
                    if h > 2 * r:
                        yield chosen, h - 2 * r - 1, True

    def better(self, best: _Limit | None, h: int) -> _Limit:
        """The best limit of networks with h neurons, or `best` if none is better; without jumps if that is as good."""
        pool = []
        for chosen, K, free in self.families(h):
            splines = self.starting_splines(self.jumps[list(chosen)], K, free, self.kept.get((chosen, free), ()))
            self.kept[chosen, free] = self.promising(splines)
            pool += self.kept[chosen, free][:OFFERED]
        pool = sorted(pool, key=lambda pair: pair[1])
        offered = 2 * pool[0][1] + 1e-12 * self.moments.square
        ends = [polish(self.problem, self.moments, one) for one, risk in pool[:POLISHED] if risk <= offered]
        found = [_Limit.of(*end, self.problem, self.noise) for end in ends] + ([] if best is None else [best])
        if len(self.jumps) and any(limit.settled for limit in found):
            found = [limit for limit in found if limit.settled]                 # the others are on their way to a jump
        least = min(limit.risk for limit in found)
        level = least * (1 + 1e-9) + self.noise
        return min(found, key=lambda limit: (limit.risk > level, len(limit.jumps), len(limit.kinks), limit.risk))

    def negligible(self, best: _Limit) -> bool:
        """True if the risk is 0 up to rounding."""
        return best.risk <= self.noise

    def starting_splines(self, jumps: np.ndarray, K: int, free: bool, kept) -> Splines:
        """Every pattern, several times, with chosen and random kinks; and the kept splines with one kink more."""
        r = len(jumps)
        patterns = np.zeros((1, r + K), dtype=bool) if free else np.array(list(product([False, True], repeat=r + K)))
        repeats = max(self.starts // comb(len(self.jumps), r), FEWEST // len(patterns), 2)
        left = np.repeat(patterns, repeats if K else 1, axis=0)
        parts = [Splines(self.random_kinks(len(left), K, jumps), left, jumps, free)]
        for one, _ in kept if K else ():
            parts += list(_inserted(one, self.length))
        t, left = (np.concatenate([getattr(part, name) for part in parts]) for name in ("t", "left"))
        even = np.arange(1, K + 1) / (K + 1) * self.length
        return Splines(0.999 * np.sort(t, axis=1) + 0.001 * even, left, jumps, free)      # strictly inside, no two equal

    def random_kinks(self, count: int, K: int, jumps: np.ndarray) -> np.ndarray:
        """(count, K): knots of the best affine pieces, of fewer pieces where kinks are to be random.

        Half of the random kinks are uniform, half lie near a knot or jump, at distances from 0.001 to 0.1 of the length.
        """
        rng, table = self.rng, np.full((K + 1, K), np.nan)
        for m in range(K + 1):
            knots = self.knots[m + len(jumps)]
            for q in jumps:                                                     # it has its knot already
                knots = np.delete(knots, np.argmin(np.abs(knots - q)))
            table[m, :m] = knots
        t = table[np.where(rng.random(count) < 1 / self.starts, K, rng.integers(0, K + 1, count))]
        near = rng.choice(np.concatenate([table[K], self.jumps]), t.shape) if K else t
        near = near + self.length * 10.0 ** rng.uniform(-3, -1, t.shape) * rng.standard_normal(t.shape)
        chance = np.where(rng.random(t.shape) < 0.5, rng.uniform(0, self.length, t.shape), near)
        return np.clip(np.where(np.isnan(t), chance, t), 0.0, self.length)

    def promising(self, splines: Splines) -> list[tuple[Splines, float]]:
        """The best few different splines, each with its R, after Newton steps on ever fewer of the starts."""
        for steps, share in ((5, 0.25), (8, 0.25), (12, 0.0)):
            chunks = [descend(self.moments, splines[i : i + CHUNK], steps) for i in range(0, len(splines), CHUNK)]
            t, risk = (np.concatenate(x) for x in zip(*[(part.t, R) for part, R in chunks], strict=True))
            order = np.argsort(risk, kind="stable")[: max(64, int(share * len(risk)))]
            splines, risk = replace(splines, t=t)[order], risk[order]
        different: list[tuple[Splines, float]] = []
        for i in range(len(splines)):
            far = (np.abs(splines.t[i] - other.t[0]).max(initial=0.0) > 1e-4 * self.length for other, _ in different)
            if len(different) < KEPT and all(far):
                different.append((splines[i : i + 1], float(risk[i])))
        return different


def _inserted(one: Splines, length: float) -> Iterator[Splines]:
    """The spline (B = 1) with one more kink in the middle of each gap, facing right or left."""
    ends = np.concatenate([[0.0], one.t[0], [length]])
    for k, middle in enumerate((ends[1:] + ends[:-1]) / 2):
        for facing in (False,) if one.free else (False, True):
            left = np.insert(one.left, len(one.jumps) + k, facing, axis=1)
            yield replace(one, t=np.insert(one.t, k, middle, axis=1), left=left)


def _jumps(target: PiecewisePolynomial) -> np.ndarray:
    """Where f jumps, in s, increasing: the six with the largest height^2 times distance to the next jump or end.

    Steps within rounding, or within ten times the error of an approximation, are none.
    """
    t, c = target.breaks - target.breaks[0], target.coefficients
    ends = np.array([np.polynomial.polynomial.polyval(h, row) for h, row in zip(np.diff(t), c, strict=True)])
    height = np.abs(c[1:, 0] - ends[:-1])
    least = max(64 * EPS * max(np.abs(c[:, 0]).max(), np.abs(ends).max()), 10 * (target.error_estimate or 0.0))
    q, height = t[1:-1][height > least], height[height > least]
    room = np.diff(np.r_[0.0, q, t[-1]])
    weight = height**2 * np.minimum(room[1:], room[:-1])
    return np.sort(q[np.argsort(-weight, kind="stable")[:MOST_JUMPS]])


# ---------------------------------------------------------------- from limits to networks
@dataclass(frozen=True, eq=False)
class _Limit:
    """A function that networks realize or approach.

    start, slope   at a        heights (r,) of the jumps        turns (r + K,) changes of slope at the jumps, then the kinks
    settled        False if kinks still run together: the derivative of the risk is not small
    """

    splines: Splines
    risk: float
    start: float
    slope: float
    heights: np.ndarray
    turns: np.ndarray
    settled: bool
    interval: tuple[float, float]

    @classmethod
    def of(cls, splines: Splines, fit: Fit, problem: Problem, noise: float) -> _Limit:
        risk, length, r = float(fit.risk[0]), problem.ends[-1], len(splines.jumps)
        steps, ramps = np.split(fit.coefficients[0], 2)
        settled = np.abs(fit.gradient).max(initial=0.0) * length <= 1e-6 * risk + noise
        return cls(splines, risk, steps[0], ramps[0], steps[1 : r + 1], ramps[1:], bool(settled), (problem.a, length))

    @property
    def jumps(self) -> np.ndarray:
        return self.splines.jumps

    @property
    def kinks(self) -> np.ndarray:
        return self.splines.t[0]

    def network(self, H: int, n: int, skip: bool) -> np.ndarray:
        """theta (3H+1,): this function with ramps for the jumps, at most 1/n times as wide as the next kink or end is far.

        A neuron faces left, (w, b) = (-1, t), or right, (1, -t); if the slope at a is free and there is no skip
        connection, one more neuron, active everywhere, gives it; neurons left over are (w, b, v) = (0, -1, 0).
        """
        a, length = self.interval
        tight = self.splines.free and not skip and 2 * len(self.jumps) + len(self.kinks) == H
        t, turns, left = self._ramps(n, tight)
        k, r = len(t), len(self.jumps)
        t, turns = np.r_[t, self.kinks], np.r_[turns, self.turns[r:]]
        left, k = np.r_[left, self.splines.left[0, r:]], len(t)
        w, b, v = np.zeros(H), np.full(H, -1.0), np.zeros(H)
        w[:k] = np.where(left, -1.0, 1.0)
        b[:k], v[:k] = -w[:k] * (a + t), turns
        c = self.start - turns @ np.where(left, t, 0.0) - (self.slope * a if skip else 0.0)
        if self.splines.free and not skip and not tight:
            w[k], b[k], v[k] = 1.0, length - a, self.slope
            c -= self.slope * length
        return np.concatenate([w, b, v, [c]])

    def _ramps(self, n: int, tight: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(positions, changes of slope, facing left), (2r,) each, of the ramps for the jumps.

        tight: all neurons are needed for kinks, so slope at a + changes facing left must be 0. Of the two highest jumps
        one neuron each faces left, and the second ramp is made so steep that the sum is 0: possible once they are steep.
        """
        q, r = self.jumps, len(self.jumps)
        J = np.where(np.abs(self.heights) > (least := 1e-9 * np.abs(self.heights).max(initial=0.0)), self.heights, least)
        z = np.r_[q, self.kinks, 0.0, self.interval[1]]
        reach = np.array([np.delete(np.abs(z - x), i).min() for i, x in enumerate(q)]) / n
        before = np.array([self.slope + self.turns[z[:-2] < x].sum() for x in q])
        after = before + self.turns[:r]
        steep = J / reach + (before + after) / 2
        left = np.repeat(self.splines.left[0, :r, None], 2, axis=1)
        if tight:
            i, j = np.argsort(-np.abs(J), kind="stable")[:2]
            same = J[i] * J[j] > 0
            left[i, 0] = left[j, int(same)] = True
            width = np.inf
            while not 0 < width <= reach[j]:
                reach[i] /= 2
                steep[i] = J[i] / reach[i] + (before[i] + after[i]) / 2
                rest = self.slope + steep[i] - before[i]
                steep[j] = rest + after[j] if same else before[j] - rest
                width = J[j] / (steep[j] - (before[j] + after[j]) / 2)
            reach[j] = width
        ends = np.stack([q - reach / 2, q + reach / 2], axis=1)
        return ends.ravel(), np.stack([steep - before, after - steep], axis=1).ravel(), left.ravel()
