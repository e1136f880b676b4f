"""Questions of lecture 14, finite data: plateaus and clocks, a least norm, a false proof, a convex combination, a segment, a certificate.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the framework
"""

from __future__ import annotations

import numpy as np

from course_lib.questions.framework import Compare, Judge, Question

NOTEBOOK = "14_finite_data_and_stationarity"


# -------------------------------------------------------------------- 14.1 plateaus and clocks
PLATEAUS = np.array([26 / 6, 1 / 6, 6, 3 / 5, 3])
NAMES = ("the first plateau", "the second plateau", "the least norm", "the first clock", "the second clock")


def judge_plateaus(given):
    """y = (3, 4, -1), n = 3: |y+| = 5, |y-| = 1."""
    if np.allclose(given[:2], 2 * PLATEAUS[:2], rtol=1e-9):
        return "wrong", "both plateaus are twice too large: the risk of the lecture carries 1/(2n), not 1/n."
    if np.allclose(given[:2], PLATEAUS[:2] * 3, rtol=1e-9):
        return "wrong", "both plateaus lack the 1/n before the sum."
    if np.allclose(given[:2], [PLATEAUS[0], 25 / 6], rtol=1e-9):
        return "wrong", "your second plateau is what the smaller half leaves behind. Which half escapes first?"
    if abs(given[2] - np.sqrt(26)) < 1e-9:
        return "wrong", "your norm is that of y as a whole. Neurons of the two signs are different neurons: their costs add up."
    if abs(given[2] - 8) < 1e-9:
        return "wrong", "your norm pays for every data point alone. One neuron can serve all points of one sign, and that is cheaper."
    if np.allclose(given[3:], PLATEAUS[:2:-1], rtol=1e-9):
        return "wrong", "your clocks are in the wrong order: the first drop belongs to the faster half."
    if np.allclose(given[3:], [5 / 3, 1 / 3], rtol=1e-9):
        return "wrong", "your clocks are rates of growth. A time is what it takes to grow by a factor e, one over the rate."
    for name, mine, true in zip(NAMES, given, PLATEAUS, strict=True):
        if abs(mine - true) > 1e-6 * true:
            return "wrong", f"{name} is not {mine:.6g}."
    return "right", "right: two saddles, one norm, two clocks."


# -------------------------------------------------------------------- 14.2 the least norm of orthogonal inputs
def least_norm(lengths, y):
    """|(y_+ / lengths)| + |(y_- / lengths)|."""
    z = y / lengths
    return np.linalg.norm(np.maximum(z, 0)) + np.linalg.norm(np.maximum(-z, 0))


def _unit_lengths(lengths, y):
    return least_norm(np.ones_like(lengths), y)


def _multiplied(lengths, y):
    return least_norm(1 / lengths, y)


def _one_neuron_a_point(lengths, y):
    return np.abs(y / lengths).sum()


def _signs_forgotten(lengths, y):
    return np.linalg.norm(y / lengths)


def _squared_lengths(lengths, y):
    return least_norm(lengths**2, y)


def _positive_only(lengths, y):
    return np.linalg.norm(np.maximum(y / lengths, 0))


DATA = [
    (np.ones(3), np.zeros(3)), (np.array([2.0]), np.array([-3.0])), (np.array([0.5, 2.0]), np.array([1.0, 0.0])),
    (np.ones(3), np.array([3.0, 4.0, -1.0])), (np.array([1.0, 2.0, 0.5]), np.array([3.0, 4.0, -1.0])),
    *((rng.uniform(0.3, 3, n).round(2), rng.standard_normal(n).round(2)) for n in (2, 4, 6) for rng in [np.random.default_rng(142 + n)]),
]  # fmt: skip


# -------------------------------------------------------------------- 14.3 the wrong line
TRUE_LINES = {
    1: "line 1 is true: F is made of finitely many absolute values, so it is piecewise affine, with finitely many pieces at every point.",
    2: "line 2 is true: for a piecewise affine function this is what Clarke stationary means.",
    3: "line 3 is true: an average of numbers that is 0 has a term that is not negative.",
    4: "line 4 is true: for small t the point z + t h stays in one closed sector, and there F is affine.",
    6: "line 6 follows from 3 and 5. The conclusion is false; something before it must be.",
}


def judge_wrong_line(given):
    """Line 5: the one-sided derivative is one of the products, not always the largest; at (0, -1) along (1, 2) it is -1/4."""
    line, slope = given
    if line in TRUE_LINES:
        return "wrong", TRUE_LINES[line]
    if line != 5:
        return "wrong", f"the proof has the lines 1 to 6, but your first number is {line:g}."
    if slope >= 0:
        more = " It is the largest of the four products, as the false line says." if abs(slope - 15 / 4) < 1e-6 else ""
        return "wrong", f"the line is right. But a slope of {slope:g} does not contradict the claim: walk along h and compute F.{more}"
    if abs(slope + 17 / 4) < 1e-6:
        return "wrong", "the line is right. But this is the smallest of the four products, which belongs to another sector than the one that h points into."
    if abs(slope + 1 / (4 * np.sqrt(5))) < 1e-6:
        return "wrong", "the line is right. But do not divide by the length of h: the derivative is by t in z + t h."
    if abs(slope + 1 / 4) > 1e-6:
        return "wrong", f"the line is right. But {slope:g} is not the slope: put x = t, y = -1 + 2 t into F and differentiate at t = 0 from the right."
    return "right", "right: the largest product is the slope of a convex corner. Here the corner is not convex."


# -------------------------------------------------------------------- 14.4 zero as a convex combination
SLOPES = np.array([[1.5, -1], [1.5, 1], [-2.5, 1], [-2.5, -1]])


def judge_weights(weights):
    """weights >= 0, of sum 1, with sum weights_i SLOPES_i = 0; a one-parameter family."""
    if weights.min() < -1e-12:
        return "wrong", f"the weight {weights.min():.6g} is negative: no convex combination."
    if abs(weights.sum() - 1) > 1e-9:
        return "wrong", f"your weights add up to {weights.sum():.9g}."
    if np.allclose(weights, np.array([9, 9, 7, 7]) / 32):
        return "wrong", "these are the weights of the lecture's function. Here the first term has another factor, and the slopes are others."
    mean = weights @ SLOPES
    if np.abs(mean).max() > 1e-9:
        return "wrong", f"with your weights the slopes average to ({mean[0]:.6g}, {mean[1]:.6g}), not to 0. Mind the order of the sectors."
    return "right", "right. There is a whole interval of such weights: four unknowns, three equations."


# -------------------------------------------------------------------- 14.5 the shortest vector of a segment
def shortest(m, g):
    """The point of the segment from m to g that is nearest to 0."""
    way = g - m
    square = way @ way
    return m + (np.clip(-(m @ way) / square, 0, 1) if square else 0.0) * way


def _on_the_line(m, g):
    way = g - m
    square = way @ way
    return m - (m @ way) / square * way if square else m


def _shorter_end(m, g):
    return m if m @ m <= g @ g else g


def _midpoint(m, g):
    return (m + g) / 2


def _weight_only(m, g):
    """Ends exchanged: the weight of m is given to g."""
    way = g - m
    square = way @ way
    return g - (np.clip(-(m @ way) / square, 0, 1) if square else 0.0) * way


PAIRS = [
    ([1.0, 2.0], [1.0, 2.0]), ([0.0, 0.0], [1.0, 1.0]), ([1.0, 0.0], [-1.0, 0.0]), ([1.0, 0.0], [2.0, 0.5]), ([2.0, 0.5], [1.0, 0.0]),
    ([1.75, 1.0], [-2.25, -1.0]), ([1.0, 1.0, 0.0], [1.0, -1.0, 2.0]),
    *((rng.standard_normal(3).round(2).tolist(), rng.standard_normal(3).round(2).tolist()) for rng in map(np.random.default_rng, range(6))),
]  # fmt: skip
SEGMENTS = [(np.array(m), np.array(g)) for m, g in PAIRS]


# -------------------------------------------------------------------- 14.6 is it a certificate?
def is_certificate(x, points, gradients, weights, delta, epsilon):
    """Near, convex, short; with a slack of 1e-12 for rounding."""
    return _near(x, points, delta) and _convex(weights) and _short(gradients, weights, epsilon)


def _near(x, points, delta):
    return bool((np.linalg.norm(points - x, axis=1) <= delta + 1e-12).all())


def _convex(weights):
    return bool(weights.min() >= -1e-12 and abs(weights.sum() - 1) <= 1e-12)


def _short(gradients, weights, epsilon):
    return bool(np.linalg.norm(weights @ gradients) <= epsilon + 1e-12)


def _points_not_checked(x, points, gradients, weights, delta, epsilon):
    return _convex(weights) and _short(gradients, weights, epsilon)


def _sum_not_checked(x, points, gradients, weights, delta, epsilon):
    return _near(x, points, delta) and bool(weights.min() >= -1e-12) and _short(gradients, weights, epsilon)


def _sign_not_checked(x, points, gradients, weights, delta, epsilon):
    return _near(x, points, delta) and bool(abs(weights.sum() - 1) <= 1e-12) and _short(gradients, weights, epsilon)


def _average_not_checked(x, points, gradients, weights, delta, epsilon):
    return _near(x, points, delta) and _convex(weights)


def _no_slack(x, points, gradients, weights, delta, epsilon):
    near = (np.linalg.norm(points - x, axis=1) <= delta).all()
    return bool(near and weights.min() >= 0 and weights.sum() == 1 and np.linalg.norm(weights @ gradients) <= epsilon)


def _each_gradient_short(x, points, gradients, weights, delta, epsilon):
    return _near(x, points, delta) and _convex(weights) and bool((np.linalg.norm(gradients, axis=1) <= epsilon + 1e-12).all())


def _each_coordinate_near(x, points, gradients, weights, delta, epsilon):
    """The box instead of the ball."""
    return bool((np.abs(points - x) <= delta + 1e-12).all()) and _convex(weights) and _short(gradients, weights, epsilon)


def _average_of_lengths(x, points, gradients, weights, delta, epsilon):
    return _near(x, points, delta) and _convex(weights) and bool(weights @ np.linalg.norm(gradients, axis=1) <= epsilon + 1e-12)


_O, _G = np.zeros(2), np.array([[1.0, 0], [-1.0, 0]])
_CLOSE = np.array([[0.05, 0], [-0.05, 0.0]])
CERTIFICATES = [
    (_O, _CLOSE[:1], np.array([[0.05, 0.0]]), np.ones(1), 0.05, 0.1),                         # one small gradient, on the sphere
    (_O, _CLOSE, _G, np.array([0.5, 0.5]), 0.1, 0.1),                                         # two that cancel
    (_O, _CLOSE, np.array([[0.0, 0], [1.0, 0]]), np.array([0.95, 0.05]), 0.1, 0.1),           # one long, with little weight
    (_O, _CLOSE, _G, np.array([0.6, 0.4]), 0.1, 0.1),                                         # not quite
    (_O, np.array([[0.05, 0], [0.2, 0.0]]), _G, np.array([0.5, 0.5]), 0.1, 0.1),              # far
    (_O, np.array([[0.09, 0.09], [0, 0.0]]), _G, np.array([0.5, 0.5]), 0.1, 0.1),             # in the box, not in the ball
    (_O, _CLOSE, _G, np.array([0.05, 0.05]), 0.1, 0.1),                                       # sum 0.1
    (_O, _CLOSE, np.array([[1.0, 0], [2.0, 0]]), np.array([2.0, -1.0]), 0.1, 0.1),            # extrapolated
    (np.array([1.0, 1.0]), _CLOSE, _G, np.array([0.5, 0.5]), 0.1, 0.1),                       # the points are near another x
    (np.array([1.0, 1.0]), _CLOSE + 1, _G, np.array([0.5, 0.5]), 0.1, 0.1),
    (_O, _CLOSE, _G, np.array([0.5, 0.5 - 2e-13]), 0.1, 0.1),                                 # sum 1 up to the slack
    (_O, np.array([[0.1 + 0.2, 0], [0, 0.0]]), _G, np.array([0.5, 0.5]), 0.3, 0.1),           # on the sphere up to rounding
]  # fmt: skip


QUESTIONS = (
    Question(
        "14.1",
        "plateaus and clocks",
        NOTEBOOK,
        Judge((5,), judge_plateaus),
        (
            "Split y into its positive and its negative part. What does the network fit on each plateau?",
            "The plateaus are the sums of squares that are left, over 2n. A half of norm s grows at the rate s / n; the norms of the halves "
            "add up to the least norm.",
        ),
    ),
    Question(
        "14.2",
        "the least norm of orthogonal inputs",
        NOTEBOOK,
        Compare(
            least_norm,
            DATA,
            misconceptions=(
                (_unit_lengths, "This is the norm for unit inputs; the lengths do not enter."),
                (_multiplied, "You multiply by the lengths. Is a long input cheaper or dearer to fit?"),
                (_one_neuron_a_point, "This pays for each data point with a neuron of its own; one neuron can serve all points of one sign."),
                (_signs_forgotten, "One neuron cannot serve both signs: the costs of the two add up."),
                (_squared_lengths, "The length enters once, through w . x; you divide by its square."),
                (_positive_only, "The negative values cost something, too."),
            ),
            remark="Zero values and one sign only included.",
        ),
        (
            "Write w in the orthonormal basis of the directions of the inputs. What is w . x_i then?",
            "Interpolation of y by inputs of lengths s_i is interpolation of y_i / s_i by unit inputs, since relu is homogeneous.",
        ),
    ),
    Question(
        "14.3",
        "find the wrong line",
        NOTEBOOK,
        Judge((2,), judge_wrong_line),
        (
            "For F = |x| all lines are true, for F = -|x| one is not. Compare.",
            "For the slope: F along (t, -1 + 2 t) for small t > 0. One of the two terms vanishes.",
        ),
    ),
    Question(
        "14.4",
        "zero as a convex combination",
        NOTEBOOK,
        Judge((4,), judge_weights),
        (
            "The x-components of the slopes take two values only. How much weight must the positive one get in all?",
            "The x-components fix the sum of the first two weights, the y-components the sum of the second and the third. Try equal weights "
            "within each pair.",
        ),
    ),
    Question(
        "14.5",
        "the shortest vector of a segment",
        NOTEBOOK,
        Compare(
            shortest,
            SEGMENTS,
            misconceptions=(
                (_on_the_line, "This is the nearest point of the whole line; it may lie beyond the ends of the segment."),
                (_shorter_end, "This is the shorter of the two ends. The inside of the segment may come closer to 0."),
                (_midpoint, "This is the midpoint."),
                (_weight_only, "The weights of m and g are exchanged."),
            ),
            remark="Equal ends included.",
        ),
        (
            "Write the points of the segment as m + s (g - m), and minimize the square of the length over s.",
            "A parabola in s; its vertex may lie outside [0, 1]. And m = g has no direction to divide by.",
        ),
    ),
    Question(
        "14.6",
        "is it a certificate?",
        NOTEBOOK,
        Compare(
            is_certificate,
            CERTIFICATES,
            misconceptions=(
                (_points_not_checked, "You accept gradients from points that are not within delta of x."),
                (_sum_not_checked, "You accept weights that do not add up to 1; small weights make every average small."),
                (_sign_not_checked, "You accept negative weights."),
                (_average_not_checked, "You do not ask how long the average of the gradients is."),
                (_no_slack, "Rounding decides here; a condition counts as fulfilled if it is violated by at most 1e-12."),
                (_each_gradient_short, "You ask for short gradients. Long ones that cancel are what the definition is about."),
                (_average_of_lengths, "This averages the lengths; the definition takes the length of the average."),
                (_each_coordinate_near, "You test coordinates; the points must lie in a ball, not in a box."),
            ),
            remark="In the values shown 1 stands for True.",
        ),
        (
            "Three conditions: where the points are, what the weights are, how long the average is.",
            "The average is weights @ gradients. Distances are Euclidean, one a row of points. Allow 1e-12 for rounding.",
        ),
    ),
)  # fmt: skip
