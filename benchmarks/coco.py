"""COCO at full size: indexing vs. pycocotools, opening, filters, category co-occurrence, a page of thumbnails,
an image of 60 instances, and annotation issues; at 10% and at 100% of the size.

The dataset is generated: as many images, instances and people with keypoints as COCO's train2017, with polygons
of the same length (about 545 bytes per annotation). Each measurement runs in its own process, so that memory is
measured separately.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import table
from benchmarks.table import Measurement
from core import paths
from core.coco.scenes import KEYPOINT_NAMES, SKELETON

NUM_IMAGES, NUM_INSTANCES, NUM_PERSONS, NUM_CATEGORIES = 118_287, 860_001, 262_465, 80
CROWDED_COUNT = 60  # instances of the last image
NUM_THUMBNAILS = 24
FILTERS = (
    "",
    "cat_17>=1 and person==0",
    "not (cat_3 or cat_4)",
    "super_2>=3 and crowd=no",
    "small>=5 or large>=3",
    "width>=500 and instances>10",
    "caption='red bus'",
)


def make_dataset(folder: Path, share: float) -> Path:
    """Create a COCO folder with `share` of the full size, once."""
    target = folder / f"coco-{share:g}"
    if (target / "annotations" / "captions_made.json").exists():
        return target
    (target / "annotations").mkdir(parents=True, exist_ok=True)
    rng, num_images, count = np.random.default_rng(0), int(NUM_IMAGES * share), int(NUM_INSTANCES * share)
    shapes = [_random_shape(rng) for _ in range(3000)]
    names = ["person", *(f"cat_{i}" for i in range(2, NUM_CATEGORIES + 1))]
    categories = [
        {"supercategory": f"super_{i // 8}", "id": i + 1, "name": name} for i, name in enumerate(names)
    ]
    images = [
        {
            "license": 1,
            "file_name": f"{i:012d}.jpg",
            "coco_url": f"http://images.cocodataset.org/made/{i:012d}.jpg",
            "height": 480,
            "width": 640 if i % 3 else 427,
            "date_captured": "2013-11-14 17:02:52",
            "id": i,
        }
        for i in range(num_images)
    ]
    head = json.dumps({"info": {}, "licenses": [], "images": images})[:-1]
    owner = np.sort(
        np.concatenate(
            [np.full(CROWDED_COUNT, num_images - 1), rng.integers(0, num_images - 1, count - CROWDED_COUNT)]
        )
    )
    kind = np.where(
        rng.random(count) < NUM_PERSONS / NUM_INSTANCES,
        1,
        2 + (rng.pareto(1.2, count) * 4).astype(int) % (NUM_CATEGORIES - 1),
    )
    which, crowd = rng.integers(0, len(shapes), count), rng.random(count) < 0.01
    order = rng.permutation(count)  # as in COCO's files, annotations are not sorted by image
    with (target / "annotations" / "instances_made.json").open("w") as f:
        f.write(head + ', "annotations": [')
        for i, k in enumerate(order):
            f.write(
                f'{", " if i else ""}{{{shapes[which[k]]}, "iscrowd": {int(crowd[k])}, "image_id": {owner[k]}, '
                f'"category_id": {kind[k]}, "id": {k + 1}}}'
            )
        f.write('], "categories": ' + json.dumps(categories) + "}")
    people = np.flatnonzero(kind == 1)
    body = {**categories[0], "keypoints": list(KEYPOINT_NAMES), "skeleton": [list(pair) for pair in SKELETON]}
    with (target / "annotations" / "person_keypoints_made.json").open("w") as f:
        f.write(head + ', "annotations": [')
        for i, k in enumerate(people):
            points = rng.integers(0, 420, (17, 3))
            points[:, 2] = rng.integers(0, 3, 17)
            points[points[:, 2] == 0] = 0
            labeled = int((points[:, 2] > 0).sum())
            f.write(
                f'{", " if i else ""}{{{shapes[which[k]]}, "iscrowd": {int(crowd[k])}, "image_id": {owner[k]}, "category_id": 1, '
                f'"id": {k + 1}, "keypoints": {points.ravel().tolist()}, "num_keypoints": {labeled}}}'
            )
        f.write('], "categories": ' + json.dumps([body]) + "}")
    words = [
        "a",
        "red",
        "bus",
        "man",
        "dog",
        "on",
        "the",
        "street",
        "with",
        "two",
        "cats",
        "riding",
        "small",
        "horse",
        "near",
        "water",
    ]
    sentences = [" ".join(rng.choice(words, 10)) for _ in range(5000)]
    captions = [
        {"image_id": i, "id": 5 * i + j, "caption": sentences[rng.integers(5000)]}
        for i in range(num_images)
        for j in range(5)
    ]
    (target / "made").mkdir(exist_ok=True)
    for i in (
        *range(NUM_THUMBNAILS),
        num_images - 1,
    ):  # as detailed as a photo, so that decoding takes as long
        small = Image.fromarray(rng.integers(0, 256, (60, 80, 3)).astype(np.uint8))
        small.resize((images[i]["width"], 480), Image.Resampling.BICUBIC).save(
            target / "made" / f"{i:012d}.jpg", quality=90
        )
    (target / "annotations" / "captions_made.json").write_text(
        json.dumps({"images": images[:1], "annotations": captions})
    )
    return target


def _random_shape(rng: np.random.Generator) -> str:
    """Return the shape of an instance as JSON: polygon, area, box."""
    points = int(np.clip(rng.lognormal(3.2, 0.6), 4, 200))
    angle = np.sort(rng.random(points)) * 2 * math.pi
    radius = rng.uniform(5, 120) * (1 + 0.2 * rng.standard_normal(points)).clip(0.3)
    x, y = (
        (rng.uniform(130, 300) + radius * np.cos(angle)).clip(0, 426),
        (rng.uniform(130, 350) + radius * np.sin(angle)).clip(0, 479),
    )
    polygon = ", ".join(f"{a:.2f}, {b:.2f}" for a, b in zip(x, y, strict=True))
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    box = f"[{x.min():.2f}, {y.min():.2f}, {np.ptp(x):.2f}, {np.ptp(y):.2f}]"
    return f'"segmentation": [[{polygon}]], "area": {area:.4f}, "bbox": {box}'


def peak_memory() -> float:
    """Return the peak memory of this process in GB. Not `ru_maxrss`, which is inherited from the parent
    process.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1e6
    raise table.UnavailableError("the size of a process is read from /proc, which is not here")


def measure_pycocotools(folder: str) -> tuple[float, float]:
    """Return the seconds pycocotools needs to load the instances, and its memory in GB."""
    from pycocotools.coco import COCO

    begun = time.perf_counter()
    COCO(f"{folder}/annotations/instances_made.json")
    return time.perf_counter() - begun, peak_memory()


def measure_indexing(folder: str, file: str = "") -> tuple[float, float]:
    """Return the seconds to index the folder (or one file), and the memory in GB."""
    from core.coco import index

    source = Path(folder) / file if file else Path(folder)
    shutil.rmtree(index.index_folder(source), ignore_errors=True)  # of an earlier run
    begun = time.perf_counter()
    index.build_index(source)
    return time.perf_counter() - begun, peak_memory()


def measure_queries(folder: str) -> dict[str, float]:
    """Return the seconds to open an index, filter, count category pairs and draw, and the memory that opening
    adds, in GB.
    """
    from core.coco import annotation_issues, drawing, outlines, statistics
    from core.coco.dataset import Coco

    before, begun = peak_memory(), time.perf_counter()
    with Coco.open(Path(folder)) as coco:
        seconds = {"open": time.perf_counter() - begun, "memory": peak_memory() - before}
        slowest = 0.0
        for text in FILTERS:
            coco.filter_images(text)
            begun = time.perf_counter()
            coco.filter_images(text)
            slowest = max(slowest, time.perf_counter() - begun)
        seconds["filter"] = slowest
        begun = time.perf_counter()
        statistics.cooccurrence(coco)
        seconds["together"] = time.perf_counter() - begun
        rows = coco.filter_images()
        shutil.rmtree(paths.cache() / "coco-thumbnails" / coco.folder.name, ignore_errors=True)
        first = coco.image_records(rows.iloc[-1:])[0]
        drawing.render_thumbnails(coco, [first])  # warm-up: load what is loaded once
        page = coco.image_records(rows.iloc[:NUM_THUMBNAILS])
        for name in ("cold", "cached"):
            begun = time.perf_counter()
            drawing.render_thumbnails(coco, page)
            seconds[name] = time.perf_counter() - begun
        begun = time.perf_counter()
        instances = coco.instances(first)
        for instance in instances:
            outlines.svg_path(instance, first)
        drawing.encode_jpeg(np.asarray(drawing.load_photo(first)))
        seconds["image"] = time.perf_counter() - begun
        assert len(instances) == CROWDED_COUNT
        begun = time.perf_counter()
        annotation_issues.find_issues(coco)
        seconds["issues"] = time.perf_counter() - begun
    return seconds


def run_isolated(function: Callable, *arguments: object):  # noqa: ANN201
    """Call a function of this module in its own process. Returns its value, by way of JSON."""
    call = f"coco.{function.__name__}(*{arguments!r})"
    code = f"import json; from benchmarks import coco; print(json.dumps({call}))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_rows() -> list[Measurement]:
    measurements, by_share = [], {}
    for share in (0.1, 1.0):
        folder, whole = make_dataset(paths.cache() / "made", share), share == 1.0
        size = (folder / "annotations" / "instances_made.json").stat().st_size / 1e6
        (theirs, their_memory), (ours, memory) = (
            run_isolated(measure_pycocotools, str(folder)),
            run_isolated(measure_indexing, str(folder), "annotations/instances_made.json"),
        )
        whole_seconds, whole_memory = run_isolated(measure_indexing, str(folder))
        answers = run_isolated(measure_queries, str(folder))
        label = f"{100 * share:.0f}%"
        note = (
            f"{size:,.0f} MB of JSON; pycocotools {theirs:.1f} s and {their_memory:.2f} GB, ours {ours:.1f} s"
        )
        measurements += [
            Measurement(
                f"{label}: pycocotools' loading / our indexing",
                theirs / ours,
                "times",
                at_least=3 if whole else None,
                note=note,
            ),
            Measurement(f"{label}: memory to index", memory, "GB", at_most=1.5 if whole else None),
            Measurement(
                f"{label}: folder with persons and captions",
                whole_seconds,
                "s",
                note=f"{whole_memory:.2f} GB",
            ),
            Measurement(f"{label}: open an index", 1000 * answers["open"], "ms", at_most=300),
            Measurement(f"{label}: memory that opening adds", 1000 * answers["memory"], "MB", at_most=150),
            Measurement(
                f"{label}: the slowest of {len(FILTERS)} filters", 1000 * answers["filter"], "ms", at_most=100
            ),
            Measurement(
                f"{label}: co-occurrence of all categories", 1000 * answers["together"], "ms", at_most=1000
            ),
            Measurement(
                f"{label}: {NUM_THUMBNAILS} thumbnails, cold", 1000 * answers["cold"], "ms", at_most=1000
            ),
            Measurement(
                f"{label}: {NUM_THUMBNAILS} thumbnails, cached", 1000 * answers["cached"], "ms", at_most=150
            ),
            Measurement(
                f"{label}: an image of {CROWDED_COUNT} instances", 1000 * answers["image"], "ms", at_most=200
            ),
            Measurement(f"{label}: annotation issues, first scan", answers["issues"], "s"),
        ]
        by_share[share] = {"index": ours, **answers}
    for name in ("index", "open", "filter", "together", "cold", "cached", "image", "issues"):
        label = {"together": "co-occurrence"}.get(name, name)
        measurements.append(
            Measurement(
                f"growth from 10% to 100%: {label}", by_share[1.0][name] / by_share[0.1][name], "times"
            )
        )
    return measurements


if __name__ == "__main__":
    table.run_standalone(measure_rows)
