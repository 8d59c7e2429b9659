"""COCO annotations (Lin et al., arXiv 1405.0312), opened all at once: an index, a filter language, masks."""
