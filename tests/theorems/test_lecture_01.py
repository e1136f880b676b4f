"""Cards of lecture 01: which functions H neurons give, how small their parameters can be, which limits they have."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork

ONE, TWO, THREE = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1), ReLUNetwork(1, 3, 1)
EPS = np.finfo(float).eps
STEP = PiecewisePolynomial([0, 1 / 2, 1], [[0], [1]])


def zigzag(kinks, slopes, start=0.0) -> PiecewisePolynomial:
    """The continuous function on [0, 1] with these kinks and slopes from left to right, and this value at 0."""
    breaks = np.array([0, *kinks, 1], dtype=float)
    values = start + np.cumsum([0, *(np.diff(breaks) * slopes)])
    return PiecewisePolynomial(breaks, [[value, slope] for value, slope in zip(values, slopes, strict=False)])


def facing(kinks, jumps, faces_left, start=0.0) -> np.ndarray:
    """theta with one neuron at each kink, the given slope jumps and directions, and N(0) = start."""
    net = ReLUNetwork(1, len(kinks), 1)
    w = np.where(np.broadcast_to(faces_left, len(kinks)), -1.0, 1.0)
    theta = np.concatenate([w, -w * kinks, jumps, [0.0]])
    theta[-1] = start - net.realization(theta, [0.0])[0]
    return theta


def ramp(width, height) -> np.ndarray:
    """Two neurons facing right: 0, then up to the height in the middle of [0, 1] over the width, then constant."""
    return np.array([1, 1, -(1 - width) / 2, -(1 + width) / 2, height / width, -height / width, 0])


def least_norm(net, theta) -> float:
    """The norm of the balanced rescaling: the least of all, where every neuron makes a bend and one set S only solves."""
    return float(np.linalg.norm(net.balanced(theta)))


def lower_bound(net, theta) -> float:
    """(2 sum |v w| sqrt(1 + q^2))^(1/2) over different kinks q: no parameters of the same function have a smaller norm."""
    w, _, v, _ = net.shallow(theta)
    return float(np.sqrt(2 * np.abs(v * w) @ np.sqrt(1 + net.kinks(theta) ** 2)))


jumps_and_sets = st.integers(1, 5).flatmap(
    lambda K: st.tuples(
        st.lists(st.integers(-9, 9).filter(bool), min_size=K, max_size=K),
        st.lists(st.booleans(), min_size=K, max_size=K),
        st.lists(st.integers(1, 63), min_size=K, max_size=K, unique=True),
    )
)


# -------------------------------------------------------------------- kink-count
@pytest.mark.theorem("kink-count")
@given(jumps_and_sets)
def test_as_many_neurons_as_kinks_suffice_if_the_slopes_fit(instance):
    """K = H and m_0 = -sum_S d: the neurons of S face left, and the risk against g is 0."""
    jumps, faces_left, places = (np.array(part) for part in instance)
    kinks = np.sort(places) / 64
    slopes = np.cumsum([-jumps[faces_left].sum(), *jumps])
    theta = facing(kinks, jumps, faces_left, start=1.0)
    risk = ExactRisk(ReLUNetwork(1, len(kinks), 1), zigzag(kinks, slopes, start=1.0))
    assert risk(theta) <= (100 * EPS * (1 + np.abs(theta).sum())) ** 2


@pytest.mark.theorem("kink-count")
@given(jumps_and_sets, st.integers(-9, 9))
def test_one_neuron_more_than_kinks_always_suffices(instance, first_slope):
    """K = H - 1 and any m_0: one neuron with its kink at 0 carries the affine part."""
    jumps, kinks = np.array(instance[0]), np.sort(instance[2]) / 64
    theta = facing(np.array([0, *kinks]), np.array([first_slope, *jumps]), False, start=-2.0)
    risk = ExactRisk(ReLUNetwork(1, len(kinks) + 1, 1), zigzag(kinks, np.cumsum([first_slope, *jumps]), start=-2.0))
    assert risk(theta) <= (100 * EPS * (1 + np.abs(theta).sum())) ** 2


@pytest.mark.theorem("kink-count")
@pytest.mark.parametrize("seed", range(5))
def test_a_network_with_as_many_kinks_as_neurons_obeys_the_slope_condition(seed):
    """m_0 + sum_S d = 0 for some S, with slopes measured on the function and kinks in (0, 1)."""
    rng = np.random.default_rng(seed)
    q = (np.arange(3) + rng.uniform(0.2, 0.8, 3)) / 3
    w, v = rng.choice([-1, 1], 3) * rng.uniform(0.5, 2, 3), rng.standard_normal(3)
    edges = np.array([0, *q, 1])
    slopes = np.diff(THREE.realization(np.concatenate([w, -w * q, v, [0.7]]), edges)) / np.diff(edges)
    defects = [slopes[0] + np.diff(slopes) @ chosen for chosen in product([0, 1], repeat=3)]
    assert np.min(np.abs(defects)) < 1e-12


@pytest.mark.theorem("kink-count", drops="slope condition")
def test_without_the_slope_condition_every_orientation_misses_the_zigzag():
    """Slopes 1, -1, 1: for all four directions of two neurons at the kinks, the best v and c leave a risk above 1e-3.

    Two neurons equal to g must sit at its two kinks, so there is nothing else to try; a third neuron mends it.
    """
    kinks, slopes = np.array([1 / 3, 2 / 3]), np.array([1, -1, 1])
    g, points = zigzag(kinks, slopes), np.linspace(0, 1, 301)
    for faces_left in product([False, True], repeat=2):
        w, _, _, _ = TWO.shallow(facing(kinks, np.diff(slopes), faces_left))
        features = np.column_stack([np.maximum(np.multiply.outer(points, w) - w * kinks, 0), np.ones(301)])
        coefficients = np.linalg.lstsq(features, g(points), rcond=None)[0]
        assert ExactRisk(TWO, g)(np.concatenate([w, -w * kinks, coefficients])) > 1e-3
    assert ExactRisk(THREE, g)([1, 1, 1, 0, *-kinks, 1, *np.diff(slopes), 0]) < 1e-30


@pytest.mark.theorem("kink-count", drops="piecewise affine")
@given(st.lists(st.floats(-20, 20), min_size=10, max_size=10))
@example([1, 1, 1, -1 / 7, -3 / 7, -5 / 7, 4 / 7, 4 / 7, 4 / 7, 1 / 147])  # a good one: risk 4 / (45 * 7^4)
def test_a_parabola_is_no_network(theta):
    """Three kinks leave a piece of length h >= 1/4, and the best line for x^2 on it costs h^5 / 180."""
    square = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
    assert ExactRisk(THREE, square)(theta) >= (1 / 4) ** 5 / 180


# -------------------------------------------------------------------- minimal-norm
@pytest.mark.theorem("minimal-norm")
@given(st.floats(1e-3, 1 - 1e-3), st.floats(-6, 3), st.floats(-3, 3), st.booleans(), st.booleans())
def test_one_neuron_has_parameters_bounded_by_the_lipschitz_norm(q, size, shift, left, falls):
    """|balanced theta| < 2^(3/4) (A^(1/2) + A), A = |N(0)| + Lip, for every neuron that bends in (0, 1)."""
    d = (-1 if falls else 1) * 10**size
    theta = facing(np.array([q]), np.array([d]), left, start=shift * abs(d))
    A = abs(ONE.realization(theta, [0.0])[0]) + abs(d)
    assert least_norm(ONE, theta) < 2**0.75 * (np.sqrt(A) + A)


@pytest.mark.theorem("minimal-norm")
def test_the_constant_of_one_neuron_is_sharp():
    """c = 0, kink to 1, jump d to 0: the ratio tends to 2^(3/4), its distance being of order d^(1/2) + 1 - q."""
    for distance in (1e-2, 1e-4, 1e-6):
        d = distance**2
        ratio = least_norm(ONE, [1, distance - 1, d, 0]) / (np.sqrt(d) + d)
        assert 0 < 2**0.75 - ratio < 3 * distance


@pytest.mark.theorem("minimal-norm")
def test_no_parameters_found_by_search_are_shorter_than_the_balanced_ones():
    """A grid of rescalings of each neuron of a ramp: the least squared norm is 2 s (sqrt(1 + q_1^2) + sqrt(1 + q_2^2))."""
    theta = ramp(0.2, 1.0)
    factors = np.stack(np.meshgrid(*[np.geomspace(0.1, 10, 81)] * 2), axis=-1).reshape(-1, 2)
    squares = np.sum(TWO.rescale(np.tile(theta, (len(factors), 1)), factors) ** 2, axis=1)
    by_hand = 2 * 5 * (np.sqrt(1 + 0.4**2) + np.sqrt(1 + 0.6**2))
    assert least_norm(TWO, theta) ** 2 == pytest.approx(by_hand, rel=1e-13)
    assert by_hand * (1 - 1e-13) <= squares.min() <= by_hand * 1.01


@pytest.mark.theorem("minimal-norm", drops="Lipschitz norm")
def test_a_small_hoelder_norm_does_not_bound_the_parameters():
    """Ramps of width d and height d^(1/2): maximum to 0, Hoelder-1/2 seminorm 1, least norm d^(-1/4) (2 sqrt 5)^(1/2)."""
    widths = np.array([1e-2, 1e-4, 1e-6])
    thetas = [ramp(width, np.sqrt(width)) for width in widths]
    heights = np.array([np.ptp(TWO.realization(theta, TWO.kinks(theta))) for theta in thetas])
    norms = np.array([least_norm(TWO, theta) for theta in thetas])
    np.testing.assert_allclose(heights / np.sqrt(widths), 1, rtol=1e-9)
    np.testing.assert_allclose(norms * widths**0.25, np.sqrt(2 * np.sqrt(5)), rtol=1e-4)
    assert norms[-1] > 66


# -------------------------------------------------------------------- closed-realizations
@pytest.mark.theorem("closed-realizations")
def test_a_uniform_limit_is_a_network_although_all_parameters_diverge():
    """relu(x - 1/4) plus ramps of width d and height d^(1/2): uniform distance d^(1/2), every norm above 2 d^(-1/4)."""
    limit, x = np.array([1, 1, 1, -1 / 4, -2, -2, 1, 0, 0, 0]), np.linspace(0, 1, 1001)
    for width in (1e-2, 1e-4, 1e-6):
        w, b, v, _ = TWO.shallow(ramp(width, np.sqrt(width)))
        theta = np.concatenate([[1, *w], [-1 / 4, *b], [1, *v], [0]])
        distance = np.max(np.abs(THREE.realization(theta, x) - THREE.realization(limit, x)))
        assert distance == pytest.approx(np.sqrt(width), rel=1e-6)
        assert lower_bound(THREE, theta) > 2 * width**-0.25


@pytest.mark.theorem("closed-realizations")
def test_the_slope_condition_passes_to_uniform_limits():
    """Networks with kinks that wander to those of g: slopes converge, and the limit is the network with the limit's kinks."""
    jumps, faces_left, x = np.array([-4.0, 3.0, 2.0]), [True, False, True], np.linspace(0, 1, 1001)
    q, shift = np.array([0.25, 0.5, 0.75]), np.array([1, -1, 0.5])
    assert ExactRisk(THREE, zigzag(q, [2, -2, 1, 3]))(facing(q, jumps, faces_left)) < 1e-28
    for h in (1e-2, 1e-4, 1e-6):
        near = facing(q + h * shift, jumps * (1 + h), faces_left)
        distance = np.max(np.abs(THREE.realization(near, x) - zigzag(q, [2, -2, 1, 3])(x)))
        assert 0.1 * h < distance < 20 * h


@pytest.mark.theorem("closed-realizations", drops="maximum norm")
def test_an_l2_limit_of_networks_can_jump():
    """Ramps of slope s: squared L2 distance 1/(12 s) to the step, greatest distance 1/2 throughout."""
    for s in (10, 1000):
        assert ExactRisk(TWO, STEP)(ramp(1 / s, 1.0)) == pytest.approx(1 / (12 * s), rel=1e-10)
        at_jump = TWO.realization(ramp(1 / s, 1.0), [0.5])[0]
        assert max(abs(at_jump - 0), abs(at_jump - 1)) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.theorem("closed-realizations", drops="maximum norm")
@given(st.lists(st.floats(-100, 100), min_size=7, max_size=7))
def test_no_network_is_closer_than_one_half_to_a_unit_jump(theta):
    """max(|N(1/2) - 0|, |N(1/2) - 1|) >= 1/2: the step has both values as one-sided limits, N has one value."""
    value = TWO.realization(theta, [0.5])[0]
    assert max(abs(value), abs(value - 1)) >= 0.5
