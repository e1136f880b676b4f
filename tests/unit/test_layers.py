"""The table of contents is the mathematics: a module imports only from modules before it (course_lib's layers)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
ORDER = [
    "piecewise",
    "cell_polynomials",
    "networks",
    "activations",
    "integration",
    "risks",
    "other_risks",
    "coordinates",
    "events",
    "log_time",
    "certificates",
    "flows",
    "descent",
    "free_knots",
    "minima",
    "rates",
    "symmetries",
    "landscapes",
    "figures",
    "widgets",
    "workspace",
    "server",
    "theorems",
    "questions",
    "guide",
    "build",
    "reading",
    "cli",
]


def layer(module: str) -> str:
    """course_lib.integration.cells -> integration; a package is one layer."""
    return module.split(".")[1]


def imported(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """(line, module) for each module of course_lib that a file imports anywhere, relative imports resolved."""
    package = ["course_lib", *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def arrows_back(root: Path) -> list[str]:
    """A line for each import against ORDER, and for each module without a place in it."""
    lines = []
    for path in sorted(root.rglob("*.py")):
        if path == root / "__init__.py":
            continue  # it offers the names of all layers
        here = path.relative_to(root).with_suffix("").parts[0]
        if here not in ORDER:
            lines.append(f"{path.relative_to(root)} has no place in ORDER")
            continue
        for line, module in imported(path, root):
            if module.split(".")[0] == "course_lib" and not _is_before(module, here):
                lines.append(f"{path.relative_to(root)}:{line} imports {module}, which {here} may not")
    return lines


def _is_before(module: str, here: str) -> bool:
    """True if a module in layer `here` may import `module`: an earlier layer, or its own package."""
    name = layer(f"{module}.")
    return name in ORDER and ORDER.index(name) <= ORDER.index(here)


def test_no_module_imports_from_a_later_one():
    assert not (lines := arrows_back(ROOT)), "\n".join(lines)


def test_the_modules_that_are_there_have_been_read():
    """The rule above says nothing about an empty folder."""
    assert {"piecewise.py", "networks.py", "workspace.py", "cli.py"} <= {path.name for path in ROOT.glob("*.py")}
    assert [module for _, module in imported(ROOT / "cli.py", ROOT) if module.startswith("course_lib")]


@pytest.mark.parametrize(
    ("name", "source", "finding"),
    [
        ("networks.py", "from course_lib.risks import ExactRisk", "networks.py:1 imports course_lib.risks.ExactRisk"),
        ("networks.py", "import course_lib.cli", "networks.py:1 imports course_lib.cli"),
        ("networks.py", "\ndef f():\n    from course_lib import flows", "networks.py:3 imports course_lib.flows"),
        ("networks.py", "from .flows import gradient_flow", "networks.py:1 imports course_lib.flows.gradient_flow"),
        ("networks.py", "from . import flows", "networks.py:1 imports course_lib.flows"),
        ("integration/cells.py", "from ..risks import ExactRisk", "integration/cells.py:1 imports course_lib.risks.ExactRisk"),
        ("networks.py", "from course_lib import ExactRisk", "networks.py:1 imports course_lib.ExactRisk"),
        ("utils.py", "", "utils.py has no place in ORDER"),
    ],
)
def test_an_arrow_back_is_shown(tmp_path, name, source, finding):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(source)
    (line,) = arrows_back(tmp_path)
    assert line.startswith(finding)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "risks.py",
            "from course_lib.networks import ReLUNetwork\nfrom course_lib import piecewise, integration\nimport numpy",
        ),
        ("integration/cells.py", "from course_lib.integration.interval import nodes\nfrom . import simplices"),
        ("__init__.py", "from course_lib.cli import main"),
    ],
)
def test_an_arrow_forward_is_fine(tmp_path, name, source):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(source)
    assert arrows_back(tmp_path) == []


def graph(root: Path) -> dict[str, list[str]]:
    """layer -> the layers it imports, both in the order of ORDER."""
    found = {name: set() for name in ORDER}
    for path in sorted(root.rglob("*.py")):
        here = path.relative_to(root).with_suffix("").parts[0]
        if here in found:
            modules = [module for _, module in imported(path, root) if module.startswith("course_lib.")]
            found[here] |= {layer(f"{module}.") for module in modules} - {here}
    there = [name for name in ORDER if (root / name).exists() or (root / f"{name}.py").exists()]
    return {name: [other for other in ORDER if other in found[name]] for name in there}


def test_the_readme_shows_the_import_graph_as_it_is():
    """One line a module in README's list: `name.py` ... `<- imported, imported`."""
    readme = (ROOT.parent / "README.md").read_text(encoding="utf-8")
    for name, imports in graph(ROOT).items():
        (line,) = [line for line in readme.splitlines() if line.startswith((f"{name}.py ", f"{name}/ "))]
        shown = line.partition("<-")[2].replace(",", " ").split()
        assert shown == imports, f"README says {line!r}, the code imports {imports}"
