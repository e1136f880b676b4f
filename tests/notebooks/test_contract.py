"""The contract of the notebooks: the rules of contract.py on each of them, and untouched exercises that run."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_lib import build
from course_lib.workspace import REPOSITORY, notebooks
from tests.notebooks.contract import RULES, book, text_of

FOLDERS = ("lectures", "solutions", "exercises")
EXERCISES = notebooks(REPOSITORY, "exercises")
CASES = [(path, name) for path in notebooks(REPOSITORY, *FOLDERS) for name in RULES if path.parent.name in RULES[name][1]]


def label(value: object) -> str:
    return f"{value.parent.name}/{value.stem}" if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("path", "name"), CASES, ids=label)
def test_notebook_keeps_the_rule(path, name):
    function, _ = RULES[name]
    assert not (complaints := list(function(book(path)))), "\n".join(complaints)


def test_there_are_notebooks_to_judge():
    """The rules say nothing about empty folders."""
    assert (REPOSITORY / "lectures/02_exact_risk.ipynb").exists()
    assert {path.parent.name for path, _ in CASES} == set(FOLDERS)


def test_every_notebook_is_named_by_its_number():
    files = {path for folder in FOLDERS for path in (REPOSITORY / folder).glob("*.ipynb")}
    assert files == set(notebooks(REPOSITORY, *FOLDERS))


def test_lecture_exercises_and_solution_carry_one_name():
    """Lecture 00, which only shows the way, has no exercises."""
    lectures, solutions, exercises = ({path.stem for path in notebooks(REPOSITORY, folder)} for folder in FOLDERS)
    assert lectures - {"00_start_here"} == solutions
    assert exercises == solutions


@pytest.mark.parametrize("path", notebooks(REPOSITORY, *FOLDERS), ids=label)
def test_notebook_is_valid(path):
    nbformat.validate(nbformat.v4.reads(path.read_text(encoding="utf-8")))


def test_what_is_generated_is_up_to_date():
    assert not (lines := build.differences(REPOSITORY)), "\n".join(lines)


@pytest.mark.parametrize("path", EXERCISES, ids=label)
def test_an_untouched_exercise_notebook_runs_and_every_check_says_not_attempted(path):
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    checks = [(cell, len(re.findall(r"\bq\([^)]*\)\s*\.check\(", cell.source))) for cell in notebook.cells]
    assert sum(calls for _, calls in checks) > 0
    for cell, calls in checks:
        said = " ".join(text_of(output) for output in cell.get("outputs", []))
        assert said.lower().count("not attempted") >= calls, f"{calls} checks in:\n{cell.source}\nsaid: {said}"
