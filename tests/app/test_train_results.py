"""Stories on the train page: what a run leaves behind, and what stands in its place before."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from core import checkpoints, tasks
from core.analysis import best_run
from core.files import write_json
from core.formatting import format_metric
from core.runs import store
from core.runs.store import Run
from tests import factories
from ui.kit import cache, palette
from ui.kit.i18n import escape_markdown
from ui.runs import curves_panel
from ui.train import reference


def test_the_form_takes_over_the_recipe_of_a_run(visit: Callable, launched: list[Run]) -> None:
    task = tasks.get_task("mnist-softmax")
    recipe = (
        task.quick_recipe().changed(optimizer="sgd", momentum=0.3, learning_rate=0.2).with_resolved_threads()
    )
    run = store.create_run(task, recipe)
    factories.status(run, "stopped")
    page = visit("train", run=run.id, recipe="full")
    page.set("task", "mnist-mlp").press("Use run settings")
    assert page.at.query_params["task"] == "mnist-softmax"
    assert page.at.number_input("mnist-softmax.quick.momentum").value == 0.3
    assert page.at.number_input("mnist-softmax.quick.threads").value == 0
    page.press("Start training")
    assert launched[0].recipe == recipe


def test_a_reference_in_gray_stands_in_place_of_the_first_run(
    visit: Callable, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = {}
    monkeypatch.setattr(reference, "live_chart", lambda figure, key, alt: drawn.update({key: figure}))
    page = visit("train", task="mnist-cnn")
    assert page.says("Your run will appear here") and "pretrained reference, 98.37%" in page.text
    accuracy = drawn["reference-mnist-cnn-accuracy"].data[-1]
    history = checkpoints.read_card("mnist-cnn")["history"]
    assert list(accuracy.y) == history["val/accuracy"] and accuracy.line.color == palette.NEUTRAL
    page.press("Start training")
    assert "pretrained reference" in page.text, "until the run has its own first step"
    run = factories.finished("mnist-cnn")
    page = visit("train", task="mnist-cnn")
    assert "In gray: your last run" in page.text and "pretrained reference" not in page.text
    log = cache.run_metrics(run)["val/accuracy"].dropna()
    assert list(drawn["reference-mnist-cnn-accuracy"].data[-1].y) == list(log)


def primary_buttons(page) -> list[str]:  # noqa: ANN001
    return [b.label for b in page.at.button if b.proto.type == "primary"]


def test_a_run_stands_above_the_form_whose_settings_are_folded_and_its_result_is_there_once(
    visit: Callable,
) -> None:
    run = factories.finished("mnist-softmax", name="mine")
    page = visit("train", run=run.id)
    assert page.metrics["Accuracy (test)"] == "90.0%" and page.metrics["Best epoch"] == "4 / 4"
    assert [name for name in page.metrics if "Accuracy" in name] == [
        "Accuracy (test)",
        "Accuracy (validation)",
    ]
    assert "Cross-entropy **0.3100** · Accuracy on 360 test images: 95% CI 86.5–92.7%" in page.text
    order = [e.label for e in page.at.main if e.type in ("metric", "button", "selectbox", "number_input")]
    places = [order.index(n) for n in ("Draw with your model", "Accuracy (test)", "Epochs", "Start training")]
    assert places == sorted(places) and primary_buttons(page) == ["Draw with your model"]
    [said] = [m.value for m in page.at.markdown if "picks the best epoch" in m.value]
    assert "(n = 360) is used once" in said
    assert "[validation set](/glossary?term=validation-data" in said
    assert "[test set](/glossary?term=test-data" in said
    folded = {e.label for e in page.at.expander}
    assert "Settings" in folded and "More settings" not in folded
    unfolded = {e.label for e in visit("train", task="mnist-softmax").at.expander}
    assert "More settings" in unfolded and "Settings" not in unfolded
    page.press("Draw with your model")
    assert page.at.query_params["network"] == run.id and page.says("Draw a digit")


def test_the_main_action_stops_a_run_in_progress(visit: Callable) -> None:
    assert primary_buttons(visit("train", run=factories.running().id)) == ["Stop"]
    assert primary_buttons(visit("train", run=factories.interrupted().id)) == ["Resume"]
    assert primary_buttons(visit("train")) == ["Start training"]


def test_the_next_run_starts_from_the_settings_of_the_last_above_its_curves(
    visit: Callable, launched: list[Run]
) -> None:
    run = factories.finished("mnist-softmax", learning_rate=0.02)
    page = visit("train", run=run.id)
    assert "First time?" not in page.text
    page.press("Change and train again")
    page.run()
    assert "run" not in page.at.query_params and "In gray: your last run" in page.text
    prefix = "mnist-softmax.quick" if page.at.query_params["recipe"] == ["quick"] else "mnist-softmax"
    assert page.at.number_input(f"{prefix}.learning_rate").value == 0.02
    page.press("Start training")
    assert launched[0].recipe.learning_rate == 0.02


def test_a_visitor_without_runs_is_told_what_to_do_first(visit: Callable) -> None:
    assert "First time?" in visit("train").text
    factories.finished("mnist-softmax")
    assert "First time?" not in visit("train").text


@pytest.mark.parametrize("better", [True, False])
def test_a_run_that_beats_all_earlier_ones_is_announced_when_it_ends(visit: Callable, better: bool) -> None:
    earlier = factories.finished("mnist-softmax")
    assert not best_run.is_new_best(earlier), "there is nothing that it beats"
    run = factories.running("mnist-softmax")
    page = visit("train", run=run.id)
    result = 0.95 if better else 0.5
    write_json(run.path / "summary.json", {**earlier.summary, "metrics": {"accuracy": result}})
    toasts = [t.value for t in page.run().at.toast]
    assert toasts == (["New best for this task: Accuracy (test) 95.0%"] if better else [])
    assert not page.run().at.toast


def test_the_script_and_the_command_of_a_run(visit: Callable) -> None:
    run = factories.finished("mnist-softmax", learning_rate=0.02)
    page = visit("train", run=run.id)
    assert "python -m core train mnist-softmax --threads 1 --learning-rate 0.02" in page.text
    assert {b.label for b in page.at.get("download_button")} == {
        "Weights (safetensors)",
        "Metrics (csv)",
        "Script (plain PyTorch)",
        "Notebook (opens in Colab)",
        "Results as in the notes (zip)",
    }


def test_a_run_whose_predictions_are_gone(visit: Callable) -> None:
    run = factories.finished()
    (run.path / "predictions.safetensors").unlink()
    assert visit("train", run=run.id).says("Test predictions not found in the run folder.")


def test_on_the_real_data(visit: Callable, real_data) -> None:
    run = factories.finished()  # on the stand-in, which is not what is on this machine now
    page = visit("train", run=run.id)
    assert page.says(
        (
            "Data: {title} ({train} training and {count} test example)",
            "Data: {title} ({train} training and {count} test examples)",
        ),
        title="MNIST",
        train="60,000",
        count="10,000",
    )
    assert str(real_data) not in page.text
    assert any(str(real_data / "MNIST" / "raw") in c.proto.help for c in page.at.caption)
    assert page.says("Test images are not installed; showing predictions only: {list}")


def test_results_on_fallback_data_say_so_wherever_they_stand(visit: Callable) -> None:
    run = factories.finished("mnist-softmax")
    label = "on fallback data (scikit-learn's 8×8 digits, enlarged)"
    page = visit("train", run=run.id)
    [heading] = [s.value for s in page.at.header if s.value.startswith("Test results")]
    assert heading == f"Test results {label}"
    accuracy = format_metric("accuracy", run.summary["metrics"]["accuracy"], 360)
    home = visit("home")
    assert f"Accuracy, test set: **{accuracy}**" in home.text and label in [c.value for c in home.at.caption]
    [link] = [
        li
        for li in visit("train", task="mnist-softmax").at.main.get("page_link")
        if escape_markdown(run.label) in li.label
    ]
    assert f"{accuracy} {label}" in link.label
    assert list(visit("runs").at.dataframe[0].value["test"]) == [f"{accuracy} (fallback data)"]


def test_results_on_real_data_need_no_label(visit: Callable) -> None:
    run = factories.finished("mnist-softmax")
    data = {**run.config["data"], "title": "MNIST", "stand_in_for": ""}
    write_json(run.path / "config.json", {**run.config, "data": data})
    assert "fallback data (" not in "".join(
        [li.label for li in visit("home").at.main.get("page_link")]
        + [s.value for s in visit("train", run=run.id).at.header]
    )


def test_the_star_stands_at_the_epoch_that_the_runs_page_names(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = factories.finished("mnist-softmax", epochs=3)
    log = pd.read_csv(run.path / "metrics.csv")
    validated = log["val/accuracy"].notna()
    log.loc[validated, "val/accuracy"] = [0.5, 0.9, 0.9]  # equal: the lower loss decides
    log.loc[validated, "val/loss"] = [1.0, 0.4, 0.3]
    log.to_csv(run.path / "metrics.csv", index=False)
    drawn = {}
    monkeypatch.setattr(curves_panel, "live_chart", lambda figure, key, alt: drawn.update({key: figure}))
    visit("train", run=run.id)
    figure = drawn[f"curve-accuracy-{run.id}"]
    star = figure.data[-1]
    assert (star.marker.symbol, star.name, list(star.x), list(star.y)) == (
        "star",
        "best val. accuracy: epoch 3",
        [3.0],
        [0.9],
    )
    assert figure.layout.xaxis.dtick == 1
    assert list(visit("runs", columns="true").at.dataframe[0].value["best epoch"]) == ["3"]
