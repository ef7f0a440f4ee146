"""Kind `python`: a class somebody wrote (`adapters.custom`)."""
