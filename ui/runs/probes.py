"""Probe strip: predictions on the same eight validation examples after each epoch."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core.messages import N_
from core.runs.logs import PROBE_FILE, read_probes
from core.runs.store import Run
from ui.kit import cache
from ui.kit.i18n import _

_FOLLOW_SECONDS = 10.0
_STRIP, _STRIP_WIDTH = 4, 320  # images in a strip, and its least width in pixels


@st.cache_data(max_entries=64, show_spinner=False)
def _load_examples(path: str, changed: float) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        arrays = load_file(path)
        return arrays["x"], arrays["y"]
    except (OSError, SafetensorError, KeyError):
        return None


def probe_strip(run: Run) -> None:
    """Show the examples with their predictions at the selected epoch; the slider follows the newest epoch
    until the user moves it.
    """
    path = run.path / "probe.safetensors"
    examples = _load_examples(str(path), path.stat().st_mtime) if path.exists() else None
    if examples is None:
        return
    x, y = examples
    by_epoch = read_probes(run.path / PROBE_FILE, len(x))
    if not by_epoch:
        return
    epochs, key = list(by_epoch), f"probe-{run.id}"
    followed = _follow_newest(run.id, epochs[-1])
    if st.session_state.get(key) in (None, *followed) or st.session_state[key] not in epochs:
        st.session_state[key] = epochs[-1]
    heading = _(N_("Predictions on eight fixed validation examples"))
    st.markdown(f"**{heading}**")
    epoch = epochs[-1]
    if len(epochs) > 1:
        epoch = st.select_slider(_(N_("Epoch")), epochs, key=key)
    predictions = by_epoch[epoch]
    if x.ndim == 4:
        _show_images(run, x, y, predictions)
    else:
        _show_values(run, y, predictions)


def _follow_newest(run_id: str, newest: int) -> list[int]:
    """Return the epochs that this page itself set on the slider: the last newest epoch and those just before
    it, which a slow browser may send again.
    """
    now, name = time.monotonic(), f"probe-followed-{run_id}"
    times = st.session_state.get(name, {})
    last = max(times, default=None)
    st.session_state[name] = {
        **{e: t for e, t in times.items() if now - t < _FOLLOW_SECONDS},
        newest: times.get(newest, now),
    }
    return [e for e in times if e == last or now - times[e] < _FOLLOW_SECONDS]


def _show_images(run: Run, x: np.ndarray, y: np.ndarray, predictions: np.ndarray) -> None:
    classes = run.config.get("data", {}).get("classes") or [str(k) for k in range(predictions.shape[1])]
    answers = predictions.argmax(1)
    images = [image[0] if len(image) == 1 else image.transpose(1, 2, 0) for image in x]
    captions = [f"{classes[a]}  {100 * p[a]:.0f}%" for a, p in zip(answers, predictions, strict=True)]
    marks = [bool(a == t) for a, t in zip(answers, y, strict=True)]
    right = sum(marks)
    # Two strips: side by side where there is room, one below the other on a phone.
    grid = st.grid(2, min_column_width=_STRIP_WIDTH, gap="xsmall")
    for part in (slice(0, _STRIP), slice(_STRIP, None)):
        if images[part]:
            tiles = cache.tiles_png(images[part], _STRIP, 4, marks=marks[part], captions=captions[part])
            grid.cell().image(tiles, width="stretch", alt=", ".join(captions[part]))
    st.caption(
        _(
            N_("{right} of {count} correct. Captions show the prediction and its confidence."),
            right=right,
            count=len(y),
        )
    )


def _show_values(run: Run, y: np.ndarray, predictions: np.ndarray) -> None:
    import pandas as pd

    table = pd.DataFrame(
        {_(N_("actual")): y, _(N_("predicted")): predictions[:, 0], _(N_("error")): predictions[:, 0] - y}
    ).round(2)
    st.dataframe(table.T, width="stretch")
