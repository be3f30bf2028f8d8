"""The benchmark: one table, the engine on both databases and its peers beside it. `python -m tests.bench --help`."""
