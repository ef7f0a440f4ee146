"""The built-ins a policy may call: pure, deterministic, present and alike in both engines.

Refused are, above all, `http.send`, `opa.runtime`, `time.now_ns`, `rand.*`, `uuid.*`, `net.*`,
`crypto.*`, `io.jwt.*` and `rego.*`: networks, clocks, chance and signatures stay in Python.
`ALLOWED_BUILTINS` with `OPERATORS` is also what `opa check --capabilities` is given.
"""

from __future__ import annotations

from typing import Final

_TYPES_AND_NUMBERS: Final = (
    "is_array is_boolean is_null is_number is_object is_set is_string type_name"
    " abs ceil floor round count sum max min sort format_int"
)
_COLLECTIONS: Final = (
    "array.concat array.reverse array.slice object.get object.keys object.filter object.remove"
    " object.subset object.union object.union_n json.filter json.remove intersection union"
)
_TEXT: Final = (
    "concat contains startswith endswith indexof lower upper replace split substring sprintf"
    " trim trim_left trim_prefix trim_right trim_suffix trim_space"
    " strings.any_prefix_match strings.any_suffix_match"
)
_PATTERNS: Final = "glob.match regex.match"

ALLOWED_BUILTINS: Final = frozenset(f"{_TYPES_AND_NUMBERS} {_COLLECTIONS} {_TEXT} {_PATTERNS}".split())
"""Names as they are called."""

OPERATORS: Final = frozenset(
    {"eq", "neq", "equal", "assign", "lt", "lte", "gt", "gte", "plus", "minus", "mul", "div", "rem"}
    | {"and", "or", "internal.member_2", "internal.member_3"}
)
"""What OPA calls the operators of the language."""
