"""Milliseconds that are measured are those of a whole answer, and are remembered for this machine."""

from __future__ import annotations

import pytest
import torch

from core import checkpoints, models, paths
from core.checkpoints import Spec
from core.inference import latency, model_summary
from core.messages import UserError


def saved(tmp_path, **views: bool):
    network = models.create_model("sandbox", (3, 32, 32), 10, width=8, depth=2)
    spec = Spec(
        "cifar10-sandbox",
        "sandbox",
        {"width": 8, "depth": 2},
        (3, 32, 32),
        "classification",
        tuple("abcdefghij"),
        (0.5,) * 3,
        (0.2,) * 3,
        0.0,
        1.0,
        "random",
        **views,
    )
    path = tmp_path / "w.safetensors"
    checkpoints.save_weights(path, network, spec)
    return path


@pytest.mark.parametrize(
    ("views", "passes"), [({}, 1), ({"tta_flip": True}, 2), ({"tta_flip": True, "tta_shift": True}, 6)]
)
def test_an_answer_counts_every_view_of_it(tmp_path, monkeypatch, views, passes):
    seen = []

    def once(call, _seconds):
        note = lambda module, _inputs: seen.append(module) if type(module).__name__ == "Sandbox" else None  # noqa: E731
        handle = torch.nn.modules.module.register_module_forward_pre_hook(note)
        call()
        handle.remove()
        return 0.001

    monkeypatch.setattr(model_summary, "_median_seconds", once)
    path = saved(tmp_path, **views)
    assert latency.cached_latency(path) is None
    assert latency.measure_latency(path) == {1: 1.0, 64: 1 / 64}
    assert len(seen) == passes * len(latency.BATCH_SIZES)
    assert latency.cached_latency(path) == {1: 1.0, 64: round(1 / 64, 4)}


def test_threads_are_as_they_were(tmp_path, monkeypatch):
    threads = []
    monkeypatch.setattr(
        model_summary, "_median_seconds", lambda call, _s: threads.append(torch.get_num_threads()) or 0.001
    )
    before = torch.get_num_threads()
    latency.measure_latency(saved(tmp_path))
    assert threads == [1, 1] and torch.get_num_threads() == before


def test_what_is_not_weights_is_said(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError):
        latency.measure_latency(path)
    assert not (paths.cache() / "speeds.json").exists()
