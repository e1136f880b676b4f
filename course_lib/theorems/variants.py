"""Cards of lecture 09: other ways to train.

Contents   constant targets: Lyapunov function -> minibatch steps -> the theorem -> normalized flow -> large steps
Layer      theorems; imports piecewise, cell_polynomials, cards and predicates
"""

from __future__ import annotations

import numpy as np

from course_lib.cell_polynomials import CellPolynomial
from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import INTERVAL, bounded_density, continuous, undecided


def constant_target(network, f, p) -> bool | None:
    """One output, degree 0, one value on all pieces or cells."""
    if not isinstance(f, PiecewisePolynomial | CellPolynomial):
        return None
    return bool(f.outputs == 1 and f.degree == 0 and (f.coefficients == f.coefficients[:1]).all())


def one_input_one_output(network, f, p) -> bool:
    return network.widths[0] == network.widths[-1] == 1


def one_neuron_lipschitz(network, f, p) -> bool | None:
    """One input, one hidden neuron, one output; f continuous (a piecewise polynomial is then Lipschitz)."""
    return continuous(network, f, p) if network.widths == (1, 1, 1) else False


def identity_target(f, p) -> bool | None:
    """f(x) = x and p = 1 on [0, 1], piece by piece."""
    if p is not None and not isinstance(p, PiecewisePolynomial):
        return None
    if not isinstance(f, PiecewisePolynomial):
        return None
    if f.domain != (0.0, 1.0) or f.degree != 1 or f.outputs != 1:
        return False
    line = np.column_stack([f.breaks[:-1], np.ones(len(f.breaks) - 1)])
    uniform = p is None or (p.degree == 0 and (p.coefficients[:, 0] == 1).all())
    return bool(uniform and (np.abs(f.coefficients[:, :2] - line) <= 1e-14).all())


def identity_one_neuron(network, f, p) -> bool | None:
    return identity_target(f, p) if network.widths == (1, 1, 1) else False


def identity_two_neurons(network, f, p) -> bool | None:
    return identity_target(f, p) if network.widths == (1, 2, 1) else False


CONSTANT = Hypothesis("constant target", r"$f=\xi$ on $[a,b]$ for a number $\xi$", constant_target)
CUBIC = Hypothesis(
    "cubic map",
    "$f(x)=x$ and $p=1$ on $[0,1]$, $N(x)=v\\max(wx,0)$, that is $b=c=0$ held, and start $v=w=u_0>0$; $k=2\\eta/3$",
    identity_one_neuron,
)

CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="constant-target-lyapunov",
        title="For a constant target one quadratic falls along every flow",
        hypotheses=(INTERVAL, CONSTANT, Hypothesis("bounded density", "$p\\ge0$ is bounded", bounded_density)),
        conclusion=(
            r"$V(\theta)=\|\theta\|^2+(c-2\xi)^2$ satisfies $\langle\nabla V,G\rangle=8L$ everywhere. Hence $G(\theta)=0$ only where "
            r"$L(\theta)=0$; and along every gradient flow $V(\Theta_t)+8\int_0^tL(\Theta_s)\,ds=V(\Theta_0)$, the flow is bounded, and "
            r"$L(\Theta_t)\le(V(\Theta_0)-2\xi^2)/(8t)$."
        ),
        source="proof in lecture 09; form of the function: M. Hutzenthaler, A. Jentzen, K. Pohl, A. Riekert, L. Scarpa (2021), arXiv:2112.07369",
        status="proved here",
        lecture="09_variants_of_training",
    ),
    TheoremCard(
        slug="minibatch-step",
        title="The same quadratic falls in every minibatch step, whatever was drawn",
        hypotheses=(
            INTERVAL,
            CONSTANT,
            Hypothesis(
                "small rate",
                r"$\eta\,M\,(D\,\hat V_0+2)\le1$ with $M=\int p$, $D=1+\max(a^2,b^2)$, $\hat V_0=V(\theta_0)-2\xi^2$",
                undecided,
            ),
        ),
        conclusion=(
            r"for minibatch risks $R_n$ and $\theta_{n+1}=\theta_n-\eta\nabla R_n(\theta_n)$: $V(\theta_{n+1})-V(\theta_n)=-8\eta R_n+\eta^2Q_n"
            r"\le-4\eta R_n$ with $Q_n=\|\nabla R_n\|^2+(\partial_cR_n)^2$ (the equality for every $\eta$), so that "
            r"$\sum_nR_n(\theta_n)\le\hat V_0/(4\eta)$ for every outcome and $\sum_n\mathbb E\,L(\theta_n)\le\hat V_0/(4\eta)$."
        ),
        source="proof in lecture 09",
        status="proved here",
        lecture="09_variants_of_training",
    ),
    TheoremCard(
        slug="constant-target-sgd",
        title="Stochastic gradient descent converges for constant targets, at every depth",
        hypotheses=(
            Hypothesis(
                "ReLU network",
                "fully connected, one input in $[a,b]$, one output, any number of hidden layers of any widths",
                one_input_one_output,
            ),
            CONSTANT,
            Hypothesis("learning rates", r"the learning rates are small enough, and $\sum_n\eta_n=\infty$", undecided),
        ),
        conclusion=r"the expected risk of stochastic gradient descent tends to zero: $\mathbb E\,L(\theta_n)\to0$.",
        source="M. Hutzenthaler, A. Jentzen, K. Pohl, A. Riekert, L. Scarpa (2021), arXiv:2112.07369",
        status="quoted",
        lecture="09_variants_of_training",
    ),
    TheoremCard(
        slug="normalized-flow-bounded",
        title="Normalized gradient flow of one neuron stays bounded",
        hypotheses=(
            Hypothesis("one neuron, Lipschitz target", "widths $1,1,1$ and $f$ is Lipschitz continuous on $[a,b]$", one_neuron_lipschitz),
            Hypothesis(
                "normalized",
                r"the flow runs on a smooth submanifold that still realizes every network function; here $w_j^2+b_j^2=1$",
                undecided,
            ),
        ),
        conclusion=r"$\sup_{t\ge0}\|\Theta_t\|<\infty$ for every start.",
        source="S. Eberle, A. Jentzen, A. Riekert, G. Weiss (2022), arXiv:2207.06246; we do not vouch that the normalization shown here is the article's",
        status="quoted in essence",
        lecture="09_variants_of_training",
    ),
    TheoremCard(
        slug="two-cycle",
        title="Beyond the edge of stability: an exact two-cycle",
        hypotheses=(CUBIC, Hypothesis("step size", r"$1<k<\sqrt5-1$", undecided)),
        conclusion=(
            r"gradient descent with learning rate $\eta$ is $u\mapsto u(1+k)-ku^3$. It has exactly one two-cycle $\{p,q\}$ with $p,q>0$: "
            r"$pq=1/k$, $p^2+q^2=1+1/k$. Its multiplier is $9-2(1+k)^2\in(-1,1)$, so it attracts; the mean risk along it is $(1-k^{-2})/6$."
        ),
        source="proof in lecture 09",
        status="proved here",
        lecture="09_variants_of_training",
    ),
    TheoremCard(
        slug="chebyshev-average",
        title="At one step size chaos can be averaged exactly",
        hypotheses=(
            Hypothesis(
                "tied pair",
                "$f(x)=x$ and $p=1$ on $[0,1]$, $N(x)=v\\max(wx,0)-v\\max(-wx,0)=vwx$ with two neurons that share $v$ and $w$, start $v=w=u_0$; "
                "$k=2\\eta/3$",
                identity_two_neurons,
            ),
            Hypothesis("step size", "$k=2$", undecided),
            Hypothesis("typical start", r"$u_0\in[-\sqrt2,\sqrt2]$ outside a set of length zero", undecided),
        ),
        conclusion=(
            r"gradient descent is $g(u)=3u-2u^3$; with $u=\sqrt2\cos\varphi$ it is $\varphi\mapsto3\varphi+\pi$; the time average of the risk $(u^2-1)^2/3$ is $1/6$, and the "
            r"Lyapunov exponent $\lim\frac1n\sum\ln|g'(u_i)|$ is $\ln3$."
        ),
        source="proof in lecture 09, but for the ergodicity of the tripling map and Birkhoff's theorem, which are classical",
        status="sketched here",
        lecture="09_variants_of_training",
    ),
)
