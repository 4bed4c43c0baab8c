"""The hand-off: how a repository's own training, evaluation and encoding run, on the engine of 2016 and on one of today."""
