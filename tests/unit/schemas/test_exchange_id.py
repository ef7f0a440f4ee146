"""Exchange ids are UUIDs of version 7."""

from __future__ import annotations

import time
import uuid

import pytest

from schemas.errors import MalformedRequest
from schemas.exchange_id import check_exchange_id, new_exchange_id


def test_new__many__distinct_ordered_by_time_and_version_7():
    """The first 48 bits are milliseconds; version and variant are RFC 9562's."""
    before = time.time_ns() // 1_000_000
    made = [new_exchange_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    for text in made:
        value = uuid.UUID(check_exchange_id(text))
        assert (value.version, value.variant) == (7, uuid.RFC_4122)
        assert before <= value.int >> 80 <= time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        None, 7, "", str(uuid.UUID(int=0)), str(uuid.uuid4()), new_exchange_id().upper(), new_exchange_id() + "\n",
        "{" + new_exchange_id() + "}", new_exchange_id().replace("-", ""), [new_exchange_id()],
    ],
)  # fmt: skip
def test_check__not_canonical__refused(text):
    """Other versions, upper case, braces, and what is no text."""
    with pytest.raises(MalformedRequest):
        check_exchange_id(text)
