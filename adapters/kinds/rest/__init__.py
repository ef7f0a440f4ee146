"""Kind `rest`: JSON over HTTP."""
