"""Unpaired image translation: inference on photos of any size, metrics, and training diagnostics."""

REVERSE_DIRECTION = {"a2b": "b2a", "b2a": "a2b"}
"""The opposite of each direction."""
