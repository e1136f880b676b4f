"""Cards of lectures 00 to 02: what the course is about, networks as functions, exact risks.

Contents   00 the three promises -> 01 networks -> 02 exact risk
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
    continuous,
    continuous_uniform,
    given_as_pieces,
    positive_density,
    shallow,
    undecided,
)

CARDS = (
    TheoremCard(
        slug="shallow-flow-convergence",
        title="Gradient flows of shallow networks converge with rates",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer of any width, input in $[a,b]^d$", shallow),
            PIECEWISE,
            Hypothesis("non-divergent", r"$\liminf_{t\to\infty}\|\Theta_t\|<\infty$", undecided),
        ),
        conclusion=(
            r"there are $\vartheta$ with $G(\vartheta)=0$ and $C,\beta>0$ such that, for all $t\ge0$, "
            r"$\|\Theta_t-\vartheta\|\le C(1+t)^{-\beta}$ and $|L(\Theta_t)-L(\vartheta)|\le C(1+t)^{-1}$."
        ),
        source=EBERLE,
        status="quoted in essence",
        lecture="00_start_here",
    ),
    TheoremCard(
        slug="energy-identity",
        title="Risk lost is speed squared",
        hypotheses=(
            Hypothesis("finite mass", r"$\int p<\infty$; $p$ may also be masses at points, such as data", bounded_density),
            Hypothesis("flow", r"$\Theta$ is continuous and $\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$ for all $t\ge0$", undecided),
        ),
        conclusion=r"$L(\Theta_t)=L(\Theta_0)-\int_0^t\|G(\Theta_s)\|^2\,ds$ for all $t\ge0$; in particular the risk never increases.",
        source=EBERLE + "; for shallow networks with one input: proof by smooth approximations in lecture 04",
        status="sketched here",
        lecture="00_start_here",
    ),
    TheoremCard(
        slug="lipschitz-global-minimum",
        title="A Lipschitz target on an interval has a regular global minimum",
        hypotheses=(
            INTERVAL,
            Hypothesis("Lipschitz target", "$f$ is Lipschitz continuous on $[a,b]$", continuous),
            Hypothesis("positive density", "$p$ is bounded, and positive almost everywhere", positive_density),
        ),
        conclusion=(
            r"there is $\vartheta$ with $L(\vartheta)=\inf L$ such that $L$ is continuously differentiable with Lipschitz "
            r"gradient near $\vartheta$."
        ),
        source=JENTZEN_RIEKERT + "; for one input and continuous target: proof in lecture 05",
        status="quoted in essence",
        lecture="00_start_here",
    ),
    TheoremCard(
        slug="kink-count",
        title="Which piecewise affine functions have H neurons",
        hypotheses=(
            INTERVAL,
            Hypothesis(
                "piecewise affine",
                "$g$ is continuous on $[a,b]$ and affine apart from kinks $q_1<\\dots<q_K$ in the open interval $(a,b)$, where its slope "
                "jumps by $d_1,\\dots,d_K\\ne0$; its leftmost slope is $m_0$",
                undecided,
            ),
            Hypothesis(
                "slope condition",
                "$K\\le H-1$, or $K=H$ and $m_0+\\sum_{i\\in S}d_i=0$ for some $S\\subseteq\\{1,\\dots,K\\}$, possibly empty",
                undecided,
            ),
        ),
        conclusion=(
            "some network with $H\\ge1$ neurons equals $g$ on $[a,b]$ (if $K=H$: one whose neurons at $q_i$, $i\\in S$, face left, the others "
            "right). Conversely, if some network with $H$ neurons equals $g$, the slope condition holds."
        ),
        source="proof in lecture 01",
        status="proved here",
        lecture="01_shallow_relu_networks",
    ),
    TheoremCard(
        slug="minimal-norm",
        title="A function with a small Lipschitz norm has some small parameters",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer of fixed width, input in $[a,b]^d$", shallow),
            Hypothesis(
                "Lipschitz norm",
                r"$A$ is the Lipschitz norm of $N_\theta$ (maximum plus Lipschitz constant, or an equivalent norm), not a Hölder norm",
                lambda network, f, p: True,
            ),
        ),
        conclusion=(
            r"$\inf\{\|\phi\|:N_\phi=N_\theta\}\le C\,(A^{1/2}+A)$, where $\phi$ has the architecture of $\theta$ and $C$ does not depend on "
            r"$\theta$. For $H=1$ on $[0,1]$ and $A=|N_\theta(0)|+\mathrm{Lip}(N_\theta)$ the least such $C$ is $2^{3/4}$ (proved here)."
        ),
        source="A. Jentzen, T. Kröger (2022), arXiv:2206.13646; the constant for $H=1$: proof in lecture 01",
        status="quoted",
        lecture="01_shallow_relu_networks",
    ),
    TheoremCard(
        slug="closed-realizations",
        title="Limits of networks in the maximum norm are networks",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer of fixed width, input in $[a,b]^d$", shallow),
            Hypothesis("maximum norm", r"$\|N_{\theta_n}-g\|_\infty\to0$", undecided),
        ),
        conclusion=r"$g$ is the realization of a network of the same architecture, even if $\|\theta_n\|\to\infty$.",
        source=(
            JENTZEN_RIEKERT
            + "; also, with the failure in $L^p$, in P. Petersen, M. Raslan, F. Voigtlaender (2018), arXiv:1806.08459; "
            + "for one input: proof in lecture 01"
        ),
        status="quoted",
        lecture="01_shallow_relu_networks",
    ),
    TheoremCard(
        slug="exact-quadrature",
        title="Gauss-Legendre between kinks is exact",
        hypotheses=(
            INTERVAL,
            PIECEWISE,
            Hypothesis("cells", "every kink in $(a,b)$ and every breakpoint of $f$ and $p$ is an end of a cell", lambda network, f, p: True),
        ),
        conclusion=(
            r"on every cell $(N_\theta-f)^2p$ is a polynomial of degree at most $2\max(1,\deg f)+\deg p$, so Gauss-Legendre with "
            r"$\lfloor(2\max(1,\deg f)+\deg p)/2\rfloor+1$ nodes a cell gives $L(\theta)$ exactly."
        ),
        source="proof in lecture 02",
        status="proved here",
        lecture="02_exact_risk",
    ),
    TheoremCard(
        slug="monte-carlo-rate",
        title="Sampling sees the risk with error one over root n",
        hypotheses=(
            Hypothesis("sampled from p", r"$x_1,\dots,x_n$ are independent with density $p/\int p$", undecided),
            Hypothesis("finite variance", r"$r^2=(N_\theta-f)^2$ is square-integrable against $p$", given_as_pieces),
        ),
        conclusion=(
            r"$\hat L_n=\frac{\int p}{n}\sum_i r(x_i)^2$ has mean $L(\theta)$ and root mean square error exactly $\sigma/\sqrt n$, "
            r"$\sigma^2=\int p\int r^4p-L(\theta)^2$."
        ),
        source="proof in lecture 02",
        status="proved here",
        lecture="02_exact_risk",
    ),
    TheoremCard(
        slug="grid-rate",
        title="A uniform grid sees the risk with error one over n squared",
        hypotheses=(
            INTERVAL,
            Hypothesis("continuous target", "$f$ is continuous and piecewise twice continuously differentiable; $p=1$", continuous_uniform),
        ),
        conclusion=r"the midpoint rule with $n$ points differs from $L(\theta)$ by at most $C(\theta)\,n^{-2}$.",
        source="proof in lecture 02",
        status="proved here",
        lecture="02_exact_risk",
    ),
    TheoremCard(
        slug="target-perturbation",
        title="A target known to within delta gives a root risk known to within delta",
        hypotheses=(
            Hypothesis("maximum norm", r"$|f-g|\le\delta$ on $[a,b]$", undecided),
            Hypothesis("finite mass", r"$P=\int p<\infty$", bounded_density),
        ),
        conclusion=r"$\bigl|\sqrt{L_f(\theta)}-\sqrt{L_g(\theta)}\bigr|\le\delta\sqrt P$ for every $\theta$.",
        source="proof in lecture 02",
        status="proved here",
        lecture="02_exact_risk",
    ),
)
