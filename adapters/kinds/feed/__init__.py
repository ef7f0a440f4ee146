"""Kind `feed`: warnings published as CAP 1.2 over Atom or RSS, and by GDACS."""
