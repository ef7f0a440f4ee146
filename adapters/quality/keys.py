"""Which keys occur twice, of millions, in bounded memory, exactly, without keeping one of them.

A key and the group it stands in are kept as digests of 8 bytes each, under a key that is made for
this run and never leaves it; two different keys of ten million share a digest once in 300,000 runs.
Digests lie in 256 buckets, so that only one bucket at a time is sorted.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import Final

_BYTES: Final = 8
_BUCKETS: Final = 256


class Digests:
    """Digests of one run."""

    def __init__(self) -> None:
        self._key = os.urandom(32)

    def of(self, *texts: str) -> int:
        """The digest of some texts; `("ab", "c")` and `("a", "bc")` are different."""
        joined = "\0".join(f"{len(text)} {text}" for text in texts) if len(texts) > 1 else texts[0]
        digest = blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=_BYTES, key=self._key)
        return int.from_bytes(digest.digest(), "big")


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many keys there are; how many of them stand in several groups, and in how many pairs of key
    and group that is."""

    keys: int
    repeated: int
    members: int


class Keys:
    """Keys, each with the group it was seen in."""

    def __init__(self) -> None:
        self._keys = [array("Q") for _ in range(_BUCKETS)]
        self._groups = [array("Q") for _ in range(_BUCKETS)]

    def add(self, key: int, group: int) -> None:
        """Add a key's digest and its group's."""
        bucket = key % _BUCKETS
        self._keys[bucket].append(key)
        self._groups[bucket].append(group)

    def repeated(self) -> Repeated:
        """Count what was added."""
        keys = repeated = members = 0
        for count in self._counts():
            keys += 1
            if count > 1:
                repeated += 1
                members += count
        return Repeated(keys, repeated, members)

    def _counts(self) -> Iterator[int]:
        """In how many groups each key stands."""
        for keys, groups in zip(self._keys, self._groups, strict=True):
            pairs = sorted(zip(keys, groups, strict=True))
            for _, same in groupby(pairs, key=itemgetter(0)):
                yield len({group for _, group in same})
