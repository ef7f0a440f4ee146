"""YAML that remembers where everything stood, so that an error can name the line.

The safe subset only: plain scalars, lists, mappings with text keys. Aliases, tags, duplicate keys
and several documents are refused. Dates stay text: a birth date must not depend on a YAML rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.errors import ConfigurationError

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 32

Place = tuple[str | int, ...]
"""Where a value stands: member names and list positions from the root."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its value, and the line (from 1) of every place in it."""

    path: Path
    value: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that has one."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def load(path: Path) -> Document:
    """Read one YAML file.

    Raises:
        ConfigurationError: not readable, or not YAML of the safe subset; names file and line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path.name}:1: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{path.name}:1: is longer than {MAX_BYTES} bytes; split the source")
    return parse(data, path)


def parse(data: bytes, path: Path) -> Document:
    """Read YAML bytes; `path` is for messages. Errors as `load`."""
    try:
        _refuse_unbounded(data, path)
        root = yaml.compose(data, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigurationError(f"{path.name}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError):
        raise ConfigurationError(f"{path.name}:1: not YAML in UTF-8") from None
    lines: dict[Place, int] = {}
    value = None if root is None else _Reading(path, lines).value(root, ())
    return Document(path, value, lines)


class _Loader(yaml.SafeLoader):
    """The safe loader without dates and sexagesimal numbers."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class _Reading:
    path: Path
    lines: dict[Place, int]

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a member's name must be plain text")
            if key in members:
                raise self._error(key_node, f"member `{key}` stands twice; remove one")
            # A member's line is its name's line: that is where a reader looks.
            self.lines[*place, key] = key_node.start_mark.line + 1
            members[key] = self.value(value_node, (*place, key))
        return members

    def _scalar(self, node: yaml.Node) -> Any:
        loader = _Loader("")
        try:
            return loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):
            raise self._error(node, "not a plain value; put it in quotes") from None
        finally:
            loader.dispose()

    def _error(self, node: yaml.Node, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path.name}:{node.start_mark.line + 1}: {what}")


def _refuse_unbounded(data: bytes, path: Path) -> None:
    """Refuse aliases, which let a short file unfold into a huge one, and depth, before building."""
    depth = 0
    for event in yaml.parse(data, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise ConfigurationError(f"{path.name}:{line}: aliases are not allowed; write the value again")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigurationError(f"{path.name}:{line}: nested deeper than {MAX_DEPTH} levels")
