"""What the test results say: the best model, what less accuracy saves, and which differences are significant."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from core.analysis import model_results, significance
from core.analysis.model_results import ModelResult
from core.messages import N_
from ui.compare.model_picker import model_name
from ui.kit.i18n import _, _n, escape_markdown

_CLOSE = 0.03  # of accuracy
_FAR = 0.1  # of accuracy
_MIN_FACTOR = 2.0  # between costs that are worth a sentence


@dataclass(frozen=True)
class ShownModel:
    """A model as the chart shows it: `accuracy` is that of the selected checkpoint, `cost` that of the x-axis."""

    result: ModelResult
    cost: float
    accuracy: float

    @property
    def name(self) -> str:
        """The model's name, as Markdown."""
        return escape_markdown(model_name(self.result))


def show_findings(shown: list[ShownModel], *, cost: str, is_best_epoch: bool) -> None:
    """Say which of several models is the most accurate, which one comes close at less cost, and what the last points of accuracy
    cost. `cost` names the costs in a sentence, "" if they cannot be compared.
    """
    tested = [model for model in shown if model.result.count]
    if len(tested) < 2:
        return
    best = max(tested, key=lambda model: model.accuracy)
    lines = [_best_sentence(best, tested, is_best_epoch=is_best_epoch)]
    if cost:
        close, far = (_cheapest_within(tested, best, distance) for distance in (_CLOSE, _FAR))
        if close.cost < best.cost:
            lines.append(
                _(
                    N_("**{model}** comes within {points} percentage points with {share} of its {cost}."),
                    model=close.name,
                    points=f"{math.ceil(round(1000 * (best.accuracy - close.accuracy), 6)) / 10:.1f}",
                    share=f"{close.cost / best.cost:.0%}",
                    cost=cost,
                )
            )
        if far is not close and best.cost >= _MIN_FACTOR * far.cost:
            factor = best.cost / far.cost
            lines.append(
                _(
                    N_(
                        "From **{far}** ({low}) to **{best}** ({high}), {points} percentage points take {factor} times the {cost}."
                    ),
                    far=far.name,
                    low=f"{far.accuracy:.2%}",
                    best=best.name,
                    high=f"{best.accuracy:.2%}",
                    points=f"{100 * (best.accuracy - far.accuracy):.1f}",
                    factor=f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}",
                    cost=cost,
                )
            )
    st.info(" ".join(lines), icon=":material/lightbulb:")


def _cheapest_within(models: list[ShownModel], best: ShownModel, distance: float) -> ShownModel:
    return min((m for m in models if m.accuracy >= best.accuracy - distance), key=lambda model: model.cost)


def _best_sentence(best: ShownModel, tested: list[ShownModel], *, is_best_epoch: bool) -> str:
    """The most accurate model; at its best epoch, whose predictions are known, with the ones that may be as good."""
    values = {"best": best.name, "accuracy": f"{best.accuracy:.2%}"}
    if not is_best_epoch:
        return _(N_("**{best}** is the most accurate: {accuracy}."), **values)
    similar = model_results.not_significantly_different([m.result for m in tested])[best.result.id]
    if not similar:
        return _(
            N_("**{best}** is the most accurate: {accuracy}, significantly ahead of the rest."), **values
        )
    names = {model.result.id: model.name for model in tested}
    return _(
        N_("**{best}** is the most accurate: {accuracy}. No significant difference from: {others}."),
        others=", ".join(names[other] for other in similar),
        **values,
    )


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
