"""Cards of lecture 03: the generalized gradient.

Contents   limit of smooth gradients -> its rate -> where L is differentiable -> limiting subgradient -> Hessian -> balance
Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import (
    EBERLE,
    INTERVAL,
    JENTZEN_RIEKERT,
    PIECEWISE,
    bounded_density,
    given_as_pieces,
    shallow,
    undecided,
)

LECTURE = "03_generalized_gradient"
SHALLOW = Hypothesis("shallow", "one hidden layer of any width, input in $[a,b]^d$", shallow)
BOUNDED = Hypothesis("bounded", "$f$ and $p$ are bounded", given_as_pieces)

CARDS = (
    TheoremCard(
        slug="generalized-gradient",
        title="Gradients of smoothed risks converge at every parameter, to one limit",
        hypotheses=(
            SHALLOW,
            BOUNDED,
            Hypothesis(
                "smoothing",
                r"$R_n$ is continuously differentiable; as $n\to\infty$, $R_n(z)\to\max(z,0)$ and $R_n'(z)\to1_{(0,\infty)}(z)$ for every "
                r"real $z$, $z=0$ included; and $|R_n'|$ is bounded on every bounded interval, uniformly in $n$",
                undecided,
            ),
        ),
        conclusion=(
            r"at every $\theta$ the gradients of the risks $L_n$ with $R_n$ in place of the ReLU converge, and their limit $G(\theta)$ does not "
            r"depend on the choice of $R_n$. With $r=N_\theta-f$ and $A_j=\{x:w_j\cdot x+b_j>0\}$: $G_{w_j}=2v_j\int_{A_j}x\,r\,p$, "
            r"$G_{b_j}=2v_j\int_{A_j}r\,p$, $G_{v_j}=2\int\max(w_j\cdot x+b_j,0)\,r\,p$, $G_c=2\int r\,p$."
        ),
        source=EBERLE + "; for deep networks, with more special smoothings: " + JENTZEN_RIEKERT + "; for shallow ones: proof in lecture 03",
        status="quoted in essence",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="smooth-gradient-rate",
        title="Smooth gradients converge with order two",
        hypotheses=(
            INTERVAL,
            Hypothesis("piecewise Lipschitz", "$f$ and $p$ are Lipschitz continuous on finitely many pieces of $[a,b]$", given_as_pieces),
            Hypothesis(
                "exact tails",
                r"$R_n$ is continuously differentiable, $R_n(z)=0$ for $z\le0$, $R_n(z)=z$ for $z\ge1/n$, and $|R_n'|\le K$ for all $n$",
                undecided,
            ),
        ),
        conclusion=r"for every $\theta$ there is $C(\theta)$ such that $\|\nabla L_n(\theta)-G(\theta)\|\le C(\theta)\,n^{-2}$ for all $n\ge1$.",
        source="proof in lecture 03",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="differentiable-off-degenerate",
        title="The risk is differentiable where no neuron is degenerate",
        hypotheses=(
            INTERVAL,
            Hypothesis("bounded density", "$p$ is a bounded function, and so is $f$", bounded_density),
            Hypothesis("no degenerate neuron", r"$(w_j,b_j)\ne(0,0)$ for all $j$", undecided),
        ),
        conclusion=(
            r"near $\theta$ the risk is continuously differentiable, its gradient is $G$, and $G$ is Lipschitz continuous there. At every "
            r"$\theta$, degenerate or not, $L(\theta+h)-L(\theta)=\int_0^1\langle G(\theta+\tau h),h\rangle\,d\tau$ for all $h$."
        ),
        source="proof in lecture 03; in essence also in " + EBERLE,
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="limiting-subgradient",
        title="The generalized gradient is a limiting subgradient",
        hypotheses=(
            SHALLOW,
            BOUNDED,
            Hypothesis("convention", r"$G$ is computed with relu'(0) = 0", undecided),
        ),
        conclusion=(
            r"$G(\theta)$ is a limiting Fréchet subgradient of $L$ at every $\theta$; more precisely, there are $\theta_n\to\theta$ at which $L$ is "
            r"differentiable with $\nabla L(\theta_n)=G(\theta)$."
        ),
        source=EBERLE + "; for shallow networks with one input: proof in lecture 03",
        status="quoted in essence",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="kink-hessian",
        title="The Hessian has a term from the moving kinks",
        hypotheses=(
            INTERVAL,
            PIECEWISE,
            Hypothesis("kinks inside", r"every $w_j\ne0$ and every kink $k_j=-b_j/w_j$ lies in the open interval $(a,b)$", undecided),
            Hypothesis("continuous at kinks", "$f$ and $p$ are continuous at every $k_j$", undecided),
        ),
        conclusion=(
            r"$L$ is twice continuously differentiable near $\theta$. With $r=N_\theta-f$ its Hessian is $2\int\nabla N\,\nabla N^{\!\top}p$, plus $2\int_{A_j}x\,r\,p$ in the "
            r"entries $(w_j,v_j)$, plus $2\int_{A_j}r\,p$ in the entries $(b_j,v_j)$, plus $\kappa_j\begin{pmatrix}k_j^2&k_j\\k_j&1\end{pmatrix}$ in the block "
            r"$(w_j,b_j)$, where $\kappa_j=2v_j\,r(k_j)\,p(k_j)/|w_j|$."
        ),
        source="proof in lecture 03",
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="balance-identity",
        title="Each neuron's gradient is balanced",
        hypotheses=(
            SHALLOW,
            BOUNDED,
            Hypothesis("homogeneous activation", r"the activation is the ReLU, with relu'(0) = 0: $z\cdot1_{(0,\infty)}(z)=\max(z,0)$", undecided),
        ),
        conclusion=r"$w_j\cdot G_{w_j}+b_jG_{b_j}=v_jG_{v_j}$ for every neuron $j$ and every $\theta$, degenerate or not.",
        source="proof in lecture 03",
        status="proved here",
        lecture=LECTURE,
    ),
)
