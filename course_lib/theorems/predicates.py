"""What the cards share: sources, the predicates of hypotheses, hypotheses that return.

    predicate(network, f, p): True | False | None (cannot be decided before a run); p = None means 1

Contents   sources -> predicates -> hypotheses
Layer      theorems; imports piecewise and cards. A predicate answers for every kind of f and p, and never raises
"""

from __future__ import annotations

import numpy as np

from course_lib.piecewise import PiecewisePolynomial, horner
from course_lib.theorems.cards import Hypothesis

JENTZEN_RIEKERT = "A. Jentzen, A. Riekert, J. Mach. Learn. 1 (2022), arXiv:2112.09684"
EBERLE = "S. Eberle, A. Jentzen, A. Riekert, G. Weiss, ERA 31 (2023), arXiv:2108.08106"


def shallow(network, f, p) -> bool:
    return len(network.widths) == 3


def shallow_1d(network, f, p) -> bool:
    return network.is_shallow_1d


def continuous(network, f, p) -> bool | None:
    """A piecewise polynomial on an interval is Lipschitz exactly when it has no jump; of other functions one cell is."""
    if not isinstance(f, PiecewisePolynomial):
        return True if len(getattr(f, "cells", ())) == 1 else None
    ends = [horner(row, h) for row, h in zip(f.coefficients, np.diff(f.breaks), strict=True)]
    left, right = np.array(ends[:-1]), f(f.breaks[1:-1])
    return bool((np.abs(left.reshape(right.shape) - right) <= 1e-12 * (1 + np.abs(right))).all())


def pieces(g) -> bool:
    return g is None or hasattr(g, "breaks") or hasattr(g, "cells")


def given_as_pieces(network, f, p) -> bool | None:
    return True if pieces(f) and pieces(p) else None


def bounded_density(network, f, p) -> bool | None:
    """A piecewise polynomial on a bounded set is bounded; of a plain function nothing is known."""
    return True if pieces(p) else None


def positive_density(network, f, p) -> bool | None:
    """A polynomial p >= 0 that is not 0 vanishes in finitely many points."""
    if p is None:
        return True
    return bool(all(c.any() for c in p.coefficients)) if pieces(p) else None


def continuous_uniform(network, f, p) -> bool | None:
    """f continuous and p = 1."""
    if p is not None and not isinstance(p, PiecewisePolynomial):
        return None
    uniform = p is None or (p.degree == 0 and bool((p.coefficients[:, 0] == 1).all()))
    return continuous(network, f, p) if uniform else False


def undecided(network, f, p) -> None:
    return None


PIECEWISE = Hypothesis("piecewise polynomial", "target $f$ and density $p$ are piecewise polynomial", given_as_pieces)
INTERVAL = Hypothesis("shallow", "one input in $[a,b]$, one hidden layer, one output", shallow_1d)
