"""The House prices page: the what-if house, training, comparison, errors, importance, and its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.analysis import table_study
from core.analysis.table_models import NAMES, StudyResult
from core.lessons import house_data, house_prices
from core.lessons.house_settings import NetworkSettings
from tests import factories
from ui.house_prices import fitted, study, training

LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
QUICK = NetworkSettings(width=8, depth=1, epochs=10)


@pytest.fixture(autouse=True)
def quick_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network that is there at first is trained in a moment."""
    monkeypatch.setattr(fitted, "NetworkSettings", lambda: QUICK)


@pytest.fixture
def studied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cross-validation that was computed before."""
    scores = {
        name: [4.0 + i + 0.1 * fold for fold in range(4)]
        for i, name in enumerate(("network", "boosting", "forest", "ridge", "linear"))
    }
    result = StudyResult(20, 1 / 9, {n: scores[n] for n in NAMES}, {n: [0.5] * 4 for n in NAMES})
    monkeypatch.setattr(table_study, "read_result", lambda table: result)


def predicted(page: object) -> str:
    [value] = [m.value for m in page.at.metric]
    return value


@LANGUAGES
def test_without_the_csv_it_predicts_on_the_fallback_and_says_so(visit: Callable, language: str) -> None:
    page = visit("house_prices", language)
    assert page.says(
        "Boston housing is not installed, so this page uses {data}: patients, not houses. "
        "Place the file in the data folder as {layout}."
    )
    assert not page.says("Use column b") and len(page.at.slider) == 10
    rows = page.at.dataframe[0].value.set_index(page.word("Meaning"))
    assert float(rows.loc[page.word("distance"), "#1"]) < 0.1
    assert rows.loc[page.word("Body mass index (kg/m²)"), page.word("Column")] == "bmi"


def test_a_slider_changes_the_prediction_and_is_in_the_link(visit: Callable) -> None:
    page = visit("house_prices")
    before = predicted(page)
    page.set("diabetes.bmi", 42.0)
    after = predicted(page)
    assert after != before
    assert predicted(visit("house_prices", **{"diabetes.bmi": "42.0"})) == after
    page.press("Highest")
    assert predicted(page) not in (before, after)


def test_a_house_unlike_any_other_is_called_an_extrapolation(visit: Callable) -> None:
    sentence = (
        "No row in the data is like this one: the nearest is {distance} standard deviations away. "
        "The models extrapolate."
    )
    page = visit("house_prices")
    assert not page.says(sentence)
    page.set("diabetes.bmi", 42.0).set("diabetes.bp", 62.0).set("diabetes.s1", 300.0)
    assert page.says(sentence)


def test_nonsense_in_the_link_is_ignored_with_a_sentence_for_each(visit: Callable) -> None:
    nonsense = {"view": "nonsense", "data": "mars", "model": "oracle", "width": "-3", "diabetes.bmi": "1e9"}
    page = visit("house_prices", **nonsense)
    assert not page.errors and predicted(page) == predicted(visit("house_prices"))
    said = [w.replace("\\", "") for w in page.warnings]
    assert len(said) == len(nonsense)
    for name, value in nonsense.items():
        assert any(f"“{value}”" in w and f"no value for {name}" in w for w in said)
    assert visit("house_prices", view="train", epochs="many").warnings
    assert not page.run().warnings


def test_a_house_is_kept_while_another_page_is_open(visit: Callable) -> None:
    page = visit("house_prices").set("diabetes.bmi", 42.0)
    changed = predicted(page)
    page.go("gradient_descent").go("house_prices")
    assert predicted(page) == changed and "42" in page.at.query_params["diabetes.bmi"]


def test_a_training_waits_while_too_many_others_train(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "fair_share", lambda: SimpleNamespace(enter=lambda session: False))
    page = visit("house_prices", view="train", width="8", depth="1", epochs="10")
    page.press("Train three networks")
    assert page.says("Many visitors train at this moment. Your training goes on when there is room.")


@LANGUAGES
@pytest.mark.parametrize("view", ["data", "train", "models", "errors", "why"])
def test_every_tab(visit: Callable, studied: None, view: str, language: str) -> None:
    page = visit("house_prices", language, view=view)
    assert not page.errors and not page.warnings
    shown = {
        "data": "Correlation map",
        "train": "Train three networks",
        "models": "**A single split says little:** the same network reaches {low} on its luckiest split and "
        "{high} on its unluckiest. Best model by split: {winners}.",
        "errors": "Residuals",
        "why": "Partial dependence",
    }
    assert page.says(shown[view])


def test_the_comparison_says_what_the_splits_say(visit: Callable, studied: None) -> None:
    page = visit("house_prices", view="models")
    assert page.says(
        "Our network is significantly better than {other}: RMSE {own} against {mean}.",
        other="Ridge",
        own="4.15",
        mean="7.15",
    )
    assert "reaches 4.00 on its luckiest split and 4.30 on its unluckiest" in page.text
    assert page.at.dataframe[0].value["Model"].iloc[0] == "Our network"


def test_a_missing_study_is_computed_with_progress_and_a_failed_one_says_so(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path))
    found = study.Study(share=0.25)
    monkeypatch.setattr(study, "follow", lambda table: found)
    assert visit("house_prices", view="models").says("once on this machine: 25%")
    found.failed = True
    page = visit("house_prices", view="models")
    assert page.says("The cross-validation failed. The server log says why.") and page.says("Try again")


def test_three_networks_are_trained_and_one_is_used_everywhere(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_SLICES", 1000)
    page = visit("house_prices", view="train", width="8", depth="1", epochs="10")
    page.press("Train three networks")
    assert page.says("ends lowest") and page.says("Train again")
    table = page.at.dataframe[0].value
    assert list(table["Optimizer"]) == ["SGD", "SGD with momentum", "Adam"]
    page.press("Adam")
    assert "trained by you, Adam" in page.text.replace("\\", "")
    page.press("Discard this network")
    assert "trained by you" not in page.text


def test_a_learning_rate_that_explodes_is_named(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_SLICES", 1000)
    page = visit(
        "house_prices", view="train", width="128", depth="4", epochs="20", **{"rate-momentum": "1.0"}
    )
    page.press("Train three networks")
    assert any("SGD with momentum: the loss became infinite at step" in e for e in page.errors)


def test_a_saved_network_is_loaded_and_a_foreign_file_changes_nothing(visit: Callable) -> None:
    table = house_data.load_table()
    network = house_prices.train_network(table.dataset, QUICK)
    from core.lessons.house_model_file import save_network

    page = visit("house_prices", view="train")
    page.set("house-upload", [("mine.safetensors", save_network(network), "application/octet-stream")])
    assert "loaded from mine.safetensors" in page.text.replace("\\", "") and not page.errors
    page.set("house-upload", [("evil.safetensors", b"\x80\x04evil", "application/octet-stream")])
    [sentence] = page.errors
    assert "is not a network for house prices" in sentence
    assert "loaded from mine" in page.text


def test_a_run_can_be_tried(visit: Callable) -> None:
    run = factories.finished("boston-mlp", name="my houses")
    page = visit("train", run=run.id)
    assert page.says("Predict with your model")
    page = visit("house_prices", network=run.id)
    assert "Network: my houses." in page.text.replace("\\", "") and not page.warnings
    other = visit("house_prices", network="20260101-000000-beef")
    assert other.says(
        "The link names a run that is gone, or whose network was trained on other columns or data."
    )
    assert "my houses" not in other.text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_california_is_offered(
    visit: Callable, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path))
    page = visit("house_prices", language, data="california")
    assert page.says("Download California housing (0.4 MB)") and not page.errors
    assert page.says(
        "California housing is not installed. It is downloaded once (0.4 MB), with internet access."
    )


@pytest.mark.realdata
@pytest.mark.usefixtures("real_data")
def test_the_pretrained_network_predicts_boston(visit: Callable) -> None:
    page = visit("house_prices")
    assert predicted(page).startswith("$") and page.says("Network: {origin}.", origin="pretrained")
    assert page.says("Validation: RMSE {rmse} ({unit}), R² {r2}.", rmse="3.57", unit="1,000 USD", r2="0.85")
    page.set("use_b", True)
    assert "boston.b" in [s.key for s in page.at.slider] and not page.says(
        "Network: {origin}.", origin="pretrained"
    )
