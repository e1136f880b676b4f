"""The cards of lecture 05, verified through the library, and broken by dropping a hypothesis."""

from itertools import pairwise, product

import numpy as np
import pytest

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, applicable, global_minimum

PAIR, THREE = ReLUNetwork(1, 2, 1), ReLUNetwork(1, 3, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
WIDE = PiecewisePolynomial.polynomial([0, 0, 1], -1, 1)
SINE = PiecewisePolynomial.approximate(lambda x: np.sin(2 * np.pi * x), 0, 1, 1e-10)
RAMP = PiecewisePolynomial([0, 0.4, 0.6, 1], [[0], [0, 5], [1]])
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])


def ramp(n):
    """The ramp of slope n through (1/2, 1/2), both neurons facing right."""
    return np.array([1, 1, -(0.5 - 0.5 / n), -(0.5 + 0.5 / n), n, -n, 0])


# ---------------------------------------------------------------- the step
@pytest.mark.theorem("step-infimum")
def test_ramps_approach_the_step_and_no_network_is_it():
    """12 n L = 1; random networks have L > 0; norm^2 L - sqrt(5)/6 = O(n^-2)."""
    L = ExactRisk(PAIR, STEP)
    for n in (2, 8, 64, 1024):
        theta = PAIR.balanced(ramp(n))
        assert 12 * n * L(theta) == pytest.approx(1, rel=1e-10)
        assert abs(theta @ theta * L(theta) - np.sqrt(5) / 6) < 0.1 / n**2
    assert L(PAIR.random(np.random.default_rng(0), 2000)).min() > 0
    assert not global_minimum(STEP, neurons=2).attained


@pytest.mark.theorem("step-infimum", drops="two neurons")
def test_one_neuron_has_a_minimum_for_the_step():
    """H = 1: 1/18 at (16/9) relu(x - 1/4), a critical point; of 999 kinks facing either way none is better."""
    best, one = global_minimum(STEP, neurons=1), ReLUNetwork(1, 1, 1)
    L = ExactRisk(one, STEP)
    assert best.attained
    assert L(best.theta) == pytest.approx(1 / 18, rel=1e-13)
    assert np.abs(L.gradient([1, -0.25, 16 / 9, 0])).max() < 1e-15
    scan = [least(STEP, [k], [left]) for k in np.linspace(0.001, 0.999, 999) for left in (False, True)]
    assert min(scan) == pytest.approx(1 / 18, rel=1e-12)                 # k = 1/4 is on the grid, and nothing is below


# ---------------------------------------------------------------- jumps
CUBIC = PiecewisePolynomial([0, 0.3, 1], [[0.2, 1, 0, 2], [0.554, -1, 1]])
TILTED = PiecewisePolynomial([0, 0.6, 1], [[1, 0.5], [0.4, 1]])          # p(0.6-) = 1.3, p(0.6+) = 0.4


def change_by_a_ramp(f, p, q, A, B, slopes, width):
    """L with a ramp minus L(g): g has the slopes m0 and m1 beside its jump at q, and errors A and B there."""
    m0, m1 = slopes
    low, high = f(np.array([q]))[0] + np.array([A, B])
    start = q - width * (abs(A) >= abs(B))
    left, right = low + m0 * (start - q), high + m1 * (start + width - q)
    s = (right - left) / width
    w, b, v = [1, 1, 1], [1, -start, -start - width], [m0, s - m0, m1 - s]        # the first neuron is active on [0, 1]
    breaks = np.unique([*f.breaks, q])
    pieces = [(m0, low) if edge < q else (m1, high) for edge in breaks[:-1]]
    cells = zip(pieces, pairwise(breaks), strict=True)
    rest = [cubic(f, a, c) - [value + m * (a - q), m, 0, 0] for (m, value), (a, c) in cells]
    risk_of_g = ExactRisk(THREE, PiecewisePolynomial(breaks, rest), p)(np.zeros(10))
    return ExactRisk(THREE, f, p)([*w, *b, *v, left - m0 * (start + 1)]) - risk_of_g


def cubic(f, a, c):
    """f on (a, c), a cubic there, in powers of x - a, by interpolation."""
    x = np.linspace(a, c, 6)[1:-1]
    return np.polynomial.polynomial.polyfit(x - a, f(x), 3)


@pytest.mark.theorem("jumps-never-pay")
@pytest.mark.parametrize(("A", "B"), [(-0.5, 0.5), (0.4, -0.3), (-0.2, 0.6), (0.5, 0.1), (-0.1, -0.7), (0.0, 0.5)])
def test_a_ramp_gains_what_the_lemma_says(A, B):
    """change / (width p0) = -((A - B)^2/6 + |A^2 - B^2|/2) + O(width), p0 from the side of the larger error."""
    p0 = 1.3 if abs(A) >= abs(B) else 0.4
    limit = -((A - B) ** 2 / 6 + abs(A * A - B * B) / 2)
    error = [change_by_a_ramp(CUBIC, TILTED, 0.6, A, B, (0.7, -0.4), h) / (h * p0) - limit for h in (1e-2, 1e-3, 1e-4)]
    assert np.all(np.abs(error) < [0.1, 0.01, 0.001])
    assert limit <= -((A - B) ** 2) / 6 * (1 - 1e-12)


@pytest.mark.theorem("jumps-never-pay", drops="continuous target")
@pytest.mark.parametrize("width", [0.1, 0.01, 0.001])
def test_where_the_target_jumps_a_ramp_costs(width):
    """g = f = step has risk 0, its ramp width/12."""
    assert ExactRisk(PAIR, STEP)(ramp(1 / width)) == pytest.approx(width / 12, rel=1e-9)


@pytest.mark.theorem("jumps-never-pay", drops="positive density")
def test_where_the_density_vanishes_a_ramp_gains_nothing():
    """p = 0 on [0.5, 0.8]: the change is 0, not negative, although A = -1/4, B = 3/4."""
    gap = PiecewisePolynomial([0, 0.5, 0.8, 1], [[1], [0], [1]])
    L = ExactRisk(PAIR, SQUARE, gap)
    risks = [L([1, 1, -0.5, -0.5 - h, 1 / h, -1 / h, 0]) for h in (0.2, 0.1, 0.01)]
    assert np.ptp(risks) < 1e-15


# ---------------------------------------------------------------- continuous targets
def least(f, kinks, left, jump=None, affine=False):
    """Least int (f - N)^2 over N with these kinks, facing left where said; least squares at Gauss nodes on cells."""
    t, q = np.polynomial.legendre.leggauss(9)
    edges = np.unique([*f.breaks, *kinks, *([] if jump is None else [jump])])
    h = np.diff(edges)[:, None]
    x, root = (edges[:-1, None] + h * (1 + t) / 2).ravel(), np.sqrt(h * q / 2).ravel()
    columns = [np.ones_like(x)] + [np.maximum(k - x if back else x - k, 0) for k, back in zip(kinks, left, strict=True)]
    columns += [x] * affine + ([] if jump is None else [1.0 * (x > jump)])
    M, y = root[:, None] * np.stack(columns, axis=1), root * f(x)
    return np.sum((M @ np.linalg.lstsq(M, y, rcond=None)[0] - y) ** 2)


@pytest.mark.theorem("continuous-target-minimum")
@pytest.mark.parametrize(("f", "jump_level"), [(SQUARE, 4 / 3645), (SINE, 0.0947152), (RAMP, 0.01027)])
def test_generalised_responses_are_worse_than_the_best_network(f, jump_level):
    """H = 2: the minimum is attained at a critical point, and every limit with a jump has more than twice the risk."""
    best, L = global_minimum(f, neurons=2), ExactRisk(PAIR, f)
    assert best.attained
    assert L(best.theta) == pytest.approx(best.risk, rel=1e-12)
    assert np.abs(L.gradient(best.theta)).max() < 1e-10
    jumps = [least(f, [t], [left], jump=t) for t in np.linspace(0.01, 0.99, 197) for left in (False, True)]
    assert min(jumps) >= jump_level
    assert min(jumps) > 2 * best.risk


@pytest.mark.theorem("continuous-target-minimum")
def test_a_target_that_is_not_lipschitz_has_a_minimum():
    """f = sqrt x, H = 2: pairs of kinks closer than 0.05, in whatever directions, are worse than the network found."""
    f = PiecewisePolynomial.approximate(np.sqrt, 0, 1, 1e-6, breaks=[4.0**-k for k in range(1, 12)])
    best = global_minimum(f, neurons=2)
    assert best.attained
    close = [least(f, [q, q + d], sides) for d in (0.05, 0.01, 0.001) for q in np.linspace(0.001, 0.94, 60)
             for sides in product((False, True), repeat=2)]  # fmt: skip
    assert min(close) > 1.1 * best.risk


@pytest.mark.theorem("continuous-target-minimum", drops="continuous target")
def test_for_the_step_closer_kinks_are_always_better():
    """Least risk at distance d is between 0.99 d/12 and d/12, and tends to 0 with d: no minimum."""
    for d in (0.02, 0.01, 0.005, 0.001):
        risk = min(least(STEP, [q - d / 2, q + d / 2], [False, False]) for q in np.linspace(0.45, 0.55, 101))
        assert 0.97 * d / 12 < risk <= d / 12 * (1 + 1e-12)


@pytest.mark.theorem("residual-minimum")
@pytest.mark.parametrize("f", [SQUARE, SINE])
def test_with_a_skip_connection_the_minimum_is_attained(f):
    """k = 2: critical in (alpha, theta), and no pair of kinks on a grid does better, nor a jump."""
    best = global_minimum(f, neurons=2, skip=True)
    rest = PiecewisePolynomial(f.breaks, [np.polynomial.polynomial.polysub(c, best.alpha * np.array([t, 1]))
                                          for c, t in zip(f.coefficients, f.breaks, strict=False)])  # fmt: skip
    L = ExactRisk(PAIR, rest)
    assert best.attained
    assert L(best.theta) == pytest.approx(best.risk, rel=1e-9)
    grid = np.linspace(0.02, 0.98, 49)
    pairs = [least(f, [s, t], [False, False], affine=True) for s in grid for t in grid if s < t]
    assert best.risk <= min(pairs) * (1 + 1e-9)
    assert min(least(f, [t], [False], jump=t, affine=True) for t in grid) > 2 * best.risk


@pytest.mark.theorem("residual-minimum", drops="continuous target")
def test_a_skip_connection_does_not_help_the_step():
    """Ramps are networks with alpha = 0: infimum 0, and no continuous function is the step."""
    lost = global_minimum(STEP, neurons=2, skip=True)
    assert not lost.attained
    assert ExactRisk(PAIR, STEP)(ramp(2.0**20)) < 1e-7


# ---------------------------------------------------------------- closed forms
@pytest.mark.theorem("square-optimal-risk")
@pytest.mark.parametrize("H", [1, 2, 3, 4])
def test_the_formula_for_the_square_is_reached_and_never_undercut(H):
    """Solver and formula agree to 1e-10; 3000 random kinks and directions, with the best coefficients, stay above."""
    formula, rng = 4 / (45 * (2 * H + 1) ** 4), np.random.default_rng(H)
    best = global_minimum(SQUARE, neurons=H)
    assert best.risk == pytest.approx(formula, rel=1e-10)
    np.testing.assert_allclose(best.kinks, (2 * np.arange(1, H + 1) - 1) / (2 * H + 1), atol=1e-8)
    tried = [least(SQUARE, np.sort(rng.uniform(size=H)), rng.random(H) < 0.5) for _ in range(1000)]
    assert min(tried) > formula


@pytest.mark.theorem("square-optimal-risk")
def test_the_other_two_closed_forms():
    """8/(45 (H+1)^4) on [-1, 1] for even H; 1/(180 (H+1)^4) with a skip connection."""
    for H in (2, 4):
        assert global_minimum(WIDE, neurons=H).risk == pytest.approx(8 / (45 * (H + 1) ** 4), rel=1e-10)
        assert global_minimum(SQUARE, neurons=H, skip=True).risk == pytest.approx(1 / (180 * (H + 1) ** 4), rel=1e-10)


@pytest.mark.theorem("square-optimal-risk", drops="even width")
@pytest.mark.parametrize("H", [1, 3])
def test_odd_widths_stay_above_the_formula_on_the_symmetric_interval(H):
    """The slope condition cannot be met by equal pieces: more than 1.8 times the formula."""
    assert global_minimum(WIDE, neurons=H).risk > 1.8 * 8 / (45 * (H + 1) ** 4)


@pytest.mark.theorem("square-optimal-risk", drops="square target")
def test_another_target_has_another_minimum():
    """x^2 + x rises at 0, so that the first piece must not be flat: at H = 1 the minimum is at least twice the formula."""
    f = PiecewisePolynomial.polynomial([0, 1, 1], 0, 1)
    assert global_minimum(f, neurons=1).risk > 2 * 4 / 3645


# ---------------------------------------------------------------- regularity
REGULAR = np.array([1, 1, 0, -0.4, -0.6, -1, 5, -5, 0, 0.0])             # RAMP; the third neuron is off in a neighbourhood
DEGENERATE = np.array([1, 1, 0, -0.4, -0.6, 0, 5, -5, 1, 0.0])           # RAMP; the third neuron is w = b = 0


def steepest(theta, size):
    """max |G(x) - G(y)| / |x - y| over 500 pairs at this distance within 0.01 of theta, the third neuron near its values."""
    L, rng = ExactRisk(THREE, RAMP), np.random.default_rng(1)
    x = theta + 0.003 * rng.uniform(-1, 1, (500, 10))
    x[:, [2, 5]] = theta[[2, 5]] + size * rng.uniform(-1, 1, (500, 2))
    y = x + size * rng.uniform(-1, 1, (500, 10))
    return (np.linalg.norm(L.gradient(x) - L.gradient(y), axis=1) / np.linalg.norm(x - y, axis=1)).max()


@pytest.mark.theorem("lipschitz-global-minimum")
def test_a_superfluous_neuron_that_is_off_leaves_the_gradient_lipschitz():
    """Both have risk 0; near the regular one quotients stay below 2 |Hess|, near the degenerate one they blow up."""
    L = ExactRisk(THREE, RAMP)
    assert max(L(REGULAR), L(DEGENERATE)) < 1e-28
    bound = 2 * np.linalg.norm(L.hessian(REGULAR), 2)
    assert all(steepest(REGULAR, size) < bound for size in (1e-3, 1e-5, 1e-7))
    assert steepest(DEGENERATE, 1e-7) > 10 * bound


# ---------------------------------------------------------------- which problems the cards speak about
ONE_PIECE_MORE = PiecewisePolynomial([-1, 0.25, 1], [[1, -2, 1], [0.0625, 0.5, 1]])        # x^2 on [-1, 1], in two pieces
TILTED_STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1, 1e-6]])


@pytest.mark.parametrize(
    ("slug", "H", "f", "p", "expected"),
    [
        ("step-infimum", 2, STEP, None, True),
        ("step-infimum", 2, STEP, PiecewisePolynomial.constant(1, 0, 1), True),
        ("step-infimum", 1, STEP, None, False),
        ("step-infimum", 2, TILTED_STEP, None, False),
        ("step-infimum", 2, STEP, PiecewisePolynomial.polynomial([1, 1e-6], 0, 1), False),
        ("step-infimum", 2, np.sign, None, None),
        ("square-optimal-risk", 3, SQUARE, None, True),
        ("square-optimal-risk", 2, WIDE, None, True),
        ("square-optimal-risk", 2, ONE_PIECE_MORE, None, True),
        ("square-optimal-risk", 3, WIDE, None, None),
        ("square-optimal-risk", 2, SQUARE, np.exp, None),
        ("square-optimal-risk", 2, PiecewisePolynomial.polynomial([0, 1, 1], 0, 1), None, False),
        ("square-optimal-risk", 2, PiecewisePolynomial.polynomial([0, 0, 1], 0, 2), None, False),
        ("residual-minimum", 2, SQUARE, None, None),
        ("residual-minimum", 2, STEP, None, False),
    ],
)
def test_a_card_knows_its_special_target(slug, H, f, p, expected):
    """The step, x^2 on either interval however cut into pieces, p = 1; a skip connection is no part of a network."""
    (verdict,) = [v for v in applicable(ReLUNetwork(1, H, 1), f, p) if v.card.slug == slug]
    assert verdict.holds is expected
