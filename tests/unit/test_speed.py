"""Milliseconds that are measured are those of a whole answer, and are remembered for this machine."""

from __future__ import annotations

import pytest
import torch

from core import checkpoints, models, paths
from core.checkpoints import Spec
from core.inference import anatomy, speed
from core.messages import UserError


def saved(tmp_path, **views: bool):
    network = models.create("sandbox", (3, 32, 32), 10, width=8, depth=2)
    spec = Spec(
        "cifar10-sandbox", "sandbox", {"width": 8, "depth": 2}, (3, 32, 32), "classification", tuple("abcdefghij"), (0.5,) * 3, (0.2,) * 3,
        0.0, 1.0, "random", **views,
    )  # fmt: skip
    path = tmp_path / "w.safetensors"
    checkpoints.save_weights(path, network, spec)
    return path


@pytest.mark.parametrize(("views", "passes"), [({}, 1), ({"mirror": True}, 2), ({"mirror": True, "shifted": True}, 6)])
def test_an_answer_counts_every_view_of_it(tmp_path, monkeypatch, views, passes):
    seen = []

    def once(call, _seconds):
        note = lambda module, _inputs: seen.append(module) if type(module).__name__ == "Sandbox" else None  # noqa: E731
        handle = torch.nn.modules.module.register_module_forward_pre_hook(note)
        call()
        handle.remove()
        return 0.001

    monkeypatch.setattr(anatomy, "_median_seconds", once)
    path = saved(tmp_path, **views)
    assert speed.known(path) is None
    assert speed.measure(path) == {1: 1.0, 64: 1 / 64}
    assert len(seen) == passes * len(speed.BATCHES)
    assert speed.known(path) == {1: 1.0, 64: round(1 / 64, 4)}


def test_threads_are_as_they_were(tmp_path, monkeypatch):
    threads = []
    monkeypatch.setattr(anatomy, "_median_seconds", lambda call, _s: threads.append(torch.get_num_threads()) or 0.001)
    before = torch.get_num_threads()
    speed.measure(saved(tmp_path))
    assert threads == [1, 1] and torch.get_num_threads() == before


def test_what_is_not_weights_is_said(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError):
        speed.measure(path)
    assert not (paths.cache() / "speeds.json").exists()
