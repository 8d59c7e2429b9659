"""Parts of the Models & data page."""
