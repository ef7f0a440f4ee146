"""People: who signs in, which roles they hold for which hosted member, and acts that need two of them."""
