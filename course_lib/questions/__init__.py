"""The checks behind the exercises: `from course_lib.questions import q`, then q("2.1").check(answer).

    q(id) -> Question with .check(answer), .hint(), .hint(2), .solution()

Contents   q, questions_of; one module a lecture (lecture_01, lecture_02, ...), each with a tuple QUESTIONS
Layer      questions; modules are imported when first asked for
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from course_lib.questions.framework import Question

__all__ = ["lectures", "q", "questions_of"]


def lectures() -> list[int]:
    """The numbers of the lectures that have questions."""
    return sorted(int(path.stem[-2:]) for path in Path(__file__).parent.glob("lecture_[0-9][0-9].py"))


def questions_of(lecture: int) -> tuple[Question, ...]:
    """The questions of one lecture in order; ValueError if it has none."""
    if lecture not in lectures():
        raise ValueError(f"lecture {lecture} has no questions; these have: {', '.join(map(str, lectures()))}.")
    return import_module(f"course_lib.questions.lecture_{lecture:02d}").QUESTIONS


def q(id: str) -> Question:
    """The question with this id, such as "2.1"; ValueError that lists the ids there are."""
    number = str(id).partition(".")[0]
    known = questions_of(int(number)) if number.isdigit() and int(number) in lectures() else ()
    for question in known:
        if question.id == str(id):
            return question
    ids = [question.id for question in known] or [f"{n}.1, ..." for n in lectures()]
    raise ValueError(f"there is no question {id!r}; there are {', '.join(ids)}. Write the id as a string, such as q(\"2.1\").")
