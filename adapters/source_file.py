"""Reading a source file: check everything, put secrets in place, build a `Source`.

    source = load_source(Path("land.yaml"), EnvironmentSecrets())

The YAML's shape is `adapters/source.schema.json`; what a schema cannot say is in
`adapters.source_checks`. All errors of a file are reported at once, each with line and cure.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from adapters.mapping import compile_rules
from adapters.pointer import parse
from adapters.secrets import EnvironmentSecrets, Secrets, resolve
from adapters.source import (
    Ask,
    Auth,
    Connection,
    DciAsk,
    DciConnection,
    ErrorRule,
    HttpConnection,
    Limits,
    PassThroughService,
    RecordService,
    RestAsk,
    Selector,
    Service,
    Source,
    SqlAsk,
    SqlConnection,
    Trial,
)
from adapters.source_checks import check_document
from adapters.yaml_lines import Document, Place, load
from schemas.catalogue import SubjectPlace
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId

_SQLITE: Final = "sqlite:///"
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,8192}")


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
        connection = _CONNECTIONS[file["kind"]](settings, document.path.parent)
    except ConfigurationError as error:
        line = document.line(("connection",))
        raise ConfigurationError(f"{document.path.name}:{line}: {error.detail}") from None
    return Source(
        id=file["id"],
        title=file["title"],
        kind=file["kind"],
        owner=file["owner"],
        subsystem=SubsystemId.parse(file["subsystem"]),
        connection=connection,
        limits=Limits(**file.get("limits", {})),
        services={name: _service(name, file, document) for name in file["services"]},
        tests=tuple(_trial(trial) for trial in file.get("tests", [])),
        path=document.path,
    )


def _sql_connection(settings: Mapping[str, Any], folder: Path) -> Connection:
    dsn = settings["dsn"]
    if dsn.startswith(_SQLITE):
        return SqlConnection(_SQLITE + str((folder / dsn.removeprefix(_SQLITE)).absolute()))
    if not dsn.startswith("postgresql://"):
        raise ConfigurationError("the dsn is neither sqlite:///… nor postgresql://…")
    return SqlConnection(dsn)


def _http_connection(settings: Mapping[str, Any], folder: Path) -> HttpConnection:
    base_url = settings["base_url"].rstrip("/")
    if re.fullmatch(r"https?://[^\s?#@/]+(/[^\s?#]*)?", base_url) is None:
        raise ConfigurationError("base_url is not http(s)://host[:port][/path]")
    auth = Auth(settings["auth"]["kind"], _auth_headers(settings["auth"]))
    ca_file = folder / settings["ca_file"] if "ca_file" in settings else None
    return HttpConnection(base_url, auth, settings.get("headers", {}), ca_file)


def _dci_connection(settings: Mapping[str, Any], folder: Path) -> Connection:
    return DciConnection(
        _http_connection(settings, folder),
        settings.get("path", "/registry/sync/search"),
        settings["sender_id"],
        settings.get("receiver_id"),
    )


_Connect = Callable[[Mapping[str, Any], Path], Connection]
_CONNECTIONS: Final[Mapping[str, _Connect]] = {
    "sql": _sql_connection,
    "rest": _http_connection,
    "dci": _dci_connection,
}


def _auth_headers(auth: Mapping[str, Any]) -> dict[str, str]:
    match auth["kind"]:
        case "bearer":
            headers = {"Authorization": f"Bearer {auth['token']}"}
        case "api_key":
            headers = {auth["header"]: auth["key"]}
        case "basic":
            pair = b64encode(f"{auth['user']}:{auth['password']}".encode()).decode()
            headers = {"Authorization": f"Basic {pair}"}
        case _:
            headers = {}
    if not all(_HEADER_VALUE.fullmatch(value) for value in headers.values()):
        raise ConfigurationError("a secret of `auth` cannot stand in an HTTP header")
    return headers


def _service(name: str, file: Mapping[str, Any], document: Document) -> Service:
    service = file["services"][name]
    if service.get("form") == "pass_through":
        return _pass_through(name, service, document.path.parent)
    place: Place = ("services", name)
    return RecordService(
        name=name,
        title=service["title"],
        canonical=service["canonical"],
        subjects={kind: _selector(kind, given) for kind, given in service["subject"].items()},
        shape=service.get("shape", "record"),
        empty=service.get("empty", "not_found"),
        rules=compile_rules(service, place),
        ask=_ASKS[file["kind"]](service),
    )


def _selector(kind: str, given: Mapping[str, Any]) -> Selector:
    return Selector(kind, re.compile(given["pattern"]), given.get("to", "text"))


def _sql_ask(service: Mapping[str, Any]) -> SqlAsk:
    where = {selector.removeprefix("$"): column for column, selector in service["where"].items()}
    return SqlAsk(service["from"], where)


def _rest_ask(service: Mapping[str, Any]) -> RestAsk:
    request = service["request"]
    return RestAsk(
        request.get("method", "GET"),
        request["path"],
        request.get("query", {}),
        request.get("body"),
        parse(service.get("records", "")),
        tuple(_error_rule(rule) for rule in service.get("errors", [])),
    )


def _error_rule(rule: Mapping[str, Any]) -> ErrorRule:
    when = rule["when"]
    pointer = parse(when["json"]) if "json" in when else None
    return ErrorRule(rule["as"], when.get("http"), pointer, when.get("equals"))


def _dci_ask(service: Mapping[str, Any]) -> DciAsk:
    search = service["search"]
    return DciAsk(
        search["id_types"],
        search.get("reg_type"),
        search.get("reg_event_type"),
        search.get("reg_record_type"),
        parse(search.get("records", "")),
    )


_ASKS: Final[Mapping[str, Callable[[Mapping[str, Any]], Ask]]] = {
    "sql": _sql_ask,
    "rest": _rest_ask,
    "dci": _dci_ask,
}


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
