"""Counts of one canonical value: filled, empty, against its rule, with unknown codes."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from adapters.code_survey import AT_LEAST, MOST_CODES, is_known
from adapters.convert import Unfit, to_text
from adapters.pointer import ABSENT, find
from adapters.quality.report import FieldQuality
from adapters.rules import From, Records

_CODE_LIKE: Final = re.compile(r"[A-Za-z0-9_.:/+-]{1,16}")
_KNOWN_KEPT: Final = 1000


class FieldTally:
    """Counts of one value."""

    def __init__(self) -> None:
        self.filled = 0
        self.empty = 0
        self.unfit: Counter[str] = Counter()
        self._unknown = 0
        self._codes: Counter[str] = Counter()
        self._known: dict[tuple[int, str], bool] = {}

    def look_at_codes(self, rules: tuple[From, ...], records: Records) -> bool:
        """Count what no code list of the value's rules knows; whether there was any."""
        unknown = False
        for place, rule in enumerate(rules):
            for record in records:
                if rule.when and any(find(record, where) != wanted for where, wanted in rule.when):
                    continue
                raw = find(record, rule.place)
                if raw is not ABSENT and raw is not None and not self._is_known(place, rule, raw):
                    unknown = True
                    self._note(raw)
        self._unknown += unknown
        return unknown

    def told(self, path: str, *, show_codes: bool) -> FieldQuality:
        """What was counted; codes only where asked for, short, and carried by many records."""
        codes = self._codes if show_codes and len(self._codes) < MOST_CODES else {}
        unfit = sum(self.unfit.values())
        return FieldQuality(
            path,
            self.filled + self.empty + unfit,
            self.filled,
            self.empty,
            dict(self.unfit.most_common()),
            self._unknown,
            {code: count for code, count in codes.items() if count >= AT_LEAST},
        )

    def _is_known(self, place: int, rule: From, raw: Any) -> bool:
        if not isinstance(raw, (str, int)):
            return is_known(rule, raw)
        key = (place, f"{type(raw).__name__} {raw}")
        known = self._known.get(key)
        if known is None:
            known = is_known(rule, raw)
            if len(self._known) < _KNOWN_KEPT:
                self._known[key] = known
        return known

    def _note(self, raw: Any) -> None:
        try:
            code = to_text(raw)
        except Unfit:
            return
        if code is None or _CODE_LIKE.fullmatch(code) is None:
            return
        if code in self._codes or len(self._codes) < MOST_CODES:
            self._codes[code] += 1
