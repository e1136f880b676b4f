"""A class of simulated students on the hub of jupyterhub_config.py: is everyone served, and is nothing mixed up?

    python lectures/instructor/try_class.py --students 30 --lecture 02

Every student logs in, opens the lecture, runs its cells in a real kernel, writes a line of their own into the notebook and
saves it, answers one exercise and checks it. Then the folders on the disc are compared with what each one wrote.

Contents   Hub (start, ask, stop) -> Kernel (run cells over its websocket) -> attend (one student) -> verify -> main
Needs      jupyterhub, and configurable-http-proxy on the PATH; not part of the learner's installation
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from course_lib.workspace import REPOSITORY, choose, progress, questions_of

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
NEEDED = {"jupyterhub": "pip install jupyterhub", "configurable-http-proxy": "npm install -g configurable-http-proxy"}
SECONDS = 600
PATIENT = {"connect_timeout": SECONDS, "request_timeout": SECONDS}      # as a browser tab is; the default is 20 s
ROLE = """
c.JupyterHub.services = [{"name": "trial", "api_token": os.environ["TRIAL_TOKEN"]}]
c.JupyterHub.load_roles = [{"name": "trial", "services": ["trial"],
                            "scopes": ["admin:users", "admin:servers", "access:servers"]}]
c.JupyterHub.bind_url = os.environ["TRIAL_URL"]
"""


# The hub


@dataclass
class Hub:
    """A running JupyterHub, the folder of its class, and the token of the trial."""

    url: str
    folder: Path
    token: str
    process: subprocess.Popen

    @classmethod
    def start(cls, folder: Path, port: int) -> "Hub":
        """JupyterHub with the class's configuration and, beside it, a token for this trial."""
        for program, remedy in NEEDED.items():
            if shutil.which(program) is None:
                raise SystemExit(f"{program} is needed on the PATH, but is not there: {remedy}.")
        url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
        config = folder / "trial_config.py"
        config.write_text(f"{CONFIG.read_text(encoding='utf-8')}\n{ROLE}", encoding="utf-8")
        env = os.environ | {"COURSE_CLASS": str(folder / "class"), "TRIAL_TOKEN": token, "TRIAL_URL": url}
        log = (folder / "hub.log").open("wb")
        command = ["jupyterhub", "--config", str(config)]
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        return cls(url, folder, token, process)

    async def ask(self, path: str, method: str = "GET", body: object = None) -> object:
        """The JSON answer of the hub or of a student's server; asks again while the hub is busy (429, 503)."""
        text = None if body is None and method == "GET" else json.dumps(body or {})
        request = HTTPRequest(self.url + path, method, {"Authorization": f"token {self.token}"}, text, **PATIENT)
        for _ in range(SECONDS):
            try:
                answer = await AsyncHTTPClient().fetch(request)
                return json.loads(answer.body) if answer.body else None
            except (HTTPClientError, ConnectionRefusedError) as error:
                if isinstance(error, HTTPClientError) and error.code not in (429, 503, 599):
                    raise
                await asyncio.sleep(1)
        raise TimeoutError(f"no answer from {path} within {SECONDS} s; see {self.folder / 'hub.log'}.")

    def stop(self) -> list[int]:
        """Ctrl-C, as an instructor ends it; the processes that are still there afterwards."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        _, left = psutil.wait_procs(family, timeout=20)
        for process in left:
            process.kill()
        return [process.pid for process in left]

    def megabytes(self) -> float:
        """Memory of hub, proxy, servers and kernels: proportional set size where the system tells it, else resident."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        total = 0
        for process in family:
            try:
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
            except psutil.Error:
                continue
        return total / 2**20


# A kernel


class Kernel:
    """A kernel of a student's server, spoken to over its websocket."""

    def __init__(self, socket):
        self.socket = socket

    @classmethod
    async def start(cls, hub: Hub, name: str, folder: str) -> "Kernel":
        """A new kernel that runs in a folder of the student."""
        session = {"path": f"{folder}/trial", "name": "", "type": "notebook", "kernel": {"name": "python3"}}
        kernel = (await hub.ask(f"/user/{name}/api/sessions", "POST", session))["kernel"]["id"]
        url = f"{hub.url.replace('http', 'ws')}/user/{name}/api/kernels/{kernel}/channels"
        request = HTTPRequest(url, headers={"Authorization": f"token {hub.token}"}, **PATIENT)
        return cls(await websocket_connect(request, max_message_size=2**26))

    async def run(self, source: str) -> str:
        """What a cell prints; RuntimeError with the reason if it fails."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "", "version": "5.3"}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        await self.socket.write_message(json.dumps(
            {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        ))
        printed = []
        while True:
            message = json.loads(await self.socket.read_message())
            if message["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])
            elif message["msg_type"] == "error":
                raise RuntimeError(f"{message['content']['ename']}: {message['content']['evalue']}")
            elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return "".join(printed)


# A student


def code_of(path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


async def attend(hub: Hub, name: str, lecture: str, together: asyncio.Semaphore) -> float:
    """One student's lesson; the seconds it took."""
    begin = time.perf_counter()
    await hub.ask(f"/hub/api/users/{name}", "POST")
    await hub.ask(f"/hub/api/users/{name}/server", "POST")
    while not (await hub.ask(f"/hub/api/users/{name}"))["servers"].get("", {}).get("ready"):
        await asyncio.sleep(0.5)
    path = f"lectures/{lecture}.ipynb"
    notebook = await hub.ask(f"/user/{name}/api/contents/{path}?content=1")
    kernel = await Kernel.start(hub, name, "lectures")
    async with together:                                          # a class does not press Shift+Enter in the same second
        for cell in notebook["content"]["cells"]:
            if cell["cell_type"] == "code":
                await kernel.run("".join(cell["source"]))
    notebook["content"]["cells"][0]["source"] = f"# The copy of {name}"
    await hub.ask(f"/user/{name}/api/contents/{path}", "PUT", {k: notebook[k] for k in ("type", "format", "content")})
    await answer_first(hub, name, lecture, together)
    return time.perf_counter() - begin


async def answer_first(hub: Hub, name: str, lecture: str, together: asyncio.Semaphore) -> None:
    """Answer the first exercise in a kernel of its own, as the solution does; RuntimeError unless the check calls it right."""
    kernel = await Kernel.start(hub, name, "exercises")
    async with together:
        for source in code_of(REPOSITORY / "solutions" / f"{lecture}.ipynb"):
            printed = await kernel.run(source)
            if ".check(" in source:
                break
    if "right" not in printed and "correct" not in printed:
        raise RuntimeError(f"{name}: the check of the first exercise said {printed!r}")


# The class


def verify(folder: Path, names: list[str], lecture: str) -> list[str]:
    """A sentence for every save or verdict that is missing or lies in another student's folder."""
    first = questions_of(REPOSITORY / "solutions" / f"{lecture}.ipynb")[0]
    wrong = []
    for name in names:
        text = (folder / name / "lectures" / f"{lecture}.ipynb").read_text(encoding="utf-8")
        found = [other for other in names if f'"# The copy of {other}"' in text]
        if found != [name]:
            wrong.append(f"the notebook of {name} carries the name of {found or 'nobody'}.")
        if not progress(folder / name / ".course").get(first, {}).get("solved"):
            wrong.append(f"exercise {first} of {name} is not recorded as solved.")
    return wrong


async def hold(hub: Hub, names: list[str], lecture: str, at_once: int) -> tuple[list[float], list[str], float]:
    """All students attend: their seconds, what went wrong, the most memory seen in MB."""
    peak, together = [0.0], asyncio.Semaphore(at_once)

    async def watch():
        while True:
            peak[0] = max(peak[0], await asyncio.to_thread(hub.megabytes))
            await asyncio.sleep(2)

    watcher = asyncio.create_task(watch())
    results = await asyncio.gather(*(attend(hub, name, lecture, together) for name in names), return_exceptions=True)
    watcher.cancel()
    failed = [f"{name}: {result!r}" for name, result in zip(names, results, strict=True) if isinstance(result, BaseException)]
    return [result for result in results if isinstance(result, float)], failed, peak[0]


def main() -> int:
    """0 if everyone was served and nothing was mixed up or left behind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--lecture", default="02")
    parser.add_argument("--at-once", type=int, default=2 * (os.cpu_count() or 1), help="kernels that compute at the same time")
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    lecture = choose(REPOSITORY, options.lecture, "lectures")[0].stem
    names = [f"student-{n:02d}" for n in range(1, options.students + 1)]
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        begin = time.perf_counter()
        AsyncHTTPClient.configure(None, max_clients=2 * len(names))
        hub = Hub.start(Path(folder), options.port)
        try:
            seconds, wrong, memory = asyncio.run(hold(hub, names, lecture, options.at_once))
            wrong = wrong or verify(Path(folder) / "class", names, lecture)
        finally:
            left = hub.stop()
        total = time.perf_counter() - begin
        print(f"{len(seconds)} of {len(names)} students ran {lecture} and solved its first exercise in {total:.0f} s;")
        waited = f"a student waited {min(seconds):.0f} to {max(seconds):.0f} s; " if seconds else ""
        print(f"{waited}at most {memory:.0f} MB, {memory / len(names):.0f} MB a student.")
        print("Shutdown left no process behind." if not left else f"Shutdown left {len(left)} processes behind.")
        for sentence in wrong:
            print("WRONG:", sentence)
    return 1 if wrong or left else 0


if __name__ == "__main__":
    sys.exit(main())
