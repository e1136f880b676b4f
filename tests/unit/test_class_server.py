"""A class on one server: its configuration, read as JupyterHub reads it, and what the trial with students compares."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from course_lib.workspace import REPOSITORY

CONFIG = REPOSITORY / "lectures/instructor/jupyterhub_config.py"


@pytest.fixture
def config(tmp_path, monkeypatch) -> Config:
    """The configuration with the students' folders in tmp_path."""
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path))
    read = Config()
    exec(compile(CONFIG.read_text(encoding="utf-8"), CONFIG.name, "exec"), {"get_config": lambda: read})
    return read


def spawner(name: str) -> SimpleNamespace:
    return SimpleNamespace(user=SimpleNamespace(name=name))


def test_everyone_gets_the_course_in_a_folder_of_their_own(config, tmp_path):
    """What hand_out writes is what the spawner serves, and the first page is in it."""
    for name in ("ada", "emmy"):
        config.Spawner.pre_spawn_hook(spawner(name))
        home = Path(config.SimpleLocalProcessSpawner.home_dir_template.format(username=name))
        assert home == tmp_path / name
        assert (home / config.Spawner.default_url.removeprefix("/lab/tree/")).exists()


def test_a_second_lesson_keeps_what_was_written_in_the_first(config, tmp_path):
    config.Spawner.pre_spawn_hook(spawner("ada"))
    mine = tmp_path / "ada/lectures/02_exact_risk.ipynb"
    mine.write_text(mine.read_text(encoding="utf-8").replace("Exact risk", "My risk"), encoding="utf-8")
    before = mine.read_bytes()
    config.Spawner.pre_spawn_hook(spawner("ada"))
    assert mine.read_bytes() == before


@pytest.mark.parametrize("name", ["../ada", "", "a/b", "A B", "x" * 40])
def test_a_name_that_would_leave_the_class_folder_is_refused(config, name):
    with pytest.raises(ValueError, match="it becomes a folder"):
        config.Spawner.pre_spawn_hook(spawner(name))


def test_the_demonstration_listens_on_loopback_only(config):
    assert config.JupyterHub.bind_url.startswith("http://127.0.0.1:")


# The trial


def trial():
    """lectures/instructor/try_class.py as a module."""
    spec = importlib.util.spec_from_file_location("try_class", CONFIG.with_name("try_class.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saved(folder: Path, name: str, writes: str, solved: bool = True) -> None:
    """A student's folder in which someone has saved the lecture and answered 2.1."""
    cell = {"cell_type": "markdown", "source": f"# The copy of {writes}"}
    for part, content in (
        ("lectures/02_exact_risk.ipynb", {"cells": [cell]}),
        (".course/progress.json", {"2.1": {"attempts": 1, "last": "right", "solved": solved}}),
    ):
        path = folder / name / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("writes", "solved", "said"),
    [
        ("ada", True, []),
        ("emmy", True, ["the notebook of ada carries the name of ['emmy']."]),
        ("nobody else", True, ["the notebook of ada carries the name of nobody."]),
        ("ada", False, ["exercise 2.1 of ada is not recorded as solved."]),
    ],
)
def test_the_trial_sees_mixed_up_and_missing_work(tmp_path, writes, solved, said):
    saved(tmp_path, "ada", writes, solved)
    saved(tmp_path, "emmy", "emmy")
    assert trial().verify(tmp_path, ["ada", "emmy"], "02_exact_risk") == said
