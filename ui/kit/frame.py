"""The frame of every page, its first line: `with page("train"):`. Menu, language, messages and error boundary."""

from __future__ import annotations

import functools
import logging
import math
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.messages import Message, N_, UserError
from ui.kit import cache, preload, url
from ui.kit.i18n import _, escape_markdown, language_switch, translate_message
from ui.kit.terms import PAGE_TERMS, link_terms

logger = logging.getLogger("manabi.pages")
_FLASH = "_flash"
_MENU_REFRESH_SECONDS = 5.0
_DEBOUNCE_SECONDS = 3.0  # a second press within this time means the first
_RENDERING = "_rendering_after_start"
_MAX_RENDER_SECONDS = 30.0  # after which a page that was never completed no longer blocks a start
_ICON = str(Path(__file__).with_name("icon.png"))
_LOGO = str(Path(__file__).with_name("logo.svg"))


@dataclass(frozen=True)
class PageEntry:
    """A page of the menu."""

    path: str
    title: str
    icon: str
    about: str


PAGES: dict[str, PageEntry] = {
    "home": PageEntry("streamlit_app.py", N_("Home"), ":material/home:", ""),
    "learning_path": PageEntry(
        "pages/learning_path.py",
        N_("Learning path"),
        ":material/route:",
        N_("Go through deep learning stop by stop, and try each one where it is shown."),
    ),
    "gradient_descent": PageEntry(
        "pages/gradient_descent.py",
        N_("Gradient descent"),
        ":material/trending_down:",
        N_("Fit a line to points: by hand, by least squares, or step by step down the loss surface."),
    ),
    "train": PageEntry(
        "pages/train.py",
        N_("Train"),
        ":material/model_training:",
        N_("Train a model and watch its loss and accuracy live."),
    ),
    "runs": PageEntry(
        "pages/runs.py",
        N_("Runs"),
        ":material/stacked_line_chart:",
        N_("Compare runs: overlay their learning curves and see which settings differ."),
    ),
    "compare": PageEntry(
        "pages/compare.py",
        N_("Compare CNNs"),
        ":material/balance:",
        N_("Compare CIFAR-10 models: accuracy, compute cost and Grad-CAM heatmaps."),
    ),
    "architecture": PageEntry(
        "pages/architecture.py",
        N_("Architecture"),
        ":material/account_tree:",
        N_(
            "Inspect a model layer by layer: parameters, MACs, receptive field. Change a setting "
            "and see the cost update."
        ),
    ),
    "draw": PageEntry(
        "pages/draw.py",
        N_("Draw a digit"),
        ":material/draw:",
        N_("Draw a digit, see what the model predicts, and find out why."),
    ),
    "photos": PageEntry(
        "pages/photos.py",
        N_("Your photos"),
        ":material/add_photo_alternate:",
        N_("Collect photos, train a classifier on them by transfer learning, and see what it got wrong."),
    ),
    "browse": PageEntry(
        "pages/browse.py",
        N_("Browse COCO"),
        ":material/photo_library:",
        N_(
            "See what object detectors learn from: the photos of COCO with hand-drawn masks and keypoints. "
            "Search them, zoom in, find annotation errors."
        ),
    ),
    "translate": PageEntry(
        "pages/translate.py",
        N_("Apples to oranges"),
        ":material/swap_horiz:",
        N_(
            "Turn apples into oranges and back with CycleGAN. See what changed, and how the model learned it."
        ),
    ),
    "playground": PageEntry(
        "pages/playground.py",
        N_("Playground"),
        ":material/scatter_plot:",
        N_("Train a small network on points of the plane and watch every unit learn."),
    ),
    "house_prices": PageEntry(
        "pages/house_prices.py",
        N_("House prices"),
        ":material/home_work:",
        N_(
            "Predict house prices from a table: train a network, compare it with classical models, see what matters."
        ),
    ),
    "models": PageEntry(
        "pages/models.py",
        N_("Models & data"),
        ":material/inventory_2:",
        N_("See which models and datasets are installed, how good the models are, and where to try them."),
    ),
    "glossary": PageEntry(
        "pages/glossary.py", N_("Glossary"), ":material/menu_book:", N_("Key terms, in English and Japanese.")
    ),
}
MENU: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("home", "learning_path")),
    (N_("Basics"), ("gradient_descent", "playground", "house_prices")),
    (N_("Vision"), ("draw", "photos", "compare", "browse")),
    (N_("Generative models"), ("translate",)),
    (N_("Lab"), ("train", "runs", "architecture")),
    (N_("Reference"), ("models", "glossary")),
)
"""The pages of the menu in groups, each with its heading; the first has none."""


@contextmanager
def page(name: str, wide: bool = True) -> Iterator[None]:
    """Set up page `name` with menu, messages and title; an error of the body becomes one sentence."""
    entry = PAGES[name]
    title = "Manabi Lab" if name == "home" else f"{_(entry.title)} · Manabi Lab"
    st.set_page_config(page_title=title, page_icon=_ICON, layout="wide" if wide else "centered")
    preload.start_import()
    st.logo(_LOGO, size="large")
    with st.sidebar:
        language_switch()
        # A container of its own, so that the menu keeps its place when a run starts or ends.
        with st.container(), boundary():
            _show_active_runs()
        _show_menu()
    # The container is there without messages too: an element that moves down, such as a canvas, would start anew.
    with st.empty().container():
        if name == "home":
            _warn_unknown_page()
        show_messages()
    with boundary():
        if name != "home":
            st.title(_(entry.title))
            st.markdown(link_terms(_(entry.about), *PAGE_TERMS.get(name, ())))
        yield
        # A message for a place that this run did not draw must not turn up much later.
        _take_messages(lambda place: place != "")
    if st.session_state.pop(_RENDERING, None) is not None:
        restart_debounce()


def flash(message: Message, level: str = "error", place: str = "") -> None:
    """Show `message` in the next rerun; for callbacks, which cannot draw.

    `level` is "error", "warning", "info" or "success". The message appears where the page calls `show_messages(place)`; the
    frame does so for the empty place, at the top of the page.
    """
    st.session_state.setdefault(_FLASH, []).append((place, level, message))


def show_messages(place: str = "") -> None:
    """Show, once, the messages flashed for `place`. Successes at the top of the page are toasts."""
    for level, message in _take_messages(lambda p: p == place):
        if level == "success" and not place:
            st.toast(translate_message(message), icon=":material/check:")
        else:
            getattr(st, level)(translate_message(message))


def _take_messages(wanted: Callable[[str], bool]) -> list[tuple[str, Message]]:
    pending = st.session_state.pop(_FLASH, [])
    if kept := [entry for entry in pending if not wanted(entry[0])]:
        st.session_state[_FLASH] = kept
    return [(level, message) for place, level, message in pending if wanted(place)]


def _warn_unknown_page() -> None:
    """Streamlit shows home for every path that is no page."""
    if path := url.unknown_path():
        st.warning(_(N_("Page “{name}” not found. This is the home page."), name=escape_markdown(path[:60])))


@contextmanager
def boundary() -> Iterator[None]:
    """Show a `UserError` as its sentence, any other exception as a sentence with the id of its traceback in the log."""
    try:
        yield
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
    except Exception:
        st.error(translate_message(_log_exception()), icon=":material/error:")


def _log_exception() -> Message:
    """Log the current exception; return the sentence that names its id."""
    number = secrets.token_hex(3)
    logger.exception("error %s", number)
    return Message(
        N_(
            "Something went wrong on this page. Reload it. If the error persists, search the "
            "server log for {number}."
        ),
        {"number": number},
    )


def with_error_boundary(function: Callable[..., object]) -> Callable[..., None]:
    """Wrap a fragment in `boundary`: its later runs happen outside the page's own."""

    @functools.wraps(function)
    def inside(*args, **kwargs) -> None:  # noqa: ANN002, ANN003
        with boundary():
            function(*args, **kwargs)

    return inside


def try_action(function: Callable[..., object], *args: object, place: str = "") -> object | None:
    """Call `function` from a callback and return its result; an error is flashed at `place`, and None returned."""
    try:
        return function(*args)
    except UserError as error:
        flash(error.message, place=place)
    except Exception:
        flash(_log_exception(), place=place)
    return None


def debounced(function: Callable[..., object], *args: object, place: str = "") -> object | None:
    """`try_action` for a `function` that starts a run and returns its name: a double click starts one.

    Streamlit handles the second click when the first has returned, on a busy machine not before the page is drawn again. So a click is
    ignored until the page is complete, and for a moment after that.
    """
    now = time.monotonic()
    if now - st.session_state.get(_RENDERING, -math.inf) < _MAX_RENDER_SECONDS:
        return None
    if now - st.session_state.get("_started", -math.inf) < _DEBOUNCE_SECONDS:
        return None
    result = try_action(function, *args, place=place)
    if result is not None:
        st.session_state[_RENDERING] = time.monotonic()
        restart_debounce()
    return result


def restart_debounce() -> None:
    """Ignore a second click from now on, for a start whose work is done after its callback."""
    st.session_state["_started"] = time.monotonic()


def _show_menu() -> None:
    for heading, names in MENU:
        with st.container(gap="xsmall"):
            if heading:
                st.caption(_(heading))
            for item in (PAGES[name] for name in names):
                st.page_link(item.path, label=_(item.title), icon=item.icon, width="stretch")


def _show_active_runs() -> None:
    """Links to the runs in progress on this machine, refreshed by themselves while there is any run to follow."""
    active = _is_any_active()
    interval = _MENU_REFRESH_SECONDS if active else None
    st.fragment(_running_links, run_every=interval, key="running-runs")(active)


def _is_any_active() -> bool:
    return bool(cache.active_runs()) or cache.has_private_run()


@with_error_boundary
def _running_links(was_active: bool) -> None:
    """Links to the runs in progress, the percentage first because the menu is narrow. The end of the last one reruns the page, which
    ends the refreshing.
    """
    if was_active and not _is_any_active():
        st.rerun()
    for run in cache.running_runs():
        status = run.status()
        percent = f"{status.step / status.total_steps:.0%} · " if status.total_steps else ""
        st.page_link(
            PAGES["train"].path,
            label=f"{percent}{escape_markdown(_(run.title))}",
            icon=":material/play_circle:",
            query_params={"run": run.id},
            help=_(N_("This run is in progress.")),
        )
    if cache.has_private_run():
        st.caption(_(N_("Another run is in progress")))
