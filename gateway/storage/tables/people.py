"""People: role grants, API tokens, acts that wait for a second pair of eyes."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
