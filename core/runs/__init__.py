"""Runs: store, logs, status, queue, process and runner."""
