"""Kind `payments`: how far a payment or a batch is, and whether the bank says the same. Nothing is paid."""
