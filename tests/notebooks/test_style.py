"""The style of the code, notebooks included, as pyproject.toml sets it."""

import subprocess
import sys

from course_lib.workspace import REPOSITORY


def test_ruff_finds_nothing():
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."]
    done = subprocess.run(ruff, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
