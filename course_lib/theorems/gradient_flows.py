"""Cards of lecture 04: existence, uniqueness and identities of gradient flows.

Contents   predicates -> existence and uniqueness -> growth -> the balance -> what a conserved balance forbids
Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyder

from course_lib.piecewise import PiecewisePolynomial, horner
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import (
    EBERLE,
    INTERVAL,
    bounded_density,
    continuous,
    shallow,
    undecided,
)


def shallow_scalar(network, f, p) -> bool:
    return shallow(network, f, p) and network.widths[-1] == 1


def always(network, f, p) -> bool:
    """What every ReLUNetwork has: the ReLU, and inner biases."""
    return True


def concave(network, f, p) -> bool | None:
    """A scalar piecewise polynomial is concave exactly when it has no jump, no slope that jumps up, and no f'' > 0."""
    if not isinstance(f, PiecewisePolynomial) or f.coefficients.ndim > 2:
        return None
    slope, bend = (polyder(f.coefficients, m, axis=1) for m in (1, 2))
    left = np.array([horner(row, h) for row, h in zip(slope, np.diff(f.breaks), strict=True)][:-1])
    falls = (slope[1:, 0] <= left + 1e-12 * (1 + np.abs(left))).all()
    most = -PiecewisePolynomial(f.breaks, -bend).minimum()[1]
    return bool(continuous(network, f, p) and falls and most <= 1e-12 * (1 + np.abs(bend).max()))


SOLUTION = r"$\Theta$ is continuous and $\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$ for all $t\ge0$"
FLOW = Hypothesis("flow", SOLUTION, undecided)
BOUNDED = Hypothesis("bounded density", "$p$ is bounded", bounded_density)
MASS = Hypothesis("finite mass", r"$\int p<\infty$; $p$ may also be masses at points, such as data", bounded_density)

CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="existence-and-uniqueness",
        title="In the class where degenerate neurons never revive, there is exactly one flow",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer of any width, input in $[a,b]^d$, one output", shallow_scalar),
            BOUNDED,
            Hypothesis("continuous target", "$f$ is continuous", continuous),
            Hypothesis("never revives", r"with $D(\theta)=\{j:w_j=0,\,b_j=0\}$: $D(\Theta_s)\subseteq D(\Theta_t)$ for $s\le t$", undecided),
        ),
        conclusion=(
            r"for every $\theta$ there is exactly one continuous $\Theta:[0,\infty)\to\mathbb R^{\mathfrak d}$ of this class with "
            r"$\Theta_t=\theta-\int_0^tG(\Theta_s)\,ds$ for all $t\ge0$ ($\mathfrak d$ is the number of parameters)."
        ),
        source=EBERLE + " (existence and uniqueness in a suitable class; the class in this form as we know it); sketch in lecture 04",
        status="quoted in essence",
        lecture="04_gradient_flow",
    ),
    TheoremCard(
        slug="growth-at-most-root-t",
        title="A flow runs at most like the root of time",
        hypotheses=(MASS, FLOW),
        conclusion=r"$\|\Theta_t-\Theta_0\|\le\sqrt{t\,(L(\Theta_0)-L(\Theta_t))}\le\sqrt{t\,L(\Theta_0)}$ for all $t\ge0$.",
        source="proof in lecture 04",
        status="proved here",
        lecture="04_gradient_flow",
    ),
    TheoremCard(
        slug="conservation-law",
        title="The balance of every neuron is conserved",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer, one output", shallow_scalar),
            Hypothesis("homogeneous activation", r"the activation is the ReLU, $\sigma(sz)=s\,\sigma(z)$ for $s\ge0$", always),
            FLOW,
        ),
        conclusion=(
            r"$B_j=v_j^2-\|w_j\|^2-b_j^2$ is constant in time for every neuron $j$. The reason holds at every $\theta$: "
            r"$w_j\cdot G_{w_j}+b_jG_{b_j}=v_jG_{v_j}$."
        ),
        source="proof in lecture 04",
        status="proved here",
        lecture="04_gradient_flow",
    ),
    TheoremCard(
        slug="topological-obstruction",
        title="The level sets of the balances fall apart",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer, one output", shallow_scalar),
            Hypothesis("inner bias", "every neuron has at least two incoming parameters", always),
            Hypothesis("non-zero balance", r"$\beta_j\ne0$ for $j=1,\dots,H$", undecided),
            FLOW,
        ),
        conclusion=(
            r"$\{\theta:B_j(\theta)=\beta_j\text{ for all }j\}$ has $2^k$ connected components, $k$ the number of $j$ with $\beta_j>0$, told apart "
            r"by the signs of $v_j$ for these $j$; the flow never leaves the component in which it starts."
        ),
        source="M. Nurisso, P. Leroy, F. Vaccarino (NeurIPS 2024), arXiv:2410.14837; the count: proof in lecture 04",
        status="quoted in essence",
        lecture="04_gradient_flow",
    ),
    TheoremCard(
        slug="convex-barrier",
        title="Convex networks see a concave target only through its best line",
        hypotheses=(
            INTERVAL,
            Hypothesis("concave target", "$f$ is concave on $[a,b]$", concave),
            Hypothesis("positive sides", r"at the start $B_j>0$ and $v_j>0$ for every neuron $j$", undecided),
            FLOW,
        ),
        conclusion=(
            r"$L(\Theta_t)\ge\min_{\alpha,\beta}\int_a^b(\alpha+\beta x-f(x))^2p(x)\,dx$ for all $t\ge0$. For $f(x)=-\max(x-\frac12,0)$, $p=1$ "
            r"on $[0,1]$ the right side is $\frac1{192}$, while $\inf L=0$."
        ),
        source="proof in lecture 04",
        status="proved here",
        lecture="04_gradient_flow",
    ),
)
