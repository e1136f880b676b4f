"""What is generated: executed notebooks in normal form, exercises from solutions, cards, the guide's wrong answers.

    lectures/NN, solutions/NN --execute, normal form--> themselves;   solutions/NN --stubs--> exercises/NN

Contents   normal_form, dump -> exercise -> execute -> build (writes) and differences (only compares)
Layer      after questions; imports workspace
Notation   a notebook is nbformat's NotebookNode; equal inputs give equal bytes
Source     solution markers as in nbgrader: ### BEGIN SOLUTION ... ### END SOLUTION
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ClearOutputPreprocessor, Preprocessor, TagRemovePreprocessor
from nbformat import NotebookNode, ValidationError

from course_lib.workspace import CourseError, choose, notebooks, read, write_atomically

EXECUTED = ("lectures", "solutions")
SECONDS_A_CELL = 600
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION[^\n]*\n(?:.*?\n)??[ \t]*### END SOLUTION[^\n]*$", re.M | re.S)
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
LEFT_OVER = re.compile(r"#[ \t]*(?:BEGIN|END)[ \t_]+SOLUTION[^\n]*", re.I)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError"


# Normal form


def load(path: Path) -> NotebookNode:
    """The notebook in a file; CourseError if it is none of format 4."""
    try:
        notebook = nbformat.v4.reads(read(path).decode())
        if notebook["nbformat"] != 4:
            raise ValueError(f"its nbformat is {notebook['nbformat']}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{short(path)} must be a notebook of format 4, but: {error!r}. Open and save it in JupyterLab."
        ) from error
    return notebook


def dump(notebook: NotebookNode, path: Path) -> bytes:
    """The bytes of a notebook: sorted keys, indent 1, a newline at the end; path names it in the CourseError."""
    try:
        nbformat.validate(notebook)
    except ValidationError as error:
        raise CourseError(f"{short(path)} would be no valid notebook: {error.message}") from error
    return (nbformat.v4.writes(notebook) + "\n").encode()


def normal_form(notebook: NotebookNode) -> NotebookNode:
    """The notebook with the course's metadata only, unique cell ids, and no trace of time or widget models."""
    notebook = nbformat.from_dict(notebook)
    notebook.update(metadata=nbformat.from_dict(METADATA), nbformat=4, nbformat_minor=5)
    seen: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in ("tags", "slideshow") and v})
        cell.id = _unique_id(cell, index, seen)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)  # a view of a model that is not stored cannot be shown
    return notebook


def _unique_id(cell: NotebookNode, index: int, seen: set[str]) -> str:
    """The cell's id, or one made from its place and source where it has none or another cell has the same."""
    name = cell.get("id")
    if not name or name in seen:
        name = hashlib.sha256(f"{index} {cell.source}".encode()).hexdigest()[:8]
    seen.add(name)
    return name


# Exercises


class Stubs(Preprocessor):
    """Replaces each solution block of a code cell by `# YOUR CODE HERE` and `raise NotImplementedError`."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        """The cell with stubs, and the resources as they came (nbconvert calls this for every cell)."""
        if cell.cell_type == "code":
            cell.source = SOLUTION.sub(STUB, cell.source)
        return cell, resources


def exercise(solution: NotebookNode, path: Path) -> NotebookNode:
    """The exercise notebook of a solution notebook, in normal form: stubs, no cell tagged `solution`, no outputs."""
    notebook = normal_form(solution)
    remove = TagRemovePreprocessor(remove_cell_tags={"solution"})
    for step in (remove, Stubs(), ClearOutputPreprocessor()):
        notebook, _ = step.preprocess(notebook, {})
    for index, cell in enumerate(notebook.cells):
        if left := LEFT_OVER.search(cell.source):
            raise CourseError(
                f"{short(path)}: a line ### BEGIN SOLUTION and after it a line ### END SOLUTION are needed in one code "
                f"cell, but cell {index + 1} of the exercise still has {left[0].strip()!r}.",
                code=1,
            )
    return notebook


# Execution


def execute(notebook: NotebookNode, path: Path) -> NotebookNode:
    """The notebook in normal form after a run from a fresh kernel in its folder; CourseError names a failing cell."""
    notebook, _ = ClearOutputPreprocessor().preprocess(normal_form(notebook), {})
    started: list[int] = []
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=40"],  # not its warnings about the machine's transport
        on_cell_start=lambda cell, cell_index: started.append(cell_index + 1),
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        where = f"{short(path)}: cell {started[-1]} of {len(notebook.cells)}"
        raise CourseError(f"{where} fails with {_reason(error)}", code=1) from error
    return normal_form(notebook)


def _reason(error: CellExecutionError | CellTimeoutError | DeadKernelError) -> str:
    """One line: the last of the traceback, or what happened to the kernel."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}".splitlines()[0]
    if isinstance(error, CellTimeoutError):
        return f"no end within {SECONDS_A_CELL} seconds"
    return "the end of its kernel (out of memory?)"


# The repository


def short(path: Path) -> str:
    """The last folder and the name, as in lectures/02_exact_risk.ipynb."""
    return f"{path.parent.name}/{path.name}"


def chosen(repository: Path, wanted: Sequence[str], *folders: str) -> list[Path]:
    """The notebooks of the folders that wanted (numbers, names) stands for, all of them if it is empty."""
    if not wanted:
        return notebooks(repository, *folders)
    allowed = {path for item in wanted for path in choose(repository, item, *EXECUTED)}
    return [path for path in notebooks(repository, *folders) if path in allowed]


def theorems_page() -> str:
    """The page of theorem cards: card -> lecture -> tests."""
    from course_lib.theorems import page  # reads all tests, which running notebooks does not need

    return page()


def pictures(repository: Path) -> Iterator[tuple[str, bytes]]:
    """(NAME.png, content) of the stored picture of every lecture cell that is tagged picture-NAME, for README.md."""
    for path in notebooks(repository, "lectures"):
        for cell in load(path).cells:
            for tag in (tag for tag in cell.metadata.get("tags", []) if tag.startswith("picture-")):
                html = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
                yield f"{tag.removeprefix('picture-')}.png", base64.b64decode(PNG.search(html)[1])



def guide_page(path: Path) -> str:
    """The instructor guide with its generated parts."""
    from course_lib.guide import filled  # imports all questions

    return filled(read(path).decode())


def generated(repository: Path, wanted: Sequence[str] = ()) -> Iterator[tuple[Path, bytes]]:
    """Every file that is written without running a cell, with its content: exercises, cards, the instructor guide."""
    for path in chosen(repository, wanted, "solutions"):
        target = repository / "exercises" / path.name
        yield target, dump(exercise(load(path), path), target)
    yield repository / "lectures" / "theorems.md", theorems_page().encode()
    yield from ((repository / "lectures" / name, png) for name, png in pictures(repository))
    guide = repository / "lectures" / "instructor" / "guide.md"
    if guide.exists():
        yield guide, guide_page(guide).encode()


def build(repository: Path, wanted: Sequence[str] = (), say: Callable[[str], None] = print) -> None:
    """Run the lectures and solutions, then write what follows from them; say gets a line for each file."""
    for path in chosen(repository, wanted, *EXECUTED):
        begin = time.perf_counter()
        write_atomically(path, dump(execute(load(path), path), path))
        say(f"{short(path)} executed in {time.perf_counter() - begin:.1f} s")
    for path, content in generated(repository, wanted):
        write_atomically(path, content)
        say(f"{short(path)} written")


def differences(repository: Path, wanted: Sequence[str] = ()) -> list[str]:
    """A sentence for each file that is not what build would write; nothing is run, nothing is changed."""
    lines = [
        f"{short(path)} is {'missing' if not path.exists() else 'not what its source gives'}: run course build."
        for path, content in generated(repository, wanted)
        if not path.exists() or read(path) != content
    ]
    lines += [
        f"{short(path)} is not in normal form (metadata, cell ids, layout): run course build."
        for path in chosen(repository, wanted, *EXECUTED)
        if read(path) != dump(normal_form(load(path)), path)
    ]
    sources = {path.name for path in notebooks(repository, "solutions")}
    orphans = [path for path in notebooks(repository, "exercises") if path.name not in sources]
    return lines + [f"{short(path)} has no solution: add solutions/{path.name} or delete it." for path in orphans]
