"""The page of notation: every letter of the lectures' mathematics is in a table, and no table has a row that nothing uses.

A symbol is found as a sequence of tokens, braces and spacing aside: $k_j$ is where k _ j is, $W^k$ where W ^ k is. Its letter
is the first one, so that a row for $W^k$ speaks for W and not for k, and index letters need rows of their own.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
from dataclasses import dataclass, fields, is_dataclass
from functools import cache

import pytest

import course_lib
from course_lib.workspace import REPOSITORY, course_file_number, notebooks

PAGE = (REPOSITORY / "lectures/notation.md").read_text(encoding="utf-8")
LETTERS, SIGNS = ("Fixed symbols", "Deep networks", "Lent letters", "Indices and variables of integration"), ("Signs",)
GREEK = re.compile(
    r"\\(?:alpha|beta|gamma|delta|(?:var)?epsilon|zeta|eta|(?:var)?theta|iota|kappa|lambda|mu|nu|xi|(?:var)?pi|(?:var)?rho|"
    r"(?:var)?sigma|tau|upsilon|(?:var)?phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega|ell|nabla)"
)
MATHS = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.S)
WORDS = re.compile(r"\\(?:tag|text|mathrm|operatorname|begin|end)\s*\{[^{}]*\}")
TOKEN = re.compile(r"\\math(?:bb|cal|bf|frak)\s*\{?[A-Za-z0-9]\}?|\\[A-Za-z]+|\\\||[A-Za-z]|[0-9.]+|[^\s\\{}]")
SPACING = re.compile(r"\\(?:[bB]igg?[lrm]?|left|right|quad|qquad|textstyle|displaystyle|limits)$")
SAME = {r"\lVert": r"\|", r"\rVert": r"\|", r"\lvert": "|", r"\rvert": "|", r"\tfrac": r"\frac", r"\leq": r"\le"}


def tokens(latex: str) -> tuple[str, ...]:
    """The symbols, letters and digits of a formula in their order; words in roman type, spacing and braces left out."""
    found = (re.sub(r"[\s{}]", "", token) for token in TOKEN.findall(WORDS.sub(" ", latex)))
    return tuple(SAME.get(token, token) for token in found if not SPACING.match(token))


def formulas(text: str) -> list[tuple[str, ...]]:
    """The formulas of a Markdown text; what stands in code is none."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
    return [tokens(shown or inline) for shown, inline in MATHS.findall(text)]


def is_letter(token: str) -> bool:
    return token.isalpha() or GREEK.fullmatch(token) is not None or (token.startswith(r"\math") and token[-1].isalpha())


def occurs(form: tuple[str, ...], formula: tuple[str, ...]) -> bool:
    return any(formula[n : n + len(form)] == form for n in range(len(formula) - len(form) + 1))


@cache
def lectures() -> dict[int, list[tuple[str, ...]]]:
    """number of a lecture -> formulas of its Markdown cells."""
    found = {}
    for path in notebooks(REPOSITORY, "lectures"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found[course_file_number(path.name)] = formulas(text)
    return found


@dataclass(frozen=True)
class Row:
    """A row: the forms of its symbol, its names in code, the lectures where it has this meaning (None: all)."""

    forms: tuple[tuple[str, ...], ...]
    code: tuple[str, ...]
    numbers: frozenset[int] | None
    meaning: str
    text: str

    @property
    def letters(self) -> set[str]:
        """The first letter of each form; for an interval such as [a,b] the letters of both ends."""
        heads = {next((token for token in form if is_letter(token)), "") for form in self.forms}
        return heads | {token for form in self.forms if form[0] == "[" for token in form if is_letter(token)}

    def holds_in(self, lecture: int) -> bool:
        return self.numbers is None or lecture in self.numbers


def numbers(cell: str) -> frozenset[int] | None:
    """The lectures of "01–03, 05", which are 1, 2, 3 and 5; None for "all"."""
    if cell == "all":
        return None
    ranges = [part.split("–") for part in cell.split(", ")]
    return frozenset(n for ends in ranges for n in range(int(ends[0]), int(ends[-1]) + 1))


def rows(*headings: str) -> list[Row]:
    """The rows of the tables under these headings."""
    found = []
    for heading in headings:
        part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        for line in [line for line in part.splitlines() if line.startswith("|")][2:]:
            symbol, meaning, code, where = (cell.strip() for cell in line.strip("|").split("|"))
            forms = tuple(tokens(form) for form in re.findall(r"\$([^$]+)\$", symbol))
            found.append(Row(forms, tuple(re.findall(r"`([^`]+)`", code)), numbers(where), meaning, symbol))
    return found


ROWS, SIGN_ROWS = rows(*LETTERS), rows(*SIGNS)


@pytest.mark.parametrize("lecture", lectures())
def test_every_letter_of_a_lecture_has_a_row_for_it(lecture):
    used = {token for formula in lectures()[lecture] for token in formula if is_letter(token)}
    known = {letter for row in ROWS if row.holds_in(lecture) for letter in row.letters}
    assert not used - known, f"no row of lectures/notation.md for lecture {lecture} has {sorted(used - known)}."


@pytest.mark.parametrize("row", ROWS + SIGN_ROWS, ids=lambda row: row.text)
def test_every_row_is_used_where_it_says(row):
    """Each of its lectures uses one of its forms, and each form is used in one of its lectures."""
    assert row.forms
    where = row.numbers if row.numbers is not None else frozenset(lectures())
    used = {(form, n) for form in row.forms for n in where for formula in lectures().get(n, ()) if occurs(form, formula)}
    assert {form for form, _ in used} == set(row.forms)
    idle = where - {n for _, n in used} if row.numbers else ()
    assert not idle, f"lectures {sorted(idle)} do not use {row.text}: correct the row of lectures/notation.md."


@pytest.mark.parametrize("row", [row for row in ROWS if row.numbers], ids=lambda row: row.text)
def test_the_lectures_in_brackets_are_lectures_of_the_row(row):
    named = {int(n) for found in re.findall(r"\((\d\d(?:, \d\d)*)\)", row.meaning) for n in found.split(", ")}
    assert named <= row.numbers


# Names in code


@cache
def library() -> dict[str, set[str]]:
    """public name of the library -> names of its attributes."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
        if not module.name.startswith(("course_lib.questions", "course_lib.theorems")):
            for name, value in vars(importlib.import_module(module.name)).items():
                known = set(dir(value)) if inspect.isclass(value) else set()
                known |= {field.name for field in fields(value)} if is_dataclass(value) else set()
                found.setdefault(name, set()).update(known)
    return found


@cache
def names_in_cells(lecture: int) -> set[str]:
    """Every name, attribute and argument in the code cells of a lecture."""
    path = next(path for path in notebooks(REPOSITORY, "lectures") if course_file_number(path.name) == lecture)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    trees = [ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M)) for source in sources]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    values = {getattr(node, key, None) for node in nodes for key in ("id", "attr", "arg", "name")}
    return {value for value in values if isinstance(value, str)}


@pytest.mark.parametrize("row", [row for row in ROWS + SIGN_ROWS if row.code], ids=lambda row: row.text)
def test_the_names_in_code_exist(row):
    """A name is one of the library, with its attribute, or occurs in the cells of one of the row's lectures."""
    cells = set().union(*(names_in_cells(n) for n in (row.numbers or lectures()) if n in lectures()))
    for name in row.code:
        head, _, attribute = name.partition(".")
        assert attribute in library()[head] if attribute else (head in library() or head in cells), name


# The words


def entries() -> list[tuple[str, list[str]]]:
    """(term, notebooks that its entry links to) of the glossary."""
    paragraphs = re.findall(r"^\*\*(.+?)\*\*(.*)$", PAGE.partition("\n## Words\n")[2], re.M)
    return [(term, re.findall(r"\]\((\w+\.ipynb)\)", text)) for term, text in paragraphs]


@cache
def prose(name: str) -> str:
    cells = json.loads((REPOSITORY / "lectures" / name).read_text(encoding="utf-8"))["cells"]
    return re.sub(r"[*_\s-]+", " ", " ".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")).lower()


def test_the_words_are_in_alphabetical_order():
    terms = [re.sub(r"[^a-z ]", "", term.lower().replace("é", "e")) for term, _ in entries()]  # a hyphen does not count
    assert len(terms) >= 40
    assert terms == sorted(terms)


@pytest.mark.parametrize(("term", "where"), entries())
def test_each_word_occurs_in_the_lecture_that_introduces_it(term, where):
    """The first lecture linked uses the word, or one of its forms if the entry gives several."""
    assert where
    forms = [re.sub(r"[\s-]+", " ", form).lower() for form in term.split(", ")]
    assert any(form in prose(where[0]) for form in forms)


# The parts


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        (r"\bigl(W^{k+1}_{ij}\bigr)", ("(", "W", "^", "k", "+", "1", "_", "i", "j", ")")),
        (r"\mathbb{R}^d\quad\text{for all }x", (r"\mathbbR", "^", "d", "x")),
        (r"\tfrac12\hat V\tag{9.9}", (r"\frac", "12", r"\hat", "V")),
        (r"\lVert\cdot\rVert", (r"\|", r"\cdot", r"\|")),
    ],
)
def test_tokens_of_a_formula(latex, found):
    assert tokens(latex) == found


def test_a_form_is_found_in_one_piece_only():
    assert occurs(tokens("k_j"), tokens(r"\frac{k_{j}}2"))
    assert not occurs(tokens("k_j"), tokens("k+_j"))
    assert formulas("`$x$` but $y$ and $$z$$") == [("y",), ("z",)]


def test_lectures_of_a_row():
    assert numbers("all") is None
    assert numbers("01–03, 05") == {1, 2, 3, 5}
