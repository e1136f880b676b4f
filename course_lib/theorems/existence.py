"""Cards of lecture 05: global minima, and when there are none.

Contents   predicates of special targets -> the step -> jumps -> continuous targets, skip connections -> closed forms
Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import INTERVAL, continuous, positive_density, shallow


def continuous_density(network, f, p) -> bool | None:
    return True if p is None else continuous(network, p, None)


def same(f: PiecewisePolynomial, g: PiecewisePolynomial) -> bool:
    """f = g, seen at more points of every common piece than their degrees can agree at by chance."""
    if f.domain != g.domain or f.coefficients.ndim != g.coefficients.ndim:
        return False
    edges = np.union1d(f.breaks, g.breaks)
    s = np.linspace(0, 1, max(f.degree, g.degree) + 3)[1:-1]
    x = (edges[:-1, None] + np.diff(edges)[:, None] * s).ravel()
    return bool(np.abs(f(x) - g(x)).max() <= 1e-12 * np.abs(g(x)).max())


def target_is(*targets: PiecewisePolynomial) -> Callable[..., bool | None]:
    """The predicate: f is one of these, and p = 1. Plain functions are not looked into."""

    def predicate(network, f, p) -> bool | None:
        if not isinstance(f, PiecewisePolynomial) or not (p is None or isinstance(p, PiecewisePolynomial)):
            return None
        uniform = p is None or same(p, PiecewisePolynomial.constant(1.0, *p.domain))
        return uniform and any(same(f, g) for g in targets)

    return predicate


def even_if_symmetric(network, f, p) -> bool | None:
    """Undecided for odd H on [-1, 1]: a skip connection is no part of the network."""
    if not isinstance(f, PiecewisePolynomial):
        return None
    return True if f.domain != (-1.0, 1.0) or network.widths[1] % 2 == 0 else None


def positive_everywhere(network, f, p) -> bool | None:
    """Decided for constants, and for a density that vanishes on a piece."""
    if p is None or positive_density(network, f, p) is False:
        return p is None
    return True if getattr(p, "degree", None) == 0 and len(p.breaks) > 1 else None


STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
SQUARES = [PiecewisePolynomial.polynomial([0, 0, 1], a, 1) for a in (0, -1)]
CONTINUOUS = Hypothesis("continuous target", "$f$ is continuous", continuous)
DENSITY = Hypothesis("continuous density", "$p$ is continuous, and zero outside a bounded set", continuous_density)

CARDS = (
    TheoremCard(
        slug="step-infimum",
        title="The step has no minimum, and the parameters pay for it",
        hypotheses=(
            INTERVAL,
            Hypothesis("step target", r"$f=1_{x>1/2}$ and $p=1$ on $[0,1]$", target_is(STEP)),
            Hypothesis("two neurons", r"$H\ge2$", lambda network, f, p: network.widths[1] >= 2),
        ),
        conclusion=(
            r"$\inf L=0$ is not attained. The ramp of slope $n\ge2$ through $(\tfrac12,\tfrac12)$ has $L=\tfrac1{12n}$, and its parameters of "
            r"least norm satisfy $\|\theta\|^2L\to\sqrt5/6$ as $n\to\infty$."
        ),
        source="proof in lecture 05",
        status="proved here",
        lecture="05_global_minima",
    ),
    TheoremCard(
        slug="jumps-never-pay",
        title="Where the target is continuous, a ramp beats a jump",
        hypotheses=(
            INTERVAL,
            Hypothesis(
                "jump",
                r"$g$ is affine on both sides of $q\in(a,b)$ and jumps there; $A=g(q-)-f(q)$, $B=g(q+)-f(q)$, $A\ne B$",
            ),
            Hypothesis("continuous target", "$f$ is continuous at $q$", continuous),
            Hypothesis("positive density", "$p$ is bounded with positive limits from both sides at $q$", positive_everywhere),
        ),
        conclusion=(
            r"laying a straight ramp of width $\delta$ instead of the jump on the side of $q$ with the larger error, where $p$ has the limit "
            r"$p_0$, changes $\int(g-f)^2p$ by $-\delta p_0\bigl(\tfrac16(A-B)^2+\tfrac12|A^2-B^2|\bigr)+o(\delta)<0$. In a bound "
            r"$-C\,\delta p_0(A-B)^2+o(\delta)$ the best constant is $C=\tfrac16$, for $A=-B$."
        ),
        source="proof in lecture 05",
        status="proved here",
        lecture="05_global_minima",
    ),
    TheoremCard(
        slug="continuous-target-minimum",
        title="A continuous target has a global minimum",
        hypotheses=(
            Hypothesis("shallow", r"one hidden layer of any width, input in $\mathbb R^d$", shallow),
            CONTINUOUS,
            DENSITY,
        ),
        conclusion=(
            r"there is $\vartheta$ with $L(\vartheta)=\inf L$. The class of networks is closed by adding generalised responses, limits that jump "
            "and take two neurons for a jump; none of those added is optimal."
        ),
        source="S. Dereich, S. Kassing (2023), arXiv:2303.03950; for one input and other densities: proof in lecture 05",
        status="quoted in essence",
        lecture="05_global_minima",
    ),
    TheoremCard(
        slug="square-optimal-risk",
        title="The global minimum for the square, at every width",
        hypotheses=(
            INTERVAL,
            Hypothesis("square target", "$f(x)=x^2$ and $p=1$, on $[0,1]$ or on $[-1,1]$", target_is(*SQUARES)),
            Hypothesis("even width", "on $[-1,1]$ the width $H$ is even, or there is a skip connection", even_if_symmetric),
        ),
        conclusion=(
            r"without a skip connection, on $[0,1]$, $\min L=\tfrac4{45(2H+1)^4}$, with kinks $\tfrac{2j-1}{2H+1}$, all neurons facing right; on $[-1,1]$ "
            r"$\min L=\tfrac8{45(H+1)^4}$, with equally spaced kinks. With a skip connection $\min L=\tfrac1{180(H+1)^4}$ on $[0,1]$."
        ),
        source="proof in lecture 05",
        status="proved here",
        lecture="05_global_minima",
    ),
    TheoremCard(
        slug="residual-minimum",
        title="With a skip connection, too, a continuous target has a global minimum",
        hypotheses=(
            Hypothesis("shallow", r"one hidden layer of any width, input in $\mathbb R^d$", shallow),
            Hypothesis("skip connection", r"the network is $x\mapsto\alpha\cdot x+N_\theta(x)$, and $\alpha$ is trained with $\theta$"),
            CONTINUOUS,
            DENSITY,
        ),
        conclusion=r"the risk attains its infimum over $(\alpha,\theta)$. For smooth activations such as softplus it need not.",
        source="S. Dereich, A. Jentzen, S. Kassing (2023), arXiv:2302.14690",
        status="quoted in essence",
        lecture="05_global_minima",
    ),
)
