"""Cards of lecture 10: deep networks, exactly: cells, risks, backpropagation, balances, a Lyapunov function.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import JENTZEN_RIEKERT, PIECEWISE, bounded_density, undecided

LECTURE = "10_deep_networks"


def always(network, f, p) -> bool:
    """The networks of this course are ReLU networks."""
    return True


def one_input(network, f, p) -> bool:
    return network.widths[0] == 1


def constant_target(network, f, p) -> bool | None:
    """True where every coefficient beyond the constant ones vanishes and all pieces agree; of everything else None is said."""
    rows = getattr(f, "coefficients", None)
    if rows is None:
        return None
    if hasattr(f, "exponents"):
        constant = (rows[:, f.exponents.any(axis=1)] == 0).all() and (rows == rows[:1]).all()
    else:
        constant = (rows[:, 1:] == 0).all() and (rows == rows[:1]).all()
    return True if constant else None


RELU = Hypothesis("ReLU", r"every hidden layer has the activation $\max(z,0)$; widths $\ell_0,\dots,\ell_K$ are arbitrary", always)

CARDS = (
    TheoremCard(
        slug="depth-breakpoints",
        title="How often a deep network bends",
        hypotheses=(
            Hypothesis("one input", r"$\ell_0=1$, the network is regarded on an interval $[a,b]$", one_input),
            RELU,
        ),
        conclusion=(
            r"$[a,b]$ falls into at most $\prod_{k=1}^{K-1}(\ell_k+1)$ intervals on which $N_\theta$ is affine and no neuron changes sign. "
            r"Exponential growth does occur: with $m$ hidden layers of width two, the $m$-fold tent map has $2^m$ affine pieces."
        ),
        source="proof in lecture 10",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="deep-exactness",
        title="The risk of a deep network is a finite sum of integrals of polynomials",
        hypotheses=(
            RELU,
            PIECEWISE,
            Hypothesis("cells", "no hidden pre-activation changes sign inside a cell of integration, and $f$ and $p$ are polynomial there", always),
        ),
        conclusion=(
            r"the box is a union of finitely many simplices that are such cells. On each, $N_\theta$ is affine and $|N_\theta-f|^2p$ a "
            r"polynomial of degree at most $D=2\max(1,\deg f)+\deg p$, and a conical product of Gauss-Jacobi rules with "
            r"$\lfloor D/2\rfloor+1$ nodes in each direction gives its contribution to $L(\theta)$ and $G(\theta)$ exactly."
        ),
        source="proof in lecture 10",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="backpropagation-limit",
        title="Gradients of smoothed risks converge to backpropagation, at every parameter",
        hypotheses=(
            Hypothesis("bounded data", "$f$ and $p$ are bounded, on a bounded set", bounded_density),
            Hypothesis(
                "smoothed from the right",
                r"$R_r$ is continuously differentiable, $R_r(z)=0$ for $z\le\frac1{2r}$, $R_r(z)=z$ for $z\ge\frac1r$, "
                r"$0\le R_r(z)\le\max(z,0)$, and $|R_r'|$ is bounded uniformly in $r$",
                undecided,
            ),
        ),
        conclusion=(
            r"with $R_r$ in place of $\max(\cdot,0)$ in all hidden layers, $\nabla L_r(\theta)\to G(\theta)$ as $r\to\infty$ for every "
            r"$\theta$, where $G$ is given by backpropagation with the derivative $0$ at $0$."
        ),
        source=JENTZEN_RIEKERT + " in essence, with parameters that depend on the layer; proof with one parameter in lecture 10",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="layer-balance",
        title="Every hidden neuron of a deep network keeps its balance",
        hypotheses=(
            RELU,
            Hypothesis("flow", r"$\Theta$ is continuous and $\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$", undecided),
        ),
        conclusion=(
            r"for every hidden layer $k$ and neuron $i$ the balance $B_{k,i}=\sum_m(W^{k+1}_{mi})^2-\sum_j(W^k_{ij})^2-(b^k_i)^2$ is constant "
            r"along $\Theta$. At every $\theta$: $\sum_jW^k_{ij}G_{W^k_{ij}}+b^k_iG_{b^k_i}=\sum_mW^{k+1}_{mi}G_{W^{k+1}_{mi}}$."
        ),
        source="proof in lecture 10",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="deep-lyapunov-identity",
        title="A Lyapunov function for constant targets, at every depth",
        hypotheses=(
            RELU,
            Hypothesis("constant target", r"$f=\xi$ on the whole domain; $p$ is bounded", constant_target),
        ),
        conclusion=(
            r"$V(\theta)=\sum_{k=1}^K\bigl(k|b^k|^2+|W^k|^2\bigr)-2K\langle\xi,b^K\rangle$ satisfies $\langle\nabla V,G\rangle=4K\,L$ at every "
            r"$\theta$. Hence along every gradient flow $\frac{d}{dt}V(\Theta_t)=-4K\,L(\Theta_t)$, the flow is bounded, and "
            r"$L(\Theta_t)\le\frac{V(\Theta_0)+K|\xi|^2}{4Kt}$."
        ),
        source="proof in lecture 10, where the article on constant targets is named",
        status="proved here",
        lecture=LECTURE,
    ),
)
