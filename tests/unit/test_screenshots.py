"""Screenshots show the pages as they are: the index records the digest of each page's sources."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from core.files import read_json
from tools import contact_sheet, page_sources, screenshots

INDEX = read_json(screenshots.INDEX_PATH)


@pytest.mark.skipif(INDEX is None, reason="no screenshots were taken yet: make shots")
@pytest.mark.parametrize("name", screenshots.PAGES)
def test_screenshots_are_not_older_than_their_page(name: str) -> None:
    digest = page_sources.page_digest(screenshots.page_name(name))
    assert INDEX.get(name) == digest, f"run: python -m tools.screenshots {name}"


def test_every_screenshot_is_there_and_no_other() -> None:
    shots = {screenshots.shot_path(*shot) for shot in screenshots.list_shots()}
    sheets = {screenshots.sheet_path(language) for language in screenshots.LOCALES}
    assert set(screenshots.OUTPUT_FOLDER.glob("*.png")) == shots | sheets
    for path in sorted(shots):
        with Image.open(path) as image:
            assert image.width == int(path.stem.removesuffix("-dark").split("-")[-1])


def test_a_row_of_a_contact_sheet_is_replaced_and_the_others_stay(tmp_path) -> None:
    def shots(color: str) -> dict[tuple[int, bool], bytes]:
        pngs = {}
        for width, dark in contact_sheet.tile_columns():
            out = io.BytesIO()
            Image.new("RGB", (width, 900), color).save(out, "PNG")
            pngs[width, dark] = out.getvalue()
        return pngs

    path = tmp_path / "sheet.png"
    for name, color in (("a", "red"), ("b", "lime"), ("a", "blue")):
        contact_sheet.update_row(path, ["a", "b"], name, shots(color))
    with Image.open(path) as sheet:
        colors = [color for _count, color in sheet.convert("RGB").getcolors(sheet.width * sheet.height)]
    assert {(0, 0, 255), (0, 255, 0)} <= set(colors) and (255, 0, 0) not in colors


def test_every_page_has_a_screenshot() -> None:
    pages = {p.stem for p in (page_sources.PROJECT / "pages").glob("*.py")} | {"home"}
    assert {screenshots.page_name(name) for name in screenshots.PAGES} == pages


def test_a_digest_changes_with_what_is_shown_and_not_with_remarks(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path_factory.mktemp("project")
    for folder in ("pages", "ui", ".streamlit"):
        (project / folder).mkdir()
    (project / ".streamlit" / "config.toml").write_text("")
    (project / "pages" / "a.py").write_text('"""A page."""\nfrom ui import shared\n\nshared.show()\n')
    (project / "pages" / "b.py").write_text("print(1)\n")
    module = project / "ui" / "shared.py"
    module.write_text('def show():\n    """Show it."""\n    return "text"  # a remark\n')
    monkeypatch.setattr(page_sources, "PROJECT", project)
    monkeypatch.setattr(page_sources, "THEME", project / ".streamlit" / "config.toml")
    before = {name: page_sources.page_digest(name) for name in "ab"}
    module.write_text('def show():\n    """Show the text."""\n\n    return "text"  # another\n')
    assert {name: page_sources.page_digest(name) for name in "ab"} == before
    module.write_text('def show():\n    return "changed"\n')
    after = {name: page_sources.page_digest(name) for name in "ab"}
    assert after["a"] != before["a"] and after["b"] == before["b"]
    (project / "ui" / "style.css").write_text("a {}")
    assert page_sources.page_digest("a") != after["a"]


@pytest.mark.parametrize(
    "source",
    ["x = '# no comment'\n", "def f():\n    '''Doc.'''\n    return '''a\n\n    # b'''\n"],
    ids=["hash-in-text", "text-of-many-lines"],
)
def test_texts_are_no_remarks(source: str) -> None:
    assert "# " in page_sources.strip_remarks(source)
    assert "Doc." not in page_sources.strip_remarks(source)
