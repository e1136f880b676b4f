"""Questions of lecture 08, gradient descent: an energy defect, half the rate, a proof in order, a counter-example, K, a rate.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import minimize_scalar

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "08_gradient_descent"
NEURON = ReLUNetwork(1, 1, 1)
L = ExactRisk(NEURON, PiecewisePolynomial.polynomial([0, 0, 1], 0, 1))


def sharpness(theta) -> float:
    """The largest eigenvalue of the exact Hessian of L at theta (4,)."""
    return float(np.linalg.eigvalsh(L.hessian(np.asarray(theta, dtype=float)))[-1])


# -------------------------------------------------------------------- 8.1 the energy defect
def _path(theta, eta, n):
    """theta_0, ..., theta_n and their risks and squared gradient norms."""
    thetas = [np.array(theta, dtype=float)]
    for _ in range(n):
        thetas.append(thetas[-1] - eta * L.gradient(thetas[-1]))
    thetas = np.array(thetas)
    return L(thetas), (L.gradient(thetas) ** 2).sum(axis=1)


def defect(theta, eta, n):
    """L(theta_0) - L(theta_n) - eta * sum of |G(theta_m)|^2 over m = 0..n-1."""
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - eta * squares[:-1].sum()


def _late_gradients(theta, eta, n):
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - eta * squares[1:].sum()


def _too_many_gradients(theta, eta, n):
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - eta * squares.sum()


def _no_weight(theta, eta, n):
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - squares[:-1].sum()


def _step_lengths(theta, eta, n):
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - eta**2 * squares[:-1].sum()


def _norms(theta, eta, n):
    risks, squares = _path(theta, eta, n)
    return risks[0] - risks[-1] - eta * np.sqrt(squares[:-1]).sum()


def _leading_term(theta, eta, n):
    _, squares = _path(theta, eta, n)
    return -eta / 4 * (squares[0] - squares[-1])


RUNS = [
    (np.array([0.0, 0.0, 1.0, 0.0]), 0.25, 1), (np.array([1.0, -2.0, 3.0, 0.0]), 0.1, 3), (np.array([0.0, 1.0, 2.0, 0.5]), 0.05, 2),
    (np.array([1.0, -0.5, 1.5, 0.1]), 0.1, 1), (np.array([-1.0, 0.7, 0.8, -0.3]), 0.1, 25),
    *((theta.round(3), 0.05, 10) for theta in np.random.default_rng(81).standard_normal((10, 4))),
]  # fmt: skip


# -------------------------------------------------------------------- 8.2 half the learning rate
FACTORS = (0.5, 0.25, 0.5, 0.5, 2.0)
WRONG_FACTORS = {
    "a": "(a): this is not what Euler's method of order one does over a fixed time.",
    "b": "(b): look at the formula for the change of the balance in one step. The gradient at the start does not depend on the rate.",
    "c": "(c): put together what one step changes, and how many steps there are up to the fixed time T.",
    "d": "(d): the energy defect has a leading term in the learning rate. Which power?",
    "e": "(e): write down the condition for stability and see on which side the learning rate stands.",
}


def judge_factors(claimed):
    """The five factors, the first wrong one named; signs before values."""
    if (claimed <= 0).any():
        return "wrong", "a factor is not positive: each number is multiplied by something between a fraction and a small multiple."
    if np.allclose(claimed * FACTORS, 1, rtol=0.02):
        return "wrong", "every factor belongs to a change of the rate, but in the other direction. What is the new rate, what the old?"
    if abs(claimed[4] - 1 / FACTORS[4]) < 0.01 and np.allclose(claimed[:4], FACTORS[:4], rtol=0.02):
        return "wrong", "(e): you give the factor for the learning rate itself. Is a sharper or a flatter minimum stable for a smaller rate?"
    if abs(claimed[2] - FACTORS[1]) < 0.005:
        return "wrong", "(c): this is what a single step does. Half the rate needs more steps up to the fixed time T."
    for name, claim, true in zip(WRONG_FACTORS, claimed, FACTORS, strict=True):
        if abs(claim / true - 1) > 0.02:
            return "wrong", WRONG_FACTORS[name]
    return "right", "right. One power of the rate is lost to the number of steps, which grows like one over the rate."


# -------------------------------------------------------------------- 8.3 the proof in order
FALSE_LINE, NEEDS = 5, {1: (3, 6), 2: (3, 7), 4: (1,), 7: (4,)}


def judge_order(lines):
    """Six different lines of seven, the false one left out, each after the lines that it uses."""
    if not set(lines) <= set(range(1, 8)):
        return "wrong", "the lines are numbered 1 to 7, and each of your six numbers must be one of these."
    if len(set(lines)) < 6:
        return "wrong", "a line occurs twice. Six different lines make the proof."
    order = [int(line) for line in lines]
    if FALSE_LINE in order:
        return "wrong", (
            "your proof contains a step that does not follow. Take the sequence with the terms 1/n and ask of each line whether it "
            "would let you conclude something false about it."
        )
    for line, used in NEEDS.items():
        late = [needed for needed in used if order.index(needed) > order.index(line)]
        if late:
            return "wrong", f"line {line} uses something that has not been shown when it is reached. What does it insert, add or assume?"
    return "right", "right: decrease, concavity, their product, finite length, staying, and only then the limit."


# -------------------------------------------------------------------- 8.4 the sharpness at the start
def judge_start(theta):
    """A start from which the step with rate 1 / sharpness raises the risk by one percent."""
    if np.abs(theta).max() > 100:
        return "wrong", f"the parameters must be at most 100 in modulus, yours reach {np.abs(theta).max():.3g}."
    lam, G = sharpness(theta), L.gradient(theta)
    if np.abs(G).max() < 1e-12:
        return "wrong", "your start is a critical point: descent does not move at all."
    moved = theta - G / lam
    before, after = L(theta), L(moved)
    if max(theta[1], theta[0] + theta[1]) <= 0:
        return "wrong", "your neuron is dead on [0, 1]: only the bias moves, the risk is quadratic in it, and there the colleague is right."
    if after < before:
        return "wrong", f"with sharpness {lam:.4g} the step lowers the risk, from {before:.6g} to {after:.6g}. Try many starts."
    if after < 1.01 * before:
        return "wrong", f"the step raises the risk, but by {after / before - 1:.1e} only, relative; one percent is asked for."
    return "right", f"right: with rate {1 / lam:.4g} the risk goes from {before:.4g} up to {after:.4g}."


# -------------------------------------------------------------------- 8.5 how many starts
def starts(p, q):
    """The least K >= 1 with 1 - (1 - p)^K >= q."""
    K = 1
    while 1 - (1 - p) ** K < q:
        K += 1
    return K


def _logarithms(p, q):
    return np.log(1 - q) / np.log(1 - p) if p < 1 else 1.0


def _no_certainty(p, q):
    return np.ceil(_logarithms(p, q)) if p < 1 else 0.0


CHANCES = [(1.0, 0.95), (0.9, 0.5), (0.5, 0.8), (0.1, 0.95), (0.25, 0.99), (0.02, 0.9), (0.6, 0.999), (0.001, 0.5), (0.3, 0.05)]


# -------------------------------------------------------------------- 8.6 the largest learning rate
@cache
def largest_rate() -> float:
    """2 / min over s of the sharpness at (s, -s/3, 4/(3s), 1/27)."""
    flattest = minimize_scalar(_sharpness_along, bounds=(0.5, 5), method="bounded", options={"xatol": 1e-9})
    return float(2 / flattest.fun)


def _sharpness_along(s):
    return sharpness([s, -s / 3, 4 / (3 * s), 1 / 27])


def judge_rate(claim):
    """Compare with 2 over the least sharpness along the curve of minima."""
    sharp = largest_rate()
    if claim <= 0:
        return "wrong", "a learning rate is positive."
    if abs(claim / sharp - 1) <= 1e-3:
        return "right", "right: beyond this rate every global minimum is unstable."
    if abs(claim - 2 / sharp) < 0.01:
        return "wrong", "this is a sharpness and not a learning rate: which learning rates are stable where this is the largest eigenvalue?"
    if abs(claim - sharp / 2) < 1e-3:
        return "not sharp", "one over the sharpness is where the error along the steepest direction is wiped out; stability ends later."
    if claim < sharp:
        near = " Did you stop at a particular point of the curve?" if claim < 0.98 * sharp else " Minimise more accurately."
        return "not sharp", "the statement is true for your number, but some minimum of the curve is flatter than you need." + near
    return "wrong", "too large: take any rate a little below your number; is there a minimum on the curve that is stable for it?"


QUESTIONS = (
    Question(
        "8.1",
        "the energy defect",
        NOTEBOOK,
        Compare(
            defect,
            RUNS,
            misconceptions=(
                (_late_gradients, "You sum the gradients at the ends of the steps. A step uses the gradient of the place where it begins."),
                (_too_many_gradients, "You sum n + 1 gradients: the last point takes no step."),
                (_no_weight, "The sum lacks its weight: it stands for an integral over time, and a step lasts one learning rate."),
                (_step_lengths, "You sum the squared lengths of the steps, which carry the learning rate twice."),
                (_norms, "You sum the norms of G; the energy is the sum of their squares."),
                (lambda *t: -defect(*t), "The sign is turned round."),
                (_leading_term, "This is the leading term for small rates; the exercise asks for the defect itself, with no remainder left out."),
            ),
            rtol=1e-8,
            remark="Degenerate and dead neurons included.",
        ),
        (
            "Keep three things in the loop: theta, the gradient at the present theta, and the sum so far.",
            "In each of the n rounds: G = L.gradient(theta); add eta * (G @ G) to the sum; then theta = theta - eta * G. Work on a copy "
            "of theta.",
        ),
    ),
    Question(
        "8.2",
        "half the learning rate",
        NOTEBOOK,
        Judge((5,), judge_factors),
        (
            "Write for each number the power of eta to which it is proportional. Up to a fixed time there are T / eta steps.",
            "One step changes the balance by eta^2 times something that does not depend on eta. For (e): descent is stable where "
            "eta * sharpness < 2.",
        ),
    ),
    Question(
        "8.3",
        "the proof in order",
        NOTEBOOK,
        Judge((6,), judge_order),
        (
            "First find the line that is false whatever stands before it: does summability of squares imply summability?",
            "Two lines use nothing but the setting: the decrease of the risk, and concavity. One line combines them, the next adds up, "
            "then the iterates are shown to stay, and only then may something be said for all n.",
        ),
    ),
    Question(
        "8.4",
        "the sharpness at the start",
        NOTEBOOK,
        Judge((4,), judge_start),
        (
            "A random search is enough: draw many starts, make one step from each, and compare the risks.",
            "thetas = 2 * np.random.default_rng(0).standard_normal((20_000, 4)); the steps are L.gradient(thetas) / sharpness(L, "
            "thetas)[:, None]. Keep the start with the largest quotient of the risks after and before.",
        ),
    ),
    Question(
        "8.5",
        "how many starts",
        NOTEBOOK,
        Compare(
            starts,
            CHANCES,
            misconceptions=(
                (lambda p, q: np.ceil(q / p), "This adds probabilities. Two runs that succeed both count once."),
                (lambda p, q: np.ceil(1 / p), "1/p is the mean number of runs up to the first success; it does not depend on q."),
                (lambda p, q: max(1, np.floor(_logarithms(p, q))), "Rounded down: the number of starts you return succeeds less often than asked."),
                (lambda p, q: max(1, round(_logarithms(p, q))), "Rounded to the nearest integer: sometimes that is one start too few."),
                (_logarithms, "A number of starts is an integer."),
                (_no_certainty, "Where every run succeeds, the quotient of logarithms is 0, but without a run nothing succeeds."),
                (lambda p, q: np.ceil(_logarithms(p, 1 - q)), "This makes the probability of failure q instead of the probability of success."),
            ),
            remark="For small p it is about log(1 / (1 - q)) / p.",
        ),
        (
            "With which probability do all K runs fail?",
            "The best of K fails with probability (1 - p)^K. Take logarithms of (1 - p)^K <= 1 - q, mind the sign when you divide, and "
            "round up. Treat p = 1 first.",
        ),
    ),
    Question(
        "8.6",
        "the largest learning rate",
        NOTEBOOK,
        Judge((), judge_rate),
        (
            "Draw the sharpness along the curve as a function of s, from s = 0.5 to s = 5. What does its least value mean?",
            "A learning rate is stable at some minimum exactly if it is below 2 over the least sharpness. scipy.optimize.minimize_scalar "
            "with method='bounded' finds that to many digits.",
        ),
    ),
)  # fmt: skip
