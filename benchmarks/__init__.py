"""Programs that print measured tables; none of them is a test. `python -m benchmarks` runs the quick ones,
`--long` the long ones.
"""
