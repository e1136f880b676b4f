"""Questions of lecture 10, deep networks: a place in theta, folds, a network by hand, a false proof, a bug, a counter-example.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Compare, Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "10_deep_networks"
XI = 0.7
CHAIN = ReLUNetwork(1, 1, 1, 1)
IDENTITY = PiecewisePolynomial.polynomial([0, 1], 0, 1)


# -------------------------------------------------------------------- 10.1 a place in theta
def position(widths, k, i, j):
    """The index of W^k_ij, or of b^k_i if j is 0, read off the network whose parameters are their own indices."""
    net = ReLUNetwork(*widths)
    W, b = net.split(np.arange(net.size))[k - 1]
    return b[i - 1] if j == 0 else W[i - 1, j - 1]


def _offset(widths, k):
    return sum(widths[h] * (widths[h - 1] + 1) for h in range(1, k))


def _by_columns(widths, k, i, j):
    return position(widths, k, i, j) if j == 0 else _offset(widths, k) + (j - 1) * widths[k] + i - 1


def _from_one(widths, k, i, j):
    return position(widths, k, i, j) + 1


def _bias_first(widths, k, i, j):
    return _offset(widths, k) + (i - 1 if j == 0 else widths[k] + (i - 1) * widths[k - 1] + j - 1)


def _biases_at_the_end(widths, k, i, j):
    if j:
        return sum(widths[h] * widths[h - 1] for h in range(1, k)) + (i - 1) * widths[k - 1] + j - 1
    return sum(m * n for m, n in zip(widths[1:], widths[:-1], strict=True)) + sum(widths[1:k]) + i - 1


def _bias_as_column(widths, k, i, j):
    return _offset(widths, k) + (i - 1) * widths[k - 1] + j - 1


def _no_biases(widths, k, i, j):
    return position(widths, k, i, j) - sum(widths[1:k])


PLACES = [
    ((1, 5, 1), 1, 1, 1), ((1, 5, 1), 1, 4, 0), ((1, 5, 1), 2, 1, 3), ((1, 5, 1), 2, 1, 0), ((2, 3, 2, 1), 1, 2, 1),
    ((2, 3, 2, 1), 2, 2, 1), ((2, 3, 2, 1), 2, 1, 3), ((2, 3, 2, 1), 2, 2, 0), ((2, 3, 2, 1), 3, 1, 2), ((3, 4, 4, 2, 5), 4, 5, 2),
    ((3, 4, 4, 2, 5), 2, 3, 4), ((3, 4, 4, 2, 5), 4, 5, 0), ((7, 1), 1, 1, 6),
]  # fmt: skip


# -------------------------------------------------------------------- 10.2 folds
def folds(m):
    """[pieces, hidden neurons, kinks in (0, 1)] of the m-fold zigzag of three pieces."""
    return [3**m, 3 * m, 3**m - 1]


# -------------------------------------------------------------------- 10.3 by hand
BY_HAND = ("L", "G_b1", "G_b2")
EDGE = 0.75                                          # the network is 2 relu(EDGE - s), s = x + y


def judge_by_hand(given):
    """L, G_b1, G_b2 at the network 2 relu(3/4 - x - y)."""
    right = np.array([4 * EDGE**4 / 12, 8 * EDGE**3 / 6, 4 * EDGE**3 / 6])
    if np.allclose(given, right, rtol=1e-9):
        return "right", "right: the triangle x + y < 3/4 is the only cell where anything happens."
    if np.allclose(given, right / 2, rtol=1e-6):
        return "wrong", "these are halves: the course's risk has no factor 1/2, so its derivative has a factor 2."
    if np.allclose(given, right * [1, 0.5, 1], rtol=1e-6):
        return "wrong", "L and G_b2 are right. On its way from layer two to layer one the residual passes the weight W2."
    if np.allclose(given, right[[0, 2, 1]], rtol=1e-6):
        return "wrong", "all three values occur, but the two gradients stand in the wrong order: [L, G_b1, G_b2]."
    if np.allclose(given, right * [1, 0.5, 0.5], rtol=1e-6):
        return "wrong", "L is right. The derivative of the squared residual has a factor that both gradients lack."
    name, value, correct = next(
        (n, g, r) for n, g, r in zip(BY_HAND, given, right, strict=True) if abs(g - r) > 1e-9 * abs(r)
    )
    if value < 0:
        return "wrong", f"{name} is negative, but the network is nowhere below its target 0, and its weights on the way are positive."
    way = "too large" if value > correct else "too small"
    return "wrong", (
        f"{name} is {way}. Write the network as a multiple of relu(h - s) with s = x + y, find h from the second layer, and "
        "integrate g(s) s ds from 0 to h, not to 1."
    )


# -------------------------------------------------------------------- 10.4 the wrong line
TRUE_LINES = {
    1: "line 1 is true: an affine function cannot come back to a sign it has left.",
    2: "line 2 is true: each neuron of the first layer bends at most once, and sums bend only where a summand does.",
    3: "line 3 is true: a pre-activation of layer two is such an affine combination.",
    5: "line 5 is true: it says what follows if every hidden neuron changes sign at most once. Is that so?",
}


def judge_wrong_line(given):
    """The line, and n_2 (n_1 + 1) for n_1 = 3, n_2 = 2."""
    line, changes = given
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[int(line)]
    if line != 4:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if changes == 4:
        return "wrong", "the line is right, but the second number counts the sign changes of one neuron; layer two has more."
    if changes == 6:
        return "wrong", "the line is right, but three kinks make more than three pieces."
    if changes == 11:
        return "wrong", "the line is right, but the second number is the bound for all hidden neurons; asked is layer two alone."
    if changes != 8:
        return "wrong", "the line is right. For the second number: how many pieces do three points make, and how many neurons use them?"
    return "right", "right: one sign change in every piece, for every neuron."


# -------------------------------------------------------------------- 10.5 the bug
def _risk_and_bug(b, G_b):
    """4 K L - <grad V~, G> itself, at the network of INSTANCES whose biases these are."""
    for net, theta in NETWORKS:
        layers = net.split(theta)
        if len(layers) == len(b) and all(np.array_equal(x, y) for (_, x), y in zip(layers, b, strict=True)):
            risk, G = _constant_risk(net).value_and_gradient(theta)
            K, slope = len(layers), 2 * theta
            slope = slope - net.join([(0 * W, 2 * K * XI * (k == K) * np.ones_like(x)) for k, (W, x) in enumerate(layers, start=1)])
            return 4 * K * risk - slope @ G
    raise ValueError(f"no network of the check has these biases, got {b}. Instances come from NETWORKS.")


def _constant_risk(net):
    return ExactRisk(net, PiecewisePolynomial.constant(XI, 0, 1))


def _instance(net, theta):
    return [b for _, b in net.split(theta)], [g for _, g in net.split(_constant_risk(net).gradient(theta))]


def _weighted(factor):
    """sum_k factor(k) <b^k, G_b^k>."""

    def total(b, G_b):
        return sum(factor(k, len(b)) * float(x @ g) for k, (x, g) in enumerate(zip(b, G_b, strict=True), start=1))

    return total


NETWORKS = [
    (net, net.random(np.random.default_rng(seed)).round(2))
    for seed, net in enumerate([ReLUNetwork(1, 1), ReLUNetwork(1, 2, 1), ReLUNetwork(1, 3, 2, 1), ReLUNetwork(1, 2, 3, 2, 1)], start=30)
]  # fmt: skip


# -------------------------------------------------------------------- 10.6 V increases
def judge_increase(theta):
    """<grad V, G> = 12 int (N - x)(N - 1/2) <= -0.2 for widths 1, 1, 1, 1."""
    G = ExactRisk(CHAIN, IDENTITY).gradient(theta)
    (W1, b1), (W2, b2), (W3, b3) = CHAIN.split(theta)
    slope = CHAIN.join([(2 * W1, 2 * b1), (2 * W2, 4 * b2), (2 * W3, 6 * b3 - 6 * 0.5)])
    product = float(slope @ G)
    product = 0.0 if abs(product) < 1e-12 else product
    N = CHAIN.realization(theta, np.linspace(0, 1, 101))
    if product <= -0.2:
        return "right", f"right: <grad V, G> = {product:.4g}, so V increases along the flow."
    if np.ptp(N) < 1e-12:
        return "wrong", f"your network is constant on [0, 1], and <grad V, G> = {product:.4g} is not negative. A constant never is between."
    if np.abs(N - np.linspace(0, 1, 101)).max() < 1e-12:
        return "wrong", "your network equals the target: the risk is 0, and so is <grad V, G>."
    if product < 0:
        return "wrong", f"negative, but <grad V, G> = {product:.4g} is above the bound that is asked for. Where between is the product least?"
    return "wrong", f"<grad V, G> = {product:.4g} is not negative. Look for a network whose graph lies between those of f and of the constant."


QUESTIONS = (
    Question(
        "10.1",
        "where does it stand",
        NOTEBOOK,
        Compare(
            position,
            PLACES,
            misconceptions=(
                (_by_columns, "These are the places for matrices stored column by column; here they are stored row by row."),
                (_from_one, "These are places counted from one; Python counts from zero."),
                (_bias_first, "These are the places with the bias before the matrix; here W comes first in each layer."),
                (_biases_at_the_end, "These are the places with all biases at the end of theta; here each layer keeps its own."),
                (_bias_as_column, "For j = 0 the bias is asked for; it has its own place after all rows of the matrix."),
                (_no_biases, "You count the earlier layers without their biases."),
            ),
            remark="Rows belong to neurons, columns to their inputs.",
        ),
        (
            "How many entries do the layers before layer k occupy? Layer h has widths[h] rows of widths[h - 1] entries, and a bias.",
            "Call that number o. Row i begins at o + (i - 1) * widths[k - 1]; the bias begins after all rows, at "
            "o + widths[k] * widths[k - 1]. Do not forget the counting from zero.",
        ),
    ),
    Question(
        "10.2",
        "three folds",
        NOTEBOOK,
        Compare(
            folds,
            [(1,), (2,), (3,), (4,), (7,)],
            misconceptions=(
                (lambda m: [3 * m, 3 * m, 3 * m - 1], "These are the numbers if each application added three pieces; it triples their number."),
                (lambda m: [2**m, 3 * m, 2**m - 1], "These are the pieces of the tent map, which folds in two; Z folds in three."),
                (lambda m: [3**m, 3**m, 3**m - 1], "The deep network does not grow with its pieces: count three neurons a layer."),
                (lambda m: [3**m, 3, 3**m - 1], "Applied m times, the network has m hidden layers, not one."),
                (lambda m: [3**m, 3 * m, 3**m], "Between n pieces there are n - 1 kinks; the ends 0 and 1 are none."),
                (lambda m: [3**m + 1, 3 * m, 3**m - 1], "n pieces have n + 1 end points; the pieces are asked for."),
                (lambda m: [4**m, 3 * m, 4**m - 1], "These are the bound of the card, which this map does not attain."),
            ),
            atol=1e-9,
            remark="Fifteen neurons in five layers do what 242 do in one.",
        ),
        (
            "On each affine piece of the m-fold map the values run once from 0 to 1 or back. What does one more Z make of such a piece?",
            "One more application triples the number of pieces. The hidden neurons only add up: three for each application.",
        ),
    ),
    Question(
        "10.3",
        "a deep network by hand",
        NOTEBOOK,
        Judge((3,), judge_by_hand),
        (
            "Everything depends on s = x_1 + x_2 only. Write the second pre-activation as a function of s, and find where it is positive.",
            "The network is 2 relu(h - s) with h < 1. L is the integral of its square times s from 0 to h. Backwards, the residual of "
            "the output is 2 N; layer two passes it where s < h; layer one receives it times the weight W2.",
        ),
    ),
    Question(
        "10.4",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Draw the graph of a continuous, piecewise affine function with three kinks. Which line does it contradict?",
            "A function that zigzags may change sign once on every piece. Three kinks cut the interval into how many pieces, and how "
            "many neurons of layer two may do this?",
        ),
    ),
    Question(
        "10.5",
        "the bug without the factor k",
        NOTEBOOK,
        Compare(
            _risk_and_bug,
            [_instance(net, theta) for net, theta in NETWORKS],
            misconceptions=(
                (_weighted(lambda k, K: k - 1), "You have the difference of V and V~, but the gradient of a square brings a factor."),
                (_weighted(lambda k, K: 2 * (1 - k)), "The sign: 4 K L minus the product with the faulty gradient is asked for."),
                (_weighted(lambda k, K: 2 * k), "You subtract all of k |b^k|^2; the faulty V~ still has |b^k|^2."),
                (_weighted(lambda k, K: 2 * (K - 1)), "Each layer lacks its own factor, not that of the last one."),
            ),
            rtol=1e-9,
            atol=1e-10,
            remark="The first layer never notices the bug.",
        ),
        (
            "4 K L is the product of G with the gradient of the right V. So what is asked for is the product of G with the gradient of "
            "V - V~.",
            "V - V~ is the sum of (k - 1) |b^k|^2. Its gradient is zero at all weights; at the bias b^k it is that of a square.",
        ),
    ),
    Question(
        "10.6",
        "when V increases",
        NOTEBOOK,
        Judge((6,), judge_increase),
        (
            "A product of two factors is negative when they have different signs: N - x and N - 1/2. Where does N have to lie?",
            "Between x and 1/2, for every x; half way is best. Lead x unchanged through both hidden neurons and let the last layer do "
            "the rest.",
        ),
    ),
)  # fmt: skip
