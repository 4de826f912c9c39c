"""Studies of single documents, on top of the package."""
