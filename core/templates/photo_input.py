"""What exported prediction scripts share: photo files as model input with Pillow alone, tables of predictions, and the self-test.

`core.projects.export_bundle` inlines this file. Its results equal those of `core.images` and `core.inference.square_crop`.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

MAX_SIDE = 2048  # larger photos are reduced first
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
SELF_TEST_TOLERANCE = 1e-3
FOLDER = Path(__file__).resolve().parent

Predict = Callable[[Image.Image], list[float]]


def load_photo(path: Path) -> Image.Image:
    """Return the photo in `path`, upright, as RGB on white."""
    with Image.open(path) as source:
        source.draft(None, (MAX_SIDE, MAX_SIDE))
        source.load()
        image = to_eight_bit(source)
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image.getexif()[0x0112] = source.getexif().get(0x0112, 1)
        image = ImageOps.exif_transpose(image)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def to_eight_bit(image: Image.Image) -> Image.Image:
    """Return RGB, or RGBA if at least one pixel is not opaque, with eight bits per channel."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda v: v * (1 / 257) + 0.5 / 257).convert("L")
    elif image.mode in ("I", "F"):
        low, high = image.getextrema()
        scale = 255 / max(high - low, 1e-12)
        image = image.convert("F").point(lambda v: v * scale + (0.5 - low * scale)).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return image if image.getchannel("A").getextrema()[0] < 255 else image.convert("RGB")


def crop_square(photo: Image.Image, size: int, channels: int) -> Image.Image:
    """Return the centered square of `photo`, `size` pixels a side, in gray if `channels` is 1."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    if photo.size != (size, size):
        square = photo.crop((left, top, left + side, top + side))
        photo = square.resize((size, size), Image.Resampling.BICUBIC)
    return photo.convert("L") if channels == 1 else photo


def find_photos(paths: list[Path]) -> list[Path]:
    """Return the files in `paths`; of folders the photos directly in them."""
    files: list[Path] = []
    for path in paths:
        inside = (
            sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        )
        files += inside
    return files


def run_self_test(predict: Predict) -> int:
    """Predict the photos that came with the model; return 0 if the probabilities are those of Manabi Lab, else 1."""
    expected = json.loads((FOLDER / "self_test" / "expected.json").read_text(encoding="utf-8"))
    largest = 0.0
    for name, probabilities in expected.items():
        found = predict(load_photo(FOLDER / "self_test" / name))
        largest = max([largest, *(abs(a - b) for a, b in zip(found, probabilities, strict=True))])
    passed = largest <= SELF_TEST_TOLERANCE
    print(f"{'passed' if passed else 'FAILED'}: {len(expected)} photos, largest difference {largest:.1e}")
    return 0 if passed else 1


def main(card: dict, predict: Predict) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Classify photos.")
    parser.add_argument("photos", nargs="*", type=Path, help="image files, or folders of them")
    parser.add_argument("--csv", type=Path, help="write the probabilities of all classes to this file")
    parser.add_argument(
        "--self-test", action="store_true", help="predict the photos that came with the model"
    )
    args = parser.parse_args()
    if args.self_test:
        return run_self_test(predict)
    if not args.photos:
        parser.error("name image files, folders, or --self-test")
    rows, failed = [], 0
    for path in find_photos(args.photos):
        try:
            probabilities = predict(load_photo(path))
        except (OSError, ValueError, SyntaxError) as error:
            print(f"{path} was skipped: {error}", file=sys.stderr)
            failed += 1
            continue
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        rows.append([str(path), card["classes"][best], *(f"{p:.6f}" for p in probabilities)])
        print(f"{path}: {card['classes'][best]} {100 * probabilities[best]:.1f}%")
    if args.csv:
        with args.csv.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([["image", "prediction", *card["classes"]], *rows])
    return 1 if failed else 0
