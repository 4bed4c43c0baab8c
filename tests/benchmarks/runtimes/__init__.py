"""Engines timed against each other: who takes part, in turn, on what data, and the table that comes of it."""
