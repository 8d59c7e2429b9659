"""Parts of the Playground page."""
