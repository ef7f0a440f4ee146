"""How a `python` source is written: which class, and its `config`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError

from adapters.custom.adapter import SourceAdapter
from adapters.custom.loading import installed, of_file
from adapters.kinds import Complaint
from adapters.secrets import REFERENCE
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError

PLACEHOLDER: Final = "https://source.example"
_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|token|api_?key|credential")


@dataclass(frozen=True, slots=True)
class PythonConnection:
    """An author's class and its validated configuration, secrets resolved."""

    adapter: type[SourceAdapter]
    config: BaseModel = field(repr=False)


@dataclass(frozen=True, slots=True)
class PythonAsk:
    """Nothing: the class knows how to ask."""


def connection(settings: Mapping[str, Any], folder: Path) -> PythonConnection:
    """As `Form.connection`."""
    adapter = _class(settings, folder)
    try:
        return PythonConnection(adapter, adapter.Config.model_validate(settings.get("config", {})))
    except ValidationError as error:
        place, what = _first(error)
        raise ConfigurationError(f"config: {place}: {what}") from None


def ask(service: Mapping[str, Any]) -> PythonAsk:
    """As `Form.ask`."""
    del service
    return PythonAsk()


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`."""
    if "file" in settings:
        cure = "install it as a package when it stays"
        yield ("connection", "file"), "a Python file runs with the gateway's rights", cure


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the class's file, where it is no installed package."""
    if "file" in settings:
        yield settings["file"]


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What does not fit the class's `Config`, as far as it shows before secrets are known."""
    config = settings.get("config", {})
    yield from _literals({name: value for name, value in config.items() if _SECRET_NAME.search(str(name))})
    if "file" in settings:
        return  # not run to be checked: `connection` looks at it, where that is allowed
    try:
        adapter = installed(settings["adapter"])
    except ConfigurationError as error:
        what, _, cure = error.detail.partition("; ")
        yield ("connection", "adapter"), what, cure
        return
    yield from config_complaints(adapter.Config, config)


def config_complaints(model: type[BaseModel], config: Mapping[str, Any]) -> Iterator[Complaint]:
    """Unknown and missing members, wrong values, and secrets that stand in the file."""
    secret = [name for name, member in model.model_fields.items() if _is_secret(member.annotation)]
    yield from _literals(
        {name: config[name] for name in secret if name in config and not _SECRET_NAME.search(name)}
    )
    try:
        model.model_validate(config)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False, include_context=False):
            place = tuple(found["loc"])
            if REFERENCE.search(str(_at(config, place))):
                continue  # what it stands for is checked when it is known
            yield ("connection", "config", *place), _what(found), _cure(model, place)


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: none that the class itself does not make when it is opened."""
    del service, place
    yield from ()


def _class(settings: Mapping[str, Any], folder: Path) -> type[SourceAdapter]:
    if "adapter" in settings:
        return installed(settings["adapter"])
    return of_file(folder, settings["file"], settings["sha256"])


def _literals(named: Mapping[str, Any]) -> Iterator[Complaint]:
    for name, value in named.items():
        if isinstance(value, str) and REFERENCE.fullmatch(value) is None:
            yield ("connection", "config", name), f"`{name}` is a secret", "write ${secret:NAME} in its place"


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _first(error: ValidationError) -> tuple[str, str]:
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return ".".join(map(str, found["loc"])) or "as a whole", _what(found)


def _what(found: Any) -> str:
    """What is wrong; the words of an author's own validator may quote a value, so they are left out."""
    return (
        "not a value it takes" if found["type"] in {"value_error", "assertion_error"} else str(found["msg"])
    )


def _at(config: Any, place: tuple[int | str, ...]) -> Any:
    for step in place:
        config = config.get(step) if isinstance(config, Mapping) else None
    return config


def _cure(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """The field's own description, else the names there are."""
    named = model.model_fields.get(str(place[0])) if place else None
    if named is None:
        return "write one of " + ", ".join(model.model_fields)
    return f"write {named.description}" if named.description else "see the adapter's documentation"
