"""Handwritten digits: preprocessing, out-of-distribution detection, neighbors, and handwriting sets."""
