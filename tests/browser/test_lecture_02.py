"""A learner's way through lecture 02: run it, move a slider, answer an exercise; in JupyterLab as `course start` opens it."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from course_lib.workspace import REPOSITORY
from tests.browser.lab import SECONDS, Notebook, wait_until

pytestmark = pytest.mark.browser

LECTURE = "lectures/02_exact_risk.ipynb"
EXERCISES = "exercises/02_exact_risk.ipynb"


def cells(path: Path) -> list[tuple[str, str, str]]:
    """(id, type, source) of the cells of a notebook, in their order."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in content["cells"]]


def first_question() -> tuple[int, str, int]:
    """The place of the first stub, its solution, and the place of the check that judges it."""
    exercises = cells(REPOSITORY / EXERCISES)
    code = [(place, source) for place, (_, kind, source) in enumerate(exercises) if kind == "code"]
    stub = next(place for place, source in code if "raise NotImplementedError" in source)
    check = next(place for place, source in code if place >= stub and ".check(" in source)
    solutions = {name: source for name, _, source in cells(REPOSITORY / "solutions/02_exact_risk.ipynb")}
    return stub, solutions[exercises[stub][0]], check


def test_course_start_opens_the_first_page_without_a_question(course, page):
    page.goto(course.url)
    expect(page.locator(".jp-Launcher, .jp-NotebookPanel").first).to_be_visible(timeout=SECONDS * 1000)
    expect(page.get_by_text("Would you like to get notified about official Jupyter news?")).to_have_count(0)
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_the_lecture_runs_shows_its_pictures_with_alt_text_and_its_slider_moves_the_figure(course, page):
    lecture = Notebook.open(page, course, LECTURE)
    pictures = lecture.panel.locator(".jp-Cell-outputArea img[alt]")
    assert len(pictures.first.get_attribute("alt")) >= 20, "already stored in the notebook, before any run"
    lecture.run_all()
    expect(lecture.errors).to_have_count(0)
    assert len(pictures.first.get_attribute("alt")) >= 20

    explorer = lecture.cells.filter(has=page.locator(".noUi-handle")).first
    figure = explorer.locator(".widget-html img, .jupyter-widgets img").first
    before = figure.get_attribute("src")
    lecture.move_slider()
    wait_until(lambda: figure.get_attribute("src") not in (before, None, ""), "another picture after the slider moved", 20)
    expect(lecture.errors).to_have_count(0)


def test_an_exercise_is_not_attempted_first_and_right_with_its_solution(course, page):
    stub, solution, check = first_question()
    exercises = Notebook.open(page, course, EXERCISES)
    exercises.run_all()
    expect(exercises.errors).to_have_count(0)
    expect(exercises.output(check)).to_contain_text("not attempted", ignore_case=True)

    exercises.type_into(stub, solution)
    exercises.run_cell(stub)
    exercises.run_cell(check)
    expect(exercises.output(check)).not_to_contain_text("not attempted", ignore_case=True)
    expect(exercises.output(check)).to_contain_text(re.compile(r"\bright\b", re.I))
    progress = json.loads((course.folder / ".course/progress.json").read_text(encoding="utf-8"))
    assert [entry["solved"] for entry in progress.values()] == [True]
