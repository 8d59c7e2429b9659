"""The frame of every page, its first line: `with page("train"):`. Menu, language, messages, and a boundary for errors."""

from __future__ import annotations

import functools
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.messages import Message, N_, UserError
from core.runs import store
from ui.kit import preload
from ui.kit.i18n import _, language_switch, translate_message

logger = logging.getLogger("manabi.pages")
_FLASH = "_flash"
_DEBOUNCE_SECONDS = 3.0  # seconds in which a second press means the first
_ICON = str(Path(__file__).with_name("icon.png"))


@dataclass(frozen=True)
class PageEntry:
    """A page of the menu."""

    path: str
    title: str
    icon: str
    about: str


PAGES: dict[str, PageEntry] = {
    "home": PageEntry("streamlit_app.py", N_("Home"), ":material/home:", ""),
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
    "browse": PageEntry(
        "pages/browse.py",
        N_("Browse COCO"),
        ":material/photo_library:",
        N_("Explore masks and keypoints in COCO or in your own annotations: filter, zoom in, count."),
    ),
    "translate": PageEntry(
        "pages/translate.py",
        N_("Apples to oranges"),
        ":material/swap_horiz:",
        N_(
            "Turn apples into oranges and back with CycleGAN. See what changed, and how the model learned it."
        ),
    ),
    "glossary": PageEntry(
        "pages/glossary.py", N_("Glossary"), ":material/menu_book:", N_("Key terms, in English and Japanese.")
    ),
}


@contextmanager
def page(name: str, wide: bool = True) -> Iterator[None]:
    """Set up page `name`, draw the menu and the title, and answer errors of the body with one sentence."""
    entry = PAGES[name]
    title = "Manabi Lab" if name == "home" else f"{_(entry.title)} · Manabi Lab"
    st.set_page_config(page_title=title, page_icon=_ICON, layout="wide" if wide else "centered")
    preload.start_import()
    with st.sidebar:
        st.markdown("### :primary[学び] Manabi Lab")
        for item in PAGES.values():
            st.page_link(item.path, label=_(item.title), icon=item.icon)
        with boundary():
            _show_active_runs()
        language_switch()
    with (
        st.empty().container()
    ):  # there with and without messages: what moves down, such as a canvas, would begin anew
        for level, message in st.session_state.pop(_FLASH, []):
            st.toast(translate_message(message), icon=":material/check:") if level == "success" else getattr(
                st, level
            )(translate_message(message))
    with boundary():
        if name != "home":
            st.title(_(entry.title))
            st.markdown(_(entry.about))
        yield


def flash(message: Message, level: str = "error") -> None:
    """Say `message` at the top of the next rerun; for callbacks, which have no place of their own on the page."""
    st.session_state.setdefault(_FLASH, []).append((level, message))


@contextmanager
def boundary() -> Iterator[None]:
    """A `UserError` becomes its sentence; anything else one sentence with the id under which the log has the traceback."""
    try:
        yield
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
    except Exception:
        st.error(translate_message(_log_exception()), icon=":material/error:")


def _log_exception() -> Message:
    """The sentence for an exception that nobody foresaw; the log gets the rest."""
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
    """`boundary` around a fragment, whose later runs happen outside the page's own."""

    @functools.wraps(function)
    def inside(*args, **kwargs) -> None:  # noqa: ANN002, ANN003
        with boundary():
            function(*args, **kwargs)

    return inside


def try_action(function: Callable[..., object], *args: object) -> object | None:
    """Call `function` from a callback; what goes wrong is said at the top of the page, as by `boundary`."""
    try:
        return function(*args)
    except UserError as error:
        flash(error.message)
    except Exception:
        flash(_log_exception())
    return None


def debounced(function: Callable[..., object], *args: object) -> object | None:
    """`attempt` for a `function` that starts a training and returns its name: a double click starts one. The second click waits until
    the first has been answered, so the time counts from there."""
    if time.monotonic() - st.session_state.get("_started", -_DEBOUNCE_SECONDS) < _DEBOUNCE_SECONDS:
        return None
    found = try_action(function, *args)
    if found is not None:
        st.session_state["_started"] = time.monotonic()
    return found


def _show_active_runs() -> None:
    """What runs on this machine now, with the way to it."""
    for run in store.list_runs()[:40]:
        status = run.status()
        if status.state == "running":
            share = (
                f"{100 * status.step / status.total_steps:.0f} % · " if status.total_steps else ""
            )  # first: the menu is narrow
            st.page_link(
                PAGES["train"].path,
                label=f"{share}{_(run.title)}",
                icon=":material/play_circle:",
                query_params={"run": run.id},
                help=_(N_("This run is in progress.")),
            )
