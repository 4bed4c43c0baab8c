"""The commands: from a recipe and a folder to a result that can be shown. Nothing here prints."""
