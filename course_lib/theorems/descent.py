"""Cards of lecture 08: gradient descent as Euler's method, what a step loses, the descent lemma, the best of K starts.

Contents   predicates -> Euler's method -> balance -> descent lemma -> best of K
Layer      theorems; imports piecewise, cards and predicates
"""

from __future__ import annotations

import numpy as np

from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard
from course_lib.theorems.predicates import (
    JENTZEN_RIEKERT,
    PIECEWISE,
    continuous,
    positive_density,
    shallow,
    shallow_1d,
    undecided,
)

LECTURE = "08_gradient_descent"
PROOF = "proof in lecture 08"


def always_relu(network, f, p) -> bool:
    """Every network of the course's exact risks has the ReLU as its activation."""
    return True


def neurons_in_reach(f: PiecewisePolynomial) -> int:
    """How many neurons come as close as we like to a piecewise affine f: two a jump, one a bend, one for slopes at both ends."""
    values, slopes = np.pad(f.coefficients, ((0, 0), (0, 1)))[:, :2].T
    left = values[:-1] + slopes[:-1] * np.diff(f.breaks)[:-1]
    jumps = np.abs(values[1:] - left) > 1e-12 * (1 + np.abs(values[1:]))
    bends = ~jumps & (slopes[1:] != slopes[:-1])
    return int(2 * jumps.sum() + bends.sum() + (slopes[0] != 0 and slopes[-1] != 0))


def regular_minimum(network, f, p) -> bool | None:
    """There is one if f is continuous and p positive (card lipschitz-global-minimum); none if inf L = 0 and f jumps.

    The second is seen where f is scalar, piecewise affine, and the first hidden layer wide enough for its ramps; later layers
    can hand them on. A network is continuous, so where p > 0 it is not equal to a function that jumps.
    """
    if positive_density(network, f, p) is not True:
        return None
    unbroken = continuous(network, f, p)
    if unbroken:
        return True if shallow_1d(network, f, p) else None
    scalar = network.widths[0] == network.widths[-1] == 1 and len(network.widths) > 2
    if unbroken is None or not scalar or f.outputs > 1 or f.coefficients[:, 2:].any():
        return None
    return False if network.widths[1] >= neurons_in_reach(f) else None


CARDS: tuple[TheoremCard, ...] = (
    TheoremCard(
        slug="euler-order-one",
        title="Gradient descent follows the gradient flow with an error of order one",
        hypotheses=(
            Hypothesis("flow", r"$\Theta_t=\Theta_0-\int_0^tG(\Theta_s)\,ds$ for $0\le t\le T$, and $|G(\Theta_t)|\le M$ there", undecided),
            Hypothesis(
                "Lipschitz gradient",
                r"there are $\ell,\rho>0$ with $|G(\theta)-G(\Theta_t)|\le\ell\,|\theta-\Theta_t|$ for all $t\in[0,T]$ and all $\theta$ with "
                r"$|\theta-\Theta_t|\le\rho$",
                undecided,
            ),
            Hypothesis("small step", r"$M\eta\le\rho$ and $\tfrac12M\eta\,(e^{\ell T}-1)\le\rho$", undecided),
        ),
        conclusion=(
            r"gradient descent from $\theta_0=\Theta_0$ satisfies $|\theta_n-\Theta_{n\eta}|\le\tfrac12M\eta\,(e^{\ell n\eta}-1)$ as long as "
            r"$n\eta\le T$."
        ),
        source="Euler's method, in every textbook of numerical analysis; " + PROOF,
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="balance-defect-of-descent",
        title="A step of descent changes every balance by the square of the learning rate",
        hypotheses=(
            Hypothesis("shallow", "one hidden layer of any width, input in $[a,b]^d$", shallow),
            Hypothesis("relu", r"the activation is $\max(z,0)$, with derivative $0$ at $0$", always_relu),
            Hypothesis("one rate", r"$\theta'=\theta-\eta\,G(\theta)$, with the same $\eta$ for all parameters", undecided),
        ),
        conclusion=(
            r"$B_j(\theta')-B_j(\theta)=\eta^2\bigl(G_{v_j}^2-|G_{w_j}|^2-G_{b_j}^2\bigr)$ exactly, for every neuron $j$ and every $\theta$, "
            r"where $B_j=v_j^2-|w_j|^2-b_j^2$."
        ),
        source=PROOF,
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="descent-lemma",
        title="A step below two over the curvature lowers the risk",
        hypotheses=(
            Hypothesis(
                "curvature",
                r"along the segment from $\theta$ to $\theta'=\theta-\eta\,G(\theta)$ the risk is differentiable with gradient $G$, and "
                r"$\langle G(\vartheta)-G(\theta),\vartheta-\theta\rangle\le\ell\,|\vartheta-\theta|^2$",
                undecided,
            ),
            Hypothesis("small step", r"$0<\eta<2/\ell$", undecided),
        ),
        conclusion=(
            r"$L(\theta')\le L(\theta)-\eta\,(1-\tfrac12\eta\ell)\,|G(\theta)|^2$. If this holds at each of $N$ steps, then "
            r"$\min_{n<N}|G(\theta_n)|^2\le L(\theta_0)\big/\bigl(\eta(1-\tfrac12\eta\ell)N\bigr)$."
        ),
        source="in every textbook of optimisation; " + PROOF,
        status="proved here",
        lecture=LECTURE,
    ),
    TheoremCard(
        slug="best-of-k",
        title="The best of many descents reaches the infimum of the risk",
        hypotheses=(
            PIECEWISE,
            Hypothesis(
                "regular global minimum",
                r"there is $\vartheta$ with $L(\vartheta)=\inf L$, and $L$ is continuously differentiable with Lipschitz gradient near $\vartheta$",
                regular_minimum,
            ),
            Hypothesis("small step", r"the learning rate $\eta$ is sufficiently small", undecided),
            Hypothesis(
                "full support",
                r"the starts $\theta_0^1,\theta_0^2,\dots$ are independent with one law, which charges every non-empty open set",
                undecided,
            ),
        ),
        conclusion=(
            r"with $k^*(n)$ the run of least risk among the first $K$ after $n$ steps, "
            r"$\lim_{K\to\infty}\mathbb P\bigl(\limsup_{n\to\infty}L(\theta_n^{k^*(n)})=\inf L\bigr)=1$. (Networks of any depth; the order of the "
            r"limits in $\eta$, $n$ and $K$ is as we know it; we do not vouch for it.)"
        ),
        source=JENTZEN_RIEKERT + "; sketch in lecture 08",
        status="quoted in essence",
        lecture=LECTURE,
    ),
)
