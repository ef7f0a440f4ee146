"""`python -m tests.mosip`: install the pinned package of the system tests."""

from __future__ import annotations

from tests.mosip import home

home()
