"""Values that try to be SQL."""

from __future__ import annotations

INJECTIONS = [
    "' OR '1'='1",
    "1000000017' --",
    "1000000017'; DROP TABLE t_status; --",
    '" OR 1=1',
    "1000000017 UNION SELECT secret FROM t_status",
    "%",
    "_000000017",
    "1000000017\\",
    "$1",
    ":subject",
    "?",
    "{nid}",
    "ＡＢＣ",
]
