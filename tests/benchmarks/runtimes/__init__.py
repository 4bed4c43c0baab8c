"""Runtimes timed against each other: the contestants, their turns, the data, and the table of the figures."""
