"""`python -m tests.ogc`: install the pinned pygeoapi of the system tests."""

from __future__ import annotations

from tests.ogc import home

home()
