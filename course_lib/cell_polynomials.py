"""The functions of the problem on a box with one, two or three coordinates: a polynomial on each of its convex cells.

    f(x) = sum_e c[k, e] x^e    on    cell k = {x in the box: n.x >= offset for each of its inequalities (n, offset)}

Contents   Simplices: bisection, the part behind a face -> kuhn -> CellPolynomial: values, degree, minimum -> checks
Layer      1; imports piecewise only
Notation   d coordinates; S simplices with vertices (S, d+1, d); K cells; M monomials x^e, exponents e (M, d)
Convention on a common face the value is that of the first cell of the list; jumps across faces are allowed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import factorial

import numpy as np

from course_lib.piecewise import EPS

ROUNDING = 64 * EPS         # of |n| |x| + |offset|: what may be a rounding error of zero
SLACK = 1e-12               # of the box: volume that cells may leave out or share


@dataclass(frozen=True, eq=False)
class Simplices:
    """vertices (S, d+1, d), volumes (S,) and labels (S,): where each was cut from. Volumes follow the ratios of the cuts."""

    vertices: np.ndarray
    volumes: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.volumes)

    def __getitem__(self, index) -> Simplices:
        return Simplices(self.vertices[index], self.volumes[index], self.labels[index])

    @staticmethod
    def join(parts: Sequence[Simplices]) -> Simplices:
        """All simplices of at least one part."""
        arrays = zip(*((part.vertices, part.volumes, part.labels) for part in parts), strict=True)
        return Simplices(*(np.concatenate(array) for array in arrays))

    def bisected(self, z: np.ndarray) -> Simplices:
        """Two children of each simplex: its edge from the smallest to the largest vertex value z is cut at the zero.

        z (S, d+1) holds an affine function that changes sign on every simplex. Each child has a vertex less on one side of
        the hyperplane z = 0, so cutting ends; of the edges that cross it this one is cut farthest from its ends' rounding.
        """
        rows, low, high = np.arange(len(self)), z.argmin(axis=1), z.argmax(axis=1)
        below, above = z[rows, low], z[rows, high]
        t = below / (below - above)
        start, end = self.vertices[rows, low], self.vertices[rows, high]
        root = start + t[:, None] * (end - start)
        vertices = np.concatenate([self.vertices, self.vertices])
        vertices[rows, high] = root
        vertices[len(self) + rows, low] = root
        return Simplices(vertices, np.concatenate([t * self.volumes, (1 - t) * self.volumes]), np.tile(self.labels, 2))

    def inside(self, normals: np.ndarray, offsets: np.ndarray) -> Simplices:
        """The part where normals (m, d) times x is >= offsets (m,)."""
        part = self
        for normal, offset in zip(normals, offsets, strict=True):
            bound = ROUNDING * (np.abs(part.vertices).max(axis=(0, 1), initial=0) @ np.abs(normal) + abs(offset))
            kept = []
            while len(part):
                z = part.vertices @ normal - offset
                z *= np.abs(z) > bound
                crossed = (z.min(axis=1) < 0) & (z.max(axis=1) > 0)
                kept.append(part[~crossed & (z.max(axis=1) > 0)])
                part = part[crossed].bisected(z[crossed])
            part = Simplices.join([*kept, part])
        return part


def kuhn(lower: np.ndarray, upper: np.ndarray) -> Simplices:
    """The box cut into d! simplices, one an order of the coordinates: from corner lower to corner upper along the axes."""
    d = len(lower)
    orders = [list(order) for order in permutations(range(d))]
    steps = np.array([np.vstack([np.zeros(d, int), np.cumsum(np.eye(d, dtype=int)[order], axis=0)]) for order in orders])
    volume = np.prod(upper - lower) / factorial(d)
    return Simplices(np.where(steps, upper, lower), np.full(len(orders), volume), np.zeros(len(orders), int))


@dataclass(frozen=True, eq=False)
class CellPolynomial:
    """x -> sum_e c[k, e] x^e on cell k of a box; scalar, or with a list of polynomials a cell, vector-valued.

    box     (lower, upper), d = 1, 2 or 3 coordinates each
    cells   (inequalities, polynomial) each: inequalities [(n, offset), ...] mean n.x >= offset, on top of the box;
            polynomial {exponents (i, ...): coefficient} in the coordinates of the box, or a list of these, one an output

    Raises ValueError unless the cells cover the box and overlap in faces only, measured by their volumes.

    >>> f = CellPolynomial(([0, 0], [1, 1]), [([((1, 1), 1)], {(0, 0): 2}), ([((-1, -1), -1)], {(1, 1): 1})])
    >>> f([[0.5, 0.75], [0.5, 0.25]])                   # 2 where x + y >= 1, else x y
    array([2.   , 0.125])
    """

    box: tuple
    cells: Sequence

    def __post_init__(self):
        lower, upper = _checked_box(self.box)
        faces = tuple(_checked_faces(k, inequalities, len(lower)) for k, (inequalities, _) in enumerate(self.cells))
        exponents, coefficients = _table([polynomial for _, polynomial in self.cells], len(lower))
        computed = {"lower": lower, "upper": upper, "faces": faces, "exponents": exponents, "coefficients": coefficients}
        for name, value in computed.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "triangulation", _triangulated(self))
        for array in (lower, upper, exponents, coefficients, *sum(faces, ()), *vars(self.triangulation).values()):
            array.setflags(write=False)

    @classmethod
    def on_box(cls, lower: Sequence[float], upper: Sequence[float], polynomial) -> CellPolynomial:
        """One polynomial on the whole box.

        >>> CellPolynomial.on_box([0, 0], [1, 1], {(1, 0): 1, (0, 2): 3})([[1, 1]])
        array([4.])
        """
        return cls((lower, upper), [([], polynomial)])

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """(lower, upper)."""
        return tuple(self.lower.tolist()), tuple(self.upper.tolist())

    @property
    def is_scalar(self) -> bool:
        """True if the polynomials were given alone, False if in lists, one an output."""
        return isinstance(self.cells[0][1], Mapping)

    @property
    def outputs(self) -> int:
        """The number of components; 1 for a scalar function."""
        return self.coefficients.shape[2]

    @property
    def degree(self) -> int:
        """The largest total degree of a monomial with a non-zero coefficient; 0 for the zero function."""
        used = self.coefficients.any(axis=(0, 2))
        return int(self.exponents.sum(axis=1)[used].max(initial=0))

    def __call__(self, x) -> np.ndarray:
        """f(x): x (n, d), or (n,) if d = 1; returns (n,), or (n, outputs) for a vector-valued function."""
        x = np.asarray(x, dtype=float)
        d = len(self.lower)
        x = x[:, None] if d == 1 and x.ndim == 1 else x
        if x.ndim != 2 or x.shape[1] != d:
            raise ValueError(f"x must have shape (n, {d}), got {x.shape}. Use [x] for one point.")
        outside = ~((self.lower <= x) & (x <= self.upper)).all(axis=1)
        if outside.any():
            first = x[outside][0].tolist()
            raise ValueError(f"x must lie in the box {self.domain}, but {first} came. Clip x, or widen the box.")
        values = polynomial_values(self.exponents, self.coefficients[self._cell(x)], x[:, None])[:, 0]
        return values[:, 0] if self.is_scalar else values

    def _cell(self, x: np.ndarray) -> np.ndarray:
        """The first cell that holds x (n, d) up to rounding; in a gap of rounding size the nearest."""
        slack = np.full((len(x), len(self.faces)), np.inf)
        for k, (normals, offsets) in enumerate(self.faces):
            if len(offsets):
                size = np.abs(x) @ np.abs(normals.T) + np.abs(offsets)
                slack[:, k] = ((x @ normals.T - offsets) / np.where(size > 0, size, 1.0)).min(axis=1)
        return (slack >= np.minimum(slack.max(axis=1, keepdims=True), -ROUNDING)).argmax(axis=1)

    def minimum(self) -> tuple[list[float], float]:
        """(x, f(x)) at the smallest value on a lattice in every simplex of the cells: for degree <= 1 the smallest of all."""
        d, n = len(self.lower), max(1, 4 * self.degree)
        lattice = np.array([(n - sum(i), *i) for i in product(range(n + 1), repeat=d) if sum(i) <= n]) / n
        x = lattice @ self.triangulation.vertices
        values = polynomial_values(self.exponents, self.coefficients[self.triangulation.labels], x)[..., 0]
        where = np.unravel_index(values.argmin(), values.shape)
        return x[where].tolist(), float(values[where])


def polynomial_values(exponents: np.ndarray, coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    """sum_m coefficients[s, m, o] x^exponents[m] at points x (S, Q, d) of S cells: (S, Q, O)."""
    value = np.zeros((*x.shape[:-1], coefficients.shape[2]))
    for m, powers in enumerate(exponents):
        monomial = np.prod([x[..., i] ** e for i, e in enumerate(powers) if e], axis=0)
        value += coefficients[:, m, None] * (monomial[..., None] if powers.any() else 1.0)
    return value


# -------------------------------------------------------------------- checks
def _checked_box(box) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) as arrays (d,); ValueError unless finite, lower < upper and d is 1, 2 or 3."""
    lower, upper = (np.array(corner, dtype=float) for corner in box)
    if lower.ndim != 1 or lower.shape != upper.shape or len(lower) not in (1, 2, 3):
        raise ValueError(
            f"box needs two corners with 1, 2 or 3 coordinates, got the shapes {lower.shape} and {upper.shape}. "
            "The unit square: ([0, 0], [1, 1])."
        )
    if not (np.isfinite([lower, upper]).all() and (lower < upper).all()):
        raise ValueError(f"box needs finite corners with lower < upper, got {lower.tolist()} and {upper.tolist()}. Swap them?")
    return lower, upper


def _checked_faces(k: int, inequalities, d: int) -> tuple[np.ndarray, np.ndarray]:
    """The inequalities of cell k as (normals (m, d), offsets (m,))."""
    normals, offsets = np.empty((len(inequalities), d)), np.empty(len(inequalities))
    for i, (normal, offset) in enumerate(inequalities):
        n = np.asarray(normal, dtype=float)
        if n.shape != (d,) or not n.any() or not np.isfinite([*n, offset]).all():
            raise ValueError(
                f"cell {k}: an inequality is (n, c) for n.x >= c with {d} finite numbers in n, not all 0; "
                f"number {i} is ({n.tolist()}, {offset}). Half of the unit square: ([1, 1], 1)."
            )
        normals[i], offsets[i] = n, offset
    return normals, offsets


def _table(polynomials: Sequence, d: int) -> tuple[np.ndarray, np.ndarray]:
    """(exponents (M, d), coefficients (K, M, O)) of one polynomial, or list of polynomials, a cell."""
    if not polynomials:
        raise ValueError("cells must hold at least one (inequalities, polynomial), got none. CellPolynomial.on_box makes one.")
    rows = [[polynomial] if isinstance(polynomial, Mapping) else list(polynomial) for polynomial in polynomials]
    kinds = {(isinstance(polynomial, Mapping), len(row)) for polynomial, row in zip(polynomials, rows, strict=True)}
    if len(kinds) != 1 or not rows[0]:
        raise ValueError(
            f"every cell needs the same number of outputs, got {[len(row) for row in rows]}. "
            "Give one polynomial a cell, or lists of one length."
        )
    monomials = sorted({e for row in rows for polynomial in row for e in polynomial} or {(0,) * d})
    for k, row in enumerate(rows):
        for e, c in (item for polynomial in row for item in polynomial.items()):
            if len(e) != d or any(i != int(i) or i < 0 for i in e) or not np.isfinite(c):
                raise ValueError(
                    f"cell {k}: a polynomial maps {d} exponents >= 0 to a finite coefficient, got {e}: {c}. "
                    f"The constant 1 is {{{(0,) * d}: 1}}."
                )
    table = [[[polynomial.get(e, 0.0) for polynomial in row] for e in monomials] for row in rows]
    return np.array(monomials, dtype=int), np.array(table, dtype=float)


def _triangulated(f: CellPolynomial) -> Simplices:
    """The simplices of all cells, labelled by their cell; ValueError unless the cells tile the box."""
    box, parts = kuhn(f.lower, f.upper), []
    for k, faces in enumerate(f.faces):
        part = box.inside(*faces)
        if not len(part):
            raise ValueError(f"cell {k} has no interior in the box {f.domain}. Check the signs: (n, c) means n.x >= c.")
        shared = Simplices.join(parts).inside(*faces) if parts else part[:0]
        if shared.volumes.sum() > SLACK * box.volumes.sum():
            j = shared.labels[shared.volumes.argmax()]
            raise ValueError(
                f"cells may overlap in faces only, but cells {j} and {k} share a volume of "
                f"{shared.volumes[shared.labels == j].sum():.3g}. Add an inequality to one of them."
            )
        parts.append(replace(part, labels=np.full(len(part), k)))
    whole = Simplices.join(parts)
    left_out = 1 - whole.volumes.sum() / box.volumes.sum()
    if left_out > SLACK:
        raise ValueError(f"cells must cover the box {f.domain}, but {left_out:.3g} of its volume is in none. Add a cell there.")
    return whole
