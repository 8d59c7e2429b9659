"""Build the index of a COCO folder: columns in a DuckDB file, segmentations and keypoints as bytes in a second file.

The index lies in the cache folder, is written to a temporary folder and moved into place, and is rebuilt if a source
file changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from filelock import FileLock

from core import paths
from core.coco.tables import SplitFiles, build_tables
from core.data import ProgressCallback
from core.files import write_json
from core.messages import Message, N_, UserError

FORMAT_VERSION = 6
ANNOTATION_KINDS = ("instances", "person_keypoints", "captions")
_IGNORED_PREFIXES = (
    ".",
    "image_info_",
    "panoptic_",
    "stuff_",
)  # other annotation files of the official archives


def find_splits(source: Path) -> list[SplitFiles]:
    """Find the splits of a COCO folder (`annotations/<kind>_<split>.json`) or of one JSON file next to its images.

    Raises UserError if there are no annotations.
    """
    if source.is_file():
        return [SplitFiles(source.stem, source.parent, instances=source)]
    folder = source / "annotations"
    files = (
        [f for f in sorted(folder.glob("*.json")) if f.is_file() and not f.name.startswith(_IGNORED_PREFIXES)]
        if folder.is_dir()
        else []
    )
    if not files:
        raise UserError(
            N_(
                "No COCO annotations found in {folder}. Add annotations/instances_<split>.json and its "
                "image folder, or specify a JSON file."
            ),
            folder=str(source),
        )
    splits: dict[str, dict[str, Path]] = {}
    for file in files:
        kind = next((k for k in ANNOTATION_KINDS if file.stem.startswith(f"{k}_")), "instances")
        split = file.stem.removeprefix(f"{kind}_")
        splits.setdefault(split, {}).setdefault(kind, file)
    return [
        SplitFiles(split, source / split, **paths_by_kind) for split, paths_by_kind in sorted(splits.items())
    ]


def index_folder(source: Path) -> Path:
    """Return the index folder for the current files of `source`; it depends on their sizes and modification times."""
    stats = [
        (str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns)
        for s in find_splits(source)
        for f in s.files
    ]
    key = hashlib.sha256(json.dumps([FORMAT_VERSION, stats]).encode()).hexdigest()[:16]
    return paths.cache() / "coco" / f"{_index_prefix(source)}-{key}"


def _index_prefix(source: Path) -> str:
    """Return the name prefix of every index of `source`."""
    return hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:8]


def build_index(source: Path, progress: ProgressCallback | None = None) -> Path:
    """Return the index folder of `source`; build it if it is missing or outdated.

    Raises UserError with the file and the record that cannot be read.
    """
    folder = index_folder(source)
    if (folder / "done.json").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / "done.json").exists():  # built by another process meanwhile
            return folder
        part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            _write_index(source, part, progress)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    _remove_folders(old for old in _list_indexes(source) if old != folder)
    return folder


def delete_index(source: Path) -> None:
    """Remove the indexes and thumbnails of `source`."""
    _remove_folders(_list_indexes(source))


def _list_indexes(source: Path) -> list[Path]:
    """Return every complete index of `source`, current or outdated."""
    return [
        p
        for p in (paths.cache() / "coco").glob(f"{_index_prefix(source)}-*")
        if p.is_dir() and ".part-" not in p.name
    ]


def _remove_folders(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(paths.cache() / "coco-thumbnails" / folder.name, ignore_errors=True)


def _write_index(source: Path, part: Path, progress: ProgressCallback | None) -> None:
    import duckdb

    tables: dict[str, list[pd.DataFrame]] = {
        "images": [],
        "credits": [],
        "annotations": [],
        "joints": [],
        "captions": [],
        "categories": [],
    }
    splits, problems, first = find_splits(source), [], 0
    with (part / "segments.bin").open("wb") as segments:
        for number, split in enumerate(splits):
            if progress:
                progress(Message(N_("Reading {name}"), {"name": split.split}), number / len(splits))
            split_tables, split_problems = build_tables(number, split, first, segments)
            _renumber_categories(split_tables, tables["categories"])
            for name, frame in split_tables.items():
                tables[name].append(frame)
            problems += split_problems
            first += len(split_tables["images"])
    with duckdb.connect(str(part / "index.duckdb")) as connection:
        for name, frames in tables.items():
            frame = pd.concat(frames, ignore_index=True)
            if name == "categories":  # of duplicates, the one with keypoint names
                frame = frame.sort_values(
                    "keypoints", key=lambda texts: texts == "[]", kind="stable"
                ).drop_duplicates("category")
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    write_json(
        part / "done.json",
        {
            "format": FORMAT_VERSION,
            "source": str(source.resolve()),
            "splits": [{"split": s.split, "images_folder": str(s.images_folder.resolve())} for s in splits],
            "problems": [p.to_json() for p in problems[:1000]],
            "problem_count": len(problems),
        },
    )


def _renumber_categories(tables: dict[str, pd.DataFrame], earlier_splits: list[pd.DataFrame]) -> None:
    """Renumber, in place, categories whose ids an earlier split uses for other names."""
    names = {int(row.category): row.name for frame in earlier_splits for row in frame.itertuples(index=False)}
    free = max([*names, *tables["categories"]["category"].tolist(), 0]) + 1
    numbers = {}
    for row in tables["categories"].itertuples(index=False):
        if names.get(int(row.category), row.name) != row.name:
            numbers[int(row.category)] = free + len(numbers)
    for name in ("categories", "annotations") if numbers else ():
        tables[name]["category"] = tables[name]["category"].replace(numbers)
