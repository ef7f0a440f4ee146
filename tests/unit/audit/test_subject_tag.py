"""Subject tags: the same for one member and month, unlinkable otherwise, gone with their key."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Store
from audit.errors import LogDamaged, Malformed
from audit.subject_tag import SubjectTags, epoch_of, normalise, subject_tag
from tests.unit.audit.conftest import KEK, StoreMaker

NOVEMBER, DECEMBER = 1_793_000_000, 1_797_000_000
MSW, CRO = "LM/GOV/MSW", "LM/GOV/CRO"


async def test_tag__same_member_and_month__same_tag_on_every_node(
    new_store: StoreMaker, store: Store
) -> None:
    """Nodes share the key through the database, even when both ask first at the same time."""
    other = new_store()
    await other.open()
    nodes = [SubjectTags(store, KEK), SubjectTags(other, KEK)]
    tags = await asyncio.gather(*(node.tag(MSW, "national_id", "2841 99", NOVEMBER) for node in nodes * 3))
    assert len(set(tags)) == 1
    assert await SubjectTags(other, KEK).tag(MSW, "national_id", "284199", NOVEMBER) == tags[0]
    await other.close()


async def test_tag__other_member_month_type_or_value__another_tag(store: Store) -> None:
    """Tags of different members or months cannot be linked."""
    tags = SubjectTags(store, KEK)
    asked = [(MSW, "national_id", "1", NOVEMBER), (CRO, "national_id", "1", NOVEMBER), (MSW, "national_id", "1", DECEMBER),
             (MSW, "passport", "1", NOVEMBER), (MSW, "national_id", "2", NOVEMBER)]  # fmt: skip
    assert len({await tags.tag(*subject) for subject in asked}) == len(asked)


async def test_destroy__tags_of_those_months_can_never_be_made_again(store: Store) -> None:
    """At the end of retention the key goes; later months stay."""
    tags = SubjectTags(store, KEK)
    before = [await tags.tag(MSW, "national_id", "1", ts) for ts in (NOVEMBER, DECEMBER)]
    assert await tags.destroy(MSW, epoch_of(DECEMBER)) == 1
    after = [await tags.tag(MSW, "national_id", "1", ts) for ts in (NOVEMBER, DECEMBER)]
    assert after[0] != before[0]
    assert after[1] == before[1]


async def test_key__under_another_kek_or_moved__is_damage(store: Store) -> None:
    """A wrapped key is bound to its member, its month and the KEK."""
    await SubjectTags(store, KEK).key(MSW, "2026-11")
    with pytest.raises(LogDamaged):
        await SubjectTags(store, bytes(32)).key(MSW, "2026-11")
    await store.execute("UPDATE subject_tag_key SET member = $1", CRO)
    with pytest.raises(LogDamaged):
        await SubjectTags(store, KEK).key(CRO, "2026-11")


def test_subject_tag__boundaries_cannot_be_moved() -> None:
    """Type and value are told apart."""
    assert subject_tag(KEK, "ab", "c") != subject_tag(KEK, "a", "bc")
    with pytest.raises(Malformed):
        subject_tag(KEK, "a\0b", "c")


@given(st.text())
def test_normalise__is_idempotent_and_blind_to_blanks(value: str) -> None:
    """One identifier, one form."""
    assert normalise(f" {value}\t") == normalise(value)
