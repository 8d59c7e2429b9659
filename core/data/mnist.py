"""MNIST (LeCun, Cortes, Burges, 1998) in torchvision's layout, `MNIST/raw/*-ubyte`, gzipped or not.

The fallback data are scikit-learn's 1,797 digits of 8×8 pixels (a subset of the UCI optical recognition data
set, Alpaydin and Kaynak, 1998), enlarged to 20×20 and centered in 28×28 like MNIST's own digits.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from core import paths
from core.data import ArrayDataset, DatasetInfo, ProgressCallback, train_val_split
from core.data.download import RemoteFile, fetch_files
from core.data.registry import TryLink
from core.files import atomic_write
from core.messages import Message, N_, UserError

TITLE = "MNIST"
URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
LAYOUT = "MNIST/raw/{train,t10k}-{images-idx3,labels-idx1}-ubyte"
FALLBACK_TITLE = N_("scikit-learn's 8×8 digits, enlarged")

# Of the 60,000 training images; a test computes them again.
MEAN, STD = 0.1307, 0.3081
CLASSES = tuple("0123456789")

_FILES = {
    "train_x": "train-images-idx3-ubyte",
    "train_y": "train-labels-idx1-ubyte",
    "test_x": "t10k-images-idx3-ubyte",
    "test_y": "t10k-labels-idx1-ubyte",
}
# MD5 checksums of the gzipped originals, as in torchvision.datasets.MNIST.
_MD5 = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
DOWNLOAD_BYTES = 11_594_722


def find(root: Path) -> Path | None:
    """`root`/MNIST/raw if it holds at least one of the four files, else None. An incomplete folder is an
    error of `load`.
    """
    raw = root / "MNIST" / "raw"
    return raw if any(_find_file(raw, name) for name in _FILES.values()) else None


def _find_file(raw: Path, name: str) -> Path | None:
    return next((p for p in (raw / name, raw / f"{name}.gz") if p.is_file()), None)


def _read_header(path: Path, first: bytes) -> tuple[int, ...]:
    """Shape in the header of an IDX file of unsigned bytes. Raises UserError if `first` is no such header."""
    if (
        len(first) < 4
        or first[:3] != b"\x00\x00\x08"
        or first[3] not in (1, 3)
        or len(first) < 4 + 4 * first[3]
    ):
        raise UserError(
            N_("{file} is not an MNIST file (no IDX header). Delete it and download it again."),
            file=str(path),
        )
    return struct.unpack(f">{first[3]}I", first[4 : 4 + 4 * first[3]])


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file as a memory-mapped uint8 array (copy on write). A gzipped one is extracted to the
    cache first.

    Raises:
        UserError: if the file is not an IDX file, or is truncated.
    """
    try:
        if path.suffix == ".gz":
            path = _unpack_gzip(path)
        with path.open("rb") as f:
            shape = _read_header(path, f.read(16))
        offset, need = 4 + 4 * len(shape), math.prod(shape)
        have = path.stat().st_size - offset
        if have < need:
            raise UserError(
                N_("{file} is truncated: {have} of {need} bytes. Delete it and download it again."),
                file=str(path),
                have=f"{have:,}",
                need=f"{need:,}",
            )
        return np.memmap(path, dtype=np.uint8, mode="c", offset=offset, shape=shape)
    except OSError as error:
        raise UserError(N_("{file} cannot be read: {reason}."), file=str(path), reason=str(error)) from error


def _unpack_gzip(path: Path) -> Path:
    stat = path.stat()
    target = paths.cache() / "mnist" / f"{path.stem}-{stat.st_size}-{stat.st_mtime_ns}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = gzip.decompress(path.read_bytes())
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(
                N_("{file} cannot be extracted: {reason}."), file=str(path), reason=str(error)
            ) from error
        atomic_write(target, lambda part: part.write_bytes(content))
    return target


def load(raw: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """Load MNIST from the folder that `find` returned.

    Raises:
        UserError: if a file is missing or corrupted; the message names it.
    """
    arrays = {}
    for key, name in _FILES.items():
        path = _find_file(raw, name)
        if path is None:
            raise UserError(N_("{file} not found in {folder}."), file=name, folder=str(raw))
        arrays[key] = read_idx(path)
    for part in ("train", "test"):
        x, y = arrays[f"{part}_x"], arrays[f"{part}_y"]
        if (
            x.ndim != 3
            or x.shape[1:] != (28, 28)
            or y.ndim != 1
            or len(x) != len(y)
            or len(x) == 0
            or y.max() > 9
        ):
            raise UserError(
                N_(
                    "The {part} files in {folder} do not match (images: {images}, labels: {labels}). "
                    "Download them again."
                ),
                part=part,
                folder=str(raw),
                images=len(x),
                labels=len(y),
            )
    return _make_dataset("mnist", TITLE, str(raw), MEAN, STD, arrays)


def inventory(raw: Path) -> tuple[int, int, int]:
    """Number of training images, of test images, and bytes on disk."""
    data = load(raw)
    files = [_find_file(raw, name) for name in _FILES.values()]
    return len(data.train_x), len(data.test_x), sum(p.stat().st_size for p in files if p)


def download(root: Path, progress: ProgressCallback | None = None) -> Path:
    """Download the four gzipped files into `root`/MNIST/raw and return that folder.

    Raises:
        UserError: if the download fails; the message names URL and folder.
    """
    raw = root / "MNIST" / "raw"
    sources = [RemoteFile(f"{URL}{name}.gz", raw / f"{name}.gz", _MD5[name]) for name in _FILES.values()]
    fetch_files(TITLE, sources, DOWNLOAD_BYTES, progress)
    return raw


def fallback(notice: Message) -> ArrayDataset:
    """scikit-learn's digits in MNIST's format: 1,437 for training and 360 for testing, split with the fixed
    seed.
    """
    from skimage.transform import resize
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = resize(digits.images / 16.0, (len(digits.images), 20, 20), order=1, anti_aliasing=False)
    images = np.zeros((len(small), 28, 28), dtype=np.uint8)
    images[:, 4:24, 4:24] = np.rint(small * 255)
    labels = digits.target.astype(np.uint8)
    train, test = train_val_split(labels, 360)
    arrays = {
        "train_x": images[train],
        "train_y": labels[train],
        "test_x": images[test],
        "test_y": labels[test],
    }
    scaled = images[train] / 255.0
    return _make_dataset(
        "digits",
        FALLBACK_TITLE,
        "scikit-learn",
        float(scaled.mean()),
        float(scaled.std()),
        arrays,
        TITLE,
        notice,
    )


def _make_dataset(
    name: str,
    title: str,
    origin: str,
    mean: float,
    std: float,
    arrays: dict[str, np.ndarray],
    stand_in_for: str = "",
    notice: Message | None = None,
) -> ArrayDataset:
    return ArrayDataset(
        name=name,
        title=title,
        kind="classification",
        origin=origin,
        train_x=arrays["train_x"][:, None],
        train_y=arrays["train_y"].astype(np.int64),
        test_x=arrays["test_x"][:, None],
        test_y=arrays["test_y"].astype(np.int64),
        mean=np.array([mean], dtype=np.float32),
        std=np.array([std], dtype=np.float32),
        classes=CLASSES,
        stand_in_for=stand_in_for,
        notice=notice,
    )


INFO = DatasetInfo(
    name="mnist",
    title=TITLE,
    kind="classification",
    shape=(1, 28, 28),
    classes=CLASSES,
    digits=True,
    layout=LAYOUT,
    find=find,
    load=load,
    inventory=inventory,
    url=URL,
    download_bytes=DOWNLOAD_BYTES,
    download=download,
    fallback=fallback,
    fallback_title=FALLBACK_TITLE,
    try_links=(TryLink("draw", "network", N_("Draw with your model"), ":material/draw:"),),
)
