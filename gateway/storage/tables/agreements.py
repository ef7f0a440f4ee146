"""Agreements: signed versions and what became of them."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
