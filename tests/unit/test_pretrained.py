"""Weights of others: found where torch keeps them, used in three ways, and a sentence where they are not to be had."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision

from core import checkpoints, data, models, pretrained, tasks
from core.analysis import export
from core.messages import UserError
from core.runs import store
from core.training.recipe import Recipe

TASK = tasks.get_task("cifar10-resnet18-pretrained")
ENTRY = pretrained.WEIGHTS[0]
SHORT = {
    "image_size": 32,
    "epochs": 1,
    "limit_train": 64,
    "num_validation": 20,
    "batch_size": 32,
    "threads": 1,
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return ENTRY.path


@pytest.fixture
def imagenet(cache: Path) -> dict[str, torch.Tensor]:
    """A file as PyTorch's cache holds it, its numbers drawn at random."""
    torch.manual_seed(5)
    state = torchvision.models.resnet18(weights=None).state_dict()
    state["bn1.running_mean"] += 0.1
    cache.parent.mkdir(parents=True)
    torch.save(state, cache)
    return state


def recipe(start: str) -> Recipe:
    return TASK.recipe.changed(**SHORT, init=start)


def network(start: str, channels: int = 3) -> torch.nn.Module:
    return models.create_model("resnet18_imagenet", (channels, 32, 32), 10, init=start, image_size=32)


@pytest.mark.parametrize("variables", [{}, {"TORCH_HOME": "~/here"}, {"XDG_CACHE_HOME": "/srv/there"}])
def test_the_cache_is_torchs_own(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCH_HOME")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(pretrained.hub_dir()) == torch.hub.get_dir()


def test_the_entry_is_torchvisions_own() -> None:
    published = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    assert published.url == ENTRY.url and f"-{ENTRY.sha256}." in ENTRY.url
    assert abs(published.meta["_file_size"] - ENTRY.bytes / 2**20) < 0.01


def test_the_network_is_torchvisions_with_another_last_layer() -> None:
    theirs = torchvision.models.resnet18(num_classes=10)
    assert sum(p.numel() for p in network("scratch").parameters()) == sum(
        p.numel() for p in theirs.parameters()
    )


def test_it_answers_as_torchvisions_own(imagenet: dict[str, torch.Tensor]) -> None:
    ours = network("fine-tuned")
    pretrained.load_pretrained(TASK, recipe("fine-tuned"), ours)
    theirs = torchvision.models.resnet18(weights=None)
    theirs.load_state_dict(imagenet)
    theirs.fc = torch.nn.Identity()
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours.eval().embed(x), theirs.eval()(x))


def test_one_channel_sees_gray_as_three_equal_ones(imagenet: dict[str, torch.Tensor]) -> None:
    color, gray = network("fine-tuned"), network("fine-tuned", channels=1)
    for one in (color, gray):
        pretrained.load_pretrained(TASK, recipe("fine-tuned"), one)
    x = torch.randn(2, 1, 32, 32)
    torch.testing.assert_close(
        gray.eval().embed(x), color.eval().embed(x.repeat(1, 3, 1, 1)), rtol=1e-3, atol=1e-3
    )


def test_from_scratch_needs_nothing() -> None:
    assert pretrained.required_weights(TASK, recipe("scratch")) is None
    pretrained.load_pretrained(TASK, recipe("scratch"), network("scratch"))
    assert (
        pretrained.required_weights(tasks.get_task("cifar10-vgg"), tasks.get_task("cifar10-vgg").recipe)
        is None
    )


def test_without_network_and_weights_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    assert pretrained.missing_weights(TASK, recipe("frozen")) == ENTRY
    with pytest.raises(UserError, match="core weights get resnet18-imagenet") as caught:
        pretrained.load_pretrained(TASK, recipe("frozen"), network("frozen"))
    assert ENTRY.url in str(caught.value) and str(ENTRY.path.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"not a file of torch", None], ids=["empty", "garbage", "another network"]
)
def test_a_damaged_file_is_a_sentence(content: bytes | None, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    if content is None:
        torch.save({"fc.weight": torch.zeros(2)}, cache)
    else:
        cache.write_bytes(content)
    with pytest.raises(UserError, match="Delete it and run"):
        pretrained.load_pretrained(TASK, recipe("frozen"), network("frozen"))


def test_what_would_run_code_is_not_unpickled(cache: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "pwned",)

    cache.parent.mkdir(parents=True)
    torch.save({"conv1.weight": Evil()}, cache)
    with pytest.raises(UserError, match="Delete it"):
        pretrained.load_pretrained(TASK, recipe("frozen"), network("frozen"))
    assert not (tmp_path / "pwned").exists()


@pytest.mark.slow
@pytest.mark.parametrize("start", ["frozen", "fine-tuned"])
def test_a_training_begins_with_them(
    start: str, imagenet: dict[str, torch.Tensor], start_job: Callable, end_of: Callable
) -> None:
    run = start_job(TASK.name, **SHORT, init=start)
    status = end_of(run, 120)
    assert status.state == "finished", f"{status.reason} {run.log_tail()}"
    trained, _ = checkpoints.load_weights(run.best_weights_path)
    kept = [torch.equal(v, imagenet[k]) for k, v in trained.backbone.state_dict().items()]
    assert all(kept) if start == "frozen" else not any(kept)


@pytest.mark.slow
def test_without_them_the_run_fails_with_the_sentence(
    start_job: Callable, end_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    run = start_job(TASK.name, **SHORT, init="frozen")
    status = end_of(run, 120)
    assert status.state == "failed" and "core weights get" in str(status.reason)


@pytest.mark.slow
def test_the_script_in_plain_pytorch_loads_them_too() -> None:
    run = store.create_run(TASK, recipe("frozen"))
    dataset = data.load_dataset("cifar10")
    (run.path / "config.json").write_text(json.dumps({**run.config, "data": dataset.describe()}))
    text = export.render_script(run)
    assert "model.load_imagenet()" in text and "pip install torch torchvision" in text
