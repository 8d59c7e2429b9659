"""Cats, dogs and horses by a network trained on the other seven classes of CIFAR-10: from scratch, frozen and fine-tuned, over shares
of the labels, five seeds each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core import checkpoints, data
from core.analysis import label_shares
from core.analysis.label_shares import ShareResult
from core.data import cifar7, cifar10
from core.training.photo_recipes import FAMILIES, INITS, PhotoFamily
from ui.kit import palette

CHECKPOINT = "backbone-seven"
SHARES = (0.01, 0.1, 0.2, 0.5, 1.0)
_STYLES = {
    "scratch": (palette.NEUTRAL, "o"),
    "frozen": (palette.SKY, "s"),
    "fine-tuned": (palette.VERMILLION, "D"),
}


def measure_rows(
    shares: Sequence[float] = SHARES,
    seeds: int = 5,
    steps: int = label_shares.STEPS,
    chart: Path | None = None,
) -> list[Measurement]:
    dataset = data.load_dataset("cifar10", download=False)
    if dataset.stand_in_for:
        raise UnavailableError("CIFAR-10 is not installed")
    photos = cifar7.select_classes(dataset, cifar7.HELD_OUT)
    title = cifar10.INFO.title_of(dataset.name)
    results = label_shares.measure_shares(make_family(), photos, shares=shares, seeds=seeds, steps=steps)
    last: dict[tuple[float, str], ShareResult] = {}
    for result in results:
        last[result.share, result.init] = result
    if chart:
        draw_chart(list(last.values()), steps).savefig(chart)
    return [_row(result, title) for result in last.values()]


def draw_chart(results: Sequence[ShareResult], steps: int) -> Figure:
    """Draw test accuracy over the share of the labels, a line with 95% confidence intervals for each way to start."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    for init in INITS:
        own = sorted((r for r in results if r.init == init), key=lambda r: r.share)
        if not own:
            continue
        means = [100 * r.mean for r in own]
        intervals = [r.interval() or (r.mean, r.mean) for r in own]
        reach = [
            [m - 100 * low for m, (low, _high) in zip(means, intervals, strict=True)],
            [100 * high - m for m, (_low, high) in zip(means, intervals, strict=True)],
        ]
        color, mark = _STYLES[init]
        axes.errorbar(
            [r.num_labels for r in own],
            means,
            reach,
            color=color,
            marker=mark,
            capsize=4,
            linewidth=2,
            label=init,
        )
    sizes = sorted({(r.num_labels, r.share) for r in results})
    axes.set_xscale("log")
    axes.set_xticks([n for n, _share in sizes], [f"{n:,}\n{share:.0%}" for n, share in sizes])
    axes.minorticks_off()
    axes.set_xlabel("labeled training images (logarithmic)")
    axes.set_ylabel("test accuracy, %")
    axes.set_title(f"Cat, dog or horse: {steps} steps each, 3,000 test images", loc="left", fontsize=11)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    return figure


def make_family() -> PhotoFamily:
    """The backbone in the size of the checkpoint that never saw the three classes."""
    from dataclasses import replace

    options = checkpoints.read_spec(checkpoints.load_card(CHECKPOINT).weights).options
    return replace(FAMILIES["backbone"], pretrained=CHECKPOINT, options=options)


def _row(result: ShareResult, title: str) -> Measurement:
    interval = result.interval()
    spread = f", 95% CI {100 * interval[0]:.1f} to {100 * interval[1]:.1f}" if interval else ""
    return Measurement(
        f"{result.init}, {result.share:.0%} of the labels ({result.num_labels:,})",
        round(100 * result.mean, 1),
        "%",
        note=f"{title}, {len(result.accuracies)} seeds{spread}",
    )


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--shares", type=float, nargs="+", default=SHARES)
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--steps", type=int, default=label_shares.STEPS)
    words.add_argument("--chart", type=Path, help="write the chart to this file (.svg or .png)")
    args = words.parse_args()
    # Accuracy does not depend on what else the machine does, so a run in progress does not matter.
    print(table.print_header() + "\n", flush=True)
    table.measure_and_print(lambda: measure_rows(args.shares, args.seeds, args.steps, args.chart))
