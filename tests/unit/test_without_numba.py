"""Everything works without numba: the tests of risks, flows and descents pass with COURSE_LIB_COMPILED=0, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = ["test_risks.py", "test_flows.py", "test_descent.py"]


@pytest.mark.skipif(os.environ.get("COURSE_LIB_COMPILED") == "0", reason="this whole run is without numba")
def test_risks_flows_and_descents_pass_without_compiled_kernels():
    """A second pytest in an environment that selects NumPy."""
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(here / name) for name in FILES)]
    environment = os.environ | {"COURSE_LIB_COMPILED": "0"}
    done = subprocess.run(command, env=environment, cwd=here.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout
