"""`python -m core coco`: the index of a COCO folder, and questions to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.output import _, print_json, print_message, progress_bar
from core.messages import Message, N_

app = typer.Typer(
    no_args_is_help=True, help=_(N_("COCO annotations: index a folder, query and export images."))
)
Json = Annotated[bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))]
Source = Annotated[
    Path, typer.Argument(metavar="DIR", help=_(N_("COCO folder, or a JSON file next to its images.")))
]


@app.command(help=_(N_("Index a folder if its index is missing or outdated.")))
def index(source: Source, json: Json = False) -> None:
    from core.coco.dataset import Coco

    with progress_bar() as show, Coco.open(source, show) as coco:
        counts = {
            name: int(coco.query_table(f"SELECT count(*) AS n FROM {name}")["n"][0])
            for name in ("images", "annotations", "captions")
        }
        for problem in coco.problems:
            print_message(problem)
        print_message(
            N_("Images: {images}, annotations: {annotations}, captions: {captions} (splits: {splits})."),
            **{name: f"{n:,}" for name, n in counts.items()},
            splits=", ".join(s["split"] for s in coco.splits),
        )
        if json:
            print_json({**counts, "splits": [s["split"] for s in coco.splits], "index": str(coco.folder)})


@app.command(help=_(N_('List images that match a filter, for example --where "dog>=1 and person==0".')))
def query(
    source: Source,
    where: Annotated[str, typer.Option(help=_(N_("Filter expression (default: all images).")))] = "",
    json: Json = False,
) -> None:
    from core.coco.dataset import Coco

    with progress_bar() as show, Coco.open(source, show) as coco:
        rows = coco.filter_images(where)
    if json:
        print_json({"ids": rows["id"].tolist(), "count": len(rows)})
        return
    for row in rows.itertuples():
        print(row.id, row.file_name)
    print_message(Message.counted("{count} image", "{count} images", len(rows)))


@app.command(help=_(N_("Export matching images and all their annotations as one COCO JSON file.")))
def export(
    source: Source,
    out: Annotated[Path, typer.Argument(metavar="OUT.json", help=_(N_("Output path for the subset.")))],
    where: Annotated[str, typer.Option(help=_(N_("Filter expression (default: all images).")))] = "",
    json: Json = False,
) -> None:
    from core.coco.dataset import Coco
    from core.files import write_json

    with progress_bar() as show, Coco.open(source, show) as coco:
        rows = coco.filter_images(where)
        write_json(out, coco.export_subset(rows))
    print_message(Message.counted("{count} image", "{count} images", len(rows)))
    if json:
        print_json({"images": len(rows), "file": str(out)})


@app.command(
    help=_(
        N_("Download val2017 (5,000 images, 1.1 GB) from the official source. Interrupted downloads resume.")
    )
)
def get(
    folder: Annotated[
        Path | None, typer.Option("--into", help=_(N_("Target folder (default: `coco` in the data folder).")))
    ] = None,
    json: Json = False,
) -> None:
    from core import paths
    from core.coco import val2017

    with progress_bar() as show:
        target = val2017.download_val2017(folder or paths.download_root() / "coco", show)
    print_message(N_("val2017 is in {folder}."), folder=str(target))
    if json:
        print_json({"folder": str(target)})
