"""CIFAR-10 (Krizhevsky, Learning multiple layers of features from tiny images, 2009): 60,000 images of 32×32
pixels, ten classes.

Supported layouts: torchvision's `cifar-10-batches-py/`, an image folder `cifar10/{train,test}/<class>/*`, and
a zip of one, `cifar10.zip`. An image folder or zip is called a JPEG copy: compression makes it another data
set, several points harder. The fallback data are synthetic: ten shapes in random colors, places and sizes.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core import paths
from core.data import ArrayDataset, DatasetInfo, ProgressCallback, array_cache, image_folder
from core.data.array_cache import Split, channel_statistics
from core.data.download import RemoteFile, fetch_files
from core.files import atomic_write, write_bytes
from core.messages import Message, N_, UserError

TITLE = "CIFAR-10"
JPEG_TITLE = N_("CIFAR-10 (JPEG copy)")
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
LAYOUT = "cifar-10-batches-py/* | cifar10/{train,test}/<class>/* | cifar10.zip"
FALLBACK_TITLE = N_("synthetic shapes in ten classes")
DOWNLOAD_BYTES = 170_498_071

CLASSES = (
    N_("airplane"),
    N_("automobile"),
    N_("bird"),
    N_("cat"),
    N_("deer"),
    N_("dog"),
    N_("frog"),
    N_("horse"),
    N_("ship"),
    N_("truck"),
)
# Of the 50,000 original training images; those of a JPEG copy are computed.
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

_MD5 = "c58f30108f718f92721af3b95e74349a"  # of the official archive, as torchvision lists it
_TRAIN_FILES, _TEST_FILES = [f"data_batch_{i}" for i in range(1, 6)], ["test_batch"]
_SHAPES = (
    N_("disc"),
    N_("ring"),
    N_("square"),
    N_("frame"),
    N_("triangle"),
    N_("cross"),
    N_("stripes"),
    N_("bar"),
    N_("dots"),
    N_("star"),
)


def find(root: Path) -> Path | None:
    """The first of the three layouts below `root`, or None."""
    candidates = (root / "cifar-10-batches-py", root / "cifar10", root / "cifar10.zip")
    return next((p for p in candidates if p.is_dir() or (p.suffix == ".zip" and p.is_file())), None)


def dataset_name(source: Path) -> str:
    """Name of the variant in what `find` returned: "cifar10" or "cifar10-copy"."""
    return "cifar10" if source.name == "cifar-10-batches-py" else "cifar10-copy"


def load(source: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """Load CIFAR-10 from what `find` returned.

    Raises:
        UserError: if files are missing, corrupted or unsafe; the message names them.
    """
    if source.name == "cifar-10-batches-py":
        splits = _load_batches(source)
        train, test = splits["train"], splits["test"]
        return _make_dataset("cifar10", TITLE, str(source), (train.x, train.y), (test.x, test.y), MEAN, STD)
    folder = image_folder.load_image_folder(source, {"train": {}, "test": {}}, 32, "cifar10", progress)
    if folder.classes != CLASSES:
        classes = ", ".join(folder.classes)[:200]
        raise UserError(
            N_("{file} has different classes than CIFAR-10: {classes}."), file=str(source), classes=classes
        )
    train, test = folder.splits["train"], folder.splits["test"]
    return _make_dataset(
        "cifar10-copy", JPEG_TITLE, str(source), (train.x, train.y), (test.x, test.y), train.mean, train.std
    )


def inventory(source: Path) -> tuple[int, int, int]:
    """Number of training images, of test images, and bytes on disk, without decoding.

    Raises:
        UserError: if a zip cannot be opened.
    """
    if source.suffix == ".zip":
        with image_folder.open_zip(source) as archive:
            names = [n.split("/") for n in archive.namelist() if not n.endswith("/")]
        return sum("train" in n for n in names), sum("test" in n for n in names), source.stat().st_size
    files = [p.relative_to(source) for p in source.rglob("*") if p.is_file()]
    size = sum((source / p).stat().st_size for p in files)
    if source.name == "cifar-10-batches-py":
        return (
            10_000 * sum(p.name in _TRAIN_FILES for p in files),
            10_000 * sum(p.name in _TEST_FILES for p in files),
            size,
        )
    return sum("train" in p.parts for p in files), sum("test" in p.parts for p in files), size


_ALLOWED_GLOBALS = frozenset(
    {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }
)


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays only, as in the official batches; refuses every other global."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ALLOWED_GLOBALS:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a batch of images")
        return super().find_class(module, name)


def _load_batches(source: Path) -> dict[str, Split]:
    def unpickle(save: Callable[..., None]) -> dict[str, object]:
        for split, names in (("train", _TRAIN_FILES), ("test", _TEST_FILES)):
            save(split, *_read_batches(source, names))
        return {}

    return array_cache.load_or_build(
        "cifar10", f"{source.resolve()} {image_folder.folder_fingerprint(source)}", unpickle
    )[0]


def _read_batches(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 3, 32, 32) uint8 and labels (N,) int64 of the official batches."""
    x, y = [], []
    for name in names:
        path = folder / name
        try:
            entry = _ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
            images, labels = (
                np.asarray(entry[b"data"], np.uint8).reshape(-1, 3, 32, 32),
                np.asarray(entry[b"labels"], np.int64),
            )
        except FileNotFoundError:
            raise UserError(N_("{file} not found in {folder}."), file=name, folder=str(folder)) from None
        except (
            pickle.UnpicklingError,
            OSError,
            EOFError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            ImportError,
        ) as error:
            raise UserError(
                N_("{file} cannot be read: {reason}."), file=str(path), reason=str(error)
            ) from error
        if (
            len(images) != len(labels)
            or not len(labels)
            or not 0 <= labels.min() <= labels.max() < len(CLASSES)
        ):
            raise UserError(N_("{file} cannot be read: {reason}."), file=str(path), reason="labels")
        x.append(images)
        y.append(labels)
    return np.concatenate(x), np.concatenate(y)


def download(root: Path, progress: ProgressCallback | None = None) -> Path:
    """Download and extract the official archive into `root`; returns the folder.

    Raises:
        UserError: if the download fails; the message names URL and folder.
    """
    archive = root / "cifar-10-python.tar.gz"
    fetch_files(TITLE, [RemoteFile(URL, archive, _MD5)], DOWNLOAD_BYTES, progress)
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        for name in (*_TRAIN_FILES, *_TEST_FILES):
            write_bytes(folder / name, packed.extractfile(f"cifar-10-batches-py/{name}").read())
    return folder


def fallback(notice: Message) -> ArrayDataset:
    """4,000 training and 1,000 test images of ten synthetic shapes, made from a fixed seed."""
    path = paths.cache() / "shapes-1.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        x, y = _draw_shapes(5000)

        def write(part: Path) -> None:
            with part.open("wb") as f:
                np.savez(f, x=x, y=y)

        atomic_write(path, write)
    with np.load(path) as arrays:
        x, y = arrays["x"], arrays["y"]
    mean, std = channel_statistics(x[:4000])
    return _make_dataset(
        "shapes", FALLBACK_TITLE, "Manabi Lab", (x[:4000], y[:4000]), (x[4000:], y[4000:]), mean, std, notice
    )


def draw_examples() -> ArrayDataset:
    """Two synthetic images of each shape, as training and as test set."""
    x, y = _draw_shapes(2 * len(_SHAPES))
    mean, std = channel_statistics(x)
    return _make_dataset("shapes", FALLBACK_TITLE, "Manabi Lab", (x, y), (x, y), mean, std, Message(""))


def _draw_shapes(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(count) % len(_SHAPES))
    rows, columns = np.mgrid[0:32, 0:32].astype(np.float32)
    x = np.empty((count, 3, 32, 32), np.uint8)
    for i, label in enumerate(y):
        ground, ink = rng.uniform(0, 255, (2, 3, 1, 1))
        while np.abs(ground - ink).max() < 90:
            ink = rng.uniform(0, 255, (3, 1, 1))
        r, angle = rng.uniform(7, 12), rng.uniform(0, 2 * np.pi)
        v, u = rows - rng.uniform(11, 21), columns - rng.uniform(11, 21)
        u, v = u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)
        image = np.where(_shape_mask(_SHAPES[label], u / r, v / r), ink, ground)
        x[i] = np.clip(image + rng.normal(0, 12, image.shape), 0, 255)
    return x, y.astype(np.int64)


def _shape_mask(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Mask of the shape in its own coordinates, in which it fills [-1, 1]."""
    radius, far = np.hypot(u, v), np.maximum(np.abs(u), np.abs(v))
    match shape:
        case "disc":
            return radius < 1
        case "ring":
            return (radius < 1) & (radius > 0.6)
        case "square":
            return far < 0.85
        case "frame":
            return (far < 0.9) & (far > 0.55)
        case "triangle":
            return (v < 0.6) & (v > 2 * np.abs(u) - 1)
        case "cross":
            return (far < 1) & (np.minimum(np.abs(u), np.abs(v)) < 0.28)
        case "stripes":
            return (far < 1) & (np.floor((u + 1) * 2.5) % 2 == 0)
        case "bar":
            return (np.abs(u) < 1) & (np.abs(v) < 0.25)
        case "dots":
            return np.hypot(np.abs(u) - 0.6, np.abs(v) - 0.6) < 0.32
        case "star":
            return radius < 0.55 + 0.45 * np.cos(5 * np.arctan2(v, u))
    raise ValueError(f"unknown shape: {shape}")


def _make_dataset(name, title, origin, train, test, mean, std, notice=None) -> ArrayDataset:  # noqa: ANN001
    return ArrayDataset(
        name=name,
        title=title,
        kind="classification",
        origin=origin,
        train_x=train[0],
        train_y=train[1],
        test_x=test[0],
        test_y=test[1],
        mean=np.array(mean, np.float32),
        std=np.array(std, np.float32),
        classes=_SHAPES if name == "shapes" else CLASSES,
        stand_in_for=TITLE if name == "shapes" else "",
        notice=notice,
    )


INFO = DatasetInfo(
    name="cifar10",
    title=TITLE,
    kind="classification",
    shape=(3, 32, 32),
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
    variants={"cifar10": TITLE, "cifar10-copy": JPEG_TITLE},
    identify=dataset_name,
)
