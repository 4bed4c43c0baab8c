"""Rewrites of graphs into forms that compute the same faster."""
