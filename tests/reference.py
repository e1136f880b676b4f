"""The slow, obvious truth: risk, generalized gradient and Hessian in rational arithmetic (fractions), no rounding anywhere.

Floats are exact binary fractions, so a float problem has an exact rational answer. Polynomials are lists of Fractions in
ascending powers of x itself. Shares no code with course_lib.
"""

from fractions import Fraction as Q
from itertools import pairwise
from math import comb


def times(a, b):
    product = [Q(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def plus(a, b):
    n = max(len(a), len(b))
    return [(a[i] if i < len(a) else 0) + (b[i] if i < len(b) else 0) for i in range(n)]


def integral(a, left, right):
    return sum((x * (right ** (m + 1) - left ** (m + 1)) / (m + 1) for m, x in enumerate(a)), Q(0))


def value(a, x):
    return sum((c * x**m for m, c in enumerate(a)), Q(0))


def shifted(local, t):
    """sum_m local[m] (x - t)^m in powers of x."""
    out = [Q(0)] * len(local)
    for m, c in enumerate(local):
        for j in range(m + 1):
            out[j] += Q(float(c)) * comb(m, j) * (-t) ** (m - j)
    return out


def pieces(function):
    """[(left, right, polynomial in x)] of a PiecewisePolynomial."""
    t = [Q(float(x)) for x in function.breaks]
    return [(l, r, shifted(list(c), l)) for (l, r), c in zip(pairwise(t), function.coefficients, strict=True)]


def piece_at(function_pieces, x):
    return next(poly for left, right, poly in function_pieces if left <= x <= right)


class Rational:
    """The exact problem (theta, f, p): .risk, .gradient, .hessian as Fractions."""

    def __init__(self, theta, f, p):
        H = len(theta) // 3
        theta = [Q(float(t)) for t in theta]
        self.w, self.b, self.v, self.c = theta[:H], theta[H : 2 * H], theta[2 * H : 3 * H], theta[3 * H]
        self.H, self.f, self.p = H, pieces(f), pieces(p)
        self.a, self.end = self.f[0][0], self.f[-1][1]
        ends = {x for part in (*self.f, *self.p) for x in part[:2]}
        kinks = {-b / w for w, b in zip(self.w, self.b, strict=True) if w != 0}
        self.cells = list(pairwise(sorted(ends | {k for k in kinks if self.a < k < self.end})))

    def on_cell(self, left, right):
        """(residual, density, dN/dtheta) as polynomials on one cell."""
        x = (left + right) / 2
        on = [w * x + b > 0 for w, b in zip(self.w, self.b, strict=True)]
        N, J = [self.c, Q(0)], [[Q(0)]] * (3 * self.H) + [[Q(1)]]
        for j in (j for j in range(self.H) if on[j]):
            N = plus(N, [self.v[j] * self.b[j], self.v[j] * self.w[j]])
            J[j], J[j + self.H], J[j + 2 * self.H] = [Q(0), self.v[j]], [self.v[j]], [self.b[j], self.w[j]]
        r = plus(N, [-c for c in piece_at(self.f, x)])
        return r, piece_at(self.p, x), J, on

    @property
    def risk(self):
        total = Q(0)
        for left, right in self.cells:
            r, p, _, _ = self.on_cell(left, right)
            total += integral(times(times(r, r), p), left, right)
        return total

    @property
    def gradient(self):
        G = [Q(0)] * (3 * self.H + 1)
        for left, right in self.cells:
            r, p, J, _ = self.on_cell(left, right)
            G = [g + 2 * integral(times(times(r, p), column), left, right) for g, column in zip(G, J, strict=True)]
        return G

    @property
    def hessian(self):
        n, H = 3 * self.H + 1, self.H
        A = [[Q(0)] * n for _ in range(n)]
        for left, right in self.cells:
            r, p, J, on = self.on_cell(left, right)
            for i in range(n):
                for j in range(n):
                    A[i][j] += 2 * integral(times(times(J[i], J[j]), p), left, right)
            for j in (j for j in range(H) if on[j]):
                for row, monomial in ((j, [Q(0), Q(1)]), (j + H, [Q(1)])):
                    S = 2 * integral(times(times(r, p), monomial), left, right)
                    A[row][j + 2 * H] += S
                    A[j + 2 * H][row] += S
        self._add_kink_terms(A)
        return A

    def _add_kink_terms(self, A):
        for j in (j for j in range(self.H) if self.w[j] != 0):
            k = -self.b[j] / self.w[j]
            if self.a < k < self.end:
                N = self.c + sum(v * max(w * k + b, 0) for w, b, v in zip(self.w, self.b, self.v, strict=True))
                kappa = 2 * self.v[j] * (N - value(piece_at(self.f, k), k)) * value(piece_at(self.p, k), k) / abs(self.w[j])
                for row, column, term in ((0, 0, k * k), (0, 1, k), (1, 0, k), (1, 1, Q(1))):
                    A[j + row * self.H][j + column * self.H] += kappa * term
