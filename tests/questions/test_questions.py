"""Every question of every lecture: solution right, stub not attempted, each catalogued wrong answer with its own message."""

from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

from course_lib.questions import lectures, q, questions_of

ROOT = Path(__file__).parents[2]
QUESTIONS = [question for n in lectures() for question in questions_of(n)]
CATALOGUES = {n: import_module(f"tests.questions.{n:02d}").CATALOGUE for n in lectures()}
WRONG = [(id, answer) for catalogue in CATALOGUES.values() for id, answers in catalogue.items() for answer in answers]
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=[question.id for question in QUESTIONS])


@cache
def answers(folder: str, notebook: str) -> dict:
    """id -> the function that a notebook hands to its check, the notebook's code cells run in order without the checks."""
    cells = nbformat.read(ROOT / folder / f"{notebook}.ipynb", as_version=4).cells
    namespace, found = {}, {}
    for source in (cell.source for cell in cells if cell.cell_type == "code"):
        if source.startswith('q("'):
            id, name = source.split('"')[1], source.split(".check(")[1].split(")")[0]
            found[id] = namespace[name]
        else:
            exec(compile(source, f"{folder}/{notebook}", "exec"), namespace)
    return found


@every_question
def test_the_solution_is_right(question):
    """solutions/ answers its own exercise."""
    assert question.judge(answers("solutions", question.notebook)[question.id]).outcome == "right"


@every_question
def test_the_stub_is_not_attempted(question):
    """exercises/ as given out."""
    assert question.judge(answers("exercises", question.notebook)[question.id]).outcome == "not attempted"


@pytest.mark.parametrize(("id", "answer"), WRONG, ids=[f"{id} {answer.reveals}" for id, answer in WRONG])
def test_a_wrong_answer_gets_its_outcome_and_its_reason(id, answer):
    """The message names what went wrong, and no wrong answer is called right."""
    result = q(id).judge(answer.function)
    assert result.outcome == answer.outcome
    assert answer.says.lower() in result.message.lower()


@every_question
def test_at_least_three_wrong_answers_are_catalogued_with_different_messages(question):
    """Different mistakes get different sentences."""
    entries = CATALOGUES[int(question.id.split(".")[0])][question.id]
    messages = {question.judge(entry.function).message for entry in entries}
    assert len(entries) >= 3
    assert len(messages) == len(entries)


@every_question
def test_constants_are_never_given_away(question):
    """No message to a wrong single answer contains a number of the right one (numbers below 10 occur anyway)."""
    solution = answers("solutions", question.notebook)[question.id]
    if solution.__code__.co_argcount:
        pytest.skip("functions are shown the expected value on one instance, on purpose")
    right = [f"{x:.4g}" for x in (solution() if isinstance(solution(), list | tuple) else [solution()])]
    entries = CATALOGUES[int(question.id.split(".")[0])][question.id]
    said = " ".join(question.judge(entry.function).message for entry in entries)
    assert not [number for number in right if len(number) > 3 and number in said]


@every_question
def test_ids_titles_and_hints_are_complete(question):
    """Ids count up within the lecture; hints grow."""
    assert question.title
    assert q(question.id) is question
    assert all(len(hint) > 30 for hint in question.hints)
