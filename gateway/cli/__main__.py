"""`python -m gateway.cli`: the same as `isthmus`."""

from __future__ import annotations

from gateway.cli import main

main()
