"""Parts of the Browse COCO page."""
