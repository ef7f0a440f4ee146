"""The page about mapping: every example on it is run, and every form of rule has one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adapters.mapping import BadRule, compile_rule
from adapters.rules import Unmappable
from adapters.source_schema import source_schema
from adapters.yaml_lines import parse

PAGE = Path(__file__).parents[3] / "docs" / "adapters" / "mapping.md"
EXAMPLES = [
    parse(block.encode(), Path("mapping.md")).value
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["rule"])[:60])
def test_mapping_page__every_example__does_what_it_says(example: dict[str, Any]):
    """The rule fits the schema, and gives the value or the refusal that stands below it."""
    schema = {"$ref": "#/$defs/rule", "$defs": source_schema()["$defs"]}
    assert list(Draft202012Validator(schema).iter_errors(example["rule"])) == []
    if "wrong" in example:
        with pytest.raises(BadRule, match=example["wrong"]):
            compile_rule(example["rule"], ())
        return
    rule = compile_rule(example["rule"], ())
    records = example["records"] if "records" in example else [example["record"]]
    if "refused" in example:
        with pytest.raises(Unmappable, match=example["refused"]):
            rule.value(records)
    else:
        assert rule.value(records) == example["value"]


def test_mapping_page__every_word_of_a_rule__has_an_example():
    """Whatever the schema accepts in a rule is shown."""
    shown: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            shown.update(value)
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect([example["rule"] for example in EXAMPLES])
    words = source_schema()["$defs"]["rule"]["properties"].keys()
    assert words - shown == {"with"}


def test_join__with__stands_between():
    """A separator of one's own."""
    assert compile_rule({"join": ["a", "b"], "with": ", "}, ()).value([{"a": "x", "b": 7}]) == "x, 7"
