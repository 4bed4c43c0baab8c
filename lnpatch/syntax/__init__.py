"""Finding, comparing and replacing things in libcst trees; what the edit kinds have in common."""
