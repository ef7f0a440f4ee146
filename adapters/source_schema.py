"""The JSON Schema of source files, put together from its parts.

`source.base.schema.json` holds what every source has, `http/connection.schema.json` what all HTTP
kinds share, `kinds/<kind>/form.schema.json` what is a kind's own: `connection`, the further
members of a record service (`service`), `$defs`, `pass_through` where a kind forwards too,
`over_http` where its connection has members of its own beside those of all HTTP kinds, and `like`
where its services are written as those of other kinds.
Editors want one file, so the whole is kept as `source.schema.json`:

    python -m adapters.source_schema
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from adapters.kinds import KINDS, package_of

WHOLE: Final = "source.schema.json"


@lru_cache(maxsize=1)
def source_schema() -> dict[str, Any]:
    """The whole schema. Do not change what it gives back."""
    schema = _read("adapters", "source.base.schema.json")
    schema["$defs"] |= _read("adapters.http", "connection.schema.json")["$defs"]
    schema["properties"]["kind"] = {"enum": list(KINDS), "description": "one of " + ", ".join(KINDS)}
    schema["allOf"] = [_add_kind(schema["$defs"], kind) for kind in KINDS]
    return schema


def _add_kind(defs: dict[str, Any], kind: str) -> dict[str, Any]:
    """Add a kind's definitions, and say what `kind: <kind>` asks of connection and services."""
    part = _read(package_of(kind), "form.schema.json")
    common, own = defs["record_service"], _service(part)
    defs |= part.get("$defs", {})
    defs[f"{kind}_connection"] = _connection(defs, part)
    defs[f"{kind}_service"] = {
        **common,
        "properties": common["properties"] | own["properties"],
        "required": common["required"] + own["required"],
    }
    if "instead_of_map" in own:
        made = defs[f"{kind}_service"]
        made["required"] = [name for name in made["required"] if name != "map"]
        made["anyOf"] = [{"required": ["map"]}, {"required": [own["instead_of_map"]]}]
    service: dict[str, Any] = {"$ref": f"#/$defs/{kind}_service"}
    if part.get("pass_through"):
        form = {"properties": {"form": {"const": "pass_through"}}, "required": ["form"]}
        service = {"if": form, "then": {"$ref": "#/$defs/pass_through_service"}, "else": service}
    then = {
        "connection": {"$ref": f"#/$defs/{kind}_connection"},
        "services": {"additionalProperties": service},
    }
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"properties": then},
    }


def _service(part: dict[str, Any]) -> dict[str, Any]:
    """A kind's own members of a service, and those of the kinds it is `like`: one of their forms."""
    own: dict[str, Any] = part["service"]
    properties: dict[str, Any] = dict(own["properties"])
    for kind in part.get("like", []):
        for name, form in _read(package_of(kind), "form.schema.json")["service"]["properties"].items():
            properties[name] = form if name not in properties else {"anyOf": [properties[name], form]}
    return {**own, "properties": properties}


def _connection(defs: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A kind's connection; one that is `over_http` has all members of an HTTP connection besides its own."""
    connection: dict[str, Any] = part["connection"]
    if not part.get("over_http"):
        return connection
    common = defs["http_connection"]
    return {
        **connection,
        "properties": common["properties"] | connection["properties"],
        "required": [*common["required"], *connection.get("required", [])],
    }


def _read(package: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((files(package) / name).read_text(encoding="utf-8"))
    return document


def main() -> None:
    """Write the whole beside this file."""
    text = json.dumps(source_schema(), indent=2, ensure_ascii=False) + "\n"
    (Path(__file__).parent / WHOLE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
