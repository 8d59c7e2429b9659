"""Apples and oranges: the photos of CycleGAN's apple2orange (Zhu et al., arXiv 1703.10593) as a
classification data set.

`trainA` and `testA` hold apples, `trainB` and `testB` oranges. Photos are cropped to a centered square and
resized to 64×64. The fallback data are synthetic: apples with a dent and a stem, oranges with pores.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from core.data import ArrayDataset, DatasetInfo, ProgressCallback, image_folder
from core.data.array_cache import channel_statistics
from core.data.download import RemoteFile, fetch_files
from core.messages import Message, N_, UserError

logger = logging.getLogger("manabi.fruit")

TITLE = N_("Apples and oranges")
URL = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/apple2orange.zip"
LAYOUT = "apple2orange/{trainA,trainB,testA,testB}/* | apple2orange.zip"
FALLBACK_TITLE = N_("synthetic apples and oranges")
DOWNLOAD_BYTES = 78_456_409

CLASSES = (N_("apple"), N_("orange"))
IMAGE_SIZE = 64
SPLIT_FOLDERS = {
    "train": {"trainA": "apple", "trainB": "orange"},
    "test": {"testA": "apple", "testB": "orange"},
}


def find(root: Path) -> Path | None:
    """The folder or the zip below `root`, or None."""
    folder, packed = root / "apple2orange", root / "apple2orange.zip"
    return folder if folder.is_dir() else packed if packed.is_file() else None


def load(source: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """Load the photos from what `find` returned.

    Raises:
        UserError: if files are missing, corrupted or unsafe; the message names them.
    """
    splits = image_folder.load_image_folder(source, SPLIT_FOLDERS, IMAGE_SIZE, "fruit", progress).splits
    train, test = splits["train"], splits["test"]
    return _make_dataset("fruit", TITLE, str(source), (train.x, train.y), (test.x, test.y))


def inventory(source: Path) -> tuple[int, int, int]:
    """Number of training photos, of test photos, and bytes on disk, without decoding.

    Raises:
        UserError: if a zip cannot be opened.
    """
    if source.is_dir():
        files = [p for p in source.rglob("*") if p.is_file()]
        folders, size = [p.parent.name for p in files], sum(p.stat().st_size for p in files)
    else:
        folders, size = _zip_folders(source), source.stat().st_size
    return (
        sum(f in SPLIT_FOLDERS["train"] for f in folders),
        sum(f in SPLIT_FOLDERS["test"] for f in folders),
        size,
    )


def _zip_folders(packed: Path) -> list[str]:
    """The folder of each file in a zip."""
    with image_folder.open_zip(packed) as archive:
        return [Path(n).parent.name for n in archive.namelist() if not n.endswith("/")]


def download(root: Path, progress: ProgressCallback | None = None) -> Path:
    """Download the official zip into `root` and return its path.

    Raises:
        UserError: if the download fails; the message names URL and folder.
    """
    packed = root / "apple2orange.zip"
    fetch_files(
        str(Message(TITLE)),
        [RemoteFile(URL, packed, find_problem=_download_problem)],
        DOWNLOAD_BYTES,
        progress,
    )
    return packed


def _download_problem(part: Path) -> Message | None:
    """What is wrong with a downloaded file, or None. Captive portals answer every request with a page of
    their own.
    """
    wanted = {folder for split in SPLIT_FOLDERS.values() for folder in split}
    try:
        if wanted <= set(_zip_folders(part)):
            return None
    except UserError as error:
        logger.info("%s", error)
    return Message(
        N_("the downloaded file is not a zip with the folders {folders}"),
        {"folders": ", ".join(sorted(wanted))},
    )


def fallback(notice: Message) -> ArrayDataset:
    """400 training and 100 test images of synthetic fruit, made from a fixed seed."""
    x, y = _synthetic_images()
    return _make_dataset(
        "drawn-fruit", FALLBACK_TITLE, "Manabi Lab", (x[:400], y[:400]), (x[400:], y[400:]), notice
    )


def draw_examples() -> ArrayDataset:
    """Four synthetic images of each fruit, as training and as test set."""
    x, y = _synthetic_images(8)
    return _make_dataset("drawn-fruit", FALLBACK_TITLE, "Manabi Lab", (x, y), (x, y), Message(""))


def _synthetic_images(count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(count) % 2
    return np.stack([draw_fruit(CLASSES[label], rng) for label in y]), y


def draw_fruit(fruit: str, rng: np.random.Generator, size: int = IMAGE_SIZE) -> np.ndarray:
    """Draw one fruit, uint8 (3, size, size), on a plain background, lit from one side."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) * (IMAGE_SIZE / size)
    r = rng.uniform(16, 26)
    v, u = (rows - rng.uniform(26, 38)) / r, (columns - rng.uniform(26, 38)) / r
    angle = np.arctan2(u, -v)  # 0 at the top
    # An apple has a dent at its stem; an orange is round.
    edge = 1 - 0.35 * np.exp(-((angle / 0.5) ** 2)) if fruit == "apple" else np.ones_like(u)
    body = np.hypot(u, v) < edge
    background = rng.uniform(120, 255, (3, 1, 1)) * np.ones((3, size, size))
    apples, oranges = ((200, 40, 40), (130, 180, 50)), ((240, 140, 20), (230, 110, 10))
    color = np.array((apples if fruit == "apple" else oranges)[rng.integers(2)], float) + rng.normal(0, 12, 3)
    light = 0.75 + 0.35 * (0.6 - np.hypot(u + 0.35, v + 0.35) / 2)
    skin = color[:, None, None] * light
    if fruit == "orange":
        skin = skin * (1 - 0.12 * (rng.random((size, size)) < 0.15))
    image = np.where(body, skin, background)
    if fruit == "apple":
        stem = (np.abs(u - 0.15 * (v + 1)) < 0.06) & (v > -1.15) & (v < -0.6)
        image = np.where(stem, np.array([90, 60, 30], float)[:, None, None], image)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def _make_dataset(name, title, origin, train, test, notice=None) -> ArrayDataset:  # noqa: ANN001
    mean, std = channel_statistics(train[0])
    return ArrayDataset(
        name=name,
        title=title,
        kind="classification",
        origin=origin,
        train_x=train[0],
        train_y=train[1].astype(np.int64),
        test_x=test[0],
        test_y=test[1].astype(np.int64),
        mean=np.array(mean, np.float32),
        std=np.array(std, np.float32),
        classes=CLASSES,
        stand_in_for=TITLE if name != "fruit" else "",
        notice=notice,
    )


INFO = DatasetInfo(
    name="fruit",
    title=TITLE,
    kind="classification",
    shape=(3, IMAGE_SIZE, IMAGE_SIZE),
    classes=CLASSES,
    photos=True,
    layout=LAYOUT,
    find=find,
    load=load,
    inventory=inventory,
    url=URL,
    download_bytes=DOWNLOAD_BYTES,
    download=download,
    fallback=fallback,
    fallback_title=FALLBACK_TITLE,
    draw_examples=draw_examples,
)
