"""Hand-drawn digits: canvas preprocessing, out-of-distribution detection, nearest neighbors, handwriting sets."""
