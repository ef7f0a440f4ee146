"""Problems: every error becomes one, and is read back as what it was."""

from __future__ import annotations

import pytest

from gateway.exchange import problems
from schemas import errors
from schemas.errors import ExchangeError, Refused, Replayed

CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ExchangeError) and "slug" in vars(kind)
]  # fmt: skip


def test_slugs__all__distinct_and_known():
    """One page each in `docs/problems/`."""
    slugs = [kind.slug for kind in CLASSES]
    assert len(slugs) == len(set(slugs)) >= 17
    assert set(slugs) == set(problems.KINDS)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.slug)
def test_problem__read_back__the_same_error(kind):
    """Class, detail, hop and reasons survive; status, fault and retry are the class's."""
    error = kind("because")
    error.reasons, error.hop = ("purpose.not_agreed",), "LM/GOV/NIA/gw1"
    document = problems.problem(error, exchange="e")
    assert (document["status"], document["fault"], document["retryable"]) == (
        kind.status,
        kind.fault,
        kind.retryable,
    )
    assert document["instance"] == "/v1/receipts/e"
    back = problems.from_document(document)
    assert type(back) is kind
    assert (back.detail, back.reasons, back.hop) == ("because", error.reasons, error.hop)


def test_problem__replayed__carries_the_original():
    """Only where there is one."""
    assert problems.problem(Replayed(original="jws"))["original"] == "jws"
    assert "original" not in problems.problem(Replayed())


@pytest.mark.parametrize("document", [{}, {"type": 7}, {"type": "/problems/nothing"}, {"type": None}])
def test_from_document__not_ours__none(document):
    """Another type is no error that we know."""
    assert problems.from_document(document) is None


@pytest.mark.parametrize(
    ("reasons", "kept"),
    [
        (["purpose.not_agreed", "usage.exhausted"], ("purpose.not_agreed", "usage.exhausted")),
        (["A person died"], ()), (["x" * 99], ()), ([7, None, ["a"], {"a": 1}], ()), ("text", ()), (None, ()),
        (["a.b.c"], ()), (["a\n"], ()), (["1980-05-17"], ()), (["7310000001"], ()), (["a"] * 50, ("a",) * 32),
    ],
)  # fmt: skip
def test_from_document__reasons__codes_only(reasons, kept):
    """They enter our log in clear."""
    error = problems.from_document({"type": "/problems/refused", "reasons": reasons})
    assert isinstance(error, Refused)
    assert error.reasons == kept
