"""Analysis of runs and models: comparison, significance, runtime estimate, sweeps, export."""
