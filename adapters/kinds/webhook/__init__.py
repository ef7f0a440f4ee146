"""Kind `webhook`: events that a system pushes, kept sealed at the owner until somebody asks."""
