"""Where COCO annotations lie: folders in the data roots, JSON files beside their pictures, and what a visitor brings along."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core import images, paths
from core.coco import records, scenes
from core.files import write_bytes
from core.messages import N_, UserError

DRAWN = N_("drawn scenes")
_HEAD = re.compile(rb'"(images|annotations|categories|licenses|info)"\s*:')
_MOST = 300  # folders of a data root that are looked into


def found() -> dict[str, Path]:
    """What `there` finds, and the drawn scenes last."""
    return {**there(), DRAWN: scenes.make(paths.cache())}


def there() -> dict[str, Path]:
    """COCO folders and COCO JSON files in the data roots by name, those of earlier roots first."""
    named: dict[str, Path] = {}
    for root in paths.data_roots(None):
        for folder in _folders(root):
            if (folder / "annotations").is_dir() and any((folder / "annotations").glob("*.json")):
                _name(named, folder.name, folder)
            elif folder.name != "annotations":
                for file in sorted(folder.glob("*.json"))[:20]:
                    if looks_like_coco(file):
                        _name(named, f"{folder.name}/{file.stem}", file)
    return named


def _folders(root: Path) -> Iterable[Path]:
    """The root and what lies up to two levels below it."""
    if not root.is_dir():
        return []
    first = _below(root)
    second = [p for folder in first if not (folder / "annotations").is_dir() for p in _below(folder)]
    return [root, *first, *second]


def _below(folder: Path) -> list[Path]:
    """The folders in a folder; none where it may not be read."""
    try:
        return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")][:_MOST]
    except OSError:
        return []


def _name(named: dict[str, Path], name: str, path: Path) -> None:
    if path not in named.values():
        place = next(n for n in (name, *(f"{name} ({i})" for i in range(2, 1000))) if n not in named)
        named[place] = path


def looks_like_coco(file: Path) -> bool:
    """Whether a JSON file begins as COCO's do."""
    try:
        with file.open("rb") as f:
            head = f.read(4096).removeprefix(records.BOM).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and _HEAD.search(head) is not None


def keep(content: bytes, name: str, pictures: list[tuple[str, bytes]]) -> tuple[Path, list[UserError]]:
    """Annotations that a visitor brings along, with their pictures, in a folder of the cache. Returns the JSON's path and what is wrong
    with single pictures. Raises UserError where `content` is not COCO's format; nothing is kept then."""
    key = hashlib.sha256(content).hexdigest()[:12]
    folder = paths.cache() / "coco-own" / key
    stem = re.sub(r"[^\w.-]", "_", PurePosixPath(name.replace("\\", "/")).stem)[:60] or "annotations"
    path = folder / f"{stem}.json"
    if not path.exists():
        records.parse(content, name, records.Instances)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    wrong = []
    for picture, body in pictures:
        plain = PurePosixPath(picture.replace("\\", "/")).name
        target = folder / plain
        if target.exists() or not plain or plain.startswith(".") or plain.endswith(".json"):
            continue
        try:
            images.decode(body, picture)
        except UserError as error:
            wrong.append(error)
            continue
        write_bytes(target, body)
    return path, wrong


def kept(key: str) -> Path | None:
    """The JSON that `keep` has put away under `key` (the name of its folder), if it is still there."""
    if not re.fullmatch(r"[0-9a-f]{12}", key):
        return None
    return next(iter(sorted((paths.cache() / "coco-own" / key).glob("*.json"))), None)
