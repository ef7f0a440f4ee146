"""`python -m tests.soap`: fetch the pinned SOAP service of the system tests."""

from __future__ import annotations

from tests.soap import home

home()
