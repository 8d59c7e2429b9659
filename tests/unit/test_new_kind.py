"""A kind that no product file names is registered by a plugin, then trained, resumed, evaluated and shown."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import torch
from lightning_fabric import Fabric
from streamlit.testing.v1 import AppTest

from core import data, kinds, models, paths, plugins, tasks
from core.analysis import run_comparison, runtime_estimate
from core.data import registry
from core.evaluation import evaluate_task
from core.messages import UserError
from core.runs import queue
from core.runs.logs import MetricsReader
from core.training.recipe import Recipe
from core.training.trainer import Trainer

pytestmark = pytest.mark.slow

PLUGIN = "tests.next_character.plugin"
NAME = "next-character"


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin is loaded in this process and in those that it starts; afterwards the registries are as before."""
    from ui.runs import panels

    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    monkeypatch.setattr(tasks, "TASKS", list(tasks.TASKS))
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    monkeypatch.setattr(models, "_REGISTRY", dict(models._REGISTRY))
    monkeypatch.setattr(models, "_ROLES", dict(models._ROLES))
    monkeypatch.setattr(panels, "_PANELS", dict(panels._PANELS))
    monkeypatch.setattr(plugins, "_loaded", set())
    monkeypatch.delitem(sys.modules, PLUGIN, raising=False)
    monkeypatch.setenv("MANABI_PLUGINS", PLUGIN)
    plugins.load()
    yield
    sys.modules.pop(PLUGIN, None)


def test_trainers_satisfy_the_protocol(plugin: None) -> None:
    for name in ("mnist-softmax", "boston-mlp", "cyclegan-light", NAME):
        task = tasks.get_task(name)
        recipe = task.quick_recipe()
        dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
        fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
        recipe = recipe.changed(
            num_validation=kinds.get_kind(task.kind).resolve_validation_size(dataset, recipe)
        )
        trainer = task.trainer_class()(task.model, dataset, recipe, fabric)
        assert isinstance(trainer, Trainer), name
        assert trainer.best["epoch"] == trainer.step == trainer.epoch == 0


def test_an_unknown_kind_is_named_with_the_closest() -> None:
    with pytest.raises(UserError, match="classifcation not found.*classification"):
        kinds.get_kind("classifcation")


@pytest.mark.slow
def test_a_new_kind_trains_resumes_is_evaluated_and_shown(
    plugin: None,
    wait_until: Callable[..., None],
    end_of: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = tasks.get_task(NAME)
    recipe = task.recipe.changed(epochs=150, threads=1, precision="32-true")
    run = queue.start_run(task, recipe)
    wait_until(lambda: run.status().step > 0 or not run.status().is_active, what="the first step")
    queue.stop_run(run)
    assert end_of(run, 120).state == "stopped", run.log_tail()
    stopped_at = int(MetricsReader(run.path / "metrics.csv").read()["step"].max())
    queue.resume_run(run)
    assert end_of(run, 120).state == "finished", run.log_tail()

    log = MetricsReader(run.path / "metrics.csv").read()
    assert 0 < stopped_at < log["step"].max() == run.summary["steps"]
    whole = _train_here(task, recipe)
    assert log["val/perplexity"].dropna().tolist() == pytest.approx(whole, rel=1e-5)
    perplexity = run.summary["metrics"]["perplexity"]
    assert perplexity == pytest.approx(min(whole), rel=1e-5) and perplexity < 2

    evaluation, _path, _dataset = evaluate_task(NAME, run.best_weights_path)
    assert evaluation.metrics == run.summary["metrics"]
    row = run_comparison.summarize_run(run)
    assert (row["score"], row["best_epoch"], row["test"]) == (
        "perplexity",
        run.summary["best_epoch"],
        ("perplexity", perplexity),
    )

    monkeypatch.setattr(runtime_estimate, "_measure_step_seconds", lambda *_: 0.004)
    monkeypatch.setattr("ui.kit.preload._import_thread", threading.Thread)
    page = AppTest.from_file(str(paths.PROJECT / "streamlit_app.py"), default_timeout=120)
    page.switch_page("pages/train.py")
    page.query_params["run"] = run.id
    page.run()
    assert not page.exception and not page.error
    text = "\n".join(m.value for m in page.markdown)
    assert f"Next-character panel: {len(log)} rows" in text
    assert f"Perplexity in the plugin's words: {perplexity:.2f}" in text
    assert "Next character" in text


def _train_here(task: tasks.Task, recipe: Recipe) -> list[float]:
    """Validation perplexity of every epoch of an uninterrupted training."""
    from core.training.events import EpochEnd

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    trainer = task.trainer_class()(task.model, data.load_dataset(NAME), recipe, fabric)
    values = [e.metrics["val/perplexity"] for e in trainer.run() if isinstance(e, EpochEnd)]
    torch.set_num_threads(threads)
    return values
