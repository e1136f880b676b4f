"""Lecture 06: answers that are not right, what the check says, and what each reveals."""

import numpy as np

from tests.questions.catalogue import Answer


def zigzag(kinks=(-0.4, 0.2, 0.8, 1.4), w=(1, -1, 1, -1), jump=-0.8, v=None, c=2.0):
    """theta for 3 - 2 x on [-1, 2]; the defaults are the solution."""
    w = np.array(w, dtype=float)
    v = jump * w if v is None else v
    return np.concatenate([w, -w * np.array(kinks), v, [c]])


def two_kinks():
    """The zigzag with two kinks, the other neurons dead."""
    w = np.array([1.0, -1.0])
    return np.concatenate([w, [1, 1], -w * np.array([0.0, 1.0]), [-9, -9], -4 / 3 * w, [1, 1], [2.0]])


CATALOGUE = {
    "6.1": [
        Answer(lambda: (0, 6 / 625, 6 / 81, 6 / 16), "largest level", "leaves out the flat network"),
        Answer(lambda: (6, 2 / 27, 6 / 625, 0), "increase strictly", "lists from the top down"),
        Answer(lambda: (6 / 7**4, 6 / 625, 6 / 81, 6), "no 0", "forgets the global minimum"),
        Answer(lambda: (0, 6 / 81, 6 / 16, 6), "odd number", "allows odd numbers of kinks"),
        Answer(lambda: (0, 6 / 7**4, 6 / 625, 6), "more kinks than", "allows more kinks than neurons"),
        Answer(lambda: (0, 6 / 25, 6 / 9, 6), "too slowly", "takes the square for the fourth power"),
        Answer(lambda: (0, 9 / 12 / 625, 9 / 12 / 81, 9 / 12), "power of the length", "takes the length for 1"),
        Answer(lambda: (-1, 0, 2, 6), "not negative", "a negative risk"),
        Answer(lambda: (0, 6 / 125, 6 / 27, 6), "how does the level depend", "third power"),
        Answer(lambda: (0, 0.0096, 0.0741, 6), "return fractions", "rounds to three digits"),
        Answer(lambda: (0, 2 / 27, 6), "shape (3,)", "misses a level", "cannot be judged"),
    ],
    "6.2": [
        Answer(lambda: zigzag(w=(1, 1, 1, 1)), "face the same way", "builds with right-facing neurons only"),
        Answer(lambda: zigzag(w=(-1, 1, -1, 1), jump=0.8), "which of them face right", "swaps left and right"),
        Answer(lambda: zigzag(jump=0.8), "the wrong sign", "forgets that the target falls"),
        Answer(lambda: zigzag(jump=-2.0), "by how much", "takes the slope for its jump"),
        Answer(lambda: zigzag(v=np.full(4, -0.8)), "signs of v", "gives all neurons one sign"),
        Answer(lambda: zigzag(c=3.0), "outer bias", "takes the intercept for c"),
        Answer(lambda: zigzag(kinks=(0.2, 0.4, 0.6, 0.8)), "equal length", "divides [0, 1] in place of [-1, 2]"),
        Answer(lambda: zigzag(kinks=(-2, 0.2, 0.8, 3)), "only 2 of your", "places kinks outside"),
        Answer(two_kinks, "two kinks only", "stops at two kinks"),
        Answer(lambda: np.r_[np.ones(4), np.full(4, -9.0), np.ones(4), 2], "best constant", "kills all neurons"),
        Answer(lambda: np.r_[np.ones(4), np.full(4, 5.0), np.full(4, -0.5), 13], "equals f", "represents the target"),
        Answer(lambda: zigzag()[:-1], "shape (12,)", "forgets c", "cannot be judged"),
    ],
    "6.3": [
        Answer(lambda: (1, 1 / 12), "line 1 is true", "doubts the path"),
        Answer(lambda: (2, 1 / 12), "line 2 is true", "doubts the constant"),
        Answer(lambda: (3, 1 / 12), "line 3 is true", "doubts that weightless neurons are meant"),
        Answer(lambda: (5, 1 / 12), "line 5 is true", "believes in local maxima"),
        Answer(lambda: (4, 0), "is global", "offers the global minimum"),
        Answer(lambda: (4, 1 / 972), "zigzag", "offers a saddle"),
        Answer(lambda: (4, 1 / 180), "strictly dead", "takes the level of another target"),
        Answer(lambda: (4, 0.08333), "return a fraction", "rounds the risk"),
        Answer(lambda: (0, 0), "lines 1 to 5", "counts from 0"),
    ],
    "6.4": [
        Answer(lambda: (809.63, 809.63), "second clock differs", "takes time for a property of the function"),
        Answer(lambda: (351.62, 912.22), "base 10", "uses the wrong logarithm"),
        Answer(lambda: (404.8, 1050.2), "2 lambda", "takes the rate of the risk for that of the distance"),
        Answer(lambda: (-809.63, -2100.5), "positive", "leaves the sign of the eigenvalue"),
        Answer(lambda: (809.63, 404.8), "its own least eigenvalue", "scales the clock by the factor"),
        Answer(lambda: (172.56, 172.56), "by which factor", "takes the saddle of the lecture"),
        Answer(lambda: (539.76, 1400.33), "how much closer", "takes the factor 100 of the lecture"),
    ],
    "6.5": [
        Answer(lambda: (2 * 3**0.5, 9 * 3**0.5, 7.0764), "mean zero on [0, 1/3]", "loses the sign of c"),
        Answer(lambda: (-2 * 3**0.5, 6 * 3**0.5, 7.0764), "mean zero on [1/3, 1]", "slips in s"),
        Answer(lambda: (-2 * 3**0.5, 15.6, 7.0764), "mean zero on [1/3, 1]", "rounds s to three digits"),
        Answer(lambda: (-2 * 3**0.5, 9 * 3**0.5, 50.075), "how does the gap scale", "forgets the square", "not sharp"),
        Answer(lambda: (-2 * 3**0.5, 9 * 3**0.5, 6.9082), "of 95.3 only", "divides by the level, not by the gap"),
        Answer(lambda: (-2 * 3**0.5, 9 * 3**0.5, -7.0764), "meant positive", "takes the negative root"),
        Answer(lambda: (-2 * 3**0.5, 9 * 3**0.5), "shape (2,)", "forgets K", "cannot be judged"),
    ],
    "6.6": [
        Answer(lambda: (5, 505, 9), "all are dead", "takes dead for alive"),
        Answer(lambda: (9, 505, 9), "allowed 0.01", "rounds down"),
        Answer(lambda: (11, 505, 9), "fewer are", "rounds up twice"),
        Answer(lambda: (10, 504, 9), "0.010003, more than", "rounds M to the nearest"),
        Answer(lambda: (10, 507, 9), "round once", "rounds the probability first"),
        Answer(lambda: (10, 505, 8), "still", "one rung too high"),
        Answer(lambda: (10, 505, 10), "live neurons are enough", "one rung too low"),
        Answer(lambda: (9.8, 504.04, 8.6), "integers", "does not round"),
    ],
}
