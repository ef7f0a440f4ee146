"""Lumeria, the sandbox country: an invented population and the ministries that keep records of it.

Read in this order: `country` (places, trades, programmes), `population/` (what is true), `inconsistencies`
(what the registries show instead), `registries/` (one database per ministry), `servers/` (one process per
ministry). Nothing here is imported by the product, and nothing of the product is imported here.
"""
