"""Networks of any depth on boxes: rational arithmetic in one and two dimensions, closed forms and symmetries in three."""

from fractions import Fraction
from itertools import product
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import beta

from course_lib import CellPolynomial, ExactRisk, PiecewisePolynomial, ReLUNetwork
from course_lib.integration import simplices
from tests.reference_deep import Deep, on_box

UNIT, BOX = ([0, 0], [1, 1]), ([-1, -1], [1, 2])
ZERO, ONE = [([], {})], [([], {(0, 0): 1})]
PARABOLA = [([], {(2, 0): 1, (0, 1): -1})]
JUMPY = [                                             # three cells that meet in a point, jumps on all faces
    ([((1, 1), 0.25)], {(0, 0): 2, (1, 0): 1}),
    ([((-1, -1), -0.25), ((1, 0), 0)], {(1, 1): 1, (0, 2): -0.5}),
    ([((-1, -1), -0.25), ((-1, 0), 0)], {(1, 0): 1}),
]
STEP = [([((0, 1), 0)], {(0, 0): 1, (0, 1): 0.5}), ([((0, -1), 0)], {(0, 0): 0.5})]
PAIR = [(faces, [f, {(0, 1): 1}]) for faces, f in JUMPY]


def distance(computed, exact) -> float:
    """max |computed - exact| relative to max |exact|, the difference taken in rational arithmetic."""
    exact = np.ravel(exact)
    worst = max(abs(Fraction(float(c)) - e) for c, e in zip(np.ravel(computed), exact, strict=True))
    return float(worst / (max(abs(e) for e in exact) or 1))


class Case:
    """A problem on a box, for the library and for the reference."""

    def __init__(self, widths, f, p=ONE, box=BOX):
        self.net = ReLUNetwork(*widths)
        self.L = ExactRisk(self.net, CellPolynomial(box, f), CellPolynomial(box, p))
        self.parts = on_box(box, f, p)

    def error(self, theta) -> float:
        """The larger of the errors of L and G against rational arithmetic."""
        exact = Deep(self.net.widths, theta, self.parts)
        risk, gradient = self.L.value_and_gradient(theta)
        return max(distance(risk, exact.risk), distance(gradient, exact.gradient))


# -------------------------------------------------------------------- against rational arithmetic
@pytest.mark.parametrize("widths", [(2, 1), (2, 5, 1), (2, 3, 3, 1), (2, 2, 2, 2, 1), (2, 3, 2, 2)], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_random_networks_agree_with_rational_arithmetic(widths, seed):
    """A target with jumps across faces and a density with a jump across another: 1e-13 for L and G."""
    case = Case(widths, JUMPY if widths[-1] == 1 else PAIR, STEP)
    assert case.error(case.net.random(np.random.default_rng(seed))) <= 1e-13


@pytest.mark.parametrize("widths", [(2, 2, 1), (2, 3, 1), (2, 2, 2, 1), (2, 3, 3, 1)], ids=str)
def test_networks_with_small_integers_agree_with_rational_arithmetic(widths):
    """125 networks of each width with parameters -3..3, full of coinciding lines, dead layers and vanishing neurons: 1e-12."""
    case, rng = Case(widths, PARABOLA, box=UNIT), np.random.default_rng(0)
    thetas = rng.integers(-3, 4, (125, case.net.size)).astype(float)
    assert max(case.error(theta) for theta in thetas) <= 1e-12


DEGENERATE = {
    "dead": [([[1, 1], [1, 0]], [-5, -2]), ([[1, 2]], [0.5])],
    "w = 0": [([[0, 0], [0, 0], [0, 0]], [1, 0, -1]), ([[1, 2, 3]], [0.5])],
    "everything zero": [([[0, 0]], [0]), ([[0]], [0]), ([[0]], [0])],
    "one line three times": [([[1, 2], [3, 6], [-7, -14]], [-1, -3, 7]), ([[1, 2, 3]], [0.5])],
    "the faces of f and p": [([[1, 1], [0, -3], [7, 0]], [-0.25, 0, 0]), ([[1, 2, 3]], [0.5])],
    "lines through the corners": [([[1, 1], [2, -3], [3, 1]], [2, 8, -5]), ([[1, -2, 3]], [0.5])],
    "the diagonal of the box": [([[3, -2]], [1]), ([[1]], [0.5])],
    "zero on a strip": [([[3, 3], [-3, -3]], [-1, 2]), ([[1, 1], [1, -1]], [-1, 0]), ([[2, -1]], [0.3])],
    "zero on a strip, from below": [([[3, 3], [-3, -3]], [-1, 2]), ([[-1, -1], [1, -1]], [1, 0]), ([[2, -1]], [0.3])],
    "one line in three layers": [([[3, 9], [1, 0]], [-1, 0]), ([[1, 0], [2, 0]], [0, 0]), ([[1, 1]], [0]), ([[1]], [1])],
}


@pytest.mark.parametrize("layers", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_networks_agree_with_rational_arithmetic(layers):
    """The same bound where signs are zero: nothing hangs, nothing is counted twice."""
    case = Case((2, *(len(b) for _, b in layers)), JUMPY, STEP)
    assert case.error(case.net.join(layers)) <= 1e-13


@pytest.mark.parametrize("m", [3, 7, 11, 13])
@pytest.mark.parametrize("near", [1e5, 1e7, 1e9])
def test_a_neuron_that_vanishes_up_to_rounding_is_inactive(m, near):
    """m relu(m (x + y) - 1) - relu(m^2 (x + y) - m) = 0 everywhere, and a line parallel and close to x + y = 1/m."""
    case, line = Case((2, 3, 1, 1), PARABOLA, box=UNIT), np.ceil(near / m) / near
    inner = ([[m, m], [m * m, m * m], [1, 1]], [-1, -m, -line])
    assert case.error(case.net.join([inner, ([[m, -1, 0]], [0]), ([[1]], [0.5])])) <= 1e-13


# -------------------------------------------------------------------- by hand
def test_one_neuron_on_the_unit_square():
    """T19: w = (1, 1), b = -1, v = 1, c = 0, f = 0: L = 1/12, G = (1/4, 1/4, 1/3, 1/6, 1/3)."""
    risk, gradient = Case((2, 1, 1), ZERO, box=UNIT).L.value_and_gradient([1, 1, -1, 1, 0])
    assert risk == pytest.approx(1 / 12, rel=1e-15)
    np.testing.assert_allclose(gradient, [1 / 4, 1 / 4, 1 / 3, 1 / 6, 1 / 3], rtol=1e-15)


def test_one_neuron_on_the_unit_cube():
    """relu(x + y + z - 2)^2 over the corner: L = B(3, 3)/2 = 1/60, G_w = 1/15, G_b = G_c = 1/12, G_v = 1/30."""
    L = ExactRisk(ReLUNetwork(3, 1, 1), CellPolynomial.on_box([0] * 3, [1] * 3, {}))
    risk, gradient = L.value_and_gradient([1, 1, 1, -2, 1, 0])
    assert risk == pytest.approx(1 / 60, rel=1e-14)
    assert beta(3, 3) / 2 == pytest.approx(1 / 60)
    np.testing.assert_allclose(gradient, [1 / 15] * 3 + [1 / 12, 1 / 30, 1 / 12], rtol=1e-14)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_square_of_a_neuron_has_the_integral_of_a_truncated_power(d, seed):
    """int_[0,1]^d relu(w.x + b)^2 = 2/(d+2)! / prod w * sum over corners e of (-1)^(d-|e|) relu(w.e + b)^(d+2)."""
    w, b = np.split(np.random.default_rng(seed).standard_normal(d + 1), [d])
    w, b = [Fraction(x) for x in w], Fraction(b[0])
    corners = list(product((0, 1), repeat=d))
    powers = [max(sum(x for x, on in zip(w, e, strict=True) if on) + b, 0) ** (d + 2) * (-1) ** (d - sum(e)) for e in corners]
    exact = Fraction(2, factorial(d + 2)) * sum(powers) / prod(w)
    L = ExactRisk(ReLUNetwork(d, 1, 1), CellPolynomial.on_box([0] * d, [1] * d, {}))
    assert distance(L([*map(float, w), float(b), 1, 0]), [exact]) <= 1e-13


# -------------------------------------------------------------------- other routes to the same number
@pytest.mark.parametrize("widths", [(1, 4, 1), (1, 3, 3, 1), (1, 4, 4, 4, 2)], ids=str)
@pytest.mark.parametrize("integers", [False, True])
def test_in_one_dimension_the_numbers_are_those_of_the_interval(widths, integers):
    """The same problem as PiecewisePolynomial and as CellPolynomial: 1e-13, random and degenerate networks."""
    f = PiecewisePolynomial([-1, 0.375, 2], [[0, 1, 2], [0.5, -1]])
    g = [{(0,): 3, (1,): 5, (2,): 2}, {(0,): 0.875, (1,): -1}]                # (x+1) + 2 (x+1)^2, and 1/2 - (x - 3/8)
    faces = [[((-1,), -0.375)], [((1,), 0.375)]]
    rows = [[q] * 2 if widths[-1] == 2 else q for q in g]
    box = CellPolynomial(([-1], [2]), list(zip(faces, rows, strict=True)))
    net, rng = ReLUNetwork(*widths), np.random.default_rng(0)
    thetas = rng.integers(-2, 3, (40, net.size)).astype(float) if integers else net.random(rng, 40)
    risk, gradient = ExactRisk(net, PiecewisePolynomial.stack([f, f]) if widths[-1] == 2 else f).value_and_gradient(thetas)
    other = ExactRisk(net, box).value_and_gradient(thetas)
    np.testing.assert_allclose(other[0], risk, rtol=1e-13)
    np.testing.assert_allclose(other[1], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_in_three_dimensions_a_problem_that_ignores_a_coordinate_is_the_one_in_two(axis, seed):
    """With w_axis = 0, f and p constant along the axis [0, 2]: L = 2 L_2 and G_axis = G_b, the mean of the axis being 1."""
    flat = Case((2, 3, 2, 1), JUMPY, STEP)
    theta = flat.net.random(np.random.default_rng(seed))
    (W, b), *rest = flat.net.split(theta)
    net = ReLUNetwork(3, 3, 2, 1)
    f, p = (CellPolynomial(*lifted(cells, axis)) for cells in (JUMPY, STEP))
    risk, gradient = ExactRisk(net, f, p).value_and_gradient(net.join([(np.insert(W, axis, 0, axis=1), b), *rest]))
    (G_W, G_b), *G_rest = net.split(gradient)
    exact = Deep(flat.net.widths, theta, flat.parts)
    assert distance(risk, [2 * exact.risk]) <= 1e-13
    kept = flat.net.join([(np.delete(G_W, axis, axis=1), G_b), *G_rest])
    assert distance(kept, [2 * g for g in exact.gradient]) <= 1e-13
    np.testing.assert_allclose(G_W[:, axis], G_b, rtol=0, atol=1e-13 * np.abs(gradient).max())


def lifted(cells, axis):
    """Box and cells of the problem in the plane with a further coordinate in [0, 2] put in at `axis`."""

    def add(numbers, x):
        return tuple(np.insert(np.asarray(numbers), axis, x).tolist())

    faces = [[(add(n, 0), c) for n, c in inequalities] for inequalities, _ in cells]
    polynomials = [{add(e, 0): c for e, c in polynomial.items()} for _, polynomial in cells]
    return (add(BOX[0], 0), add(BOX[1], 2)), list(zip(faces, polynomials, strict=True))


@pytest.mark.parametrize("d", [2, 3])
def test_renaming_the_coordinates_changes_nothing(d):
    """Columns of W^1, box and exponents turned around together: the same L, and G with its columns turned around."""
    net = ReLUNetwork(d, 4, 3, 1)
    upper, e = [1, 2, 0.5][:d], (2, 1, 0)[:d]
    theta = net.random(np.random.default_rng(1))
    (W, b), *rest = net.split(theta)
    risk, gradient = ExactRisk(net, CellPolynomial.on_box([0] * d, upper, {e: 1})).value_and_gradient(theta)
    turned = ExactRisk(net, CellPolynomial.on_box([0] * d, upper[::-1], {e[::-1]: 1}))
    other, G = turned.value_and_gradient(net.join([(W[:, ::-1], b), *rest]))
    (G_W, G_b), *G_rest = net.split(G)
    assert other == pytest.approx(risk, rel=1e-13)
    back = net.join([(G_W[:, ::-1], G_b), *G_rest])
    np.testing.assert_allclose(back, gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())


numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                       # zeros and ties do occur
DEEP = Case((2, 3, 2, 1), JUMPY, STEP)


@given(arrays(float, DEEP.net.size, elements=numbers), arrays(float, 3, elements=st.floats(-10, 10)), st.sampled_from([1, 2]))
@settings(max_examples=60)
def test_rescaling_a_neuron_by_ten_orders_of_magnitude_changes_nothing(theta, exponents, layer):
    """L(theta) and G, scaled back, are those of (s W_j, s b_j, V_j / s), s in [1e-10, 1e10]; 1e-12 of the largest entry."""
    net, L = DEEP.net, DEEP.L
    factors = (2.0 ** np.round(exponents * np.log2(10)))[: net.widths[layer]]
    risk, gradient = L.value_and_gradient(theta)
    other, scaled = L.value_and_gradient(net.rescale(theta, factors, layer))
    assert other == pytest.approx(risk, rel=1e-12)
    np.testing.assert_allclose(net.rescale(scaled, factors, layer), gradient, rtol=0, atol=1e-12 * np.abs(gradient).max())


@pytest.mark.parametrize("factor", [1e-10, 0.3, 7.0, 1e10])
def test_rescaling_by_factors_that_round_changes_nothing(factor):
    """The same with factors that are no powers of 2, for a network in three dimensions."""
    net = ReLUNetwork(3, 4, 3, 1)
    L, theta = ExactRisk(net, CellPolynomial.on_box([-1] * 3, [1] * 3, {(1, 1, 0): 1})), net.random(np.random.default_rng(0))
    factors = np.array([factor, 1, 1 / factor, 2])
    risk, gradient = L.value_and_gradient(theta)
    other, scaled = L.value_and_gradient(net.rescale(theta, factors))
    assert other == pytest.approx(risk, rel=1e-12)
    np.testing.assert_allclose(net.rescale(scaled, factors), gradient, rtol=0, atol=1e-12 * np.abs(gradient).max())


def test_small_chunks_give_the_same_numbers(monkeypatch):
    """Seven simplices at a time instead of 1024: only the order of the sums changes."""
    net = ReLUNetwork(2, 8, 8, 1)
    L, theta = ExactRisk(net, CellPolynomial(BOX, JUMPY)), net.random(np.random.default_rng(0))
    risk, gradient = L.value_and_gradient(theta)
    monkeypatch.setattr(simplices, "CHUNK", 7)
    other = L.value_and_gradient(theta)
    assert other[0] == pytest.approx(risk, rel=1e-13)
    np.testing.assert_allclose(other[1], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())


def test_a_batch_gives_the_bits_of_its_members():
    """Leading axes are a batch; L(theta) is the first half of value_and_gradient; an empty batch is fine."""
    L, thetas = DEEP.L, DEEP.net.random(np.random.default_rng(0), 6)
    risk, gradient = L.value_and_gradient(thetas.reshape(2, 3, -1))
    single = [L.value_and_gradient(theta) for theta in thetas]
    assert (risk.ravel() == [one[0] for one in single]).all()
    assert (gradient.reshape(6, -1) == [one[1] for one in single]).all()
    assert (L(thetas) == risk.ravel()).all()
    assert L.gradient(thetas[:0]).shape == (0, DEEP.net.size)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("q", [1, 2, 4])
def test_the_conical_rule_is_exact_up_to_degree_2q_minus_1(d, q):
    """int prod lambda_i^{e_i} = d! prod e_i! / (d + |e|)! of the volume; nodes inside, weights positive with sum 1."""
    nodes, weights = simplices.conical_rule(d, q)
    assert (nodes > 0).all()
    assert (weights > 0).all()
    powers = [e for e in product(range(2 * q), repeat=d + 1) if sum(e) <= 2 * q - 1]
    exact = [factorial(d) * prod(map(factorial, e)) / factorial(d + sum(e)) for e in powers]
    np.testing.assert_allclose([weights @ np.prod(nodes ** np.array(e), axis=1) for e in powers], exact, rtol=1e-13)


# -------------------------------------------------------------------- regions, the check of exactness
def test_two_lines_make_four_regions_of_known_area():
    """x > 1/4 and y > 1/2 on the unit square: areas 1/8, 1/8, 3/8, 3/8 by activation pattern."""
    L = Case((2, 2, 1), ZERO, box=UNIT).L
    regions = L.regions([1, 0, 0, 1, -0.25, -0.5, 1, 1, 0])
    areas = np.bincount(regions.region, regions.volumes)
    found = {tuple(pattern): area for pattern, area in zip(regions.patterns.tolist(), areas, strict=True)}
    assert found == pytest.approx({(False, False): 1 / 8, (False, True): 1 / 8, (True, False): 3 / 8, (True, True): 3 / 8})


def test_regions_fill_the_box_and_the_realization_is_affine_on_each():
    """Volumes sum to that of the box; an affine function fitted to the vertices of a region is the network there."""
    net = ReLUNetwork(2, 5, 4, 1)
    theta = net.random(np.random.default_rng(3))
    regions = ExactRisk(net, CellPolynomial(BOX, JUMPY)).regions(theta)
    assert regions.volumes.sum() == pytest.approx(6, rel=1e-14)
    assert len(regions) == regions.region.max() + 1 > 10
    for k in range(len(regions)):
        x = regions.vertices[regions.region == k].reshape(-1, 2)
        N, A = net.realization(theta, x), np.column_stack([x, np.ones(len(x))])
        np.testing.assert_allclose(A @ np.linalg.lstsq(A, N)[0], N, rtol=0, atol=1e-12 * np.abs(N).max())


def test_the_polygons_of_the_regions_have_the_areas_of_their_simplices():
    """Shoelace formula around each polygon; regions are convex, so corners in order of their angle go round it."""
    regions = DEEP.L.regions(DEEP.net.random(np.random.default_rng(3)))
    shoelace = [np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2 for x, y in (polygon.T for polygon in regions.polygons())]
    np.testing.assert_allclose(shoelace, np.bincount(regions.region, regions.volumes), rtol=1e-12)


def test_two_quadrature_degrees_agree_exactly_if_every_jump_is_a_face():
    """1e-14 for the target itself, above 1e-4 where a jump sits off the faces or the degree is higher than said."""
    L, theta = DEEP.L, DEEP.net.random(np.random.default_rng(0))
    assert L.quadrature_defect(theta) <= 1e-14
    assert L.quadrature_defect(theta, L.target) <= 1e-14
    assert L.quadrature_defect(theta, lambda x: L.target(x) + (x[:, 0] > 0.3)) > 1e-4
    assert L.quadrature_defect(theta, lambda x: L.target(x) + x[:, 0] ** 6) > 1e-4


# -------------------------------------------------------------------- what is refused
ON_INTERVAL = PiecewisePolynomial.constant(0, 0, 1)
SQUARE = CellPolynomial.on_box(*UNIT, {(0, 0): 1})
PLANE = ReLUNetwork(2, 3, 1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ExactRisk(ReLUNetwork(1, 3, 1), SQUARE), ValueError, r"\[0, 1\] x \[0, 1\] needs .* 2 input.* got ReLUN"),
        (lambda: ExactRisk(ReLUNetwork(2, 3, 2), SQUARE), ValueError, r"as many outputs as ReLUNetwork\(2, 3, 2\), got 1"),
        (lambda: ExactRisk(PLANE, SQUARE, ON_INTERVAL), ValueError, "one kind, got CellPolynomial and PiecewisePolynomial"),
        (lambda: ExactRisk(PLANE, SQUARE, CellPolynomial.on_box(*BOX, {(0, 0): 1})), ValueError, r"and \[-1, 1\] x \[-1, 2\]"),
        (lambda: ExactRisk(PLANE, SQUARE, CellPolynomial.on_box(*UNIT, {(1, 0): -1})), ValueError, r">= 0, but p\(1, 1\) = -1"),
        (lambda: ExactRisk(PLANE, SQUARE, CellPolynomial.on_box(*UNIT, {})), ValueError, "positive somewhere"),
        (lambda: ExactRisk(PLANE, SQUARE, CellPolynomial.on_box(*UNIT, [{}, {}])), ValueError, "scalar, got 2 outputs"),
        (lambda: ExactRisk(PLANE, SQUARE, method="dense"), ValueError, "must be 'auto' here, got 'dense'"),
        (lambda: ExactRisk(PLANE, np.sin), TypeError, "target must be a .* got ufunc"),
        (lambda: ExactRisk(PLANE, SQUARE, 1.0), TypeError, "density must be a .* got float"),
        (lambda: ExactRisk(PLANE, SQUARE)([1, 2]), ValueError, r"\(\.\.\., 13\) .* got \(2,\)"),
        (lambda: ExactRisk(PLANE, SQUARE).hessian(np.zeros(13)), TypeError, r"got ReLUNetwork\(2, 3, 1\). Use landscapes"),
        (lambda: ExactRisk(PLANE, SQUARE).breakpoints(np.zeros(13)), TypeError, "got a CellPolynomial. Use regions"),
        (lambda: ExactRisk(PLANE, SQUARE).regions(np.zeros((2, 13))), ValueError, r"one network \(size,\), got .* \(2, 13\)"),
        (lambda: ExactRisk(ReLUNetwork(1, 1), ON_INTERVAL).regions([0, 0]), TypeError, "PiecewisePolynomial. Use breakpoints"),
        (lambda: ExactRisk(ReLUNetwork(1, 1), ON_INTERVAL).quadrature_defect([0, 0]), TypeError, "Use a box"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, error, message):
    """Required, received, remedy."""
    with pytest.raises(error, match=message):
        make()


def test_polygons_are_for_two_coordinates():
    """In three, the remedy is a section."""
    regions = ExactRisk(ReLUNetwork(3, 1), CellPolynomial.on_box([0] * 3, [1] * 3, {})).regions(np.zeros(4))
    assert len(regions) == 1
    with pytest.raises(ValueError, match=r"needs 2 coordinates, got 3\. Draw a section"):
        regions.polygons()


def test_the_domain_is_shown():
    """repr names the box."""
    assert repr(ExactRisk(PLANE, SQUARE)) == "ExactRisk(ReLUNetwork(2, 3, 1) on [0, 1] x [0, 1])"
