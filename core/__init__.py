"""Manabi Lab's engine: data, models, trainers, runs and explanations. It knows no screen."""
