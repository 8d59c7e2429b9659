"""Milliseconds per image on this machine: measured on a button, kept per machine under the cache folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from core import checkpoints, paths
from core.checkpoints import Spec
from core.files import read_json, write_json
from core.training import machine

BATCHES = (1, 64)


def known(weights: Path) -> dict[int, float] | None:
    """Milliseconds per image by batch size, where they were measured on this machine before."""
    value = _all().get(_key(checkpoints.read_spec(weights)))
    return {int(k): float(v) for k, v in value.items()} if isinstance(value, dict) else None


def measure(weights: Path) -> dict[int, float]:
    """Measure a network and remember: fp32, channels last, as many threads as torch has here. Raises UserError where the weights cannot
    be used."""
    from core.inference import anatomy

    network, spec = checkpoints.load_weights(weights)
    found = {batch: anatomy.milliseconds(network, spec.in_shape, batch) for batch in BATCHES}
    paths.cache().mkdir(parents=True, exist_ok=True)
    write_json(_file(), {**_all(), _key(spec): {str(k): round(v, 4) for k, v in found.items()}})
    return found


def _file() -> Path:
    return paths.cache() / "speeds.json"


def _all() -> dict:
    value = read_json(_file())
    return value if isinstance(value, dict) else {}


def _key(spec: Spec) -> str:
    """What decides the time: the network's shape, the machine."""
    values = {"model": spec.model, "options": spec.options, "in": spec.in_shape, "views": spec.views, "machine": machine.processor()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
