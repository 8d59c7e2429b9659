"""Latency per image on this machine, including all TTA views: measured on request, cached per machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from core import checkpoints, paths
from core.checkpoints import Spec
from core.files import read_json, write_json
from core.runs import system_info

BATCH_SIZES = (1, 64)


def cached_latency(weights: Path) -> dict[int, float] | None:
    """Milliseconds per image by batch size, if they were measured on this machine before, else None."""
    value = _read_cache().get(_cache_key(checkpoints.read_spec(weights)))
    return {int(k): float(v) for k, v in value.items()} if isinstance(value, dict) else None


def measure_latency(weights: Path) -> dict[int, float]:
    """Measure and cache the milliseconds per image by batch size: fp32, channels last, one thread, as pages
    predict.

    Raises:
        UserError: if the weights cannot be loaded.
    """
    import torch

    from core.inference import model_summary
    from core.inference.predictor import predict_outputs

    network, spec = checkpoints.load_weights(weights)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        milliseconds = {
            n: model_summary.measure_latency(
                network, spec.in_shape, n, lambda x: predict_outputs(network, spec, x)
            )
            for n in BATCH_SIZES
        }
    finally:
        torch.set_num_threads(threads)
    paths.cache().mkdir(parents=True, exist_ok=True)
    write_json(
        _cache_file(),
        {**_read_cache(), _cache_key(spec): {str(k): round(v, 4) for k, v in milliseconds.items()}},
    )
    return milliseconds


def _cache_file() -> Path:
    return paths.cache() / "speeds.json"


def _read_cache() -> dict:
    value = read_json(_cache_file())
    return value if isinstance(value, dict) else {}


def _cache_key(spec: Spec) -> str:
    """Hash of everything that determines the latency: architecture, number of TTA views, machine."""
    shape = {"model": spec.model, "options": spec.options, "in": spec.in_shape, "views": spec.views}
    values = {**shape, "threads": 1, "machine": system_info.cpu_name()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
