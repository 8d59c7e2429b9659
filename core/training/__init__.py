"""Trainers, recipes, the run store and the jobs that drive them."""
