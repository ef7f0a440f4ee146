"""How a member's information systems are reached: sources, and the adapters that serve them.

Read in this order: `contract` (what an adapter promises), `source` (what one YAML file declares),
`kinds/` (the protocols), `wrappers/` (deadline, retry, breaker and the rest), `opening` (how they
are put together). The folders `national_id`, `civil_registry`, `tax`, `disability` and
`programme_mis` hold one system each: its canonical service, source files to start from, fixtures
and a guide. Nothing here knows HTTP doors, policy or the audit log.
"""
