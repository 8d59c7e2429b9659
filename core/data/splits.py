"""Splits of a data set: stratified, and always with the same seed."""

from __future__ import annotations

import numpy as np

SPLIT_SEED = 0
"""Seed of every split. It is independent of a recipe's own seed, so that runs stay comparable."""


def train_val_split(labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Split into training and validation examples, stratified by class.

    Regression targets (floats) are stratified by quintile.

    Args:
        labels: int64 class numbers (N,) or float32 targets (N,).
        size: number of validation examples; 0 leaves the validation set empty.

    Returns:
        Sorted indices (training, validation) into `labels`.
    """
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(labels))
    if size <= 0:
        return everything, everything[:0]
    strata = labels
    if np.issubdtype(labels.dtype, np.floating):
        strata = np.searchsorted(np.quantile(labels, [0.2, 0.4, 0.6, 0.8]), labels)
    train, held = train_test_split(everything, test_size=size, random_state=SPLIT_SEED, stratify=strata)
    return np.sort(train), np.sort(held)


def held_out_size(requested: int, num_examples: int, *, is_fallback: bool) -> int:
    """Number of validation examples to hold out of `num_examples`: `requested`, but at most a fifth of a fallback's training set."""
    return min(requested, num_examples // 5) if is_fallback else requested


def stratified_subset(labels: np.ndarray, count: int) -> np.ndarray:
    """Sorted indices of a stratified subset of `count` examples, at least one per class.

    Returns all indices if there are no more than `count`.
    """
    groups = labels
    if np.issubdtype(labels.dtype, np.floating):
        groups = np.searchsorted(np.quantile(labels, [0.2, 0.4, 0.6, 0.8]), labels)
    shuffled = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    turn = np.empty(len(labels))  # in [0, 1): position within the example's class
    for group in np.unique(groups):
        members = shuffled[groups[shuffled] == group]
        turn[members] = np.arange(len(members)) / len(members)
    return np.sort(shuffled[np.argsort(turn[shuffled], kind="stable")][:count])
