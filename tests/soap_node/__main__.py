"""`python -m tests.soap_node`: install the pinned SOAP service of the system tests."""

from __future__ import annotations

from tests.soap_node import home

home()
