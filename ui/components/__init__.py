"""Custom components: Python side of the JavaScript beside it."""
