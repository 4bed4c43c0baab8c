"""Run a patched checkout's own code: train, evaluate and encode, with a folder for each run."""
