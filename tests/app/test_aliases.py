"""Links of earlier versions: former names of tasks, fields and parameters open what they mean now."""

from collections.abc import Callable

import pytest

from core import migration, tasks


def _parameters(page: object) -> dict[str, str]:
    return {k: v[-1] if isinstance(v, list) else v for k, v in page.at.query_params.items()}


def test_a_link_with_a_former_task_name(visit: Callable) -> None:
    former, name = next(iter(tasks.ALIASES.items()))
    page = visit("train", task=former, **{f"{former}.epochs": "3"})
    assert page.says(tasks.get_task(name).about)
    assert _parameters(page)["task"] == name
    assert page.at.session_state[f"{name}.epochs"] == 3


def test_a_former_task_name_as_a_value(visit: Callable) -> None:
    former, name = next(iter(tasks.ALIASES.items()))
    page = visit("architecture", net=former, beside=f"fruit-classifier,{former}")
    assert not page.errors and _parameters(page)["net"] == name
    assert page.says(tasks.get_task(name).about)


def test_an_old_link_while_widgets_are_bound(visit: Callable) -> None:
    page = visit("train", task="mnist-softmax", **{"mnist-softmax.epochs": "3"})
    page.at.query_params["mnist-softmax.epochs"] = "3"
    page.at.query_params["mnist-softmax.validation"] = "500"  # as the browser's Back does
    page.run()
    assert not page.errors
    assert page.at.session_state["mnist-softmax.num_validation"] == 500
    assert page.at.session_state["mnist-softmax.epochs"] == 3
    assert "mnist-softmax.validation" not in page.at.query_params


@pytest.mark.parametrize(
    ("name", "link", "key", "value"),
    [
        pytest.param(
            "architecture",
            {"net": "cifar10-alexnet", "net.cifar10-alexnet.units": "64"},
            "net.cifar10-alexnet.hidden_units",
            64,
            id="model-option",
        ),
    ],
)
def test_a_link_with_a_former_field_name(
    visit: Callable, name: str, link: dict[str, str], key: str, value: object
) -> None:
    page = visit(name, **link)
    assert not page.errors and page.at.session_state[key] == value


def test_a_link_with_a_former_preprocessing_step(visit: Callable) -> None:
    [(former, now)] = migration.DRAW_PARAMETERS.items()
    page = visit("draw", **{former: "false"})
    assert not page.errors and _parameters(page).items() >= {now: "false"}.items()
    assert former not in page.at.query_params


def test_a_link_with_a_former_annotation_source(visit: Callable) -> None:
    page = visit("browse", folder="drawn scenes")
    assert not page.errors and _parameters(page).get("folder", "synthetic scenes") == "synthetic scenes"
