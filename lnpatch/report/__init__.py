"""The report of a study: the paper's table and ours, the figure, what the comparison says, and how to do it again."""
