"""The command line: each command calls one function that lives elsewhere."""
