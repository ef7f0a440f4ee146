"""The pytest class that outsiders get, used as they use it: on a Python adapter and on a source file."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.conformance import conformance
from examples.python_adapter.old_tax import OldTax
from schemas.errors import ConfigurationError

ROOT = Path(__file__).parents[4]
CONFIG = {"base_url": "https://old.revenue.example", "user": "isthmus", "password": "offline-old"}

TestOldTax = conformance(OldTax, CONFIG, ROOT / "examples/python_adapter/fixtures/old-tax.yaml")
TestGenericRest = conformance(ROOT / "adapters/national_id/generic_rest.yaml")


def test_conformance__wrong_config__names_the_member_and_no_value() -> None:
    """A configuration that does not fit the class is refused by name."""
    tests = conformance(OldTax, {**CONFIG, "port": "CANARY"}, [])
    with pytest.raises(ConfigurationError, match="port") as caught:
        tests().test_04_match()  # type: ignore[attr-defined]
    assert "CANARY" not in str(caught.value)
