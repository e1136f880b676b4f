"""Cards of lecture 14: finite data and approximate stationarity.

Contents   orthogonal inputs: the theorem, the clock, the least variation norm -> Goldstein points: steps, calls, the theorem
Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import undecided

LECTURE = "14_finite_data_and_stationarity"
BOURSIER = "E. Boursier, L. Pillaud-Vivien, N. Flammarion, NeurIPS 2022, arXiv:2206.00939"
TIAN = "L. Tian, K. Zhou, A. M.-C. So, ICML 2022, arXiv:2107.01811"
ZHANG = "J. Zhang, H. Lin, S. Jegelka, S. Sra, A. Jadbabaie, arXiv:2002.04130"

NETWORK = Hypothesis(
    "no biases", r"the network is $N(x)=\sum_jv_j\max(w_j\cdot x,0)$, of any width, and $L=\frac1{2n}\sum_i(N(x_i)-y_i)^2$", undecided
)
ORTHONORMAL = Hypothesis("orthonormal inputs", r"$x_i\cdot x_k=0$ for $i\ne k$, and $|x_i|=1$", undecided)
BELOW = Hypothesis("bounded below", r"$F:\mathbb R^d\to\mathbb R$ is bounded below, and $\Delta=F(x_0)-\inf F$", undecided)
LIPSCHITZ = Hypothesis("Lipschitz", r"$|F(x)-F(y)|\le\Lambda|x-y|$ for all $x$ and $y$", undecided)

CARDS = (
    TheoremCard(
        slug="orthogonal-inputs",
        title="Orthogonal inputs: zero loss, least variation norm, from saddle to saddle",
        hypotheses=(
            NETWORK,
            Hypothesis("orthogonal inputs", r"the inputs $x_1,\dots,x_n$ are orthogonal to each other", undecided),
            Hypothesis("small start", r"the start is random and balanced, $|v_j|=|w_j|$, of size $\lambda$, and $\lambda$ is small", undecided),
            Hypothesis("both signs", r"for each sign of the values some neuron with $v_j$ of that sign starts active on all inputs of that sign", undecided),
        ),
        conclusion=(
            r"gradient flow converges to zero loss; its limit is biased, as $\lambda\to0$, to least variation norm $\sum_j|v_j||w_j|$ among the networks of "
            r"zero loss; early on the neurons align with few directions; and the path goes from saddle to saddle."
        ),
        source=BOURSIER + " (abstract; the fourth hypothesis is the form used in lecture 14)",
        status="quoted",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="logistic-clock",
        title="From an aligned start the saddle-to-saddle path is a logistic curve",
        hypotheses=(
            NETWORK,
            ORTHONORMAL,
            Hypothesis(
                "aligned start",
                r"$y_+=\max(y,0)$ and $y_-=\max(-y,0)$ are not $0$, and there are two neurons: $w_\pm=\lambda\sum_iy_{\pm,i}x_i/|y_\pm|$, "
                r"$v_\pm=\pm\lambda$, $0<\lambda^2<\min|y_\pm|$",
                undecided,
            ),
        ),
        conclusion=(
            r"for all $t$ the directions stay, $|v_\pm||w_\pm|=m_\pm(t)=|y_\pm|\big/\bigl(1+(|y_\pm|\lambda^{-2}-1)e^{-2|y_\pm|t/n}\bigr)$ and "
            r"$L=\frac1{2n}\bigl((|y_+|-m_+)^2+(|y_-|-m_-)^2\bigr)$. So $m_\pm$ passes $|y_\pm|/2$ at "
            r"$t_\pm=\frac n{2|y_\pm|}\ln(|y_\pm|\lambda^{-2}-1)$, which grows by $n/|y_\pm|$ with each unit of $\ln(1/\lambda)$, in the limit."
        ),
        source="proof in lecture 14",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="minimal-variation-norm",
        title="The least variation norm of orthonormal data",
        hypotheses=(
            Hypothesis("no biases", r"the network is $N(x)=\sum_jv_j\max(w_j\cdot x,0)$, of any width", undecided),
            ORTHONORMAL,
            Hypothesis("interpolation", r"$N(x_i)=y_i$ for all $i$", undecided),
        ),
        conclusion=(
            r"$\frac12\sum_j(v_j^2+|w_j|^2)\ge\sum_j|v_j||w_j|\ge|y_+|+|y_-|$, where $y_+=\max(y,0)$, $y_-=\max(-y,0)$. Two neurons attain both equalities."
        ),
        source="proof in lecture 14",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="goldstein-step-bound",
        title="Few accepted steps",
        hypotheses=(
            BELOW,
            Hypothesis("sufficient decrease", r"a step is accepted only if it lowers $F$ by at least $\delta|m|/4$", undecided),
            Hypothesis("stopping rule", r"the method stops as soon as $|m|\le\varepsilon$", undecided),
        ),
        conclusion=r"at most $4\Delta/(\delta\varepsilon)$ steps are accepted, whatever the gradients and the random numbers are.",
        source="proof in lecture 14",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="goldstein-calls",
        title="Expected number of gradients of the interpolated method",
        hypotheses=(
            BELOW,
            LIPSCHITZ,
            Hypothesis(
                "random points",
                r"$d$ is $m$ plus a uniform point of a ball of radius $\varepsilon^4/(8\Lambda^3)$, normalized, and the gradient is taken at a uniform point of $[x,x-\delta d]$",
                undecided,
            ),
        ),
        conclusion=(
            r"the method of lecture 14 stops with probability one at a $(\delta,\varepsilon)$-stationary point, after at most "
            r"$\bigl(1+\frac{4\Delta}{\delta\varepsilon}\bigr)\bigl(1+2\lceil8\Lambda^2/\varepsilon^2\rceil\bigr)$ gradients in the mean."
        ),
        source="proof in lecture 14; the rule for $m$ follows, without vouching for its exact form, " + ZHANG,
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="goldstein-stationarity",
        title="Approximate stationary points of Lipschitz functions in finite time",
        hypotheses=(BELOW, LIPSCHITZ),
        conclusion=(
            r"a perturbed interpolated normalized gradient descent that is handed nothing but values, and gradients where they exist, finds a $(\delta,\varepsilon)$-stationary point in the sense of "
            r"Goldstein, with high probability, after $\Delta\Lambda^2/(\delta\varepsilon^3)$ gradients up to constants and logarithms."
        ),
        source=TIAN + "; before it, with a stronger oracle: " + ZHANG,
        status="quoted in essence",
        lecture=LECTURE,
    ),
)
