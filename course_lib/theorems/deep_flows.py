"""Cards of lecture 11: flows of deep networks.

Contents   energy -> convergence -> a chain of neurons -> limiting subgradients -> two notions of critical -> valleys of G
Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import JENTZEN_RIEKERT, PIECEWISE, bounded_density, undecided

LECTURE = "11_deep_gradient_flow"


def chain(network, f, p) -> bool | None:
    """True if there is one neuron in every layer; of other networks the card does not speak."""
    return True if set(network.widths) == {1} else None


def deep(network, f, p) -> bool | None:
    return True if len(network.widths) > 3 else None


BOUNDED = Hypothesis("bounded data", "$f$ and $p$ are bounded, on a bounded box", bounded_density)
SOLUTION = Hypothesis(
    "solution", r"$\Theta:[0,\infty)\to\mathbb R^{\mathfrak d}$ is continuous and $\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$ for all $t$", undecided
)

CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="deep-energy-identity",
        title="Energy identity at every depth",
        hypotheses=(BOUNDED, SOLUTION),
        conclusion=(
            r"$L(\Theta_t)=L(\Theta_0)-\int_0^t\|G(\Theta_s)\|^2ds$ for all $t$. More generally, "
            r"$L(\gamma_t)-L(\gamma_0)=\int_0^t\langle G(\gamma_s),\gamma_s'\rangle\,ds$ along every absolutely continuous curve $\gamma$."
        ),
        source="proof in lecture 11",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="deep-gradient-flow",
        title="Deep gradient flows that do not diverge converge, with rates",
        hypotheses=(
            PIECEWISE,
            SOLUTION,
            Hypothesis("non-divergent", r"$\liminf_{t\to\infty}\|\Theta_t\|<\infty$", undecided),
        ),
        conclusion=(
            r"there are $\vartheta$ with $0\in\mathbb DL(\vartheta)$ and $C,\beta>0$ such that for all $t\ge0$ "
            r"$\|\Theta_t-\vartheta\|\le C(1+t)^{-\beta}$ and $|L(\Theta_t)-L(\vartheta)|\le C(1+t)^{-1}$."
        ),
        source=JENTZEN_RIEKERT + "; its proof, but for the KL inequality (card kl-inequality), in lectures 07 and 11",
        status="quoted in essence",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="chain-kl-exponent",
        title="Depth makes the risk of a chain flat",
        hypotheses=(
            Hypothesis("chain", r"widths $1,1,\dots,1$ with $K$ layers, $K\ge2$; $f=0$ and $p\ge0$ on $[0,b]$, $M=\int_0^bx^2p\,dx>0$", chain),
            Hypothesis("no biases", "all biases are held at $0$, and $G$ below has its $K$ weight components only", undecided),
            Hypothesis("equal weights", r"for the rate: $w_1=\dots=w_K>0$ at the start", undecided),
        ),
        conclusion=(
            r"where all $w_k>0$, $L=M\prod_kw_k^2$ and $L^\alpha\le C\|G\|$ with $\alpha=1-\frac1{2K}$, $C=\frac1{2\sqrt K}M^{-1/(2K)}$, with equality for equal "
            r"weights; no smaller exponent serves at $0$. From equal weights $w(0)$ the flow is $w^{-(2K-2)}=w(0)^{-(2K-2)}+4(K-1)Mt$; so "
            r"$L\sim\mathrm{const}\cdot t^{-K/(K-1)}$ and $\|\Theta_t\|\sim\mathrm{const}\cdot t^{-1/(2K-2)}$."
        ),
        source="proof in lecture 11",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="deep-limiting-subgradient",
        title="The generalized gradient is a limiting subgradient, at every depth",
        hypotheses=(BOUNDED, Hypothesis("convention", "$G$ is computed with relu'(0) = 0 in every hidden layer", undecided)),
        conclusion=(
            r"for every $\theta$ there are $\theta_n\to\theta$ at which $L$ is differentiable, with $\nabla L(\theta_n)=G(\theta_n)\to G(\theta)$. "
            r"So $G(\theta)\in\mathbb DL(\theta)$. Where at almost every $x$ no hidden pre-activation is $0$, $L$ is differentiable with gradient $G$."
        ),
        source="proof in lecture 11; in essence in " + JENTZEN_RIEKERT + ", and in the abstract of arXiv:2501.15646",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="two-critical-points",
        title="A deep flow may converge to a point where G is not zero",
        hypotheses=(
            Hypothesis("deep", "there are at least two hidden layers", deep),
            Hypothesis(
                "the corner",
                r"widths $1,1,2,1$, $f(x)=x$, $p=1$ on $[0,1]$, and $\vartheta$: $W^1=0$, $b^1=1$, $W^2=(1,1)^\top$, $b^2=(0,-1)$, "
                r"$W^3=(1,-1)$, $b^3=-\frac12$",
                undecided,
            ),
        ),
        conclusion=(
            r"$L(\vartheta)=\frac1{12}$ and $0\in\mathbb DL(\vartheta)$, but $G(\vartheta)=(-\frac16,0,\dots,0)\ne0$. There is a solution of "
            r"$\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$ with $\Theta_t\to\vartheta$ exponentially."
        ),
        source="proof in lecture 11, which uses the stable manifold theorem",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="no-way-out-of-a-valley",
        title="In a valley of G no solution starts",
        hypotheses=(
            Hypothesis(
                "two sides",
                r"near $\theta^*$ there is a continuously differentiable function $s$ with $s(\theta^*)=0$ such that $G$ is continuous on $\{s\le0\}$ and "
                r"continuous on $\{s>0\}$ with a limit $G^+$ at $\theta^*$; let $G^-=G(\theta^*)$",
                undecided,
            ),
            Hypothesis("valley", r"$\langle\nabla s(\theta^*),G^-\rangle<0<\langle\nabla s(\theta^*),G^+\rangle$", undecided),
        ),
        conclusion=(
            r"no solution of $\Theta_t=\theta^*-\int_0^tG(\Theta_s)\,ds$ exists, on however short an interval $[0,\tau]$; and from every start close to "
            r"$\theta^*$ no solution exists for all times. Example: widths $1,1,1,1$, $p=1$, $f=-1$ on $[-1,0]$ and $4x-1$ on $[0,1]$, all weights $1$, all biases $0$, $s=b^2$."
        ),
        source="proof in lecture 11",
        status="proved here",
        lecture=LECTURE,
    ),
)
