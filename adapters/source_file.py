"""Reading a source file: check everything, put secrets in place, build a `Source`.

    source = load_source(Path("land.yaml"), EnvironmentSecrets())

The YAML's shape is `adapters/source.schema.json`; what a schema cannot say is in
`adapters.source_checks`. All errors of a file are reported at once, each with line and cure.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from adapters.crosswalk import CodeLists, Misses
from adapters.kinds import form_of
from adapters.mapping import compile_rules
from adapters.secrets import EnvironmentSecrets, Secrets, resolve
from adapters.selector import read_selector
from adapters.source import Limits, PassThroughService, RecordService, Service, Source, Trial
from adapters.source_checks import check_document
from adapters.yaml_lines import Document, Place, load
from schemas.catalogue import SubjectPlace
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId


def load_source(
    path: Path, secrets: Secrets | None = None, environment: Mapping[str, str] | None = None
) -> Source:
    """Read one source file; secrets and variables come from the environment unless given.

    Raises:
        ConfigurationError: file, line and cure of everything wrong, or the secret that is missing.
    """
    document = load(path)
    errors = [str(finding) for finding in check_document(document) if finding.level == "error"]
    if errors:
        raise ConfigurationError("\n".join(errors))
    variables = os.environ if environment is None else environment
    return build_source(document, secrets or EnvironmentSecrets(), variables)


def build_source(document: Document, secrets: Secrets, environment: Mapping[str, str]) -> Source:
    """Make a source of a file that `check_document` found no error in. Errors as `load_source`."""
    file = document.value
    try:
        settings = resolve(file["connection"], secrets, environment)
        connection = form_of(file["kind"]).connection(settings, document.path.parent)
    except ConfigurationError as error:
        line = document.line(("connection",))
        raise ConfigurationError(f"{document.path.name}:{line}: {error.detail}") from None
    misses = Misses()
    return Source(
        id=file["id"],
        title=file["title"],
        kind=file["kind"],
        owner=file["owner"],
        subsystem=SubsystemId.parse(file["subsystem"]),
        connection=connection,
        limits=Limits(**file.get("limits", {})),
        services={name: _service(name, file, document, misses) for name in file["services"]},
        tests=tuple(_trial(trial) for trial in file.get("tests", [])),
        path=document.path,
        misses=misses,
    )


def _service(name: str, file: Mapping[str, Any], document: Document, misses: Misses) -> Service:
    service = file["services"][name]
    if service.get("form") == "pass_through":
        return _pass_through(name, service, document.path.parent)
    place: Place = ("services", name)
    return RecordService(
        name=name,
        title=service["title"],
        canonical=service["canonical"],
        subjects={kind: read_selector(kind, given) for kind, given in service["subject"].items()},
        shape=service.get("shape", "record"),
        empty=service.get("empty", "not_found"),
        rules=compile_rules(service, place, CodeLists(document.path.parent), misses),
        ask=form_of(file["kind"]).ask(service),
    )


def _pass_through(name: str, service: Mapping[str, Any], folder: Path) -> PassThroughService:
    subject = service.get("subject")
    openapi = service.get("openapi")
    return PassThroughService(
        name=name,
        title=service["title"],
        methods=tuple(service["methods"]),
        paths=tuple(service["paths"]),
        subject=None if subject is None else SubjectPlace(**subject),
        base_path=service.get("base_path", ""),
        openapi=None if openapi is None else (folder / openapi).read_text(encoding="utf-8"),
    )


def _trial(trial: Mapping[str, Any]) -> Trial:
    (kind, value), *_ = trial["given"].items()
    return Trial(trial["service"], kind, value, cast("str", trial["expect"]))
