"""The reference of canonical schemas, `docs/canonical.md`, made from the schemas themselves.

    python -m adapters.canonical_reference

Of a field's schema are read: `description`, the type, `x-codes` (what each code of an enum means)
and `x-dci` (its name in the DCI schemas, spdci/schemas). A test compares page and schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.canonical import Canonical, canonicals

PAGE: Final = Path(__file__).parents[1] / "docs" / "canonical.md"
_HEAD: Final = """# Canonical schemas

The shapes that every source is mapped to.
This page is made from `schemas/canonical/*.schema.json`.
Change those, then run `python -m adapters.canonical_reference`.

- A schema's name ends in its version. A new optional field keeps the version.
  A changed meaning gets a new one.
- A field may be null, which means: the source does not know. Only the key field must have a value.
- Decimals and dates are text, so that no amount becomes a float.
  A date is `YYYY-MM-DD`, a moment is RFC 3339.
- A date "as far as known" is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as in FHIR.
  An exact date is never made of a year.
- Names are in Latin script. `name_local` has the same name in the country's own script,
  with the script's ISO 15924 code.
  It is what the authority wrote, composed to Unicode NFC, never a transliteration.
- DCI names are those of [spdci/schemas](https://github.com/spdci/schemas).
  Where that column is empty, DCI has no such field.
- A code list has one meaning per code. How a source's codes become these: [code lists](codes.md).
"""


def reference() -> str:
    """The whole page."""
    known = canonicals().values()
    contents = "\n".join(
        f"| [`{one.name}`](#{_anchor(one.name)}) | {one.title} | {len(one.fields)} |" for one in known
    )
    table = f"\n| schema | title | fields |\n|---|---|---|\n{contents}\n"
    return _HEAD + table + "".join(map(_section, known))


def _anchor(name: str) -> str:
    return name.replace("/", "")


def _section(one: Canonical) -> str:
    rows = "\n".join(_rows(one.fields, ""))
    example = json.dumps(one.document["examples"][0], ensure_ascii=False, indent=2)
    return (
        f"\n## {one.name}\n\n{one.title}. {one.document['description']}\n\n"
        "| field | type | meaning | codes | DCI |\n|---|---|---|---|---|\n"
        f"{rows}\n\n```json\n{example}\n```\n"
    )


def _rows(fields: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, schema in fields.items():
        meanings = schema.get("x-codes", {})
        codes = "; ".join(f"`{code}` {meaning}" for code, meaning in meanings.items())
        cells = (f"`{above}{name}`", _type(schema), schema["description"], codes, schema.get("x-dci", ""))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        members = schema.get("properties") or schema.get("items", {}).get("properties", {})
        yield from _rows(members, f"{above}{name}{'[]' if 'items' in schema else ''}.")


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "code"
    if "format" in schema:
        return {"date": "date", "date-time": "moment"}[schema["format"]]
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    shown = {"string": "text", "array": "list"}.get(names[0], names[0])
    return str(shown) if "null" in names else f"{shown}, never null"


def main() -> None:
    """Write the page."""
    PAGE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
