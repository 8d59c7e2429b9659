"""Fill a class from a ready-made set: CIFAR-10's classes, apples and oranges, crops of COCO categories.

Only training splits are used, so that the test sets of the shipped models stay unseen.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import data
from core.data import ProgressCallback, image_folder
from core.messages import Message, N_, UserError
from core.projects.photo_writer import IntakeResult, PhotoSource, add_photos
from core.projects.store import Project, clean_name

MAX_COUNT = 5000
"""Photos that can be added at once."""
_SEED = 0
_MIN_CROP_SIDE = 48  # pixels
_CROP_MARGIN = 0.08  # of the box, on each side
_MIN_CROPS = 10  # a category with fewer is not offered
_FRUIT_FOLDERS = {"apple": "trainA", "orange": "trainB"}


@dataclass(frozen=True)
class ReadyMade:
    """A ready-made set: its key, its title (a message id), its classes, and whether its files are installed."""

    key: str
    title: str
    classes: tuple[str, ...]
    available: bool


@dataclass(frozen=True)
class _Item:
    """A photo of a ready-made set: a name that is unique within its class, and what reads it."""

    name: str
    read: Callable[[], bytes]


def list_ready_made() -> list[ReadyMade]:
    """The sets that a class can be filled from, installed or not."""
    sets = []
    for key in ("cifar10", "fruit"):
        info = data.dataset_info(key)
        sets.append(ReadyMade(key, info.title, info.classes, data.find_dataset(key) is not None))
    crops = _crop_counts()
    sets.append(ReadyMade("coco", N_("Crops of COCO categories"), tuple(crops), bool(crops)))
    return sets


def add_ready_made(
    project: Project, label: str, source: str, count: int, progress: ProgressCallback | None = None
) -> IntakeResult:
    """Add `count` photos of `source`, such as "cifar10/cat", to the class `label`, which is made if it is new.

    The same call later adds others. `project.about["sources"]` lists the sources that were used.

    Raises:
        UserError: if the set is not installed or has no such class, or as `add_photos` does.
    """
    label, count = clean_name(label), min(count, MAX_COUNT)
    used = {p.origin for p in project.photos(dropped=True) if p.label == label}
    with _open_items(source) as items:
        order = np.random.default_rng(_SEED).permutation(len(items))
        fresh = [items[i] for i in order if f"{source}/{items[i].name}" not in used][:count]
        if not fresh:
            raise UserError(
                N_("All photos of {source} are in class {name} already."), source=source, name=label
            )
        sources = [PhotoSource(label, i.name, i.read, origin=f"{source}/{i.name}") for i in fresh]
        known = [str(s) for s in project.about.get("sources", ())]
        return add_photos(project, sources, progress, source, {"sources": sorted({*known, source})})


@contextmanager
def _open_items(source: str) -> Iterator[Sequence[_Item]]:
    key, _, name = source.partition("/")
    known = {s.key: s for s in list_ready_made()}
    if key not in known or (known[key].available and name not in known[key].classes):
        raise UserError(N_("There is no ready-made set named {source}."), source=clean_name(source, "–"))
    if not known[key].available:
        raise UserError(N_("{title} is not installed on this machine."), title=Message(known[key].title))
    if key == "coco":
        yield _coco_items(name)
    elif key == "cifar10":
        yield _cifar_items(name)
    else:
        with image_folder.open_entries(data.find_dataset(key)) as entries:
            yield [_Item(e.name, e.read) for e in entries if e.label == _FRUIT_FOLDERS[name]]


def _cifar_items(name: str) -> list[_Item]:
    dataset = data.load_dataset("cifar10", download=False)
    members = np.flatnonzero(dataset.train_y == dataset.classes.index(name))
    return [_Item(f"{i:05d}", lambda i=i: to_png(dataset.train_x[i])) for i in members]


def to_png(pixels: np.ndarray) -> bytes:
    """Pixels (3, H, W) as the content of a PNG file."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))))


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


# ---- COCO ------------------------------------------------------------------------------------------------------------

_BOXES = (
    "SELECT a.image, a.id, a.x, a.y, a.w, a.h, c.name FROM annotations a JOIN categories c ON c.category = a.category "
    "WHERE NOT a.crowd AND least(a.w, a.h) >= ?"
)


def _coco_folder() -> Path | None:
    """The first COCO folder on this machine with photos beside its instances."""
    from core.coco import sources  # pandas, for which every command would wait

    for path in sources.list_local().values():
        if path.is_dir() and any((path / "annotations").glob("instances_*.json")):
            return path
    return None


def _crop_counts() -> dict[str, int]:
    """Number of crops of each category that has enough of them, by name. Empty if there is no COCO folder or it cannot be read."""
    from core.coco.dataset import Coco

    folder = _coco_folder()
    if folder is None:
        return {}
    try:
        with Coco.open(folder) as coco:
            rows = coco.query_table(
                f"SELECT name, count(*) AS n FROM ({_BOXES}) GROUP BY name", [_MIN_CROP_SIDE]
            )
    except UserError:
        return {}
    return {r.name: int(r.n) for r in rows.sort_values("name").itertuples() if r.n >= _MIN_CROPS}


def _coco_items(name: str) -> list[_Item]:
    """The crops of a category; photos that are not on this machine are left out."""
    from core.coco.dataset import Coco

    with Coco.open(_coco_folder()) as coco:
        rows = coco.query_table(f"{_BOXES} AND c.name = ? ORDER BY a.id", [_MIN_CROP_SIDE, name])
        photos = coco.images_by_index(sorted({int(i) for i in rows["image"]}))
    return [
        _Item(str(row.id), lambda row=row, path=photos[int(row.image)].path: _crop(path, row))
        for row in rows.itertuples()
        if photos[int(row.image)].path is not None
    ]


def _crop(path: Path, box: object) -> bytes:
    """The content of a PNG file with the photo inside a box and a small margin; empty if the file cannot be read."""
    try:
        with Image.open(path, formats=["JPEG", "PNG"]) as image:
            dx, dy = _CROP_MARGIN * box.w, _CROP_MARGIN * box.h
            left, top = max(0, int(box.x - dx)), max(0, int(box.y - dy))
            right, bottom = (
                min(image.width, int(box.x + box.w + dx)),
                min(image.height, int(box.y + box.h + dy)),
            )
            return _encode(image.convert("RGB").crop((left, top, right, bottom)))
    except (OSError, ValueError):
        return b""
