"""A made-up course of two lectures and one exercise set, small enough to be written for each test."""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SOLUTION = "def answer():\n    ### BEGIN SOLUTION\n    return 3\n    ### END SOLUTION"
STUB = "def answer():\n    # YOUR CODE HERE\n    raise NotImplementedError"
CHECK = 'q("2.1").check(answer)\nq("2.2").check(answer)'


def notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook with one cell a source, ids c0, c1, ...; a source that starts with a heading is prose."""
    cells = [
        new_markdown_cell(source, id=f"c{i}") if source.startswith(("# ", "## ")) else new_code_cell(source, id=f"c{i}")
        for i, source in enumerate(sources)
    ]
    return new_notebook(cells=cells)


def save(path: Path, *sources: str) -> Path:
    """Write the notebook of the sources to path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook(*sources)) + "\n", encoding="utf-8")
    return path


def edit(path: Path, source: str, index: int = -1) -> None:
    """Replace a cell's source, as a learner would."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][index]["source"] = source
    path.write_text(json.dumps(content), encoding="utf-8")


def run(path: Path) -> None:
    """Give every code cell an output and a count, and the notebook other metadata, as a run in JupyterLab does."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in (cell for cell in content["cells"] if cell["cell_type"] == "code"):
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "run by the learner"}]
        cell["execution_count"] = 7
    content["metadata"]["language_info"] = {"name": "python", "version": "3.12.0"}
    path.write_text(json.dumps(content), encoding="utf-8")


def sources(path: Path) -> list[str]:
    """The sources of a notebook's cells."""
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def make(folder: Path) -> Path:
    """The repository of the made-up course."""
    save(folder / "lectures/00_start_here.ipynb", "# Welcome", "print('hello')")
    save(folder / "lectures/02_exact_risk.ipynb", "# The risk", "1 + 1")
    save(folder / "lectures/instructor/guide.ipynb", "# Not for learners")
    (folder / "lectures/theorems.md").write_text("# Cards\n", encoding="utf-8")
    save(folder / "exercises/02_exact_risk.ipynb", "# Exercises", STUB, CHECK)
    save(folder / "solutions/02_exact_risk.ipynb", "# Exercises", SOLUTION, "print(answer())")
    return folder
