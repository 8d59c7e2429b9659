"""Synthetic scenes in COCO format, for machines without COCO: balls, boxes, trees, people with 17 keypoints, crowds.

Keypoints are COCO's, in its order: hidden behind another object (1), or outside the image and not labeled (0).
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.coco import masks
from core.files import write_bytes, write_json

NAME = "scenes2024"
NUM_IMAGES, WIDTH, HEIGHT = 48, 320, 240
ANNOTATION_ERRORS: dict[str, tuple[int, ...]] = {"twice": (23, 233), "box": (69,), "speck": (234,)}
"""Ids of the instances with a deliberate error: a ball annotated twice, a tree with a wrong box, a tiny instance of nothing."""
_SMOOTHING = 4  # scenes are drawn at this many times their size, and reduced
KEYPOINT_NAMES = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
SKELETON = (
    (16, 14),
    (14, 12),
    (17, 15),
    (15, 13),
    (12, 13),
    (6, 12),
    (7, 13),
    (6, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (9, 11),
    (2, 3),
    (1, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
    (5, 7),
)
CATEGORIES = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 2, "name": "ball", "supercategory": "toy"},
    {"id": 3, "name": "box", "supercategory": "toy"},
    {"id": 4, "name": "tree", "supercategory": "plant"},
]
# Keypoints of a standing figure of height 1: x to the right of its center, y down from its top.
_POSE = (
    (0, 0.08),
    (0.02, 0.06),
    (-0.02, 0.06),
    (0.045, 0.07),
    (-0.045, 0.07),
    (0.11, 0.22),
    (-0.11, 0.22),
    (0.16, 0.37),
    (-0.16, 0.37),
    (0.18, 0.5),
    (-0.18, 0.5),
    (0.07, 0.52),
    (-0.07, 0.52),
    (0.08, 0.75),
    (-0.08, 0.75),
    (0.09, 0.98),
    (-0.09, 0.98),
)


def make_dataset(folder: Path) -> Path:
    """Generate the scenes in `folder` from a fixed seed, once. Return the COCO folder."""
    target = folder / "synthetic-scenes"
    if (target / "annotations" / f"captions_{NAME}.json").exists():
        return target
    rng = np.random.default_rng(0)
    images, annotations, people, captions = [], [], [], []
    (target / NAME).mkdir(parents=True, exist_ok=True)
    (target / "annotations").mkdir(exist_ok=True)
    for number in range(1, NUM_IMAGES + 1):
        image, scene_annotations, caption = _make_scene(rng, crowd=number % 12 == 0)
        name = f"{number:012d}.png"
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        write_bytes(target / NAME / name, buffer.getbuffer())
        images.append({"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT})
        captions.append({"id": number, "image_id": number, "caption": caption})
        for annotation in scene_annotations:
            record = {"id": len(annotations) + 1, "image_id": number, **annotation}
            points = record.pop("keypoints", None)
            annotations.append(record)
            if points:
                people.append(
                    {**record, "keypoints": points, "num_keypoints": sum(v > 0 for v in points[2::3])}
                )
    _add_annotation_errors(annotations)
    info = {
        "description": "Synthetic scenes by Manabi Lab; not COCO. They contain three deliberate annotation errors"
    }
    body = {**CATEGORIES[0], "keypoints": list(KEYPOINT_NAMES), "skeleton": [list(pair) for pair in SKELETON]}
    files = {
        "instances": {"annotations": annotations, "categories": CATEGORIES},
        "person_keypoints": {"annotations": people, "categories": [body]},
        "captions": {"annotations": captions},
    }
    for kind, content in files.items():  # captions last: their presence marks the folder as complete
        write_json(
            target / "annotations" / f"{kind}_{NAME}.json",
            json.loads(json.dumps({"info": info, "images": images, **content})),
        )
    return target


def _add_annotation_errors(annotations: list[dict[str, Any]]) -> None:
    """Add three typical errors, each in another image: a duplicate ball, a tree whose box was not updated with its polygon, a tiny
    instance of nothing.
    """
    ball, tree = (
        next(a for a in annotations if a["category_id"] == category and a["image_id"] >= first)
        for category, first in ((2, 6), (4, 14))
    )
    x, y, w, h = tree["bbox"]
    tree["bbox"] = [x, y, round(w / 2, 2), h]
    annotations.append({**ball, "id": len(annotations) + 1})
    speck = {
        "category_id": 3,
        "segmentation": [[20.0, 30.0, 22.0, 30.0, 22.0, 32.0, 20.0, 32.0]],
        "bbox": [20.0, 30.0, 2.0, 2.0],
    }
    annotations.append({"id": len(annotations) + 1, "image_id": 21, "area": 4.0, "iscrowd": 0, **speck})


class _Pen:
    """Draws polygons without jagged edges on an image that is `_SMOOTHING` times the size of the scene."""

    def __init__(self, sky: tuple[int, int, int], ground: tuple[int, int, int]) -> None:
        size = WIDTH * _SMOOTHING, HEIGHT * _SMOOTHING
        horizon = 0.6 * HEIGHT
        shade = np.linspace(0.0, 1.0, HEIGHT)[:, None]
        haze = np.array(sky) + (255 - np.array(sky)) * 0.75 * np.clip(shade * HEIGHT / horizon, 0, 1) ** 2
        meadow = np.array(ground) * (
            1.08 - 0.3 * np.clip((shade * HEIGHT - horizon) / (HEIGHT - horizon), 0, 1)
        )
        rows = np.where(shade * HEIGHT < horizon, haze, meadow).clip(0, 255).astype(np.uint8)
        self.image = Image.fromarray(np.repeat(rows[:, None], WIDTH, 1)).resize(
            size, Image.Resampling.BILINEAR
        )
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: list[tuple[float, float]], fill: tuple[int, int, int]) -> None:
        scaled = [(_SMOOTHING * x, _SMOOTHING * y) for x, y in points]
        self._draw.polygon(scaled, fill=fill, outline=tuple(round(0.6 * v) for v in fill), width=_SMOOTHING)

    def finish(self) -> Image.Image:
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _make_scene(rng: np.random.Generator, crowd: bool) -> tuple[Image.Image, list[dict[str, Any]], str]:
    """Draw a scene; return the image, its annotations and a caption. Objects are sorted from back to front."""
    sky, ground = (rng.integers(190, 240), 220, 245), (120, rng.integers(150, 190), 110)
    pen = _Pen(sky, ground)
    shapes = [_draw_tree(rng) for _ in range(rng.integers(0, 3))] + [
        _draw_person(rng) for _ in range(rng.integers(0, 4))
    ]
    shapes += [_draw_ball(rng) for _ in range(rng.integers(0, 3))] + [
        _draw_box(rng) for _ in range(rng.integers(0, 3))
    ]
    shapes.sort(key=lambda shape: shape["bottom"])
    annotations = []
    for position, shape in enumerate(shapes):
        for polygon, fill in shape["draw"]:
            pen.polygon(polygon, fill)
        annotation = _to_annotation(shape)
        if "keypoints" in shape:
            annotation["keypoints"] = _keypoint_visibility(shape["keypoints"], shapes[position + 1 :])
        annotations.append(annotation)
    image = pen.finish()
    if crowd:
        annotations.append(_draw_crowd(rng, image))
    names = [next(c["name"] for c in CATEGORIES if c["id"] == shape["category"]) for shape in shapes]
    listed = ", ".join(
        f"{names.count(n)} {n}{'s' if names.count(n) > 1 and n != 'box' else 'es' if names.count(n) > 1 else ''}"
        for n in dict.fromkeys(names)
    )
    return (
        image,
        annotations,
        f"A synthetic scene with {listed or 'nothing in it'}{' and a crowd far away' if crowd else ''}.",
    )


def _to_annotation(shape: dict[str, Any]) -> dict[str, Any]:
    polygons = [[round(float(v), 2) for point in polygon for v in point] for polygon, _ in shape["draw"]]
    x, y = (np.array([v for p in polygons for v in p[i::2]]) for i in (0, 1))
    areas = [
        abs(np.dot(p[0::2], np.roll(p[1::2], 1)) - np.dot(p[1::2], np.roll(p[0::2], 1))) / 2 for p in polygons
    ]
    return {
        "category_id": shape["category"],
        "segmentation": polygons,
        "area": round(float(sum(areas)), 2),
        "iscrowd": 0,
        "bbox": [round(float(v), 2) for v in (x.min(), y.min(), np.ptp(x), np.ptp(y))],
    }


def _clip_points(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(min(max(x, 0.0), WIDTH - 1.0), min(max(y, 0.0), HEIGHT - 1.0)) for x, y in points]


def _ellipse_points(
    x: float, y: float, r: float, flat: float = 1.0, corners: int = 20
) -> list[tuple[float, float]]:
    turn = [2 * math.pi * i / corners for i in range(corners)]
    return _clip_points([(x + r * math.cos(a), y + flat * r * math.sin(a)) for a in turn])


def _random_position(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(25, WIDTH - 25)), float(rng.uniform(0.65, 0.97) * HEIGHT)


def _draw_tree(rng: np.random.Generator) -> dict[str, Any]:
    (x, y), h = _random_position(rng), float(rng.uniform(60, 120))
    trunk = _clip_points([(x - 4, y), (x - 4, y - h / 2), (x + 4, y - h / 2), (x + 4, y)])
    crown = _clip_points([(x - h / 3, y - h / 3), (x, y - h), (x + h / 3, y - h / 3)])
    return {
        "category": 4,
        "bottom": y,
        "draw": [(trunk, (110, 80, 50)), (crown, (60, int(rng.integers(100, 150)), 70))],
    }


def _draw_ball(rng: np.random.Generator) -> dict[str, Any]:
    (x, y), r = _random_position(rng), float(rng.uniform(7, 20))
    return {
        "category": 2,
        "bottom": y,
        "draw": [(_ellipse_points(x, y - r, r), tuple(int(v) for v in rng.integers(60, 240, 3)))],
    }


def _draw_box(rng: np.random.Generator) -> dict[str, Any]:
    (x, y), w, h = _random_position(rng), float(rng.uniform(20, 50)), float(rng.uniform(20, 45))
    shape = _clip_points([(x - w / 2, y), (x - w / 2, y - h), (x + w / 2, y - h), (x + w / 2, y)])
    return {"category": 3, "bottom": y, "draw": [(shape, (190, int(rng.integers(130, 170)), 90))]}


def _draw_person(rng: np.random.Generator) -> dict[str, Any]:
    (_x, y), h = _random_position(rng), float(rng.uniform(50, 130))
    x = float(rng.uniform(2, WIDTH - 2))  # some stand partly outside
    keypoints = [(x + h * (px + rng.normal(0, 0.01)), y - h + h * py) for px, py in _POSE]
    w = 0.05 * h
    cloth = tuple(int(v) for v in rng.integers(40, 220, 3))

    def limb(*chain: int) -> list[tuple[float, float]]:
        outline = [(keypoints[j][0] - w, keypoints[j][1]) for j in chain]
        return _clip_points(outline + [(keypoints[j][0] + w, keypoints[j][1]) for j in reversed(chain)])

    body = _clip_points([keypoints[5], keypoints[6], keypoints[12], keypoints[11]])
    head = _ellipse_points(x, y - h + 0.09 * h, 0.075 * h, 1.15)
    limbs = [limb(5, 7, 9), limb(6, 8, 10), limb(11, 13, 15), limb(12, 14, 16)]
    draw = [*((polygon, cloth) for polygon in limbs), (body, cloth), (head, (235, 200, 170))]
    return {"category": 1, "bottom": y, "draw": draw, "keypoints": keypoints}


def _keypoint_visibility(keypoints: list[tuple[float, float]], in_front: list[dict[str, Any]]) -> list[int]:
    """Return x, y, visibility of each keypoint: 1 if an object in front covers it, 0 outside the image, else 2."""
    cover = Image.new("L", (WIDTH, HEIGHT), 0)
    for shape in in_front:
        for polygon, _fill in shape["draw"]:
            ImageDraw.Draw(cover).polygon(polygon, fill=1)
    covered, points = np.asarray(cover), []
    for x, y in keypoints:
        column, row = round(x), round(y)
        if not (0 <= column < WIDTH and 0 <= row < HEIGHT):
            points += [0, 0, 0]
        else:
            points += [column, row, 1 if covered[row, column] else 2]
    return points


def _draw_crowd(rng: np.random.Generator, image: Image.Image) -> dict[str, Any]:
    """Draw many small figures along the horizon and annotate them as one RLE region, as COCO does for crowds."""
    region = Image.new("L", (WIDTH, HEIGHT), 0)
    left, count = int(rng.integers(10, 120)), int(rng.integers(14, 24))
    for i in range(count):
        x, y = left + 8 * i + int(rng.integers(-2, 3)), int(0.6 * HEIGHT + rng.integers(-4, 6))
        fill = tuple(int(v) for v in rng.integers(40, 200, 3))
        for canvas, color in ((ImageDraw.Draw(image), fill), (ImageDraw.Draw(region), 255)):
            canvas.rectangle([x - 3, y - 14, x + 3, y], fill=color)
            canvas.ellipse([x - 3, y - 20, x + 3, y - 14], fill=color)
    mask = np.asarray(region) > 0
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = [int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)]
    return {
        "category_id": 1,
        "segmentation": masks.encode_rle(mask),
        "area": int(mask.sum()),
        "iscrowd": 1,
        "bbox": box,
    }
