"""The command `course`: what it prints, and the exit codes 0 (fine), 1 (something to do), 2 (wrong use)."""

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import build, cli, server, workspace
from tests.unit.small_course import edit, make, sources

LECTURE = "lectures/02_exact_risk.ipynb"


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """The made-up course stands where the installed one would."""
    monkeypatch.setattr(workspace, "REPOSITORY", make(tmp_path / "repository"))
    return workspace.REPOSITORY


@pytest.fixture
def started(monkeypatch) -> list:
    """JupyterLab is not started; what it would be started with is collected, and it ends with code 5."""
    calls = []
    monkeypatch.setattr(server, "start", lambda folder, port, browser: calls.append((folder, port, browser)) or 5)
    return calls


def course(*arguments: str) -> int:
    """The exit code of `course ARGUMENTS`, also where argparse leaves by itself."""
    try:
        return cli.main(arguments)
    except SystemExit as leave:
        return leave.code


# start


def test_start_gives_out_the_copies_and_returns_the_code_of_jupyterlab(repository, started):
    assert course("start", "--no-browser") == 5
    assert started == [(repository / "work", None, False)]
    assert sources(repository / "work" / LECTURE) == ["# The risk", "1 + 1"]


def test_start_takes_another_folder_and_a_port(repository, started, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert course("start", "--work", str(tmp_path / "mine"), "--port", str(port)) == 5
    assert started == [(tmp_path / "mine", port, True)]


def test_start_says_what_the_update_did(repository, started, capsys):
    course("start")
    edit(repository / LECTURE, "2 + 2")
    course("start")
    assert capsys.readouterr().out == f"{LECTURE} was brought up to date; you had not changed it.\n"


def test_a_taken_port_is_one_sentence_and_nothing_is_started(repository, started, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert course("start", "--port", str(port)) == 2
    out, err = capsys.readouterr()
    assert err == f"A free port is needed, but port {port} is not: Address already in use. Leave --port out to get one.\n"
    assert (out, started) == ("", [])


@pytest.mark.parametrize(("port", "reason"), [("70000", "but port 70000 is not"), ("-1", "but port -1 is not"), ("x", "'x'")])
def test_an_impossible_port_is_one_sentence(repository, started, capsys, port, reason):
    assert course("start", "--port", port) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(repository, started, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert course("start", "--work", str(tmp_path / "file")) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "file") in error
    assert "--work DIR" in error
    assert error.count("\n") == 1


# The server behind start


def test_jupyterlab_runs_with_this_interpreter_on_loopback_and_opens_the_first_lecture(tmp_path):
    (tmp_path / "lectures").mkdir()
    command = server.command(tmp_path, None, browser=True)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert {f"--ServerApp.root_dir={tmp_path}", "--ServerApp.ip=127.0.0.1", "--LabApp.default_url=/lab"} <= set(command)
    (tmp_path / server.FIRST_PAGE).write_text("{}")
    assert "--LabApp.default_url=/lab/tree/lectures/00_start_here.ipynb" in server.command(tmp_path, None, browser=True)


@pytest.mark.parametrize(("port", "browser", "there"), [(None, True, False), (8899, False, True)])
def test_the_options_of_start_reach_jupyterlab(tmp_path, port, browser, there):
    command = server.command(tmp_path, port, browser)
    assert ("--no-browser" in command) is there
    assert ("--ServerApp.port=8899" in command and "--ServerApp.port_retries=0" in command) is there


@pytest.mark.parametrize(("uid", "there"), [(0, True), (1000, False)])
def test_only_root_needs_leave_to_run(tmp_path, monkeypatch, uid, there):
    monkeypatch.setattr(os, "geteuid", lambda: uid, raising=False)
    assert ("--allow-root" in server.command(tmp_path, None, browser=True)) is there


def test_the_news_popup_is_off_and_the_learners_own_configuration_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    paths = server.environment(tmp_path)["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert paths == [str(tmp_path), "theirs"]
    defaults = json.loads((tmp_path / "labconfig/default_setting_overrides.json").read_text())
    assert defaults["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}


@pytest.fixture
def runtime(tmp_path, monkeypatch) -> Path:
    """An empty folder in which running servers would tell their address."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    return tmp_path / "runtime"


def test_the_address_is_that_of_the_new_server_on_this_folder(runtime, tmp_path):
    def tell(pid: int, folder: Path) -> None:
        info = {"url": f"http://127.0.0.1:{pid}/", "token": "abc", "root_dir": str(folder)}
        (runtime / f"jpserver-{pid}.json").write_text(json.dumps(info))

    tell(1, tmp_path)
    before = server._server_files()
    tell(2, tmp_path / "another")
    (runtime / "jpserver-3.json").write_text("{ half")
    assert server.running(tmp_path, before) is None
    tell(4, tmp_path)
    assert server.address(server.running(tmp_path, before), tmp_path) == "http://127.0.0.1:4/lab?token=abc"


def test_a_jupyterlab_that_does_not_start_is_one_sentence_with_its_last_line(runtime, tmp_path, monkeypatch):
    script = "import sys; print('first'); sys.exit('no free port')"
    monkeypatch.setattr(server, "command", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(workspace.CourseError, match=r"ended with code 1; the last line of .*jupyter\.log is: no free port$"):
        server.start(tmp_path)


def test_a_jupyterlab_that_takes_too_long_is_ended(runtime, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "START_SECONDS", 0.3)
    monkeypatch.setattr(server, "command", lambda *_: [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(workspace.CourseError, match=r"did not start in time; .* is: \(nothing\)"):
        server.start(tmp_path)


# reset and progress


def test_reset_restores_both_and_names_what_it_kept(repository, started, capsys):
    course("start")
    edit(repository / "work" / LECTURE, "mine")
    assert course("reset", "2") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{LECTURE} is restored; your version is kept as 02_exact_risk.mine-")
    assert second == "exercises/02_exact_risk.ipynb is restored."


@pytest.mark.parametrize("only", ["lecture", "exercises"])
def test_reset_can_be_restricted(repository, started, capsys, only):
    course("start")
    assert course("reset", "02", f"--{only}") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(only)


def test_reset_of_an_unknown_number_lists_those_there_are(repository, capsys):
    assert course("reset", "17") == 2
    assert "got '17'; there are: 00_start_here, 02_exact_risk." in capsys.readouterr().err


def test_progress_shows_solved_and_tried_questions_and_the_total(repository, started, monkeypatch, capsys):
    course("start")
    monkeypatch.chdir(repository / "work/exercises")
    for question, outcome in (("2.1", "right"), ("2.2", "wrong"), ("9.9", "right")):
        workspace.record(question, outcome)
    assert course("progress") == 0
    assert capsys.readouterr().out.splitlines() == [
        "02_exact_risk  1 of 2  solved 2.1; tried 2.2",
        "total          1 of 2",
    ]


def test_progress_without_a_learners_folder_is_none(repository, tmp_path, capsys):
    assert course("progress", "--work", str(tmp_path / "nowhere")) == 0
    assert capsys.readouterr().out.endswith("total          0 of 2\n")
    assert not (tmp_path / "nowhere").exists()


# check and --version

NEEDED = ["numpy>=2.0", "scipy>=99", "no-such-package>=1", 'pytest>=99; extra == "test"', 'numpy>=99; python_version < "3"']


@pytest.fixture
def installed(monkeypatch) -> None:
    """The course is installed and needs packages of which one is too old and one is missing."""
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: NEEDED)
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: {"Requires-Python": ">=3.11"})


def test_check_has_a_line_for_each_need_and_what_to_do_for_a_missing_one(installed, capsys):
    assert course("check") == 1
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in capsys.readouterr().out.splitlines()}
    assert list(rows) == ["python", "numpy", "scipy", "no-such-package", "notebook"]
    assert rows["numpy"] == f"{importlib.metadata.version('numpy')} >=2.0 ok"
    assert rows["scipy"].endswith(f'>=99 run: "{sys.executable}" -m pip install "scipy>=99"')
    assert rows["no-such-package"].startswith("missing >=1 run:")
    assert rows["notebook"] == "kernel python3 ok"


def test_check_is_0_where_all_is_well(installed, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy>=2.0"])
    assert course("check") == 0


def test_check_names_a_python_that_is_too_old(installed, monkeypatch, capsys):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [])
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: {"Requires-Python": ">=4"})
    assert course("check") == 1
    assert "install Python >=4" in capsys.readouterr().out


def test_check_names_a_kernel_of_another_interpreter(installed, monkeypatch, tmp_path, capsys):
    kernel = tmp_path / "kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        json.dumps({"argv": ["/another/bin/python", "-m", "ipykernel"], "display_name": "x", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert course("check") == 1
    assert "it starts /another/bin/python; run:" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "--version"])
def test_a_course_that_is_not_installed_is_one_sentence(monkeypatch, capsys, command):
    monkeypatch.setattr(cli, "DISTRIBUTION", "a-course-that-is-not-installed")
    assert course(command) == 1
    assert "must be installed, but is not: run pip install -r requirements.txt.\n" in capsys.readouterr().err


def test_version_prints_the_installed_version(monkeypatch, capsys):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"version of {name}")
    assert course("--version") == 0
    assert capsys.readouterr().out == "course version of why-training-converges\n"


# build


@pytest.fixture
def generated(repository, monkeypatch) -> Path:
    """The made-up course after a build in which nothing was run."""
    monkeypatch.setattr(build, "theorems_page", lambda: "# Cards\n")
    monkeypatch.setattr(build, "execute", lambda book, path: build.normal_form(book))
    build.build(repository, say=lambda line: None)
    return repository


def test_build_says_what_it_wrote(generated, capsys):
    assert course("build", "02") == 0
    assert [line.split(" in ")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"{LECTURE} executed",
        "solutions/02_exact_risk.ipynb executed",
        "exercises/02_exact_risk.ipynb written",
        "lectures/theorems.md written",
    ]


def test_build_check_is_0_where_all_is_up_to_date(generated, capsys):
    assert course("build", "--check") == 0
    assert capsys.readouterr().out == "Everything generated is up to date.\n"


def test_build_check_is_1_and_a_line_for_each_difference(generated, capsys):
    (generated / "lectures/theorems.md").write_text("# Old cards\n")
    edit(generated / "exercises/02_exact_risk.ipynb", "edited")
    assert course("build", "--check") == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_build_of_an_unknown_number_lists_those_there_are(repository, capsys):
    assert course("build", "17") == 2
    assert "got '17'; there are: 00_start_here, 02_exact_risk." in capsys.readouterr().err


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "COMMAND"),
        (("begin",), "'begin'"),
        (("start", "--prot"), "--prot"),
        (("reset",), "name"),
        (("reset", "02", "--lecture", "--exercises"), "not allowed"),
    ],
)
def test_wrong_use_is_one_sentence_and_2(capsys, arguments, reason):
    assert course(*arguments) == 2
    out, err = capsys.readouterr()
    assert reason in err
    assert "--help" in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (PermissionError(13, "Permission denied", "given.json"), 2, "given.json cannot be used: Permission denied.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
    ],
)
def test_other_trouble_is_one_sentence_too(repository, monkeypatch, capsys, error, code, sentence):
    def fail(*_):
        raise error

    monkeypatch.setattr(workspace.Workspace, "reset", fail)
    assert course("reset", "02") == code
    assert capsys.readouterr().err == sentence


def test_importing_the_command_loads_neither_nbconvert_nor_jupyterlab():
    """A learner's commands answer at once; what only some need is imported there."""
    script = "import sys, course_lib.cli; print({'nbconvert', 'jupyterlab'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
