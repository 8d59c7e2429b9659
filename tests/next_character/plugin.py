"""Registers kind, data set, model, task and panel. Imported by every process through MANABI_PLUGINS; needs neither torch nor Streamlit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data import ArrayDataset, DatasetInfo, ProgressCallback, register_dataset
from core.kinds import Kind, SelectionMetric, register_kind
from core.kinds.base import split_curve
from core.models import register_model
from core.task_spec import Task
from core.tasks import register_task
from core.training.recipe import Recipe, recipe_field
from ui.runs.panels import register_panel

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.checkpoints import Spec
    from core.evaluation import Evaluation

NAME = "next-character"
SENTENCE = "the quick brown fox jumps over the lazy dog. " * 2
CONTEXT = 3  # characters that a prediction is made from
ALPHABET = tuple(sorted(set(SENTENCE)))


class NextCharacterKind(Kind):
    """Windows of character codes (B, CONTEXT), the code of the next character (B,), perplexity."""

    name = NAME
    selection_metric = SelectionMetric("perplexity", ("val/perplexity",), ("perplexity",), False, "val/loss")
    curves = (split_curve("perplexity", "Perplexity"), split_curve("loss", "Loss"))
    progress_metric = "perplexity"
    panel = NAME

    def predictions(self, outputs: Tensor, spec: Spec) -> Tensor:
        """Probabilities (B, K)."""
        return outputs.softmax(1)

    def evaluate(
        self,
        model: nn.Module,
        spec: Spec,
        dataset: ArrayDataset,
        progress: ProgressCallback | None = None,
    ) -> Evaluation:
        """Perplexity on the test set."""
        import torch

        from core.evaluation import Evaluation

        with torch.inference_mode():
            outputs = model(torch.from_numpy(dataset.test_x))
            loss = torch.nn.functional.cross_entropy(outputs, torch.from_numpy(dataset.test_y))
        probabilities = self.predictions(outputs, spec).numpy()
        return Evaluation({"perplexity": float(loss.exp())}, probabilities, dataset.test_y)


class NextCharacterRecipe(Recipe):
    """The fields that every trainer of a task needs, and a width."""

    epochs: int = recipe_field(30, "Epochs", "Passes over the sentence.", ge=1, le=100_000)
    max_steps: int = recipe_field(0, "Max steps", "0 disables the limit.", ge=0)
    batch_size: int = recipe_field(8, "Batch size", "Windows per step.", ge=1)
    learning_rate: float = recipe_field(0.05, "Learning rate", "Of Adam.", gt=0)
    num_validation: int = recipe_field(0, "Validation", "Validation uses the sentence itself.", ge=0, le=0)
    limit_train: int = recipe_field(0, "Training examples", "0 uses all.", ge=0)
    width: int = recipe_field(16, "Width", "Hidden units.", passes_to="model", ge=1)


def load_sentence(source: Path, progress: object = None) -> ArrayDataset:
    """All windows of the sentence, for training and for testing."""
    codes = np.array([ALPHABET.index(c) for c in SENTENCE])
    x = np.stack([codes[i : i + CONTEXT] for i in range(len(codes) - CONTEXT)]).astype(np.float32)
    y = codes[CONTEXT:].astype(np.int64)
    zeros, ones = np.zeros(CONTEXT, np.float32), np.ones(CONTEXT, np.float32)
    return ArrayDataset(NAME, "One sentence", NAME, str(source), x, y, x, y, zeros, ones, classes=ALPHABET)


def character_mlp(in_shape: tuple[int, ...], num_outputs: int, width: int) -> nn.Module:
    """One hidden layer on one-hot characters."""
    from tests.next_character.trainer import CharacterMLP

    return CharacterMLP(in_shape[0], num_outputs, width)


register_kind(NextCharacterKind())
register_dataset(
    DatasetInfo(
        NAME,
        "One sentence",
        NAME,
        (CONTEXT,),
        "nothing",
        find=lambda root: Path(__file__),
        load=load_sentence,
        classes=ALPHABET,
    )
)
register_model(character_mlp)
register_task(
    Task(
        name=NAME,
        title="Next character",
        about="Predicts the next character of one sentence.",
        kind=NAME,
        dataset=NAME,
        model="character_mlp",
        recipe=NextCharacterRecipe(),
        quick={"epochs": 5},
        trainer="tests.next_character.trainer:NextCharacterTrainer",
    )
)
register_panel(
    NAME, live="tests.next_character.panel:show_live", results="tests.next_character.panel:show_results"
)
