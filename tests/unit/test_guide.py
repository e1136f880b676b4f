"""The instructor guide: its wrong answers are those of the catalogues, its plans add up, its sections and exercises exist."""

import re

import pytest

from course_lib.guide import entries, filled, wrong_answers
from course_lib.questions import lectures, questions_of
from course_lib.workspace import REPOSITORY, CourseError, course_file_number, notebooks

GUIDE = (REPOSITORY / "lectures/instructor/guide.md").read_text(encoding="utf-8")
LIST = r"\d+(?:(?:, (?:and )?| and | to )\d+)*"

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


# The guide itself


@pytest.mark.parametrize("path", notebooks(REPOSITORY, "lectures"), ids=lambda path: path.stem)
def test_every_lecture_has_its_part(path):
    """With its wrong answers, if it has exercises."""
    part = re.search(rf"^### {path.name[:2]} .+?(?=^##|\Z)", GUIDE, re.M | re.S)
    assert part
    assert all(f"*{word}" in part[0] for word in ("For*", "Ask:*", "Draw*"))
    number = course_file_number(path.name)
    assert (f"<!-- wrong answers {number:02d} -->" in part[0]) == (number in lectures())


def plans() -> list[list[tuple[int, int]]]:
    """(begin, length) in minutes of every row, for every table that has them."""
    tables = re.findall(r"^\| from \|.*\n\|---.*\n((?:\|.*\n)+)", GUIDE, re.M)
    row = re.compile(r"^\| (\d+):(\d\d) \| (\d+) ", re.M)
    return [[(60 * int(hour) + int(minute), int(length)) for hour, minute, length in row.findall(rows)] for rows in tables]


@pytest.mark.parametrize("plan", plans(), ids=("ninety minutes", "one day", "a session"))
def test_a_plan_adds_up(plan):
    assert len(plan) >= 5
    assert [begin + length for begin, length in plan[:-1]] == [begin for begin, _ in plan[1:]]


def test_the_plans_end_when_they_should():
    assert [plan[-1][0] + plan[-1][1] - plan[0][0] for plan in plans()] == [90, 8 * 60, 90]


def counted(text: str) -> set[int]:
    """The numbers of "1, 3 and 5 to 7"."""
    ranges = [found.split(" to ") for found in re.findall(r"\d+(?: to \d+)?", text)]
    return {n for ends in ranges for n in range(int(ends[0]), int(ends[-1]) + 1)}


def test_every_section_named_exists():
    """As in: lecture 07, sections 1 and 3 to 6."""
    found = re.findall(rf"\b(\d\d), sections? ({LIST})", GUIDE)
    assert len(found) > 20
    paths = {course_file_number(path.name): path for path in notebooks(REPOSITORY, "lectures")}
    for lecture, sections in found:
        text = paths[int(lecture)].read_text(encoding="utf-8")
        assert counted(sections) <= {int(n) for n in re.findall(r'"## (\d+) ', text)}, (lecture, sections)


def test_every_exercise_named_exists():
    known = {question.id for lecture in lectures() for question in questions_of(lecture)}
    plan = GUIDE.partition("## Ninety minutes")[2].partition("## Teaching live")[0]
    named = set(re.findall(r"(?<![\d.(])\d+\.\d(?!\d)", plan))
    assert len(named) > 40
    assert sorted(named - known) == []
