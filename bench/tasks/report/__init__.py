"""The page of the experiments, made from the records."""
