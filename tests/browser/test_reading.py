"""`course html`: the pages are complete, every link leads somewhere, and Chromium shows them without the network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from course_lib.reading import formula, html, moved
from course_lib.workspace import REPOSITORY, CourseError, notebooks

OUTSIDE = re.compile(r"[a-z][a-z+.-]*:|//")


class Page(HTMLParser):
    """The links, anchors, pictures and loaded addresses of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.anchors, self.alts, self.loads = [], set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "img":
            self.alts.append(given.get("alt") or "")
        if tag in ("img", "script", "link", "iframe"):
            self.loads.append(given.get("src") or given.get("href") or "")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[Path, Page]:
    """Every page of the course."""
    folder = tmp_path_factory.mktemp("html")
    html(REPOSITORY, folder, say=lambda line: None)
    return {path: Page(path) for path in sorted(folder.rglob("*.html"))}


def root(pages: dict[Path, Page]) -> Path:
    return min(pages, key=lambda path: len(path.parts)).parent


def test_every_notebook_has_a_page(pages):
    for path in notebooks(REPOSITORY, "lectures", "exercises", "solutions"):
        assert root(pages) / path.relative_to(REPOSITORY).with_suffix(".html") in pages


def test_every_link_leads_to_a_file_and_to_an_anchor_in_it(pages):
    """No link to a notebook is left, and none leads out of the folder."""
    wrong = []
    for path, page in pages.items():
        for link in (link for link in page.links if not OUTSIDE.match(link)):
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.is_file() or root(pages) not in target.parents:
                wrong.append(f"{path.name}: {link}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                wrong.append(f"{path.name}: {link} (no such place)")
    assert not wrong


def test_every_picture_is_there_and_says_what_is_to_be_seen(pages):
    """Those of notebooks in the page itself, that of the README in a file beside it; nothing else is loaded."""
    for path in notebooks(REPOSITORY, "lectures"):
        stored = len(re.findall(r"<img ", path.read_text(encoding="utf-8")))
        assert len(pages[root(pages) / path.relative_to(REPOSITORY).with_suffix(".html")].alts) == stored > 0
    assert all(len(alt) >= 20 for page in pages.values() for alt in page.alts)
    loads = [(path.parent, load) for path, page in pages.items() for load in page.loads if load]
    assert not [load for folder, load in loads if not load.startswith("data:") and not (folder / load).is_file()]


def test_no_formula_is_left_in_tex(pages):
    """Neither dollars nor backslash commands outside code; latex2mathml shows an unknown command by its name."""
    for path in pages:
        text = re.sub(r"<(pre|code|style)\b.*?</\1>|<[^>]*>", " ", path.read_text(encoding="utf-8"), flags=re.S)
        assert not re.findall(r"\$\$|\\[a-zA-Z]{2,}", text), path.name


@pytest.mark.browser
@pytest.mark.parametrize("name", ["lectures/02_exact_risk.html", "solutions/02_exact_risk.html"])
def test_chromium_shows_formulas_and_figures_without_the_network(pages, page, name):
    """Formulas have an extent, pictures load, nothing is asked from elsewhere and no script complains."""
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((root(pages) / name).as_uri())
    sizes = page.locator("math").evaluate_all("all => all.map(m => m.getBoundingClientRect().width)")
    assert len(sizes) > 50
    assert min(sizes) > 0
    assert all(page.locator("img").evaluate_all("all => all.map(i => i.complete && i.naturalWidth > 0)"))
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert not complaints
    width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, "the page must not scroll sideways"


@pytest.mark.browser
def test_a_reader_goes_from_the_readme_to_a_lecture_to_its_cards(pages, page):
    page.goto((root(pages) / "README.html").as_uri())
    page.get_by_role("link", name=re.compile("^02 Exact risk")).click()
    assert page.url.endswith("/lectures/02_exact_risk.html")
    page.get_by_role("link", name="exact-quadrature").first.click()
    assert page.url.endswith("/lectures/theorems.html#exact-quadrature")


# The parts


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("../exercises/02_exact_risk.ipynb", "../exercises/02_exact_risk.html"),
        ("theorems.md#kink-count", "theorems.html#kink-count"),
        ("LICENSE", "LICENSE"),
        ("#here", "#here"),
        ("https://example.org/a.md", "https://example.org/a.md"),
    ],
)
def test_links_to_notebooks_and_markdown_become_links_to_pages(link, page):
    assert moved(link) == page


def test_a_displayed_formula_keeps_its_tag_as_an_anchor():
    shown = formula(r"a=b\tag{2.3}", block=True)
    assert '<span id="eq-2.3">(2.3)</span>' in shown
    assert "tag{" not in shown
    assert "<span" not in formula("a=b", block=True)


def test_angle_brackets_of_any_size_are_drawn():
    assert "langle" not in formula(r"\bigl\langle a,b\Bigr\rangle", block=False)


@pytest.mark.parametrize(("latex", "letter"), [(r"\mathbb R", "211D"), (r"\mathbb{E}", "1D53C"), (r"\mathcal H", "210B")])
def test_letters_of_other_alphabets_are_letters_of_unicode(latex, letter):
    """Chromium ignores the attribute mathvariant."""
    shown = formula(latex, block=False)
    assert f"&#x{int(letter, 16):05X};" in shown
    assert "mathvariant" not in shown


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "there").write_text("mine", encoding="utf-8")
    with pytest.raises(CourseError, match=r"there is a file\. Choose another one with --to"):
        html(REPOSITORY, tmp_path / "there")
    assert (tmp_path / "there").read_text(encoding="utf-8") == "mine"
