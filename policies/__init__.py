"""Who may see what, for which purpose (DESIGN section 7).

Read in this order: `exchange/exchange.rego` (the decision, one question per folder beside it),
`engine` (the contract), `fixed_check`, `result`, `regorus_engine`, `opa_engine`, `cache`, `agreements`.
This package decides; it neither fetches nor discloses, and it knows no HTTP door.
"""
