"""Read what earlier versions wrote: recipes, weights metadata, model cards and run configurations.

Files are converted when they are read and never rewritten in place. This module holds every name that has changed, so that no
other module knows an old one. Imports without torch.
"""

from __future__ import annotations

import re
from typing import Any

FORMAT = 2
"""Written as `format` into run configurations and model cards. Files without it use the names of format 1."""

RECIPE_FIELDS = {
    "blocks": "num_blocks",
    "clip": "max_grad_norm",
    "constant": "constant_lr_fraction",
    "crop": "crop_padding",
    "cycle": "cycle_weight",
    "early_pool": "stem_pool",
    "ema": "ema_decay",
    "grey": "grayscale",
    "identity": "identity_weight",
    "jitter": "color_jitter",
    "mirror": "tta_flip",
    "norm_rate": "norm_lr_factor",
    "pool": "pool_size",
    "resize": "resize_conv",
    "scaling": "input_scaling",
    "shifted": "tta_shift",
    "size": "image_size",
    "start": "init",
    "step_epochs": "lr_step_size",
    "step_factor": "lr_gamma",
    "units": "hidden_units",
    "use_b": "use_b_column",
    "validation": "num_validation",
}
"""Recipe fields, model options and command-line options: format 1 to the current name."""

CHOICES = {("scaling", "standardised"): "standardized"}
"""Values of a choice by old field name and old value."""

TITLES = {
    "CIFAR-10 (image copy)": "CIFAR-10 (JPEG copy)",
    "drawn shapes in ten classes": "synthetic shapes in ten classes",
    "drawn apples and oranges": "synthetic apples and oranges",
    "scikit-learn's 8x8 digits, enlarged": "scikit-learn's 8×8 digits, enlarged",
}
"""Titles of data sets."""

MESSAGES = {
    "{title} is not on this machine. {reason} Until then this uses {stand_in}.": (
        "{title} is not installed. {reason} Until then, {stand_in} will be used as fallback data."
    ),
    "Fetch its {size} MB with `{command}`, or put its files ({layout}) into {folder}.": (
        "Download it ({size} MB) with `{command}`, or place its files ({layout}) in {folder}."
    ),
    "Put its files ({layout}) into {folder}.": "Place its files ({layout}) in {folder}.",
    "{title} could not be downloaded from {url}: {reason}. Put the file into {folder} by hand, or try again later.": (
        "{title} could not be downloaded from {url}: {reason}. Place the file in {folder} manually, or try again later."
    ),
    "No official source offers {title} any more; put its file ({layout}) into {folder}.": (
        "{title} has no official download anymore. Place its file ({layout}) in {folder}."
    ),
    "Halted at step {step}: {metric} was no longer a finite number. The usual causes: a learning rate that is too large, "
    "inputs that are not scaled, or a division by zero in the loss. Try a learning rate ten times smaller.": (
        "Stopped at step {step}: {metric} became NaN or infinite. Common causes: a learning "
        "rate that is too high, unscaled inputs, or division by zero in the loss. Try a "
        "learning rate ten times smaller."
    ),
    "The training broke off ({reason}). The details are in {file}.": (
        "Training failed ({reason}). See {file} for details."
    ),
    "{file} could not be read or written: {reason}. The best weights so far are kept.": (
        "{file} could not be read or written: {reason}. The best weights so far are saved."
    ),
    "The memory of this machine was not enough. Choose a smaller batch size or width.": (
        "Out of memory. Choose a smaller batch size or width."
    ),
    "The disk is full: {folder} could not be written. Free space and resume; the best weights so far are kept.": (
        "The disk is full: {folder} could not be written. Free up space and resume. The best weights so far are saved."
    ),
    "{file} cannot be resumed from: it is damaged or belongs to another network. Start a new run.": (
        "Cannot resume from {file}: it is corrupted or belongs to another model. Start a new run."
    ),
    "This run began with {before} ({before_count} training examples), but now {now} ({now_count}) would be used. "
    "Bring the first back (MANABI_DATA names their folder), or start a new run.": (
        "This run started with {before} (training set size: {before_count}), but {now} ({now_count}) was found. "
        "Restore the original data (set MANABI_DATA to its folder), or start a new run."
    ),
    **TITLES,
}
"""Message ids stored in run folders (notice, reason). A sentence that is not listed is shown as it was stored."""


LINK_PARAMETERS = {
    "fight": "comparison",
    "fight_axis": "comparison_axis",
    "fight.quick": "comparison.quick",
    "fighters": "models",
    "picture": "image_source",
    "quick.multiply-adds": "quick.macs",
    "full.multiply-adds": "full.macs",
}
"""Parameters of links to the Compare page."""

DRAW_PARAMETERS = {"step-centre": "step-center"}
"""Parameters of links to the Draw page."""

SOURCES = {"drawn scenes": "synthetic scenes"}
"""Annotation sources in links to the Browse page."""

GLOSSARY_TERMS = {"batch-normalisation": "batch-normalization", "normalisation": "normalization"}
"""Ids of glossary entries, in links to the Glossary page."""

BUDGETS = {"multiply-adds": "macs"}
"""Budgets of a comparison, in run configurations and links."""


def migrate_link(parameters: dict[str, str]) -> dict[str, str]:
    """Rename the parameters of a link to the Compare page."""
    renamed = {LINK_PARAMETERS.get(name, name): value for name, value in parameters.items()}
    return {name: BUDGETS.get(value, value) if name == "budget" else value for name, value in renamed.items()}


def migrate_draw_link(parameters: dict[str, str]) -> dict[str, str]:
    """Rename the parameters of a link to the Draw page."""
    return {DRAW_PARAMETERS.get(name, name): value for name, value in parameters.items()}


def migrate_browse_link(parameters: dict[str, str]) -> dict[str, str]:
    """Rename the annotation source in a link to the Browse page."""
    return {n: SOURCES.get(value, value) if n == "folder" else value for n, value in parameters.items()}


def migrate_recipe(values: dict[str, Any]) -> dict[str, Any]:
    """Rename the recipe fields (or model options) and choices of format 1."""
    renamed = {}
    for name, value in values.items():
        choice = (name, value) if isinstance(value, str) else None
        renamed[RECIPE_FIELDS.get(name, name)] = CHOICES.get(choice, value)
    return renamed


def migrate_spec(values: dict[str, Any]) -> dict[str, Any]:
    """Rename the keys in the metadata of a weights file: the fields of `Spec` and its model options."""
    values = {**values, **{k: migrate_title(values[k]) for k in ("data", "stand_in_for") if k in values}}
    if "tta_flip" in values:
        return values
    if isinstance(values.get("options"), dict):
        values["options"] = migrate_recipe(values["options"])
    for old in ("mirror", "shifted"):
        if old in values:
            values[RECIPE_FIELDS[old]] = values.pop(old)
    return values


def migrate_config(values: dict[str, Any]) -> dict[str, Any]:
    """Convert a run's configuration (config.json) to the current format."""
    if values.get("format") == FORMAT:
        return values
    values = _migrate_parts(values)
    if "fight" in values:
        values["comparison"] = values.pop("fight")
    if "budget" in values:
        values["budget"] = BUDGETS.get(str(values["budget"]), values["budget"])
    if isinstance(values.get("sweep_fields"), list):
        values["sweep_fields"] = [RECIPE_FIELDS.get(str(n), n) for n in values["sweep_fields"]]
    if "notice" in values:
        values["notice"] = migrate_message(values["notice"])
    return values


def migrate_card(values: dict[str, Any]) -> dict[str, Any]:
    """Convert a model card to the current format; its command becomes one that this version accepts."""
    if isinstance(values.get("metrics"), dict):
        values = {**values, "metrics": migrate_metrics(values["metrics"])}
    if values.get("format") == FORMAT:
        return values
    values = _migrate_parts(values)
    if isinstance(values.get("command"), str):
        values["command"] = migrate_command(values["command"])
    return values


def migrate_metrics(metrics: dict[str, Any]) -> dict[str, Any]:
    """Rename test metrics, in model cards and in the summaries of runs."""
    return {name.replace("colour_", "color_"): value for name, value in metrics.items()}


def migrate_command(command: str) -> str:
    """Rename the options (and their choices) in a `python -m core train` command."""
    for (name, old), new in CHOICES.items():
        command = re.sub(rf"(--{name}[ =]){old}\b", rf"\g<1>{new}", command)
    return re.sub(r"(?<!\S)--[a-z0-9-]+", lambda m: migrate_option(m[0]), command)


def migrate_option(option: str) -> str:
    """The current spelling of a command-line option such as `--no-mirror`; anything else is returned unchanged."""
    parts = re.fullmatch(r"(--(?:no-)?)([a-z0-9-]+)", option)
    name = parts and RECIPE_FIELDS.get(parts[2].replace("-", "_"))
    return parts[1] + name.replace("_", "-") if name else option


def migrate_title(title: Any) -> Any:
    """The current title of a data set; anything else is returned unchanged."""
    return TITLES.get(title, title) if isinstance(title, str) else title


def migrate_message(value: Any) -> Any:
    """Replace the message ids of a stored message (see `core.messages.Message.to_json`), nested ones included."""
    if not isinstance(value, dict) or not isinstance(value.get("msgid"), str):
        return value
    params = value.get("params") if isinstance(value.get("params"), dict) else {}
    return {
        **value,
        "msgid": MESSAGES.get(value["msgid"], value["msgid"]),
        "params": {k: migrate_message(v) for k, v in params.items()},
    }


def _migrate_parts(values: dict[str, Any]) -> dict[str, Any]:
    """What run configurations and model cards share: the recipe and the description of the data."""
    values = {**values, "format": FORMAT}
    if isinstance(values.get("recipe"), dict):
        values["recipe"] = migrate_recipe(values["recipe"])
    if isinstance(values.get("data"), dict):
        titles = {k: migrate_title(v) for k, v in values["data"].items() if k in ("title", "stand_in_for")}
        values["data"] = {**values["data"], **titles}
    return values
