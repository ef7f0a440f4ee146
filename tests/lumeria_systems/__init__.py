"""Lumeria's data behind systems that are not ours: MariaDB, PostgreSQL, HAPI FHIR, OpenSSH."""
