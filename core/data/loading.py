"""Find and load data sets.

Data are searched in this order: the named folder, `MANABI_DATA`, `data/`, a download from the official source, the fallback
data. `ArrayDataset.notice` tells that the fallback is used, and every run records it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.data.dataset import ArrayDataset
from core.data.registry import DatasetInfo, ProgressCallback, dataset_info
from core.messages import Message, N_, UserError


def find_dataset(name: str, root: str | Path | None = None) -> Path | None:
    """The folder or file that holds data set `name`, or None.

    Raises:
        UserError: if `root` is given and does not hold the data set. A folder named by the user is never replaced silently.
    """
    info = dataset_info(name)
    if root is not None and info.find(Path(root)) is None:
        raise UserError(
            N_("{title} not found in {folder}. Expected files: {layout}."),
            title=Message(info.title),
            folder=str(root),
            layout=info.layout,
        )
    for folder in paths.data_roots(root):
        source = info.find(folder)
        if source is not None:
            return source
    return None


def load_dataset(
    name: str,
    root: str | Path | None = None,
    *,
    download: bool = True,
    progress: ProgressCallback | None = None,
    input_scaling: str = "standardized",
    **options: object,
) -> ArrayDataset:
    """Load data set `name`; download it if it is missing and small enough; else return its fallback data, with a notice.

    Args:
        name: a registered data set.
        root: folder to search first.
        download: whether missing data may be downloaded.
        progress: called while data are downloaded and decoded.
        input_scaling: input scaling of images, see `ArrayDataset.with_scaling`.
        **options: recipe fields that the data set's `load` takes.

    Raises:
        UserError: if files are missing or damaged (the message names the file), or if the data set is missing and has no fallback.
    """
    return _load_dataset(dataset_info(name), root, download, progress, **options).with_scaling(input_scaling)


def _load_dataset(
    info: DatasetInfo,
    root: str | Path | None,
    download: bool,
    progress: ProgressCallback | None,
    **options: object,
) -> ArrayDataset:
    source = find_dataset(info.name, root)
    if source is not None:
        return info.load(source, progress, **options)
    reason = _how_to_install(info)
    if download and info.auto_download and not paths.offline():
        try:
            return info.load(info.download(paths.download_root(), progress), progress, **options)
        except UserError as error:
            reason = error.message
    if info.fallback is None:
        raise UserError(N_("{title} is not installed. {reason}"), title=Message(info.title), reason=reason)
    notice = Message(
        N_("{title} is not installed. {reason} Until then, {stand_in} will be used as fallback data."),
        {"title": Message(info.title), "reason": reason, "stand_in": Message(info.fallback_title)},
    )
    return info.fallback(notice, **options)


def download_dataset(name: str, progress: ProgressCallback | None = None) -> Path:
    """Download data set `name` from its official source, whatever its size. Returns its folder or file.

    Raises:
        UserError: if there is no official source, or if the download fails; the message names URL and folder.
    """
    info = dataset_info(name)
    if info.download is None:
        raise UserError(
            N_("{title} has no official download anymore. Place its file ({layout}) in {folder}."),
            title=Message(info.title),
            layout=info.layout,
            folder=str(paths.download_root()),
        )
    return info.download(paths.download_root(), progress)


def _how_to_install(info: DatasetInfo) -> Message:
    where = {"layout": info.layout, "folder": str(paths.download_root())}
    if info.download is None or info.auto_download:
        return Message(N_("Place its files ({layout}) in {folder}."), where)
    return Message(
        N_("Download it ({size} MB) with `{command}`, or place its files ({layout}) in {folder}."),
        {
            **where,
            "command": f"python -m core data get {info.name}",
            "size": f"{info.download_bytes / 1e6:.0f}",
        },
    )


@dataclass(frozen=True)
class DatasetStatus:
    """What is installed of a data set.

    Attributes:
        name: the data set.
        title: message id, of the installed variant.
        folder: the folder or file that holds the data; None if they are not installed.
        train: number of training examples.
        test: number of test examples.
        bytes: size on disk.
        url: official source; empty if there is none.
        layout: accepted files, for messages.
        fallback_title: title of the fallback data, a message id; empty if there are none.
        problem: why the files cannot be read.
        auto_download: whether a run may download the data without being asked to.
    """

    name: str
    title: str
    folder: Path | None
    train: int
    test: int
    bytes: int
    url: str
    layout: str
    fallback_title: str
    problem: Message | None = None
    auto_download: bool = False


def dataset_status(name: str, root: str | Path | None = None) -> DatasetStatus:
    """What is installed of data set `name`. Never downloads; a damaged file is reported in `problem`."""
    info = dataset_info(name)
    source, train, test, size, problem = None, 0, 0, 0, None
    try:
        source = find_dataset(name, root)
        if source is not None:
            train, test, size = _inventory(info, source)
    except UserError as error:
        problem = error.message
    return DatasetStatus(
        name=name,
        title=info.title_of(info.identify(source)) if source is not None and info.identify else info.title,
        folder=source,
        train=train,
        test=test,
        bytes=size,
        url=info.url,
        layout=info.layout,
        fallback_title=info.fallback_title,
        problem=problem,
        auto_download=info.auto_download,
    )


def _inventory(info: DatasetInfo, source: Path) -> tuple[int, int, int]:
    if info.inventory is not None:
        return info.inventory(source)
    dataset = info.load(source, None)
    files = [source] if source.is_file() else [p for p in source.rglob("*") if p.is_file()]
    return len(dataset.train_x), len(dataset.test_x), sum(p.stat().st_size for p in files)
