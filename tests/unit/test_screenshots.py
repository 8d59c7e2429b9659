"""Screenshots show the pages as they are: the index records the digest of each page's sources."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.files import read_json
from tools import contact_sheet, open_photos, page_sources, screenshots

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


@pytest.fixture
def coco_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root with a photo of each of COCO's licenses, its id being that license."""
    root = tmp_path / "data"
    for folder in ("coco/annotations", "coco/val2017", "other"):
        (root / folder).mkdir(parents=True)
    images = [
        {"id": n, "license": n, "file_name": f"{n}.jpg", "flickr_url": f"http://x.net/1/{n}00_ab_z.jpg"}
        for n in range(1, 9)
    ]
    for image in images:
        (root / "coco" / "val2017" / image["file_name"]).write_bytes(b"photo")
    annotations = [{"id": 10 + image["id"], "image_id": image["id"]} for image in images]
    for kind in ("instances", "captions"):
        content = {"images": images, "annotations": annotations}
        (root / "coco" / "annotations" / f"{kind}_val2017.json").write_text(json.dumps(content))
    monkeypatch.setenv("MANABI_DATA", str(root))
    monkeypatch.setenv("MANABI_DOWNLOADS", str(tmp_path / "downloads"))
    return root


def test_photos_of_screenshots_may_be_redistributed_and_are_credited(coco_root: Path, tmp_path: Path) -> None:
    target = tmp_path / "open"
    photos = open_photos.build_data_root(target)
    assert {photo.license for photo in photos} == {4, 5, 7, 8}
    assert {p.name for p in (target / "coco" / "val2017").iterdir()} == {f"{n}.jpg" for n in (4, 5, 7, 8)}
    for file in (target / "coco" / "annotations").iterdir():
        assert {a["image_id"] for a in json.loads(file.read_text())["annotations"]} == {4, 5, 7, 8}
    assert (target / "other").resolve() == (coco_root / "other").resolve()
    open_photos.write_credits(tmp_path / "credits.md", photos)
    text = (tmp_path / "credits.md").read_text()
    assert "| val2017 5 | CC BY-SA 2.0 | <https://www.flickr.com/photo.gne?id=500> |" in text


def test_without_photos_the_screenshots_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("MANABI_DOWNLOADS", str(tmp_path / "none"))
    monkeypatch.setattr(screenshots.tool, "find_browser", lambda: "browser")
    monkeypatch.setattr(screenshots, "_take_all", lambda *_: pytest.fail("photographed"))
    assert screenshots.main(["browse", "browse-image"]) == 1
    assert "MANABI_DATA" in capsys.readouterr().err


def test_every_photo_of_the_screenshots_has_an_open_license() -> None:
    rows = [line.split("|") for line in screenshots.CREDITS_PATH.read_text().splitlines() if "flickr" in line]
    assert rows and {row[2].strip() for row in rows} <= set(open_photos.OPEN_LICENSES.values())
    image = f"{screenshots.PAGES['browse-image']['split']} {screenshots.PAGES['browse-image']['image']}"
    assert image in {row[1].strip() for row in rows}


def test_a_screenshot_keeps_the_colors_of_the_page_beside_a_photo() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((200, 300, 3), (243, 244, 246), np.uint8)
    pixels[:, 100:] = np.linspace(0, 255, 200)[None, :, None] + rng.integers(-20, 20, (200, 200, 3)).clip(0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    compressed = screenshots._compress_png(buffer.getvalue())
    assert len(compressed) < len(buffer.getvalue())
    with Image.open(io.BytesIO(compressed)) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    assert (shown[:, :100] == pixels[:, :100]).all()
    # Colors hold over areas: what one pixel is too light, its neighbors are too dark.
    blocks = [x[:, 100:].reshape(20, 10, 20, 10, 3).mean((1, 3)) for x in (shown, pixels.astype(int))]
    assert abs(blocks[0] - blocks[1]).mean() < 4
