"""Plan all edits of a recipe over a checkout, find an applied patch again, and take it back."""
