"""The network, live: play, pause, step and reset above it; two settings side by side in lock-step."""

from __future__ import annotations

import dataclasses
import functools
import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.playground import code, data_sets
from core.lessons.playground.settings import CHOICES, COMPARABLE, OWN, Settings
from core.lessons.playground.training import Frame
from core.messages import N_
from ui.components.playground_view import ViewLabels, playground_view
from ui.kit import url
from ui.kit.fair_share import fair_share
from ui.kit.frame import flash, show_messages, try_action, with_error_boundary
from ui.kit.i18n import _, _n, translate_message
from ui.playground import address, encode, settings_form
from ui.playground.session import Session, get_session

_NONE = "none"
_SCRIPT_EPOCHS = 100


def choose_second(settings: Settings, notes: DeltaGenerator) -> Settings | None:
    """Let the visitor choose one setting in which a second network differs; None for no second network.

    `notes` is the container of sentences about the address.
    """
    address.check_choice("vs", [_NONE, *COMPARABLE], _NONE, place=notes)
    name = url.choose_one(
        st.selectbox,
        _(N_("Compare two values of")),
        [_NONE, *COMPARABLE],
        key="vs",
        default=_NONE,
        format_func=lambda n: _(N_("nothing")) if n == _NONE else settings_form.label(n),
    )
    if name == _NONE:
        st.query_params.pop("vs_value", None)
        return None
    others = [value for value in CHOICES[name] if value != getattr(settings, name)]
    address.check_choice("vs_value", others, others[0], place=notes)
    value = url.choose_one(
        st.selectbox,
        _(N_("Second value")),
        others,
        key="vs_value",
        default=others[0],
        format_func=lambda v: settings_form.format_choice(name, v),
    )
    return dataclasses.replace(settings, **{name: value})


def upload_points() -> None:
    """Offer a CSV file for own points."""
    session = get_session()

    def read() -> None:
        file = st.session_state["playground-csv"]
        if file is None:
            return
        found = try_action(data_sets.own_from_csv, file.getvalue(), file.name, place="playground-csv")
        if found is None:
            return
        session.own, notices = found
        session.revision += 1
        for notice in notices:
            flash(notice, "info", place="playground-csv")

    with st.expander(_(N_("Points from a CSV file")), icon=":material/upload_file:"):
        st.file_uploader(
            _(N_("CSV: two columns of numbers, then the class")),
            type=["csv", "txt", "tsv"],
            key="playground-csv",
            on_change=read,
        )
    show_messages("playground-csv")


def show_code(settings: Settings) -> None:
    """Show the training as a PyTorch script."""
    with st.expander(
        _(N_("The same training in plain PyTorch")),
        icon=":material/code:",
        on_change="rerun",
        key="playground-code",
    ) as opened:
        session = get_session()
        if opened.open and session.points is not None:
            st.caption(
                _(
                    N_(
                        "It makes the same points, starts from the same weights and makes the same steps. Epochs: {epochs}."
                    ),
                    epochs=_SCRIPT_EPOCHS,
                )
            )
            st.code(code.render_script(settings, session.own, _SCRIPT_EPOCHS), language="python")


def show_network(settings: Settings, second: Settings | None) -> None:
    """Show the network of `settings`, and that of `second` in lock-step."""
    session = get_session()
    session.last_action = time.monotonic()
    session.prepare(*([settings] if second is None else [settings, second]))
    st.fragment(_live_view, key="playground-live")(session)


def _controls(session: Session) -> None:
    ended = bool(session.frames) and all(frame.end is not None for frame in session.frames)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            _(N_("Pause")) if session.running else _(N_("Play")),
            icon=":material/pause:" if session.running else ":material/play_arrow:",
            type="primary",
            key="playground-play",
            on_click=session.toggle,
            disabled=not session.trainers or ended,
        )
        st.button(
            _(N_("One epoch")),
            icon=":material/skip_next:",
            key="playground-step",
            on_click=session.step_epoch,
            disabled=not session.trainers or ended,
        )
        st.button(
            _(N_("Reset")),
            icon=":material/restart_alt:",
            key="playground-reset",
            on_click=session.reset,
        )


@with_error_boundary
def _live_view(session: Session) -> None:
    if session.has_new_layers:
        session.has_new_layers = False
        st.rerun()
    controls = st.container()
    share, waits = fair_share(), False
    if session.running:
        waits = not session.advance()
    with controls:
        _controls(session)
    session.serial += 1
    if not session.trainers:
        _show_empty(session)
        return
    delay = round(1000 * (1.0 if waits else share.frame_seconds()))
    columns = st.columns(len(session.frames), gap="medium")
    for number, (column, frame) in enumerate(zip(columns, session.frames, strict=True)):
        settings = session.settings[number]
        with column:
            if len(columns) > 1:
                st.markdown(f"**{'AB'[number]}: {_difference(session, number)}**")
            playground_view(
                f"playground-{number}",
                _data(frame, settings, session),
                labels=_labels(settings, frame),
                serial=session.serial,
                running=session.running and number == 0,
                delay=delay,
                drawing=settings.data == OWN and number == 0,
                own=[list(row) for row in session.own],
                revision=session.revision,
                on_draw=functools.partial(_draw, session),
                on_layers=functools.partial(_change_layers, session) if number == 0 else None,
            )
            if frame.end is not None:
                (st.error if frame.has_failed else st.info)(
                    translate_message(frame.end),
                    icon=":material/warning:" if frame.has_failed else ":material/flag:",
                )
    if session.pause is not None:
        st.info(translate_message(session.pause), icon=":material/pause_circle:")
    if waits:
        st.caption(_(N_("Many visitors train at this moment. Your training goes on when there is room.")))
    if len(columns) > 1:
        st.caption(_(N_("Same points, same initial weights, same batches: only this setting differs.")))


def _show_empty(session: Session) -> None:
    settings = session.settings[0]
    playground_view(
        "playground-0",
        encode.encode_empty(settings),
        labels=_labels(settings, None),
        serial=session.serial,
        drawing=settings.data == OWN,
        own=[list(row) for row in session.own],
        revision=session.revision,
        on_draw=functools.partial(_draw, session),
    )
    st.caption(translate_message(session.problem))


def _draw(session: Session, rows: object) -> None:
    """Take over points drawn in the browser; what is no point is left out."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 3 and all(isinstance(v, int | float) for v in row):
            x, y, label = row
            if abs(x) <= 4 and abs(y) <= 4 and label in (0, 1):
                found.append((float(x), float(y), float(label)))
    session.own = found[:500]
    session.prepare(*session.settings)


def _change_layers(session: Session, units: object) -> None:
    """Take over the layers asked for by the buttons of the view; what is no possible network is left out."""
    if isinstance(units, list) and all(type(count) is int for count in units):
        session.has_new_layers = settings_form.change_layers(tuple(units))


def _difference(session: Session, number: int) -> str:
    first, second = session.settings
    name = next(n for n in COMPARABLE if getattr(first, n) != getattr(second, n))
    value = settings_form.format_choice(name, getattr(session.settings[number], name))
    return f"{settings_form.label(name)} = {value}"


def _data(frame: Frame, settings: Settings, session: Session) -> dict:
    figures = [
        {"name": _(N_("Epoch")), "value": f"{frame.epoch:,.0f}", "role": "epoch"},
        {"name": _(N_("Training loss")), "value": f"{frame.train_loss:.3f}", "role": "train"},
        {"name": _(N_("Test loss")), "value": f"{frame.test_loss:.3f}", "role": "test"},
    ]
    if frame.test_accuracy is not None:
        figures.append(
            {"name": _(N_("Test accuracy")), "value": f"{frame.test_accuracy:.0%}", "role": "accuracy"}
        )
    data = encode.encode_frame(frame, settings, session.points)
    for layer in data["layers"]:
        layer["name"] = _n("{count} unit", "{count} units", layer["count"])
    return {**data, "figures": figures}


def _labels(settings: Settings, frame: Frame | None) -> ViewLabels:
    epoch, test = (round(frame.epoch), f"{frame.test_loss:.3f}") if frame else (0, "–")
    return ViewLabels(
        alt=_(
            N_(
                "Network, hidden layers of {units} units: inputs, the output of every unit over the plane, weights"
            ),
            units=", ".join(map(str, settings.hidden)) or "0",
        ),
        plane=_(N_("Output of the network over the plane, with the points. Test loss {loss}"), loss=test),
        loss=_(N_("Training and test loss up to epoch {epoch}"), epoch=epoch),
        train=_(N_("Training loss")),
        test=_(N_("Test loss")),
        epoch=_(N_("epoch")),
        inputs=_(N_("Inputs")),
        output=_(N_("Output")),
        gradient=_(N_("∇: gradient norm")),
        dead=_(N_("{count} dead"), count="{count}"),
        hint=_(N_("Click to add points\nof both classes")),
        classes=(_(N_("Class 0")), _(N_("Class 1"))),
        draw=_(N_("Plane for drawing: arrow keys move, Enter adds a point")),
        undo=_(N_("Undo")),
        clear=_(N_("Clear")),
        caption=_(N_("hollow: test points")),
        layers=_n("{count} hidden layer", "{count} hidden layers", len(settings.hidden)),
        add_layer=_(N_("Add a layer")),
        remove_layer=_(N_("Remove the last layer")),
        add_unit=_(N_("Add a unit to layer {layer}"), layer="{layer}"),
        remove_unit=_(N_("Remove a unit of layer {layer}"), layer="{layer}"),
        unit=_(N_("Layer {layer}, unit {unit}"), layer="{layer}", unit="{unit}"),
        positive=_(N_("positive weight")),
        negative=_(N_("negative weight")),
        tile=_(N_("square: output of a unit over the plane")),
    )
