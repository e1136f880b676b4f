"""JupyterLab in a browser: the course as `course start` serves it, and what a learner does with a notebook.

Contents   chromium -> serve (course start, as a process) -> Notebook (open, run all, type into a cell, look at outputs)
Note       cells are found by their place in the file: JupyterLab keeps all cells of a notebook in the page, but those out
           of view have no inner text, only text content
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import Locator, Page, expect

from course_lib.workspace import REPOSITORY

SECONDS = 120.0  # for anything a busy machine may be slow with; normally a few seconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The path of an installed Chromium or Chrome, None if there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def wait_until(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Return as soon as the condition holds; AssertionError names what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.2)


# The server


@dataclass(frozen=True)
class Course:
    """A running `course start`: the address it printed, the learner's folder."""

    url: str
    folder: Path

    @property
    def base(self) -> str:
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.url))

    @property
    def token(self) -> str:
        return urlsplit(self.url).query

    def sessions(self) -> list[dict]:
        """The open notebooks, each with its kernel's state and connections."""
        with urllib.request.urlopen(f"{self.base}/api/sessions?{self.token}", timeout=10) as answer:
            return json.load(answer)

    def is_ready(self, path: str) -> bool:
        """True if the notebook's kernel is idle and the page is connected to it."""
        kernels = [session["kernel"] for session in self.sessions() if session["path"] == path]
        return any(kernel["execution_state"] == "idle" and kernel["connections"] > 0 for kernel in kernels)


@contextmanager
def serve(folder: Path) -> Iterator[Course]:
    """`course start --no-browser` on folder/work with Jupyter folders of its own; ended by Ctrl-C, which must give 0."""
    private = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "course_lib.cli", "start", "--no-browser", "--work", str(folder / "work")]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=os.environ | private | {"IPYTHONDIR": str(folder / "ipython")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Course(_printed_url(process), folder / "work")
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.CTRL_C_EVENT)
        assert process.wait(SECONDS) == 0, "course start must return 0 after Ctrl-C"
    finally:
        _end(process, folder / "runtime")


def _printed_url(process: subprocess.Popen) -> str:
    """The address in the line "The course is open at ..."; AssertionError shows what was printed instead."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    seen: list[str] = []
    with suppress(queue.Empty):
        while process.poll() is None or not lines.empty():
            seen.append(lines.get(timeout=SECONDS if process.poll() is None else 1))
            if found := re.match(r"The course is open at (http://\S+)", seen[-1]):
                return found[1]
    raise AssertionError(f"course start printed no address but: {''.join(seen) or '(nothing)'}")


def _end(process: subprocess.Popen, runtime: Path) -> None:
    """Whatever happened before, leave no process behind: neither course start nor its JupyterLab."""
    if process.poll() is None:
        process.kill()
        process.wait()
    for path in runtime.glob("jpserver-*.json"):
        with suppress(OSError, ValueError, KeyError):
            os.kill(json.loads(path.read_text())["pid"], signal.SIGTERM)
    process.stdout.close()


# A notebook in the page


@dataclass(frozen=True)
class Notebook:
    """A notebook open in JupyterLab, as lectures/NN_name.ipynb of the learner's folder."""

    page: Page
    course: Course
    path: str

    @classmethod
    def open(cls, page: Page, course: Course, path: str) -> "Notebook":
        """Open it alone, and wait for its kernel: before, running would ask for a kernel."""
        page.goto(f"{course.base}/lab/tree/{quote(path)}?{course.token}&reset")
        notebook = cls(page, course, path)
        expect(notebook.cells.first).to_be_attached(timeout=SECONDS * 1000)
        wait_until(lambda: course.is_ready(path), f"an idle kernel for {path}")
        return notebook

    @property
    def panel(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    @property
    def cells(self) -> Locator:
        return self.panel.locator(".jp-Notebook .jp-Cell")

    def cell(self, index: int) -> Locator:
        """The cell at a place in the file, counted from 0."""
        return self.cells.nth(index)

    def output(self, index: int) -> Locator:
        """The output area of a code cell."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    @property
    def errors(self) -> Locator:
        return self.panel.locator('[data-mime-type="application/vnd.jupyter.error"]')

    def run_all(self) -> None:
        """Run > Run All Cells, until every code cell has its number and the kernel is idle."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        self.wait_for_runs(r"^\[\d+\]:$")

    def wait_for_runs(self, prompt: str) -> None:
        """Until the prompts of all code cells match, and the kernel is idle."""
        prompts = self.panel.locator(".jp-CodeCell .jp-InputPrompt")

        def done() -> bool:
            return all(re.match(prompt, text.strip()) for text in prompts.all_text_contents())

        wait_until(done, f"all cells of {self.path} run")
        wait_until(lambda: self.course.is_ready(self.path), f"{self.path} idle after its cells")

    def type_into(self, index: int, source: str) -> None:
        """Replace a cell's source, as a learner would."""
        editor = self.cell(index).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)
        expect(editor).to_contain_text(source.strip().splitlines()[-1].strip())

    def run_cell(self, index: int) -> None:
        """Shift+Enter in a code cell, until it has a new number."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        wait_until(lambda: re.match(r"\[\d+\]", prompt.text_content()) and prompt.text_content() != before, f"cell {index} run")

    def move_slider(self, number: int = 0, steps: int = 3) -> None:
        """Move a slider of the notebook by the right arrow key."""
        handle = self.panel.locator(".noUi-handle").nth(number)
        handle.scroll_into_view_if_needed()
        handle.focus()
        for _ in range(steps):
            self.page.keyboard.press("ArrowRight")
