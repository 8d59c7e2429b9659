"""Unpaired image translation: two generators between two domains of photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core.kinds.base import BestEpoch, Curve, Finding, Kind, SelectionMetric
from core.messages import N_, UserError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

    from core.checkpoints import Spec
    from core.data import ArrayDataset, ProgressCallback
    from core.data.registry import DatasetInfo, TryLink
    from core.evaluation import Evaluation
    from core.runs.store import Run
    from core.training.recipe import Recipe
    from core.training.trainer import Trainer

GENERATOR, DISCRIMINATOR = N_("Generator"), N_("Discriminator")

# Title, columns of the log with their names, number format.
_CHARTS: tuple[tuple[str, dict[str, str], str], ...] = (
    (
        N_("Translations classified as the target domain"),
        {"val/fooled_a2b": N_("A to B"), "val/fooled_b2a": N_("B to A")},
        ".0%",
    ),
    (
        N_("Mean absolute difference (% of value range)"),
        {
            "val/cycle_error": N_("cycle error"),
            "val/change_a2b": N_("mean change, A to B"),
            "val/change_b2a": N_("mean change, B to A"),
        },
        ".1%",
    ),
    (
        N_("Discriminator scores (1 = real, 0 = translated)"),
        {
            "score/real_a": N_("real photos, domain A"),
            "score/translated_a": N_("translated to A"),
            "score/real_b": N_("real photos, domain B"),
            "score/translated_b": N_("translated to B"),
        },
        "",
    ),
    (
        N_("Generator losses"),
        {
            "loss/adversarial_a2b": N_("adversarial loss, A to B"),
            "loss/adversarial_b2a": N_("adversarial loss, B to A"),
            "loss/cycle": N_("cycle consistency loss"),
            "loss/identity": N_("identity loss"),
        },
        "",
    ),
)


def _curves() -> tuple[Curve, ...]:
    return tuple(
        Curve(
            column,
            {"validation" if column.startswith("val/") else "train": column},
            name,
            group=title,
            y_format=y_format,
        )
        for title, columns, y_format in _CHARTS
        for column, name in columns.items()
    )


class TranslationKind(Kind):
    """Photos (B, 3, H, W) in [-1, 1] in both directions, "a2b" and "b2a"."""

    name = "translation"
    # The share of translations that a classifier assigns to the target domain, in the worse direction.
    selection_metric = SelectionMetric(
        "fool_rate",
        ("val/fooled_a2b", "val/fooled_b2a"),
        ("fool_rate_a2b", "fool_rate_b2a"),
        True,
        "val/cycle_error",
        is_percentage=True,
        about=N_(
            "Fooling rate: how many translated test photos a separate classifier takes for the other domain, in "
            "the worse direction. Higher means more convincing fakes; it is no accuracy."
        ),
    )
    curves = _curves()
    progress_metric = "cycle_error"
    panel = "translation"
    model_role = "translator"

    def check_devices(self, devices: int, num_nodes: int) -> None:
        """One device only: batches of one photo cannot be divided, and image pools belong to one process."""
        from core.training.cyclegan_recipe import ONE_DEVICE_MESSAGE

        if (devices, num_nodes) != (1, 1):
            raise UserError(ONE_DEVICE_MESSAGE)

    def prepare_trainer(self, trainer: Trainer, dataset: ArrayDataset) -> None:
        """Let the trainer rank epochs with the domain classifier, if there is one for `dataset`."""
        from core.translation import domain_classifiers

        trainer.use_domain_classifier(domain_classifiers.for_dataset(dataset))

    def resolve_validation_size(self, dataset: ArrayDataset, recipe: Recipe) -> int:
        """Validation photos per domain; of fallback data at most a fifth of its photos. The trainer checks that photos are left."""
        limit = len(dataset.train_x) // 5 if dataset.stand_in_for else recipe.num_validation
        return min(recipe.num_validation, limit)

    def num_train_examples(self, dataset: ArrayDataset, recipe: Recipe) -> int:
        """Training photos of the larger domain."""
        photos = max(int((dataset.train_y == domain).sum()) for domain in (0, 1))
        return max(0, photos - self.resolve_validation_size(dataset, recipe))

    def timing_overrides(self, recipe: Recipe, dataset: ArrayDataset) -> dict[str, Any]:
        """No sample images, and the validation size of a run."""
        return {"sample_every": 1_000_000, "num_validation": self.resolve_validation_size(dataset, recipe)}

    def networks(
        self, model: str, in_shape: tuple[int, ...], num_outputs: int, options: Mapping[str, Any]
    ) -> dict[str, Callable[[], nn.Module]]:
        """One generator and one discriminator; those of the other direction are built alike."""
        from core import models
        from core.models.cyclegan import Discriminators, init_weights

        return {
            GENERATOR: lambda: models.create_model(model, in_shape, num_outputs, **options).a2b,
            DISCRIMINATOR: lambda: init_weights(Discriminators(options["width"])).a,
        }

    def trained_networks(self, model: nn.Module) -> dict[str, nn.Module]:
        """The generator from A to B; discriminators are not saved."""
        return {GENERATOR: model.a2b}

    def is_compatible(self, spec: Spec, dataset: ArrayDataset) -> bool:
        """The domains must match; photos of any size are resized."""
        return tuple(spec.classes) == tuple(dataset.classes)

    def try_links(self, info: DatasetInfo) -> tuple[TryLink, ...]:
        """The page that translates photos, besides those of the data set."""
        from core.data.registry import TryLink

        link = TryLink(
            "translate", "network", N_("Translate photos with your model"), ":material/swap_horiz:"
        )
        return (link, *info.try_links)

    def evaluate(
        self,
        model: nn.Module,
        spec: Spec,
        dataset: ArrayDataset,
        progress: ProgressCallback | None = None,
    ) -> Evaluation:
        """Cycle error, fooling rates and KID on the test photos, beside their baselines; no per-photo outputs."""
        from core.evaluation import Evaluation
        from core.translation import gan_metrics

        return Evaluation(
            gan_metrics.compute_metrics(model.eval(), spec, dataset, progress), None, dataset.test_y
        )

    def predictions(self, outputs: Tensor, spec: Spec) -> Tensor:
        """Photos in [0, 1]."""
        return (outputs + 1) / 2

    def check_release(self, run: Run, dataset: ArrayDataset) -> None:
        """Refuse photo sets of a user's own: the classifiers and metrics are those of apples and oranges."""
        if dataset.name != "apple2orange":
            raise UserError(
                N_(
                    "Run {run} was trained on a custom photo set ({title}). Only runs on apples and "
                    "oranges can be exported as pretrained models."
                ),
                run=run.id,
                title=dataset.title,
            )

    def diagnose(self, log: pd.DataFrame) -> list[Finding]:
        """Findings from discriminator scores and validation signals."""
        from core.translation import gan_diagnostics

        return gan_diagnostics.diagnose_log(log)

    def find_best_epoch(self, log: pd.DataFrame) -> BestEpoch | None:
        """The epoch with the best fooling rate; without a classifier the newest validated epoch."""
        best = super().find_best_epoch(log)
        tie = self.selection_metric.tie_breaker
        if best is not None or tie not in log:
            return best
        epochs = log.dropna(subset=[tie])["epoch"]
        return BestEpoch(float(epochs.iloc[-1])) if len(epochs) else None
