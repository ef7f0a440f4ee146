"""WSDL files: read locally, compared with zeep's reading, used to draft and to check a source file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
import zeep
from lxml import etree

from adapters.drafting.draft import Draft
from adapters.kinds.soap.draft import draft
from adapters.kinds.soap.names import XSD
from adapters.kinds.soap.wsdl import read_wsdl
from adapters.kinds.soap.wsdl_check import wsdl_complaints
from adapters.secrets import EnvironmentSecrets
from adapters.source_checks import check_document
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError

FILE = Path(__file__).parent / "tax.wsdl"


async def drafted() -> Draft:
    """The draft of the WSDL."""
    return await draft(str(FILE), EnvironmentSecrets({}))


def test_read_wsdl__operations__as_zeep_reads_them() -> None:
    """Names, SOAPActions, elements and their children are those of an independent reader."""
    ours = {name: one for (name, _), one in read_wsdl(FILE).operations.items()}
    (binding,) = zeep.Client(str(FILE)).wsdl.bindings.values()
    theirs = binding._operations
    assert ours.keys() == theirs.keys()
    for name, operation in theirs.items():
        assert ours[name].action == operation.soapaction
        for part, message in ((ours[name].input, operation.input), (ours[name].output, operation.output)):
            assert part.name == message.body.qname.text
            names = [element.qname.text for _, element in message.body.type.elements]
            assert [child.name for child in part.children] == names


@pytest.mark.parametrize(
    "place", ["http://elsewhere.example/x.xsd", "file:///etc/passwd", "../x.xsd", "/etc/passwd"]
)
def test_read_wsdl__imports_from_elsewhere__are_refused(tmp_path: Path, place: str) -> None:
    """Nothing is fetched, and nothing outside the folder is read."""
    copy = tmp_path / "tax.wsdl"
    mark = '<xs:schema elementFormDefault="qualified" targetNamespace="urn:example:tax">'
    text = FILE.read_text("utf-8").replace(
        mark, f'{mark}<xs:import namespace="urn:x" schemaLocation="{place}"/>'
    )
    copy.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError):
        read_wsdl(copy)


def test_read_wsdl__types_that_unfold__are_refused(tmp_path: Path) -> None:
    """A small file in which each type holds a dozen of the next would make a hundred million elements."""
    text = FILE.read_text(encoding="utf-8")
    types = "".join(
        f'<xs:complexType name="T{number}"><xs:sequence>'
        + "".join(f'<xs:element name="e{one}" type="u:T{number + 1}"/>' for one in range(12))
        + "</xs:sequence></xs:complexType>"
        for number in range(9)
    )
    schema = f'<xs:schema xmlns:xs="{XSD}" xmlns:u="urn:u" targetNamespace="urn:u">{types}</xs:schema>'
    wsdl, messages = etree.fromstring(text.encode()), "{http://schemas.xmlsoap.org/wsdl/}"
    types_element = wsdl.find(f"{messages}types")
    assert types_element is not None
    types_element.append(etree.fromstring(schema))
    for element in types_element.iter(f"{{{XSD}}}element"):
        if element.get("type", "").endswith(":string"):
            element.attrib["type"] = "bomb:T0"
    text = etree.tostring(wsdl).decode()
    path = tmp_path / "bomb.wsdl"
    path.write_text(text.replace("definitions ", 'definitions xmlns:bomb="urn:u" ', 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="unfold"):
        read_wsdl(path)


@pytest.mark.parametrize("value", ["", ":", "a:b:c", "{x}", "1 2", " "])
async def test_draft__attributes_that_say_something_else__refused_in_words(
    tmp_path: Path, value: str
) -> None:
    """A spoilt WSDL gives an error that says so, or a draft of the rest."""
    path = tmp_path / "spoilt.wsdl"
    whole = etree.fromstring(FILE.read_bytes())
    for number, element in enumerate(whole.iter()):
        for name in element.attrib:
            spoilt = etree.fromstring(FILE.read_bytes())
            list(spoilt.iter())[number].set(name, value)
            path.write_bytes(etree.tostring(spoilt))
            with suppress(ConfigurationError):
                await draft(str(path), EnvironmentSecrets({}))


async def test_draft__one_identifier__a_service_and_secrets_of_the_body() -> None:
    """Credentials in the Body become references; operations with more inputs are left out."""
    made = await drafted()
    (service,) = made.services
    assert service.own["records"] == "n1:Result/n1:Assessment"
    assert "{selector}" in service.own["request"]
    assert "{secret:pass_word}" in service.own["request"]
    assert made.connection["body_secrets"] == {
        "user_id": "${secret:SOAP_USER_ID}",
        "pass_word": "${secret:SOAP_PASS_WORD}",
    }
    assert [(column.place, column.type) for column in service.columns][:2] == [
        ("NationalId", "text"),
        ("TaxYear", "integer"),
    ]
    assert service.columns[2].codes == ("A", "D")
    assert any("Declare" in remark for remark in made.remarks)


async def test_check__a_drafted_service_against_its_wsdl__in_order_and_each_slip_is_named(
    tmp_path: Path,
) -> None:
    """Element, child, SOAPAction, answer and digest are compared."""
    shutil.copy(FILE, tmp_path)
    (service,) = (await drafted()).services
    pin = {"file": "tax.wsdl", "sha256": sha256(FILE.read_bytes()).hexdigest()}

    def complaints(**changed: str) -> list[str]:
        services = {"band": {**service.own, **changed}}
        return [what for _, what, _ in wsdl_complaints({"wsdl": pin}, services, tmp_path)]

    assert complaints() == []
    assert len(complaints(action="urn:other")) == 1
    assert len(complaints(answer="n1:Other")) == 1
    assert len(complaints(request=service.own["request"].replace("NationalId", "Nid"))) == 1
    assert len(complaints(request='<x xmlns="urn:x">{selector}</x>')) == 1
    pin["sha256"] = "0" * 64
    assert len(complaints()) == 1


def test_draft__written_as_a_file__is_in_order(tmp_path: Path) -> None:
    """What `source new` writes from a WSDL passes `source check` as it stands."""
    out = tmp_path / "tax.yaml"
    command = [sys.executable, "-m", "gateway.cli", "source", "new", "--from", str(FILE), "--role", "tax"]
    command += ["--subsystem", "LM/GOV/TAX/income", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [finding for finding in check_document(load(out)) if finding.level == "error"] == []


async def test_draft__optional_inputs_and_a_question_without_any__left_out_and_the_ping() -> None:
    """Lumeria's tax service asks for a year if one likes, and answers an empty question without account."""
    lumeria = Path(__file__).parents[5] / "examples" / "lumeria" / "tax.wsdl"
    made = await draft(str(lumeria), EnvironmentSecrets({}))
    (service,) = made.services
    assert "Year" not in service.own["request"]
    assert service.own["records"] == "n1:GetAssessmentsResult/n1:Assessments/n1:Assessment"
    assert made.connection["ping"]["action"].endswith("/CheckConnection")
