"""Panels that show runs, used by the Train and Runs pages."""
