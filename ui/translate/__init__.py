"""Parts of the Apples to oranges page."""
