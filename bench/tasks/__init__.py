"""The paper's experiments: ``python -m bench.tasks run TASK --preset smoke|cpu|gpu|paper``."""
