"""The README's table and the map of lecture 00 say of the lectures what the notebooks say of themselves."""

import json
import re
from pathlib import Path

import pytest

from course_lib.workspace import REPOSITORY, Workspace, notebooks, questions_of

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
LECTURES = notebooks(REPOSITORY, "lectures")
LINK = re.compile(r"\]\(([^)#\s]+)[^)\s]*\)")


def markdown(path: Path) -> str:
    """The text of the Markdown cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def planned(path: Path) -> tuple[int, list[tuple[int, int]]]:
    """Minutes of a lecture as its head says, and (number, minutes) of its sections."""
    total, sections = re.search(r"\*\*Time: (\d+) minutes\*\* — ([^.]*(?:\.(?! )[^.]*)*)\.", markdown(path)).groups()
    return int(total), [(int(n), int(minutes)) for n, minutes in re.findall(r"(?:^|, )(\d+) [^()]*?\((\d+)\)", sections)]


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_the_minutes_of_the_sections_add_up(path):
    total, sections = planned(path)
    assert sum(minutes for _, minutes in sections) == total
    assert [n for n, _ in sections] == [int(n) for n in re.findall(r"^## (\d+) ", markdown(path), re.M)]


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_the_table_has_a_true_row_for_the_lecture(path):
    row = re.search(rf"^\| \[{path.name[:2]} [^\]]+\]\(lectures/{path.name}\) \| (\d+) \| (\d+|–) \| \S", README, re.M)
    assert row
    exercises = REPOSITORY / "exercises" / path.name
    assert int(row[1]) == planned(path)[0]
    assert row[2] == (str(len(questions_of(exercises))) if exercises.exists() else "–")


@pytest.mark.parametrize("path", [path for path in LECTURES if path.name[:2] != "00"], ids=lambda path: path.stem)
def test_the_map_of_lecture_00_links_the_lecture_with_its_minutes(path):
    assert re.search(rf"\]\({path.name}\) \({planned(path)[0]}\)", markdown(LECTURES[0]))


def test_the_table_lists_nothing_else():
    assert len(re.findall(r"^\| \[\d\d ", README, re.M)) == len(LECTURES)


def test_every_link_of_the_readme_leads_to_a_file():
    links = [link for link in LINK.findall(README) if not link.startswith("http")]
    assert len(links) > 20
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def test_a_page_that_learners_get_links_only_to_what_they_get(tmp_path):
    """Their copies are in another folder, without the instructor's part, the tests and the README."""
    sources = Workspace(tmp_path).sources()
    given = {path.resolve() for path in sources}
    wrong = []
    for path in sources:
        text = markdown(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
        text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
        links = [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]
        wrong += [f"{path.name}: {link}" for link in links if (path.parent / link).resolve() not in given]
    assert len(given) > 30
    assert wrong == []
