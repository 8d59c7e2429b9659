"""Files of earlier versions: run folders, weights, model cards and commands stay readable."""

from __future__ import annotations

import json
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from core import checkpoints, i18n, migration, paths, tasks
from core.analysis import model_results
from core.cli.app import app
from core.data import dataset_info
from core.evaluation import evaluate_task
from core.files import read_json, write_json
from core.messages import Message
from core.runs import queue, store
from core.runs.logs import MetricsReader
from core.runs.store import Run
from core.training.recipe import validate_values
from tests.unit.test_golden_losses import FILE, machine

ARCHIVE = Path(__file__).resolve().parents[1] / "golden" / "runs-before.zip"
CARDS = sorted(
    p.stem
    for p in (paths.PROJECT / "checkpoints").glob("*.json")
    if "recipe" in json.loads(p.read_text(encoding="utf-8"))
)


@pytest.fixture
def old_runs() -> dict[str, Run]:
    """The run folders of the archive, by task."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(paths.runs())
    return {run.task_name: run for run in store.list_runs()}


def test_old_runs_are_listed_with_recipe_status_and_data(old_runs: dict[str, Run]) -> None:
    assert {name: run.status().state for name, run in old_runs.items()} == {
        "mnist-softmax": "stopped",
        "cifar10-fast": "finished",
        "cyclegan-light": "finished",
    }
    fast, pair = old_runs["cifar10-fast"].recipe, old_runs["cyclegan-light"].recipe
    assert (fast.tta_flip, fast.tta_shift, fast.color_jitter, fast.num_validation) == (True, True, 0.2, 64)
    assert fast.input_scaling == "standardized" and old_runs["mnist-softmax"].recipe.input_scaling == "unit"
    assert (pair.cycle_weight, pair.pool_size, pair.num_blocks, pair.image_size) == (9.0, 4, 1, 64)
    for run in old_runs.values():
        info = dataset_info(run.task.dataset)
        assert (run.config["data"]["title"], run.config["data"]["stand_in_for"]) == (
            info.fallback_title,
            info.title,
        )
    assert "--color-jitter 0.2" in old_runs["cifar10-fast"].command()


def test_the_stored_notice_is_translated(old_runs: dict[str, Run]) -> None:
    notice = Message.from_json(old_runs["cifar10-fast"].config["notice"])
    japanese = notice.text(i18n.get_translator("ja"))
    assert "CIFAR-10 がこのマシンにありません" in japanese and "自動生成した図形" in japanese


@pytest.mark.slow
def test_an_old_run_is_resumed_to_the_recorded_end(
    old_runs: dict[str, Run], end_of: Callable[[Run], store.Status]
) -> None:
    run = old_runs["mnist-softmax"]
    queue.resume_run(run)
    assert end_of(run).state == "finished"
    columns = ["step", "train/loss", "train/accuracy", "val/loss", "val/accuracy"]
    recorded = MetricsReader(paths.runs() / "resumed" / "metrics.csv").read()[columns]
    resumed = MetricsReader(run.path / "metrics.csv").read()[columns]
    expected = json.loads((paths.runs() / "resumed" / "summary.json").read_text(encoding="utf-8"))
    if machine() == json.loads(FILE.read_text(encoding="utf-8"))["machine"]:
        pd.testing.assert_frame_equal(resumed, recorded, check_exact=True)
        assert run.summary["metrics"] == expected["metrics"]
    else:
        pd.testing.assert_frame_equal(resumed, recorded, rtol=0.02, atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cifar10-fast", "cyclegan-light"])
def test_an_old_run_evaluates_to_the_recorded_metrics(old_runs: dict[str, Run], name: str) -> None:
    run = old_runs[name]
    evaluation, _, _ = evaluate_task(name, run.best_weights_path)
    assert evaluation.metrics == pytest.approx(run.summary["metrics"], rel=1e-3)
    spec = checkpoints.read_spec(run.best_weights_path)
    assert spec.data == run.config["data"]["title"] and spec.views == (6 if name == "cifar10-fast" else 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", CARDS)
def test_cards_hold_a_recipe_and_a_command_that_are_valid_today(name: str) -> None:
    card = checkpoints.load_card(name)
    task = tasks.get_task(card.content["task"])
    validate_values(type(task.recipe), card.content["recipe"])
    words = shlex.split(card.content["command"].removeprefix("python -m core "))
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0, shown.output
    info = dataset_info(task.dataset)
    assert card.content["data"]["title"] in {info.title, *info.variants.values()}
    assert checkpoints.read_spec(card.weights).data == card.content["data"]["title"]


def test_an_old_run_is_shown_on_the_compare_page(old_runs: dict[str, Run]) -> None:
    results, errors = model_results.load_results(["cifar10-fast", old_runs["cifar10-fast"].id])
    assert not errors and [r.data for r in results] == [
        "CIFAR-10 (JPEG copy)",
        dataset_info("cifar10").fallback_title,
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python -m core train cifar10-fast --no-mirror", "python -m core train cifar10-fast --no-tta-flip"),
        ("train mnist-cnn --scaling standardised", "train mnist-cnn --input-scaling standardized"),
        ("train boston-mlp --use-b --validation 60", "train boston-mlp --use-b-column --num-validation 60"),
        ("train mnist-cnn --shift 2 --threads 2", "train mnist-cnn --shift 2 --threads 2"),
    ],
    ids=["negation", "choice", "two options", "nothing renamed"],
)
def test_old_commands_become_valid(old: str, new: str) -> None:
    assert migration.migrate_command(old) == new


def test_an_old_option_names_the_new_one() -> None:
    refused = CliRunner().invoke(app, ["train", "cifar10-fast", "--no-mirror"])
    assert refused.exit_code == 2 and "--no-tta-flip" in refused.output


def test_current_files_are_left_alone() -> None:
    """A recipe of today may have fields with names that earlier recipes used for something else."""
    config = {
        "format": migration.FORMAT,
        "recipe": {"pool": 3},
        "data": {"title": "drawn shapes in ten classes"},
    }
    assert migration.migrate_config(config) == config and migration.migrate_card(config) == config
    spec = {"tta_flip": False, "options": {"size": 3}, "data": "mine"}
    assert migration.migrate_spec(spec) == spec


def test_comparisons_keep_their_runs_and_links() -> None:
    config = migration.migrate_config({"fight": "20260101-1", "budget": "multiply-adds"})
    assert config["comparison"] == "20260101-1" and config["budget"] == "macs" and "fight" not in config
    link = {
        "fight": "a",
        "fighters": "x,y",
        "budget": "multiply-adds",
        "full.multiply-adds": "3",
        "view": "photo",
    }
    assert migration.migrate_link(link) == {
        "comparison": "a",
        "models": "x,y",
        "budget": "macs",
        "full.macs": "3",
        "view": "photo",
    }


def test_metrics_are_renamed_in_cards_and_summaries(old_runs: dict[str, Run]) -> None:
    old, new = {"fool_rate_colour_a2b": 0.4, "kid_a2b": 0.1}, {"fool_rate_color_a2b": 0.4, "kid_a2b": 0.1}
    assert migration.migrate_card({"metrics": old})["metrics"] == new
    assert migration.migrate_card({"format": migration.FORMAT, "metrics": old})["metrics"] == new
    run = next(iter(old_runs.values()))
    write_json(run.path / "summary.json", {**read_json(run.path / "summary.json"), "metrics": old})
    assert run.summary["metrics"] == new


def test_no_current_field_has_an_old_name() -> None:
    current = {name for task in tasks.TASKS for name in type(task.recipe).model_fields}
    assert not current & set(migration.RECIPE_FIELDS)
    assert set(migration.RECIPE_FIELDS.values()) <= current


def test_every_migrated_sentence_is_in_the_catalogue() -> None:
    catalogue = i18n.load_translations("ja")._catalog
    assert set(migration.MESSAGES.values()) <= set(catalogue)
