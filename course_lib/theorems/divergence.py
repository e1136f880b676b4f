"""Cards of lecture 13: when flows diverge.

Contents   the step: critical levels, blow-up, rates -> descent at the edge -> smooth activations
Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

import numpy as np

from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import INTERVAL, undecided

LECTURE = "13_when_flows_diverge"


def step_target(network, f, p) -> bool | None:
    """f = 1_{x > 1/2} on [0, 1] and p = 1."""
    if not isinstance(f, PiecewisePolynomial) or not (p is None or isinstance(p, PiecewisePolynomial)):
        return None
    if f.domain != (0.0, 1.0) or f.outputs != 1:
        return False
    x = (np.arange(64) + 0.5) / 64
    is_step = 0.5 in f.breaks and f.degree == 0 and bool((f(x) == (x > 0.5)).all())
    return is_step and (p is None or bool(p.degree == 0 and (p(x) == 1).all()))


def two_neurons(network, f, p) -> bool:
    return network.widths == (1, 2, 1)


def at_least_two_neurons(network, f, p) -> bool:
    return network.is_shallow_1d and network.widths[1] >= 2


def smooth(network, f, p) -> bool:
    """The networks of the course's exact risks have the ReLU as activation, which is not smooth."""
    return False


STEP = Hypothesis("step target", r"$f=1_{x>1/2}$ and $p=1$ on $[0,1]$", step_target)
TWO = Hypothesis("two neurons", "one input, one hidden layer with $H=2$ neurons", two_neurons)
GALLON = "D. Gallon, A. Jentzen, F. Lindner (2022), arXiv:2211.15641"
KRANZ = "J. Kranz, D. Gallon, S. Dereich, A. Jentzen (NeurIPS 2025), arXiv:2505.09572"

CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="step-critical-levels",
        title="The critical levels of the step for two neurons",
        hypotheses=(STEP, TWO),
        conclusion=(
            r"the risks of points with $G(\theta)=0$ are $\tfrac14$, $\tfrac1{16}$, $\tfrac1{18}$, $0.0558797$ and $0.0450658$. The lowest belongs to two "
            r"neurons that face each other across the jump, with kinks $q$ (facing right) and $1-q$ (facing left), where $6q^3-12q^2+9q-2=0$, "
            r"$q=0.3734617$. Two neurons that face the same way, with different kinks in $(0,1)$ and $v_1,v_2\ne0$, are never critical."
        ),
        source="lecture 13: proof but for one pair of equations in two unknowns, whose solutions are computed",
        status="computed",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="blow-up",
        title="There are targets for which every good start diverges",
        hypotheses=(
            INTERVAL,
            Hypothesis("at least two neurons", r"$H\ge2$", at_least_two_neurons),
            Hypothesis(
                "suitable target",
                r"critical risks are bounded below by a number above the infimum: $\ell=\inf\{L(\theta):G(\theta)=0\}>\inf L$",
                undecided,
            ),
            Hypothesis("good start", r"$L(\Theta_0)<\ell$", undecided),
        ),
        conclusion=(
            r"$\|\Theta_t\|\to\infty$; and for every $H\ge2$ there is a target that is suitable. (For $H=2$ the step is: $\ell=0.0450658$ and $\inf L=0$.)"
        ),
        source=GALLON + "; for the step and $H=2$ deduced in lecture 13 from the convergence theorem",
        status="quoted",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="blow-up-rates",
        title="How fast the step makes a flow diverge",
        hypotheses=(
            STEP,
            TWO,
            Hypothesis("ramp start", r"$\Theta_0$ represents a ramp of slope $n\ge2$ through $(\tfrac12,\tfrac12)$", undecided),
            Hypothesis("ordinary flow", r"$\dot\Theta=-G(\Theta)$, all parameters free and not normalized", undecided),
        ),
        conclusion=(
            r"with $K=\tfrac{\sqrt5}6$: $\|\Theta_t\|^2L(\Theta_t)\to K=0.372678$, $L(\Theta_t)\sqrt t\to\sqrt{K/8}=0.215835$ and "
            r"$\|\Theta_t\|\,t^{-1/4}\to(8K)^{1/4}=1.314032$."
        ),
        source="lecture 13: constants from a heuristic argument, seen in computed flows up to $t=10^8$",
        status="observed",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="descent-stalls",
        title="Gradient descent does not follow a flow to infinity",
        hypotheses=(
            STEP,
            TWO,
            Hypothesis("constant rate", r"$\theta_{n+1}=\theta_n-\eta\,G(\theta_n)$ with one $\eta$ for all $n$ (seen for $\eta=0.1,0.05$)", undecided),
        ),
        conclusion=(
            r"from the ramp of slope $3$ with $|w_j|=|v_j|=\sqrt3$ the sharpness settles at $2/\eta$, and the risk stops falling: for $\eta=0.1$ "
            r"it is between $0.011$ and $0.0125$ from $t=5000$ to $12000$, while that of the flow falls to $0.002$."
        ),
        source="seen in lecture 13",
        status="observed",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="smooth-activations-never-attain",
        title="Smooth activations never attain the infimum for polynomials, and flows diverge",
        hypotheses=(
            Hypothesis("smooth activation", "logistic, $\\tanh$, softplus or GELU", smooth),
            Hypothesis(
                "polynomial target",
                "$f$ is a polynomial, networks and data are large enough (for the exact conditions on degree and width see the article)",
                undecided,
            ),
            Hypothesis("good start", "the start is good enough", undecided),
        ),
        conclusion=(
            r"the optimal risk $0$ is not attained, and $\|\Theta_t\|\to\infty$. In general, for definable smooth activations a gradient flow converges to a "
            r"critical point, or $\|\Theta_t\|\to\infty$ and its risk tends to an asymptotic critical value."
        ),
        source=KRANZ,
        status="quoted in essence",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="tanh-never-attains",
        title="One tanh neuron learns the identity, and never arrives",
        hypotheses=(
            Hypothesis("tanh", r"$N_\theta(x)=c+v\tanh(wx+b)$", smooth),
            Hypothesis("identity target", r"$f(x)=x$ and $p=\tfrac12$ on $[-1,1]$", undecided),
        ),
        conclusion=(
            r"$\inf L=0$ is not attained. With $b=c=0$ and the best $v$, $L/w^4\to K=\tfrac4{1575}$ and $L\|\theta\|^4\to K$ as $w\to0$. In computed flows "
            r"$\|\Theta_t\|/(24Kt)^{1/6}\to1$ and $L(\Theta_t)/\bigl(K(24Kt)^{-2/3}\bigr)\to1$ (observed, to $0.1\,\%$ at $t=10^8$)."
        ),
        source="proof in lecture 13, but for the last sentence",
        status="proved here",
        lecture=LECTURE,
    ),
)
