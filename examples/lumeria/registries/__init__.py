"""One database per ministry, each in its own shape; its tables stand in the `.sql` file beside it."""
