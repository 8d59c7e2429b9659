"""Default names of runs: the model, the most telling setting, the time."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core import i18n, tasks
from core.files import read_json, write_json
from core.runs import store
from core.runs.names import run_name
from core.runs.store import Run

JAPANESE = i18n.get_translator("ja")


def create(
    task_name: str = "mnist-modern", *, quick: bool = False, config: dict | None = None, **changes
) -> Run:
    task = tasks.get_task(task_name)
    recipe = task.quick_recipe() if quick else task.recipe
    return store.create_run(task, recipe.changed(**changes), **(config or {}))


def without_time(run: Run, **more: object) -> str:
    return run_name(run, **more).rsplit(" · ", 1)[0]


def set_created(run: Run, seconds: float) -> None:
    write_json(
        run.path / "config.json", {**read_json(run.path / "config.json"), "created_ns": int(seconds * 1e9)}
    )


@pytest.mark.parametrize(
    ("changes", "english", "japanese"),
    [
        ({}, "modern CNN", "現代的な CNN"),
        ({"learning_rate": 0.01}, "modern CNN · lr 0.01", "現代的な CNN · 学習率 0.01"),
        (
            {"epochs": 3, "dropout": 0.5, "learning_rate": 0.01},
            "modern CNN · lr 0.01",
            "現代的な CNN · 学習率 0.01",
        ),
        ({"epochs": 3, "dropout": 0.5}, "modern CNN · dropout 0.5", "現代的な CNN · ドロップアウト 0.5"),
        ({"optimizer": "sgd", "seed": 2}, "modern CNN · optimizer sgd", None),
        ({"nesterov": True}, "modern CNN · nesterov on", None),
        ({"epochs": 3}, "modern CNN · 3 ep", "現代的な CNN · 3 エポック"),
        ({"limit_train": 2000}, "modern CNN · training examples 2,000", "現代的な CNN · 訓練データ数 2,000"),
        ({"seed": 2, "threads": 1}, "modern CNN · seed 2", None),
        ({"ema_decay": 0.99}, "modern CNN · EMA 0.99", None),
    ],
    ids=[
        "none",
        "rate",
        "rate-first",
        "model-before-amount",
        "choice",
        "flag",
        "epochs",
        "grouped",
        "seed",
        "abbreviation",
    ],
)
def test_the_most_telling_setting(changes: dict, english: str, japanese: str | None) -> None:
    run = create(**changes)
    assert without_time(run) == english
    if japanese:
        assert without_time(run, translate=JAPANESE, language="ja") == japanese


def test_a_quick_run_says_so() -> None:
    assert without_time(create(quick=True)) == "modern CNN · quick"
    assert without_time(create(quick=True, learning_rate=0.1)) == "modern CNN · lr 0.1"


def test_a_run_of_a_preset_is_named_after_it() -> None:
    preset = {"schedule": "one-cycle"}
    assert without_time(create("mnist-cnn", **preset)) == "CNN from the notes · one-cycle"
    assert without_time(create("mnist-cnn", **preset, learning_rate=0.1)) == "CNN from the notes · lr 0.1"
    assert without_time(create("mnist-cnn", schedule="cosine")) == "CNN from the notes · schedule cosine"


def test_the_name_stays_when_a_run_records_how_much_validation_data_there_is() -> None:
    assert without_time(create(quick=True, num_validation=250)) == "modern CNN · quick"


def test_a_sweep_names_what_it_varies_and_a_comparison_itself() -> None:
    swept = create(config={"sweep_fields": ["dropout", "learning_rate"]}, dropout=0.1)
    assert without_time(swept) == "modern CNN · dropout 0.1 · lr 0.004"
    assert without_time(create(config={"comparison": "x"}, num_validation=0)) == "modern CNN · comparison"


def test_time_today_and_date_on_another_day_in_the_time_zone_of_the_reader() -> None:
    run, tokyo = create(), ZoneInfo("Asia/Tokyo")
    now = datetime.now(tokyo).replace(hour=14, minute=5)
    set_created(run, now.timestamp())
    assert run_name(run, timezone=tokyo) == "modern CNN · 14:05"
    set_created(run, datetime(2020, 3, 9, 14, 5, tzinfo=tokyo).timestamp())
    assert run_name(run, timezone=tokyo) == "modern CNN · Mar 9, 2020 14:05"
    assert run_name(run, timezone=ZoneInfo("UTC")) == "modern CNN · Mar 9, 2020 05:05"
    assert run_name(run, JAPANESE, "ja", tokyo) == "現代的な CNN · 2020年3月9日 14:05"


def test_the_same_name_twice_is_numbered_and_a_given_name_wins() -> None:
    moment = time.time()
    runs = sorted((create() for _ in range(3)), key=lambda r: r.id)
    other = create(learning_rate=0.1)
    for run in (*runs, other):
        set_created(run, moment)
    folder = runs[0].path.parent
    runs = [Run(r.path.rename(folder / f"{runs[0].id[:13]}00-{i:04x}")) for i, r in enumerate(runs)]
    names = [r.label for r in runs]
    assert names == [names[0], f"{names[0]} (2)", f"{names[0]} (3)"]
    assert not other.label.endswith(")")
    runs[1].annotate(name="mine")
    assert [r.label for r in runs] == [names[0], "mine", names[2]]


def test_a_task_that_this_version_does_not_know() -> None:
    run = create()
    gone = run.path.parent.with_name("gone")
    gone.mkdir()
    assert without_time(Run(run.path.rename(gone / run.id))) == "gone"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_short_titles_tell_all_tasks_apart(language: str) -> None:
    translate = i18n.get_translator(language)
    titles = [translate(t.short_title or t.title).split(": ", 1)[-1] for t in tasks.TASKS]
    assert len(set(titles)) == len(titles) and max(map(len, titles)) <= 28
