"""What is generated: normal form, exercises from solutions, executed notebooks, and the comparison that changes nothing."""

import base64
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from course_lib import build
from course_lib.workspace import CourseError
from tests.unit.small_course import STUB, edit, make, notebook, save, sources

PATH = Path("solutions/02_exact_risk.ipynb")


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """The made-up course; its page of theorem cards is one line."""
    monkeypatch.setattr(build, "theorems_page", lambda: "# Cards\n")
    return make(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The made-up course after `course build`; its solution shows a widget and writes twice to stdout."""
    folder = make(tmp_path_factory.mktemp("built"))
    widget = "import sys\nimport ipywidgets\nprint(1)\nsys.stdout.flush()\nprint(2)\nipywidgets.IntSlider()"
    save(folder / PATH, "# Exercises", widget, "def f():\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "theorems_page", lambda: "# Cards\n")
        build.build(folder, say=lambda line: None)
    return folder


def stub(source: str) -> str:
    return build.exercise(notebook(source), PATH).cells[0].source


# Exercises


def test_a_solution_block_becomes_a_stub_with_its_indentation():
    source = "def f(x):\n    y = 2 * x\n    ### BEGIN SOLUTION\n    z = y\n\n    return z\n    ### END SOLUTION\n\nf"
    assert stub(source) == "def f(x):\n    y = 2 * x\n    # YOUR CODE HERE\n    raise NotImplementedError\n\nf"


def test_two_blocks_of_one_cell_become_two_stubs_and_the_code_between_stays():
    block = "### BEGIN SOLUTION\nsecret\n### END SOLUTION\n"
    assert stub(f"{block}between = 1\n{block}") == (
        "# YOUR CODE HERE\nraise NotImplementedError\nbetween = 1\n# YOUR CODE HERE\nraise NotImplementedError\n"
    )


def test_an_empty_block_is_a_block():
    assert stub("### BEGIN SOLUTION\n### END SOLUTION") == "# YOUR CODE HERE\nraise NotImplementedError"


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN SOLUTION\nsecret",
        "secret\n### END SOLUTION",
        "### END SOLUTION\nsecret\n### BEGIN SOLUTION",
        "#### BEGIN SOLUTION\nsecret\n#### END SOLUTION",
        "x = 1\n# begin solution\nsecret",
        "### BEGIN_SOLUTION\nsecret",
        "x = 1  ### BEGIN SOLUTION\nsecret\n### END SOLUTION",
    ],
)
def test_a_marker_without_its_partner_or_misspelt_is_an_error_and_not_a_leak(source):
    with pytest.raises(CourseError, match=r"solutions/02_exact_risk\.ipynb: .* are needed .*cell 1 .* still has '#"):
        stub(source)


def test_cells_tagged_solution_are_left_out_and_other_tags_stay():
    solution = notebook("# Statement", "secret", "shown = 1")
    solution.cells[1].metadata.tags = ["solution"]
    solution.cells[2].metadata.tags = ["hint"]
    cells = build.exercise(solution, PATH).cells
    assert [(cell.id, cell.metadata) for cell in cells] == [("c0", {}), ("c2", {"tags": ["hint"]})]


def test_an_exercise_has_no_outputs_and_no_counts():
    solution = notebook("1 + 1")
    solution.cells[0].update(execution_count=3, outputs=[new_output("stream", text="secret")])
    (cell,) = build.exercise(solution, PATH).cells
    assert (cell.outputs, cell.execution_count) == ([], None)
    assert solution.cells[0].outputs, "the solution itself must not change"


# Normal form


def test_normal_form_keeps_the_courses_metadata_only():
    book = notebook("# Section", "1")
    book.metadata = {"kernelspec": {"name": "other", "display_name": "Other"}, "widgets": {"state": 1}, "title": "x"}
    book.cells[0].metadata = {"slideshow": {"slide_type": "slide"}, "collapsed": True, "tags": []}
    book.cells[1].metadata = {"execution": {"iopub.status.busy": "2026"}, "tags": ["a"]}
    book = build.normal_form(book)
    assert book.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell.metadata for cell in book.cells] == [{"slideshow": {"slide_type": "slide"}}, {"tags": ["a"]}]


def test_cells_without_an_id_or_with_one_twice_get_one_that_does_not_depend_on_chance():
    def ids() -> list[str]:
        book = notebook("1", "2", "2", "2")
        del book.cells[0]["id"], book.cells[3]["id"]
        book.cells[2]["id"] = "c1"
        return [cell.id for cell in build.normal_form(book).cells]

    assert ids() == ids()
    assert ids()[1] == "c1"
    assert len(set(ids())) == 4


def test_normal_form_is_a_projection():
    once = build.dump(build.normal_form(notebook("# a", "b")), PATH)
    assert build.dump(build.normal_form(nbformat.v4.reads(once.decode())), PATH) == once


def test_dump_sorts_the_keys_and_ends_with_one_newline():
    text = build.dump(build.normal_form(notebook("ä")), PATH).decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert '"ä"' in text


def test_what_is_no_notebook_is_named(tmp_path):
    for content, reason in (("{", "JSONDecodeError"), ('{"nbformat": 3}', "format"), ("[]", "must be a notebook")):
        (tmp_path / "bad.ipynb").write_text(content)
        with pytest.raises(CourseError, match=rf"/bad\.ipynb must be a notebook of format 4, but: .*{reason}|{reason}"):
            build.load(tmp_path / "bad.ipynb")


def test_a_notebook_that_would_not_be_valid_is_named():
    book = build.normal_form(notebook("1"))
    book.cells[0].execution_count = "one"
    with pytest.raises(CourseError, match=r"solutions/02_exact_risk\.ipynb would be no valid notebook: 'one'"):
        build.dump(book, PATH)


# Execution


def test_building_stores_counts_and_outputs_and_joins_what_was_printed(built):
    code = build.load(built / PATH).cells[1:]
    assert [cell.execution_count for cell in code] == [1, 2]
    printed, slider = code[0].outputs
    assert printed.text == "1\n2\n"
    assert list(slider.data) == ["text/plain"]


def test_building_writes_the_exercises_and_the_page_of_cards(built):
    assert (
        sources(built / "exercises/02_exact_risk.ipynb")[2] == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError"
    )
    assert (built / "lectures/theorems.md").read_text() == "# Cards\n"


def test_building_twice_gives_the_same_bytes(built, monkeypatch):
    monkeypatch.setattr(build, "theorems_page", lambda: "# Cards\n")
    before = {path: path.read_bytes() for path in built.rglob("*.*")}
    build.build(built, ["02"], say=lambda line: None)
    assert {path: path.read_bytes() for path in built.rglob("*.*")} == before


def test_after_building_the_comparison_finds_nothing(built, monkeypatch):
    monkeypatch.setattr(build, "theorems_page", lambda: "# Cards\n")
    assert build.differences(built) == []


def test_a_cell_runs_in_its_notebooks_folder(tmp_path):
    book = notebook("import os\nprint(os.getcwd())")
    (tmp_path / "lectures").mkdir()
    assert build.execute(book, tmp_path / "lectures/n.ipynb").cells[0].outputs[0].text.strip().endswith("lectures")


def test_a_failing_cell_is_named_with_its_error_and_the_file_stays(repository):
    path = save(repository / "lectures/02_exact_risk.ipynb", "# Risk", "1", "raise ValueError('theta has length 3')", "2")
    before = path.read_bytes()
    failure = r"^lectures/02_exact_risk\.ipynb: cell 3 of 4 fails with ValueError: theta has length 3$"
    with pytest.raises(CourseError, match=failure) as caught:
        build.build(repository, ["02"], say=lambda line: None)
    assert caught.value.code == 1
    assert path.read_bytes() == before


def test_a_cell_without_end_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "SECONDS_A_CELL", 1)
    with pytest.raises(CourseError, match=r"cell 1 of 1 fails with no end within 1 seconds"):
        build.execute(notebook("import time\ntime.sleep(60)"), tmp_path / "n.ipynb")


def test_a_kernel_that_dies_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"cell 1 of 1 fails with the end of its kernel"):
        build.execute(notebook("import os\nos._exit(1)"), tmp_path / "n.ipynb")


@pytest.mark.parametrize(("wanted", "names"), [([], 3), (["2"], 2), (["00"], 1), (["00", "02_exact_risk"], 3)])
def test_only_the_wanted_notebooks_are_run(repository, monkeypatch, wanted, names):
    executed = []
    monkeypatch.setattr(build, "execute", lambda book, path: executed.append(path) or build.normal_form(book))
    build.build(repository, wanted, say=lambda line: None)
    assert len(executed) == names


# Comparison


@pytest.fixture
def current(repository) -> Path:
    """The made-up course with everything generated, nothing run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "execute", lambda book, path: build.normal_form(book))
        build.build(repository, say=lambda line: None)
    assert build.differences(repository) == []
    return repository


def test_an_edited_exercise_is_a_difference(current):
    edit(current / "exercises/02_exact_risk.ipynb", "edited by hand")
    assert build.differences(current) == ["exercises/02_exact_risk.ipynb is not what its source gives: run course build."]


def test_a_missing_exercise_and_a_missing_page_are_differences(current):
    for name in ("exercises/02_exact_risk.ipynb", "lectures/theorems.md"):
        (current / name).unlink()
    assert [line.split(":")[0] for line in build.differences(current)] == [
        "exercises/02_exact_risk.ipynb is missing",
        "lectures/theorems.md is missing",
    ]


def test_a_changed_solution_is_a_difference_of_its_exercise(current):
    path = current / PATH
    path.write_bytes(build.dump(build.normal_form(notebook("# Another", STUB)), path))
    assert len(build.differences(current)) == 1


def test_an_exercise_without_a_solution_is_a_difference(current):
    (current / PATH).rename(current / "solutions/03_other.ipynb")
    assert "exercises/02_exact_risk.ipynb has no solution: add solutions/02_exact_risk.ipynb" in build.differences(current)[-1]


def test_metadata_out_of_normal_form_is_a_difference(current):
    path = current / "lectures/00_start_here.ipynb"
    path.write_text(path.read_text().replace('"display_name": "Python 3"', '"display_name": "Python 3.12"'))
    assert build.differences(current) == [
        "lectures/00_start_here.ipynb is not in normal form (metadata, cell ids, layout): run course build."
    ]


def test_the_comparison_runs_nothing_and_changes_nothing(current, monkeypatch):
    edit(current / PATH, "edited")
    before = {path: path.read_bytes() for path in current.rglob("*.*")}
    monkeypatch.setattr(build, "execute", None)
    monkeypatch.setattr(build, "write_atomically", None)
    assert build.differences(current)
    assert {path: path.read_bytes() for path in current.rglob("*.*")} == before


def test_a_picture_with_a_name_is_written_beside_the_lectures(tmp_path):
    """The first stored picture of the cell tagged picture-curve becomes lectures/curve.png; other cells give none."""
    png = base64.b64encode(b"the bytes").decode()
    path = save(tmp_path / "lectures/02_exact_risk.ipynb", "# The risk", "1 + 1", "2 + 2")
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"][1:]:
        html = f'<img src="data:image/png;base64,{png}">'
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}]
    content["cells"][1]["metadata"]["tags"] = ["other", "picture-curve"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert list(build.pictures(tmp_path)) == [("curve.png", b"the bytes")]
