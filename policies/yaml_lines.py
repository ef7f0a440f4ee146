"""YAML that remembers its lines, so that an error can name the place.

A strict subset, as a person would write it: JSON's types, text otherwise (a date stays text, `no`
is the word and not `false`), no anchors, no tags, no duplicate keys, bounded size and depth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.errors import ConfigurationError

MAX_FILE_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 16
"""Nested lists and mappings."""

Place = tuple[str | int, ...]
"""Where a value stands: member names and list positions, outermost first."""

_OPENING: Final = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING: Final = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One file: its value and the line of every place in it."""

    path: Path
    value: Any
    lines: dict[Place, int]

    def error(self, place: Place, message: str) -> ConfigurationError:
        """An error that names file, line and member; for a missing place, that of its parent."""
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        member = ".".join(str(part) for part in place)
        return ConfigurationError(
            f"{self.path}:{self.lines.get(known, 1)}: {member + ': ' if member else ''}{message}"
        )


def read_yaml(path: Path) -> YamlFile:
    """Read one file.

    Raises:
        ConfigurationError: it cannot be read, or is not the strict subset; names file and line.
    """
    node = _compose(path)
    if node is None:
        raise ConfigurationError(f"{path}:1: the file is empty; write its members, or remove it")
    lines: dict[Place, int] = {}
    return YamlFile(path, _build(path, node, (), lines), lines)


def _compose(path: Path) -> yaml.Node | None:
    try:
        data = path.read_bytes()
        if len(data) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}:1: longer than {MAX_FILE_BYTES} bytes; split it")
        text = data.decode("utf-8")
        _check_tokens(path, text)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _at(path, mark, f"not YAML ({error.problem}); check indentation and quotes") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{path}:1: cannot be read ({type(error).__name__})") from None


def _check_tokens(path: Path, text: str) -> None:
    """Refuse what a person would not write, before anything is built of it."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, _OPENING):
            depth += 1
        elif isinstance(token, _CLOSING):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _at(path, token.start_mark, f"nested deeper than {MAX_DEPTH} levels; flatten it")
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            raise _at(path, token.start_mark, "anchors, aliases and tags are not taken; write it out")


def _build(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_build(path, item, (*place, index), lines) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(path, node, place, lines)
    quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    return node.value if quoted else _scalar(node.value)


def _build_mapping(
    path: Path, node: yaml.MappingNode, place: Place, lines: dict[Place, int]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key, str) or key in mapping:
            raise _at(path, key_node.start_mark, f"the member {key} stands twice, or is no word; keep one")
        mapping[key] = _build(path, value_node, (*place, key), lines)
        lines[(*place, key)] = key_node.start_mark.line + 1
    return mapping


def _scalar(text: str) -> Any:
    """An unquoted word: JSON's literals and numbers, text otherwise."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _at(path: Path, mark: yaml.Mark | None, message: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{mark.line + 1 if mark else 1}: {message}")
