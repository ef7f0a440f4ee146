"""Trust: keys, certificates, statements' signatures, TLS, and the federation that vouches for them."""
