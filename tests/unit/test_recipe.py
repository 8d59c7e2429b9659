"""Recipes and the task table: data, checked, and there without torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from core import tasks
from core.analysis import sweep
from core.messages import UserError
from core.training import recipe as recipes
from core.training.cyclegan_recipe import CycleGANRecipe
from core.training.recipe import describe_allowed, field_bounds, field_choices, validate_values
from core.training.supervised_recipe import SupervisedRecipe

GROUPS = {"main", "optimizer", "regularization", "augmentation", "model", "data", "machine"}
KINDS = sorted({type(t.recipe) for t in tasks.TASKS}, key=lambda c: c.__name__)
FIELDS = [(kind, name) for kind in KINDS for name in kind.model_fields]


def test_tasks_recipes_and_the_run_store_import_without_torch() -> None:
    program = (
        "import sys, core.tasks, core.training.recipe, core.runs.store, core.runs.queue, core.data, core.checkpoints\n"
        "heavy = {'torch', 'lightning', 'pandas', 'sklearn', 'skimage', 'streamlit', 'plotly'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, f"imported: {done.stderr}"


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda t: t.name)
def test_recipes_round_trip_through_json(task: tasks.Task) -> None:
    for recipe in (task.recipe, task.quick_recipe(), task.recipe.with_resolved_threads()):
        again = validate_values(type(recipe), json.loads(json.dumps(recipe.model_dump())))
        assert again == recipe and again.difference(recipe) == {}


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{k.__name__}.{n}" for k, n in FIELDS])
def test_every_field_describes_itself(kind: type[SupervisedRecipe], name: str) -> None:
    field = kind.field(name)
    extra = field.json_schema_extra
    assert extra["label"] and extra["group"] in GROUPS and field.description.endswith(".")
    assert field_choices(field) or field.annotation is bool or None not in field_bounds(field), (
        "a number needs both bounds"
    )
    validate_values(kind, {name: field.default})


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{k.__name__}.{n}" for k, n in FIELDS])
def test_a_value_out_of_bounds_is_one_sentence_with_field_value_and_range(
    kind: type[SupervisedRecipe], name: str
) -> None:
    field = kind.field(name)
    low, high = field_bounds(field)
    wrong = (
        ["word", None, [1]]
        if high is None
        else [high + 1, low - 1, "word", None, float("nan"), float("inf"), -float("inf")]
    )
    for value in wrong:
        with pytest.raises(UserError) as caught:
            SupervisedRecipe.changed(kind(), **{name: value})
        said = str(caught.value)
        assert said.startswith(f"{name} is {value!r}, but must be ") and str(describe_allowed(field)) in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("epochs", "a whole number from 1 to 1000"),
        ("learning_rate", "a number above 0, at most 10"),
        ("nesterov", "true or false"),
        ("optimizer", "one of sgd, rmsprop, adam, adamw"),
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
    assert str(describe_allowed(both)) == "a number above 0 and less than 1"


def test_bounds_themselves_are_allowed() -> None:
    for name in SupervisedRecipe.model_fields:
        field = SupervisedRecipe.field(name)
        low, high = field_bounds(field)
        if high is not None:
            SupervisedRecipe(**{name: high})
            if "above" not in str(describe_allowed(field)):
                SupervisedRecipe(**{name: low})


def test_zero_is_no_learning_rate() -> None:
    with pytest.raises(UserError, match="above 0, at most 10"):
        SupervisedRecipe().changed(learning_rate=0)


def test_an_unknown_field_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="no field batchsize.*batch_size"):
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


def test_an_unknown_task_offers_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no task called mnist-ccn\. The nearest names: mnist-cnn"):
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


CHOICES = [(t, f) for t in tasks.TASKS for f in t.fields() if field_choices(type(t.recipe).field(f))]


@pytest.mark.parametrize(("task", "field"), CHOICES, ids=[f"{t.name}-{f}" for t, f in CHOICES])
def test_a_choice_may_come_as_a_word(task: tasks.Task, field: str) -> None:
    """As from the command line, and from a sweep's list."""
    options = field_choices(type(task.recipe).field(field))
    assert [getattr(task.recipe.changed(**{field: str(o)}), field) for o in options] == list(options)
    assert sweep.parse_values(task.recipe, field, ", ".join(map(str, options))) == list(options)


FIELDS = [(t, f) for t in tasks.TASKS for f in t.fields()]


@pytest.mark.parametrize(("task", "field"), FIELDS, ids=[f"{t.name}-{f}" for t, f in FIELDS])
def test_what_a_sweep_proposes_can_be_trained(task: tasks.Task, field: str) -> None:
    values = sweep.suggest_values(task.recipe, field)
    words = ", ".join(str(v) for v in values)
    assert len(set(values)) == len(values) >= 2 and sweep.parse_values(task.recipe, field, words) == values


def test_a_sweep_over_nothing_is_a_sentence() -> None:
    with pytest.raises(UserError, match="width has no values to try"):
        sweep.expand_grid(tasks.get_task("mnist-mlp").recipe, {"width": []})
