"""What the test results say: the best model, what less accuracy saves, and which differences are significant."""

from __future__ import annotations

import math

import streamlit as st

from core.analysis import model_results, significance
from core.analysis.model_results import ModelResult
from core.messages import N_
from ui.compare.model_picker import model_costs, model_name
from ui.kit.i18n import _, _n, escape_markdown

_CLOSE = 0.03  # of accuracy


def show_findings(results: list[ModelResult]) -> None:
    """Say in two sentences which of several models is the most accurate, and which one comes close at the least cost."""
    tested = [result for result in results if result.count]
    if len(tested) < 2:
        return
    best = max(tested, key=lambda result: result.accuracy)
    similar = model_results.not_significantly_different(tested)[best.id]
    values = {"best": escape_markdown(model_name(best)), "accuracy": f"{best.accuracy:.2%}"}
    if similar:
        names = {result.id: escape_markdown(model_name(result)) for result in tested}
        others = ", ".join(names[other] for other in similar)
        lines = [
            _(
                N_("**{best}** is the most accurate: {accuracy}. No significant difference from: {others}."),
                others=others,
                **values,
            )
        ]
    else:
        lines = [
            _(N_("**{best}** is the most accurate: {accuracy}, significantly ahead of the rest."), **values)
        ]
    macs = {result.id: model_costs(result)["multiply_adds"] for result in tested}
    close = [result for result in tested if result.accuracy >= best.accuracy - _CLOSE]
    cheapest = min(close, key=lambda result: macs[result.id])
    if macs[cheapest.id] < macs[best.id]:
        lines.append(
            _(
                N_("**{model}** comes within {points} percentage points with {share} of its MACs."),
                model=escape_markdown(model_name(cheapest)),
                points=f"{math.ceil(1000 * (best.accuracy - cheapest.accuracy)) / 10:.1f}",
                share=f"{macs[cheapest.id] / macs[best.id]:.0%}",
            )
        )
    st.markdown(" ".join(lines))


def show_statistics(results: list[ModelResult]) -> None:
    """Show the interval of each model, and from which others it does not differ significantly."""
    similar = model_results.not_significantly_different(results)
    names = {result.id: escape_markdown(model_name(result)) for result in results}
    lines = [
        _(
            N_(
                "**{network}**: {low}–{high} (95% CI, n = {images}). No significant difference from: {others}"
            ),
            network=names[result.id],
            low=f"{100 * low:.2f}%",
            high=f"{100 * high:.2f}%",
            images=f"{result.count:,}",
            others=", ".join(names[other] for other in similar[result.id]) or "–",
        )
        for result in results
        if result.count
        for low, high in [significance.wilson_interval(result.right, result.count)]
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))
    if len(results) > 2:
        st.caption(
            _n(
                "Significance is corrected for {count} pairwise comparison (Holm–Bonferroni).",
                "Significance is corrected for {count} pairwise comparisons (Holm–Bonferroni).",
                math.comb(len(results), 2),
            )
        )
    st.caption(
        _(
            N_(
                "Published results use the original images, mostly with larger models and much longer "
                "training. Our results use the data listed in the table. Published values show the "
                "potential of an architecture, not a defect of these models."
            )
        )
    )
