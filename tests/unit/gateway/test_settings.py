"""One gateway's settings: strict, frozen, from one file and the environment, and silent about values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr, ValidationError

from gateway import settings as module
from gateway.settings import _PATH_MEMBERS, Settings, load
from schemas.errors import ConfigurationError

CANARY = "canary-7310000001"
Change = Callable[[dict[str, Any]], None]


def _document() -> dict[str, Any]:
    return {
        "gateway": "LM/GOV/NIA/gw1",
        "members": [
            {
                "id": "LM/GOV/NIA", "key": "keys/nia.key", "certificate": "keys/nia.crt",
                "subsystems": ["LM/GOV/NIA/identity"],
            }
        ],
        "database": "sqlite:///gateway.db",
        "case_key": "keys/case.key",
        "log_key": "/etc/isthmus/log.key",
        "tls": {"certificate": "keys/tls.crt", "key": "keys/tls.key"},
        "federation": {"root": "root.json", "urls": ["https://registrar.example"], "store": "federation"},
        "client": {"port": 8443}, "peer": {"port": 5500}, "admin": {"port": 4000},
        "client_cas": ["ca.crt"],
        "clients": [{"certificate": "clients/msw.crt", "subsystems": ["LM/GOV/NIA/identity"]}],
        "sources": "sources", "agreements": "agreements",
    }  # fmt: skip


def _write(folder: Path, change: Change = lambda _: None) -> Path:
    document = _document()
    change(document)
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def _refused(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert CANARY not in caught.value.detail
    assert str(path) in caught.value.detail
    return caught.value.detail


def _without(*place: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        for part in place[:-1]:
            document = document[part][0] if isinstance(document[part], list) else document[part]
        del document[place[-1]]

    return change


def _with(value: Any, *place: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        for part in place[:-1]:
            document = document.setdefault(part, {})
            document = document[0] if isinstance(document, list) else document
        document[place[-1]] = value

    return change


# Members.


@pytest.mark.parametrize(
    "place",
    [("debug",), ("limits", "retries"), ("tls", "password"), ("members", "alias"), ("client", "tls"),
     ("policy", "fallback"), ("federation", "insecure"), ("clients", "name")],
    ids=".".join,
)  # fmt: skip
def test_load__unknown_member__refused_naming_it(tmp_path, place):
    """A misspelt limit must not silently be no limit."""
    assert place[-1] in _refused(_write(tmp_path, _with(CANARY, *place)))


@pytest.mark.parametrize(
    "place",
    [("database",), ("case_key",), ("log_key",), ("tls", "key"), ("members", "key"), ("federation", "root")],
    ids=".".join,
)  # fmt: skip
def test_load__secret_or_trust_missing__refused_naming_it(tmp_path, place):
    """Nothing that protects has a default."""
    assert f"{place[-1]}: Field required" in _refused(_write(tmp_path, _without(*place)))


def test_secrets__none_has_a_default():
    """Also a secret that is added later: whoever is a key or secret must be given."""
    kinds = [Settings, *(kind for kind in _models() if kind is not Settings)]
    fields = {f"{kind.__name__}.{name}": field for kind in kinds for name, field in kind.model_fields.items()}
    secret = {
        name for name, field in fields.items() if "key" in name.lower() or field.annotation is SecretStr
    }
    optional = {"Policy.bundle_key"}  # without it the bundle is not signed, and says so
    needed = {"Settings.database", "Settings.case_key", "Settings.log_key", "Member.key", "Tls.key"}
    assert secret == needed | optional
    assert all(fields[name].is_required() for name in needed)
    assert all(fields[name].default is None for name in optional)


def _models() -> list[Any]:
    return [
        kind for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__module__ == module.__name__
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        _with([CANARY], "database"), _with({CANARY: 1}, "case_key"), _with(CANARY, "limits", "max_body_bytes"),
        _with(-1, "limits", "max_body_bytes"), _with(0, "limits", "request_timeout_s"),
        _with(70_000, "client", "port"), _with(CANARY, "peer", "port"), _with(CANARY, "policy", "engine"),
        _with([], "members"), _with([], "federation", "urls"), _with(0, "policy", "deadline_ms"),
        _with(CANARY, "tls"), _with([1], "clients", "subsystems"), _with({"A": [CANARY]}, "variables"),
    ],
)  # fmt: skip
def test_load__ill_typed_or_out_of_bounds__refused_without_the_value(tmp_path, change):
    """A value may be a secret in the wrong place; the message has its place only."""
    _refused(_write(tmp_path, change))


# Identifiers and networks.


@pytest.mark.parametrize(
    "text", ["", "LM/GOV/NIA", "LM/GOV/NIA/gw1/x", "LM/GOV//gw1", "LM/GOV/NIA/gw 1", "gw1"]
)
def test_load__gateway_is_no_identifier__refused(tmp_path, text):
    """The name that a gateway signs its log with has four parts."""
    assert "gateway" in _refused(_write(tmp_path, _with(text, "gateway")))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("members", "id"), "LM/GOV"), (("members", "subsystems"), ["LM/GOV/NIA"]),
        (("clients", "subsystems"), ["LM/GOV/NIA/identity/person"]),
        (("development",), [{"subsystem": "LM", "port": 1}]),
    ],
    ids=["member", "subsystem", "client", "development"],
)  # fmt: skip
def test_load__identifier_anywhere__refused_naming_its_place(tmp_path, place, value):
    """Every identifier is read when the settings are, not when the first request comes."""
    assert place[0] in _refused(_write(tmp_path, _with(value, *place)))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "example.org", "", "10.20.0.0/16 ", "::/129"])
def test_load__allowed_network_is_none__refused(tmp_path, text):
    """A network with host bits is probably another one than was meant."""
    assert "allowed_networks" in _refused(_write(tmp_path, _with([text], "allowed_networks")))


def test_load__allowed_networks__in_canonical_form(tmp_path):
    """Of both families; a single address is a network of one."""
    path = _write(tmp_path, _with(["10.20.0.0/16", "FD00::/8", "192.0.2.7"], "allowed_networks"))
    assert load(path).allowed_networks == ["10.20.0.0/16", "fd00::/8", "192.0.2.7/32"]


def test_load__nothing_said__no_private_network(tmp_path):
    """Whoever says nothing allows no private network, no development listener and no client."""
    settings = load(_write(tmp_path, _without("clients")))
    assert (settings.allowed_networks, settings.development, settings.clients) == ([], [], [])


# The file.


def test_load__relative_paths__relative_to_the_file(tmp_path, monkeypatch):
    """Wherever the command is run."""
    home = tmp_path / "home"
    home.mkdir()
    path = _write(home)
    monkeypatch.chdir(tmp_path)
    settings = load(Path("home") / path.name)
    assert settings.case_key == home / "keys/case.key"
    assert settings.log_key == Path("/etc/isthmus/log.key")
    assert settings.members[0].key == home / "keys/nia.key"
    assert settings.client_cas == [home / "ca.crt"]
    assert settings.clients[0].certificate == home / "clients/msw.crt"
    assert settings.federation.store == home / "federation"
    assert settings.database.get_secret_value() == f"sqlite:///{home}/gateway.db"


@pytest.mark.parametrize("url", ["sqlite:////var/lib/isthmus/gateway.db", "postgresql://isthmus@db/isthmus"])
def test_load__absolute_database__as_it_is(tmp_path, url):
    """Only a relative file is moved."""
    assert load(_write(tmp_path, _with(url, "database"))).database.get_secret_value() == url


def test_load__every_path_member__is_placed():
    """A path that is added later must be made relative to the file too."""
    paths = {
        name
        for kind in _models()
        for name, field in kind.model_fields.items()
        if "Path" in str(field.annotation)
    }
    assert paths == _PATH_MEMBERS


def test_load__variable_named_like_a_path__stays_a_text(tmp_path):
    """Variables belong to source files; their names are free."""
    variables = {"key": "a", "sources": "b", "database": "sqlite:///c.db"}
    assert load(_write(tmp_path, _with(variables, "variables"))).variables == variables


@pytest.mark.parametrize(
    "content",
    [b"", b"- a\n", b"text", b"1: 2\n", b"database: [canary-7310000001\n", b"a: b: canary-7310000001",
     b'database: "canary-7310000001', b"\xff\xfe canary-7310000001", b"a: !!python/object:os.x canary-7310000001",
     b"database: canary-7310000001\x00"],
    ids=["empty", "list", "text", "number_as_member", "open_bracket", "two_colons", "open_quote", "not_utf8",
         "python_object", "nul"],
)  # fmt: skip
def test_load__not_a_settings_file__refused_without_its_content(tmp_path, content):
    """What the file holds may be a secret, even where it is no YAML."""
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    _refused(path)


def test_load__no_file__refused(tmp_path):
    """With the file's name, not a traceback."""
    assert "cannot be read" in _refused(tmp_path / "settings.yaml")
    assert "cannot be read" in _refused(tmp_path)


# The environment.


def test_load__environment__wins_over_the_file(tmp_path, monkeypatch):
    """A secret can stay out of the file; nested members are written with two underscores."""
    monkeypatch.setenv("ISTHMUS_DATABASE", "postgresql://isthmus:secret@db/isthmus")
    monkeypatch.setenv("ISTHMUS_LIMITS__MAX_CONNECTIONS", "7")
    settings = load(_write(tmp_path, _with(9, "limits", "max_connections")))
    assert settings.database.get_secret_value() == "postgresql://isthmus:secret@db/isthmus"
    assert settings.limits.max_connections == 7


def test_load__environment__gives_what_the_file_lacks(tmp_path, monkeypatch):
    """The environment alone is enough for a secret."""
    monkeypatch.setenv("ISTHMUS_DATABASE", "postgresql://db/isthmus")
    assert (
        load(_write(tmp_path, _without("database"))).database.get_secret_value() == "postgresql://db/isthmus"
    )


@pytest.mark.parametrize("name", ["DATABASE", "MAX_CONNECTIONS", "GATEWAY"])
def test_load__environment_without_the_prefix__ignored(tmp_path, monkeypatch, name):
    """Only what begins with `ISTHMUS_` is ours."""
    monkeypatch.setenv(name, CANARY)
    assert load(_write(tmp_path)).gateway == "LM/GOV/NIA/gw1"


@pytest.mark.parametrize("name", ["ISTHMUS_LIMITS__MAX_CONNECTIONS", "ISTHMUS_LIMITS__RETRIES", "ISTHMUS_MEMBERS",
                                  "ISTHMUS_CLIENT"])  # fmt: skip
def test_load__environment_is_wrong__refused_without_the_value(tmp_path, monkeypatch, name):
    """A bad variable is a bad setting, named alike."""
    monkeypatch.setenv(name, CANARY)
    assert name.split("_")[1].lower() in _refused(_write(tmp_path))


# The object.


def test_settings__frozen__in_every_part(tmp_path):
    """Nobody changes a setting while the gateway runs."""
    settings = load(_write(tmp_path))
    for part, name in ((settings, "gateway"), (settings.limits, "max_body_bytes"), (settings.tls, "key"),
                       (settings.members[0], "id"), (settings.policy, "engine")):  # fmt: skip
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, "x")


def test_settings__printed__without_the_database(tmp_path):
    """A URL holds a password; printing the settings does not show it."""
    settings = load(_write(tmp_path, _with(f"postgresql://isthmus:{CANARY}@db/isthmus", "database")))
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert CANARY not in text
