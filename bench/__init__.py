"""Benchmarks of longwing beside what else convolves: ``python -m bench cpu``. Not installed."""
