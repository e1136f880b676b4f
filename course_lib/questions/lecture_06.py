"""Questions of lecture 06, the loss landscape: levels, a zigzag, a false proof, a clock, a continuum, dead neurons.

Contents   rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Judge, Question
from course_lib.risks import ExactRisk

NOTEBOOK = "06_loss_landscape"
FOUR = ReLUNetwork(1, 4, 1)


def close(x, y, rtol=1e-9) -> bool:
    return bool(abs(x - y) <= rtol * abs(y))


# -------------------------------------------------------------------- 6.1 all critical levels
def judge_levels(given):
    """alpha^2 l^3 / (12 (n + 1)^4) for n = 0, 2, 4, and 0."""
    top = 3**2 * 2**3 / 12
    if np.any(np.diff(given) <= 0):
        return "wrong", "the four values must increase strictly."
    if given[0] < 0:
        return "wrong", f"your list contains {given[0]:.4g}, but a risk is not negative."
    if given[0] > 0:
        return "wrong", "your list has no 0. A neuron that is active on all of [0, 2] can represent f, and a global minimum is critical."
    if not close(given[-1], top):
        return "wrong", (
            f"your largest level is {given[-1]:.4g}. The best constant is critical, and its risk, the integral of (f - f(1))^2 over [0, 2], "
            f"is another number. Which power of the length enters?"
        )
    if close(given[1] * 5**4, top) and close(given[2] * 3**4, top):
        return "right", "right: three levels of zigzags with an even number of kinks, and the global minimum."
    if close(given[1] * 5**4, top, 1e-3) and close(given[2] * 3**4, top, 1e-3):
        return "wrong", "your levels are right to three digits. A relative error of at most 1e-9 is wanted: return fractions."
    steps = {close(value * (n + 1) ** 4, top): n for value in given[1:-1] for n in (1, 3, 5)}
    if True in steps:
        return "wrong", "one of your levels belongs to an odd number of kinks. Why must the number be even?"
    if any(close(value * 7**4, top) for value in given[1:-1]):
        return "wrong", "one of your levels belongs to more kinks than five neurons have."
    if any(close(value * (n + 1) ** 2, top) for value in given[1:-1] for n in (2, 4)):
        return "wrong", "the largest level is right; below it your levels fall too slowly with the number of kinks. Count cells and slopes again."
    return "wrong", "the smallest and the largest level are right, but not both of those between. How does the level depend on n?"


# -------------------------------------------------------------------- 6.2 build a zigzag
def judge_zigzag(theta):
    """theta is critical for 3 - 2 x on [-1, 2], with four kinks."""
    L = ExactRisk(FOUR, PiecewisePolynomial.polynomial([3, -2], -1, 2))
    w, _, v, _ = FOUR.shallow(theta)
    value, G = L.value_and_gradient(theta)
    flat = 4 * 27 / 12
    if np.abs(G).max() > 1e-8:
        inside = FOUR.kinks(theta)
        inside = inside[(inside > -1) & (inside < 2)]
        if len(inside) < 4:
            return "wrong", f"not critical, and only {len(inside)} of your four kinks lie in the interval (-1, 2)."
        if np.ptp(np.diff([-1, *sorted(inside), 2])) > 1e-6:
            return "wrong", "not critical: your kinks do not cut [-1, 2] into five cells of equal length."
        faces = np.sign(w)[np.argsort(inside)]
        if np.all(faces == faces[0]):
            return "wrong", "not critical: the kinks are right, but all neurons face the same way."
        if list(faces) != [1, -1, 1, -1]:
            return "wrong", "not critical: the kinks are right, but not which of them face right and which left."
        if np.allclose(v * w, -0.8, atol=1e-6):
            return "wrong", "not critical: only the outer bias c is wrong. The residual has mean zero."
        if np.allclose(v * w, 0.8, atol=1e-6):
            return "wrong", "not critical: the jumps of the slope have the right size but the wrong sign. The target falls."
        if len(set(np.sign(v * w))) > 1:
            return "wrong", "not critical: kinks and directions are right. But the slope must go up and down in turn: look at the signs of v."
        return "wrong", "not critical: kinks and directions are right, but not the size of v. By how much does the slope jump?"
    if value < 1e-12:
        return "wrong", "this is a global minimum: your network equals f. A saddle of positive risk is wanted."
    if close(value, flat):
        return "wrong", "critical, but your network is the best constant. Four kinks are wanted."
    if close(value, flat / 81):
        return "wrong", "a critical zigzag, but with two kinks only. With four neurons there is a lower one."
    values = np.linalg.eigvalsh(L.hessian(theta))
    down = np.count_nonzero(values < -1e-10 * values[-1])
    return "right", f"right: L = {value:.4g}, and the Hessian has {down} negative eigenvalues at your parameters."


# -------------------------------------------------------------------- 6.3 the wrong line
def judge_wrong_line(given):
    """The line that activates strictly dead neurons, and the risk of the best constant."""
    line, value = given
    true = {
        1: "line 1 is true: the path moves the kinks continuously, and the risk along it is highest at the zigzag.",
        2: "line 2 is true: with no kink the residual is affine, and no neuron that is active on all of (0, 1) may have weight.",
        3: "line 3 is true: a kink inside a cell, or a neuron active everywhere, forces v = 0.",
        5: "line 5 is true: the second derivative in c is 2, so the risk rises along c from every critical point.",
    }
    if line in true:
        return "wrong", true[line]
    if line != 4:
        return "wrong", f"the proof has the lines 1 to 5, but your first number is {line:g}."
    if value <= 0:
        return "wrong", "the line is right. But a local minimum with risk 0 is global, and does not refute the claim."
    if any(close(value * 12 * (n + 1) ** 4, 1) for n in (2, 4, 6, 8)):
        return "wrong", "the line is right. But at the level of a zigzag every critical point is a saddle."
    if close(value * 12, 1):
        return "right", "right: a neuron that is negative on all of [0, 1] stays so under small changes."
    if close(value * 12, 1, 1e-3):
        return "wrong", "the line is right, and the risk to three digits. A relative error of at most 1e-9 is wanted: return a fraction."
    return "wrong", "the line is right. For the second number: which network is left if all neurons are strictly dead, and what is its risk?"


# -------------------------------------------------------------------- 6.4 two clocks
def judge_delays(given):
    """ln(1000) / lambda for the zigzag with four kinks and its rescaling by 2."""
    L = ExactRisk(FOUR, PiecewisePolynomial.polynomial([0, 1], 0, 1))
    theta = np.array([1, -1, 1, -1, -0.2, 0.4, -0.6, 0.8, 0.4, -0.4, 0.4, -0.4, 0.5])
    points = theta, FOUR.rescale(theta, [2, 2, 2, 2])
    spectra = [np.linalg.eigvalsh(L.hessian(point)) for point in points]
    wanted = np.log(1000) / np.array([-spectrum[0] for spectrum in spectra])
    if np.any(given <= 0):
        return "wrong", "a delay is positive: the closer start needs more time. Mind the sign of the eigenvalue."
    if np.allclose(given, wanted, rtol=0.01):
        return "right", "right: one function, two clocks. The cell below lets the flows confirm it."
    if np.allclose(given, np.log10(np.exp(1)) * wanted, rtol=0.01):
        return "wrong", "this uses the logarithm to base 10; the distance grows like exp(lambda t)."
    if np.allclose(given, wanted * np.log(100) / np.log(1000), rtol=0.01):
        return "wrong", "these are the delays of a start 100 times closer, as in the lecture. How much closer is the second start here?"
    if np.allclose(given, wanted / 2, rtol=0.01):
        return "wrong", "this is the delay for a rate of 2 lambda. The distance from the saddle grows with rate lambda; only the risk has 2 lambda."
    if np.allclose(given, [np.log(1000) / spectrum[-1] for spectrum in spectra], rtol=0.01):
        return "wrong", "this uses the largest eigenvalue, the direction in which the flow returns fastest. Along which one does it leave?"
    if close(given[0], wanted[0], 0.01) and close(given[1], given[0], 1e-6):
        return "wrong", "the first is right, but the second clock differs: eigenvalues are not invariant under a rescaling of neurons."
    if close(given[0], wanted[0], 0.01):
        return "wrong", "the first is right. For the second, take the Hessian at the rescaled parameters and its own least eigenvalue."
    return "wrong", "the first delay is off by more than 1 %. By which factor must the distance grow, and at which rate?"


# -------------------------------------------------------------------- 6.5 the continuum
def judge_member(given):
    """The least-squares equations at t = 1/3 for K = 1, and the least K with 1.997 K^2 >= 100."""
    c, s, K = given
    P, t, least = 2 / np.sqrt(3), 1 / 3, np.sqrt(100 / 1.997)
    left, right = c * t + P, -P / t * (1 - t) + s * (1 - t) ** 2 / 2 - P      # their sums have the sizes P and 3 P
    if abs(left) > 1e-4 * P:
        return "wrong", f"(a) with your c = {c:.6g} the residual does not have mean zero on [0, 1/3]: its integral there is {left:.2g}."
    if abs(right) > 1e-4 * 3 * P:
        return "wrong", f"(a) c is right, but with your s = {s:.6g} the residual does not have mean zero on [1/3, 1]: its integral is {right:.2g}."
    if K <= 0:
        return "wrong", "(a) is right. (b) K is meant positive."
    ratio = K / least
    if ratio < 1 - 1e-4:
        return "wrong", f"(a) is right. (b) with your K the bound guarantees a gap of {1.997 * K**2:.4g} only."
    if ratio > 1 + 1e-4:
        return "not sharp", f"(a) is right. (b) your K = {K:g} works, but a smaller K also guarantees a gap of 100. How does the gap scale with K?"
    return "right", "right: the coefficients make the kink critical, and the gap grows like the square of K."


# -------------------------------------------------------------------- 6.6 dead on arrival
def judge_counts(given):
    """H = least with (5/8)^H <= 0.01; M with (1 - (5/8)^H)^M <= 0.01; k with 4 / (45 (2 k + 1)^4) < 1e-6."""
    if np.any(given != np.round(given)) or np.any(given < 1):
        return "wrong", "three positive integers are wanted."
    H, M, k = given
    if (3 / 8) ** H <= 0.01 < (3 / 8) ** (H - 1):
        return "wrong", f"H: with {H:.0f} neurons it is unlikely that all are dead. How likely is it that none is?"
    if (5 / 8) ** H > 0.01:
        return "wrong", f"H: with {H:.0f} neurons none is dead with probability {(5 / 8) ** H:.3g}, more than the allowed 0.01."
    if (5 / 8) ** (H - 1) <= 0.01:
        return "wrong", f"H: {H:.0f} neurons are enough, but fewer are, too."
    chance = (5 / 8) ** H
    if (1 - chance) ** M > 0.01:
        return "wrong", f"M: among {M:.0f} starts all have a dead neuron with probability {(1 - chance) ** M:.5g}, more than the allowed 0.01."
    if (1 - chance) ** (M - 1) <= 0.01:
        return "wrong", f"M: {M:.0f} starts are enough, but fewer are, too. Round once, at the end."
    level = 4 / (45 * (2 * k + 1) ** 4)
    if level >= 1e-6:
        return "wrong", f"k: with {k:.0f} live neurons the level is still {level:.3g}."
    if 4 / (45 * (2 * k - 1) ** 4) < 1e-6:
        return "wrong", f"k: {k:.0f} live neurons are enough, but fewer are, too."
    return "right", "right. Restarts cost more and more as the width grows; the ladder, meanwhile, descends like the fourth power of k."


QUESTIONS = (
    Question(
        "6.1",
        "all critical levels",
        NOTEBOOK,
        Judge((4,), judge_levels),
        (
            "The card affine-target-classification gives all levels. What are alpha and the length of the interval?",
            "The flat level is alpha^2 times the cube of the length, over 12. Divide it by (n + 1)^4 for every even n that five neurons "
            "allow, and do not forget the global minimum.",
        ),
    ),
    Question(
        "6.2",
        "build a zigzag",
        NOTEBOOK,
        Judge((13,), judge_zigzag),
        (
            "Kinks first: four of them cut [-1, 2] into five equal cells. The first and third face right, the second and fourth left.",
            "With w = 1, -1, 1, -1 and b = -w q, the slope jumps by twice alpha over n + 1 at kinks facing right, by the opposite at "
            "kinks facing left. Choose c last: at the midpoint the network equals f.",
        ),
    ),
    Question(
        "6.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "Try the lines on a network all of whose neurons have w = 1 and b = -2.",
            "These neurons are negative on all of [0, 1], and so are their neighbours. Which line moves them all the same? For the second "
            "number integrate the square of the residual of the best constant.",
        ),
    ),
    Question(
        "6.4",
        "two clocks for one function",
        NOTEBOOK,
        Judge((2,), judge_delays),
        (
            "Near the saddle the distance grows like d exp(lambda t). How long does it take to grow by a factor of 1000?",
            "Take np.linalg.eigvalsh of risk.hessian at each of the two points; the first eigenvalue is minus lambda. The delay is "
            "log(1000) over lambda.",
        ),
    ),
    Question(
        "6.5",
        "one member of the continuum",
        NOTEBOOK,
        Judge((3,), judge_member),
        (
            "(a) Formula (6.17) gives P(1/3); formula (6.16) gives c and s from it. (b) How do risks change if f is multiplied by K?",
            "(a) c = -P / t and s = 2 P / (t (1 - t)^2). (b) Risks and their differences are multiplied by the square of K: solve for "
            "equality in the bound.",
        ),
    ),
    Question(
        "6.6",
        "dead on arrival",
        NOTEBOOK,
        Judge((3,), judge_counts),
        (
            "A neuron is alive at the start with probability 5/8. All H of them are alive with which probability?",
            "H: (5/8)^H <= 0.01. M: a start is good with probability g = (5/8)^H, all M are bad with probability (1 - g)^M <= 0.01. "
            "k: solve 4 / (45 (2 k + 1)^4) < 10^-6 for k.",
        ),
    ),
)  # fmt: skip
