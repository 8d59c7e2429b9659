"""Parts of the House prices page."""
