"""Experiment trackers: where the figures of a run go beside its own folder, while it trains."""
