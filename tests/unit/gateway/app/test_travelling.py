"""What travels with a source file, for each way a kind names files."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.yaml_lines import Document
from gateway.app.travelling import luggage, unpack, with_fingerprints
from schemas.errors import ConfigurationError

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:xs="http://www.w3.org/2001/XMLSchema"><types><xs:schema>
 <xs:import namespace="urn:x" schemaLocation="types.xsd"/></xs:schema></types></definitions>"""


def document(folder: Path, kind: str, connection: object, **service: object) -> Document:
    """A source file of a kind, as far as its files matter."""
    path = folder / "mine.yaml"
    path.write_text("id: mine\n")
    value = {"kind": kind, "connection": connection, "services": {"s": service}}
    return Document(path, value, {("services", "s", "from"): 2})


@pytest.mark.parametrize(
    ("kind", "connection", "names"),
    [
        ("rest", {"ca_file": "./ca.pem"}, ["ca.pem"]),
        ("fhir", {"ca_file": "ca.pem"}, ["ca.pem"]),
        ("dci", {"peer": {"keys_file": "peer.json"}}, ["peer.json"]),
        ("python", {"file": "tax.py"}, ["tax.py"]),
        ("file", {"drop": {"https": {"ca_file": "ca.pem"}}}, ["ca.pem"]),
        ("sql", {"dsn": "postgresql://h/d?sslmode=verify-full&sslrootcert=ca.pem"}, ["ca.pem"]),
        ("mosip-ida", {"certificate": "we.pem", "ida_certificate": "ida.pem"}, ["we.pem", "ida.pem"]),
        ("soap", {"security": {"sign": {"certificate": "we.pem"}, "verify": "ca.pem"}}, ["we.pem", "ca.pem"]),
        ("soap", {"wsdl": {"file": "tax.wsdl"}}, ["tax.wsdl", "types.xsd"]),
        ("rest", {"ca_file": "/etc/ssl/country.pem"}, []),
    ],
)
def test_luggage__files_of_a_kind__all_come_along(
    tmp_path: Path, kind: str, connection: object, names: list[str]
) -> None:
    """A registered source never needs a file that stayed behind; an absolute path stays where it is."""
    for name in names:
        (tmp_path / name).write_text(WSDL if name.endswith(".wsdl") else "<x/>")
    carried = luggage(document(tmp_path, kind, connection), "mine", tmp_path / "sources")
    assert [path.name for path in carried] == ["mine.yaml", *names]


def test_luggage__missing_file__named(tmp_path: Path) -> None:
    """What is not there is told before anything is copied."""
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        luggage(document(tmp_path, "rest", {"ca_file": "ca.pem"}), "mine", tmp_path / "sources")


def test_unpack__something_else_there__nothing_is_written(tmp_path: Path) -> None:
    """Another source's authority is never replaced."""
    (tmp_path / "ca.pem").write_text("theirs")
    with pytest.raises(ConfigurationError, match="there already"):
        unpack({tmp_path / "mine.yaml": b"x", tmp_path / "ca.pem": b"ours"})
    assert not (tmp_path / "mine.yaml").exists()


def test_with_fingerprints__a_line_below_from__or_none(tmp_path: Path) -> None:
    """The file stays as it was written but for one line; a fingerprint that stands there stays."""
    text = "services:\n    from: v_x\n    where: {a: $b}\n"
    fresh = document(tmp_path, "sql", {})
    assert with_fingerprints(text, fresh, {"s": "sha256:00"}) == (
        "services:\n    from: v_x\n    fingerprint: sha256:00\n    where: {a: $b}\n"
    )
    assert with_fingerprints(text, document(tmp_path, "sql", {}, fingerprint="x"), {"s": "sha256:00"}) == text
