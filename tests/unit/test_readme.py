"""The documents say what the cards and the benchmarks say, are small, and their links lead somewhere."""

from __future__ import annotations

import re

import pytest

from core import checkpoints, paths, tasks
from tools import readme

MAX_BYTES = 12_000
READMES = ("README.md", "README.ja.md")
SETUP = ("docs/setup.md", "docs/setup.ja.md")
INTERNAL = {"MANABI_SAVE_SECONDS"}  # for tests


@pytest.mark.parametrize("name", readme.DOCUMENTS)
def test_generated_tables_are_up_to_date(name: str) -> None:
    path = paths.PROJECT / name
    text = path.read_text(encoding="utf-8")
    assert readme.render(path, readme.DOCUMENTS[name]) == text, "run: python -m tools.readme"


@pytest.mark.parametrize("name", READMES)
def test_a_readme_is_short_and_says_the_essentials(name: str) -> None:
    text = (paths.PROJECT / name).read_text(encoding="utf-8")
    assert len(text.encode()) <= MAX_BYTES
    assert "make run" in text and "make test" in text and "docs/demo.gif" in text
    assert "| met |" not in text, "benchmark tables stand in docs/bench.md alone"
    rows = [line for line in text.splitlines() if "python -m benchmarks." in line]
    assert len(rows) == len(readme.SPEED_ROWS) == 5


@pytest.mark.parametrize("name", READMES)
def test_every_pretrained_model_has_a_row(name: str) -> None:
    text = (paths.PROJECT / name).read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([\w-]+)` ", text, re.MULTILINE))
    assert rows == {t.checkpoint for t in tasks.TASKS} & set(checkpoints.pretrained_names())


@pytest.mark.parametrize("name", READMES)
def test_every_page_has_a_row_with_its_thumbnail(name: str) -> None:
    text = (paths.PROJECT / name).read_text(encoding="utf-8")
    for page in (paths.PROJECT / "pages").glob("*.py"):
        assert re.search(rf"<img src=\"docs/shots/{page.stem}(-image)?-(en|ja)-1280\.png\"", text), page.stem


@pytest.mark.parametrize("name", readme.DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    path = paths.PROJECT / name
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r"src=\"([^\"]+)\"", text)
    missing = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert targets and missing == []


@pytest.mark.parametrize("name", SETUP)
def test_every_environment_variable_is_documented(name: str) -> None:
    rows = set(
        re.findall(r"^\| `(MANABI_[A-Z]+)` \|", (paths.PROJECT / name).read_text(encoding="utf-8"), re.M)
    )
    code = [p for f in ("core", "ui", "tools") for p in (paths.PROJECT / f).rglob("*.py")]
    used = {v for p in code for v in re.findall(r"\"(MANABI_[A-Z_]+)\"", p.read_text(encoding="utf-8"))}
    assert rows == used - INTERNAL
