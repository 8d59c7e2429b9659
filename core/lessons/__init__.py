"""Lessons that train inside the server, a few milliseconds at a time, without a run folder."""
