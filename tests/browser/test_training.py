"""Trainings that outlive their page, their server and their browser."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.i18n import get_translator
from tests import factories
from tests.browser.conftest import Server, Visitor

LONG = {
    "epochs": "1000",
    "batch_size": "64",
}  # about half a minute on two idle cores, most of it the saving after every epoch


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


def finished(visitor: Visitor) -> None:
    visitor.sees("Test results", seconds=400)
    visitor.sees("finished")


@pytest.fixture(autouse=True)
def nothing_goes_on(server: Server, wait_until: Callable[..., None]):
    """Every test leaves the machine's one slot free."""
    yield
    for folder in folders(server):
        (folder / "stop").touch()
    wait_until(lambda: not server.trainings(), 60, "the end of all trainings")


@pytest.mark.timeout(600)
def test_a_run_goes_on_when_the_page_is_reloaded_and_the_server_killed(
    visitor: Callable[..., Visitor], mortal_server: Server, wait_until: Callable[..., None]
) -> None:
    server = mortal_server
    me = visitor(at=server).open("train", **settings(**LONG))
    me.press("Start training")
    run = run_id(me)
    bar = me.page.get_by_test_id("stProgress")
    expect(bar.get_by_text(re.compile(r"Epoch \d"))).to_be_visible(timeout=60_000)
    me.page.reload()
    me.sees(run)
    expect(bar.get_by_text(re.compile(r"Epoch \d"))).to_be_visible()

    [training] = server.trainings()
    me.may_complain = True
    server.kill()
    step = status(server, run)["step"]
    assert training.is_running()
    assert not server.healthy()
    wait_until(lambda: status(server, run)["step"] > step + 20, 60, "progress without a server")
    server.start()
    me.page.goto(me.page.url)
    me.sees(run)
    expect(bar.get_by_text(re.compile(r"Epoch \d"))).to_be_visible()
    assert [t.pid for t in server.trainings()] == [training.pid]
    finished(me)
    assert run_id(me) == run
    assert [f.name for f in folders(server)] == [run]


@pytest.mark.timeout(600)
def test_a_double_click_starts_one_run_and_others_watch_stop_and_resume_it(
    visitor: Callable[..., Visitor], server: Server, wait_until: Callable[..., None]
) -> None:
    before = folders(server)
    me = visitor().open("train", **settings(**LONG))
    me.page.get_by_role("button", name="Start training").dblclick()
    run = run_id(me)
    me.sees("examples/s", seconds=60)
    me.settle()
    [folder] = set(folders(server)) - set(before)
    assert folder.name == run

    other = visitor("ja-JP").open("train", run=run)
    other.sees(run)
    other.press(get_translator("ja")("Stop"))
    other.sees(get_translator("ja")("stopped"), seconds=60)
    me.sees("stopped", seconds=60)
    wait_until(lambda: not server.trainings(), 60, "the end of the stopped training")
    step = status(server, run)["step"]
    assert status(server, run)["state"] == "stopped"
    me.press("Resume")
    finished(me)
    assert status(server, run)["step"] > step
    assert len(folders(server)) == len(before) + 1


def test_a_second_run_waits_with_its_place_and_can_be_stopped_there(
    visitor: Callable[..., Visitor], server: Server
) -> None:
    me, other = (
        visitor().open("train", **settings(epochs="1000")),
        visitor().open("train", **settings(epochs="1")),
    )
    me.press("Start training")
    first = run_id(me)
    me.sees("examples/s", seconds=60)
    other.press("Start training")
    assert run_id(other) != first
    other.sees("Waiting for its turn: 1 before it")
    for one in (other, me):
        one.press("Stop")
        one.sees("stopped", seconds=60)


def test_a_cell_of_the_confusion_matrix_opens_its_pictures(
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


def test_the_chart_of_a_growing_run_stays_the_same_one(visitor: Callable[..., Visitor]) -> None:
    me = visitor().open("train", **settings(epochs="1000"))
    me.press("Start training")
    chart = me.page.get_by_role("figure", name="Loss")
    chart.locator(".main-svg").first.wait_for(timeout=60_000)
    chart.evaluate("e => e.mark = 'mine'")
    reached = chart.evaluate("e => e.layout.xaxis.range[1]")
    me.page.wait_for_function(
        "x => document.querySelector('.manabi-live').layout.xaxis.range[1] > x", arg=reached, timeout=60_000
    )
    assert chart.evaluate("e => e.mark") == "mine"
    me.press("Stop")
    me.sees("stopped", seconds=60)
