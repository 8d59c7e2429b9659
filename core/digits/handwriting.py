"""Handwriting sets: labeled drawings of one user, stored, exported and used to evaluate models.

Each owner has a folder with one PNG per drawing, `<label>/<id>.png`, and optionally its strokes in `<id>.json`. Ids start with
a timestamp, so that sorting by name sorts by time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core import paths
from core.files import read_json, write_bytes
from core.kinds import get_kind
from core.messages import N_, UserError

if TYPE_CHECKING:
    from core.inference.predictor import Predictor

LABELS = tuple("0123456789")
MAX_EXAMPLES = 2000
_MAX_STROKES_LENGTH = 300_000  # bytes of JSON
_OWNER_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ID_PATTERN = re.compile(r"[0-9]{19,20}-[0-9a-f]{4}")


@dataclass(frozen=True)
class Example:
    """A drawing, `pixels` uint8 (28, 28), and its label."""

    id: str
    label: int
    pixels: np.ndarray


@dataclass(frozen=True)
class HandwritingScore:
    """Evaluation of a model on a set: `predictions` (N,), `confidence` (N,), `correct` (N,), in the order of the examples."""

    accuracy: float
    predictions: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray


def handwriting_folder() -> Path:
    """Folder of all sets: `MANABI_HANDWRITING`, or `.handwriting` in the runs folder."""
    named = os.environ.get("MANABI_HANDWRITING")
    return Path(named).expanduser() if named else paths.runs() / ".handwriting"


class HandwritingSet:
    """The set of one owner, stored in `root` (default: `handwriting_folder()`).

    Raises UserError if the owner's name is not 1 to 40 letters, digits, `_` or `-`.
    """

    def __init__(self, owner: str, root: Path | None = None) -> None:
        if not _OWNER_PATTERN.fullmatch(owner):
            raise UserError(N_("Invalid set name. Use 1 to 40 letters, digits, hyphens or underscores."))
        self.path = (root or handwriting_folder()) / owner

    def add(self, pixels: np.ndarray, label: int, strokes: Any = None) -> Example:
        """Save a drawing, uint8 (28, 28), with its label and optionally the canvas's strokes (JSON).

        Raises UserError if the set is full or the folder is not writable, ValueError for other shapes or labels.
        """
        pixels = np.asarray(pixels)
        if pixels.shape != (28, 28) or pixels.dtype != np.uint8:
            raise ValueError(f"a drawing is uint8 (28, 28), not {pixels.dtype} {pixels.shape}")
        if str(label) not in LABELS:
            raise ValueError(f"a label is 0 to 9, not {label!r}")
        if len(self) >= MAX_EXAMPLES:
            raise UserError(
                N_("Your set is full (maximum {most} drawings). Export it, then remove some drawings."),
                most=f"{MAX_EXAMPLES:,}",
            )
        name = f"{time.time_ns()}-{secrets.token_hex(2)}"
        target = self.path / str(label) / f"{name}.png"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(strokes) if strokes is not None else ""
            if 0 < len(text) <= _MAX_STROKES_LENGTH:
                write_bytes(target.with_suffix(".json"), text.encode())
            write_bytes(target, _encode_png(pixels))
        except OSError as error:
            raise UserError(
                N_("Your drawing could not be saved to {folder}: {reason}."),
                folder=str(self.path),
                reason=error.strerror or str(error),
            ) from error
        return Example(name, int(label), pixels)

    def __len__(self) -> int:
        return sum(1 for _ in self._list_files())

    def examples(self) -> list[Example]:
        """All drawings, oldest first. Damaged files are skipped."""
        examples = []
        for path in sorted(self._list_files(), key=lambda p: p.stem):
            with (
                contextlib.suppress(OSError, ValueError, SyntaxError),
                Image.open(path, formats=["PNG"]) as image,
            ):
                if image.size == (28, 28):
                    examples.append(Example(path.stem, int(path.parent.name), np.asarray(image.convert("L"))))
        return examples

    def strokes(self, example: Example) -> Any | None:
        """The strokes of a drawing, or None if they were not saved."""
        return read_json(self._path(example.id, example.label).with_suffix(".json"))

    def remove(self, example_id: str) -> None:
        """Delete a drawing, if it exists. Raises ValueError for a malformed id."""
        if not _ID_PATTERN.fullmatch(example_id):
            raise ValueError(f"no id of a drawing: {example_id!r}")
        for label in LABELS:
            path = self._path(example_id, int(label))
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)

    def export(self) -> bytes:
        """Export the set as a ZIP of an image folder, `<label>/001.png`, ..., oldest first."""
        out, numbers = io.BytesIO(), dict.fromkeys(range(10), 0)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for example in self.examples():
                numbers[example.label] += 1
                archive.writestr(
                    f"{example.label}/{numbers[example.label]:03d}.png", _encode_png(example.pixels)
                )
        return out.getvalue()

    def _list_files(self) -> list[Path]:
        return [
            p for label in LABELS for p in (self.path / label).glob("*.png") if _ID_PATTERN.fullmatch(p.stem)
        ]

    def _path(self, example_id: str, label: int) -> Path:
        return self.path / str(label) / f"{example_id}.png"


def score_examples(predictor: Predictor, examples: list[Example]) -> HandwritingScore | None:
    """Evaluate `predictor` on `examples`. Returns None if there are none.

    Raises UserError if the model does not classify 28×28 digits.
    """
    spec = predictor.spec
    is_classifier = get_kind(spec.kind).predicts_classes
    if tuple(spec.in_shape) != (1, 28, 28) or not is_classifier or tuple(spec.classes) != LABELS:
        raise UserError(N_("This model was not trained on 28×28 digit images. Choose another model."))
    if not examples:
        return None
    probabilities = predictor.predict(np.stack([e.pixels for e in examples])[:, None])
    predictions = probabilities.argmax(1)
    correct = predictions == np.array([e.label for e in examples])
    return HandwritingScore(float(correct.mean()), predictions, probabilities.max(1), correct)


def _encode_png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
