"""The reading list agrees with the registry, the lectures, the exercises and the tests, and forgets no quoted card."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from course_lib.theorems import evidence, registry
from course_lib.workspace import REPOSITORY, notebooks, questions_of

PAGE = (REPOSITORY / "lectures/reading_list.md").read_text(encoding="utf-8")
LECTURE = re.compile(r"\[(\d\d)\]\((\w+\.ipynb)\), (\d+(?:(?: and | to |, )\d+)*)")
THEMES = {"Morales", "Ahmadova"}                       # the papers of which we have no statement


@dataclass(frozen=True)
class Row:
    """A row of a table, with the last word of every author as the surnames."""

    cells: tuple[str, ...]

    @property
    def surnames(self) -> list[str]:
        return [author.split()[-1] for author in re.split(r"\s*\(\d{4}\)", self.cells[0])[0].split(",")]

    @property
    def slug(self) -> str | None:
        found = re.fullmatch(r"\[([\w-]+)\]\(theorems\.md#([\w-]+)\)", self.cells[2]) if len(self.cells) > 2 else None
        return found[1] if found and found[1] == found[2] else None

    @property
    def exercises(self) -> list[str]:
        return re.findall(r"\d+\.\d+", self.cells[-2] if self.slug else self.cells[-1])

    def __str__(self) -> str:
        return f"{self.surnames[0]}-{self.slug or 'theme'}"


def rows(heading: str) -> list[Row]:
    """The rows of the table under a heading."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [Row(tuple(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


PAPERS, ON_THEMES = rows("Papers, cards, places"), rows("Themes")


@cache
def places(path: Path) -> tuple[dict[str, set[str]], set[str]]:
    """({slug: sections in which its card is shown}, numbers of all sections) of a lecture."""
    shown, section, sections = {}, "", set()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            section = (re.findall(r"^## (\d+)", source, re.M) or [section])[-1]
            sections.add(section)
        for slug in re.findall(r'^card\("([\w-]+)"\)', source, re.M):
            shown.setdefault(slug, set()).add(section)
    return shown, sections


@cache
def trained() -> dict[str, set[str]]:
    """slug -> exercises whose head says that they train it; and every exercise under the name ''."""
    found: dict[str, set[str]] = {"": set()}
    for path in notebooks(REPOSITORY, "exercises"):
        found[""].update(questions_of(path))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            head = re.match(r"## Exercise ([\d.]+)\n\n.*trains (.*)", "".join(cell["source"]))
            for slug in re.findall(r"\*([\w-]+)\*", head[2]) if head else ():
                found.setdefault(slug, set()).add(head[1])
    return found


def test_there_are_rows_to_judge():
    assert len(PAPERS) >= 20
    assert {row.surnames[-1] for row in ON_THEMES} == THEMES


@pytest.mark.parametrize("row", PAPERS, ids=str)
def test_the_card_exists_and_its_source_names_the_authors(row):
    card = registry[row.slug]
    missing = [name for name in row.surnames if name not in card.source]
    assert not missing, f"{missing} not in the source: {card.source}"


@pytest.mark.parametrize("row", PAPERS, ids=str)
def test_the_provenance_is_that_of_the_card(row):
    """A card that is proved here may rest on a paper that is quoted; one that is quoted says how well."""
    status = registry[row.slug].status
    assert row.cells[1] in ("quoted", "quoted in essence")
    assert not status.startswith("quoted") or row.cells[1] == status


@pytest.mark.parametrize("row", PAPERS, ids=str)
def test_the_lecture_shows_the_card_in_that_section(row):
    number, name, section = LECTURE.fullmatch(row.cells[3]).groups()
    path = REPOSITORY / "lectures" / name
    assert name.startswith(number)
    assert section in places(path)[0].get(row.slug, ())


@pytest.mark.parametrize("row", PAPERS + ON_THEMES, ids=str)
def test_the_exercises_exist_and_none_that_trains_the_card_is_left_out(row):
    assert row.exercises
    assert set(row.exercises) <= trained()[""]
    assert trained().get(row.slug, set()) <= set(row.exercises)


@pytest.mark.parametrize("row", PAPERS, ids=str)
def test_the_test_file_has_a_mark_for_the_card(row):
    files = {name.partition("::")[0] for name, _ in evidence()[row.slug]}
    assert "tests/theorems/" + row.cells[5].strip("`") in files


@pytest.mark.parametrize("row", PAPERS, ids=str)
def test_what_the_paper_proves_is_said(row):
    """Its paragraph begins with the words of the row."""
    assert f"**{row.cells[0]}**" in PAGE.partition("\n## What they prove\n")[2].partition("\n## ")[0]


def test_every_quoted_card_is_on_the_list():
    listed = {row.slug for row in PAPERS}
    assert [slug for slug, card in registry.items() if card.status.startswith("quoted") and slug not in listed] == []


def test_every_article_that_a_card_names_is_on_the_page():
    named = {number for card in registry.values() for number in re.findall(r"arXiv:(\d{4}\.\d{5})", card.source)}
    assert [number for number in sorted(named) if f"arxiv.org/abs/{number}" not in PAGE] == []


@pytest.mark.parametrize("row", ON_THEMES, ids=str)
def test_a_theme_has_no_card_and_its_sections_exist(row):
    assert row.slug is None
    assert not [slug for slug, card in registry.items() if any(name in card.source for name in row.surnames)]
    found = LECTURE.findall(row.cells[2])
    assert found
    for _, name, numbers in found:
        assert set(re.findall(r"\d+", numbers)) <= places(REPOSITORY / "lectures" / name)[1]


def test_a_row_without_a_card_stands_among_the_themes():
    assert [row for row in PAPERS if row.slug is None] == []
