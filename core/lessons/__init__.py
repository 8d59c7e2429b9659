"""Lessons that train in front of one's eyes: small enough to run in the server, a few milliseconds at a time, without a run folder."""
