"""The registry of data sets: built-in ones declare what they are, others are registered at run time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import data, tasks
from core.cli import app as app_commands
from core.data import ArrayDataset, DatasetInfo, registry
from core.messages import Message, UserError


def load_points(
    source: Path, progress: data.ProgressCallback | None = None, scale: float = 1.0
) -> ArrayDataset:
    x = np.loadtxt(source, dtype=np.float32) * scale
    y = np.arange(len(x)) % 2
    return ArrayDataset(
        "points",
        "Points",
        "classification",
        str(source),
        x[:8],
        y[:8],
        x[8:],
        y[8:],
        x.mean(0),
        x.std(0),
        ("a", "b"),
    )


POINTS = DatasetInfo(
    name="points",
    title="Points",
    kind="classification",
    shape=(2,),
    classes=("a", "b"),
    layout="points.txt",
    find=lambda root: root / "points.txt" if (root / "points.txt").exists() else None,
    load=load_points,
)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatasetInfo]:
    monkeypatch.setattr(registry, "_registered", {})
    data.register_dataset(POINTS)
    return POINTS


@pytest.fixture
def points_file(tmp_path: Path) -> Path:
    path = tmp_path / "points.txt"
    np.savetxt(path, np.arange(20.0).reshape(10, 2))
    return path


def test_a_registered_data_set_is_an_entry_like_any_other(registered: DatasetInfo, points_file: Path) -> None:
    assert data.list_datasets()[-1] == data.list_source_datasets()[-1] == "points"
    assert (
        data.dataset_info("points") is registered and registered.num_outputs == 2 and not registered.is_image
    )
    dataset = data.load_dataset("points", points_file.parent, scale=2.0)
    assert dataset.in_shape == registered.shape and dataset.test_x.max() == 38
    status = data.dataset_status("points", points_file.parent)
    assert (status.train, status.test, status.bytes) == (8, 2, points_file.stat().st_size)


def test_a_missing_data_set_without_fallback_says_where_to_put_it(registered: DatasetInfo) -> None:
    assert data.dataset_status("points").folder is None and not data.dataset_status("points").auto_download
    with pytest.raises(UserError, match=r"Points is not installed\. Place its files \(points\.txt\) in "):
        data.load_dataset("points")
    with pytest.raises(UserError, match="no official download"):
        data.download_dataset("points")


def test_pages_and_the_command_line_list_a_data_set_without_fallback(
    registered: DatasetInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    app_commands.data_status()
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Points"))
    assert "not installed" in row and "fallback" not in row

    def page() -> None:
        from dataclasses import replace

        from core import tasks
        from ui.kit.data_source import show_data_source

        show_data_source(replace(tasks.get_task("mnist-mlp"), dataset="points"))

    shown = AppTest.from_function(page).run()
    assert [i.value for i in shown.info] == [
        "Points is not installed. Place the files in the data folder as points.txt."
    ]


def test_a_name_is_registered_once(registered: DatasetInfo) -> None:
    data.register_dataset(replace(registered))
    for info in (replace(registered, title="Others"), replace(registered, name="mnist")):
        with pytest.raises(ValueError, match="another data set is named"):
            data.register_dataset(info)


@pytest.mark.slow
@pytest.mark.parametrize("name", data.list_datasets())
def test_the_declaration_agrees_with_the_data(name: str) -> None:
    info = data.dataset_info(name)
    # A data set without files is part of the code and needs no fallback.
    dataset = info.fallback(Message("notice")) if info.layout else data.load_dataset(name)
    assert info.name == name and info.is_image == dataset.is_image
    assert (len(info.shape) == len(dataset.in_shape) and info.shape[0] == 3 * info.photos) or not info.photos
    if info.is_image and info.classes:
        assert dataset.in_shape == info.shape and dataset.num_outputs == info.num_outputs
    assert {t.kind for t in tasks.TASKS if t.dataset == name} == {info.kind} == {dataset.kind}


@pytest.mark.parametrize("name", ["boston-mlp", "mnist-cnn", "cifar10-best"])
def test_recipe_fields_follow_the_declaration(name: str) -> None:
    task = tasks.get_task(name)
    info, fields = data.dataset_info(task.dataset), set(task.fields())
    for only, applies in (("images", info.is_image), ("photos", info.photos)):
        limited = {
            n
            for n in type(task.recipe).model_fields
            if task.recipe.field(n).json_schema_extra["only"] == only
        }
        assert limited and limited & fields == (limited if applies else set())
