"""A run may have any name: no page renders it as Markdown, which could load an image from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.files import read_json, write_json
from core.runs.store import Run
from tests import factories
from tests.app.test_draw import photo
from ui.kit.i18n import escape_markdown

NAME = "![](https://host.example/x.png)"
_LITERAL = {
    "selectbox",
    "multiselect",
    "dataframe",
    "plotly_chart",
    "text_input",
    "code",
    "text",
}  # these show a text as it is
_LITERAL_COMPONENTS = {"manabi_labeled_scatter", "manabi_layer_strip"}  # likewise


def named(task: str, **changes: object) -> Run:
    return factories.finished(task, name=NAME, **changes)


def is_safe(page: object) -> bool:
    """The name is shown as text and never as an image."""
    texts = [
        str(node.proto)
        for node in page.at._tree
        if getattr(node, "proto", None) is not None
        and node.type not in _LITERAL
        and getattr(node.proto, "component_name", "") not in _LITERAL_COMPONENTS
    ]
    assert [text for text in texts if NAME in text] == []
    return any(escape_markdown(NAME).replace("\\", "\\\\") in text for text in texts)


def test_home(visit: Callable) -> None:
    named("mnist-softmax")
    assert is_safe(visit("home"))


def test_train(visit: Callable) -> None:
    run = named("mnist-softmax")
    assert is_safe(visit("train", task="mnist-softmax")) and is_safe(visit("train", run=run.id))


def test_runs(visit: Callable) -> None:
    one, other = named("mnist-softmax", learning_rate=0.01), named("mnist-softmax")
    (other.path / "metrics.csv").unlink()  # nothing to draw of it: it is named below the chart
    page = visit("runs", ids=f"{one.id},{other.id}")
    assert is_safe(page) and page.says(
        "Permanently delete **{run}** and its weights?", run=escape_markdown(NAME)
    )
    assert any(escape_markdown(NAME) in info.value for info in page.at.info)
    names = [escape_markdown(f"{NAME} ({run.id})") for run in (one, other)]
    assert list(page.at.table[0].value.columns) == names  # a table renders Markdown


def test_draw(visit: Callable) -> None:
    page = visit("draw", source="photo", network=named("mnist-softmax").id)
    assert is_safe(page.set("photo", ("digit.png", photo(), "image/png")))


@pytest.mark.parametrize("view", ["figures", "photo", "curves", "classes", "closely"])
def test_compare(visit: Callable, view: str, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path / "none"))
    one, two, three = (named(task) for task in ("cifar10-mlp", "cifar10-cnn", "cifar10-resnet"))
    write_json(
        one.path / "config.json", {**one.config, "data": {**one.config["data"], "title": "other images"}}
    )
    (two.path / "predictions.safetensors").unlink()
    (three.path / "metrics.csv").unlink()
    for a, b in ((two, three), (one, three)):  # who can be compared, and who cannot
        page = visit("compare", nets=",".join(r.id for r in (one, two, three)), view=view, a=a.id, b=b.id)
        assert is_safe(page)
    assert read_json(one.path / "note.json")["name"] == NAME
