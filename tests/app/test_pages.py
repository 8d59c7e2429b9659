"""Every page, in both languages, whatever lies in the run store."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from core import glossary, tasks
from core.coco import scenes
from core.files import write_json
from core.i18n import get_translator
from core.runs import store
from core.runs.names import run_name
from tests import factories
from ui.kit.i18n import escape_markdown

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
# What a person should see on each page: message ids, as the first line of the page and what it is for.
FIRST = {
    "home": "Learn deep learning by doing",
    "learning_path": "Go through deep learning stop by stop, and try each one where it is shown.",
    "train": "Train a model and watch its loss and accuracy live.",
    "runs": "Compare runs: overlay their learning curves and see which settings differ.",
    "draw": "Draw a digit, see what the model predicts, and find out why.",
    "compare": "Compare CIFAR-10 models: accuracy, compute cost and Grad-CAM heatmaps.",
    "architecture": "Inspect a model layer by layer: parameters, MACs, receptive field. Change a setting and see the cost update.",
    "photos": "Collect photos, train a classifier on them by transfer learning, and see what it got wrong.",
    "browse": "See what object detectors learn from: the photos of COCO with hand-drawn masks and keypoints. "
    "Search them, zoom in, find annotation errors.",
    "translate": "Turn apples into oranges and back with CycleGAN. See what changed, and how the model learned it.",
    "gradient_descent": "Fit a line to points: by hand, by least squares, or step by step down the loss surface.",
    "playground": "Train a small network on points of the plane and watch every unit learn.",
    "house_prices": "Predict house prices from a table: train a network, compare it with classical models, see what matters.",
    "models": "See which models and datasets are installed, how good the models are, and where to try them.",
    "glossary": "Key terms, in English and Japanese.",
}
# What only an empty run store shows, on the pages that list runs.
EMPTY = {
    "home": "Start · about 20 s",
    "train": "Your run will appear here",
    "runs": "No runs to compare yet",
}
LISTING = ("home", "train", "runs", "draw", "compare")  # pages that read the run store


def metric(page: object, label: str) -> str:
    return page.metrics[page.word(label)]


def rows(page: object) -> int:
    return len(page.at.dataframe[0].value)


# What a first visitor can use at once, on the pages that need no run.
READY = {
    "learning_path": lambda page: page.says("Try it") and page.says("Linear regression"),
    "draw": lambda page: page.says("Another sample") and page.says("Play the forward pass"),
    "compare": lambda page: rows(page) == 10,  # every pretrained model
    "architecture": lambda page: metric(page, "Parameters") == "299 k" and rows(page) == 9,
    "photos": lambda page: page.says("Load example"),
    "browse": lambda page: f"**{scenes.NUM_IMAGES}**" in page.text,
    "translate": lambda page: metric(page, "Cycle error (MAE, share of value range)") == "5.0%",
    "gradient_descent": lambda page: page.components("descent")["gd-lab"]["verdict"]["name"] == "right",
    "playground": lambda page: page.components("playground_view")["playground-0"]["output"],
    "house_prices": lambda page: (
        page.says("What each column contributes") and page.says("Most similar rows in the data")
    ),
    "models": lambda page: rows(page) == sum(task.dataset == "mnist" for task in tasks.TASKS),
    "glossary": lambda page: len(page.at.get("html")) == 2 + len(glossary.list_groups()),
}
PAGES = pytest.mark.parametrize("name", FIRST)


def badges(page: object) -> list[str]:
    """The words in the badges of a page, without their icons."""
    found = (re.search(r"-badge\[(?::[\w/]+: *)?(.*)\]", m.value) for m in page.at.main.markdown)
    return [match.group(1) for match in found if match]


def is_japanese(text: str) -> bool:
    return bool(re.search(r"[ぁ-ん]", text))


@LANGUAGES
@PAGES
def test_an_empty_store(visit: Callable, name: str, language: str) -> None:
    page = visit(name, language)
    assert page.says(FIRST[name])
    assert page.says(EMPTY[name]) if name in EMPTY else READY[name](page)
    assert is_japanese(page.word(FIRST[name])) == (language == "ja")
    assert not page.errors
    assert not page.warnings


@pytest.mark.parametrize(
    ("name", "language"), [*((name, "en") for name in FIRST), *((name, "ja") for name in EMPTY)]
)
def test_a_filled_store(visit: Callable, name: str, language: str) -> None:
    made = [
        factories.finished(name="my first"),
        factories.finished("boston-mlp"),
        factories.failed(),
        factories.interrupted(),
    ]
    made += [factories.stopped(), factories.running(), factories.finished("mnist-cnn")]
    page = visit(name, language)
    assert page.says(FIRST[name])
    if name in ("home", "runs"):
        assert not page.says(EMPTY[name])
    assert not page.errors
    title = escape_markdown(page.word("MNIST: softmax regression"))
    assert f"50% · {title}" in page.text  # the menu says what is running now
    if name == "home":
        assert badges(page) == [
            page.word("running"),
            page.word("{percent} done", percent="50%"),
            page.word("finished"),
            page.word("stopped"),
        ]
    if name == "runs":
        assert page.says(("{count} run, {size} on disk.", "{count} runs, {size} on disk."))


@LANGUAGES
@pytest.mark.parametrize("kind", ["finished", "failed", "interrupted", "stopped", "running"])
def test_a_run_in_every_state_on_its_two_pages(visit: Callable, kind: str, language: str) -> None:
    run = getattr(factories, kind)()
    train = visit("train", language, run=run.id)
    name = escape_markdown(run_name(run, get_translator(language), language))
    assert f"**{name}** · " in train.text
    assert badges(train) == [train.word(kind)]
    digits = train.word("scikit-learn's 8×8 digits, enlarged")
    assert train.says("Trained on fallback data ({data}) instead of {wanted}.", data=digits, wanted="MNIST")
    labels = [b.label for b in train.at.button]
    assert (train.word("Stop") in labels) == (kind == "running")
    assert (train.word("Resume") in labels) == (kind in ("failed", "interrupted", "stopped"))
    assert train.says("Test results") == (kind == "finished")
    if kind == "failed":
        assert "7" in train.errors[0]
        assert is_japanese(train.errors[0]) == (language == "ja")
    if kind == "interrupted":
        assert (
            train.word(
                "The training process has exited. Progress up to the last checkpoint is saved; press Resume to continue."
            )
            in train.warnings
        )
    listed = visit("runs", language, ids=run.id)
    assert any(name in e.label and listed.word(kind) in e.label for e in listed.at.expander)


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
def test_every_task_has_its_form_and_its_results(visit: Callable, task: tasks.Task) -> None:
    run = factories.finished(task.name)
    page = visit("train", task=task.name, recipe="full", run=run.id)
    widgets = {w.key for kind in ("number_input", "selectbox", "toggle") for w in page.at.get(kind)}
    assert {f"{task.name}.{name}" for name in task.fields(task.recipe)} <= widgets
    wanted = {
        "classification": ["Accuracy", "Confusion matrix", "Per-class metrics"],
        "regression": ["RMSE", "MAE", "**Largest errors** (click a point for details)"],
        "translation": [
            "Cycle error (MAE, share of value range)",
            "Validation samples over time",
            "Reconstruction",
        ],
    }
    wanted["line"] = [*wanted["regression"], "w", "b"]
    for word in wanted[task.kind]:
        assert page.says(word)


@PAGES
def test_a_damaged_run_in_the_store(visit: Callable, name: str) -> None:
    factories.damaged()
    assert visit(name).says(FIRST[name])


def test_a_damaged_run_attached(visit: Callable) -> None:
    run = factories.damaged()
    page = visit("train", run=run.id)
    assert page.says("interrupted")
    assert run.id in visit("runs", ids=run.id).text
    page = visit("draw", network=run.id, source="photo")
    assert not page.errors


DAMAGED = {
    "lists where objects are expected": {
        "config": {"recipe": [1], "data": [2]},
        "status": [3],
        "summary": {"metrics": [4]},
        "note": [5],
    },
    "other kinds of values": {
        "config": {
            "recipe": {"epochs": "many"},
            "data": {"title": 3, "classes": 7},
            "created_ns": "today",
            "sweep_fields": 1,
        },
        "status": {"state": ["running"], "reason": 5, "step": "x", "heartbeat": {}},
        "summary": {"metrics": {"accuracy": "good"}, "best_epoch": None, "epochs": None, "seconds": "long"},
        "note": {"name": 5, "note": ["a"]},
    },
    "empty objects": {"config": {}, "status": {}, "summary": {}, "note": {}},
    "a later version's recipe": {"config": {"recipe": {"epochs": 3, "warp": 9}, "data": {}}},
}


@pytest.mark.parametrize("name", LISTING)
def test_files_that_hold_something_else(visit: Callable, name: str) -> None:
    damaged = [factories.finished() for _ in DAMAGED]
    for run, files in zip(damaged, DAMAGED.values(), strict=True):
        for file, content in files.items():
            write_json(run.path / f"{file}.json", content)
    parameter = {"train": "run", "runs": "ids", "draw": "network"}.get(name)
    for link in [{parameter: run.id} for run in damaged] if parameter else [{}]:
        assert visit(name, **link).says(FIRST[name]), link


@pytest.mark.parametrize(
    "header", ["", "nothing,of,the,kind", "step,epoch,images,seconds,train/loss,val/loss,val/accuracy"]
)
def test_a_log_with_another_header(visit: Callable, header: str) -> None:
    run = factories.finished()
    log = run.path / "metrics.csv"
    log.write_text("\n".join([header, *log.read_text().split("\n")[1:]]))
    assert visit("train", run=run.id).says("Test results")
    assert visit("runs", ids=run.id).says("Selected runs")


@pytest.mark.parametrize("name", LISTING)
def test_a_run_of_a_task_that_this_version_does_not_know(visit: Callable, name: str) -> None:
    good, odd = factories.finished(), factories.finished("mnist-mlp")
    strange = store.paths.runs() / "quantum-net"
    strange.mkdir()
    moved = strange / odd.id
    odd.path.rename(moved)
    parameters = {"train": {"run": odd.id}, "runs": {"ids": f"{odd.id},{good.id}"}}
    page = visit(name, **parameters.get(name, {}))
    assert page.says(FIRST[name])
    if name == "home":
        assert any(good.id in link.proto.query_string for link in page.at.main.get("page_link"))
    if name == "runs":
        assert page.says("Selected runs")


def test_a_runs_folder_that_is_a_file(visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MANABI_RUNS", str(tmp_path / "file"))
    page = visit("train")
    page.press("Start training")
    [error] = page.errors
    assert str(tmp_path / "file") in error
    for name in FIRST:
        assert not visit(name).errors
