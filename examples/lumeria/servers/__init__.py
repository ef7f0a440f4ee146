"""The ministries' systems: one process each, with its own protocol, credentials and manners."""
