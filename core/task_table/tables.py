"""Regression: house prices, and a line through five points."""

from __future__ import annotations

from core.messages import N_
from core.task_spec import Task
from core.training.model_recipes import HousingRecipe
from core.training.supervised_recipe import SupervisedRecipe

TASKS: list[Task] = [
    Task(
        name="boston-mlp",
        title=N_("Boston: house prices"),
        about=N_(
            "A fully connected model that predicts the median house price of a district, in "
            "thousands of 1970 dollars."
        ),
        kind="regression",
        dataset="boston",
        model="mlp",
        recipe=HousingRecipe(
            epochs=200,
            batch_size=32,
            learning_rate=0.003,
            weight_decay=0.001,
            width=64,
            depth=2,
            dropout=0.1,
            num_validation=60,
        ),
        batch_norm=False,
        quick={"epochs": 20},
    ),
    Task(
        name="line",
        title=N_("Line y = 2x + 1"),
        about=N_("The regression of the notes: one weight and one bias, learned from five points."),
        kind="line",
        dataset="line",
        model="linear",
        recipe=SupervisedRecipe(
            epochs=100,
            batch_size=5,
            optimizer="sgd",
            momentum=0.0,
            learning_rate=0.2,
            num_validation=0,
            precision="32-true",
        ),
        batch_norm=False,
        quick={"epochs": 20},
    ),
]
