"""Learning curves on the Compare page."""

from __future__ import annotations

import streamlit as st

from core.analysis.model_results import ModelResult
from core.messages import N_
from ui.compare.model_picker import model_name, training_macs
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, palette, url
from ui.kit.i18n import _, escape_markdown
from ui.runs.curves_panel import AXIS_NAMES

LEARNING_AXES = {
    **{a: AXIS_NAMES[a] for a in ("epoch", "images", "seconds")},
    "multiply_adds": N_("Training compute (TMACs)"),
}


def learning_curves(results: list[ModelResult]) -> None:
    """Show learning curves on the selected axis."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = url.choose_one(
            st.segmented_control,
            _(N_("X-axis")),
            list(LEARNING_AXES),
            key="curve_axis",
            default="epoch",
            required=True,
            wrap=True,
            format_func=lambda a: _(LEARNING_AXES[a]),
        )
        part = url.choose_one(
            st.segmented_control,
            _(N_("Split")),
            ["val/accuracy", "train/accuracy_epoch"],
            key="curve_part",
            default="val/accuracy",
            required=True,
            format_func=lambda m: _(N_("validation")) if m == "val/accuracy" else _(N_("training")),
        )
    series, missing = [], []
    styles = palette.family_styles([result.task.name for result in results])
    for role, (result, style) in enumerate(zip(results, styles, strict=True)):
        history = cache.run_metrics(result.run) if result.run else result.history
        if part not in history or "images" not in history or history[part].isna().all():
            missing.append(escape_markdown(model_name(result)))
            continue
        rows = history.dropna(subset=[part])
        x = rows["images"] * training_macs(result) / 1e12 if axis == "multiply_adds" else rows[axis]
        y = rows[part].to_numpy(float)
        series.append(charts.Series(model_name(result), x.to_numpy(float), y, role=role, style=style))
    if missing:
        st.caption(
            _(
                N_(
                    "No such curve for: {networks}. Models trained on the full training set have no "
                    "validation metrics."
                ),
                networks=", ".join(missing),
            )
        )
    if not series:
        return
    live_chart(
        charts.line_chart(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=380, y_format=".2%"),
        "compare-curves",
        alt=_(N_("Learning curves")),
    )
    st.caption(
        _(
            N_(
                "Training accuracy can be lower than validation accuracy. It is computed on augmented "
                "images, with weights that are still being updated."
            )
        )
    )
