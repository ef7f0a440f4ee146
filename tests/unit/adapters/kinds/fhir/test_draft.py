"""Drafts from a CapabilityStatement: no resource is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.kinds.fhir.draft import draft
from adapters.secrets import EnvironmentSecrets
from schemas.errors import ConfigurationError
from tests.fhir import fhir_server


def statement(**more: Any) -> dict[str, Any]:
    """A server that finds a Patient by identifier."""
    patient = {
        "type": "Patient",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": "identifier", "type": "token"}],
    }
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": [patient]}],
        **more,
    }


async def test_draft__a_file__one_service_for_the_person(tmp_path: Path):
    """The Patient, by identifier, with the credentials as a reference."""
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(statement()))

    found = await draft(str(path), EnvironmentSecrets({}))

    assert [service.name for service in found.services] == ["person"]
    assert found.services[0].own["search"]["parameters"] == {
        "identifier": "urn:example:national-id|{selector}"
    }
    assert found.connection["auth"]["token"] == "${secret:FHIR_TOKEN}"


@pytest.mark.parametrize(
    "wrong", [{"fhirVersion": "5.0.0"}, {"resourceType": "Bundle"}, {"rest": []}, {"rest": "CANARY"}]
)
async def test_draft__not_usable__says_why(tmp_path: Path, wrong: dict[str, Any]):
    """Another version, another resource, nobody to search."""
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(statement(**wrong)))

    with pytest.raises(ConfigurationError):
        await draft(str(path), EnvironmentSecrets({}))


@pytest.mark.system
async def test_draft__hapi__person_and_what_can_be_joined():
    """A real server's statement."""
    with fhir_server([]) as url:
        found = await draft(f"{url}/metadata", EnvironmentSecrets({}))

    assert [service.name for service in found.services] == ["person"]
    assert found.connection["base_url"] == url
    joined = [remark for remark in found.remarks if "can be joined" in remark]
    assert [remark.partition(" ")[0] for remark in joined] == [
        "Coverage",
        "Observation",
        "QuestionnaireResponse",
    ]
    assert 'parameters: {beneficiary: "Patient/{patient}"}' in joined[0]
