"""5,000 photos of 640×480 in a zip: from the upload to a checked data set, in seconds, CPU seconds and memory.

The photos are generated: smooth colors with grain, so that a JPEG file has the size that a phone's has at this resolution. The upload
is in memory, as a page has it, and is not counted; neither is what the process needed before.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import table
from benchmarks.table import Measurement

COUNT, SIZE, CLASSES = 5000, (640, 480), ("cat", "dog", "horse")
MAX_SECONDS, MAX_MEMORY_MB = 90, 1000


def make_upload(path: Path, count: int = COUNT) -> Path:
    """Write the zip."""
    rng = np.random.default_rng(0)
    grain = [rng.normal(0, 9, (SIZE[1], SIZE[0], 3)) for _ in range(4)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
            pixels = np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC)) + grain[i % len(grain)]
            out = io.BytesIO()
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
            archive.writestr(f"{CLASSES[i % len(CLASSES)]}/{i:05d}.jpg", out.getvalue())
    return path


def _measure_one(upload: str) -> None:
    """Take in one upload in this process; print the figures as JSON."""
    from core import data
    from core.projects import checks, intake, store

    content = io.BytesIO(Path(upload).read_bytes())
    before, begun = _peak_mb(), (time.perf_counter(), time.process_time())
    steps = {}
    project = store.create_project("benchmark")
    result = intake.add_archive(project, content, "upload.zip")
    steps["intake"] = time.perf_counter() - begun[0]
    findings = checks.check_project(project)
    steps["checks"] = time.perf_counter() - begun[0] - sum(steps.values())
    arrays = data.load_dataset(project.dataset_name)
    steps["arrays"] = time.perf_counter() - begun[0] - sum(steps.values())
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - begun[0],
                "cpu_seconds": time.process_time() - begun[1],
                "memory_mb": _peak_mb() - before,
                "photos": result.added,
                "ready": len(arrays.train_x) + len(arrays.test_x),
                "upload_mb": content.getbuffer().nbytes / 1e6,
                "stored_mb": project.size() / 1e6,
                "findings": [f.kind for f in findings],
                "steps": {name: round(value, 1) for name, value in steps.items()},
            }
        )
    )


def _peak_mb() -> float:
    """The largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def measure_rows() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        upload = make_upload(Path(folder) / "upload.zip")
        world = {f"MANABI_{name}": f"{folder}/{name}" for name in ("PROJECTS", "CACHE", "RUNS")}
        code = f"from benchmarks.photo_intake import _measure_one as m; m({str(upload)!r})"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **world},
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    note = ", ".join(f"{name} {value} s" for name, value in found["steps"].items())
    assert found["photos"] == found["ready"] == COUNT, found
    return [
        Measurement("5,000 photos checked and ready", found["seconds"], "s", at_most=MAX_SECONDS, note=note),
        Measurement("the same, CPU time of all threads", found["cpu_seconds"], "s"),
        Measurement(
            "memory above idle and upload",
            found["memory_mb"],
            "MB",
            at_most=MAX_MEMORY_MB,
            note=f"upload {found['upload_mb']:.0f} MB, stored {found['stored_mb']:.0f} MB",
        ),
    ]


if __name__ == "__main__":
    table.measure_and_print(measure_rows)
