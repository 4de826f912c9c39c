"""Runs: one experiment trained from start to end, or several in processes of their own."""
