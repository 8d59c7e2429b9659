"""Stories on the page of runs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from core.formatting import format_metric
from core.runs import store
from tests import factories
from ui.kit import palette
from ui.kit.i18n import escape_markdown
from ui.runs import overlay


def table(page):
    """The table of all runs: the last one."""
    return page.at.dataframe[-1].value


def test_choose_by_the_link_and_see_only_what_differs(visit: Callable) -> None:
    one, two = factories.finished(learning_rate=0.01), factories.finished(learning_rate=0.1)
    other = factories.finished("mnist-mlp")
    page = visit("runs", ids=f"{one.id},{two.id}")
    for drawer, run in zip(page.at.expander, (one, two), strict=True):
        assert drawer.label.startswith(escape_markdown(run.label))
    compared = page.at.table[0].value
    assert list(compared.index) == ["", "Best validation", "Test set", "Training time", "Learning rate"]
    assert list(compared.loc["Learning rate"]) == ["0.01", "0.1"]
    assert all(name in run.label for run, name in zip((one, two), compared.columns, strict=True))
    assert len(table(page)) == 3
    assert other.label in "".join(table(page)["run"])


def test_a_setting_that_a_run_lacks_is_a_dash(visit: Callable) -> None:
    one, two = factories.finished("mnist-cnn"), factories.finished("mnist-mlp")
    compared = visit("runs", ids=f"{one.id},{two.id}").at.table[0].value
    assert not compared.isna().any(axis=None) and "–" in set(compared.to_numpy().ravel())


def test_only_one_task_and_the_best_first(visit: Callable) -> None:
    long, short, other = (
        factories.finished(epochs=6),
        factories.finished(epochs=2),
        factories.finished("boston-mlp"),
    )
    assert list(table(visit("runs"))["run"]) == [other.label, short.label, long.label]
    page = visit("runs", only="mnist-softmax", ranked="true")
    assert list(table(page)["run"]) == [long.label, short.label]


def test_the_table_shows_the_course_of_validation_and_how_far_a_run_is(visit: Callable) -> None:
    done = factories.finished(epochs=6)
    shown = table(visit("runs"))
    [course] = shown["validation"]
    assert len(course) == 6 and max(course) == pytest.approx(validation(done).max())
    assert "progress" not in shown and "note" not in shown
    factories.running()
    assert sorted(table(visit("runs"))["progress"])[1] == 100 > min(table(visit("runs"))["progress"])


def validation(run) -> pd.Series:
    return pd.read_csv(run.path / "metrics.csv")["val/accuracy"]


def test_the_empty_page_starts_a_quick_run_and_shows_it(visit: Callable, launched: list) -> None:
    page = visit("runs").press("Start quick run")
    [run] = launched
    assert run.recipe.with_resolved_threads() == run.task.quick_recipe().with_resolved_threads()
    assert list(table(page)["run"]) == [run.label] and page.says("Selected runs")


def test_the_chart_stands_above_the_table_and_its_settings_in_a_popover(
    visit: Callable, drawn: list[go.Figure]
) -> None:
    factories.finished()
    page = visit("runs", metric="loss", part="train")
    assert drawn[-1].layout.yaxis.title.text == "Loss"
    headings = ["Loss · training", "Results and settings", "All runs", "Selected runs"]
    assert [h.value for h in page.at.header] == headings
    [settings] = [p for p in page.at.get("popover") if p.proto.popover.label == "Chart settings"]
    assert {w.key for w in (*settings.selectbox, *settings.toggle)} >= {"metric", "axis", "log"}


@pytest.mark.parametrize(
    ("other", "dashes"), [pytest.param("mnist-mlp", 1, id="one"), pytest.param("mnist-cnn", 2, id="two")]
)
def test_curves_have_the_color_of_their_family_unless_all_are_of_one(
    visit: Callable, drawn: list[go.Figure], other: str, dashes: int
) -> None:
    made = [factories.finished(), factories.finished(), factories.finished(other)]
    visit("runs", ids=",".join(r.id for r in made))
    lines = [trace.line for trace in drawn[-1].data]
    assert lines[0].color == palette.family_style("mnist-softmax").color
    assert len({(line.color, line.dash) for line in lines}) == 3
    assert len({line.dash for line in lines}) == dashes


def test_the_page_opens_with_the_latest_runs_that_can_be_compared(visit: Callable) -> None:
    old = factories.finished("boston-mlp")
    made = [factories.finished(name) for name in ("mnist-cnn", "mnist-mlp", "mnist-softmax", "mnist-softmax")]
    waiting = factories.running()
    (waiting.path / "metrics.csv").unlink()
    page = visit("runs")
    assert set("".join(page.at.query_params["ids"]).split(",")) == {run.id for run in made[1:]}
    compared = page.at.table[0].value
    assert len(compared.columns) == 3 and set(compared.loc["Training time"]) == {"12 sec"}
    accuracy = format_metric("accuracy", made[1].summary["metrics"]["accuracy"], 360)
    assert f"{accuracy} (fallback data)" in set(compared.loc["Test set"])
    assert "task" not in table(page) and "task" in table(page.set("columns", True))
    assert old.id not in page.text


def test_without_differences_the_page_says_so(visit: Callable) -> None:
    one, two = factories.finished(), factories.finished()
    page = visit("runs", ids=one.id)
    assert page.says("Select two or more runs in the table below to see the settings in which they differ.")
    assert visit("runs", ids=f"{one.id},{two.id}").says("The selected runs have the same settings.")


def test_name_and_note(visit: Callable) -> None:
    run = factories.finished()
    page = visit("runs", ids=run.id)
    page.set(f"name-{run.id}", "  the <b>best</b> **one** ")
    page.set(f"note-{run.id}", "with dropout")
    assert run.note() == {"name": "the <b>best</b> **one**", "note": "with dropout"}
    assert run.label in table(visit("runs"))["run"].item()
    assert "with dropout" in table(visit("runs"))["note"].item()


def test_delete_asks_once(visit: Callable) -> None:
    run, other = factories.finished(learning_rate=0.5), factories.finished()
    name = escape_markdown(run.label)
    page = visit("runs", ids=run.id)
    assert page.says("Permanently delete **{run}** and its weights?", run=escape_markdown(run.label))
    assert run.path.exists()
    page.press("Delete permanently")
    assert store.list_runs() == [other]
    assert name not in page.text


def test_the_last_run_deleted_leaves_the_empty_page(visit: Callable) -> None:
    page = visit("runs", ids=factories.finished().id)
    page.press("Delete permanently")
    assert page.says("No runs to compare yet")


def test_a_running_one_is_stopped_here_and_not_deleted(visit: Callable) -> None:
    run = factories.running()
    page = visit("runs", ids=run.id)
    assert "Delete permanently" not in [b.label for b in page.at.button]
    page.press("Stop")
    assert (run.path / "stop").exists()


def test_an_interrupted_one_is_resumed_here(visit: Callable, launched: list) -> None:
    run = factories.interrupted()
    visit("runs", ids=run.id).press("Resume")
    assert launched == [run]


def test_a_run_deleted_from_another_session(visit: Callable) -> None:
    run = factories.finished()
    page = visit("runs", ids=run.id)
    store.delete_run(run)
    assert page.run().says("No runs to compare yet")


def test_a_run_that_has_no_epoch_yet(visit: Callable) -> None:
    run = factories.running()
    (run.path / "metrics.csv").unlink()
    assert visit("runs").says("Selected runs")


def test_every_axis_and_part(visit: Callable, drawn: list[go.Figure]) -> None:
    run = factories.finished()
    page = visit("runs")
    titles = set()
    for axis in ("step", "images", "seconds", "epoch"):
        page.set("axis", axis)
        titles.add(drawn[-1].layout.xaxis.title.text)
    assert len(titles) == 4
    validation = list(drawn[-1].data[0].y)
    page.set("part", "train")
    assert set(curves(drawn[-1])) == {run.label} and list(drawn[-1].data[0].y) != validation
    page.set("metric", "loss")
    page.set("log", True)
    assert drawn[-1].layout.yaxis.type == "log" and "loss" in drawn[-1].layout.yaxis.title.text.lower()
    assert not page.errors


def test_tasks_of_two_kinds_share_only_the_loss(visit: Callable) -> None:
    digits, houses = factories.finished(), factories.finished("boston-mlp")
    page = visit("runs", ids=f"{digits.id},{houses.id}")
    [metric] = [g for g in page.at.selectbox if g.key == "metric"]
    assert metric.options == ["Loss"]
    assert page.says(
        "The selected runs have different task types. Compare only the shapes of the curves, not the loss values."
    )


def test_what_is_compared_first_is_of_one_task(visit: Callable) -> None:
    ids = [
        factories.finished().id,
        factories.finished("boston-mlp").id,
    ]  # within one second: either may count as the newer
    assert "".join(visit("runs").at.query_params["ids"]) in ids


def test_more_than_can_be_told_apart(visit: Callable) -> None:
    made = [factories.finished(epochs=1) for _ in range(10)]
    page = visit("runs", ids=",".join(r.id for r in made))
    assert page.says("Only the first {most} are plotted; more curves would be hard to read.", most=8)
    assert len(page.at.expander) == 8


# ---- what is drawn ---------------------------------------------------------------------------------------------------

FALLBACK = "(fallback data)"
OTHER_DOMAIN = "Translations classified as the target domain · A to B"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[go.Figure]:
    """The overlays that pages have drawn."""
    found: list[go.Figure] = []
    monkeypatch.setattr(overlay, "live_chart", lambda figure, key, alt: found.append(figure))
    return found


def curves(figure: go.Figure) -> dict[str, list[float]]:
    """What the legend names, with the heights of its curve."""
    return {trace.name: list(trace.y) for trace in figure.data if trace.showlegend}


def test_trainings_of_translators_are_drawn_by_what_their_logs_have(
    visit: Callable, drawn: list[go.Figure]
) -> None:
    one, two = factories.finished("cyclegan-light", 3), factories.finished("cyclegan-light", 2)
    page = visit("runs", ids=f"{one.id},{two.id}")
    [metric] = [s for s in page.at.selectbox if s.key == "metric"]
    assert metric.options[0] == OTHER_DOMAIN
    assert {
        "Generator losses · cycle consistency loss",
        "Mean absolute difference (% of value range) · mean change, A to B",
    } < set(metric.options)
    assert [len(y) for y in curves(drawn[-1]).values()] == [3, 2]
    assert all(
        label.endswith(name) for label, name in zip((one.label, two.label), curves(drawn[-1]), strict=True)
    )
    page.set("metric", "loss/cycle")
    assert [len(y) for y in curves(drawn[-1]).values()] == [30, 20]


def test_the_best_translation_is_the_one_that_fools_the_classifier_both_ways(visit: Callable) -> None:
    worse, better, unrated = (factories.finished("cyclegan-light", 2) for _ in range(3))
    for run, fooled in ((worse, (0.9, 0.1)), (better, (0.4, 0.6)), (unrated, ("", ""))):
        path = run.path / "metrics.csv"
        lines = [line.split(",") for line in path.read_text().splitlines()]
        for line in lines[1:]:
            if line[-1]:
                line[-2:] = map(str, fooled)
        path.write_text("".join(",".join(line) + "\n" for line in lines))
    page = visit("runs", only="cyclegan-light", ranked="true", columns="true")
    assert list(table(page)["run"]) == [better.label, worse.label, unrated.label]
    splits = {0.4: "validation", 0.1: "validation", 0.5: "test"}
    rates = [
        f"Fooling rate {format_metric('fool_rate', rate, worse.num_examples(split))} {FALLBACK}"
        for rate, split in splits.items()
    ]
    assert list(table(page)["best validation"]) == [*rates[:2], ""]
    assert list(table(page)["best epoch"]) == ["1", "1", "2"] and set(table(page)["test"]) == {rates[2]}
    assert page.says(
        "Without a domain classifier there is no metric to rank epochs, so the latest checkpoint counts as the best."
    )


def test_runs_without_a_validation_part_show_their_training(visit: Callable, drawn: list[go.Figure]) -> None:
    run = factories.finished("cifar10-resnet")
    log = pd.read_csv(run.path / "metrics.csv").drop(columns=["val/loss", "val/accuracy"])
    log.to_csv(run.path / "metrics.csv", index=False)
    page = visit("runs", ids=run.id, columns="true")
    assert drawn and drawn[-1].data and list(table(page)["best epoch"]) == [""] and not page.errors


def test_an_empty_chart_says_why(visit: Callable, drawn: list[go.Figure]) -> None:
    fresh, old, apples = factories.running(), factories.finished(), factories.finished("cyclegan-light")
    (fresh.path / "metrics.csv").write_text("")
    page = visit("runs", ids=fresh.id)
    assert not drawn and page.says(
        "The selected runs have not logged any metrics yet. Curves appear with the first values."
    )
    page = visit("runs", ids=f"{old.id},{apples.id}")
    assert not drawn and page.says(
        "The selected runs have no metric in common. Select runs of the same task type."
    )
    page = visit("runs", ids=f"{fresh.id},{old.id}")
    [name] = curves(drawn[-1])
    assert old.label.endswith(name)
    nothing = "No data yet for {runs}. Validation metrics are logged after each epoch if a validation set was held out."
    assert page.says(nothing, runs=escape_markdown(fresh.label))


def test_from_runs_of_one_kind_to_those_of_another(visit: Callable, drawn: list[go.Figure]) -> None:
    digits, houses, apples = (
        factories.finished(name) for name in ("mnist-softmax", "boston-mlp", "cyclegan-light")
    )
    page = visit("runs", only=digits.task_name)
    page.set("metric", "accuracy")
    for run in (houses, apples, digits):
        page.set("only", run.task_name)
        assert set(curves(drawn[-1])) == {run.label} and not page.errors


def test_a_link_shows_its_runs_whatever_filter_was_left_behind(visit: Callable) -> None:
    factories.finished("mnist-cnn")
    wanted = factories.finished("cifar10-cnn")
    page = visit("runs", only="mnist-cnn")
    assert page.at.query_params["only"] == "mnist-cnn"
    for name in ("only", "ids"):
        page.at.query_params.pop(name)
    page.at.query_params["ids"] = wanted.id
    page.run()
    assert page.at.query_params["ids"] == wanted.id and "only" not in page.at.query_params
