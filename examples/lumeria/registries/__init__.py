"""One database per ministry, each in its own shape: the tables stand in the `.sql` file beside each module."""
