"""Check a project's photos before a training: counts, imbalance, unreadable and tiny files, near-duplicates, grayscale, rotation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.messages import Message, N_
from core.projects import splits
from core.projects.store import Photo, Project

FEW_PHOTOS = 20
"""Below this a class is said to be small."""
MAX_IMBALANCE = 3.0
"""Largest over smallest class, above which the imbalance is reported."""
TINY_SIDE = 32  # pixels
NEAR_BITS = 4
"""Perceptual hashes of near-duplicates differ in at most this number of 64 bits."""
_CHUNK = 512  # hashes compared with all others at once
_LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        kind: "classes", "too-few", "few", "imbalance", "unreadable", "tiny", "duplicates-splits", "duplicates-classes", "duplicates",
            "gray" or "rotated".
        level: "error" if no training can start, else "warning" or "note".
        message: the finding in one sentence.
        photo_ids: the photos concerned; near-duplicates stand side by side.
        extra_ids: of near-duplicates those that may be dropped, so that one of each group stays.
    """

    kind: str
    level: Literal["error", "warning", "note"]
    message: Message
    photo_ids: tuple[str, ...] = ()
    extra_ids: tuple[str, ...] = ()


def check_project(project: Project) -> list[Finding]:
    """All findings about the photos of a project, the most serious first."""
    photos = project.photos()
    findings = [
        *_check_counts(project, photos),
        *_check_unreadable(project),
        *_check_duplicates(photos, splits.test_ids(photos)),
        *_check_gray(photos),
        *_check_tiny(photos),
        *_check_rotated(photos),
    ]
    return sorted(findings, key=lambda f: _LEVELS.index(f.level))


def _check_counts(project: Project, photos: Sequence[Photo]) -> list[Finding]:
    counts = dict.fromkeys(project.classes, 0) | Counter(p.label for p in photos)
    found = []
    if len(counts) < 2:
        found.append(Finding("classes", "error", Message(N_("A classifier needs at least two classes."))))
    for name, count in counts.items():
        ids = tuple(p.id for p in photos if p.label == name)
        if count < splits.MIN_PHOTOS:
            text = Message.counted(
                "Class {name} has {count} photo. Each class needs at least {least}: one each for training, "
                "validation and test.",
                "Class {name} has {count} photos. Each class needs at least {least}: one each for training, "
                "validation and test.",
                count,
                name=name,
                least=splits.MIN_PHOTOS,
            )
            found.append(Finding("too-few", "error", text, ids))
        elif count < FEW_PHOTOS:
            text = Message.counted(
                "Class {name} has only {count} photo. Results from so few vary a lot: read the interval, not "
                "the figure.",
                "Class {name} has only {count} photos. Results from so few vary a lot: read the interval, "
                "not the figure.",
                count,
                name=name,
            )
            found.append(Finding("few", "warning", text, ids))
    if len(counts) > 1 and min(counts.values()) > 0:
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[most] > MAX_IMBALANCE * counts[least]:
            text = Message(
                N_(
                    "Class {most} has {times} times as many photos as {least}. Add photos of {least}, or turn "
                    "on class weights."
                ),
                {"most": most, "least": least, "times": f"{counts[most] / counts[least]:.1f}"},
            )
            found.append(Finding("imbalance", "warning", text))
    return found


def _check_unreadable(project: Project) -> list[Finding]:
    reasons = [Message.from_json(value) for value in project.about.get("unreadable", ())]
    reasons = [reason for reason in reasons if reason is not None]
    if not reasons:
        return []
    text = Message.counted(
        "{count} file was left out because it is not a readable photo. For example: {reason}",
        "{count} files were left out because they are not readable photos. For example: {reason}",
        len(reasons),
        reason=reasons[-1],
    )
    return [Finding("unreadable", "note", text)]


def _check_tiny(photos: Sequence[Photo]) -> list[Finding]:
    tiny = [p.id for p in photos if min(p.width, p.height) < TINY_SIDE]
    if not tiny:
        return []
    text = Message.counted(
        "{count} photo is smaller than {side} pixels and will look blurred to the model.",
        "{count} photos are smaller than {side} pixels and will look blurred to the model.",
        len(tiny),
        side=TINY_SIDE,
    )
    return [Finding("tiny", "warning", text, tuple(tiny))]


def _check_gray(photos: Sequence[Photo]) -> list[Finding]:
    gray = [p for p in photos if p.gray]
    if not gray or len(gray) == len(photos):
        return []
    counts = Counter(p.label for p in photos)
    shares = {name: sum(p.label == name for p in gray) / count for name, count in counts.items()}
    most = max(shares, key=shares.__getitem__)
    uneven = shares[most] - min(shares.values()) > 0.25
    text = Message.counted(
        "{count} photo is grayscale among color photos.",
        "{count} photos are grayscale among color photos.",
        len(gray),
    )
    if uneven:
        text = Message(
            N_(
                "{share} of class {name} is grayscale, unlike the others: a model can tell the classes apart "
                "by color alone."
            ),
            {"share": f"{shares[most]:.0%}", "name": most},
        )
    return [Finding("gray", "warning" if uneven else "note", text, tuple(p.id for p in gray))]


def _check_rotated(photos: Sequence[Photo]) -> list[Finding]:
    rotated = [p.id for p in photos if p.rotated]
    if not rotated:
        return []
    text = Message.counted(
        "{count} photo was turned upright, as its EXIF data say.",
        "{count} photos were turned upright, as their EXIF data say.",
        len(rotated),
    )
    return [Finding("rotated", "note", text, tuple(rotated))]


# ---- near-duplicates -------------------------------------------------------------------------------------------------


def _check_duplicates(photos: Sequence[Photo], held_out: set[str]) -> list[Finding]:
    """Groups of near-duplicates, each reported once: across splits, else across classes, else within a class."""
    by_kind: dict[str, list[list[Photo]]] = defaultdict(list)
    for group in find_duplicates(photos):
        if len({p.label for p in group}) > 1:
            by_kind["duplicates-classes"].append(group)
        elif len({p.id in held_out for p in group}) > 1:
            by_kind["duplicates-splits"].append(group)
        else:
            by_kind["duplicates"].append(group)
    return [_duplicates_finding(kind, groups, held_out) for kind, groups in by_kind.items()]


def _duplicates_finding(kind: str, groups: list[list[Photo]], held_out: set[str]) -> Finding:
    count = len(groups)
    # A test photo stays: the training photos that show the same are what makes its score too good.
    ordered = [sorted(group, key=lambda p: p.id not in held_out) for group in groups]
    ids = tuple(p.id for group in ordered for p in group)
    extra = tuple(p.id for group in ordered for p in group[1:])
    match kind:
        case "duplicates-classes":
            text = Message.counted(
                "{count} photo is in two classes. Drop or relabel one of the copies.",
                "{count} photos are in two classes. Drop or relabel one of the copies.",
                count,
            )
            return Finding(kind, "warning", text, ids)
        case "duplicates-splits":
            text = Message.counted(
                "{count} test photo has a near-duplicate among the training photos, so the test score is too "
                "good. Drop one of them.",
                "{count} test photos have near-duplicates among the training photos, so the test score is too "
                "good. Drop one of each.",
                count,
            )
            return Finding(kind, "warning", text, ids, extra)
        case _:
            text = Message.counted(
                "{count} photo has near-duplicates in its class.",
                "{count} photos have near-duplicates in their class.",
                count,
            )
            return Finding(kind, "note", text, ids, extra)


def find_duplicates(photos: Sequence[Photo]) -> list[list[Photo]]:
    """Groups of photos whose files are equal or whose perceptual hashes nearly are, in the order of their first photo."""
    parent = list(range(len(photos)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in [*_equal_pairs(photos), *_near_pairs(photos)]:
        a, b = sorted((root(i), root(j)))
        parent[b] = a
    groups: dict[int, list[Photo]] = defaultdict(list)
    for i, photo in enumerate(photos):
        groups[root(i)].append(photo)
    return [group for group in groups.values() if len(group) > 1]


def _equal_pairs(photos: Sequence[Photo]) -> Iterable[tuple[int, int]]:
    first: dict[str, int] = {}
    for i, photo in enumerate(photos):
        if photo.sha and first.setdefault(photo.sha, i) != i:
            yield first[photo.sha], i


def _near_pairs(photos: Sequence[Photo]) -> Iterable[tuple[int, int]]:
    """Pairs of photos whose hashes differ in at most `NEAR_BITS` bits."""
    index = np.array([i for i, p in enumerate(photos) if p.phash], np.int64)
    hashes = np.array([int(photos[i].phash, 16) for i in index], np.uint64)
    for start in range(0, len(hashes), _CHUNK):
        rows = hashes[start : start + _CHUNK]
        near = np.bitwise_count(rows[:, None] ^ hashes[None, start:]) <= NEAR_BITS
        for i, j in np.argwhere(np.triu(near, 1)):
            yield int(index[start + i]), int(index[start + j])
