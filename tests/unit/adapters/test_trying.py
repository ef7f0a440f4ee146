"""`try`: raw, mapped and failed rules, masked unless asked otherwise; and the upstream of a pass-through."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.trying import check_source, masked, try_service
from adapters.upstream import upstream
from schemas.errors import ConfigurationError, RequestMismatch, UnknownService
from schemas.outcome import Misbehaving, Unavailable
from schemas.record import Subject
from tests.unit.adapters.small_source import SQL, TOKEN, rest_source, sql_source, write

PERSON = Subject("national_id", "1000000017")


async def test_try_service__match__shows_shapes_and_no_values(tmp_path: Path):
    """An engineer sees that it works, not whose data it is."""
    attempt = await try_service(sql_source(tmp_path), "status", PERSON)

    assert attempt.raw[0]["nid"] == "<text of 10>"
    assert attempt.mapped["status"] == "<text of 8>"
    assert attempt.failed == ()
    assert "1000000017" not in repr(attempt)
    assert "approved" not in repr(attempt)


async def test_try_service__show_values__shows_them(tmp_path: Path):
    """On request."""
    attempt = await try_service(sql_source(tmp_path), "status", PERSON, show_values=True)

    assert attempt.mapped == {"national_id": "1000000017", "status": "approved", "certified_on": "2022-02-01"}


async def test_try_service__rule_fails__is_listed_beside_what_worked(tmp_path: Path):
    """Every failed rule, not only the first."""
    attempt = await try_service(sql_source(tmp_path), "status", Subject("national_id", "1000000033"))

    assert isinstance(attempt.outcome, Misbehaving)
    assert attempt.failed == ("status: a code that is not in the code list",)
    assert set(attempt.mapped) == {"national_id", "certified_on"}


async def test_try_service__source_away__says_so(tmp_path: Path):
    """No database, no records."""
    source = sql_source(tmp_path)
    (tmp_path / "register.db").unlink()

    attempt = await try_service(source, "status", PERSON)

    assert isinstance(attempt.outcome, Unavailable)
    assert attempt.raw == []


async def test_try_service__wrong_question__refused(tmp_path: Path):
    """Unknown service, unknown kind of subject."""
    source = sql_source(tmp_path)

    with pytest.raises(UnknownService):
        await try_service(source, "nobody", PERSON)
    with pytest.raises(RequestMismatch, match=r"subject\.type must be one of national_id"):
        await try_service(source, "status", Subject("passport", "1"))
    with pytest.raises(ConfigurationError):
        await try_service(sql_source_of_table(tmp_path), "status", PERSON)


def sql_source_of_table(folder: Path):
    """A source on a base table."""
    (folder / "register.db").unlink()
    return sql_source(folder, ("from: v_status", "from: t_status"))


def test_check_source__not_yaml__is_a_finding(tmp_path: Path):
    """A broken file is reported like any other error."""
    (finding,) = check_source(write(tmp_path, SQL, ("kind: sql", "kind: [")))

    assert (finding.level, finding.line) == ("error", 5)


def test_masked__any_value__keeps_names_and_shape():
    """Names of members stay, values go."""
    assert masked({"a": [True, None, 1, "xyz"]}) == {"a": ["<bool>", None, "<int>", "<text of 3>"]}


def test_upstream__pass_through_service__has_address_and_credential(tmp_path: Path):
    """What the gateway needs to forward, and no more; secrets do not show."""
    found = upstream(rest_source(tmp_path, "https://x.example/base"), "card")

    assert found.base_url == "https://x.example/base/api/v1"
    assert found.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert (found.timeout_s, found.max_bytes) == (1.0, 4096)
    assert TOKEN not in repr(found)


def test_upstream__record_service__has_none(tmp_path: Path):
    """A record service is never forwarded."""
    with pytest.raises(UnknownService):
        upstream(rest_source(tmp_path, "https://x.example"), "person")
