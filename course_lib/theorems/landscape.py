"""Cards of lecture 06: critical points and local minima.

Contents   predicates of special targets -> affine targets, escape from a saddle, dead neurons, a continuum of minima
Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

import numpy as np

from course_lib.piecewise import PiecewisePolynomial, horner
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import INTERVAL, continuous, positive_density, undecided

CHERIDITO = "P. Cheridito, A. Jentzen, F. Rossmannek, J. Nonlinear Sci. 32:64 (2022), arXiv:2103.10922"


def one_polynomial(f) -> np.ndarray | None:
    """The coefficients in powers of x - a of a piecewise polynomial that is one polynomial on all of [a, b], else None."""
    if not isinstance(f, PiecewisePolynomial):
        return None
    first, a = f.coefficients[0], f.breaks[0]
    x = np.concatenate([np.linspace(s, t, f.degree + 3)[1:-1] for s, t in zip(f.breaks[:-1], f.breaks[1:], strict=True)])
    values = np.stack([horner(first, s) for s in x - a])
    return first if np.allclose(f(x), values, rtol=1e-12, atol=1e-12 * np.abs(first).max()) else None


def affine_target(network, f, p) -> bool | None:
    """alpha x + beta with alpha not 0; a plain function is not looked into."""
    if not isinstance(f, PiecewisePolynomial):
        return None
    c = one_polynomial(f)
    return c is not None and len(c) > 1 and bool(np.any(c[1] != 0) and not np.any(c[2:]))


def parabola(network, f, p) -> bool | None:
    """x^2 on [0, 1]."""
    if not isinstance(f, PiecewisePolynomial):
        return None
    c = one_polynomial(f)
    return f.domain == (0.0, 1.0) and c is not None and c.shape[:1] >= (3,) and bool(
        np.all(c[:2] == 0) and np.all(c[2] == 1) and not np.any(c[3:])
    )  # fmt: skip


def uniform_density(network, f, p) -> bool | None:
    if p is not None and not isinstance(p, PiecewisePolynomial):
        return None
    return p is None or (p.degree == 0 and bool((p.coefficients[:, 0] == 1).all()))


def two_neurons(network, f, p) -> bool:
    return network.widths[1] >= 2


def unit_interval(network, f, p) -> bool | None:
    return tuple(f.domain) == (0.0, 1.0) if isinstance(f, PiecewisePolynomial) else None


CARDS = (
    TheoremCard(
        slug="affine-target-classification",
        title="Critical points for an affine target",
        hypotheses=(
            INTERVAL,
            Hypothesis("affine target", r"$f(x)=\alpha x+\beta$ with $\alpha\ne0$ on $[a,b]$, $\ell=b-a$", affine_target),
            Hypothesis("uniform density", "$p=1$", uniform_density),
            Hypothesis("critical", r"$G(\theta)=0$", undecided),
        ),
        conclusion=(
            r"$\theta$ is no local maximum, and if it is a local minimum, it is global, with $L(\theta)=0$, or no neuron with $v_j\ne0$ is "
            r"active anywhere on $(a,b)$. The risk is (proved here) $L(\theta)=0$ or $L(\theta)=\alpha^2\ell^3/(12(n+1)^4)$ with an even "
            r"$n$, $0\le n\le H$, the number of points where $N_\theta$ bends; these cut $[a,b]$ into equal cells. If $n\ge2$ and "
            r"$L(\theta)>0$, then $\theta$ is a saddle."
        ),
        source=CHERIDITO + "; the levels, and a proof of this card: lecture 06",
        status="quoted",
        lecture="06_loss_landscape",
    ),
    TheoremCard(
        slug="escape-clock",
        title="A hundred times closer to a saddle costs ln(100)/lambda",
        hypotheses=(
            Hypothesis(
                "twice differentiable", r"near the critical point $\theta^*$ the risk is $C^2$ with a Lipschitz continuous Hessian", undecided
            ),
            Hypothesis(
                "least eigenvalue",
                r"the least eigenvalue $-\lambda<0$ of the Hessian at $\theta^*$ is simple, with unit eigenvector $u$",
                undecided,
            ),
            Hypothesis("start", r"$\Theta_0=\theta^*+d\,u$ with $d>0$, and the orbit that leaves $\theta^*$ along $u$ passes the level $L_1$", undecided),
        ),
        conclusion=(
            r"the time $T(d)$ at which $L(\Theta_t)=L_1$ satisfies $T(d/q)-T(d)\to\ln(q)/\lambda$ as $d\to0$, for every $q>1$."
        ),
        source="sketch in lecture 06",
        status="sketched here",
        lecture="06_loss_landscape",
    ),
    TheoremCard(
        slug="hierarchy-of-local-minima",
        title="Every number of live neurons has its local minimum",
        hypotheses=(
            INTERVAL,
            Hypothesis("parabola", "$f(x)=x^2$ on $[0,1]$", parabola),
            Hypothesis("uniform density", "$p=1$", uniform_density),
            Hypothesis("strictly dead", r"$0\le k\le H$, and $H-k$ neurons have $w_jx+b_j<0$ on all of $[0,1]$", undecided),
        ),
        conclusion=(
            r"with the other $k$ neurons facing right at $\tfrac{2i-1}{2k+1}$, jumps $v_iw_i=\tfrac4{2k+1}$, and "
            r"$c=\tfrac1{3(2k+1)^2}$, $\theta$ is a local minimum of risk $4/(45(2k+1)^4)$. For $k<H$ it is not global."
        ),
        source=(
            "that such a hierarchy exists: A. Jentzen, A. Riekert (2024), arXiv:2402.05155 (quoted in essence); the levels for $x^2$: "
            "proof in lecture 06"
        ),
        status="proved here",
        lecture="06_loss_landscape",
    ),
    TheoremCard(
        slug="dead-neuron-probability",
        title="Wide networks start with dead neurons, and then miss the global minimum",
        hypotheses=(
            INTERVAL,
            Hypothesis("unit interval", "$[a,b]=[0,1]$", unit_interval),
            Hypothesis("normal start", "$w_1,\\dots,w_H,b_1,\\dots,b_H$ are independent standard normal", undecided),
            Hypothesis("gradient method", "a parameter whose component of $G$ is $0$ at every step is not moved", undecided),
            Hypothesis("Lipschitz target", "$f$ is Lipschitz continuous", continuous),
            Hypothesis("positive density", "$p$ is bounded, and positive almost everywhere", positive_density),
        ),
        conclusion=(
            r"with probability $1-(5/8)^H$ some neuron is dead on $[0,1]$ at the start. It stays dead, and the risk stays at or above the least "
            r"risk $m_{H-1}$ of $H-1$ neurons for ever, and $m_{H-1}>m_H$ unless $m_{H-1}=0$."
        ),
        source=(
            "proof in lecture 06; on training in general: A. Jentzen, A. Riekert (2024), arXiv:2402.05155, with high probability stochastic "
            "gradient methods do not reach global minima (quoted in essence)"
        ),
        status="proved here",
        lecture="06_loss_landscape",
    ),
    TheoremCard(
        slug="local-minimum-continuum",
        title="A continuum of functions that are non-global local minima",
        hypotheses=(
            INTERVAL,
            Hypothesis("two neurons", r"$H\ge2$", two_neurons),
            Hypothesis("special target", r"given $a<b$ and $\delta>0$, the target is a suitable Lipschitz function $f$", undecided),
            Hypothesis("kink in the family", r"in our example on $[0,1]$, (6.18): the kink $t$ lies in $(0,\tfrac35)$", undecided),
        ),
        conclusion=(
            r"there are uncountably many different realizations $N_\theta$ of non-global local minima $\theta$ with "
            r"$L(\theta)>\inf L+\delta$. In our example (proved here) these are $c_t+s_t\max(x-t,0)$, all with risk "
            r"$(\tfrac94\ln7-\tfrac{783}{343})K^2$. For $H=1$ and continuous piecewise polynomial $f$ there are only finitely many "
            r"realizations of critical points."
        ),
        source="S. Ibragimov, A. Jentzen, T. Kröger, A. Riekert (2022), arXiv:2202.11481; the explicit target: proof in lecture 06",
        status="quoted",
        lecture="06_loss_landscape",
    ),
)
