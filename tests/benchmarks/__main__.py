"""Benchmarks, each with the accuracy it was measured at: `python -m tests.benchmarks core`. Not part of pytest.

Times are ratios against a yardstick timed in the same run, in turns, on one BLAS thread.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")     # before NumPy

import sys
from importlib import import_module

TABLES = {
    "core": "risk, gradient, flow and ensembles of shallow networks on an interval",
    "deep": "deep networks on an interval, networks on a square and a cube",
    "peers": "the same by PyTorch, JAX, diffrax, torchdiffeq and SciPy (pip install -r tests/benchmarks/peers.txt)",
}


def main(arguments: list[str]) -> int:
    """Print the named table; for any other name say what exists."""
    if len(arguments) != 1 or arguments[0] not in TABLES:
        known = "; ".join(f"{name} ({what})" for name, what in TABLES.items())
        print(f"Usage: python -m tests.benchmarks NAME, with NAME one of: {known}.")
        return 2
    import_module(f"tests.benchmarks.{arguments[0]}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
