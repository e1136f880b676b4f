"""The instructor guide's generated parts: what learners get wrong, and what it reveals.

    <!-- wrong answers 03 --> ... <!-- end -->     is filled from tests/questions/03.py, the catalogue that the tests run

So what the guide promises of a check is what the tests assert of it.

Contents   entries (a catalogue, read without running it) -> wrong_answers (as Markdown) -> filled (the guide's text)
Layer      after questions
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from course_lib.questions import questions_of
from course_lib.workspace import CourseError

TESTS = Path(__file__).parents[1] / "tests"
BLOCK = re.compile(r"(<!-- wrong answers (\d+) -->\n).*?(<!-- end -->)", re.S)


def entries(lecture: int, tests: Path = TESTS) -> dict[str, list[tuple[str, str]]]:
    """question id -> [(what the answer reveals, words of the message)]; CourseError unless the file has such a catalogue."""
    path = tests / "questions" / f"{lecture:02d}.py"
    if not path.exists():
        raise CourseError(f"The wrong answers of lecture {lecture} are asked for, which need {path.name} in {path.parent}.")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CATALOGUE":
            answers = zip(node.value.keys, node.value.values, strict=True)
            return {key.value: [_words(call, path) for call in calls.elts] for key, calls in answers}
    raise CourseError(f"{path} must assign CATALOGUE, a dictionary of lists of Answer(...).")


def _words(call: ast.expr, path: Path) -> tuple[str, str]:
    """(reveals, says) of Answer(function, says, reveals, ...)."""
    given = [node.value for node in call.args[1:3] if isinstance(node, ast.Constant)] if isinstance(call, ast.Call) else []
    if len(given) != 2:
        raise CourseError(f"{path.name}:{call.lineno} must be Answer(function, 'says', 'reveals') with both texts written out.")
    return given[1], given[0]


def wrong_answers(lecture: int, tests: Path = TESTS) -> str:
    """A Markdown list: each question with its catalogued wrong answers, in the order of the catalogue."""
    found = entries(lecture, tests)
    lines = []
    for question in questions_of(lecture):
        said = "; ".join(f"{reveals} (“{says}”)" for reveals, says in found.get(question.id, []))
        lines.append(f"- **{question.id} {question.title}.** {said}.")
    return "\n".join(lines)


def filled(text: str, tests: Path = TESTS) -> str:
    """The guide with every block of wrong answers as the catalogues have it now."""
    return BLOCK.sub(lambda found: f"{found[1]}{wrong_answers(int(found[2]), tests)}\n{found[3]}", text)
