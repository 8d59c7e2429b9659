"""Where annotations come from: folders and files that are found, what a visitor brings, val2017 from a server of our own."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from core import paths
from core.coco import records, sources, val2017
from core.coco.dataset import Coco
from core.messages import UserError

PLAIN = {
    "images": [{"id": 1, "file_name": "C:\\work\\pics\\a.png", "width": 8, "height": 6}],
    "annotations": [],
    "categories": [],
}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.slow
def test_folders_and_json_files_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (
        "coco/annotations/instances_val.json",
        "tool/train/_annotations.coco.json",
        "other/notes.json",
    ):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(json.dumps(PLAIN if "notes" not in place else {"hello": 1}))
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    found = sources.list_sources()
    assert list(found.values())[:-1] == [tmp_path / "coco", tmp_path / "tool/train/_annotations.coco.json"]
    assert list(found) == ["coco", "train/_annotations.coco", sources.SYNTHETIC_TITLE]


@pytest.mark.slow
def test_without_coco_the_synthetic_scenes_are_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "nothing"))
    assert list(sources.list_sources()) == [sources.SYNTHETIC_TITLE]


def test_an_upload_is_saved_with_its_images() -> None:
    content = json.dumps(PLAIN).encode()
    path, wrong = sources.save_upload(
        content, "../../my labels.json", [("../a.png", png()), ("b.png", b"no image")]
    )
    assert path.name == "my_labels.json" and [
        p.name for p in path.parent.iterdir() if p.suffix == ".png"
    ] == ["a.png"]
    assert len(wrong) == 1 and "b.png" in str(wrong[0])
    assert (
        sources.find_upload(path.parent.name) == path
        and sources.find_upload("../../x") is None
        and sources.find_upload("0" * 24) is None
    )
    with Coco.open(path) as coco:
        assert (
            coco.get_image(1).path == path.parent / "a.png"
        )  # the tool wrote the folder of its own machine before the name


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"images": 3}', b"\xff\xfe", json.dumps({"images": []}).encode()],
    ids=["empty", "truncated", "list", "images-number", "not-utf8", "no-annotations"],
)
def test_a_file_that_is_not_coco_is_rejected_and_not_saved(content: bytes) -> None:
    with pytest.raises(UserError, match="mine.json"):
        sources.save_upload(content, "mine.json", [])
    assert sets() == []


CONTENT = json.dumps(PLAIN).encode()


def sets() -> list[str]:
    folder = paths.cache() / "coco-own"
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def bring(name: str) -> Path:
    """The JSON of an uploaded set, indexed."""
    path, _ = sources.save_upload(CONTENT, f"{name}.json", [("a.png", png())])
    Coco.open(path).close()
    return path


def unseen(path: Path, days: float) -> None:
    """Make a set look unused for that long."""
    seen = time.time() - days * 86_400
    os.utime(path.parent, (seen, seen))


def test_images_cannot_be_added_to_the_annotations_of_another_visitor() -> None:
    mine, _ = sources.save_upload(CONTENT, "x.json", [("a.png", png())])
    planted = io.BytesIO()
    Image.new("RGB", (8, 6), "blue").save(planted, "PNG")
    theirs, _ = sources.save_upload(CONTENT, "x.json", [("a.png", planted.getvalue()), ("b.png", png())])
    assert theirs != mine and [p.name for p in mine.parent.glob("*.png")] == ["a.png"]
    assert (mine.parent / "a.png").read_bytes() == png()
    assert sources.save_upload(CONTENT, "x.json", [("a.png", png())]) == (mine, []) and len(sets()) == 2


@pytest.mark.parametrize(("length", "there"), [(250, True), (300, False)])
def test_an_image_with_a_long_name(length: int, there: bool) -> None:
    name = "x" * (length - 4) + ".png"
    path, wrong = sources.save_upload(CONTENT, "mine.json", [(name, png()), ("a.png", png())])
    assert (path.parent / "a.png").exists() and path.exists() and bool(wrong) != there
    if there:
        assert (path.parent / name).read_bytes() == png()
    else:
        assert "cannot be written: File name too long" in str(wrong[0])


def test_a_full_disk_is_reported_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == ".png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        sources.save_upload(CONTENT, "mine.json", [("a.png", png())])
    assert sets() == []


def test_a_read_only_cache_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot be written"):
        sources.save_upload(CONTENT, "mine.json", [])


def test_a_set_unused_for_a_month_is_deleted_with_its_index() -> None:
    old, looked_at, young = bring("old"), bring("looked_at"), bring("young")
    for path, days in ((old, 31), (looked_at, 31), (young, 29)):
        unseen(path, days)
    assert sources.find_upload(looked_at.parent.name) == looked_at
    new = bring("new")
    assert (
        sets() == sorted(p.parent.name for p in (looked_at, young, new))
        and sources.find_upload(old.parent.name) is None
    )
    indices = [json.loads(p.read_text())["source"] for p in (paths.cache() / "coco").glob("*/done.json")]
    assert sorted(indices) == sorted(str(p.resolve()) for p in (looked_at, young, new))


def test_the_least_recently_used_uploads_are_removed_beyond_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [bring(f"set{number}") for number in range(3)]
    for days, path in enumerate(reversed(made), 1):
        unseen(path, days)
    size = sum(p.stat().st_size for p in made[0].parent.iterdir())
    monkeypatch.setattr(sources, "MAX_UPLOAD_BYTES", 2 * size)
    new = bring("set3")
    assert sets() == sorted(p.parent.name for p in (made[2], new))
    monkeypatch.setattr(sources, "MAX_UPLOAD_BYTES", 1)
    assert sets() == sorted(p.parent.name for p in (made[2], new)), "only who brings something makes room"
    assert bring("set4").exists() and len(sets()) == 1


def test_a_cut_file_names_the_last_record() -> None:
    with pytest.raises(UserError, match="last id before the error: 7"):
        records.parse_annotations(
            b'{"images": [{"id": 7, "file_name": "a"}, {"id', "x.json", records.Instances
        )


# ---- val2017 ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server with two archives laid out as the official ones are; their folder."""
    folder = tmp_path / "server"
    (folder / "annotations").mkdir(parents=True)
    (folder / "zips").mkdir()
    with zipfile.ZipFile(folder / "annotations/annotations_trainval2017.zip", "w") as z:
        for split in ("train2017", "val2017"):
            for kind in val2017.KINDS:
                content = {"images": [], "annotations": []} if kind == "captions" else PLAIN
                z.writestr(f"annotations/{kind}_{split}.json", json.dumps(content))
    with zipfile.ZipFile(folder / "zips/val2017.zip", "w") as z:
        z.writestr("val2017/a.jpg", b"a image")
        z.writestr("../evil.jpg", b"x")
        z.writestr("val2017/../../evil.jpg", b"x")

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: object) -> None:
            """Quiet."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    monkeypatch.setattr(val2017, "URL", f"http://127.0.0.1:{running.server_port}/")
    monkeypatch.setattr(
        val2017, "FILES", {n: hashlib.md5((folder / n).read_bytes()).hexdigest() for n in val2017.FILES}
    )
    yield folder
    running.shutdown()


def test_val2017_is_downloaded_once_without_train2017(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    target = val2017.download_val2017(tmp_path / "data" / "coco", lambda _what, share: told.append(share))
    there = sorted(
        str(p.relative_to(target)) for p in target.rglob("*") if p.is_file() and not p.name.startswith(".")
    )
    assert there == [*(f"annotations/{kind}_val2017.json" for kind in val2017.KINDS), "val2017/a.jpg"]
    assert not list(tmp_path.rglob("evil.jpg")) and told
    with Coco.open(target) as coco:
        assert coco.num_images == 1
    monkeypatch.setattr(val2017, "URL", "http://127.0.0.1:1/")
    assert val2017.download_val2017(target) == target  # all there: nothing is asked for


def test_a_file_with_another_checksum_is_rejected(server: Path, tmp_path: Path) -> None:
    (server / "zips/val2017.zip").write_bytes(b"something else")
    with pytest.raises(UserError, match="checksum mismatch"):
        val2017.download_val2017(tmp_path / "coco")
    assert not (tmp_path / "coco" / "val2017").exists()


def test_an_unreachable_server_is_reported_with_the_folder_to_fill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(val2017, "URL", "http://127.0.0.1:1/")
    with pytest.raises(UserError, match="COCO val2017 could not be downloaded"):
        val2017.download_val2017(tmp_path / "coco")
