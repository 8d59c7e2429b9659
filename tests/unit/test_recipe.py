"""Recipes and the task table: validated data that imports without torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from core import tasks
from core.analysis import sweep
from core.cli.app import app
from core.messages import UserError
from core.training import recipe as recipes
from core.training.cyclegan_recipe import CycleGANRecipe
from core.training.recipe import Recipe, describe_allowed, field_bounds, field_choices, validate_values
from core.training.supervised_recipe import SupervisedRecipe

GROUPS = {"main", "optimizer", "regularization", "augmentation", "model", "data", "machine"}
RECIPES = sorted({type(t.recipe) for t in tasks.TASKS}, key=lambda c: c.__name__)
DEFINITIONS = sorted(
    {
        (next(c for c in recipe.__mro__ if name in vars(c).get("__annotations__", ())), name)
        for recipe in RECIPES
        for name in recipe.model_fields
    },
    key=lambda case: (case[0].__name__, case[1]),
)
"""Each field once: the class that defines it, and its name."""


def test_tasks_recipes_and_the_run_store_import_without_torch() -> None:
    program = (
        "import sys, core.tasks, core.training.recipe, core.runs.store, core.runs.queue, core.data, core.checkpoints\n"
        "heavy = {'torch', 'lightning_fabric', 'pandas', 'sklearn', 'skimage', 'streamlit', 'plotly'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, f"imported: {done.stderr}"


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
def test_recipes_round_trip_through_json(task: tasks.Task) -> None:
    for recipe in (task.recipe, task.quick_recipe(), task.recipe.with_resolved_threads()):
        again = validate_values(type(recipe), json.loads(json.dumps(recipe.model_dump())))
        assert again == recipe and again.difference(recipe) == {}


def test_a_recipe_has_the_fields_that_its_bases_define() -> None:
    """So that a field has to be tested on the class that defines it only."""
    for recipe in RECIPES:
        for name, field in recipe.model_fields.items():
            origin = next(c for c in recipe.__mro__ if (c, name) in DEFINITIONS)
            assert field.json_schema_extra == origin.model_fields[name].json_schema_extra
            assert field.metadata == origin.model_fields[name].metadata


@pytest.mark.parametrize(("recipe", "name"), DEFINITIONS, ids=[f"{c.__name__}.{n}" for c, n in DEFINITIONS])
def test_every_field_describes_itself(recipe: type[Recipe], name: str) -> None:
    field = recipe.field(name)
    extra = field.json_schema_extra
    assert extra["label"] and extra["group"] in GROUPS and field.description.endswith(".")
    assert field_choices(field) or field.annotation is bool or None not in field_bounds(field), (
        "a number needs both bounds"
    )
    validate_values(recipe, {name: field.default})


@pytest.mark.parametrize(("recipe", "name"), DEFINITIONS, ids=[f"{c.__name__}.{n}" for c, n in DEFINITIONS])
def test_a_value_out_of_bounds_is_one_sentence_with_field_value_and_range(
    recipe: type[Recipe], name: str
) -> None:
    field = recipe.field(name)
    low, high = field_bounds(field)
    wrong = (
        ["word", None, [1]]
        if high is None
        else [high + 1, low - 1, "word", None, float("nan"), float("inf"), -float("inf")]
    )
    for value in wrong:
        with pytest.raises(UserError) as caught:
            recipe().changed(**{name: value})
        said = str(caught.value)
        assert said.startswith(f"{name} is {value!r}, but must be ") and str(describe_allowed(field)) in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("epochs", "an integer from 1 to 1000"),
        ("learning_rate", "a number greater than 0 and at most 10"),
        ("nesterov", "true or false"),
        ("optimizer", "one of sgd, rmsprop, adam, adamw, muon"),
    ],
)
def test_ranges_in_words(name: str, said: str) -> None:
    assert str(describe_allowed(SupervisedRecipe.field(name))) == said


def test_a_bound_that_is_itself_refused_is_worded_so() -> None:
    said = "a number, at least 0 and less than 1"
    assert str(describe_allowed(CycleGANRecipe.field("beta1"))) == said
    with pytest.raises(UserError, match=f"beta1 is 1.0, but must be {said}"):
        CycleGANRecipe().changed(beta1=1.0)
    assert CycleGANRecipe().changed(beta1=0.0).beta1 == 0
    both = recipes.recipe_field(0.5, "", "", gt=0, lt=1)
    both.annotation = float
    assert str(describe_allowed(both)) == "a number greater than 0 and less than 1"


def test_bounds_themselves_are_allowed() -> None:
    for name in SupervisedRecipe.model_fields:
        field = SupervisedRecipe.field(name)
        low, high = field_bounds(field)
        if high is not None:
            SupervisedRecipe(**{name: high})
            if "greater than" not in str(describe_allowed(field)):
                SupervisedRecipe(**{name: low})


@pytest.mark.parametrize("task", [t for t in tasks.TASKS if t.presets], ids=lambda t: t.name)
def test_a_preset_is_another_recipe_than_the_full_and_the_quick_one(task: tasks.Task) -> None:
    recipes_by_name = {name: task.variant_recipe(name) for name in task.variants()}
    assert next(iter(recipes_by_name)) == "quick" and list(recipes_by_name)[-1] == "full"
    assert len({r.model_dump_json() for r in recipes_by_name.values()}) == len(task.presets) + 2


def test_an_unknown_preset_lists_those_that_there_are() -> None:
    with pytest.raises(UserError, match="mnist-cnn has no preset slow. Presets: quick, one-cycle, full."):
        tasks.get_task("mnist-cnn").variant_recipe("slow")


def test_the_command_line_takes_a_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Recipe] = []
    monkeypatch.setattr("core.cli.train.start_and_follow", lambda task, recipe, *_: started.append(recipe))
    words = ["train", "mnist-cnn", "--preset", "one-cycle", "--epochs", "3"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (started[0].schedule, started[0].epochs) == ("one-cycle", 3)


def test_zero_is_no_learning_rate() -> None:
    with pytest.raises(UserError, match="greater than 0 and at most 10"):
        SupervisedRecipe().changed(learning_rate=0)


def test_an_unknown_field_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="field batchsize not found.*batch_size"):
        SupervisedRecipe().changed(batchsize=3)


def test_numbers_that_a_person_typed_are_read() -> None:
    changed = SupervisedRecipe().changed(epochs="3", learning_rate="1e-3", nesterov="true")
    assert (changed.epochs, changed.learning_rate, changed.nesterov) == (3, 0.001, True)


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValidationError):
        SupervisedRecipe().epochs = 3


def test_resolved_records_the_threads_that_will_be_used() -> None:
    assert SupervisedRecipe().with_resolved_threads().threads == recipes.num_cores() >= 1
    assert SupervisedRecipe(threads=3).with_resolved_threads().threads == 3


def test_difference_names_what_changed() -> None:
    assert SupervisedRecipe(epochs=3).difference(SupervisedRecipe()) == {"epochs": 3}


def test_parts_cover_every_field_once() -> None:
    for task in tasks.TASKS:
        parts = [task.recipe.part(r) for r in ("trainer", "model", "data")]
        names = [n for part in parts for n in part]
        assert sorted(names) == sorted(type(task.recipe).model_fields)


def test_the_table() -> None:
    names = [t.name for t in tasks.TASKS]
    assert len(set(names)) == len(names)
    for task in tasks.TASKS:
        assert tasks.get_task(task.name) is task
        assert task.title and task.about.endswith(".")
        assert set(task.fields()) <= set(type(task.recipe).model_fields)
        assert task.quick_recipe().epochs <= task.recipe.epochs


def test_fields_that_mean_nothing_to_a_task_are_hidden() -> None:
    table, images = tasks.get_task("boston-mlp").fields(), tasks.get_task("mnist-cnn").fields()
    assert (
        not {"loss", "label_smoothing", "shift", "rotate", "scale"} & set(table) and "use_b_column" in table
    )
    assert {"loss", "label_smoothing", "shift", "width"} <= set(images) and "dropout" not in images


def test_fields_without_effect_beside_the_others_are_left_out() -> None:
    task = tasks.get_task("mnist-cnn")
    assert {"momentum", "nesterov", "lr_gamma"}.isdisjoint(task.fields(task.recipe))
    assert "momentum" in task.fields(task.recipe.changed(optimizer="rmsprop"))
    assert {"momentum", "nesterov", "lr_gamma"} <= set(
        task.fields(task.recipe.changed(optimizer="sgd", schedule="step"))
    )
    assert {"momentum", "nesterov", "lr_gamma"} <= set(task.fields()), "the command line takes them all"


@pytest.mark.parametrize(
    "name", [t.name for t in tasks.TASKS if "norm_lr_factor" in type(t.recipe).model_fields]
)
def test_tasks_declare_whether_their_model_has_batch_norm(name: str) -> None:
    from core import data, models
    from core.training.optim import NORM_LAYERS

    task = tasks.get_task(name)
    info, options = data.dataset_info(task.dataset), task.recipe.part("model")
    options |= {"init": "scratch"} if "init" in options else {}
    model = models.create_model(task.model, info.shape, max(1, len(info.classes)), **options)
    assert any(isinstance(m, NORM_LAYERS) for m in model.modules()) == task.batch_norm
    assert ("norm_lr_factor" in task.fields()) == task.batch_norm


def test_an_unknown_task_offers_the_nearest() -> None:
    with pytest.raises(UserError, match=r"Task mnist-ccn not found\. Closest matches: mnist-cnn"):
        tasks.get_task("mnist-ccn")


def test_the_notes_recipe_is_the_default_of_the_notes_cnn() -> None:
    recipe = tasks.get_task("mnist-cnn").recipe
    assert (recipe.optimizer, recipe.learning_rate, recipe.batch_size, recipe.epochs) == (
        "adam",
        0.01,
        64,
        10,
    )
    assert (recipe.loss, recipe.schedule, recipe.width) == ("cross-entropy", "none", 32)


CHOICES = [(recipe, name) for recipe, name in DEFINITIONS if field_choices(recipe.field(name))]


@pytest.mark.parametrize(("recipe", "name"), CHOICES, ids=[f"{c.__name__}.{n}" for c, n in CHOICES])
def test_a_choice_may_be_given_as_text(recipe: type[Recipe], name: str) -> None:
    """As on the command line and in the values of a sweep."""
    options = field_choices(recipe.field(name))
    assert [getattr(recipe().changed(**{name: str(o)}), name) for o in options] == list(options)
    assert sweep.parse_values(recipe(), name, ", ".join(map(str, options))) == list(options)


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
def test_what_a_sweep_proposes_can_be_trained(task: tasks.Task) -> None:
    for field in task.fields():
        values = sweep.suggest_values(task.recipe, field)
        words = ", ".join(str(v) for v in values)
        assert len(set(values)) == len(values) >= 2, field
        assert sweep.parse_values(task.recipe, field, words) == values, field


def test_a_sweep_over_nothing_is_a_sentence() -> None:
    with pytest.raises(UserError, match="No values given for width"):
        sweep.expand_grid(tasks.get_task("mnist-mlp").recipe, {"width": []})
