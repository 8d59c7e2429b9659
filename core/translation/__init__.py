"""Unpaired image translation: inference on photos of any size, metrics, and training diagnostics."""

from core.training.cyclegan_recipe import REVERSE_DIRECTION

__all__ = ["REVERSE_DIRECTION"]
