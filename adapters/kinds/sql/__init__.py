"""Kind `sql`: database views, read-only."""
