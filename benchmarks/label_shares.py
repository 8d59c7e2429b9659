"""Cats, dogs and horses by a network trained on the other seven classes of CIFAR-10: from scratch, frozen and fine-tuned, over shares
of the labels, five seeds each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core import checkpoints, data
from core.analysis import label_shares
from core.analysis.label_shares import ShareResult
from core.data import cifar7, cifar10
from core.training.photo_recipes import FAMILIES, PhotoFamily

CHECKPOINT = "backbone-seven"
SHARES = (0.01, 0.1, 0.2, 0.5, 1.0)


def measure_rows(
    shares: Sequence[float] = SHARES, seeds: int = 5, steps: int = label_shares.STEPS
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
    return [_row(result, title) for result in last.values()]


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
    args = words.parse_args()
    # Accuracy does not depend on what else the machine does, so a run in progress does not matter.
    print(table.print_header() + "\n", flush=True)
    table.measure_and_print(lambda: measure_rows(args.shares, args.seeds, args.steps))
