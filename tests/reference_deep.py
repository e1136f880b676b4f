"""The slow, obvious truth for networks of any depth with one or two inputs: risk and generalized gradient as Fractions.

Floats are exact binary fractions, so a float problem has an exact rational answer. Intervals and convex polygons are cut at
the zeros of one neuron after another; on a part every neuron is an affine form. A polynomial is {exponents: Fraction}.
Shares no code with course_lib.
"""

from fractions import Fraction as Q
from functools import cached_property
from itertools import pairwise
from math import comb, prod


# -------------------------------------------------------------------- polynomials
def plus(*polynomials):
    total = {}
    for polynomial in polynomials:
        for e, c in polynomial.items():
            total[e] = total.get(e, 0) + c
    return total


def scaled(factor, polynomial):
    return {e: factor * c for e, c in polynomial.items() if factor * c != 0}


def times(a, b):
    return plus({}, *({tuple(i + j for i, j in zip(e, d, strict=True)): x * y} for e, x in a.items() for d, y in b.items()))


def value(polynomial, x):
    return sum((c * prod(t**i for t, i in zip(x, e, strict=True)) for e, c in polynomial.items()), Q(0))


# -------------------------------------------------------------------- cells: intervals and convex polygons
class Interval:
    def __init__(self, points):
        self.points = points

    def cut(self, form):
        """The parts on which an affine form keeps its sign."""
        (l,), (r,) = self.points
        zl, zr = value(form, (l,)), value(form, (r,))
        if zl * zr >= 0:
            return [self]
        root = l + (r - l) * zl / (zl - zr)
        return [Interval([(l,), (root,)]), Interval([(root,), (r,)])]

    def integral(self, polynomial):
        (l,), (r,) = self.points
        return sum((c * (r ** (i + 1) - l ** (i + 1)) / (i + 1) for (i,), c in polynomial.items()), Q(0))


class Polygon:
    def __init__(self, points):
        """Corners of a convex polygon, counterclockwise."""
        self.points = points
        self.known = {}

    def cut(self, form):
        """The parts on which an affine form keeps its sign."""
        z = [value(form, x) for x in self.points]
        if min(z) >= 0 or max(z) <= 0:
            return [self]
        sides = {1: [], -1: []}
        for (x, zx), (y, zy) in pairwise([*zip(self.points, z, strict=True), (self.points[0], z[0])]):
            for sign, side in sides.items():
                if sign * zx >= 0:
                    side.append(x)
                if zx * zy < 0:
                    t = zx / (zx - zy)
                    side.append(tuple(a + t * (b - a) for a, b in zip(x, y, strict=True)))
        return [Polygon(side) for side in sides.values()]

    def integral(self, polynomial):
        return sum((c * self.moment(e) for e, c in polynomial.items()), Q(0))

    def moment(self, e):
        """int x^i y^j = 1/(i+1) times the boundary integral of x^{i+1} y^j dy (Green)."""
        if e not in self.known:
            i, j = e
            self.known[e] = sum((self.along(x, y, i + 1, j) for x, y in self.sides), Q(0)) / (i + 1)
        return self.known[e]

    @cached_property
    def sides(self):
        return [(x, y) for x, y in pairwise([*self.points, self.points[0]]) if x[1] != y[1]]

    @staticmethod
    def along(x, y, m, n):
        """int x^m y^n dy from x to y: both powers expanded in t by the binomial theorem."""
        dx, dy = y[0] - x[0], y[1] - x[1]
        X = [comb(m, k) * x[0] ** (m - k) * dx**k for k in range(m + 1)]
        Y = [comb(n, k) * x[1] ** (n - k) * dy**k for k in range(n + 1)]
        return dy * sum(p * q / (i + j + 1) for i, p in enumerate(X) if p for j, q in enumerate(Y) if q)


# -------------------------------------------------------------------- problems: [(cell, [f_1, f_2, ...], p)]
def on_interval(f, p):
    """The parts of a problem of two PiecewisePolynomials."""
    breaks = sorted({Q(float(t)) for t in (*f.breaks, *p.breaks)})
    return [(Interval([(l,), (r,)]), piece(f, l), piece(p, l)[0]) for l, r in pairwise(breaks)]


def piece(f, x):
    """The global polynomials of the piece of f that starts at or before x, one an output."""
    k = max(k for k, t in enumerate(f.breaks[:-1]) if Q(float(t)) <= x)
    t, rows = Q(float(f.breaks[k])), f.coefficients[k].reshape(f.coefficients.shape[1], -1).T
    return [plus(*(shifted(Q(float(c)), m, t) for m, c in enumerate(row))) for row in rows]


def shifted(c, m, t):
    """c (x - t)^m in powers of x."""
    return {(j,): c * comb(m, j) * (-t) ** (m - j) for j in range(m + 1)}


def on_box(box, f_cells, p_cells):
    """The parts of a problem given as for CellPolynomial: box, and cells (inequalities, polynomial or list of them)."""
    (l, b), (r, t) = ([Q(float(x)) for x in corner] for corner in box)
    whole, parts = Polygon([(l, b), (r, b), (r, t), (l, t)]), []
    for f_faces, f in f_cells:
        for p_faces, p in p_cells:
            cell = inside(whole, [*f_faces, *p_faces])
            if cell is not None:
                parts.append((cell, [exact(g) for g in (f if isinstance(f, list) else [f])], exact(p)))
    return parts


def exact(polynomial):
    return {tuple(e): Q(float(c)) for e, c in polynomial.items()}


def inside(cell, faces):
    """The part of a cell where n.x >= c for all faces (n, c); None if it has no interior."""
    for n, c in faces:
        form = {(1, 0): Q(float(n[0])), (0, 1): Q(float(n[1])), (0, 0): -Q(float(c))}
        cell = next((part for part in cell.cut(form) if max(value(form, x) for x in part.points) > 0), None)
        if cell is None:
            return None
    return cell


# -------------------------------------------------------------------- risk and gradient
class Deep:
    """The exact numbers of the network theta of the given widths on the given parts: .risk and .gradient as Fractions."""

    def __init__(self, widths, theta, parts):
        theta, self.layers = [Q(float(t)) for t in theta], []
        for n, m in pairwise(widths):
            W, b, theta = theta[: m * n], theta[m * n : m * n + m], theta[m * n + m :]
            self.layers.append(([W[n * i : n * i + n] for i in range(m)], b))
        d = widths[0]
        self.x = [{tuple(int(i == j) for j in range(d)): Q(1)} for i in range(d)]
        self.one = (0,) * d
        self.parts = [(c, a, on, N, f, p) for whole, f, p in parts for c, a, on, N in self.affine_parts(whole)]

    def affine_parts(self, whole):
        """[(cell, inputs of every layer, active neurons of every hidden layer, outputs)], all affine forms on the cell."""
        done, waiting = [], [(whole, [self.x], [])]
        while waiting:
            cell, inputs, on = waiting.pop()
            W, b = self.layers[len(on)]
            z = [self.affine(row, c, inputs[-1]) for row, c in zip(W, b, strict=True)]
            if len(on) == len(self.layers) - 1:
                done.append((cell, inputs, on, z))
                continue
            cells = [cell]
            for form in z:
                cells = [part for c in cells for part in c.cut(form)]
            for c in cells:
                active = [max(value(form, x) for x in c.points) > 0 for form in z]
                a = [form if live else {} for form, live in zip(z, active, strict=True)]
                waiting.append((c, [*inputs, a], [*on, active]))
        return done

    def affine(self, row, b, inputs):
        return plus({self.one: b}, *(scaled(w, a) for w, a in zip(row, inputs, strict=True)))

    @property
    def cells(self):
        return [part[0] for part in self.parts]

    @property
    def risk(self):
        total = Q(0)
        for cell, _, _, N, f, p in self.parts:
            for Ni, fi in zip(N, f, strict=True):
                r = plus(Ni, scaled(-1, fi))
                total += cell.integral(times(times(r, r), p))
        return total

    @property
    def gradient(self):
        G = [([[Q(0)] * len(row) for row in W], [Q(0)] * len(b)) for W, b in self.layers]
        for cell, inputs, on, N, f, p in self.parts:
            for o, (Ni, fi) in enumerate(zip(N, f, strict=True)):
                m = scaled(2, times(plus(Ni, scaled(-1, fi)), p))
                moments = {e: cell.integral(times(m, {e: Q(1)})) for e in [self.one, *(next(iter(x)) for x in self.x)]}
                self.add_output(G, moments, inputs, on, o)
        return [g for W, b in G for g in [*(x for row in W for x in row), *b]]

    def add_output(self, G, moments, inputs, on, o):
        """Output o of one part: delta^L = e_o, delta^{k} = W^{k+1} transposed delta^{k+1} on the active neurons."""
        delta = [Q(int(i == o)) for i in range(len(self.layers[-1][1]))]
        for k in reversed(range(len(self.layers))):
            integrals = [sum((c * moments[e] for e, c in a.items()), Q(0)) for a in inputs[k]]
            for i, d in enumerate(delta):
                G[k][1][i] += d * moments[self.one]
                for j, integral in enumerate(integrals):
                    G[k][0][i][j] += d * integral
            if k:
                W = self.layers[k][0]
                delta = [on[k - 1][j] * sum(W[i][j] * d for i, d in enumerate(delta)) for j in range(len(on[k - 1]))]
