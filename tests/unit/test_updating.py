"""A learner updates the course: a real clone, a lecture that was run, exercises half solved, and a new version to pull."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from course_lib.workspace import REPOSITORY, Workspace, progress, record
from tests.unit.small_course import CHECK, SOLUTION, STUB, edit, make, run, save, sources

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is needed")

LECTURE, EXERCISES = "lectures/02_exact_risk.ipynb", "exercises/02_exact_risk.ipynb"
MINE = SOLUTION.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION", "    # mine, half done")


def git(folder: Path, *arguments: str) -> str:
    """What git prints; AssertionError with its complaint."""
    who = ("-c", "user.name=author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def course(tmp_path) -> Path:
    """The authors' repository, with the .gitignore of the real one."""
    origin = make(tmp_path / "origin")
    save(origin / "exercises/03_next.ipynb", "# Next", STUB, CHECK)
    shutil.copy(REPOSITORY / ".gitignore", origin)
    git(origin, "init", "-q", "-b", "main")
    publish(origin)
    return origin


def publish(origin: Path) -> None:
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "a version")


@pytest.fixture
def learner(course, tmp_path, monkeypatch) -> Workspace:
    """A clone in which lecture 02 was run, exercise 2.1 begun and checked, and exercises 03 untouched."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(course), str(clone))
    mine = Workspace(clone / "work", clone)
    mine.update()
    run(mine.folder / LECTURE)
    edit(mine.folder / EXERCISES, MINE, index=1)
    run(mine.folder / EXERCISES)
    monkeypatch.chdir(mine.folder / "exercises")
    record("2.1", "wrong")
    return mine


def new_version(origin: Path) -> None:
    """The authors rewrite the lecture, add an exercise to set 02, mend set 03, and bring a new lecture."""
    save(origin / LECTURE, "# The risk, told better", "1 + 1", "2 + 2")
    save(origin / EXERCISES, "# Exercises", STUB, CHECK, "# One more", STUB)
    save(origin / "exercises/03_next.ipynb", "# Next, mended", STUB, CHECK)
    save(origin / "lectures/03_next.ipynb", "# Next")
    publish(origin)


def test_what_a_learner_does_leaves_the_clone_clean(learner):
    """git sees nothing of it, so no pull can be in conflict."""
    assert git(learner.repository, "status", "--porcelain") == ""


def test_a_pull_is_not_blocked_and_the_update_loses_nothing(course, learner):
    """The answer with its outputs and the attempt stay; what was only run, or not touched, becomes the new version."""
    answered = (learner.folder / EXERCISES).read_bytes()
    new_version(course)
    git(learner.repository, "pull", "-q", "--ff-only")
    said = learner.update()
    assert (learner.folder / EXERCISES).read_bytes() == answered
    assert progress(learner.course)["2.1"]["attempts"] == 1
    assert sources(learner.folder / LECTURE)[0] == "# The risk, told better"
    assert sources(learner.folder / "exercises/03_next.ipynb")[0] == "# Next, mended"
    assert (learner.folder / "lectures/03_next.ipynb").exists()
    assert len(said) == 3, said


def test_the_new_exercises_lie_beside_the_learners_and_that_is_said(course, learner):
    new_version(course)
    git(learner.repository, "pull", "-q", "--ff-only")
    (sentence,) = [line for line in learner.update() if line.startswith(EXERCISES)]
    (beside,) = (learner.folder / "exercises").glob("02_exact_risk.new-*.ipynb")
    assert beside.name in sentence
    assert "yours is kept" in sentence
    assert sources(beside) == sources(learner.repository / EXERCISES)


def test_a_second_start_after_the_update_says_nothing_new(course, learner):
    new_version(course)
    git(learner.repository, "pull", "-q", "--ff-only")
    learner.update()
    before = {path: path.read_bytes() for path in learner.folder.rglob("*.ipynb")}
    assert not [line for line in learner.update() if "brought up to date" in line]
    assert {path: path.read_bytes() for path in learner.folder.rglob("*.ipynb")} == before


def test_an_answer_that_equals_the_new_version_needs_no_second_file(course, learner):
    """Course and learner arrive at the same cells: nothing to lay beside."""
    content = json.loads((learner.folder / EXERCISES).read_text(encoding="utf-8"))
    (course / EXERCISES).write_text(json.dumps(content), encoding="utf-8")
    publish(course)
    git(learner.repository, "pull", "-q", "--ff-only")
    assert not [line for line in learner.update() if line.startswith(EXERCISES)]
    assert not list((learner.folder / "exercises").glob("*.new-*"))
