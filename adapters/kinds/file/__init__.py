"""Kind `file`: files that an owner drops, staged sealed at the owner's own gateway."""
