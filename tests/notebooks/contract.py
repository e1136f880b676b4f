"""What every notebook of the course keeps: one function a rule, each giving a complaint for every breach of it.

Contents   Book (a notebook as stored) -> rules, marked @rule("lectures", "solutions") -> RULES (name -> rule)
Note       the rules are tried on notebooks that break them in test_contract_rules.py
"""

import json
import re
import symtable
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from course_lib.workspace import course_file_number, notebooks, questions_of

LIMIT_BYTES = 300_000
LIMIT_LINES = 20
LIMIT_ALT = 20
DATA_URI = re.compile(r"data:image/[\w+.-]+;base64,[A-Za-z0-9+/=\s]+")
CODE_OR_MATHS = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", re.S)

Rule = Callable[["Book"], Iterator[str]]
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {}


def rule(*folders: str) -> Callable[[Rule], Rule]:
    """Enter a function among the rules for the notebooks of the folders."""

    def enter(function: Rule) -> Rule:
        RULES[function.__name__] = (function, folders)
        return function

    return enter


@dataclass(frozen=True, eq=False)
class Book:
    """A notebook as stored in a file."""

    path: Path

    @cached_property
    def content(self) -> dict:
        return json.loads(self.path.read_text(encoding="utf-8"))

    def cells(self, kind: str) -> list[tuple[int, dict]]:
        """(place counted from 1, cell) of the cells of a kind: code or markdown."""
        return [(n, cell) for n, cell in enumerate(self.content["cells"], 1) if cell["cell_type"] == kind]

    def sources(self, kind: str) -> list[tuple[int, str]]:
        """(place, source) of the cells of a kind."""
        return [(n, "".join(cell["source"])) for n, cell in self.cells(kind)]

    def outputs(self) -> list[tuple[int, dict]]:
        """(place of the cell, output) of every output."""
        return [(n, output) for n, cell in self.cells("code") for output in cell["outputs"]]

    def number(self) -> int | None:
        return course_file_number(self.path.name)


@cache
def book(path: Path) -> Book:
    return Book(path)


def text_of(output: dict) -> str:
    """All text of an output, one line of data after the other, without the pictures' bytes."""
    data = {"text": output.get("text", ""), **output.get("data", {})}
    return DATA_URI.sub("", "\n".join("".join(value) if isinstance(value, list) else str(value) for value in data.values()))


# Runs


@rule("lectures", "solutions")
def the_kernel_is_python3(book: Book) -> Iterator[str]:
    name = book.content["metadata"].get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"the kernel must be python3, got {name}"


@rule("lectures", "solutions")
def the_stored_run_goes_from_top_to_bottom(book: Book) -> Iterator[str]:
    counts = [cell["execution_count"] for _, cell in book.cells("code")]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts must be 1, ..., {len(counts)}, got {counts}"


@rule("lectures", "solutions")
def nothing_fails_or_warns(book: Book) -> Iterator[str]:
    for n, output in book.outputs():
        if output["output_type"] == "error" or output.get("name") == "stderr":
            yield f"cell {n} shows {output.get('ename', 'stderr')}: {text_of(output)[:80]}"


@rule("lectures", "solutions")
def nothing_is_installed_or_fetched(book: Book) -> Iterator[str]:
    fetch = r"pip3? install|[!%]\s*(?:pip|conda|wget|curl)\b|\burllib\b|\burlopen\b|\bhttpx\b|\brequests\.\w|import requests"
    for n, source in book.sources("code"):
        yield from (f"cell {n} has {found!r}" for found in re.findall(fetch, source))
    for n, source in book.sources("markdown"):
        yield from (f"cell {n} has {found!r}" for found in re.findall(r"[!%]pip\b|pip3? install", source))


@rule("lectures", "solutions")
def no_path_is_absolute(book: Book) -> Iterator[str]:
    unix = re.compile(r"(?<![\w/.:])/(?:home|work|Users|root|tmp|private)/\S*")
    windows = re.compile(r"\b[A-Z]:\\(?:Users|Windows|Program|Temp|Documents)\S*")  # C:\mathbb is mathematics
    texts = [*book.sources("code"), *book.sources("markdown"), *((n, text_of(output)) for n, output in book.outputs())]
    for n, text in texts:
        yield from (f"cell {n} has the path {found}" for found in [*unix.findall(text), *windows.findall(text)])


@rule("lectures", "solutions")
def chance_has_a_seed(book: Book) -> Iterator[str]:
    unseeded = r"default_rng\(\s*(?:None\s*)?\)|np\.random\.(?!default_rng|Generator|SeedSequence)\w+\("
    for n, source in book.sources("code"):
        yield from (f"cell {n} has {found}; write np.random.default_rng(seed)" for found in re.findall(unseeded, source))


def parsed(source: str) -> symtable.SymbolTable:
    """The names of a code cell, without its magics."""
    return symtable.symtable(re.sub(r"^[ \t]*[%!].*$", "", source, flags=re.M), "cell", "exec")


def functions(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Every function in a table, lambdas, comprehensions and nested ones included."""
    for child in table.get_children():
        if child.get_type() == "function":
            yield child
        yield from functions(child)


@rule("lectures", "solutions")
def sliders_still_work_at_the_end(book: Book) -> Iterator[str]:
    """What a slider's function reads must not be rebound in a later cell: it is called after Run All Cells."""
    tables = [(n, source, parsed(source)) for n, source in book.sources("code")]
    reads: dict[str, set[str]] = {}
    for _, _, table in tables:
        for function in functions(table):
            reads.setdefault(function.get_name(), set()).update(function.get_globals())
    for n, _, table in ((n, source, table) for n, source, table in tables if "explorer(" in source or ".observe(" in source):
        needed = {name for function in functions(table) for name in function.get_globals()}
        while more := {name for known in needed for name in reads.get(known, ())} - needed:
            needed |= more
        for later, _, other in tables:
            bound = {symbol.get_name() for symbol in other.get_symbols() if symbol.is_assigned()}
            if later > n and (both := sorted(needed & bound)):
                yield f"cell {later} rebinds {', '.join(both)}, which the slider of cell {n} reads: use another name"


# Size and pictures


@rule("lectures", "solutions", "exercises")
def the_file_is_small(book: Book) -> Iterator[str]:
    size = book.path.stat().st_size
    if size > LIMIT_BYTES:
        yield f"at most {LIMIT_BYTES} bytes, got {size}: fewer or smaller pictures"


@rule("lectures", "solutions", "exercises")
def no_widget_is_stored(book: Book) -> Iterator[str]:
    if "widgets" in book.content["metadata"]:
        yield "the metadata hold widget state: run course build"
    for n, output in book.outputs():
        if any("widget" in kind for kind in output.get("data", {})):
            yield f"cell {n} stores a view of a widget: run course build"


class _Images(HTMLParser):
    """Collects the alt text of every <img>, None where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs).get("alt"))


def alts_of(html: str) -> list[str | None]:
    """The alt text of each <img> in html, None where there is none."""
    images = _Images()
    images.feed(html)
    return images.alts


@rule("lectures", "solutions", "exercises")
def every_picture_says_what_is_to_be_seen(book: Book) -> Iterator[str]:
    alts = [(n, alt) for n, source in book.sources("markdown") for alt in re.findall(r"!\[([^\]]*)\]\(", source)]
    alts += [(n, alt) for n, source in book.sources("markdown") for alt in alts_of(source)]
    for n, output in book.outputs():
        data = output.get("data", {})
        raw = [kind for kind in data if kind.startswith("image/")]
        if raw:
            yield f"cell {n} shows {raw[0]}, which has no alt text in JupyterLab: show it by course_lib.figures"
        alts += [(n, alt) for alt in alts_of("".join(data.get("text/html", "")))]
    for n, alt in alts:
        if len((alt or "").strip()) < LIMIT_ALT:
            yield f"cell {n}: an alt text needs at least {LIMIT_ALT} characters, got {alt!r}"


# Teaching


@rule("lectures")
def every_section_starts_a_slide(book: Book) -> Iterator[str]:
    for n, cell in book.cells("markdown"):
        slide = cell["metadata"].get("slideshow", {}).get("slide_type")
        if "".join(cell["source"]).startswith("## ") and slide != "slide":
            yield f'cell {n} starts a section, its metadata need "slideshow": {{"slide_type": "slide"}}, got {slide}'


@rule("lectures")
def code_cells_are_short(book: Book) -> Iterator[str]:
    for n, source in book.sources("code"):
        lines = sum(bool(line.strip()) for line in source.splitlines())
        if lines > LIMIT_LINES:
            yield f"cell {n} has {lines} lines, at most {LIMIT_LINES}: helpers live in course_lib"


@rule("lectures")
def the_opening_names_title_objectives_prerequisites_and_minutes(book: Book) -> Iterator[str]:
    first_code = min((n for n, _ in book.cells("code")), default=len(book.content["cells"]) + 1)
    opening = "\n".join(source for n, source in book.sources("markdown") if n < first_code)
    needed = {"a title": r"\A# \S", "objectives": r"objectives?\b|be able to", "prerequisites": r"prerequisites?\b"}
    needed["minutes"] = r"\d+\s*(?:min\b|minutes)"
    for name, pattern in needed.items():
        if not re.search(pattern, opening, re.I):
            yield f"the cells before the first code must name {name}"


def tags(book: Book) -> list[str]:
    """The tags of the displayed formulas, in their order: "2.1", ..."""
    return [tag for _, source in book.sources("markdown") for tag in re.findall(r"\\tag\{([^}]*)\}", source)]


@rule("lectures", "solutions", "exercises")
def formula_tags_are_unique_and_carry_the_lectures_number(book: Book) -> Iterator[str]:
    found = tags(book)
    yield from (f"the tag {tag} is given twice" for tag in sorted({tag for tag in found if found.count(tag) > 1}))
    for tag in found:
        if not re.fullmatch(rf"{book.number()}\.[1-9]\d*", tag):
            yield f"the tag {tag} must be {book.number()}.k"


@rule("lectures")
def every_reference_to_a_formula_resolves(book: Book) -> Iterator[str]:
    known = set(tags(book))
    for n, source in book.sources("markdown"):
        for reference in re.findall(rf"\(({book.number()}\.\d+)\)", CODE_OR_MATHS.sub("", source)):
            if reference not in known:
                yield f"cell {n} refers to ({reference}), which no formula has as \\tag{{{reference}}}"


@rule("lectures")
def every_exercise_mentioned_exists(book: Book) -> Iterator[str]:
    root = book.path.parents[1]
    known = {question for path in notebooks(root, "exercises") for question in questions_of(path)}
    one = r"\d+\.\d+(?!\d)"
    for n, source in book.sources("markdown"):
        lists = re.findall(rf"exercises?\s+\**({one}(?:(?:\s*,\s*|\s+and\s+|\s*,\s+and\s+|\s*[–-]\s*){one})*)", source, re.I)
        for question in re.findall(one, " ".join(lists)):
            if question not in known:
                yield f"cell {n} mentions exercise {question}, which no exercise notebook checks"


# Links


@rule("lectures", "solutions", "exercises")
def every_relative_link_resolves(book: Book) -> Iterator[str]:
    for n, source in book.sources("markdown"):
        prose = CODE_OR_MATHS.sub("", source)
        links = re.findall(r"\]\(\s*<?([^)\s>]+)", prose) + re.findall(r"(?:href|src)=[\"']([^\"']+)", prose)
        for link in links:
            if not re.match(r"[a-z][a-z+.-]*:", link) and not resolves(link, book.path):
                yield f"cell {n} links to {link}, which is not there"


def resolves(link: str, source: Path) -> bool:
    """True if a relative link from a file leads to a file, and its anchor to a place in it."""
    name, _, anchor = unquote(link).partition("#")
    target = source.parent / name if name else source
    return not name.startswith("/") and target.exists() and (not anchor or anchor in anchors(target))


def anchors(path: Path) -> set[str]:
    """The anchors of a page or notebook: explicit ids, and the headings as JupyterLab and as GitHub write them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join(source for _, source in book(path).sources("markdown"))
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*\s*$", text, re.M)
    plain = [re.sub(r"[`*]|<[^>]+>", "", heading).strip() for heading in headings]
    explicit = set(re.findall(r"\b(?:id|name)=[\"']([^\"']+)[\"']", text))
    jupyterlab = {heading.replace(" ", "-") for heading in plain}
    return explicit | jupyterlab | {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


# Exercises


def solution_texts(path: Path) -> list[str]:
    """What a solution notebook must not pass on: the insides of its solution blocks and the cells tagged solution."""
    book = Book(path)
    block = re.compile(r"### BEGIN SOLUTION[^\n]*\n(.*?)[ \t]*### END SOLUTION", re.S)
    inside = [text for _, source in book.sources("code") for text in block.findall(source)]
    cells = [cell for cell in book.content["cells"] if "solution" in cell["metadata"].get("tags", [])]
    return [text for text in (*inside, *("".join(cell["source"]) for cell in cells)) if len(text.split()) >= 3]


@rule("exercises")
def no_solution_is_given_away(book: Book) -> Iterator[str]:
    shown = " ".join(" ".join(source.split()) for kind in ("code", "markdown") for _, source in book.sources(kind))
    if re.search(r"(?:BEGIN|END) SOLUTION", shown):
        yield "a solution marker is shown"
    for text in solution_texts(book.path.parents[1] / "solutions" / book.path.name):
        if " ".join(text.split()) in shown:
            yield f"the solution {text.strip()[:60]!r} is shown"
