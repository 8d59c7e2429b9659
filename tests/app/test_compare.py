"""The Compare page: views, significance, and equal-budget comparisons."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from core import tasks
from core.analysis import equal_budget, significance
from core.data import cifar10
from core.files import read_json, write_json
from core.inference import latency
from core.messages import UserError
from core.runs import store
from tests import factories
from ui.compare import equal_budget as panel
from ui.compare import model_dialog, statistics
from ui.kit import cache, charts, palette, preload

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
VIEWS = ("figures", "photo", "curves", "classes", "closely")


@pytest.fixture(autouse=True)
def no_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Hide the pretrained models, so that only the runs of a test can be compared."""
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path / "none"))


@pytest.fixture
def three() -> list[store.Run]:
    return [factories.finished(name) for name in ("cifar10-mlp", "cifar10-cnn", "cifar10-resnet")]


@LANGUAGES
def test_without_models_it_says_what_to_do(visit: Callable, language: str) -> None:
    page = visit("compare", language)
    assert page.says(
        "No CIFAR-10 models found: there are no pretrained models and no runs yet. Train some in the tab “{tab}”.",
        tab=page.word("Equal budget"),
    )
    assert visit("compare", language, view="budget").says("Start comparison")


@LANGUAGES
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_three_runs(visit: Callable, three: list, language: str, view: str) -> None:
    page = visit("compare", language, nets=",".join(r.id for r in three), view=view)
    assert not page.errors
    assert page.at.query_params["nets"] in (",".join(r.id for r in three), [",".join(r.id for r in three)])
    if view == "figures":
        [table] = [e.value for e in page.at.dataframe]
        assert list(table.columns) == [
            page.word(name)
            for name in (
                "Model",
                "Accuracy",
                "MACs (M)",
                "95% CI (%)",
                "Interval",
                "Parameters",
                "Training time",
            )
        ]
        assert len(table) == 3 and all(bar.startswith("data:image/svg") for bar in table.iloc[:, 4])
        assert page.says(
            "**{best}** is the most accurate: {accuracy}. No significant difference from: {others}."
        )
    if view == "photo":
        assert len(page.at.get("plotly_chart")) == 3
    if view == "closely":
        # The runs answer alike, because the factory writes the same answers for all.
        assert any("p 1.000" in w for w in page.warnings)
        assert page.says("Disagreements")


def test_a_significant_difference_is_reported(visit: Callable, three: list) -> None:
    from safetensors.numpy import load_file, save_file

    path = three[0].path / "predictions.safetensors"
    arrays = load_file(path)
    arrays["outputs"] = np.roll(arrays["outputs"], 1, axis=1)
    save_file(arrays, path)
    nets = ",".join(r.id for r in three)
    page = visit("compare", nets=nets, view="closely", a=three[0].id, b=three[1].id)
    assert any("is significantly better" in e.value for e in page.at.success)
    assert ", significantly ahead of the rest." in visit("compare", nets=nets).text


def test_the_takeaway_says_what_comes_close_and_what_the_last_points_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(statistics.st, "info", lambda text, icon: said.append(text))
    monkeypatch.setattr(statistics, "model_name", lambda result: result.id)
    models = [
        statistics.ShownModel(SimpleNamespace(id=name, count=10_000), cost, accuracy)
        for name, cost, accuracy in (("small", 1e7, 0.834), ("middle", 6e8, 0.897), ("large", 2e9, 0.926))
    ]
    statistics.show_findings(models, cost="MACs", is_best_epoch=False)
    assert said == [
        "**large** is the most accurate: 92.60%. "
        "**middle** comes within 2.9 percentage points with 30% of its MACs. "
        "From **small** (83.40%) to **large** (92.60%), 9.2 percentage points take 200 times the MACs."
    ]
    statistics.show_findings(models, cost="", is_best_epoch=False)
    assert said[1:] == ["**large** is the most accurate: 92.60%."]


def test_macs_and_the_pareto_front_are_explained_where_they_stand(visit: Callable, three: list) -> None:
    page = visit("compare", nets=",".join(r.id for r in three))
    heading, *others = [m.value for m in page.at.markdown if "/glossary?term=" in m.value][1:]
    assert "**[MACs](/glossary?term=multiply-adds" in heading
    assert any("[Pareto front](/glossary?term=pareto-front" in text for text in others)


def test_unknown_models_in_the_link_are_ignored(visit: Callable, three: list) -> None:
    page = visit("compare", nets=f"unknown,{three[0].id}", view="figures")
    [table] = [e.value for e in page.at.dataframe]
    assert len(table) == 1 and not page.errors


def test_a_comparison_is_queued_and_shown(visit: Callable, launched: list) -> None:
    started = launched
    page = visit("compare", view="budget")
    page.press("Start comparison")
    page.press("Start comparison")  # a double click starts one
    assert [r.task_name for r in started] == ["cifar10-mlp", "cifar10-cnn"]
    assert {r.recipe.limit_train for r in started} == {2000} and len(
        {r.config["comparison"] for r in started}
    ) == 1
    assert page.says("0 of 2 models finished")
    other = visit("compare", "ja", comparison=started[0].config["comparison"])
    assert other.says("{done} of {count} model finished · {budget}: {amount}") and not other.errors
    assert other.says("Hyperparameter differences") and not any(r.recipe.tta_flip for r in started)
    assert equal_budget.comparison_runs("nothing") == []
    assert visit("compare", comparison="nothing").says("Comparison {comparison} not found.")
    [earlier] = [s for s in visit("compare", view="budget").at.selectbox if s.key == "comparison"]
    assert len(earlier.options) == 2 and "MLP, plain CNN" in earlier.options[1] and earlier.value == ""
    visit("compare", comparison=started[0].config["comparison"]).press("Stop all")
    assert all((run.path / "stop").exists() for run in started)
    back = visit("train", run=started[0].id)
    assert back.says("View comparison")


def test_a_link_to_a_comparison_opens_it_whatever_was_seen_before(visit: Callable, launched: list) -> None:
    comparison = equal_budget.start_comparison(["cifar10-mlp", "cifar10-cnn"], "epochs", 2.0, True)
    page = visit("compare", view="classes")
    assert not page.says("Start comparison")
    page.go("glossary").go("compare", comparison=comparison)
    assert page.says("Start comparison") and page.says("0 of 2 models finished")


def test_a_started_comparison_is_confirmed_at_the_button(visit: Callable, launched: list) -> None:
    page = visit("compare", view="budget").press("Start comparison")
    assert [e.value for e in page.at.success] == [
        "Comparison started: 2 runs are queued. Their curves appear below."
    ]
    [button] = [b for b in page.at.button if b.key == "comparison-start"]
    assert not button.disabled and page.says("Stop all")


@pytest.mark.parametrize(("age", "count"), [pytest.param(0, 2, id="new"), pytest.param(61, 0, id="old")])
def test_a_request_of_an_earlier_visit_is_dropped(
    visit: Callable, launched: list, age: float, count: int
) -> None:
    request = panel._Request(["cifar10-mlp", "cifar10-cnn"], "epochs", 2.0, True)
    request.created_at -= age
    page = visit("home")
    page.at.session_state[panel._REQUEST] = request
    page.go("compare", view="budget")
    assert len(store.list_runs()) == count and panel._REQUEST not in page.at.session_state


def test_an_interrupted_start_is_reported_and_not_repeated(visit: Callable, launched: list) -> None:
    request = panel._Request(["cifar10-mlp", "cifar10-cnn"], "epochs", 2.0, True, is_done=True)
    request.comparison_id = equal_budget.start_comparison(request.names, "epochs", 2.0, True)
    page = visit("home")
    page.at.session_state[panel._REQUEST] = request
    page.go("compare", view="budget")
    assert len(store.list_runs()) == 2 and page.says("0 of 2 models finished")
    assert page.at.query_params["comparison"] in (request.comparison_id, [request.comparison_id])


def test_an_error_at_the_start_is_shown_at_the_button(
    visit: Callable, launched: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> str:
        raise UserError("Disk full.")

    monkeypatch.setattr(equal_budget, "start_comparison", refuse)
    page = visit("compare", view="budget").press("Start comparison")
    assert page.errors == ["Disk full."] and not launched
    assert not page.run().errors


def test_a_budget_out_of_bounds_disables_the_start(visit: Callable) -> None:
    page = visit("compare", view="budget")
    page.set("quick.epochs", 0)
    [button] = [b for b in page.at.button if b.key == "comparison-start"]
    assert button.disabled and page.says("Enter {allowed}.", allowed="an integer from 1 to 1,000")


def test_loading_the_test_images_is_shown(
    visit: Callable, three: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, during = [], []

    @contextlib.contextmanager
    def spinner(text: str, **_more: object) -> Iterator[None]:
        shown.append(text)
        yield
        shown.pop()

    load = cache.load_dataset
    monkeypatch.setattr(st, "spinner", spinner)
    monkeypatch.setattr(cache, "load_dataset", lambda name: during.append(list(shown)) or load(name))
    visit("compare", nets=",".join(r.id for r in three), view="closely")
    assert during == [["Loading test images…"]]


def test_curves_of_a_comparison_use_the_axis_of_its_budget(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    monkeypatch.setattr(
        charts,
        "line_chart",
        lambda series, label, *rest, **more: drawn.append((series, label)) or charts.empty_figure(100),
    )
    pair = [factories.finished("cifar10-cnn"), factories.finished("cifar10-cnn")]
    for run, adds in zip(pair, (1_000_000, 3_000_000), strict=True):
        write_json(
            run.path / "config.json",
            run.config | {"comparison": "f", "budget": "macs", "amount": 1, "multiply_adds": adds},
        )
    page = visit("compare", comparison="f")
    [(series, label)] = drawn
    assert label == "Training compute (TMACs)" and not page.errors
    assert {s.style.color for s in series} == {palette.family_style("cifar10-cnn").color}
    last = {int(s.role): s.x[-1] for s in series}
    images = cache.run_metrics(pair[0])["images"].max()
    assert last == pytest.approx({0: 1e6 * images / 1e12, 1: 3e6 * images / 1e12})
    write_json(
        pair[0].path / "config.json", {k: v for k, v in pair[0].config.items() if k != "multiply_adds"}
    )
    assert not visit("compare", comparison="f").errors and drawn[-1][1] == "Samples processed"


@pytest.mark.parametrize("view", VIEWS)
def test_a_damaged_run_is_reported_and_the_others_are_shown(visit: Callable, three: list, view: str) -> None:
    bad = factories.damaged("cifar10-cnn")
    page = visit("compare", nets=",".join([bad.id, *(r.id for r in three)]), view=view)
    [sentence] = page.errors
    assert "best.safetensors" in sentence and page.says("Equal budget")
    if view == "photo":
        assert len(page.at.get("plotly_chart")) == 3
    half = factories.finished("cifar10-cnn")  # a header that can be read, and weights that cannot
    half.best_weights_path.write_bytes(half.best_weights_path.read_bytes()[:-50])
    page = visit("compare", nets=",".join([half.id, *(r.id for r in three)]), view=view)
    assert len(page.errors) == 1 and page.says("Equal budget")


def test_models_of_other_data_are_not_in_the_chart(visit: Callable, three: list) -> None:
    one = three[0]
    config = read_json(one.path / "config.json")
    write_json(
        one.path / "config.json",
        {**config, "data": {**config["data"], "title": "CIFAR-10", "stand_in_for": ""}},
    )
    page = visit("compare", nets=",".join(r.id for r in three))
    [words] = [m.value for m in page.at.info if "data other than" in m.value]
    assert "CIFAR-10 MLP" in words and "CNN" not in words
    [table] = [e.value for e in page.at.dataframe]
    names = list(table.iloc[:, 0])
    assert sum("synthetic shapes" in n for n in names) == 2  # a stand-in is named wherever its network is


@LANGUAGES
def test_without_data_bundled_photos_are_predicted(visit: Callable, three: list, language: str) -> None:
    for run in three:  # models of the real classes, on a machine without CIFAR-10
        config = read_json(run.path / "config.json")
        data = {**config["data"], "title": "CIFAR-10", "stand_in_for": "", "classes": cifar10.CLASSES}
        write_json(run.path / "config.json", {**config, "data": data})
    nets = ",".join(r.id for r in three)
    page = visit("compare", language, nets=nets, view="photo", sample="coffee")
    assert len(page.at.get("plotly_chart")) == 3 and not page.errors
    assert page.says("cup of coffee (none of the ten classes)") and page.says("Download {title} ({size} MB)")
    assert any("CC0" in c.value for c in page.at.markdown)
    assert ":material/check:" not in page.text and ":material/close:" not in page.text  # no class fits
    assert page.says(
        "These models know ten classes only: {classes}. They choose one of them for every image, and their "
        "confidence does not tell whether it fits: for {share} of 158 photos of apples and oranges, the "
        "ResNet was more than 50% confident."
    )
    horse = visit("compare", language, nets=nets, view="photo", sample="horse")
    assert ":material/check:" in horse.text or ":material/close:" in horse.text
    assert visit("compare", language, nets=nets, view="closely").says("Download {title} ({size} MB)")


def test_decoding_is_reported_where_the_test_images_are_needed(
    visit: Callable, three: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preload, "decoding_progress", lambda name: 0.43)
    monkeypatch.setattr(cache, "load_dataset", lambda name: pytest.fail("decoded in front of the visitor"))
    nets = ",".join(r.id for r in three)
    page = visit("compare", nets=nets, view="photo")
    assert page.says("Decoding test images, once on this machine: {share}", share="43%")
    assert len(page.at.get("plotly_chart")) == 3  # a bundled photo until then
    assert not visit("compare", nets=nets).at.get("progress")


def test_a_model_of_the_chart_opens_in_a_dialog(visit: Callable, three: list) -> None:
    page = visit("compare", nets=",".join(r.id for r in three))
    page.at.session_state[model_dialog._REQUEST] = three[1].id
    page.run()
    assert page.metrics[page.word("Test accuracy")].endswith("%") and not page.errors
    assert page.says("Architecture") and page.says("**Grad-CAM: regions that contribute most**")
    shown = [image for image in page.at.image if any("%" in c for c in image.captions)]
    assert len(shown) == 3
    assert page.word("Test accuracy") not in page.run().metrics  # it opens once


def test_the_chart_opens_with_all_models_and_other_views_with_three(visit: Callable, three: list) -> None:
    count = len(three) + len([factories.finished("cifar10-vgg"), factories.finished("cifar10-alexnet")])
    page = visit("compare")
    assert len(page.at.dataframe[0].value) == count
    assert page.at.dataframe[0].value["Accuracy"].is_monotonic_decreasing
    page.go("compare", view="curves")
    assert len(page.at.multiselect("nets").value) == 3
    page.press("All models")
    assert len(page.at.multiselect("nets").value) == count
    page.go("glossary").go("compare", view="figures")  # a choice holds in every view
    page.press("Fewer models")
    assert len(page.at.dataframe[0].value) == 3
    assert len(page.run().at.dataframe[0].value) == 3


def test_latency_is_a_column_once_it_is_measured(
    visit: Callable, three: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Latency (ms)" not in visit("compare").at.dataframe[0].value
    monkeypatch.setattr(latency, "cached_latency", lambda _weights: {1: 2.5, 64: 0.5})
    page = visit("compare")
    assert list(page.at.dataframe[0].value["Latency (ms)"]) == [2.5] * 3 and not page.says("Measure latency")


@pytest.mark.parametrize(("language", "word"), [("ja", "円盤"), ("en", "disc")])
def test_an_image_and_its_class_come_from_the_link(
    visit: Callable, three: list, language: str, word: str
) -> None:
    dataset = cache.load_dataset("cifar10")
    index = int(np.flatnonzero(dataset.test_y == dataset.classes.index("disc"))[0])
    page = visit("compare", language, nets=three[0].id, view="photo", image=str(index))
    assert any(word in c.value for c in page.at.caption) and not page.errors
    for wrong in ("-1", "x", "99999999", "²"):
        assert not visit("compare", nets=three[0].id, view="photo", image=wrong).errors


def test_a_link_with_too_many_models_takes_the_first(visit: Callable) -> None:
    known = [t.name for t in tasks.TASKS if t.dataset == "cifar10"]
    page = visit("compare", view="budget", models=",".join([known[0], known[0], "no-such", *known[1:]]))
    [chosen] = [m.value for m in page.at.multiselect if m.key == "models"]
    assert chosen == known[: equal_budget.MAX_MODELS] and not page.errors


def test_each_prediction_is_marked_correct_or_wrong(visit: Callable, three: list) -> None:
    page = visit("compare", nets=",".join(r.id for r in three), view="photo")
    shown = [
        m.value for m in page.at.markdown if ":material/check:" in m.value or ":material/close:" in m.value
    ]
    assert len(shown) == 3 and not page.errors


def test_significance_is_corrected_for_many_pairs(
    visit: Callable, three: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, the pair differs significantly (p 0.03); with a third model, three pairs are compared."""
    monkeypatch.setattr(significance, "mcnemar_test", lambda *_a: significance.McNemarResult(3, 13, 0.03))
    pair = {"a": three[0].id, "b": three[1].id}
    many = visit("compare", nets=",".join(r.id for r in three), view="closely", **pair)
    assert many.says("Tested alone, this pair would differ significantly.") and not many.at.success
    alone = visit("compare", nets=",".join(r.id for r in three[:2]), view="closely", **pair)
    assert len(alone.at.success) == 1
    page = visit("compare", nets=",".join(r.id for r in three), view="figures", **{"all-columns": "true"})
    [table] = [e.value for e in page.at.dataframe]
    assert page.word("No significant difference from") in table.columns
    page.at.session_state["compare-details"] = True
    assert page.run().says(
        "Significance is corrected for {pairs} pairwise comparisons (Holm–Bonferroni).", pairs=3
    )
