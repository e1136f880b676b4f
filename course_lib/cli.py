"""The command `course`: start, check, reset, progress, html, build.

    course start      open the course in JupyterLab        course check    is everything here that it needs?
    course reset 02   restore a lecture and its exercises  course progress which questions are solved?
    course html       copies to read without JupyterLab
    course build      regenerate the notebooks (for those who write the course)

Contents   main -> one function a command, each returning the exit code: 0 fine, 1 something to do, 2 wrong use
Layer      the last one
"""

import argparse
import importlib.metadata as metadata
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_lib import server, workspace
from course_lib.workspace import CourseError, Workspace

DISTRIBUTION = "why-training-converges"
NOT_INSTALLED = f"The package {DISTRIBUTION} must be installed, but is not: run pip install -r requirements.txt."


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of `course ARGUMENTS`; foreseeable trouble is one sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


class _Version(argparse.Action):
    """--version: the installed version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        version = _found(DISTRIBUTION)
        if version is None:
            parser.exit(1, f"{NOT_INSTALLED}\n")
        print(f"course {version}")
        parser.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="course", description="A course on why training converges: ReLU networks and exact risks.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    work = argparse.ArgumentParser(add_help=False)
    work.add_argument("--work", type=Path, metavar="DIR", help="your folder (default: work in the course's folder)")

    start = commands.add_parser("start", parents=[work], help="open the course in JupyterLab")
    start.add_argument("--port", type=int, help="the port JupyterLab listens on (default: a free one)")
    start.add_argument("--no-browser", action="store_true", help="print the address only")
    start.set_defaults(run=_start)

    commands.add_parser("check", help="is everything here that the course needs?").set_defaults(run=_check)

    reset = commands.add_parser("reset", parents=[work], help="restore a lecture and its exercises; yours are kept")
    reset.add_argument("name", help="number or name, such as 02 or 02_exact_risk")
    part = reset.add_mutually_exclusive_group()
    for option, folder in (("--lecture", "lectures"), ("--exercises", "exercises")):
        part.add_argument(option, dest="folders", action="store_const", const=(folder,), help=f"only {folder}/")
    reset.set_defaults(run=_reset, folders=workspace.FOLDERS)

    commands.add_parser("progress", parents=[work], help="which questions are solved?").set_defaults(run=_progress)

    html = commands.add_parser("html", help="write the course as HTML pages, to read without JupyterLab")
    html.add_argument("--to", type=Path, metavar="DIR", help="where to (default: work/html in the course's folder)")
    html.set_defaults(run=_html)

    build = commands.add_parser("build", help="run the notebooks and regenerate the exercises (for authors)")
    build.add_argument("names", nargs="*", metavar="NN", help="numbers or names (default: all)")
    build.add_argument("--check", action="store_true", help="only say what is not up to date; run nothing")
    build.set_defaults(run=_build)
    return parser


def _workspace(options: argparse.Namespace) -> Workspace:
    return Workspace(options.work or workspace.REPOSITORY / "work", workspace.REPOSITORY)


def _start(options: argparse.Namespace) -> int:
    """JupyterLab's exit code; the learner's copies are brought up to date before it opens."""
    if options.port is not None:
        server.require_free(options.port)
    mine = _workspace(options)
    for sentence in mine.update():
        print(sentence)
    return server.start(mine.folder, options.port, browser=not options.no_browser)


def _reset(options: argparse.Namespace) -> int:
    for sentence in _workspace(options).reset(options.name, *options.folders):
        print(sentence)
    return 0


def _progress(options: argparse.Namespace) -> int:
    """0; prints a line for each exercise set, and the total."""
    known = workspace.progress(_workspace(options).course)
    sets = {path.stem: workspace.questions_of(path) for path in workspace.notebooks(workspace.REPOSITORY, "exercises")}
    width = max(map(len, [*sets, "total"]))
    solved = {name for name, entry in known.items() if entry.get("solved")}
    for name, questions in sets.items():
        done = [question for question in questions if question in solved]
        tried = [question for question in questions if question in known and question not in solved]
        notes = [f"{word} {' '.join(ids)}" for word, ids in (("solved", done), ("tried", tried)) if ids]
        print(f"{name:{width}}  {len(done)} of {len(questions)}  {'; '.join(notes)}".rstrip())
    questions = [question for ids in sets.values() for question in ids]
    print(f"{'total':{width}}  {len(solved.intersection(questions))} of {len(questions)}")
    return 0


def _html(options: argparse.Namespace) -> int:
    """0; prints the first page."""
    from course_lib import reading  # as slow to import as build

    first = reading.html(workspace.REPOSITORY, options.to or workspace.REPOSITORY / "work" / "html")
    print(f"Begin with {first}")
    return 0


def _build(options: argparse.Namespace) -> int:
    """0, or 1 if --check finds a difference."""
    from course_lib import build  # 1.5 s of imports that a learner's commands need not wait for

    if not options.check:
        build.build(workspace.REPOSITORY, options.names)
        return 0
    lines = build.differences(workspace.REPOSITORY, options.names)
    print("\n".join(lines) if lines else "Everything generated is up to date.")
    return 1 if lines else 0


# course check


def _check(options: argparse.Namespace) -> int:
    """0 if the interpreter, the needed packages and the notebook kernel are here, else 1; prints a line for each."""
    try:
        requirements = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or []]
        python = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    except metadata.PackageNotFoundError as error:
        raise CourseError(NOT_INSTALLED, code=1) from error
    current = "{}.{}.{}".format(*sys.version_info)
    rows = [("python", current, python, "" if current in SpecifierSet(python) else f"install Python {python}")]
    rows += [_row(item) for item in requirements if item.marker is None or item.marker.evaluate({"extra": ""})]
    rows.append(("notebook kernel", "python3", "", _kernel_trouble()))
    width = max(len(row[0]) for row in rows)
    for name, found, required, remedy in rows:
        print(f"{name:{width}}  {found:10}  {required:14}  {remedy or 'ok'}")
    return 1 if any(row[-1] for row in rows) else 0


def _found(package: str) -> str | None:
    """The version of an installed package, None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _row(needed: Requirement) -> tuple[str, str, str, str]:
    """Name, version found, version required, and what to do ("" if nothing)."""
    found = _found(needed.name)
    fine = found is not None and needed.specifier.contains(found, prereleases=True)
    remedy = "" if fine else f'run: "{sys.executable}" -m pip install "{needed.name}{needed.specifier}"'
    return needed.name, found or "missing", str(needed.specifier), remedy


def _kernel_trouble() -> str:
    """What to do so that notebooks run with this interpreter, "" if they do."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = f'run: "{sys.executable}" -m pip install --force-reinstall ipykernel'
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return f"missing; {remedy}"
    elsewhere = Path(command).is_absolute() and Path(command).parent.resolve() != Path(sys.executable).parent.resolve()
    return f"it starts {command}; {remedy}" if elsewhere else ""


if __name__ == "__main__":
    sys.exit(main())
