"""What all pages share: languages, the menu, the boundary for errors; and the glossary."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from core import glossary
from core.analysis import ablations
from core.files import write_json
from core.i18n import get_translator
from core.runs import store
from tests import factories
from ui.kit import frame, page_language, terms, url
from ui.kit import i18n as page_i18n


def test_the_language_is_switched_for_this_visitor_only(visit: Callable) -> None:
    page, other = visit("home", "ja"), visit("home", "ja")
    assert page.says("Learn deep learning by doing")
    page.set("language-switch", "en")
    page.language = "en"
    assert page.says("Learn deep learning by doing")
    for name in ("train", "draw", "glossary", "home"):
        page.go(name)
        assert page.says("Home")
    page.set("language-switch", "ja")
    page.language = "ja"
    assert page.says("Learn deep learning by doing")
    other.run()
    assert other.says("Learn deep learning by doing")


@pytest.mark.parametrize(
    ("locale", "wanted"),
    [("ja", "ja"), ("ja-JP", "ja"), ("en-GB", "en"), ("de-DE", "en"), ("zh-Hans-CN", "en")],
)
def test_the_browsers_language_decides_first(visit: Callable, locale: str, wanted: str) -> None:
    page = visit("home")
    page.at.context = {"locale": locale}
    page.language = wanted
    assert page.run().says("Learn deep learning by doing")


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What pages told the browser: the language, and whether to remember it."""
    calls: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        page_i18n, "apply_language", lambda language, *, remember: calls.append((language, bool(remember)))
    )
    return calls


def test_a_choice_of_language_is_kept_by_the_browser(visit: Callable, applied: list) -> None:
    page = visit("home", "ja")
    assert applied[-1] == ("ja", False)
    page.set("language-switch", "en")
    assert applied[-1] == ("en", True)
    page.go("glossary")
    assert applied[-1] == ("en", True)


def test_an_earlier_choice_and_a_link_come_before_the_browsers_language(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("home", lang="ja")
    page.language = "ja"
    assert page.says("Learn deep learning by doing")
    assert page.go("glossary").says("Key terms, in English and Japanese.")
    cookies = property(lambda self: {page_language.COOKIE: "ja"})
    monkeypatch.setattr(type(st.context), "cookies", cookies)
    page = visit("home")
    page.language = "ja"
    assert page.says("Learn deep learning by doing")
    page = visit("home", lang="en")
    assert page.says("Learn deep learning by doing")
    page = visit("home", lang="<b>")
    page.language = "ja"
    assert page.says("Learn deep learning by doing")


def test_the_menu_finds_the_running_one_behind_all_that_wait(visit: Callable) -> None:
    running = factories.running()
    for _ in range(45):
        factories.status(store.create_run(running.task, running.recipe), "queued")
    link = visit("glossary").at.sidebar.get("page_link")[0]  # above the menu
    assert running.id in link.proto.query_string
    assert link.label == r"50% · MNIST\: softmax regression"


def test_the_menu_follows_a_run_by_itself_and_only_while_there_is_one(
    visit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    intervals, fragment = [], st.fragment

    def record(function: Callable, *, run_every: float | None = None, **more: object) -> Callable:
        intervals.append(run_every)
        return fragment(function, run_every=run_every, **more)

    monkeypatch.setattr(frame.st, "fragment", record)
    run = factories.running()
    visit("glossary")
    factories.status(run, "stopped")
    st.cache_data.clear()
    assert not visit("glossary").at.sidebar.get("page_link")[0].proto.query_string
    assert intervals[0] and intervals[1:] == [None]


def entries(page) -> str:  # noqa: ANN001
    """The HTML of the glossary."""
    return "".join(element.proto.body for element in page.at.get("html"))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", sorted(terms.PAGE_TERMS))
def test_the_first_use_of_a_term_shows_and_links_its_definition(
    monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    monkeypatch.setattr(terms, "language", lambda: language)
    about = get_translator(language)(frame.PAGES[name].about)
    linked = terms.link_terms(about, *terms.PAGE_TERMS[name])
    for term_id in terms.PAGE_TERMS[name]:
        definition = glossary.get_term(term_id).text(language).replace('"', '\\"')
        assert f'](/glossary?term={term_id} "{definition}")' in linked
    assert linked.count("](") == len(terms.PAGE_TERMS[name])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_only_whole_words_are_linked(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setattr(terms, "language", lambda: language)
    assert terms.link_terms("CycleGAN", "gan") == "CycleGAN" and terms.link_terms("GAN2", "gan") == "GAN2"
    assert terms.link_terms("GANを使う" if language == "ja" else "a GAN.", "gan").count("](") == 1


def test_the_frame_links_the_terms_of_its_first_sentence(visit: Callable) -> None:
    page = visit("browse", "ja")
    assert any('[キーポイント](/glossary?term=keypoint "' in m.value for m in page.at.markdown)
    assert page.says(frame.PAGES["browse"].about)


def test_links_stand_below_the_base_path(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    option = st.get_option
    monkeypatch.setattr(st, "get_option", lambda n: "/lab/" if n == "server.baseUrlPath" else option(n))
    assert url.page_href("train", run="1", task="a b") == "/lab/train?run=1&task=a+b"
    assert url.page_href() == "/lab/"
    page = visit("glossary").set("q", "dropout")
    assert 'href="/lab/glossary?term=overfitting"' in entries(page)
    page.go("train", task="mnist-softmax", recipe="full")
    assert "(/lab/glossary#epoch)" in page.at.number_input("mnist-softmax.epochs").help
    run = factories.finished("mnist-softmax")
    write_json(run.path / "config.json", {**run.config, "sweep": "s1", "sweep_fields": ["learning_rate"]})
    page.go("train", sweep="s1")
    assert list(page.at.dataframe[0].value["run"]) == [f"/lab/train?run={run.id}"]


@pytest.mark.parametrize("base", ["", "lab"])
def test_an_unknown_address_is_said(visit: Callable, monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    option = st.get_option
    monkeypatch.setattr(st, "get_option", lambda n: base if n == "server.baseUrlPath" else option(n))
    root = f"http://localhost:8501/{base}".rstrip("/")
    page = visit("home")
    for known in (root, f"{root}/"):
        page.at.context = {"locale": "en-US", "url": known}
        assert not page.run().warnings
    page.at.context = {"locale": "en-US", "url": f"{root}/trian"}
    assert page.run().warnings == ["Page “trian” not found. This is the home page."]
    page.at.context = {"locale": "en-US", "url": f"{root}/trian"}
    assert not page.go("glossary").warnings
    page = visit("home")
    page.at.context = {"locale": "en-US", "url": f"{root}/proxy/8501"}
    assert not page.run().warnings


def test_the_menu_leads_to_every_page_in_groups(visit: Callable) -> None:
    page = visit("glossary", "ja")
    shown = [link.label for link in page.at.sidebar.get("page_link")]
    assert sorted(shown) == sorted(page.word(entry.title) for entry in frame.PAGES.values())
    headings = [caption.value for caption in page.at.sidebar.caption]
    assert headings == ["基礎", "画像認識", "生成モデル", "実験室", "資料"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_breaks_in_a_page_is_a_sentence_with_an_id(
    visit: Callable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken_inside: None,
    language: str,
) -> None:
    def burst(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(glossary, "search_terms", burst)
    page = visit("glossary", language, q="loss")
    [error] = page.errors
    number = re.search(r"\b[0-9a-f]{6}\b", error).group()
    assert "secret" not in page.text
    assert "Traceback" not in page.text
    [record] = [r for r in caplog.records if r.name == "manabi.pages"]
    assert number in record.getMessage()
    assert "secret" in caplog.text


def test_what_breaks_in_a_live_panel_leaves_the_rest(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, broken_inside: None
) -> None:
    run = factories.finished()
    monkeypatch.setattr("ui.runs.probes.probe_strip", lambda run: 1 / 0)
    page = visit("train", run=run.id)
    assert len(page.errors) == 1
    assert page.says("Test results")


def test_what_breaks_in_a_button_is_a_sentence_too(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, broken_inside: None
) -> None:
    monkeypatch.setattr("core.runs.queue.start_run", lambda *_: 1 / 0)
    page = visit("train")
    page.press("Start training")
    assert len(page.errors) == 1
    assert page.says("Your run will appear here")


def test_what_breaks_beside_the_page_leaves_the_page(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, broken_inside: None
) -> None:
    monkeypatch.setattr("ui.kit.frame._show_active_runs", lambda: 1 / 0)
    page = visit("glossary")
    assert page.says("Key terms, in English and Japanese.")
    assert len(page.errors) == 1


@pytest.mark.parametrize(
    ("language", "word", "term"),
    [
        ("en", "epoch", "epoch"),
        ("ja", "学習率", "学習率"),
        ("ja", "dropout", "ドロップアウト"),
        ("en", "正解率", "accuracy"),
    ],
)
def test_the_glossary_finds_words_of_both_languages(
    visit: Callable, language: str, word: str, term: str
) -> None:
    page = visit("glossary", language).set("q", word)
    assert f">{term}</a><small" in entries(page)
    assert entries(page).count("<section") < len(glossary.search_terms("", "en"))


@pytest.mark.parametrize("word", ["qqqq", "<b>x</b>", "[", "(" * 500, "**", "$x$"])
def test_the_glossary_without_a_hit(visit: Callable, word: str) -> None:
    page = visit("glossary").set("q", word)
    assert not page.errors
    assert page.at.info or "<section" in entries(page)


def test_the_glossary_by_its_link(visit: Callable) -> None:
    assert re.findall(r'<section [^>]*id="([^"]+)"', entries(visit("glossary", q="softmax")))[0] == "softmax"


@pytest.mark.parametrize(("language", "initials"), [("en", "AB"), ("ja", "あか")])
def test_the_glossary_is_grouped_illustrated_and_has_an_index(
    visit: Callable, language: str, initials: str
) -> None:
    page = visit("glossary", language)
    links, index, *groups = [element.proto.body for element in page.at.get("html")]
    assert links.count("<a ") == len(glossary.list_groups())
    assert len(groups) == len(glossary.list_groups())
    assert all(f"<dt>{initial}</dt>" in index for initial in initials)
    assert index.count("<a ") == len(glossary.list_terms())
    shown = "".join(groups)
    assert shown.count("<section") == len(glossary.list_terms())
    illustrated = [term for term in glossary.list_terms() if term.image_en]
    assert shown.count('<figure class="manabi-ablation">') == len(ablations.results_by_term()) >= 3
    shown = re.sub(r'<figure class="manabi-ablation">.*?</figure>', "", shown, flags=re.S)
    assert shown.count("<img") == len(illustrated) >= 20
    assert all(f'alt="{html.escape(term.image(language))}"' in shown for term in illustrated)
    assert "/glossary?term=stride" in shown


def test_a_second_click_before_the_page_is_complete_starts_nothing(visit: Callable, launched: list) -> None:
    """On a busy machine it may come long after the first."""
    page = visit("train", recipe="quick")
    page.press("Start training")
    assert len(launched) == 1
    page.at.session_state["_rendering_after_start"] = time.monotonic()
    page.at.session_state["_started"] = 0.0
    page.press("Start training")
    assert len(launched) == 1
    page.at.session_state["_started"] = 0.0
    page.press("Start training")
    assert len(launched) == 2


def test_a_download_that_fails_is_cancelled() -> None:
    def script() -> None:
        from ui.components.file_download import file_download_button

        def generate() -> str:
            raise RuntimeError("no text")

        file_download_button("Save", generate, "a.txt", key="save")

    page = AppTest.from_function(script, default_timeout=60).run()
    assert page.button("save").click().run().exception
    assert not page.run().exception


def test_a_rerun_leaves_the_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the visitor changed in it meanwhile would be undone: Streamlit sends it whole, as the run found it."""

    def show() -> None:
        import streamlit as st

        from ui.kit import url

        url.choose_one(st.selectbox, "View", ["maps", "shift"], key="view", default="maps")
        url.choose_many("Models", ["a", "b", "c"], key="models", default=["a"])
        url.choose_tab({"one": "One", "two": "Two"}, key="tab", default="one")
        url.text_field("Filter", key="filter")
        url.toggle("Ranked", key="ranked")

    sent = []
    at = AppTest.from_function(show)
    shared = {"view": "shift", "models": "a,b", "tab": "two", "filter": "dog", "ranked": "true"}
    for name, value in shared.items():
        at.query_params[name] = value
    at.run()
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda params: sent.append(params.to_dict()))
    at.run()
    assert not sent and not at.exception
    at.selectbox(key="view").set_value("maps").run()
    assert len(sent) == 1 and sent[0] == {k: v for k, v in shared.items() if k != "view"}
