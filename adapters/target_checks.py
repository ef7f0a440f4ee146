"""Whether what rules make can be what the canonical schema asks: members that exist, codes it knows.

    status: {from: s, codes: {A: actve}, else: error}        `actve` is no code of disability/1

Found here it is a line with a cure; found later it is somebody's answer that misbehaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from adapters.crosswalk import CodeLists
from adapters.kinds import Complaint
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError


def target_complaints(
    rule: Any, schema: Mapping[str, Any], place: Place, lists: CodeLists
) -> Iterator[Complaint]:
    """What a rule at a place makes that its field's schema cannot hold."""
    if not isinstance(rule, Mapping):
        return
    if "object" in rule or "each" in rule:
        form = "object" if "object" in rule else "each"
        inner = schema if form == "object" else schema.get("items", {})
        yield from _members(rule[form], inner, (*place, form), lists)
    for form in ("list", "first_of"):
        inner = schema.get("items", {}) if form == "list" else schema
        for index, entry in enumerate(rule.get(form, [])):
            yield from target_complaints(entry, inner, (*place, form, index), lists)
    yield from _values(rule, schema, place, lists)


def _members(
    rules: Mapping[str, Any], schema: Mapping[str, Any], place: Place, lists: CodeLists
) -> Iterator[Complaint]:
    known = schema.get("properties")
    if known is None:
        return
    for name, rule in rules.items():
        if name in known:
            yield from target_complaints(rule, known[name], (*place, name), lists)
            continue
        near = get_close_matches(name, known, 1)
        cure = f"did you mean `{near[0]}`?" if near else "write one of " + ", ".join(known)
        yield (*place, name), f"the canonical schema has no member `{name}`", cure


def _values(
    rule: Mapping[str, Any], schema: Mapping[str, Any], place: Place, lists: CodeLists
) -> Iterator[Complaint]:
    known = schema.get("enum")
    if known is None or "to" in rule or "bands" in rule:
        return
    cure = "write one of " + ", ".join(str(code) for code in known if code is not None)
    for where, made in _made(rule, lists):
        if made not in known:
            yield (*place, *where), "not a code of the canonical list", cure


def _made(rule: Mapping[str, Any], lists: CodeLists) -> Iterator[tuple[Place, Any]]:
    """Every value that a rule writes itself, and where it is written."""
    if "constant" in rule:
        yield ("constant",), rule["constant"]
    if "default" in rule:
        yield ("default",), rule["default"]
    codes = rule.get("codes", {})
    if codes.keys() == {"list"} and "/" in str(codes["list"]):
        try:
            crosswalk = lists.find(codes["list"])
        except ConfigurationError:
            return  # `compile_rules` says so
        for target in (*crosswalk.entries.values(), crosswalk.otherwise):
            if target != "error":
                yield ("codes", "list"), target
    else:
        for code, target in codes.items():
            yield ("codes", code), target
    if "codes" in rule and rule.get("else", "error") != "error":
        yield ("else",), rule["else"]
