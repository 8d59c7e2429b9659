"""Stories on the page of runs."""

from __future__ import annotations

from collections.abc import Callable

from core.training import runs
from tests import factories


def table(page):
    return page.at.dataframe[0].value


def test_choose_by_the_link_and_see_only_what_differs(visit: Callable) -> None:
    one, two = factories.finished(learning_rate=0.01), factories.finished(learning_rate=0.1)
    other = factories.finished("mnist-mlp")
    page = visit("runs", ids=f"{one.id},{two.id}")
    assert [e.label.split(" · ")[0] for e in page.at.expander] == [one.id, two.id]
    differing = page.at.dataframe[1].value
    assert list(differing.index) == ["Learning rate"]
    assert list(differing.loc["Learning rate"]) == ["0.01", "0.1"]
    assert len(table(page)) == 3
    assert other.id in "".join(table(page)["run"])


def test_only_one_task_and_the_best_first(visit: Callable) -> None:
    long, short, other = factories.finished(epochs=6), factories.finished(epochs=2), factories.finished("boston-mlp")
    assert list(table(visit("runs"))["run"]) == [other.id, short.id, long.id]
    page = visit("runs", only="mnist-softmax", ranked="true")
    assert list(table(page)["run"]) == [long.id, short.id]


def test_name_and_note(visit: Callable) -> None:
    run = factories.finished()
    page = visit("runs", ids=run.id)
    page.set(f"name-{run.id}", "  the <b>best</b> **one** ")
    page.set(f"note-{run.id}", "with dropout")
    assert run.note() == {"name": "the <b>best</b> **one**", "note": "with dropout"}
    assert run.label in table(visit("runs"))["run"].item()
    assert "with dropout" in table(visit("runs"))["note"].item()


def test_delete_asks_once(visit: Callable) -> None:
    run, other = factories.finished(), factories.finished()
    page = visit("runs", ids=run.id)
    assert page.says("Delete **{run}** and its weights for good?", run=run.id)
    assert run.path.exists()
    page.press("Delete for good")
    assert runs.every() == [other]
    assert run.id not in page.text


def test_the_last_run_deleted_leaves_the_empty_page(visit: Callable) -> None:
    page = visit("runs", ids=factories.finished().id)
    page.press("Delete for good")
    assert page.says("Here your trainings will stand side by side")


def test_a_running_one_is_stopped_here_and_not_deleted(visit: Callable) -> None:
    run = factories.running()
    page = visit("runs", ids=run.id)
    assert "Delete for good" not in [b.label for b in page.at.button]
    page.press("Stop")
    assert (run.path / "stop").exists()


def test_an_interrupted_one_is_resumed_here(visit: Callable, launched: list) -> None:
    run = factories.interrupted()
    visit("runs", ids=run.id).press("Resume")
    assert launched == [run]


def test_a_run_deleted_by_somebody_else_meanwhile(visit: Callable) -> None:
    run = factories.finished()
    page = visit("runs", ids=run.id)
    runs.delete(run)
    assert page.run().says("Here your trainings will stand side by side")


def test_a_run_that_has_no_epoch_yet(visit: Callable) -> None:
    run = factories.running()
    (run.path / "metrics.csv").unlink()
    assert visit("runs").says("The chosen runs")


def test_every_axis_and_part(visit: Callable) -> None:
    factories.finished()
    page = visit("runs")
    for axis in ("step", "images", "seconds", "epoch"):
        page.set("axis", axis)
    page.set("part", "train")
    page.set("metric", "loss")
    page.set("log", True)
    assert not page.errors


def test_tasks_of_two_kinds_share_only_the_loss(visit: Callable) -> None:
    digits, houses = factories.finished(), factories.finished("boston-mlp")
    page = visit("runs", ids=f"{digits.id},{houses.id}")
    [metric] = [g for g in page.at.get("button_group") if g.key == "metric"]
    assert metric.options == ["Loss"]
    assert page.says("These runs solve different kinds of task: their losses are different measures, only the shapes can be compared.")


def test_what_is_compared_first_is_of_one_task(visit: Callable) -> None:
    ids = [factories.finished().id, factories.finished("boston-mlp").id]  # within one second: either may count as the newer
    assert "".join(visit("runs").at.query_params["ids"]) in ids


def test_more_than_can_be_told_apart(visit: Callable) -> None:
    made = [factories.finished(epochs=1) for _ in range(10)]
    page = visit("runs", ids=",".join(r.id for r in made))
    assert page.says("Only the first {most} are drawn: more curves cannot be told apart.", most=8)
    assert len(page.at.expander) == 8
