"""The models themselves. What stands below the comment ``# -- ... --`` in these files makes up the modeling.py of an export."""
