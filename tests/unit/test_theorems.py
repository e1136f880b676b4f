"""The registry: every card has a test that verifies it and one that breaks it; the page is complete."""

import re
from pathlib import Path

import pytest

from course_lib import PiecewisePolynomial, ReLUNetwork
from course_lib.theorems import card, evidence, page, registry
from course_lib.theorems.cards import Hypothesis, TheoremCard

ROOT = Path(__file__).parents[2]
FOUND = evidence()
every_card = pytest.mark.parametrize("slug", registry)
SPECIAL_TARGETS = {"affine-target-classification", "hierarchy-of-local-minima"}


@every_card
def test_a_card_has_a_test_that_verifies_it(slug):
    """At least one test marked theorem(slug) without drops."""
    assert [name for name, dropped in FOUND.get(slug, []) if dropped is None]


@every_card
def test_a_card_has_a_test_that_drops_one_of_its_hypotheses(slug):
    """Or says why none exists; the dropped name is a hypothesis of the card."""
    dropped = {name for _, name in FOUND.get(slug, []) if name}
    assert dropped or card(slug).unbroken
    assert dropped <= {h.name for h in card(slug).hypotheses}


def test_no_mark_speaks_of_an_unknown_card():
    """A misspelt slug would verify nothing."""
    assert set(FOUND) <= set(registry)


@every_card
def test_a_card_names_its_lecture_and_its_source(slug):
    """The lecture exists and shows the card; quoted cards give authors and an arXiv id."""
    lecture = ROOT / "lectures" / f"{card(slug).lecture}.ipynb"
    assert slug in lecture.read_text(encoding="utf-8")
    assert not card(slug).status.startswith("quoted") or re.search(r"arXiv:\d{4}\.\d{5}", card(slug).source)


@every_card
def test_predicates_answer_true_false_or_none(slug):
    """On a shallow problem with a Lipschitz target nothing is violated, except where a card speaks of special targets only."""
    net, f = ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 0.5, 1], [[0, 1], [0.5]])
    p = PiecewisePolynomial.constant(1.0, 0, 1)
    verdicts = [h.predicate(net, f, p) for h in card(slug).hypotheses if h.predicate]
    assert all(v in (True, False, None) for v in verdicts)
    assert slug in SPECIAL_TARGETS or False not in verdicts


def test_predicates_see_a_jump_and_a_deep_network():
    """The step violates 'Lipschitz target', widths (1, 2, 2, 1) violate 'shallow'."""
    step, p = PiecewisePolynomial([0, 0.5, 1], [[0], [1]]), PiecewisePolynomial.constant(1.0, 0, 1)
    by_name = {h.name: h.predicate for h in card("lipschitz-global-minimum").hypotheses}
    assert by_name["Lipschitz target"](ReLUNetwork(1, 2, 1), step, p) is False
    assert by_name["shallow"](ReLUNetwork(1, 2, 2, 1), step, p) is False


def test_the_page_shows_every_card_with_its_tests():
    """Anchor, title, lecture and test names."""
    text = page()
    for slug, c in registry.items():
        assert f'<a id="{slug}"></a>' in text
        assert c.title in text
    assert "tests/theorems/test_lecture_02.py::test_the_stated_number_of_nodes" in text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: card("no-such-card"), "there are shallow-flow-convergence"),
        (lambda: TheoremCard("x", "t", (Hypothesis("h", "."),), "c", "s", "believed", "00"), "got 'believed'"),
        (lambda: TheoremCard("x", "t", (), "c", "s", "observed", "00"), "different names"),
    ],
)
def test_bad_cards_are_refused(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()
