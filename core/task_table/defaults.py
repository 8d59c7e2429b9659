"""Recipe fields that several tasks share."""

from __future__ import annotations

from typing import Any

QUICK_FIELDS = {"epochs": 2, "limit_train": 2000, "num_validation": 500}

# Common to the CIFAR-10 recipes: flips and crops, a one-cycle schedule, averaged weights, and a small validation set, because with
# averaged weights and a decaying learning rate there is little to select.
CIFAR_DEFAULTS: dict[str, Any] = {
    "batch_size": 128,
    "optimizer": "sgd",
    "nesterov": True,
    "learning_rate": 0.1,
    "weight_decay": 5e-4,
    "schedule": "one-cycle",
    "label_smoothing": 0.1,
    "flip": "alternating",
    "crop_padding": 4,
    "ema_decay": 0.99,
    "num_validation": 2000,
}

# A final run of fixed length uses the full training set, since nothing is selected during it; test-time augmentation flips and shifts.
TTA_FIELDS: dict[str, Any] = {"num_validation": 0, "tta_flip": True, "tta_shift": True}

# airbench94's own, in this project's terms: its rate of 11.5 and decay of 0.0153 "per 1024 examples" at momentum 0.85 are 1.5 and
# 1.3e-3 for PyTorch's SGD and a mean loss; a quarter of the batch takes a quarter of the rate.
AIRBENCH_FIELDS: dict[str, Any] = {
    "batch_size": 256,
    "optimizer": "sgd",
    "nesterov": True,
    "momentum": 0.85,
    "learning_rate": 0.375,
    "weight_decay": 1.3e-3,
    "norm_lr_factor": 64,
    "schedule": "triangular",
    "label_smoothing": 0.2,
    "flip": "alternating",
    "ema_decay": 0.99,
    "num_validation": 0,
    "tta_flip": True,
    "tta_shift": True,
}

# After airbench94_muon, with rates for batches of 500 instead of 2000 (docs/log.md).
MUON_FIELDS: dict[str, Any] = {
    "batch_size": 500,
    "optimizer": "muon",
    "momentum": 0.85,
    "learning_rate": 0.5,
    "muon_lr": 0.2,
    "weight_decay": 1.3e-3,
    "norm_lr_factor": 32,
    "schedule": "triangular",
    "label_smoothing": 0.2,
}
