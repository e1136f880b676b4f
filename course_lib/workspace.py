"""The learner's folder: copies of lectures and exercises that updates never overwrite, and the progress made in them.

    copy missing -> given out    only the course changed -> replaced    only the learner -> kept    both -> laid beside

Contents   Workspace (copies: update, reset) -> record, attempted, progress, questions_of -> give_solution
Layer      the standard library only
Notation   "changed" = the source of a cell differs from the copy given out; outputs and metadata do not count
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("lectures", "exercises")
SOLVED = "right"
NOT_ATTEMPTED = "not attempted"


class CourseError(Exception):
    """A foreseeable trouble: its text is the sentence that the reader sees, `code` the command's exit code."""

    def __init__(self, sentence: str, code: int = 2):
        super().__init__(sentence)
        self.code = code


# Files


def source_hash(content: bytes) -> str:
    """SHA-256 of the cells' types and sources in their order; of the bytes where content is no notebook."""
    try:
        cells = json.loads(content)["cells"]
        parts = json.dumps([(cell["cell_type"], "".join(cell["source"])) for cell in cells]).encode()
    except (ValueError, KeyError, TypeError):
        parts = content
    return hashlib.sha256(parts).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Put content at path in one step: a reader sees the old file or the new one, never a part. Raises CourseError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o644)  # mkstemp gives 0600
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise CourseError(
            f"The course must be able to write {path}, but got: {error.strerror or error}. "
            f"Make {path.parent} a folder you may write to, or choose another one with --work DIR."
        ) from error


def read(path: Path) -> bytes:
    """The bytes of a file; CourseError names one that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"The course needs {path}, which cannot be read: {error.strerror or error}.") from error


def _today() -> str:
    return date.today().isoformat()


def _beside(path: Path, kind: str) -> Iterator[Path]:
    """NAME.KIND-DATE.ipynb, then NAME.KIND-DATE-2.ipynb, ... in the folder of path."""
    for n in count(1):
        again = f"-{n}" if n > 1 else ""
        yield path.with_name(f"{path.stem}.{kind}-{_today()}{again}{path.suffix}")


def lay_beside(path: Path, kind: str, content: bytes) -> Path:
    """The dated neighbour of path that holds content: one with the same sources if it exists, else a new file."""
    same = source_hash(content)
    beside = next(name for name in _beside(path, kind) if not name.exists() or source_hash(read(name)) == same)
    if not beside.exists():
        write_atomically(beside, content)
    return beside


def course_file_number(name: str) -> int | None:
    """The number NN of a file NN_name, None if it has none."""
    match = re.match(r"(\d+)_", name)
    return int(match[1]) if match else None


def matches(path: Path, wanted: str) -> bool:
    """True if wanted is the number of the notebook (2 or 02) or its name, with or without .ipynb."""
    if wanted.isdecimal():
        return int(wanted) == course_file_number(path.name)
    return wanted.removesuffix(".ipynb") == path.stem


def notebooks(repository: Path, *folders: str) -> list[Path]:
    """The notebooks NN_name.ipynb of the folders, folder by folder and sorted by name."""
    return [path for folder in folders for path in sorted((repository / folder).glob("[0-9]*_*.ipynb"))]


def choose(repository: Path, wanted: str, *folders: str) -> list[Path]:
    """The notebooks that wanted (a number or name) stands for; CourseError lists those there are."""
    there = notebooks(repository, *folders)
    chosen = [path for path in there if matches(path, wanted)]
    if not chosen:
        names = ", ".join(dict.fromkeys(path.stem for path in there)) or "none"
        raise CourseError(f"The number or name of a notebook is needed, but got {wanted!r}; there are: {names}.")
    return chosen


# Copies


@dataclass(frozen=True)
class Workspace:
    """A learner's folder and the repository that its notebooks are given from."""

    folder: Path
    repository: Path = field(default_factory=lambda: REPOSITORY)

    @property
    def course(self) -> Path:
        """The folder of the course's own records: the hashes of the copies given out, the progress."""
        return self.folder / ".course"

    def sources(self) -> list[Path]:
        """The course's files that a learner gets: notebooks and pages, without the instructor's folder."""
        files = (path for folder in FOLDERS for path in sorted((self.repository / folder).glob("*")))
        return [path for path in files if path.suffix in (".ipynb", ".md") and not path.name.startswith(".")]

    def update(self) -> list[str]:
        """Bring every copy up to date; a sentence for each file that was replaced or laid beside the learner's."""
        if not self.sources():
            raise CourseError(f"Lectures are needed in {self.repository / 'lectures'}, but there are none.")
        given = self._given()
        sentences = [self._update_file(source, given) for source in self.sources()]
        self._remember(given)
        return [sentence for sentence in sentences if sentence]

    def _update_file(self, source: Path, given: dict[str, str]) -> str:
        """What was done with one file, "" if it needs no word; given[name] becomes the hash of the course's version."""
        name = source.relative_to(self.repository).as_posix()
        copy, new = self.folder / name, read(source)
        before, given[name] = given.get(name), source_hash(new)
        mine = source_hash(read(copy)) if copy.exists() else None
        if mine is None:
            write_atomically(copy, new)
            return ""
        if mine == given[name] or before == given[name]:
            return ""
        if mine == before:
            write_atomically(copy, new)
            return f"{name} was brought up to date; you had not changed it."
        beside = lay_beside(copy, "new", new)
        return f"{name} was changed by you and by the course; yours is kept, the new one is {beside.name} beside it."

    def reset(self, wanted: str, *folders: str) -> list[str]:
        """Restore the notebooks that wanted stands for; a sentence for each says where the learner's version is."""
        sources = choose(self.repository, wanted, *(folders or FOLDERS))
        given = self._given()
        sentences = [self._reset_file(source, given) for source in sources]
        self._remember(given)
        return sentences

    def _reset_file(self, source: Path, given: dict[str, str]) -> str:
        """What was done to restore one notebook."""
        name = source.relative_to(self.repository).as_posix()
        copy, new = self.folder / name, read(source)
        given[name] = source_hash(new)
        mine = read(copy) if copy.exists() else new
        kept = lay_beside(copy, "mine", mine) if source_hash(mine) != given[name] else None
        write_atomically(copy, new)
        return f"{name} is restored" + (f"; your version is kept as {kept.name} beside it." if kept else ".")

    def _given(self) -> dict[str, str]:
        """name -> source hash of the copy given out; empty if unknown, so that nothing of the learner's is replaced."""
        return {name: mark for name, mark in _read_table(self.course / "given.json").items() if isinstance(mark, str)}

    def _remember(self, given: dict[str, str]) -> None:
        _write_table(self.course / "given.json", given)


# Progress


def _read_table(path: Path) -> dict:
    """The JSON object in a file, {} if there is none; a file with something else is laid aside under a dated name."""
    if not path.exists():
        return {}
    with suppress(ValueError):
        table = json.loads(read(path))
        if isinstance(table, dict):
            return table
    os.replace(path, next(aside for aside in _beside(path, "unreadable") if not aside.exists()))
    return {}


def _write_table(path: Path, table: dict) -> None:
    write_atomically(path, (json.dumps(table, indent=1, sort_keys=True) + "\n").encode())


def _upwards(name: str) -> Path | None:
    """The nearest folder of that name in the current directory or above it, None if there is none."""
    here = Path.cwd()
    return next((folder / name for folder in (here, *here.parents) if (folder / name).is_dir()), None)


def progress(course: Path) -> dict[str, dict]:
    """question id -> {"attempts": int, "last": outcome, "solved": bool}, as recorded in the folder .course."""
    table = _read_table(course / "progress.json")
    return {name: entry for name, entry in table.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("attempts"), int)


def record(question_id: str, outcome: str) -> None:
    """Note the outcome of a check in the learner's folder around the current directory; nothing where there is none.

    question_id  such as "2.1"
    outcome      SOLVED makes the question solved, and solved it stays; NOT_ATTEMPTED is no attempt
    A folder that cannot be written costs the note, never the verdict of the check.
    """
    with suppress(OSError, CourseError):
        course = _upwards(".course")
        if course is None or outcome == NOT_ATTEMPTED:
            return
        table = progress(course)
        entry = table.get(question_id, {"attempts": 0, "solved": False})
        solved = bool(entry.get("solved")) or outcome == SOLVED
        table[question_id] = {"attempts": entry["attempts"] + 1, "last": outcome, "solved": solved}
        _write_table(course / "progress.json", table)


def attempted(question_id: str) -> bool:
    """True if an attempt at the question is recorded in the learner's folder around the current directory."""
    with suppress(OSError, CourseError):
        course = _upwards(".course")
        return course is not None and question_id in progress(course)
    return False


def questions_of(notebook: Path) -> list[str]:
    """The ids of the questions that a notebook checks, q("2.1").check(...), in their order."""
    cells = json.loads(read(notebook))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return list(dict.fromkeys(re.findall(r"\bq\(\s*[\"']([^\"']+)[\"']\s*\)\s*\.check\(", code)))


def give_solution(name: str) -> Path | None:
    """The learner's copy of solutions/NAME.ipynb, given out if missing; None outside a learner's folder."""
    course = _upwards(".course")
    if course is None:
        return None
    copy = course.parent / "solutions" / f"{name}.ipynb"
    if not copy.exists():
        write_atomically(copy, read(REPOSITORY / "solutions" / f"{name}.ipynb"))
    return copy
