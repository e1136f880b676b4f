"""Without a mouse: the two kinds of widget, one slider or several above a figure, and an exercise, by the keyboard alone."""

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from course_lib.workspace import REPOSITORY
from tests.browser.lab import Notebook, wait_until

pytestmark = pytest.mark.browser

ACTIVE_HANDLE = "() => [...document.querySelectorAll('.noUi-handle')].indexOf(document.activeElement)"


def explorer_cell(path: str) -> int:
    """The place of the cell that ends in an explorer."""
    cells = json.loads((REPOSITORY / path).read_text(encoding="utf-8"))["cells"]
    return next(i for i, cell in enumerate(cells) if re.search(r"^explorer\(", "".join(cell["source"]), re.M))


def tab_to(notebook: Notebook, handle: int) -> None:
    """Press Tab until this slider of the page has the focus; AssertionError if forty presses do not reach it."""
    for _ in range(40):
        if notebook.page.evaluate(ACTIVE_HANDLE) == handle:
            return
        notebook.page.keyboard.press("Tab")
    raise AssertionError(f"slider {handle} cannot be reached with Tab")


def says_something_new(figure: Locator, before: str) -> None:
    wait_until(lambda: figure.get_attribute("alt") not in (before, None, ""), "another alt text after an arrow key", 20)


@pytest.mark.parametrize(("path", "sliders"), [("lectures/02_exact_risk.ipynb", 1), ("lectures/05_global_minima.ipynb", 2)])
def test_every_slider_is_reached_by_tab_and_moved_by_arrow_keys(course, page, path, sliders):
    """From the cell above: the figure's alt text, which states the numbers shown, changes with each slider and key."""
    lecture = Notebook.open(page, course, path)
    lecture.run_all()
    cell = lecture.cell(explorer_cell(path))
    cell.scroll_into_view_if_needed()
    figure = cell.locator(".jupyter-widgets img").first
    expect(cell.locator(".noUi-handle")).to_have_count(sliders)
    cell.locator(".cm-content").focus()
    page.keyboard.press("Escape")                                    # command mode: Tab moves on instead of indenting
    for handle in range(sliders):
        tab_to(lecture, handle)
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft"):
            before = figure.get_attribute("alt")
            page.keyboard.press(key)
            says_something_new(figure, before)
    expect(lecture.errors).to_have_count(0)


def test_an_exercise_is_answered_and_checked_without_a_mouse(course, page):
    """Escape, arrow keys and Enter lead to the stub; Shift+Enter runs it and goes on to the check."""
    path = "exercises/02_exact_risk.ipynb"
    cells = json.loads((REPOSITORY / path).read_text(encoding="utf-8"))["cells"]
    code = [(i, "".join(cell["source"])) for i, cell in enumerate(cells) if cell["cell_type"] == "code"]
    stub = next(i for i, source in code if "raise NotImplementedError" in source)
    exercises = Notebook.open(page, course, path)
    exercises.run_all()
    exercises.cell(0).focus()
    page.keyboard.press("Escape")
    for _ in range(stub):
        page.keyboard.press("ArrowDown")
    expect(exercises.cell(stub)).to_have_class(re.compile("jp-mod-active"))
    page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text("def risk(w, b, v, c):\n    return 0.0")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(exercises.output(stub + 1)).to_contain_text("expected")
