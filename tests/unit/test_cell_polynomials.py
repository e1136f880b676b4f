"""Polynomials on the cells of a box: values, triangulation, and the check that the cells tile the box."""

from fractions import Fraction
from itertools import product
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import CellPolynomial
from course_lib.cell_polynomials import Simplices, kuhn
from tests.reference_deep import inside, on_box

UNIT = ([0, 0], [1, 1])
ABOVE, BELOW = [((1, 1), 1)], [((-1, -1), -1)]
THREE = [
    ([((1, 2), 1)], {(2, 0): 1}),
    ([((-1, -2), -1), ((1, 0), 0.25)], {(0, 0): 3}),
    ([((-1, -2), -1), ((-1, 0), -0.25)], {(0, 1): 1}),
]
CUBE = ([0, 0, 0], [1, 1, 1])


# -------------------------------------------------------------------- simplices
@pytest.mark.parametrize("d", [1, 2, 3])
def test_kuhns_simplices_fill_the_box(d):
    """d! simplices of volume |det| / d!, together the volume of the box."""
    lower, upper = np.array([-1.0, 0, 2][:d]), np.array([1.0, 3, 2.5][:d])
    box = kuhn(lower, upper)
    determinants = np.abs(np.linalg.det(box.vertices[:, 1:] - box.vertices[:, :1])) / factorial(d)
    np.testing.assert_allclose(box.volumes, determinants, rtol=1e-15)
    assert len(box) == factorial(d)
    assert box.volumes.sum() == pytest.approx(np.prod(upper - lower), rel=1e-15)


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_the_two_sides_of_a_hyperplane_have_the_volume_of_the_whole(d, seed):
    """vol(n.x >= c) + vol(-n.x >= -c) = 1, volumes are determinants, and every vertex lies on its side."""
    rng = np.random.default_rng(seed)
    n, x = rng.integers(-3, 4, d).astype(float), rng.integers(0, 5, d) / 4
    n[rng.integers(d)] = 1.0
    box = kuhn(np.zeros(d), np.ones(d))
    right, left = box.inside(n[None], np.array([n @ x])), box.inside(-n[None], np.array([-(n @ x)]))
    both = Simplices.join([right, left])
    assert right.volumes.sum() + left.volumes.sum() == pytest.approx(1, rel=1e-14)
    determinants = np.abs(np.linalg.det(both.vertices[:, 1:] - both.vertices[:, :1])) / factorial(d)
    np.testing.assert_allclose(both.volumes, determinants, rtol=0, atol=1e-15)
    assert (right.vertices @ n >= n @ x - 1e-14).all()
    assert (left.vertices @ n <= n @ x + 1e-14).all()


def test_the_triangulation_has_the_areas_of_the_cells():
    """Against polygons clipped in rational arithmetic."""
    f = CellPolynomial(UNIT, THREE)
    areas = [sum(f.triangulation.volumes[f.triangulation.labels == k]) for k in range(3)]
    whole = on_box(UNIT, [([], {(0, 0): 1})], [([], {(0, 0): 1})])[0][0]
    exact = [inside(whole, faces).integral({(0, 0): Fraction(1)}) for faces, _ in THREE]
    np.testing.assert_allclose(areas, [float(area) for area in exact], rtol=1e-15)


# -------------------------------------------------------------------- values
def test_values_are_those_of_the_cell():
    """One formula a cell, evaluated by hand."""
    f = CellPolynomial(UNIT, THREE)
    np.testing.assert_array_equal(f([[0.5, 0.75], [0.5, 0.125], [0.125, 0.25]]), [0.25, 3, 0.25])
    assert (f.degree, f.outputs, f.domain) == (2, 1, ((0, 0), (1, 1)))


def test_on_a_common_face_the_first_cell_counts_even_when_rounding_has_a_say():
    """0.1 + 0.2 > 0.3 in floats; the point still belongs to both cells x + y >= 0.3 and <= 0.3."""
    lower, upper = ([((-1, -1), -0.3)], {(0, 0): 1}), ([((1, 1), 0.3)], {(0, 0): 2})
    assert CellPolynomial(UNIT, [lower, upper])([[0.1, 0.2]]) == 1
    assert CellPolynomial(UNIT, [upper, lower])([[0.1, 0.2]]) == 2


def test_vector_values_and_boxes_with_one_and_three_coordinates():
    """A list of polynomials gives a last axis of outputs, a list of one too; d = 1 takes x (n,)."""
    pair = CellPolynomial(UNIT, [(ABOVE, [{(1, 0): 1}, {}]), (BELOW, [{}, {(0, 1): 2}])])
    np.testing.assert_array_equal(pair([[1, 0.5], [0.25, 0.25]]), [[1, 0], [0, 0.5]])
    assert CellPolynomial.on_box(*UNIT, [{(0, 0): 1}])([[0, 0]]).shape == (1, 1)
    line = CellPolynomial(([0], [2]), [([((1,), 1)], {(1,): 1}), ([((-1,), -1)], {(2,): 1})])
    np.testing.assert_array_equal(line([0.5, 1.5]), [0.25, 1.5])
    assert CellPolynomial.on_box(*CUBE, {(1, 1, 1): 8})([[0.5, 0.5, 0.5]]) == 1


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_grid_of_cells_tiles_the_box(d):
    """3^d cubes, each the constant of its number: the right number at every centre, the volume 1 in all."""
    cells = []
    for k, corner in enumerate(product(range(3), repeat=d)):
        axes = np.eye(d, dtype=int)
        faces = [(s * axes[i], s * (corner[i] + (s < 0)) / 3) for i in range(d) for s in (1, -1)]
        cells.append((faces, {(0,) * d: k}))
    f = CellPolynomial(([0] * d, [1] * d), cells)
    centres = (np.array(list(product(range(3), repeat=d))) + 0.5) / 3
    np.testing.assert_array_equal(f(centres), np.arange(3**d))
    assert f.triangulation.volumes.sum() == pytest.approx(1, rel=1e-14)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_the_two_sides_of_any_line_tile_the_box(seed):
    """Normals of any size and direction; where the line misses the box, the empty side is named."""
    rng = np.random.default_rng(seed)
    n = rng.standard_normal(2) * 10.0 ** rng.uniform(-8, 8)
    c = n @ rng.uniform(0.01, 0.99, 2)
    f = CellPolynomial(UNIT, [([(n, c)], {(0, 0): 1}), ([(-n, -c)], {(0, 0): 2})])
    assert f.triangulation.volumes.sum() == pytest.approx(1, rel=1e-14)


def test_minimum_is_found_on_a_lattice_of_every_simplex():
    """x - y on the unit square: -1 at (0, 1); a parabola whose bottom -1/4 lies inside."""
    assert CellPolynomial.on_box(*UNIT, {(1, 0): 1, (0, 1): -1}).minimum() == ([0, 1], -1)
    x, lowest = CellPolynomial.on_box(*UNIT, {(2, 0): 1, (1, 0): -1, (0, 0): 0}).minimum()
    assert (x[0], lowest) == (0.5, -0.25)


# -------------------------------------------------------------------- what is refused
CONSTANT = {(0, 0): 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CellPolynomial(([0], [1, 1]), [([], CONSTANT)]), r"1, 2 or 3 coordinates, got the shapes \(1,\) and \(2,\)"),
        (lambda: CellPolynomial(([0] * 4, [1] * 4), [([], {(0,) * 4: 1})]), r"got the shapes \(4,\) and \(4,\)"),
        (lambda: CellPolynomial(([0, 1], [1, 0]), [([], CONSTANT)]), r"lower < upper, got \[0.0, 1.0\] and \[1.0, 0.0\]"),
        (lambda: CellPolynomial(([0, 0], [1, np.inf]), [([], CONSTANT)]), r"finite corners .* got .* \[1.0, inf\]"),
        (lambda: CellPolynomial(UNIT, []), "at least one .* got none"),
        (lambda: CellPolynomial(UNIT, [([((1, 1, 1), 1)], CONSTANT)]), r"cell 0: .* 2 finite .* is \(\[1.0, 1.0, 1.0\], 1\)"),
        (lambda: CellPolynomial(UNIT, [(ABOVE, CONSTANT), ([((0, 0), 1)], CONSTANT)]), r"cell 1: .* 0 is \(\[0.0, 0.0\], 1"),
        (lambda: CellPolynomial(UNIT, [([((1, 1), np.nan)], CONSTANT)]), r"number 0 is \(\[1.0, 1.0\], nan\)"),
        (lambda: CellPolynomial(UNIT, [([], {(0, 0, 0): 1})]), r"maps 2 exponents .* got \(0, 0, 0\): 1"),
        (lambda: CellPolynomial(UNIT, [([], {(-1, 0): 1})]), r"exponents >= 0 .* got \(-1, 0\): 1"),
        (lambda: CellPolynomial(UNIT, [([], {(1, 0): np.nan})]), r"finite coefficient, got \(1, 0\): nan"),
        (lambda: CellPolynomial(UNIT, [(ABOVE, [CONSTANT]), (BELOW, [CONSTANT] * 2)]), r"same number of outputs, got \[1, 2\]"),
        (lambda: CellPolynomial(UNIT, [(ABOVE, [CONSTANT]), (BELOW, CONSTANT)]), r"same number of outputs, got \[1, 1\]"),
        (lambda: CellPolynomial(UNIT, [([], CONSTANT), (ABOVE, CONSTANT)]), "cells 0 and 1 share a volume of 0.5"),
        (lambda: CellPolynomial(UNIT, [([((1, 1), 0.5)], CONSTANT), (BELOW, CONSTANT)]), "0 and 1 share a volume of 0.375"),
        (lambda: CellPolynomial(UNIT, [(ABOVE, CONSTANT)]), r"must cover the box .* but 0.5 of its volume is in none"),
        (lambda: CellPolynomial(UNIT, [(ABOVE, CONSTANT), ([((1, 1), 2)], CONSTANT)]), "cell 1 has no interior"),
        (lambda: CellPolynomial.on_box(*UNIT, CONSTANT)([0.5, 0.5]), r"shape \(n, 2\), got \(2,\)"),
        (lambda: CellPolynomial.on_box(*UNIT, CONSTANT)([[0.5, 1.5]]), r"in the box .* but \[0.5, 1.5\] came"),
        (lambda: CellPolynomial.on_box(*UNIT, CONSTANT)([[0.5, np.nan]]), r"but \[0.5, nan\] came"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()


def test_arrays_cannot_be_changed():
    """A frozen problem stays what was checked."""
    f = CellPolynomial(UNIT, THREE)
    for array in (f.lower, f.upper, f.coefficients, f.exponents, f.triangulation.vertices):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
