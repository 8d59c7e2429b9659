"""Own photos on the Translate page: upload two domains as a zip, train CycleGAN on them, use or delete the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from core import pair_tasks, tasks
from core.analysis import runtime_estimate
from core.data import photo_pairs
from core.data.photo_pairs import PhotoPair
from core.messages import Message, N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from core.training.recipe import Recipe
from core.translation import pair_store
from ui.kit import image_display, url
from ui.kit.frame import debounced, flash, show_messages, try_action, with_error_boundary
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.kit.run_names import run_name
from ui.runs.run_panel import run_link

_PLACE = "own-domains"
_REFRESH_SECONDS = 2.0
_SHOWN_PHOTOS = 6  # of each domain
_PHOTO_SIDE = 96  # pixels


def own_domains_section() -> None:
    """Show the stored pairs with their training, and the upload of a new one."""
    show_messages(_PLACE)
    tasks.refresh_pairs()  # another server process may have added one
    pairs = {p.id: p for p in photo_pairs.list_pairs()}
    if not pairs:
        _upload_form()
        return
    chosen = url.choose_one(
        st.selectbox,
        _(N_("Photo pair")),
        list(pairs),
        key="pair",
        default=next(iter(pairs)),
        format_func=lambda i: pairs[i].title,
    )
    estimate = _show_pair(pairs[chosen])
    with st.expander(_(N_("Upload another pair")), icon=":material/upload_file:", key="another-pair"):
        _upload_form()
    estimate()  # last: timing a few batches takes seconds, and everything else is on the page by then


def _upload_form() -> None:
    with st.container(border=True):
        heading = _(N_("Train on your own photos"))
        st.header(heading)
        st.markdown(
            _(
                N_(
                    "CycleGAN translates between any two kinds of photos that share their layout: horses and "
                    "zebras, summer and winter, photos and paintings. It needs no matching pairs."
                )
            )
        )
        upload = st.file_uploader(
            _(N_("Zip with two folders of photos")),
            type=["zip"],
            key="pair-zip",
            max_upload_size=photo_pairs.MAX_UPLOAD_MB,
        )
        st.caption(
            _(
                N_(
                    "Two folders, one per domain (minimum per folder: {least}; a few hundred give good "
                    "results). CycleGAN's folders trainA, trainB, testA and testB work too. Without test "
                    "folders, every tenth photo is held out. The photos stay on the machine that runs this "
                    "app, where its other users can see them."
                ),
                least=photo_pairs.MIN_PHOTOS,
            )
        )
        left, right = st.columns(2)
        names = tuple(
            column.text_input(
                label, key=f"pair-name-{side}", max_chars=24, placeholder=_(N_("Name of the folder"))
            )
            for column, side, label in (
                (left, "a", _(N_("Name of domain A (optional)"))),
                (right, "b", _(N_("Name of domain B (optional)"))),
            )
        )
        if st.button(
            _(N_("Add photos")),
            type="primary",
            icon=":material/add_photo_alternate:",
            key="pair-add",
            disabled=upload is None,
        ):
            _add(upload.getvalue(), upload.name, names)


def _add(content: bytes, file_name: str, names: tuple[str, str]) -> None:
    bar = st.progress(0.0)
    try:
        _pair, skipped = pair_store.add_pair(
            content, file_name, names, lambda words, share: bar.progress(share, translate_message(words))
        )
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
        return
    finally:
        bar.empty()
    if skipped:
        flash(
            Message.counted(
                "{count} file was skipped because it is not a readable image.",
                "{count} files were skipped because they are not readable images.",
                skipped,
            ),
            "info",
            _PLACE,
        )
    flash(Message(N_("Photos added.")), "success")
    url.forget_choice("pair")  # the newest pair is the default
    st.query_params.pop("pair", None)
    st.rerun()


def _show_pair(pair: PhotoPair) -> Callable[[], None]:
    """Show a pair with its runs; return what fills in the estimated time."""
    task = tasks.get_task(pair_tasks.task_name(pair))
    with st.container(border=True):
        for side, name in zip("AB", pair.names, strict=True):
            train, test = pair.photos(f"train{side}"), pair.photos(f"test{side}")
            st.markdown(
                f"**{escape_markdown(name)}** · "
                + _(
                    N_("training: {train}, test: {test}"),
                    train=len(train),
                    test=len(test),
                )
            )
            shown = [train[i] for i in np.unique(np.linspace(0, len(train) - 1, _SHOWN_PHOTOS).astype(int))]
            st.image(_photo_row(tuple(map(str, shown))), width="stretch", alt=name)
    runs = store.list_runs(task.name)
    estimate = _start_form(task)
    if runs:
        active = any(run.status().is_active for run in runs)
        st.fragment(_show_runs, run_every=_REFRESH_SECONDS if active else None)(task, active)
    with st.popover(_(N_("Delete")), icon=":material/delete:", key=f"pair-delete-{pair.id}"):
        st.markdown(
            _n(
                "Delete the photos of {title} and its {count} run? This cannot be undone.",
                "Delete the photos of {title} and its {count} runs? This cannot be undone.",
                len(runs),
                title=escape_markdown(pair.title),
            )
        )
        st.button(
            _(N_("Delete photos and runs")),
            icon=":material/delete_forever:",
            key="pair-delete",
            on_click=_delete,
            args=(pair,),
        )
    return estimate


def _delete(pair: PhotoPair) -> None:
    try_action(pair_store.delete_pair, pair, place=_PLACE)
    url.forget_choice("pair")
    st.query_params.pop("pair", None)


@st.cache_data(max_entries=64, show_spinner=False)
def _photo_row(files: tuple[str, ...]) -> np.ndarray:
    photos = []
    for file in files:
        with Image.open(Path(file), formats=["JPEG"]) as image:
            photos.append(np.asarray(image.convert("RGB").resize((_PHOTO_SIDE, _PHOTO_SIDE))))
    return image_display.tile_images(photos, _SHOWN_PHOTOS, 1)


def _start_form(task: tasks.Task) -> Callable[[], None]:
    """Draw the choice of the recipe and the start button; return what fills in the estimated time."""
    quick = (
        url.choose_one(
            st.segmented_control,
            _(N_("Recipe")),
            ["quick", "full"],
            key="pair-recipe",
            default="quick",
            required=True,
            format_func=lambda v: _(N_("Full")) if v == "full" else _(N_("Quick")),
        )
        == "quick"
    )
    recipe = task.quick_recipe() if quick else task.recipe
    if quick:
        st.caption(
            _(
                N_(
                    "The quick recipe trains small generators on {size}×{size} pixels: a first impression, "
                    "mostly of colors. The full recipe uses {full}×{full}."
                ),
                size=recipe.image_size,
                full=task.recipe.image_size,
            )
        )
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    place = left.container()
    with right, st.container(horizontal=True):
        st.button(
            _(N_("Start training")),
            type="primary",
            icon=":material/play_arrow:",
            key="pair-start",
            on_click=_start,
            args=(task, recipe),
        )
        st.page_link(
            "pages/train.py",
            label=_(N_("All settings")),
            icon=":material/tune:",
            query_params={"task": task.name},
        )

    def show_estimate() -> None:
        with place:
            _show_estimate(task, recipe)

    return show_estimate


def _show_estimate(task: tasks.Task, recipe: Recipe) -> None:
    if runtime_estimate.is_busy() and not runtime_estimate.is_cached(task, recipe):
        st.caption(_(N_("Time estimates are available when no other run is in progress.")))
        return
    with st.spinner(_(N_("Timing a few batches…"))):
        estimate = runtime_estimate.estimate_runtime(task, recipe)
    st.metric(_(N_("Estimated time")), format_duration(estimate.seconds))
    if estimate.is_provisional:
        st.caption(_(N_("Timed while the machine was busy. The run may be faster.")))


def _start(task: tasks.Task, recipe: Recipe) -> None:
    if debounced(queue.start_run, task, recipe, place=_PLACE):
        flash(Message(N_("Training started.")), "success")


@with_error_boundary
def _show_runs(task: tasks.Task, was_active: bool) -> None:
    """Show the runs of a pair; the end of the last active one reruns the page."""
    runs = store.list_runs(task.name)
    if was_active and not any(run.status().is_active for run in runs):
        st.rerun()
    st.markdown(f"**{_(N_('Runs'))}**")
    for run in runs:
        _show_run(run)


def _show_run(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        run_link(run)
        if run.best_weights_path.exists():
            st.page_link(
                "pages/translate.py",
                label=_(N_("Translate photos with it")),
                icon=":material/swap_horiz:",
                query_params={"network": run.id},
            )
    status = run.status()
    if status.is_active:
        text = translate_message(status.phase) if not status.step else ""
        if status.step and status.eta:
            text = _(N_("{time} left"), time=format_duration(status.eta))
        share = status.step / status.total_steps if status.total_steps else 0.0
        st.progress(min(1.0, share), text or run_name(run))
