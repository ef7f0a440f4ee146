"""`python -m tests.iso20022`: install the pinned package of the system tests."""

from __future__ import annotations

from tests.iso20022 import home

home()
