"""Photos on their way into a project: layouts, what is read, and bad uploads: one sentence each, and nothing is lost or left behind."""

from __future__ import annotations

import errno
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import data, paths
from core.messages import UserError
from core.projects import checks, intake, store
from core.projects.intake import add_archive
from core.projects.store import Project
from tests.photo_files import photo, photos_of, zipped
from tests.unit.test_images import HEIC


@pytest.fixture
def project() -> Project:
    """A project with two photos in the class "owl"."""
    made = store.create_project("Pets")
    intake.add_images(made, "owl", list(photos_of(900, 2).items()))
    return made


def everything(world: Path) -> set[str]:
    """All files and folders of the test's world, except locks."""
    return {
        p.relative_to(world).as_posix() for p in world.rglob("*") if p.suffix != ".lock" and p.name != ".lock"
    }


def refusal(project: Project, upload: io.BytesIO, name: str = "mine.zip") -> str:
    """The sentence with which an upload is refused; the project is as it was."""
    world = paths.projects().parent
    before, version = everything(world), project.version
    with pytest.raises(UserError) as caught:
        add_archive(project, upload, name)
    assert everything(world) == before and project.version == version
    sentence = str(caught.value)
    assert sentence.endswith(".") and "{" not in sentence and "\n" not in sentence
    return sentence


# ---- layouts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folders", "classes", "splits"),
    [
        (("cat", "dog"), ("cat", "dog"), {""}),
        (("pets/cat", "pets/dog"), ("cat", "dog"), {""}),
        (("pets/cat/tabby", "pets/dog/a/b"), ("cat", "dog"), {""}),
        (("train/cat", "train/dog", "test/cat", "test/dog"), ("cat", "dog"), {"train", "test"}),
        (("x/Train/cat", "x/Train/dog", "x/val/cat", "x/val/dog"), ("cat", "dog"), {"train", "validation"}),
        (("cat/train", "cat/test", "dog/train", "dog/test"), ("cat", "dog"), {"train", "test"}),
        (
            ("horse2zebra/trainA", "horse2zebra/trainB", "horse2zebra/testA"),
            ("horse", "zebra"),
            {"train", "test"},
        ),
        (("only",), ("only",), {""}),
    ],
    ids=[
        "classes",
        "in-a-folder",
        "deeper",
        "splits",
        "validation",
        "splits-inside",
        "cyclegan",
        "one-class",
    ],
)
def test_folders_name_classes_and_splits(
    folders: tuple[str, ...], classes: tuple[str, ...], splits: set[str], tmp_path: Path
) -> None:
    files = {k: v for i, f in enumerate(folders) for k, v in photos_of(10 * i, 3, f).items()}
    made = store.create_project("x")
    result = add_archive(made, zipped({**files, "readme.txt": b"not in a class"}), "x.zip")
    assert (result.added, result.skipped) == (3 * len(folders), 0)
    assert tuple(sorted(made.classes)) == classes
    assert {p.split for p in made.photos()} == splits
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    same = store.create_project("x")
    intake.add_folder(same, tmp_path)
    assert [(p.label, p.split, p.sha) for p in same.photos()] == [
        (p.label, p.split, p.sha) for p in made.photos()
    ]


def test_only_the_named_classes_in_their_order() -> None:
    made = store.create_project("x")
    files = {**photos_of(0, 2, "cat"), **photos_of(5, 2, "cow"), **photos_of(9, 2, "dog")}
    add_archive(made, zipped(files), "x.zip", classes=["dog", "cat"])
    assert made.classes == ("dog", "cat") and len(made.photos()) == 4
    with pytest.raises(UserError, match=r"x.zip has no class owl. Its classes: cat, cow, dog."):
        add_archive(store.create_project("y"), zipped(files), "x.zip", classes=["owl"])


def test_what_is_stored_is_upright_small_and_without_metadata(project: Project) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"
    sideways = photo(1, (800, 600), exif=exif.tobytes())
    assert b"secret place" in sideways
    intake.add_images(project, "owl", [("a.jpg", sideways), ("b.jpg", photo(2, gray=True))])
    rotated, gray = project.photos()[-2:]
    assert (rotated.width, rotated.height, rotated.rotated, rotated.gray) == (600, 800, True, False)
    assert (gray.rotated, gray.gray) == (False, True)
    assert b"secret place" not in project.file(rotated).read_bytes()
    with Image.open(project.file(rotated)) as image:
        assert image.size == (384, 512) and not image.getexif()


def test_the_same_photo_again_is_skipped_and_said(project: Project) -> None:
    again = intake.add_images(project, "owl", [("0.jpg", photo(900)), ("new.jpg", photo(3))])
    assert (again.added, again.skipped, len(project.photos())) == (1, 1, 3)
    assert str(again.reasons[0]) == "0.jpg is already in class owl."


def test_heic_is_read(project: Project) -> None:
    assert intake.add_images(project, "owl", [("IMG_1.HEIC", HEIC)]).added == 1
    assert project.photos()[-1].width == 64


# ---- bad uploads -----------------------------------------------------------------------------------------------------


def encrypted(files: dict[str, bytes]) -> io.BytesIO:
    """A zip whose directory says that its members are encrypted."""
    content = bytearray(zipped(files).getvalue())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    return io.BytesIO(bytes(content))


def test_a_zip_bomb(project: Project) -> None:
    bomb = zipped({"a/x.jpg": bytes(60_000_000), **photos_of(0, 2, "b")})
    assert "cannot be extracted safely" in refusal(project, bomb)


@pytest.mark.slow
def test_an_image_that_would_fill_the_memory_is_skipped(project: Project) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    result = add_archive(project, zipped({"a/big.png": out.getvalue(), **photos_of(0, 2, "b")}), "x.zip")
    assert result.added == 2 and "limit of 40 megapixels" in str(result.reasons[0])


@pytest.mark.parametrize(
    "name",
    ["../../evil.jpg", "a/../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "a\\..\\..\\evil.jpg"],
    ids=["up", "up-later", "absolute", "drive", "backslashes"],
)
def test_paths_that_leave_the_folder(project: Project, name: str) -> None:
    assert "points outside its folder" in refusal(project, zipped({name: photo(1), **photos_of(0, 2, "b")}))


def test_a_nested_zip(project: Project) -> None:
    inner = zipped(photos_of(0, 3, "cat")).getvalue()
    assert "inner.zip is a zip inside the upload." in refusal(project, zipped({"a/inner.zip": inner}))
    beside = add_archive(project, zipped({"a/inner.zip": inner, **photos_of(0, 2, "a")}), "x.zip")
    assert (beside.added, beside.skipped) == (2, 1)


def test_an_encrypted_zip(project: Project) -> None:
    assert refusal(project, encrypted(photos_of(0, 2, "b"))) == (
        "mine.zip is encrypted. Save it without a password."
    )


@pytest.mark.slow
def test_fifty_thousand_files(project: Project) -> None:
    many = zipped({f"a/{i}.jpg": b"" for i in range(50_000)}, zipfile.ZIP_STORED)
    assert "at most 20,000 photos. It has 2, and 50,000 more" in refusal(project, many)


def test_files_that_are_no_images(project: Project) -> None:
    junk = {
        "a/readme.txt": b"hello",
        "a/evil.jpg": b"\xff\xd8no",
        "a/page.png": b"<html>",
        "a/empty.jpg": b"",
    }
    assert "mine.zip contains no readable photos. For example: " in refusal(project, zipped(junk))
    result = add_archive(project, zipped({**junk, **photos_of(0, 3, "a")}), "mine.zip")
    assert (result.added, result.skipped) == (3, 4)
    (finding,) = [f for f in checks.check_project(project) if f.kind == "unreadable"]
    assert "4 files were left out" in str(finding.message)


def test_no_class_folders(project: Project) -> None:
    assert "has no class folders" in refusal(project, zipped(photos_of(0, 3)))


@pytest.mark.parametrize("kept", [0, 10, 200, -30], ids=["nothing", "start", "part", "all-but-the-end"])
def test_an_upload_that_broke_off(project: Project, kept: int) -> None:
    whole = zipped(photos_of(0, 3, "a")).getvalue()
    assert "cannot be opened as a zip file" in refusal(project, io.BytesIO(whole[:kept]))


def test_a_photo_that_broke_off_is_skipped(project: Project) -> None:
    result = add_archive(project, zipped({"a/0.jpg": photo(0)[:-200], "a/1.jpg": photo(1)}), "x.zip")
    assert result.added == 1 and "truncated or corrupted" in str(result.reasons[0])


def test_a_full_disk(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Path.write_bytes, []

    def write_some(path: Path, content: bytes) -> int:
        if path.parent.name.startswith(".intake-"):
            written.append(path)
            if len(written) > 3:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    sentence = refusal(project, zipped(photos_of(0, 9, "a")))
    assert "could not be saved" in sentence and "No space left on device" in sentence


def test_a_disk_that_is_full_at_the_last_step(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_photos", refuse)
    assert "No space left on device" in refusal(project, zipped(photos_of(0, 9, "a")))


def test_names_in_japanese_and_with_html(project: Project) -> None:
    files = {
        **photos_of(0, 2, "ネコ"),
        **photos_of(9, 2, "<b>dog<script>alert(1)<"),
        **photos_of(20, 2, "🐎"),
    }
    result = add_archive(project, zipped(files), "写真.zip")
    assert result.added == 4  # a name without letters or digits is no class
    assert set(project.classes) == {"owl", "b dog script alert(1)", "ネコ"}
    with pytest.raises(UserError, match="Enter a name"):
        project.add_class(" <> ")
    assert project.rename_class("ネコ", "子猫") == "子猫"
    assert {p.label for p in project.photos()} == {"owl", "b dog script alert(1)", "子猫"}


def test_one_class_only_is_stored_but_trains_nothing(project: Project) -> None:
    add_archive(project, zipped(photos_of(0, 5, "owl")), "x.zip")
    with pytest.raises(UserError, match="Pets needs at least two classes"):
        data.load_dataset(project.dataset_name)
    assert [f.kind for f in checks.check_project(project) if f.level == "error"] == ["classes"]


def test_one_photo_in_a_class(project: Project) -> None:
    add_archive(project, zipped({**photos_of(0, 30, "cat"), **photos_of(50, 1, "dog")}), "x.zip")
    with pytest.raises(UserError, match=r"Class dog has 1 photo. Each class needs at least 3"):
        data.load_dataset(project.dataset_name)
    project.remove_class("owl")
    levels = {f.kind: f.level for f in checks.check_project(project)}
    assert levels["too-few"] == "error"


def test_the_same_photo_in_two_classes_is_kept_and_reported(project: Project) -> None:
    add_archive(project, zipped({**photos_of(0, 5, "cat"), **photos_of(4, 5, "dog")}), "x.zip")
    (finding,) = [f for f in checks.check_project(project) if f.kind == "duplicates-classes"]
    assert "1 photo is in two classes" in str(finding.message)
    assert {project.photo(i).label for i in finding.photo_ids} == {"cat", "dog"}
    project.drop(finding.photo_ids[:1])
    assert not [f for f in checks.check_project(project) if f.kind.startswith("duplicates")]


def test_two_projects_of_one_name(project: Project) -> None:
    other = store.create_project("Pets")
    intake.add_images(other, "owl", list(photos_of(0, 3).items()))
    assert other.id != project.id and len(project.photos()) == 2 and len(other.photos()) == 3
    store.delete_project(other)
    assert store.open_project(project.id).photos() == project.photos()


def test_small_photos_are_stored_nearly_as_they_came(project: Project) -> None:
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((32, 32))
    out = io.BytesIO()
    smooth.save(out, "PNG")
    intake.add_images(project, "owl", [("x.png", out.getvalue())])
    with Image.open(project.file(project.photos()[-1])) as stored:
        assert np.abs(np.asarray(stored).astype(int) - np.asarray(smooth)).mean() < 2
