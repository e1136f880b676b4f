"""Where exactness lives: integrals of squared residuals, cut where the integrand stops being polynomial."""

import os
from importlib.util import find_spec


def compiled_available() -> bool:
    """True if numba is installed and the environment variable COURSE_LIB_COMPILED is not "0"."""
    return os.environ.get("COURSE_LIB_COMPILED", "1") != "0" and find_spec("numba") is not None
