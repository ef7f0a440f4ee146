"""Kind `xroad`: services of existing X-Road members, asked through a Security Server."""
