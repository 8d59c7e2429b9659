"""COCO photos that may be redistributed: the data behind screenshots of the Browse page, and their credits.

COCO states the license of each photo. Those under a license of `OPEN_LICENSES` may be shown in files of this project, with a credit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from core import paths

OPEN_LICENSES = {
    4: "CC BY 2.0",
    5: "CC BY-SA 2.0",
    7: "No known copyright restrictions",
    8: "United States Government Work",
}
"""Licenses by their number in COCO's files."""
MAX_PHOTOS = 60  # per data root, so that a complete COCO is not copied
NO_PHOTOS = "No COCO photos under an open license were found. Set MANABI_DATA to a folder that contains coco."
_COCO_FOLDER = "coco"


@dataclass(frozen=True)
class OpenPhoto:
    """Photo of COCO: id, split such as "val2017", license number, and address of its page at Flickr."""

    id: int
    split: str
    license: int
    page: str


def build_data_root(target: Path) -> list[OpenPhoto]:
    """Replace the folder `target` by a data root that links to the data of this machine, COCO reduced to openly licensed photos.

    Return these photos; none, and nothing is written, if there is no COCO on this machine.
    """
    roots = [root for root in paths.data_roots() if root.is_dir()]
    source, photos = next(
        ((folder, found) for root in roots if (found := _find_photos(folder := root / _COCO_FOLDER))),
        (None, []),
    )
    if source is None:
        return []
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for entry in (entry for root in roots for entry in root.iterdir()):
        if entry.name != _COCO_FOLDER and not (target / entry.name).is_symlink():
            os.symlink(entry.resolve(), target / entry.name)
    _copy_subset(source, target / _COCO_FOLDER, photos)
    return photos


def _find_photos(folder: Path) -> list[OpenPhoto]:
    """Return the openly licensed photos of a COCO folder whose image files are there, at most `MAX_PHOTOS`."""
    photos: list[OpenPhoto] = []
    for file in sorted((folder / "annotations").glob("instances_*.json")):
        split = file.stem.removeprefix("instances_")
        images = json.loads(file.read_bytes())["images"]
        photos += [
            OpenPhoto(image["id"], split, image["license"], _flickr_page(image))
            for image in images
            if image.get("license") in OPEN_LICENSES and (folder / split / image["file_name"]).exists()
        ]
    return photos[:MAX_PHOTOS]


def _flickr_page(image: dict) -> str:
    """Return the address of the photo's page, which names its author; COCO states that of the image file only."""
    number = re.search(r"/(\d+)_", image.get("flickr_url", ""))
    return f"https://www.flickr.com/photo.gne?id={number[1]}" if number else image.get("flickr_url", "")


def _copy_subset(source: Path, target: Path, photos: list[OpenPhoto]) -> None:
    """Write the photos and their annotations of all kinds to `target`, in COCO's layout."""
    (target / "annotations").mkdir(parents=True)
    for split in dict.fromkeys(photo.split for photo in photos):
        ids = {photo.id for photo in photos if photo.split == split}
        (target / split).mkdir()
        for file in sorted((source / "annotations").glob(f"*_{split}.json")):
            content = json.loads(file.read_bytes())
            content["images"] = [image for image in content["images"] if image["id"] in ids]
            content["annotations"] = [a for a in content["annotations"] if a["image_id"] in ids]
            (target / "annotations" / file.name).write_text(json.dumps(content))
            for image in content["images"]:
                if not (target / split / image["file_name"]).exists():
                    shutil.copy(source / split / image["file_name"], target / split)


def write_credits(path: Path, photos: list[OpenPhoto]) -> None:
    """Write a Markdown table of the photos with their licenses to `path`."""
    lines = [
        "# Photos in the screenshots of the Browse page",
        "",
        "The screenshots `browse*.png` and the contact sheets show photos of [COCO 2017](https://cocodataset.org), with its",
        "annotations (CC BY 4.0, COCO Consortium) drawn over them. Only photos that may be redistributed are used. Each photo's page",
        "names its author. The photos are scaled down, cropped and partly covered by colored masks.",
        "",
        "| COCO image | license | photo |",
        "|---|---|---|",
        *(
            f"| {photo.split} {photo.id} | {OPEN_LICENSES[photo.license]} | <{photo.page}> |"
            for photo in sorted(photos, key=lambda photo: (photo.split, photo.id))
        ),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
