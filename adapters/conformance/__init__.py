"""The conformance kit: twenty checks that every source must pass, in YAML and in Python alike.

A check puts questions to an adapter as the gateway composes it, and looks at what comes out. The
system behind it is a `StandIn`: it answers what the fixtures recorded, and misbehaves when told.
`faults` names the ways to misbehave, `stand_in` is what every kind provides, `docs/conformance.md`
lists the checks. Left out: whether a live system holds what it should (`isthmus source try`).

For the tests of an adapter's own project, one line makes a pytest class of twenty tests:

    TestTax = conformance("sources/tax.yaml")
    TestLegacyTax = conformance(LegacyTax, {"base_url": "https://x"}, "tests/cases.yaml")
"""

from __future__ import annotations

from adapters.conformance.pytest_class import conformance

__all__ = ["conformance"]
