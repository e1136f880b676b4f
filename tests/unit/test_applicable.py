"""applicable: what the cards say about problems of every kind, and how a verdict reads."""

import numpy as np
import pytest

from course_lib import CellPolynomial, PiecewisePolynomial, ReLUNetwork, applicable
from course_lib.theorems import Hypothesis, TheoremCard, registry
from course_lib.theorems.verdicts import verdicts

SHALLOW, DEEP, PLANE = ReLUNetwork(1, 2, 1), ReLUNetwork(1, 2, 2, 1), ReLUNetwork(2, 3, 1)
STEP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
BENT = PiecewisePolynomial([0, 0.5, 1], [[0, 1], [0.5]])
ONE, SLOPE = PiecewisePolynomial.constant(1.0, 0, 1), PiecewisePolynomial.polynomial([0.5, 1], 0, 1)
GAP = PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
VECTOR = PiecewisePolynomial.stack([STEP, BENT])


ONE_CELL = CellPolynomial.on_box([0, 0], [1, 1], {(1, 1): 1})
TWO_CELLS = CellPolynomial(([0, 0], [1, 1]), [([((1, 1), 1)], {(0, 0): 2}), ([((-1, -1), -1)], {(1, 1): 1})])
HOLE = CellPolynomial(([0, 0], [1, 1]), [([((1, 1), 1)], {(0, 0): 0}), ([((-1, -1), -1)], {(0, 0): 1})])
PROBLEMS = {
    "shallow, step": (SHALLOW, STEP, None),
    "shallow, density with a gap": (SHALLOW, BENT, GAP),
    "deep": (DEEP, BENT, SLOPE),
    "vector target": (ReLUNetwork(1, 2, 2), VECTOR, ONE),
    "one cell": (PLANE, ONE_CELL, ONE_CELL),
    "two cells": (PLANE, TWO_CELLS, None),
    "two cells, deep": (ReLUNetwork(2, 3, 3, 1), TWO_CELLS, TWO_CELLS),
    "plain functions": (SHALLOW, np.cos, np.exp),
    "plain target": (SHALLOW, np.cos, None),
    "no hidden layer": (ReLUNetwork(1, 1), BENT, None),
}


def holds(problem, slug):
    """The verdict of one card on a problem."""
    return {v.card.slug: v for v in applicable(*problem)}[slug]


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_every_card_answers_on_every_kind_of_problem(problem):
    """holds is True iff nothing failed and nothing is undecided, False iff something failed; no predicate raises."""
    found = applicable(*problem)
    assert [v.card for v in found] == list(registry.values())
    for v in found:
        assert v.holds is (False if v.failed else None if v.undecided else True)
        assert set(v.failed) | set(v.undecided) <= set(v.card.hypotheses)


@pytest.mark.parametrize(
    ("problem", "slug", "expected"),
    [
        ((SHALLOW, BENT, None), "lipschitz-global-minimum", True),
        ((SHALLOW, STEP, None), "lipschitz-global-minimum", False),
        ((DEEP, BENT, None), "lipschitz-global-minimum", False),
        ((SHALLOW, BENT, GAP), "lipschitz-global-minimum", False),
        ((SHALLOW, np.cos, None), "lipschitz-global-minimum", None),
        ((SHALLOW, STEP, GAP), "exact-quadrature", True),
        ((SHALLOW, np.cos, None), "exact-quadrature", None),
        ((SHALLOW, BENT, None), "shallow-flow-convergence", None),
        ((PLANE, TWO_CELLS, TWO_CELLS), "shallow-flow-convergence", None),
        ((DEEP, BENT, None), "shallow-flow-convergence", False),
        ((SHALLOW, BENT, ONE), "grid-rate", True),
        ((SHALLOW, BENT, SLOPE), "grid-rate", False),
        ((SHALLOW, STEP, None), "grid-rate", False),
        ((PLANE, TWO_CELLS, HOLE), "exact-quadrature", False),
    ],
)
def test_verdicts_on_known_problems(problem, slug, expected):
    """A jump, a second hidden layer, a density with a gap, a plain function, a density that is not 1."""
    assert holds(problem, slug).holds is expected


def test_a_jump_in_one_component_is_a_jump():
    """The vector (step, continuous) is not Lipschitz."""
    names = [h.name for h in holds((ReLUNetwork(1, 2, 2), VECTOR, None), "lipschitz-global-minimum").failed]
    assert names == ["shallow", "Lipschitz target"]


def test_a_density_with_a_hole_is_not_positive():
    """A cell on which p = 0 fails 'positive density'; p = x y does not."""
    by_name = {h.name: h.predicate for h in registry["lipschitz-global-minimum"].hypotheses}
    assert by_name["positive density"](PLANE, ONE_CELL, HOLE) is False
    assert by_name["positive density"](PLANE, ONE_CELL, ONE_CELL) is True


def test_a_verdict_reads_as_a_sentence():
    """Three kinds, as text and as Markdown; the tuple is shown line by line."""
    found = applicable(SHALLOW, STEP)
    lines = repr(found).splitlines()
    assert len(lines) == len(found) == len(registry)
    assert "exact-quadrature: applies: every hypothesis holds." in lines
    (failed,) = (line for line in lines if line.startswith("lipschitz-global-minimum"))
    assert failed.endswith("does not apply, because this fails: 'Lipschitz target' ($f$ is Lipschitz continuous on $[a,b]$).")
    text = found._repr_markdown_()
    assert "- `energy-identity`: applies if *flow* can be granted, which network, target and density do not decide." in text
    assert str(holds((SHALLOW, STEP, None), "exact-quadrature")) == "applies: every hypothesis holds."


def test_a_hypothesis_without_predicate_is_undecided():
    """It is never counted as true."""
    hypotheses = (Hypothesis("told", "."), Hypothesis("seen", ".", lambda *_: True))
    card = TheoremCard("x", "t", hypotheses, "c", "s", "observed", "00")
    (verdict,) = verdicts([card], SHALLOW, BENT)
    assert verdict.holds is None
    assert [h.name for h in verdict.undecided] == ["told"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: applicable(3, BENT), TypeError, "network must be a ReLUNetwork, got int"),
        (lambda: applicable(SHALLOW, 1.0), TypeError, r"target must be a function, got float\. For a number"),
        (lambda: applicable(SHALLOW, BENT, 1.0), TypeError, "density must be a function, got float"),
        (
            lambda: applicable(SHALLOW, BENT, PiecewisePolynomial.constant(1, 0, 2)),
            ValueError,
            r"one domain, got \[\[0.0, 1.0\]\] and \[\[0.0, 2.0\]\]",
        ),
        (lambda: applicable(PLANE, BENT), ValueError, r"ReLUNetwork\(2, 3, 1\) needs functions of 2 coordinates, got 1"),
        (lambda: applicable(SHALLOW, ONE_CELL), ValueError, "needs functions of 1 coordinates, got 2"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, error, message):
    """Required, received, remedy."""
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(("answer", "holds"), [(np.False_, False), (np.True_, True), (None, None)])
def test_truth_values_of_numpy_count_as_what_they_say(answer, holds):
    """np.False_ is not the object False, but it is a failure."""
    card = TheoremCard("x", "x", (Hypothesis("h", "h", lambda network, f, p: answer),), "c", "s", "observed", "00")
    (verdict,) = verdicts([card], SHALLOW, BENT, None)
    assert verdict.holds is holds


def test_any_other_answer_of_a_predicate_is_an_error():
    """A forgotten return in a longer predicate is None; 0 or a string is a mistake."""
    card = TheoremCard("x", "x", (Hypothesis("h", "h", lambda network, f, p: 0),), "c", "s", "observed", "00")
    with pytest.raises(TypeError, match="predicate of 'h' on card 'x' must give True, False or None, got 0"):
        verdicts([card], SHALLOW, BENT, None)
