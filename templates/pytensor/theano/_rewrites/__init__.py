"""Rewrites of graphs into forms that compute the same faster. Each module shows its graph before and after."""
