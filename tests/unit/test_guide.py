"""The instructor guide's wrong answers are those of the catalogues."""

import pytest

from course_lib.guide import entries, filled, wrong_answers
from course_lib.questions import lectures, questions_of
from course_lib.workspace import CourseError

SMALL = '''
CATALOGUE = {
    "2.1": [
        Answer(lambda x: x, "the corner", "cuts nowhere"),
        Answer(helper, "twice", "doubles", "not sharp"),
    ],
}
'''


def catalogue(tests, text, name="02.py"):
    (tests / "questions").mkdir()
    (tests / "questions" / name).write_text(text, encoding="utf-8")
    return tests


def test_entries_are_read_without_running_the_file(tmp_path):
    """`helper` is defined nowhere."""
    assert entries(2, catalogue(tmp_path, SMALL)) == {"2.1": [("cuts nowhere", "the corner"), ("doubles", "twice")]}


def test_a_block_is_filled_and_the_rest_is_kept(tmp_path):
    """Twice gives the same as once."""
    text = "before\n<!-- wrong answers 2 -->\nold\n<!-- end -->\nafter\n"
    once = filled(text, catalogue(tmp_path, SMALL))
    assert once.startswith("before\n<!-- wrong answers 2 -->\n- **2.1 the risk of one neuron.** cuts nowhere (“the corner”); ")
    assert once.endswith("\n<!-- end -->\nafter\n")
    assert "old" not in once
    assert filled(once, tmp_path) == once


@pytest.mark.parametrize("lecture", lectures())
def test_every_question_of_the_course_has_its_line(lecture):
    lines = wrong_answers(lecture).splitlines()
    assert len(lines) == len(questions_of(lecture))
    assert all(line.count("(“") >= 3 for line in lines)


def test_a_missing_catalogue_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"wrong answers of lecture 2 are asked for, which need 02\.py"):
        entries(2, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [("OTHER = {}", "must assign CATALOGUE"), ('CATALOGUE = {"2.1": [Answer(f, says, "x")]}', r"02\.py:1 must be Answer")],
)
def test_another_form_is_refused_with_its_place(tmp_path, text, words):
    with pytest.raises(CourseError, match=words):
        entries(2, catalogue(tmp_path, text))
