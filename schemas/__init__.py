"""The words everyone shares: identifiers, statements, decisions, outcomes, errors.

This package imports nothing of ours and speaks to nobody: no HTTP, SQL or files beyond its own
JSON Schemas. Read it in this order: `identifiers`, `statement`, `wire`, `record`, `decision`,
`agreement`, `outcome`, `ask`, `errors`.
"""
