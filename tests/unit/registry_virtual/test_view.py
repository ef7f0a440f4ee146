"""A view: its purposes and how the catalogue shows it."""

from __future__ import annotations

import pytest

from schemas.errors import RequestMismatch
from tests.unit.registry_virtual.small_view import VIEW


def test_purpose_for__none_declared__is_the_default() -> None:
    """The first purpose is the default."""
    assert VIEW.purpose_for(None) == "assistance"
    assert VIEW.purpose_for("review") == "review"


@pytest.mark.parametrize("purpose", ["marketing", ""])
def test_purpose_for__not_the_views__is_refused(purpose: str) -> None:
    """A view serves the purposes it was made for."""
    with pytest.raises(RequestMismatch) as caught:
        VIEW.purpose_for(purpose)
    assert caught.value.reasons == ("view.purpose",)


def test_as_json__view__names_sources_and_rules() -> None:
    """Who reads the catalogue sees where every attribute comes from."""
    shown = VIEW.as_json()
    assert shown["default_purpose"] == "assistance"
    assert shown["attributes"]["birth_date"] == {
        "title": "Birth",
        "sources": ["LM/GOV/NIA/identity/person", "LM/GOV/CRO/crvs/civil-status"],
        "conflict": "all_equal",
        "max_age_s": None,
        "list": False,
    }
