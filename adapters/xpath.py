"""XPath 1.0 as a source file may write it: compiled once, bounded in what it can cost.

The expression is the file's, the document is the source's, so what is bounded is the work an
expression can make on a hostile document. Steps go downwards only, one of them may walk the whole
tree (`//`), and a predicate looks at children and attributes: the work grows with the document and
not with its square, which libxml2 needs to merge what two walks found. Only the functions of XPath
1.0 exist; there is no `document()` and no extension. Values are `$variables`, never part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from lxml import etree

from schemas.errors import ConfigurationError

MAX_LENGTH: Final = 512
MAX_WALKS: Final = 1

_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_CALL = re.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_AXIS = re.compile(r"([a-z-]+)\s*::")
_WALK = re.compile(r"//|\bdescendant(?:-or-self)?\s*::")
_VARIABLE = re.compile(r"\$([A-Za-z_][\w.-]*)")
_FAR = re.compile(r"//|(?:^|[\[(,=<>|+*]|\b(?:and|or|div|mod)\s)\s*/")
_FUNCTIONS: Final = frozenset(
    {
        "last",
        "position",
        "count",
        "local-name",
        "namespace-uri",
        "name",
        "string",
        "concat",
        "starts-with",
        "contains",
        "substring-before",
        "substring-after",
        "substring",
        "string-length",
        "normalize-space",
        "translate",
        "boolean",
        "not",
        "true",
        "false",
        "number",
        "sum",
        "floor",
        "ceiling",
        "round",
        "text",
        "node",
        "and",
        "or",
        "div",
        "mod",
    }
)
"""`text()` and `node()` are tests; an operator may stand before a bracket."""
_AXES: Final = frozenset({"self", "child", "attribute", "descendant", "descendant-or-self"})
_DOWNWARDS: Final = frozenset({"self", "child", "attribute"})


class UnfitXPath(ConfigurationError):
    """An XPath that is not accepted; the detail says why."""


def variables(xpath: str) -> frozenset[str]:
    """The names of the variables in an XPath."""
    return frozenset(_VARIABLE.findall(_LITERAL.sub("''", xpath)))


@lru_cache(maxsize=1024)
def _compiled(xpath: str, namespaces: tuple[tuple[str, str], ...]) -> etree.XPath:
    _check(xpath)
    try:
        return etree.XPath(xpath, namespaces=dict(namespaces), regexp=False, smart_strings=False)
    except (etree.XPathSyntaxError, ValueError):
        raise UnfitXPath("not an XPath") from None


def compiled(xpath: str, namespaces: Mapping[str, str]) -> Compiled:
    """An XPath ready to be asked.

    Raises:
        UnfitXPath: it is none, too long, or could cost too much; also a prefix without a namespace.
    """
    return Compiled(_compiled(xpath, tuple(sorted(namespaces.items()))), xpath, frozenset(namespaces))


class Compiled:
    """An XPath; calling it with an element and variables gives nodes, a text, a number or a boolean."""

    __slots__ = ("_path",)

    def __init__(self, path: etree.XPath, xpath: str, prefixes: frozenset[str]) -> None:
        foreign = _prefixes(xpath) - prefixes
        if foreign:
            raise UnfitXPath(f"the prefix `{min(foreign)}` has no namespace")
        self._path = path

    def __call__(self, element: etree._Element, **values: str | int) -> object:
        """What it leads to.

        Raises:
            UnfitXPath: a variable has no value, or the work is too much.
        """
        try:
            return self._path(element, **{name: str(value) for name, value in values.items()})
        except etree.XPathError:
            raise UnfitXPath("the XPath cannot be evaluated; is a variable missing?") from None


def _prefixes(xpath: str) -> frozenset[str]:
    return frozenset(re.findall(r"(?<![\w$.-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])", _LITERAL.sub("''", xpath)))


def _check(xpath: str) -> None:
    if len(xpath) > MAX_LENGTH:
        raise UnfitXPath(f"an XPath longer than {MAX_LENGTH} characters")
    bare = _LITERAL.sub("''", xpath)
    foreign = sorted(set(_CALL.findall(bare)) - _FUNCTIONS)
    if foreign:
        raise UnfitXPath(f"the function `{foreign[0]}` is not one of XPath 1.0")
    sideways = sorted(set(_AXIS.findall(bare)) - _AXES)
    if sideways or ".." in bare:
        raise UnfitXPath("steps go downwards only, to children, attributes and descendants")
    if len(_WALK.findall(bare)) > MAX_WALKS:
        raise UnfitXPath("more than one step through the whole tree, such as `//`")
    for predicate in _predicates(bare):
        if _FAR.search(predicate) or not set(_AXIS.findall(predicate)) <= _DOWNWARDS:
            raise UnfitXPath("a predicate may only look at children and attributes")


def _predicates(bare: str) -> list[str]:
    """The texts between outermost brackets."""
    found, depth, start = [], 0, 0
    for at, sign in enumerate(bare):
        if sign == "[":
            depth += 1
            start = at + 1 if depth == 1 else start
        elif sign == "]":
            depth -= 1
            if depth == 0:
                found.append(bare[start:at])
    return found
