"""`python -m core ablate NAME`: train the variants of an ablation and write their curves."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from core.cli.output import _, print_message, print_table
from core.messages import N_


def run_ablation(
    name: Annotated[
        str | None, typer.Argument(help=_(N_("Name of the ablation; without one, all are listed.")))
    ] = None,
    epochs: Annotated[int | None, typer.Option(help=_(N_("Number of epochs.")), min=1)] = None,
    limit_train: Annotated[
        int | None, typer.Option(help=_(N_("Number of training images; 0 uses all.")), min=0)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help=_(N_("Images per step.")), min=1)] = None,
    seeds: Annotated[
        int | None, typer.Option(help=_(N_("Number of seeds, counted from 0.")), min=1, max=100)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=_(N_("File for the curves (default: the file that the Glossary shows)."))),
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help=_(N_("Dataset folder (default: MANABI_DATA, then data/).")))
    ] = None,
) -> None:
    """Train all variants with the same seeds and the same order of examples."""
    from core.analysis import ablations

    if name is None:
        rows = [
            (a.name, a.task, ", ".join(_(v.label) for v in a.variants.values())) for a in ablations.ABLATIONS
        ]
        print_table([_(N_("ablation")), _(N_("task")), _(N_("variants"))], rows)
        return
    entry = ablations.get_ablation(name)
    given = {"epochs": epochs, "limit_train": limit_train, "batch_size": batch_size}
    changes = {field: value for field, value in given.items() if value is not None}
    count = seeds or entry.seeds
    options = [f"--{field.replace('_', '-')} {value}" for field, value in changes.items()]
    if count != entry.seeds:
        options.append(f"--seeds {count}")
    path = out or ablations.FOLDER / f"{entry.name}.json"

    def show(variant: str, seed: int, epoch: int, last: int, figures: Mapping[str, float]) -> None:
        print_message(
            N_("{variant}, seed {seed}, epoch {epoch} of {epochs}: {figures}"),
            variant=_(entry.variants[variant].label),
            seed=seed,
            epoch=epoch,
            epochs=last,
            figures=", ".join(f"{metric} {value:.4f}" for metric, value in figures.items()),
        )

    ablations.measure(
        entry,
        range(count),
        str(data_root) if data_root else None,
        changes,
        path,
        " ".join(["python -m core ablate", shlex.quote(entry.name), *options]),
        show,
    )
    print_message(N_("Saved: {file}"), file=str(path))
    if (result := ablations.read_result(path)) is not None:
        rows = []
        for variant in entry.variants:
            low, high = result.spread(variant)
            label = _(entry.variants[variant].label)
            rows.append((label, f"{result.final(variant):.4f}", f"{low:.4f}", f"{high:.4f}"))
        print_table([_(N_("variants")), entry.metric, _(N_("min")), _(N_("max"))], rows)
