"""Cards of lecture 12: gradient descent for deep networks: the best of K, regular minima, dead layers, single runs.

Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import JENTZEN_RIEKERT, PIECEWISE, bounded_density, continuous, undecided

LECTURE = "12_deep_gradient_descent"


def one_input(network, f, p) -> bool:
    return network.widths[0] == 1


def hidden_layer(network, f, p) -> bool:
    return len(network.widths) > 2


def maybe_realized(network, f, p) -> bool | None:
    """False if f jumps or is not piecewise affine; otherwise nothing is said before a search."""
    if not isinstance(f, PiecewisePolynomial):
        return None
    return None if continuous(network, f, p) and not f.coefficients[:, 2:].any() else False


CARDS = (
    TheoremCard(
        slug="deep-best-of-k",
        title="The best of many descents learns what a deep network realizes without coincidences",
        hypotheses=(
            PIECEWISE,
            Hypothesis(
                "realized",
                r"$f=N_\vartheta$ on $[a,b]$ for some $\vartheta$ as in the card `regular-minimum`; so $\inf L=0$",
                maybe_realized,
            ),
            Hypothesis("small step", r"the learning rate $\eta$ is sufficiently small", undecided),
            Hypothesis("full support", "the starts are independent with one law, which charges every non-empty open set", undecided),
        ),
        conclusion=(
            r"$\lim_{K\to\infty}\mathbb P\bigl(\limsup_{n\to\infty}\min_{k\le K}L(\theta_n^k)=0\bigr)=1$, for networks of any depth. "
            r"(The order of the limits in $\eta$, $n$ and $K$ is as we know it; we do not vouch for it.)"
        ),
        source=JENTZEN_RIEKERT + ", for regular global minima; that such a $\\vartheta$ is one: proof in lecture 12",
        status="quoted in essence",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="regular-minimum",
        title="Where the risk of a deep network is continuously differentiable",
        hypotheses=(
            Hypothesis("one input", r"$\ell_0=1$, the network is regarded on $[a,b]$; hidden layers of any number and width", one_input),
            Hypothesis("bounded data", "$f$ and $p$ are bounded", bounded_density),
            Hypothesis("nowhere flat", r"no hidden pre-activation of $N_\theta$ is $0$ on a subinterval of positive length", undecided),
            Hypothesis(
                "no double zeros", r"no point of $[a,b]$ is a zero of pre-activations of two different hidden layers of $N_\theta$", undecided
            ),
        ),
        conclusion=(
            r"in a neighbourhood of $\theta$ the risk is continuously differentiable, its gradient is $G$, and $G$ is Lipschitz. In "
            r"particular, a global minimum with these properties is regular."
        ),
        source="proof in lecture 12",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="dead-layer-probability",
        title="A layer may be dead at the start, and with the depth this becomes certain",
        hypotheses=(
            Hypothesis("deep", r"hidden layers of widths $\ell_1,\dots,\ell_D$, $D\ge1$, inputs in a bounded set", hidden_layer),
            Hypothesis("normal start", "all parameters are independent standard normal", undecided),
            Hypothesis("gradient method", "a parameter whose component of $G$ is $0$ at every step is not moved", undecided),
        ),
        conclusion=(
            r"given the layers before it, the neurons of layer $k\ge2$ are dead independently, each with a probability "
            r"$q_k\in[2^{-(\ell_{k-1}+1)},\frac12]$, and the whole layer with probability $q_k^{\ell_k}$. Hence some hidden layer is dead with "
            r"probability at least $1-\prod_{k=2}^{D}\bigl(1-2^{-\ell_k(\ell_{k-1}+1)}\bigr)$. Then $N_{\theta_n}$ is constant for all $n$, "
            r"and $L(\theta_n)$ never falls below the risk of the best constant."
        ),
        source="proof in lecture 12",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="deep-non-convergence",
        title="A single run misses the global minima of wide or deep networks",
        hypotheses=(
            Hypothesis("deep", "a fully connected ReLU network, with the squared error over data", hidden_layer),
            Hypothesis("random start", "a random start and data that satisfy the assumptions of the articles", undecided),
            Hypothesis("one run", "one run of gradient descent, or of one of many stochastic and adaptive variants of it", undecided),
        ),
        conclusion=(
            "the probability that the run does not converge to a global minimum tends to one, at least exponentially fast, as the width of "
            "the first hidden layer grows, and also as the depth grows."
        ),
        source=(
            "T. Do, S. Hannibal, A. Jentzen (2024), arXiv:2410.10533; for shallow networks A. Jentzen, A. Riekert (2024), arXiv:2402.05155; "
            "for the risk itself T. Do, A. Jentzen, A. Riekert (2025), arXiv:2503.01660"
        ),
        status="quoted in essence",
        lecture=LECTURE,
    ),
)
