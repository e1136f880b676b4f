"""JupyterLab on a learner's folder: started on a free loopback port, ended with one Ctrl-C.

    command(folder, port, ...) -> Popen -> running(folder) reads the address that JupyterLab really took -> wait

Contents   require_free (a port) -> start (blocks until JupyterLab ends)
Layer      after workspace
Note       JupyterLab moves on from a taken port, so its address is read from the file jpserver-PID.json it writes;
           a learner's own Jupyter configuration stays in force, ours only adds a default (the news pop-up is off)
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course_lib.workspace import CourseError, write_atomically

POSIX = os.name == "posix"
FIRST_PAGE = "lectures/00_start_here.ipynb"
HOST = "127.0.0.1"
START_SECONDS = 120.0  # a cold disk; JupyterLab needs 3 to 5 seconds
STOP_SECONDS = 15.0
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}


def require_free(port: int) -> None:
    """Raise CourseError unless a server can listen on the port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if POSIX:  # elsewhere it would allow a second listener
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CourseError(
                f"A free port is needed, but port {port} is not: {reason}. Leave --port out to get one."
            ) from error


def first_page(folder: Path) -> str:
    """The page that JupyterLab opens: lecture 00 where it exists, else its launcher."""
    return f"/lab/tree/{FIRST_PAGE}" if (folder / FIRST_PAGE).exists() else "/lab"


def command(folder: Path, port: int | None, browser: bool) -> list[str]:
    """The command line of JupyterLab, with the interpreter that runs this."""
    options = [f"--ServerApp.root_dir={folder}", f"--ServerApp.ip={HOST}", f"--LabApp.default_url={first_page(folder)}"]
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *options]


def environment(configuration: Path) -> dict[str, str]:
    """This process's environment, with a folder of our defaults in front of JupyterLab's search path."""
    content = json.dumps(QUIET, indent=1).encode()
    write_atomically(configuration / "labconfig" / "default_setting_overrides.json", content)
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(configuration), *([others] if others else [])])}


def _server_files() -> dict[Path, int]:
    """The files in which running servers tell their address, each with its time of change in nanoseconds."""
    from jupyter_core.paths import jupyter_runtime_dir  # 0.3 s that only `course start` needs

    files = {}
    for path in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        with suppress(OSError):  # a server that ends meanwhile
            files[path] = path.stat().st_mtime_ns
    return files


def running(folder: Path, before: dict[Path, int]) -> dict | None:
    """What JupyterLab says of itself (url, token, ...) once it serves folder; None while only old files do."""
    for path, changed in _server_files().items():
        if before.get(path) == changed:
            continue
        with suppress(OSError, ValueError, KeyError):  # ended, or half written
            server = json.loads(path.read_text(encoding="utf-8"))
            if server["root_dir"] == str(folder):
                return server
    return None


def address(server: dict, folder: Path) -> str:
    """The URL of the first page, with the token that lets the learner in."""
    token = f"?token={server['token']}" if server["token"] else ""
    return server["url"].rstrip("/") + first_page(folder) + token


def _wait_for_address(process: subprocess.Popen, folder: Path, before: dict[Path, int], log: Path) -> str:
    """The URL of the first page as soon as JupyterLab listens; CourseError if it ends first or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if server := running(folder, before):
            return address(server, folder)
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["(nothing)"]
    reason = "did not start in time" if process.poll() is None else f"ended with code {process.returncode}"
    raise CourseError(f"JupyterLab {reason}; the last line of {log} is: {lines[-1].strip()}", code=1)


def _stop(process: subprocess.Popen) -> None:
    """End JupyterLab and its kernels: asked first, killed if it does not listen."""
    if POSIX:  # elsewhere the console has sent it Ctrl-C too, and terminate() would kill
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """Within it, SIGTERM and a closed terminal end us as Ctrl-C does, so that JupyterLab is not left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _launch(arguments: list[str], env: dict[str, str], log: Path) -> subprocess.Popen:
    """JupyterLab as a process that writes to log and gets its signals from us alone.

    Without stdin: else it would answer Ctrl-C with a question. In a process group of its own: else Ctrl-C in a terminal
    would reach it twice, the second time in the middle of its clean-up.
    """
    alone = {"process_group": 0} if POSIX else {}
    with log.open("wb") as output:
        return subprocess.Popen(arguments, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **alone)


def start(folder: Path, port: int | None = None, browser: bool = True) -> int:
    """JupyterLab's exit code, once it has ended (0 after Ctrl-C); meanwhile it serves folder and its URL is printed."""
    folder = Path(os.path.abspath(folder))
    log, before = folder / ".course" / "jupyter.log", _server_files()
    env = environment(folder / ".course" / "jupyter")
    with _ended_like_interrupted():
        process = _launch(command(folder, port, browser), env, log)
        try:
            print(f"The course is open at {_wait_for_address(process, folder, before, log)}", flush=True)
            print("Ctrl-C ends it.", flush=True)
            return process.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(process)
