"""The learner's folder: what updates replace, what they never touch, and what is remembered."""

import json
import os
import stat
from pathlib import Path

import pytest

from course_lib import workspace
from course_lib.workspace import CourseError, Workspace
from tests.unit.small_course import CHECK, STUB, edit, make, run, save, sources

LECTURE = "lectures/02_exact_risk.ipynb"
EXERCISES = "exercises/02_exact_risk.ipynb"


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Workspace:
    """A learner's folder, brought up to date once on 2 March 2026."""
    monkeypatch.setattr(workspace, "_today", lambda: "2026-03-02")
    monkeypatch.setattr(workspace, "REPOSITORY", make(tmp_path / "repository"))
    learner = Workspace(tmp_path / "work")
    assert learner.update() == []
    return learner


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def snapshot(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


# Copies


def test_the_first_update_gives_out_lectures_pages_and_exercises_but_nothing_of_the_instructor(mine):
    given = [name for name in files(mine.folder) if not name.startswith(".course")]
    assert given == [EXERCISES, "lectures/00_start_here.ipynb", LECTURE, "lectures/theorems.md"]
    assert (mine.folder / LECTURE).read_bytes() == (mine.repository / LECTURE).read_bytes()


def test_a_second_update_changes_nothing(mine):
    before = snapshot(mine.folder)
    assert mine.update() == []
    assert snapshot(mine.folder) == before


def test_an_untouched_copy_is_replaced_by_a_newer_course(mine):
    edit(mine.repository / LECTURE, "2 + 2")
    assert mine.update() == [f"{LECTURE} was brought up to date; you had not changed it."]
    assert sources(mine.folder / LECTURE) == ["# The risk", "2 + 2"]


def test_a_page_is_replaced_and_kept_by_the_same_rule(mine):
    page = mine.folder / "lectures/theorems.md"
    (mine.repository / "lectures/theorems.md").write_text("# More cards\n")
    mine.update()
    assert page.read_text() == "# More cards\n"
    page.write_text("# My cards\n")
    mine.update()
    assert page.read_text() == "# My cards\n"


def test_a_changed_copy_is_kept_where_the_course_is_unchanged(mine):
    edit(mine.folder / LECTURE, "my own cell")
    assert mine.update() == []
    assert sources(mine.folder / LECTURE) == ["# The risk", "my own cell"]


def test_a_copy_that_was_only_run_keeps_its_outputs(mine):
    run(mine.folder / LECTURE)
    mine.update()
    assert b"run by the learner" in (mine.folder / LECTURE).read_bytes()


def test_a_copy_that_was_only_run_is_replaced_by_a_newer_course(mine):
    run(mine.folder / LECTURE)
    edit(mine.repository / LECTURE, "2 + 2")
    mine.update()
    assert (mine.folder / LECTURE).read_bytes() == (mine.repository / LECTURE).read_bytes()


def test_new_outputs_of_the_course_replace_nothing(mine):
    before = (mine.folder / LECTURE).read_bytes()
    run(mine.repository / LECTURE)
    assert mine.update() == []
    assert (mine.folder / LECTURE).read_bytes() == before


@pytest.mark.parametrize("change", [lambda cell: cell.update(cell_type="markdown"), lambda cell: cell.update(source="")])
def test_another_cell_type_or_an_emptied_cell_counts_as_a_change(mine, change):
    content = json.loads((mine.repository / LECTURE).read_bytes())
    before = workspace.source_hash(json.dumps(content).encode())
    change(content["cells"][1])
    assert workspace.source_hash(json.dumps(content).encode()) != before


def test_a_source_stored_as_lines_is_the_same_source():
    joined = {"cells": [{"cell_type": "code", "source": "a\nb"}]}
    lines = {"cells": [{"cell_type": "code", "source": ["a\n", "b"]}]}
    assert workspace.source_hash(json.dumps(joined).encode()) == workspace.source_hash(json.dumps(lines).encode())


def test_where_both_changed_the_new_version_is_laid_beside_and_that_is_said(mine):
    edit(mine.folder / LECTURE, "mine")
    edit(mine.repository / LECTURE, "theirs")
    (sentence,) = mine.update()
    assert "changed by you and by the course" in sentence
    assert "02_exact_risk.new-2026-03-02.ipynb" in sentence
    assert sources(mine.folder / LECTURE)[1] == "mine"
    assert sources(mine.folder / "lectures/02_exact_risk.new-2026-03-02.ipynb")[1] == "theirs"


def test_the_same_new_version_is_laid_beside_once_and_never_again(mine, monkeypatch):
    edit(mine.folder / LECTURE, "mine")
    edit(mine.repository / LECTURE, "theirs")
    mine.update()
    monkeypatch.setattr(workspace, "_today", lambda: "2026-03-03")
    before = files(mine.folder)
    assert mine.update() == []
    assert files(mine.folder) == before


def test_a_second_new_version_of_one_day_gets_a_number_and_overwrites_nothing(mine):
    edit(mine.folder / LECTURE, "mine")
    for theirs in ("theirs", "theirs, mended"):
        edit(mine.repository / LECTURE, theirs)
        mine.update()
    beside = mine.folder / "lectures/02_exact_risk.new-2026-03-02.ipynb"
    assert sources(beside)[1] == "theirs"
    assert sources(beside.with_stem(f"{beside.stem}-2"))[1] == "theirs, mended"
    assert sources(mine.folder / LECTURE)[1] == "mine"


@pytest.mark.parametrize("loss", [Path.unlink, lambda path: path.write_text("{ half a file")], ids=["lost", "damaged"])
def test_without_the_record_of_what_was_given_out_nothing_is_replaced(mine, loss):
    edit(mine.repository / LECTURE, "theirs")
    loss(mine.course / "given.json")
    (sentence,) = mine.update()
    assert "new-2026-03-02" in sentence
    assert sources(mine.folder / LECTURE)[1] == "1 + 1"


def test_a_damaged_copy_counts_as_changed(mine):
    (mine.folder / LECTURE).write_text("{ half a file")
    assert mine.update() == []
    assert (mine.folder / LECTURE).read_text() == "{ half a file"


def test_a_deleted_copy_is_given_out_again(mine):
    (mine.folder / LECTURE).unlink()
    mine.update()
    assert sources(mine.folder / LECTURE) == ["# The risk", "1 + 1"]


def test_a_repository_without_lectures_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"Lectures are needed in .*empty"):
        Workspace(tmp_path / "work", tmp_path / "empty").update()


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(mine, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    edit(mine.repository / LECTURE, "2 + 2")
    with pytest.raises(CourseError, match=r"write .*02_exact_risk.ipynb, but got: Permission denied\. .*--work DIR"):
        mine.update()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path, mine):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CourseError, match=r"write .*taken.*, but got: (Not a directory|File exists)"):
        Workspace(tmp_path / "taken").update()


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        workspace.write_atomically(path, b"new")
    assert snapshot(tmp_path) == {"file": b"old"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_written_file_can_be_read_by_the_others_of_a_class(tmp_path):
    workspace.write_atomically(tmp_path / "file", b"")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


# Reset


def test_reset_restores_lecture_and_exercises_and_keeps_the_learners_beside(mine):
    edit(mine.folder / LECTURE, "mine")
    edit(mine.folder / EXERCISES, "my answer", index=1)
    sentences = mine.reset("02")
    assert all("kept as 02_exact_risk.mine-2026-03-02.ipynb" in sentence for sentence in sentences)
    assert [sources(mine.folder / name)[1] for name in (LECTURE, EXERCISES)] == ["1 + 1", STUB]
    assert sources(mine.folder / "lectures/02_exact_risk.mine-2026-03-02.ipynb")[1] == "mine"
    assert sources(mine.folder / "exercises/02_exact_risk.mine-2026-03-02.ipynb")[1] == "my answer"


def test_reset_keeps_nothing_of_a_copy_that_was_only_run(mine):
    run(mine.folder / LECTURE)
    before = files(mine.folder)
    assert mine.reset("02", "lectures") == [f"{LECTURE} is restored."]
    assert files(mine.folder) == before
    assert (mine.folder / LECTURE).read_bytes() == (mine.repository / LECTURE).read_bytes()


def test_two_resets_on_one_day_keep_both_versions(mine):
    for version in ("first", "second"):
        edit(mine.folder / LECTURE, version)
        mine.reset("02", "lectures")
    kept = sorted((mine.folder / "lectures").glob("*.mine-*"))
    assert sorted(sources(path)[1] for path in kept) == ["first", "second"]
    assert kept[0].name == "02_exact_risk.mine-2026-03-02-2.ipynb"


def test_one_version_is_kept_once_a_day(mine):
    for _ in range(2):
        edit(mine.folder / LECTURE, "mine")
        mine.reset("02", "lectures")
    assert len(list((mine.folder / "lectures").glob("*.mine-*"))) == 1


def test_after_a_reset_the_next_update_replaces_as_before(mine):
    edit(mine.folder / LECTURE, "mine")
    mine.reset("02")
    edit(mine.repository / LECTURE, "theirs")
    assert "brought up to date" in mine.update()[0]


@pytest.mark.parametrize("name", ["2", "02", "02_exact_risk", "02_exact_risk.ipynb"])
def test_a_notebook_is_named_by_its_number_or_its_name(mine, name):
    assert [path.parent.name for path in workspace.choose(mine.repository, name, "lectures", "exercises")] == [
        "lectures",
        "exercises",
    ]


@pytest.mark.parametrize("name", ["99", "02_exact", "risk", ""])
def test_an_unknown_name_gets_the_list_of_those_there_are(mine, name):
    with pytest.raises(CourseError, match=rf"got '{name}'; there are: 00_start_here, 02_exact_risk\."):
        mine.reset(name)


# Progress


@pytest.fixture
def inside(mine, monkeypatch) -> Path:
    """The current directory is the learner's folder of exercises."""
    monkeypatch.chdir(mine.folder / "exercises")
    return mine.course / "progress.json"


def test_a_recorded_right_answer_is_solved_and_stays_so(inside):
    for outcome in ("wrong", "right", "wrong"):
        workspace.record("2.1", outcome)
    assert workspace.progress(inside.parent) == {"2.1": {"attempts": 3, "last": "wrong", "solved": True}}


@pytest.mark.parametrize("outcome", ["wrong", "not sharp", "cannot be judged"])
def test_any_other_outcome_is_an_attempt_and_solves_nothing(inside, outcome):
    workspace.record("2.1", outcome)
    assert workspace.progress(inside.parent)["2.1"] == {"attempts": 1, "last": outcome, "solved": False}
    assert workspace.attempted("2.1")


def test_an_untouched_answer_is_no_attempt(inside):
    workspace.record("2.1", "not attempted")
    assert not workspace.attempted("2.1")
    assert not inside.exists()


def test_outside_a_learners_folder_nothing_is_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workspace.record("2.1", "right")
    assert files(tmp_path) == []
    assert not workspace.attempted("2.1")


DAMAGED = ["{ half", "[1, 2]", ""]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_record_is_laid_aside_and_a_new_one_begun(inside, content):
    inside.write_text(content)
    workspace.record("2.1", "right")
    assert inside.with_name("progress.unreadable-2026-03-02.json").read_text() == content
    assert list(workspace.progress(inside.parent)) == ["2.1"]


def test_a_second_damaged_record_of_one_day_does_not_overwrite_the_first(inside):
    for content in DAMAGED[:2]:
        inside.write_text(content)
        workspace.record("2.1", "right")
    aside = sorted(inside.parent.glob("progress.unreadable-*"))
    assert sorted(path.read_text() for path in aside) == sorted(DAMAGED[:2])


def test_entries_of_another_form_are_ignored(inside):
    inside.write_text('{"2.1": 5, "2.2": {"attempts": "many"}}')
    workspace.record("2.2", "wrong")
    assert workspace.progress(inside.parent) == {"2.2": {"attempts": 1, "last": "wrong", "solved": False}}


def test_a_record_that_cannot_be_written_costs_no_exception(inside):
    inside.mkdir()
    workspace.record("2.1", "right")
    assert not workspace.attempted("2.1")


def test_the_questions_of_a_set_are_the_checked_ones_in_their_order(tmp_path):
    path = save(tmp_path / "n.ipynb", '# q("0.0").check(f)', "q( '2.10' ) .check(f)", 'q("2.9").hint()', CHECK, CHECK)
    assert workspace.questions_of(path) == ["2.10", "2.1", "2.2"]


def test_the_solution_is_given_once_and_the_learners_copy_is_kept(inside, mine):
    copy = workspace.give_solution("02_exact_risk")
    assert copy == mine.folder / "solutions/02_exact_risk.ipynb"
    assert copy.read_bytes() == (mine.repository / "solutions/02_exact_risk.ipynb").read_bytes()
    edit(copy, "my remark")
    assert sources(workspace.give_solution("02_exact_risk"))[-1] == "my remark"


def test_no_solution_is_given_outside_a_learners_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert workspace.give_solution("02_exact_risk") is None


def test_an_unknown_solution_is_named(inside):
    with pytest.raises(CourseError, match=r"needs .*99_none\.ipynb, which cannot be read: No such file"):
        workspace.give_solution("99_none")
