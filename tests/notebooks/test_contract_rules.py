"""The rules of contract.py find what they are for: a good lecture passes them all, each breach is named by its rule."""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_lib import build
from tests.notebooks.contract import LIMIT_BYTES, RULES, Book, anchors
from tests.unit.small_course import CHECK, SOLUTION, STUB, notebook, save

OPENING = """# The risk
**Objectives.** You will be able to compute it. **Prerequisites:** lecture 1. **Time:** 50 minutes.
[exercises](../exercises/02_exact_risk.ipynb), [cards](theorems.md#exact-risk), [source](https://arxiv.org)"""
SECTION = "## Value\nIt is $f(2.7)$ here:\n$$1 \\tag{2.1}$$\nand (2.1) is used in exercise 2.1; `C:\\mathbb` stays (0.5)."
PICTURE = '<img alt="The risk falls from 1 to 0 along the flow" src="data:image/png;base64,/home/abc/tmp/">'


def lecture() -> nbformat.NotebookNode:
    """A lecture that keeps every rule."""
    book = notebook(OPENING, SECTION, "rng = np.random.default_rng(7)\n1 + 1", "show()")
    book.cells[1].metadata.slideshow = {"slide_type": "slide"}
    for count, cell in enumerate(book.cells[2:], 1):
        cell.execution_count = count
    book.cells[2].outputs = [new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    book.cells[3].outputs = [new_output("display_data", {"text/html": PICTURE, "text/plain": "The risk falls"})]
    return build.normal_form(book)


@pytest.fixture
def judge(tmp_path) -> Callable[[nbformat.NotebookNode], dict[str, list[str]]]:
    """Store a notebook as lecture 02 of a course with one exercise set; the complaints, rule by rule."""
    save(tmp_path / "exercises/02_exact_risk.ipynb", "# Exercises", STUB, CHECK)
    save(tmp_path / "solutions/02_exact_risk.ipynb", "# Exercises", SOLUTION, CHECK)
    (tmp_path / "lectures").mkdir()
    (tmp_path / "lectures/theorems.md").write_text('# Cards\n<a id="exact-risk"></a>\n')

    def complaints(book: nbformat.NotebookNode, folder: str = "lectures") -> dict[str, list[str]]:
        path = tmp_path / folder / "02_exact_risk.ipynb"
        path.write_text(json.dumps(book), encoding="utf-8")
        found = {name: list(function(Book(path))) for name, (function, folders) in RULES.items() if folder in folders}
        return {name: lines for name, lines in found.items() if lines}

    return complaints


def test_a_good_lecture_keeps_every_rule(judge):
    assert judge(lecture()) == {}


def code(source: str, **changes: object) -> Callable[[nbformat.NotebookNode], None]:
    """Puts a third code cell at the end."""
    return lambda book: book.cells.append(new_code_cell(source, **{"execution_count": 3, **changes}))


def prose(source: str) -> Callable[[nbformat.NotebookNode], None]:
    """Puts a prose cell at the end."""
    return lambda book: book.cells.append(new_markdown_cell(source))


def shown(**data: str) -> Callable[[nbformat.NotebookNode], None]:
    """Puts a code cell at the end that shows data; keys are written with _ for /."""
    return code("1", outputs=[new_output("display_data", {kind.replace("_", "/"): text for kind, text in data.items()})])


def opening_without(word: str) -> Callable[[nbformat.NotebookNode], None]:
    return lambda book: book.cells[0].update(source=OPENING.replace(word, "…").replace("be able to", "…"))


def rebinding(name: str, slider: str) -> Callable[[nbformat.NotebookNode], None]:
    """Puts two code cells at the end: a slider whose function reads x by way of another, and one that rebinds x."""

    def breach(book: nbformat.NotebookNode) -> None:
        code(f"%matplotlib agg\nx = 1\ndef {name}(k):\n    return k + x\n{slider}")(book)
        code("for x in range(3):\n    y = x", execution_count=4)(book)

    return breach


BREACHES = [
    ("the_kernel_is_python3", lambda book: book.metadata.kernelspec.update(name="python312"), "got python312"),
    ("the_kernel_is_python3", lambda book: book.metadata.pop("kernelspec"), "got None"),
    ("the_stored_run_goes_from_top_to_bottom", code("1", execution_count=None), r"got [1, 2, None]"),
    ("the_stored_run_goes_from_top_to_bottom", code("1", execution_count=5), r"got [1, 2, 5]"),
    ("nothing_fails_or_warns", code("1", outputs=[new_output("stream", name="stderr", text="Warning")]), "cell 5 shows stderr"),
    ("nothing_fails_or_warns", code("1", outputs=[new_output("error", ename="ValueError")]), "cell 5 shows ValueError"),
    ("nothing_is_installed_or_fetched", code("%pip install numpy"), "%pip"),
    ("nothing_is_installed_or_fetched", code("!pip install numpy"), "!pip"),
    ("nothing_is_installed_or_fetched", code("from urllib.request import urlopen"), "urllib"),
    ("nothing_is_installed_or_fetched", code("import requests"), "import requests"),
    ("nothing_is_installed_or_fetched", prose("Type `pip install numpy`."), "pip install"),
    ("no_path_is_absolute", code("open('/home/ada/data.csv')"), "/home/ada"),
    ("no_path_is_absolute", prose(r"See C:\Users\ada."), r"C:\Users"),
    ("no_path_is_absolute", shown(text_plain="PosixPath('/work/data')"), "/work/data"),
    ("no_path_is_absolute", code("1", outputs=[new_output("stream", text="/Users/ada/x")]), "/Users/ada"),
    ("chance_has_a_seed", code("rng = np.random.default_rng()"), "default_rng()"),
    ("chance_has_a_seed", code("rng = default_rng( None )"), "default_rng( None )"),
    ("chance_has_a_seed", code("np.random.normal(3)"), "np.random.normal("),
    ("sliders_still_work_at_the_end", rebinding("f", "explorer(figure, lambda k: f(k), k=slider())"), "cell 6 rebinds x"),
    ("sliders_still_work_at_the_end", rebinding("f", "def move(k):\n    y = f(k)\nslider.observe(move)"), "cell 6 rebinds x"),
    ("the_file_is_small", prose("x" * LIMIT_BYTES), f"at most {LIMIT_BYTES} bytes"),
    ("no_widget_is_stored", lambda book: book.metadata.update(widgets={}), "widget state"),
    ("no_widget_is_stored", shown(**{build.WIDGET_VIEW.replace("/", "_"): "{}"}), "a view of a widget"),
    ("every_picture_says_what_is_to_be_seen", shown(image_png="AAAA"), "shows image/png"),
    ("every_picture_says_what_is_to_be_seen", shown(text_html="<img src='x'>"), "got None"),
    ("every_picture_says_what_is_to_be_seen", shown(text_html="<p><IMG alt='Figure 1' src='x'></p>"), "got 'Figure 1'"),
    ("every_picture_says_what_is_to_be_seen", prose("![](theorems.md)"), "got ''"),
    ("every_picture_says_what_is_to_be_seen", prose('<img src="theorems.md">'), "got None"),
    ("every_section_starts_a_slide", prose("## Another section"), "cell 5 starts a section"),
    ("code_cells_are_short", code("\n\n".join(f"x{i} = {i}" for i in range(21))), "has 21 lines"),
    ("the_opening_names_title_objectives_prerequisites_and_minutes", opening_without("# The risk"), "a title"),
    ("the_opening_names_title_objectives_prerequisites_and_minutes", opening_without("Objectives"), "objectives"),
    ("the_opening_names_title_objectives_prerequisites_and_minutes", opening_without("Prerequisites"), "prerequisites"),
    ("the_opening_names_title_objectives_prerequisites_and_minutes", opening_without("50"), "minutes"),
    ("formula_tags_are_unique_and_carry_the_lectures_number", prose("$$x \\tag{2.1}$$"), "2.1 is given twice"),
    ("formula_tags_are_unique_and_carry_the_lectures_number", prose("$$x \\tag{3.2}$$"), "3.2 must be 2.k"),
    ("every_reference_to_a_formula_resolves", prose("By (2.9) it falls."), "refers to (2.9)"),
    ("every_exercise_mentioned_exists", prose("Now do Exercises 2.1, 2.2 and 2.7."), "mentions exercise 2.7"),
    ("every_exercise_mentioned_exists", prose("Try **Exercise 2.12**."), "mentions exercise 2.12"),
    ("every_relative_link_resolves", prose("[x](../exercises/03_none.ipynb)"), "links to ../exercises/03_none.ipynb"),
    ("every_relative_link_resolves", prose("[x](theorems.md#no-card)"), "links to theorems.md#no-card"),
    ("every_relative_link_resolves", prose("[x](#Nowhere)"), "links to #Nowhere"),
    ("every_relative_link_resolves", prose('<a href="nothing.md">x</a>'), "links to nothing.md"),
    ("every_relative_link_resolves", prose("[x](/lectures/theorems.md)"), "links to /lectures/theorems.md"),
]


@pytest.mark.parametrize(("name", "breach", "words"), BREACHES)
def test_a_breach_is_found_by_its_rule_and_by_no_other(judge, name, breach, words):
    book = lecture()
    breach(book)
    found = judge(book)
    assert list(found) == [name]
    assert words in "\n".join(found[name])


def test_a_slider_may_have_names_of_its_own_that_others_use_too(judge):
    book = lecture()
    code("def update(x, k):\n    y = x\n    return y\nexplorer(figure, update)")(book)
    code("x = y = k = 2", execution_count=4)(book)
    assert judge(book) == {}


def test_every_rule_for_lectures_has_a_breach():
    assert {name for name, (_, folders) in RULES.items() if "lectures" in folders} == {name for name, _, _ in BREACHES}


def test_links_to_headings_and_solutions_resolve(judge):
    book = lecture()
    prose("## Closing words\n[a](#Value) [b](../solutions/02_exact_risk.ipynb) [c](theorems.md#cards)")(book)
    book.cells[-1].metadata.slideshow = {"slide_type": "slide"}
    assert judge(book) == {}


def test_a_heading_has_the_anchors_of_jupyterlab_and_of_github(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("## Why `relu'(0) = 0`?\n")
    assert anchors(path) == {"Why-relu'(0)-=-0?", "why-relu0--0"}


@pytest.mark.parametrize("source", ["x = 1\n### END SOLUTION", "Here: def answer():    return  3 and more"])
def test_a_solution_in_an_exercise_notebook_is_found(judge, tmp_path, source):
    solution = "def answer():\n    ### BEGIN SOLUTION\n    more = 3\n    return more\n    ### END SOLUTION"
    save(tmp_path / "solutions/02_exact_risk.ipynb", "# Exercises", solution)
    leaking = source.replace("return  3", "more = 3\nreturn more")
    assert list(judge(build.normal_form(notebook("# Exercises", leaking)), "exercises")) == ["no_solution_is_given_away"]


def test_the_generated_exercises_give_nothing_away(judge, tmp_path):
    solution = build.load(tmp_path / "solutions/02_exact_risk.ipynb")
    assert judge(build.exercise(solution, Path("solutions/02_exact_risk.ipynb")), "exercises") == {}
