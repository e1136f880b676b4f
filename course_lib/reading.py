"""Reading copies: the course as HTML pages that need no server, no kernel and no network.

    README.md --links--> lectures, exercises, solutions, pages --> the same tree with .html for .ipynb and .md

A page is made for every notebook and every Markdown file that can be reached from the README by relative links; other
files that are linked (the licence, say) are copied. So every relative link of a copy leads somewhere. Formulas become
MathML, which browsers draw by themselves; pictures and their alternative texts are those stored in the notebooks.

Contents   formula -> Pages (nbconvert's exporter with our formulas and links) -> targets, html
Layer      after build
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from course_lib.build import load
from course_lib.workspace import CourseError, notebooks, read, write_atomically

PAGES = (".ipynb", ".md")
TAG = re.compile(r"\\tag\{([^{}]*)\}")
SIZED = re.compile(r"\\(?:[bB]igg?)[lrm]?(?=\s*\\[lr]angle)")           # latex2mathml cannot size angle brackets
STYLED = re.compile(r"\\(mathbb|mathcal|mathbf)\s*([A-Za-z0-9])")           # \mathbb R: only with braces a Unicode letter
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)|href=\"([^\"]+)\"")
TEMPLATE = """
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<style>
main { max-width: 62rem; margin: 0 auto; }
.formula { display: flex; align-items: center; overflow-x: auto; }
.formula > math { flex: 1; }
.formula > span { padding-left: 1rem; }
math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math; }
img { max-width: 100%; }
</style>
{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def formula(latex: str, block: bool) -> str:
    """MathML of a formula; a displayed one carries its tag (N.k) as an anchor at the right."""
    tag = TAG.search(latex)
    latex = STYLED.sub(r"\\\1{\2}", SIZED.sub("", latex))
    maths = convert(TAG.sub("", latex), display="block" if block else "inline")
    if not block:
        return maths
    number = f'<span id="eq-{tag[1]}">({tag[1]})</span>' if tag else ""
    return f'<div class="formula">{maths}{number}</div>'


def moved(link: str) -> str:
    """A relative link to a notebook or a Markdown file, as a link to its page; any other link as it is."""
    path, hash_, anchor = link.partition("#")
    if re.match(r"[a-z][a-z+.-]*:|/", link) or not path.endswith(PAGES):
        return link
    return str(Path(path).with_suffix(".html").as_posix()) + hash_ + anchor


class _Renderer(IPythonRenderer):
    """Markdown to HTML with MathML, links moved to pages."""

    def block_math(self, body: str) -> str:
        return formula(body, block=True)

    def multiline_math(self, text: str) -> str:
        return formula(text.strip().strip("$"), block=True)

    def inline_math(self, body: str) -> str:
        return formula(body, block=False)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, moved(url), title)


class Pages(HTMLExporter):
    """nbconvert's HTML exporter without scripts from elsewhere."""

    raw_template = TEMPLATE

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """The filter of Markdown cells and Markdown outputs."""
        return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def _notebook(path: Path) -> NotebookNode:
    """The notebook in a file, or a notebook of one cell that holds a Markdown file."""
    if path.suffix == ".ipynb":
        return load(path)
    return new_notebook(cells=[new_markdown_cell(read(path).decode())])


def _links(notebook: NotebookNode) -> Iterator[str]:
    """The relative links of the Markdown cells, without anchors."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for link in ("".join(found) for found in LINK.findall(text)):
        path = unquote(link.partition("#")[0])
        if path and not re.match(r"[a-z][a-z+.-]*:|/", link):
            yield path


def targets(repository: Path) -> dict[Path, NotebookNode | None]:
    """Every file that the README reaches by links, and every notebook: with its content if it becomes a page, else None."""
    open_, found = [repository / "README.md", *notebooks(repository, "lectures", "exercises", "solutions")], {}
    while open_:
        path = open_.pop().resolve()
        if path in found or not path.is_file() or repository.resolve() not in path.parents:
            continue
        found[path] = _notebook(path) if path.suffix in PAGES else None
        open_ += [path.parent / link for link in _links(found[path])] if found[path] else []
    return found


def html(repository: Path, folder: Path, say: Callable[[str], None] = print) -> Path:
    """Write the pages to folder; the path of the first page, README.html. CourseError if a file stands in the way."""
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"A folder is needed for the pages, but {folder} is a file. Choose another one with --to DIR.")
    exporter, found = Pages(), sorted(targets(repository).items())
    for path, notebook in found:
        target = folder / path.relative_to(repository.resolve())
        if notebook is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            continue
        body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem.replace("_", " ")}})
        write_atomically(target.with_suffix(".html"), body.encode())
        say(f"{target.with_suffix('.html').relative_to(folder)} written")
    return folder / "README.html"
