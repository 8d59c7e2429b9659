"""Pages without a browser: `visit("train", "ja", run=...)` opens one in a new session and returns its content."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import i18n
from core.analysis import runtime_estimate
from core.i18n import get_translator
from core.runs import queue
from core.runs.store import Run
from tests import factories
from ui.kit import preload

PROJECT = Path(__file__).resolve().parents[2]
LOCALES = {"ja": "ja-JP", "en": "en-US"}
_WORDS = (
    "title",
    "header",
    "subheader",
    "markdown",
    "caption",
    "info",
    "warning",
    "error",
    "success",
    "toast",
    "metric",
    "code",
    "page_link",
)
_LABELS = ("button", "download_button", "expander", "tab", "metric")
_INPUTS = (
    "toggle",
    "number_input",
    "selectbox",
    "slider",
    "select_slider",
    "text_input",
    "button_group",
    "file_uploader",
)


class Page:
    """One visitor. What is not here is AppTest's own: `page.at`."""

    def __init__(self, name: str, language: str, parameters: dict[str, str]) -> None:
        self.at, self.language = AppTest.from_file(PROJECT / "streamlit_app.py", default_timeout=60), language
        self.at.context = {"locale": LOCALES[language]}
        self.go(name, **parameters)

    def go(self, name: str, **parameters: str) -> Page:
        """Open another page in the same session."""
        self.at.switch_page("streamlit_app.py" if name == "home" else f"pages/{name}.py")
        self.at.query_params.clear()
        self.at.query_params.update(parameters)
        return self.run()

    def run(self) -> Page:
        """Run the page; nothing may come through its boundary."""
        _visitor["language"] = self.language
        self.at.run()
        assert not self.at.exception, [e.message for e in self.at.exception]
        return self

    @property
    def text(self) -> str:
        """The visible text, as far as AppTest knows it."""
        words = [getattr(e, "value", "") for kind in _WORDS for e in self.at.get(kind)]
        words += [getattr(e, "label", "") for kind in _LABELS for e in self.at.get(kind)]
        words += [e.proto.text for e in self.at.get("progress")]
        text = "\n".join(map(str, words))
        return re.sub(
            r'\[([^\]]+)\]\(\S+ "(?:[^"\\]|\\.)*"\)', r"\1", text
        )  # terms of the glossary read as text

    def says(self, sentence: str | tuple[str, str], **values: object) -> bool:
        """Return whether the page shows `sentence`, a message id or a singular and a plural form (the plural is looked
        for), in its language. Placeholders not in `values` match any text.
        """
        translate = get_translator(self.language)
        around = (
            re.split(
                r"\{\w+\}", translate(*sentence, 2) if isinstance(sentence, tuple) else translate(sentence)
            )
            if not values
            else [self.word(sentence, **values)]
        )
        text = self.text
        return all(part in text for part in around)

    def word(self, sentence: str | tuple[str, str], **values: object) -> str:
        """Return `sentence` in the page's language, its placeholders filled."""
        translate = get_translator(self.language)
        text = translate(*sentence, 2) if isinstance(sentence, tuple) else translate(sentence)
        return text.format(**values)

    @property
    def errors(self) -> list[str]:
        return [e.value for e in self.at.error]

    @property
    def warnings(self) -> list[str]:
        return [e.value for e in self.at.warning]

    @property
    def metrics(self) -> dict[str, str]:
        return {m.label: m.value for m in self.at.metric}

    def components(self, name: str) -> dict[str, dict]:
        """Return the data of the custom components of module `name`, by the key of each."""
        mounted = [
            e.proto for e in self.at.get("bidi_component") if e.proto.component_name == f"manabi_{name}"
        ]
        return {proto.id.split("-", 2)[2]: json.loads(proto.json) for proto in mounted}

    @property
    def digits(self) -> list[str]:
        """The digits that the models predict, side by side."""
        shown = self.components("digit_readout")
        return [data["digit"] for key, data in shown.items() if key != "prediction-line"]

    def press(self, label: str) -> Page:
        """Press the button that says `label`, a message id."""
        [button] = [b for b in self.at.button if b.label == self.word(label)]
        button.click()
        return self.run()

    def set(self, key: str, value: object) -> Page:
        """Give the widget called `key` a value."""
        [widget] = [w for kind in _INPUTS for w in self.at.get(kind) if w.key == key]
        widget.set_value(value)
        return self.run()


_visitor = {"language": "en"}


@pytest.fixture(autouse=True)
def labels_outside_of_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest formats the options of a widget once more after the session has ended: then without its locale."""
    supported = i18n.match_language
    monkeypatch.setattr(i18n, "match_language", lambda tag: supported(tag or LOCALES[_visitor["language"]]))


@pytest.fixture
def visit() -> Callable[..., Page]:
    """`visit("train", "ja", run="...")`: the page as a first visitor sees it."""

    def open_page(name: str, language: str = "en", **parameters: str) -> Page:
        return Page(name, language, parameters)

    return open_page


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """`st.cache_data` and `st.cache_resource` are shared between all AppTests of a process."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def no_error_behind_a_sentence(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """The boundary turns every exception into a sentence, so what it logs fails the test, unless that asks for `broken_inside`."""
    yield
    if "broken_inside" in request.fixturenames:
        return
    hidden = [
        r
        for phase in ("setup", "call")
        for r in caplog.get_records(phase)
        if r.name.startswith("manabi") and r.exc_info
    ]
    if hidden:
        pytest.fail("\n".join(logging.Formatter().format(r) for r in hidden), pytrace=False)


@pytest.fixture
def broken_inside() -> None:
    """For tests in which something breaks on purpose."""


@pytest.fixture(autouse=True)
def warmed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import torch on demand, without the preloading thread; pages decode the data that they need."""
    monkeypatch.setenv("MANABI_PREDECODE", "0")
    monkeypatch.setattr(preload, "_import_thread", threading.Thread)


@pytest.fixture(autouse=True)
def known_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step takes 4 ms, without measuring."""
    monkeypatch.setattr(runtime_estimate, "_measure_step_seconds", lambda *_: 0.004)


@pytest.fixture(autouse=True)
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs whose process would have been started; none is."""
    found: list[Run] = []

    def launch(run: Run) -> None:
        factories.status(run, "queued", step=0)
        found.append(run)

    monkeypatch.setattr(queue, "_launch_process", launch)
    return found
