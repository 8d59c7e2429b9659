"""The house prices lesson: optimizers in lock-step, stacked networks, explanations, and the model file."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from torch.nn.functional import mse_loss

from core import checkpoints, data, models
from core.analysis import table_explain, table_models, table_study
from core.analysis.table_models import NAMES, NETWORK
from core.lessons import house_data, house_model_file
from core.lessons.house_data import HouseTable
from core.lessons.house_prices import OPTIMIZERS, OptimizerComparison, make_optimizer
from core.lessons.house_settings import NetworkSettings
from core.messages import UserError

SMALL = NetworkSettings(width=8, depth=1, epochs=3)


@pytest.fixture(scope="module")
def table() -> HouseTable:
    """The fallback: scikit-learn's diabetes data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANABI_DATA", "none")
        patch.setenv("MANABI_DOWNLOADS", "none")
        return house_data.load_table()


def compare(table: HouseTable, settings: NetworkSettings = SMALL, *names: str) -> OptimizerComparison:
    return OptimizerComparison(table.dataset, settings, names or tuple(OPTIMIZERS))


def weights(comparison: OptimizerComparison, name: str) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in comparison.learners[name].network.parameters()])


def test_without_the_csv_the_fallback_is_named(table: HouseTable) -> None:
    assert table.dataset.name == "diabetes" and table.dataset.stand_in_for == "Boston housing"
    assert all(table.meaning(c) for c in (*table.features, table.dataset.target))


def test_all_optimizers_start_alike_and_see_the_same_batches(table: HouseTable) -> None:
    comparison = compare(table)
    start = [weights(comparison, n) for n in OPTIMIZERS]
    assert torch.equal(start[0], start[1]) and torch.equal(start[0], start[2])
    comparison.run()
    alone = compare(table, SMALL, "adam")
    alone.run()
    assert torch.equal(weights(alone, "adam"), weights(comparison, "adam"))
    assert not torch.equal(weights(comparison, "sgd"), weights(comparison, "adam"))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_is_the_one_that_the_five_lines_give(table: HouseTable, name: str) -> None:
    comparison = compare(table, SMALL, name)
    network = models.create_model("mlp", table.dataset.in_shape, 1, **SMALL.options())
    network.load_state_dict(comparison.learners[name].network.state_dict())
    optimizer = make_optimizer(network, name, SMALL)
    comparison.step()
    batch = comparison.order[: SMALL.batch_size]
    optimizer.zero_grad()
    mse_loss(network(comparison.train_x[batch])[:, 0], comparison.train_y[batch]).backward()
    optimizer.step()
    expected = torch.cat([p.detach().flatten() for p in network.parameters()])
    assert torch.allclose(weights(comparison, name), expected, atol=1e-6)


def test_slices_give_the_same_result_and_scores_are_in_the_unit_of_the_target(table: HouseTable) -> None:
    whole, sliced = compare(table), compare(table)
    whole.run()
    while not sliced.is_done:
        sliced.run(seconds=0.001)
    assert torch.equal(weights(whole, "adam"), weights(sliced, "adam"))
    history = whole.learners["adam"].history
    assert [s.epoch for s in history] == [0, 1, 2, 3]
    error = whole.predictor("adam").predict(table.dataset.test_x) - table.dataset.test_y
    assert history[-1].validation.rmse == pytest.approx(float(np.sqrt(np.mean(error**2))), rel=1e-4)
    assert history[-1].validation.r2 == pytest.approx(1 - error.var() / table.dataset.test_y.var(), abs=0.05)


def test_a_network_that_explodes_says_when_and_the_others_go_on(table: HouseTable) -> None:
    comparison = compare(table, dataclasses.replace(SMALL, sgd=1e6, epochs=5))
    comparison.run()
    assert comparison.learners["sgd"].diverged_at and comparison.learners["adam"].diverged_at is None
    assert len(comparison.learners["adam"].history) == 6


def test_stacked_networks_do_what_single_ones_do(table: HouseTable) -> None:
    """A stack of one fold and a stack of several reach what a network of its own reaches."""
    settings = dataclasses.replace(SMALL, width=16, epochs=30)
    rows = np.arange(len(table.y))
    train = rows[: len(table.dataset.train_y)]
    *_, outputs = table_models.train_folds(table.x, table.y, [(train, rows[len(train) :])] * 3, settings)
    single = compare(table, settings, "adam")
    single.run()
    alone = single.learners["adam"].history[-1].validation.rmse
    held = outputs[:, len(train) :] - table.dataset.test_y
    assert outputs.shape == (3, len(rows))
    assert np.sqrt((held**2).mean(1)) == pytest.approx(np.full(3, alone), rel=0.1)


def test_cross_validation_scores_every_model_on_every_fold(table: HouseTable) -> None:
    folds = table_models.make_folds(len(table.y), k=3, repeats=1)
    held = np.concatenate([h for _train, h in folds])
    assert sorted(held) == list(range(len(table.y)))
    *_, result = table_models.cross_validate(table.x, table.y, folds, SMALL, ("linear", NETWORK))
    assert result.num_done == result.total == 6
    low, high = result.interval("linear")
    assert low < result.mean("linear") < high
    # The plain interval is far narrower.
    assert high - low > 2 * 1.96 * np.std(result.rmse["linear"]) / np.sqrt(3)


def test_a_study_is_kept_and_found_again(
    table: HouseTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path))
    monkeypatch.setattr(table_study, "FOLDS", 2)
    monkeypatch.setattr(table_study, "make_folds", lambda count: table_models.make_folds(count, 2, 1))
    monkeypatch.setattr(table_study, "NetworkSettings", lambda: SMALL)
    assert table_study.read_result(table) is None
    shares: list[float] = []
    result = table_study.compute_result(table, shares.append)
    assert table_study.read_result(table) == result and set(result.rmse) == set(NAMES)
    assert shares == sorted(shares) and shares[-1] == 1
    table_study.result_path(table).write_text('{"rmse": 3}')
    assert table_study.read_result(table) is None


def test_importance_and_dependence_of_a_known_function() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)

    def predict(rows: np.ndarray) -> np.ndarray:
        return 3 * rows[:, 1] + 1

    importance = table_explain.permutation_importance(predict, x, predict(x))
    assert importance.mean.argmax() == 1 and importance.mean[[0, 2]] == pytest.approx([0, 0])
    curve = table_explain.partial_dependence(predict, x, 1)
    assert curve.mean == pytest.approx(3 * curve.grid + 1, rel=1e-4)
    assert np.ptp(table_explain.partial_dependence(predict, x, 0).mean) == pytest.approx(0, abs=1e-5)
    nearest, distances = table_explain.nearest_rows(x[7], x, 2)
    assert nearest[0] == 7 and distances[0] == 0 < distances[1]


def test_a_network_is_saved_and_loaded(table: HouseTable) -> None:
    network = compare(table, SMALL, "adam").predictor("adam")
    loaded = house_model_file.load_network(house_model_file.save_network(network), "mine", table)
    assert np.array_equal(loaded.predict(table.x), network.predict(table.x))
    assert loaded.spec.stand_in_for == "Boston housing"


def hostile(table: HouseTable, **changes: object) -> bytes:
    """A file whose description was tampered with."""
    network = compare(table, SMALL, "adam").predictor("adam")
    spec = dataclasses.replace(network.spec, **changes)
    return house_model_file.save_network(dataclasses.replace(network, spec=spec))


def file_of(table: HouseTable, case: str) -> bytes:
    match case:
        case "empty":
            return b""
        case "text":
            return b"<script>alert(1)</script>" * 50
        case "foreign":
            return save({"weight": np.zeros(3, np.float32)})
        case "huge":
            return hostile(table, options={"width": 10**9, "depth": 2, "dropout": 0.0})
        case "other-kind":
            return hostile(table, kind="classification", classes=("a", "b"))
        case "other-model":
            return hostile(table, model="vgg")
        case "no-numbers":
            return hostile(table, output_std=float("nan"))
        case "other-shape":
            return hostile(table, options={"width": 16, "depth": 1, "dropout": 0.0})
        case "markup":
            return hostile(table, features=("<b>",) * len(table.features))
        case "nan-weights":
            network = compare(table, SMALL, "adam").predictor("adam")
            torch.nn.init.constant_(network.network.head.bias, float("nan"))
            return house_model_file.save_network(network)
    raise ValueError(case)


@pytest.mark.parametrize(
    "case",
    [
        "empty",
        "text",
        "foreign",
        "huge",
        "other-kind",
        "other-model",
        "no-numbers",
        "other-shape",
        "markup",
        "nan-weights",
    ],
)
def test_a_hostile_file_is_refused_in_one_sentence(table: HouseTable, case: str) -> None:
    with pytest.raises(UserError) as caught:
        house_model_file.load_network(file_of(table, case), "mine.safetensors", table)
    assert "mine.safetensors" in str(caught.value) and "/" not in str(caught.value)


def test_a_network_for_other_columns_names_them(table: HouseTable) -> None:
    fewer = dataclasses.replace(table.dataset, features=tuple(reversed(table.features)))
    content = house_model_file.save_network(compare(HouseTable(fewer), SMALL, "adam").predictor("adam"))
    with pytest.raises(UserError, match="other columns: s6, s5"):
        house_model_file.load_network(content, "mine", table)
    with pytest.raises(UserError, match="larger than 4 MB"):
        house_model_file.load_network(b"0" * (house_model_file.MAX_BYTES + 1), "mine", table)


def test_california_without_the_download_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path))
    monkeypatch.setenv("MANABI_OFFLINE", "1")
    for action in (house_data.download_california, lambda: house_data.load_table("california")):
        with pytest.raises(UserError, match="California housing is not installed"):
            action()


@pytest.mark.realdata
def test_column_b_is_left_out_unless_asked_for(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANABI_DATA", str(real_data))
    assert (
        "b" not in house_data.load_table().features and "b" in house_data.load_table("boston", True).features
    )
    assert set(house_data.load_table("boston", True).features) == set(data.dataset_info("boston").features)
    card = checkpoints.read_spec(checkpoints.load_card("boston-mlp").weights)
    assert card.features == house_data.load_table().features


def test_contributions_are_exact_and_add_up(table: HouseTable) -> None:
    def predict(rows: np.ndarray) -> np.ndarray:
        return 3 * rows[:, 0] - rows[:, 1] + rows[:, 2] * rows[:, 3]

    row, base = np.array([1.0, 2, 3, 4, 7]), np.array([0.0, 2, 1, 2, 5])
    found = table_explain.contributions(predict, row, base)
    # A product is shared: each factor's change, at the mean of the other factor.
    assert found == pytest.approx([3, 0, 2 * 3, 2 * 2, 0])
    assert found.sum() == pytest.approx(predict(row[None])[0] - predict(base[None])[0])
    assert not table_explain.contributions(predict, base, base).any()


@pytest.fixture
def california(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A local server with an archive in the format of California housing, 2,500 rows; yields its address."""
    from sklearn.datasets import _california_housing as source

    rng = np.random.default_rng(0)
    rows = np.abs(rng.normal(100, 10, (2500, 9))).round(2)
    rows[:, 8] = np.arange(2500) * 100.0  # the target, last in the archive
    text = "\n".join(",".join(map(str, row)) for row in rows).encode()
    member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
    member.size = len(text)
    site = tmp_path / "site"
    site.mkdir()
    with tarfile.open(site / "cal_housing.tgz", "w:gz") as archive:
        archive.addfile(member, io.BytesIO(text))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    monkeypatch.setattr(handler.func, "log_message", lambda *_args: None)
    checksum = hashlib.sha256((site / "cal_housing.tgz").read_bytes()).hexdigest()
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MANABI_OFFLINE", raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/cal_housing.tgz"
        monkeypatch.setattr(source, "ARCHIVE", source.ARCHIVE._replace(url=address, checksum=checksum))
        yield address
        server.shutdown()


def test_california_is_downloaded_once_and_then_read(california: str) -> None:
    with pytest.raises(UserError, match="not installed"):
        house_data.load_table("california")
    shares: list[float] = []
    house_data.download_california(lambda _message, share: shares.append(share))
    table = house_data.load_table("california")
    assert len(table.y) == 2000 and table.features[0] == "MedInc" and shares
    assert table.y.min() >= 0 and table.y.max() <= 250  # 100,000 dollars became 1,000


def test_without_internet_california_is_one_sentence_with_the_reason(
    california: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.datasets import _california_housing as source

    monkeypatch.setattr(source, "ARCHIVE", source.ARCHIVE._replace(url="http://127.0.0.1:9/cal_housing.tgz"))
    with pytest.raises(UserError, match="could not be downloaded from .* Place the file in"):
        house_data.download_california()
    monkeypatch.setenv("MANABI_OFFLINE", "1")
    with pytest.raises(UserError, match="not installed"):
        house_data.download_california()
