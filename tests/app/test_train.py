"""Stories on the train page."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from core import tasks
from core.analysis import runtime_estimate
from core.runs import store
from core.runs.store import Run
from tests import factories
from ui.kit.i18n import escape_markdown


def test_start_makes_one_run_of_the_form_and_attaches_it(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.set("mnist-softmax.epochs", 3)
    page.press("Start training")
    [run] = launched
    assert store.list_runs() == [run]
    assert (run.task_name, run.recipe.epochs, run.recipe.learning_rate) == ("mnist-softmax", 3, 0.001)
    assert page.at.query_params["run"] == run.id
    assert escape_markdown(run.label) in page.text
    assert page.says("Starting…")


def test_pressing_start_twice_quickly_makes_one_run(visit: Callable, launched: list[Run]) -> None:
    page = visit("train")
    page.press("Start training")
    page.press("Start training")
    assert len(launched) == 1
    page.at.session_state["_started"] = time.monotonic() - 60
    page.press("Start training")
    assert len(launched) == 2
    assert page.at.query_params["run"] == launched[1].id


def test_the_first_press_of_start_is_a_quick_run(visit: Callable, launched: list[Run]) -> None:
    visit("train", task="mnist-mlp").press("Start training")
    assert launched[0].recipe == tasks.get_task("mnist-mlp").quick_recipe().with_resolved_threads()


def test_a_link_that_sets_fields_of_the_full_recipe_opens_it(visit: Callable) -> None:
    page = visit("train", task="mnist-softmax", **{"mnist-softmax.epochs": "7"})
    assert page.at.number_input("mnist-softmax.epochs").value == 7
    assert page.set("recipe", "quick").at.number_input("mnist-softmax.quick.epochs").value == 2


def form_fields(page) -> set[str]:
    """The names of the settings in the form."""
    widgets = [w for kind in ("number_input", "selectbox", "toggle") for w in page.at.get(kind)]
    return {w.key.rpartition(".")[2] for w in widgets if w.key and ".quick." in w.key}


def test_settings_without_effect_are_not_shown(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-softmax")
    hidden = {"momentum", "nesterov", "lr_step_size", "lr_gamma"}
    assert not form_fields(page) & {*hidden, "norm_lr_factor"} and "optimizer" in form_fields(page)
    page.set("mnist-softmax.quick.optimizer", "sgd").set("mnist-softmax.quick.schedule", "step")
    assert hidden <= form_fields(page)
    page.set("mnist-softmax.quick.momentum", 0.5).press("Start training")
    assert launched[0].recipe.momentum == 0.5
    assert "norm_lr_factor" in form_fields(visit("train", task="mnist-cnn"))
    swept = visit("train", task="mnist-softmax").at.selectbox("sweep-field-1").options
    assert "Learning rate" in swept and "Momentum" not in swept


def test_quick_and_full_keep_their_own_forms(visit: Callable) -> None:
    page = visit("train", task="mnist-softmax", recipe="quick")
    assert page.at.number_input("mnist-softmax.quick.epochs").value == 2
    page.set("mnist-softmax.quick.epochs", 7)
    page.set("recipe", "full")
    assert page.at.number_input("mnist-softmax.epochs").value == 10


def test_a_setting_is_shared_by_the_link(visit: Callable, launched: list[Run]) -> None:
    settings = {
        "mnist-softmax.epochs": "4",
        "mnist-softmax.optimizer": "sgd",
        "mnist-softmax.nesterov": "true",
    }
    page = visit("train", task="mnist-softmax", **settings)
    page.press("Start training")
    assert (launched[0].recipe.epochs, launched[0].recipe.optimizer, launched[0].recipe.nesterov) == (
        4,
        "sgd",
        True,
    )


def test_a_toggle_of_the_form_is_in_the_link_while_its_form_is_open(visit: Callable) -> None:
    page = visit("train", task="mnist-softmax", recipe="full", **{"mnist-softmax.optimizer": "sgd"})
    page.set("mnist-softmax.nesterov", True)
    assert page.at.query_params["mnist-softmax.nesterov"] == "true"
    page.set("recipe", "quick")
    assert "mnist-softmax.nesterov" not in page.at.query_params
    page.set("recipe", "full")
    assert not [t for t in page.at.toggle if t.key == "mnist-softmax.nesterov" and t.value]


def test_a_link_with_former_field_names_keeps_its_settings(visit: Callable, launched: list[Run]) -> None:
    settings = {
        "mnist-softmax.validation": "77",
        "mnist-softmax.scaling": "unit",
        "mnist-softmax.epochs": "4",
    }
    page = visit("train", task="mnist-softmax", **settings)
    assert "mnist-softmax.validation" not in page.at.query_params
    page.press("Start training")
    recipe = launched[0].recipe
    assert (recipe.num_validation, recipe.input_scaling, recipe.epochs) == (77, "unit", 4)


def start_button(page) -> object:
    [button] = [b for b in page.at.button if b.key == "start"]
    return button


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_value_out_of_bounds_is_said_beside_its_field_and_disables_start(
    visit: Callable, launched: list[Run], language: str
) -> None:
    page = visit("train", language, task="mnist-softmax", recipe="full")
    page.set("mnist-softmax.learning_rate", 0.0)
    assert page.says("Enter {allowed}.") and "10" in next(
        m.value for m in page.at.markdown if ":red" in m.value
    )
    [error] = page.errors
    assert "learning_rate" in error
    assert start_button(page).disabled
    page.set("mnist-softmax.learning_rate", 0.1)
    assert not page.errors and not start_button(page).disabled
    assert not launched


def test_a_recipe_that_does_not_fit_the_data_disables_start_and_says_why(visit: Callable) -> None:
    page = visit("train", task="boston-mlp", **{"boston-mlp.quick.batch_size": "500"})
    [error] = page.errors
    assert "batch_size is 500, but must be at most 294" in error and start_button(page).disabled
    page.set("boston-mlp.quick.batch_size", 32)
    assert not page.errors and not start_button(page).disabled


def test_too_many_epochs_start_nothing(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-cnn", recipe="quick")
    # A number field with bounds would keep this value in the browser, and Start would take the old one.
    field = page.at.number_input("mnist-cnn.quick.epochs")
    assert not field.proto.has_min and not field.proto.has_max
    page.set("mnist-cnn.quick.epochs", 99_999)
    assert "Enter an integer from 1 to 1000." in page.text
    assert start_button(page).disabled
    assert "Hyperparameter sweep" not in [e.label for e in page.at.expander]
    page.set("mnist-cnn.quick.epochs", 3)
    page.press("Start training")
    assert [run.recipe.epochs for run in launched] == [3]


@pytest.mark.parametrize("seconds", [-1, 86_401])
def test_a_time_limit_out_of_bounds_starts_nothing(visit: Callable, seconds: int) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    page.set("mnist-softmax.budget", seconds)
    assert "Enter an integer from 0 to 86,400." in page.text
    assert start_button(page).disabled


def test_a_model_option_out_of_bounds_is_said_on_the_architecture_page(visit: Callable) -> None:
    page = visit("architecture", net="cifar10-sandbox")
    page.set("net.cifar10-sandbox.width", 100_000)
    assert "Enter an integer from 1 to 256." in page.text
    assert all(b.disabled for b in page.at.button if b.key == "train-this")


def test_what_zero_stands_for_is_said(visit: Callable) -> None:
    field = visit("train", task="mnist-softmax", recipe="full").at.number_input("mnist-softmax.limit_train")
    assert field.value == 0 and "0 = all" in field.label


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        pytest.param({"mnist-cnn.epochs": "5000"}, False, id="above"),
        pytest.param({"mnist-cnn.epochs": "many"}, True, id="no number"),
        pytest.param({"mnist-cnn.learning_rate": "nan"}, True, id="not a number"),
        pytest.param({"mnist-cnn.learning_rate": "inf"}, True, id="infinite"),
        pytest.param({"mnist-cnn.optimizer": "magic"}, True, id="no option"),
        pytest.param({"task": "mnist-softmaxx"}, True, id="no task"),
        pytest.param({"recipe": "slow"}, True, id="no recipe"),
        pytest.param({"mnist-cnn.nesterov": "maybe"}, True, id="no switch"),
    ],
)
def test_nonsense_in_the_link_leaves_a_page_that_works(
    visit: Callable, launched: list[Run], settings: dict, starts: bool
) -> None:
    page = visit("train", **{"recipe": "full", **settings})
    assert start_button(page).disabled != starts
    if starts:
        page.press("Start training")
        task = tasks.get_task("mnist-cnn")
        expected = task.quick_recipe() if settings.get("recipe") else task.recipe
        assert [run.recipe for run in launched] == [expected.with_resolved_threads()]
    else:
        assert page.says("Enter {allowed}.")


def test_the_price_and_the_time_limit(visit: Callable, launched: list[Run]) -> None:
    page = visit("train", task="mnist-softmax", recipe="full")
    # 1,150 training examples of the stand-in in batches of 128, ten epochs of 4 ms a step: 0.36 s.
    assert "Estimated time **0.4 sec**" in page.text
    page.set("mnist-softmax.budget", 2)
    assert "500 steps" in page.text
    page.press("Start training")
    assert launched[0].recipe.max_steps == 500


@pytest.mark.parametrize("busy", [True, False])
def test_an_estimate_timed_beside_other_work_says_so(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    estimate = runtime_estimate.RuntimeEstimate(0.004, 9, 90, 0.36, "MNIST", is_provisional=busy)
    monkeypatch.setattr(runtime_estimate, "estimate_runtime", lambda *_: estimate)
    [estimate] = [m for m in visit("train", task="mnist-softmax").at.markdown if "Estimated time" in m.value]
    assert ("Timed while the machine was busy. The run may be faster." in estimate.help) == busy


def test_no_price_is_measured_while_something_trains(visit: Callable) -> None:
    factories.running()
    page = visit("train")
    assert page.says("Time estimates are available when no other run is in progress.")
    assert not page.says("Estimated time")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("20200101-000000-abcd", id="an id"),
        pytest.param("../../etc/passwd", id="a path"),
        pytest.param("<b>x</b>", id="markup"),
        pytest.param("x" * 5000, id="very long"),
    ],
)
def test_an_unknown_run_is_said_at_the_top_and_leaves_the_link(visit: Callable, odd: str) -> None:
    factories.finished()
    page = visit("train", run=odd)
    [warning] = page.warnings
    assert odd[:20] in warning.replace("\\", "") and len(warning) < 300
    assert "<" not in warning.replace("\\<", ""), "markup of a link is shown, not interpreted"
    order = [e.type for e in page.at.main if e.type in ("warning", "selectbox")]
    assert order.index("warning") < order.index("selectbox")
    assert page.says("Your run will appear here")
    assert "run" not in page.at.query_params
    assert not page.run().warnings


def test_the_attached_run_and_its_form_are_of_one_task(visit: Callable) -> None:
    run = factories.finished("boston-mlp")
    page = visit("train", run=run.id)
    assert page.at.selectbox("task").value == "boston-mlp"
    assert "class MLP" in page.text
    # From then on the form is free.
    assert page.set("task", "mnist-lenet5").at.selectbox("task").value == "mnist-lenet5"
    assert escape_markdown(run.label) in page.text


def test_stop_asks_the_process_to_end(visit: Callable) -> None:
    run = factories.running()
    page = visit("train", run=run.id)
    figures = {
        "Epoch": "2.0 / 4",
        "Images/s": "4,321",
        "Time left": "1.1 min",
        "Accuracy (validation)": "94.3%",
    }
    assert figures.items() <= page.metrics.items()
    page.press("Stop")
    assert (run.path / "stop").exists()


@pytest.mark.parametrize("kind", ["stopped", "interrupted", "failed"])
def test_resume_starts_the_same_run_again(visit: Callable, launched: list[Run], kind: str) -> None:
    run = getattr(factories, kind)()
    (run.path / "stop").touch()
    page = visit("train", run=run.id)
    page.press("Resume")
    assert launched == [run]
    assert not (run.path / "stop").exists()
    assert page.says("queued")


def test_runs_wait_behind_each_other_with_their_place(
    visit: Callable, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.running()
    page = visit("train", task="mnist-softmax", recipe="quick")
    monkeypatch.setattr("core.runs.queue.queue_position", lambda run: 1)
    page.press("Start training")
    assert page.says("Queued ({count} ahead)", count=1)


def test_a_time_beyond_all_epochs_still_starts(
    visit: Callable, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        runtime_estimate,
        "estimate_runtime",
        lambda *_a: runtime_estimate.RuntimeEstimate(0.001, 2, 100, 0.1, ""),
    )
    page = visit("train", task="boston-mlp", recipe="full")
    page.set("boston-mlp.budget", 3600)
    page.press("Start training")
    assert not page.errors and (launched[0].recipe.max_steps, launched[0].recipe.epochs) == (2000, 1000)


def test_broken_data_is_a_sentence_with_the_path(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ):
        (raw / name).write_bytes(b"nonsense")
    monkeypatch.setenv("MANABI_DATA", str(tmp_path))
    page = visit("train")
    assert page.errors
    assert all(str(raw) in e for e in page.errors)
    assert any(str(raw) in w for w in visit("models").errors)
    assert any(str(raw) in e for e in visit("draw", source="test").errors)


def test_weights_that_are_missing_are_said_before_start(
    visit: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    page = visit("train", task="cifar10-resnet18-pretrained")
    assert page.says("python -m core weights get resnet18-imagenet")
    page.set("cifar10-resnet18-pretrained.quick.init", "scratch")
    assert not page.says("weights get")
