"""Runs outlive their page, their browser and their server."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.i18n import get_translator
from tests import factories
from tests.browser.conftest import Server, Visitor
from ui.kit import palette

LONG = {"epochs": "1000", "batch_size": "16"}  # longer than any test: each run is stopped


def settings(**changes: str) -> dict[str, str]:
    """The URL of a form: the quick softmax regression, on one thread."""
    values = {"threads": "1", **changes}
    return {
        "task": "mnist-softmax",
        "recipe": "quick",
        **{f"mnist-softmax.quick.{k}": v for k, v in values.items()},
    }


def run_id(visitor: Visitor) -> str:
    """The run that the URL names, once it names one."""
    visitor.page.wait_for_url("**run=*")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(visitor.page.url).query))["run"]


def status(server: Server, run: str) -> dict:
    return json.loads((server.runs / "mnist-softmax" / run / "status.json").read_text())


def folders(server: Server) -> list[Path]:
    return [p for p in (server.runs / "mnist-softmax").glob("2*") if p.is_dir()]


def shows_state(visitor: Visitor, state: str) -> None:
    """Expect the badge of the attached run, and no other text of the page, to name `state`."""
    badge = visitor.page.get_by_test_id("stMain").locator(".stMarkdownBadge")
    expect(badge.filter(has_text=re.compile(rf"{state}$"))).to_be_visible()


def shows_progress(visitor: Visitor) -> None:
    """Expect the key figures of a run in training."""
    figures = visitor.page.get_by_test_id("stMain").get_by_test_id("stMetric")
    expect(figures.filter(has_text=re.compile(r"Epoch\s*[\d.]+ / 1000"))).to_be_visible()
    expect(figures.filter(has_text=re.compile(r"Images/s\s*[\d,]+"))).to_be_visible()


def finished(visitor: Visitor) -> None:
    shows_state(visitor, "finished")
    visitor.sees("Test results")


@pytest.fixture(autouse=True)
def free_slot(server: Server, wait_until: Callable[..., None]) -> Iterator[None]:
    """Stop what a test has started, so that the next one finds the machine's only slot free."""
    yield
    for folder in folders(server):
        (folder / "stop").touch()
    wait_until(lambda: not server.trainings(), what="the end of all runs")


def test_a_run_survives_a_page_reload_and_a_killed_server(
    visitor: Callable[..., Visitor], mortal_server: Server, wait_until: Callable[..., None]
) -> None:
    server = mortal_server
    me = visitor(at=server).open("train", **settings(**LONG))
    me.press("Start training")
    run = run_id(me)
    shows_progress(me)
    me.page.reload()
    shows_progress(me)

    [training] = server.trainings()
    me.may_complain = True  # "connection refused", several times
    server.kill()
    step = status(server, run)["step"]
    assert training.is_running()
    assert not server.healthy()
    wait_until(lambda: status(server, run)["step"] > step + 20, what="progress without a server")
    server.start()
    me.page.goto(me.page.url)
    shows_progress(me)
    assert [t.pid for t in server.trainings()] == [training.pid]
    me.press("Stop")
    shows_state(me, "stopped")
    assert run_id(me) == run
    assert [f.name for f in folders(server)] == [run]


def test_a_double_click_starts_one_run_that_other_visitors_stop(
    visitor: Callable[..., Visitor], server: Server, wait_until: Callable[..., None]
) -> None:
    before = folders(server)
    me = visitor().open("train", **settings(**LONG))
    me.page.get_by_role("button", name="Start training").dblclick()
    run = run_id(me)
    shows_progress(me)
    me.settle()
    [folder] = set(folders(server)) - set(before)
    assert folder.name == run

    other = visitor("ja-JP").open("train", run=run)
    shows_state(other, get_translator("ja")("running"))
    other.press(get_translator("ja")("Stop"))
    shows_state(other, get_translator("ja")("stopped"))
    shows_state(me, "stopped")
    wait_until(lambda: not server.trainings(), what="the end of the stopped training")
    stopped = status(server, run)
    assert stopped["state"] == "stopped"
    me.press("Resume")
    shows_progress(me)
    assert status(server, run)["step"] > stopped["step"]
    assert len(folders(server)) == len(before) + 1


def test_a_queued_run_names_its_place_and_finishes_after_the_one_ahead(
    visitor: Callable[..., Visitor], server: Server
) -> None:
    me, other = (visitor().open("train", **settings(epochs=epochs)) for epochs in ("1000", "1"))
    me.press("Start training")
    first = run_id(me)
    shows_progress(me)
    other.press("Start training")
    assert run_id(other) != first
    other.sees("Queued (1 ahead)")
    shows_state(other, "queued")
    me.press("Stop")
    shows_state(me, "stopped")
    finished(other)


def test_a_cell_of_the_confusion_matrix_opens_its_images(
    visitor: Callable[..., Visitor], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANABI_RUNS", str(server.runs))
    run = factories.finished()
    me = visitor().open("train", run=run.id)
    finished(me)
    cells = me.page.get_by_role("figure", name="Confusion matrix").locator(".bars .point")
    expect(cells).to_have_count(100)
    for true, predicted in ((3, 4), (7, 7)):
        cells.nth(10 * true + predicted).scroll_into_view_if_needed()
        box = cells.nth(10 * true + predicted).bounding_box()
        me.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        me.sees(f"True {true}, predicted {predicted}")


ONLY_LIVE_CHART = """gray => {
    const charts = [...document.querySelectorAll(".manabi-live[aria-label=Loss]")];
    return charts.length === 1 && charts[0].data?.some(trace => trace.line?.color !== gray);
}"""  # the gray reference curves are gone


def test_a_live_chart_is_updated_in_place(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("train", **settings(epochs="1000"))
    me.press("Start training")
    chart = me.page.get_by_role("figure", name="Loss")
    me.page.wait_for_function(ONLY_LIVE_CHART, arg=palette.NEUTRAL)
    chart.evaluate("e => e.mark = 'mine'")
    reached = chart.evaluate("e => e.layout.xaxis.range[1]")
    me.page.wait_for_function(
        "x => document.querySelector('.manabi-live[aria-label=Loss]').layout.xaxis.range[1] > x", arg=reached
    )
    assert chart.evaluate("e => e.mark") == "mine"
    me.press("Stop")
    shows_state(me, "stopped")
