"""Cards of lecture 07: the KL inequality and rates.

Contents   predicates -> semialgebraic risks -> KL inequality -> finite length -> rates -> dying neuron -> exponential rate
Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

import numpy as np

from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import EBERLE, INTERVAL, JENTZEN_RIEKERT, PIECEWISE, given_as_pieces, undecided


def every_point(network, f, p) -> bool:
    """A choice of a parameter vector, not a condition."""
    return True


def flat_end(network, f, p) -> bool | None:
    """False unless widths are (1, 1, 1), f = 0 and p = x^m on [0, 1], as far as f and p tell; the start is never known."""
    if network.widths != (1, 1, 1):
        return False
    if isinstance(f, PiecewisePolynomial) and (f.coefficients.any() or f.domain != (0.0, 1.0)):
        return False
    if isinstance(p, PiecewisePolynomial) and not (p.domain == (0.0, 1.0) and _is_power(p)):
        return False
    return None


def _is_power(p: PiecewisePolynomial) -> bool:
    """p = x^m for an m up to the degree: equal to rounding in more points of each piece than the degree."""
    x = np.concatenate([np.linspace(s, t, p.degree + 3)[1:-1] for s, t in zip(p.breaks[:-1], p.breaks[1:], strict=True)])
    return any(np.allclose(p(x), x**m, rtol=1e-12, atol=1e-15) for m in range(p.degree + 1))


# The card kl-inequality grants ALONG near every point, for a target and a density given as pieces
ALONG = Hypothesis(
    "KL inequality",
    r"$L-L(\vartheta)$ obeys $|L(\theta)-L(\vartheta)|^\alpha\le C\|G(\theta)\|$ for $\|\theta-\vartheta\|<\varepsilon$, with some $\alpha\in(0,1)$",
    given_as_pieces,
)
RETURNS = Hypothesis("accumulation point", r"$\Theta_{t_n}\to\vartheta$ for some $t_n\to\infty$", undecided)
FLOW = Hypothesis(
    "flow", r"$\Theta$ is continuous and $L(\Theta_t)=L(\Theta_0)-\int_0^t\|G(\Theta_s)\|^2ds$, $\Theta_t=\Theta_0-\int_0^tG(\Theta_s)ds$", undecided
)

CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="semialgebraic-risk",
        title="Between crossings of kinks the risk is a rational function",
        hypotheses=(INTERVAL, PIECEWISE),
        conclusion=(
            r"as long as no kink $k_j=-b_j/w_j$ meets another kink, a breakpoint or an end of $[a,b]$, and all $w_j\ne0$, $L$ is a polynomial "
            r"in $\theta$ and the kinks in $(a,b)$; so, being continuous, $L$ is semialgebraic. With $w$ held fixed it is there a polynomial in $(b,v,c)$, "
            r"for $f=x^2$, $p=1$ of degree at most 5 along every line."
        ),
        source="proof in lecture 07",
        status="proved here",
        lecture="07_kl_inequality_and_rates",
    ),
    TheoremCard(
        slug="kl-inequality",
        title="The KL inequality for risks of ReLU networks",
        hypotheses=(
            PIECEWISE,
            Hypothesis("near a point", r"$\vartheta$ is any parameter vector; $\varepsilon$, $C$, $\alpha$ below depend on it", every_point),
        ),
        conclusion=(
            r"there are $\varepsilon,C>0$ and $\alpha\in(0,1)$ with $|L(\theta)-L(\vartheta)|^\alpha\le C\,\|G(\theta)\|$ for all $\theta$ with "
            r"$\|\theta-\vartheta\|<\varepsilon$."
        ),
        source=JENTZEN_RIEKERT + "; for one hidden layer " + EBERLE,
        status="quoted in essence",
        lecture="07_kl_inequality_and_rates",
    ),
    TheoremCard(
        slug="finite-length",
        title="From the KL inequality to finite length and a limit",
        hypotheses=(FLOW, RETURNS, ALONG),
        conclusion=(
            r"$\Theta_t\to\vartheta$, and once the flow is near $\vartheta$ for good, with $u(t)=L(\Theta_t)-L(\vartheta)$, "
            r"$\|\Theta_t-\vartheta\|\le\int_t^\infty\|G(\Theta_s)\|\,ds\le\frac{C}{1-\alpha}\,u(t)^{1-\alpha}$."
        ),
        source="proof in lecture 07",
        status="proved here",
        lecture="07_kl_inequality_and_rates",
    ),
    TheoremCard(
        slug="kl-rates",
        title="The KL exponent sets the rate",
        hypotheses=(
            FLOW,
            Hypothesis(
                "KL along the flow",
                r"$u(t)=L(\Theta_t)-L(\vartheta)$ satisfies $0<u^\alpha\le C\|G(\Theta_t)\|$ for all $t\ge0$, with $\alpha\in[\frac12,1)$",
                undecided,
            ),
        ),
        conclusion=(
            r"if $\alpha>\frac12$, then $u(t)\le\bigl[u(0)^{1-2\alpha}+(2\alpha-1)t/C^2\bigr]^{-1/(2\alpha-1)}$, an exponent above 1, and the "
            r"remaining length is $O(t^{-(1-\alpha)/(2\alpha-1)})$; if $\alpha=\frac12$, then $u(t)\le u(0)\,e^{-t/C^2}$ and the "
            r"remaining length is $O(e^{-t/(2C^2)})$."
        ),
        source="proof in lecture 07",
        status="proved here",
        lecture="07_kl_inequality_and_rates",
    ),
    TheoremCard(
        slug="dying-neuron-rates",
        title="A dying neuron is as slow as its density is flat",
        hypotheses=(
            Hypothesis(
                "one neuron at a flat end",
                "$f=0$ and $p(x)=x^m$ on $[0,1]$, $m\\ge0$ an integer; one neuron, $w<0<b<|w|$ at the start, outer bias $c=0$ held fixed",
                flat_end,
            ),
            Hypothesis("strong output", "$(m+3)\\,v^2>2b^2$ at the start", undecided),
        ),
        conclusion=(
            r"along the flow $v^2\to v_\infty^2=v_0^2-\frac{2b_0^2}{m+3}$, $w^2\to w_\infty^2=w_0^2+\frac{m+1}{m+3}b_0^2$ and "
            r"$b\,t^{1/(m+1)}\to|w_\infty|\bigl(\frac{m+2}{2v_\infty^2}\bigr)^{1/(m+1)}$. Hence $L$ decays like $t^{-(m+3)/(m+1)}$; near the limit "
            r"the KL inequality holds with $\alpha=\frac{m+2}{m+3}$ and with no smaller exponent."
        ),
        source="proof in lecture 07; with $c$ trained the same exponents are computed there",
        status="proved here",
        lecture="07_kl_inequality_and_rates",
    ),
    TheoremCard(
        slug="exponential-rate",
        title="A limit with a good Hessian is reached exponentially",
        hypotheses=(
            Hypothesis("twice differentiable", r"$\Theta_t\to\vartheta$, and $L$ is twice continuously differentiable near $\vartheta$", undecided),
            Hypothesis(
                "Morse-Bott",
                r"the critical points near $\vartheta$ form a manifold whose tangent space at $\vartheta$ is the kernel of the Hessian, and the "
                r"other eigenvalues of the Hessian at $\vartheta$ are at least $\lambda>0$",
                undecided,
            ),
        ),
        conclusion=(
            r"for every $\delta>0$ and all $\theta$ near $\vartheta$, $|L(\theta)-L(\vartheta)|^{1/2}\le\frac{1+\delta}{\sqrt{2\lambda}}\|G(\theta)\|$; "
            r"so the KL exponent is $\frac12$ and $L(\Theta_t)-L(\vartheta)=O(e^{-2\lambda t/(1+\delta)^2})$."
        ),
        source="proof in lecture 07",
        status="proved here",
        lecture="07_kl_inequality_and_rates",
    ),
)
