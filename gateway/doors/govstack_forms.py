"""Consents and agreements in the words of GovStack's Consent building block, API 1.1.0-rc1.

| GovStack | here |
|---|---|
| DataAgreement | an offer: one purpose of one service of an agreement that rests on consent |
| Controller | the provider, for whom the data is kept |
| ConsentRecord | the newest version of a consent; `optIn` says whether it counts now |
| Individual | a pseudonym of that client's own; external identifiers are not told |
| Revision | the version as canonical JSON, with its SHA-1, as the standard has it |

`state` is `unsigned`: the person signs nothing cryptographic; what proves a consent is its token and the
entry in the issuer's log. `dpia` is empty: an agreement has no place for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any, Final

from gateway.consent.choices import covers
from gateway.consent.desk import ConsentDesk
from gateway.consent.offers import CONSENT, Offer
from gateway.consent.parties import Parties
from gateway.consent.record import ConsentRecord, State
from schemas.identifiers import MemberId, SubsystemId
from schemas.strict_json import canonical

API_VERSION: Final = "1.1.0-rc1"


@dataclass(frozen=True, slots=True)
class GovStackForms:
    """Maps what there is to the standard's objects."""

    desk: ConsentDesk
    parties: Parties

    def agreement(self, offer: Offer, client: SubsystemId) -> dict[str, Any]:
        """A DataAgreement as this client uses it: as source of data, or as the service that uses them."""
        return {
            **self._agreement(offer),
            "dataUse": "data_using_service" if offer.client == client else "data_source",
        }

    def agreement_revision(self, offer: Offer) -> dict[str, Any]:
        """The Revision of a DataAgreement: the version of the agreement behind it."""
        document = self._agreement(offer)
        return _revision("DataAgreement", offer.id, f"{offer.id}@{offer.version}", document, offer.valid_from)

    async def record(self, record: ConsentRecord, client: SubsystemId, now: int) -> dict[str, Any]:
        """A ConsentRecord as this client may see it."""
        offer = next((o for o in self.desk.offers(now) if covers(o, record.wish.scope, now)), None)
        counts = record.state_at(now) is State.GRANTED and now >= record.wish.valid_from
        document = {
            "id": record.id,
            "individual": {"id": await self.parties.pseudonym(client, record)},
            "optIn": counts,
            "state": "unsigned",
            "dataAgreementRevisionHash": "",
        }
        if offer is not None:
            revision = self.agreement_revision(offer)
            document["dataAgreement"] = self.agreement(offer, client)
            document["dataAgreementRevision"] = revision
            document["dataAgreementRevisionHash"] = revision["serializedHash"]
        return document

    @staticmethod
    def record_revision(document: dict[str, Any], record: ConsentRecord) -> dict[str, Any]:
        """The Revision of a ConsentRecord: its newest version."""
        at = record.ended_at or record.granted_at
        return _revision("ConsentRecord", record.id, record.key, document, at)

    def _agreement(self, offer: Offer) -> dict[str, Any]:
        member = offer.service.member
        return {
            "id": offer.id,
            "version": API_VERSION,
            "controller": self._controller(member),
            "purpose": self._purpose(offer.purpose),
            "lawfulBasis": CONSENT,
            "dpia": "",
            "active": True,
            "forgettable": False,
        }

    def _controller(self, member: MemberId) -> dict[str, str]:
        name = self.desk.directory.name(member) or str(member)
        return {"id": str(member), "name": name, "url": f"isthmus://{member}"}

    def _purpose(self, code: str) -> str:
        """The purpose in plain words of the first language that there is, English if it is one."""
        languages = self.desk.catalogues.languages()
        words = self.desk.catalogues.find("en") or self.desk.catalogues.find(languages[0])
        return code if words is None else words.purposes.get(code, code)


def _revision(
    schema: str, identifier: str, revision: str, document: dict[str, Any], at: int
) -> dict[str, Any]:
    snapshot = {key: value for key, value in document.items() if key != "id"}
    wrapped = {"objectData": snapshot, "schemaName": schema, "objectId": identifier}
    serialized = canonical(wrapped)
    return {
        "id": revision,
        "schemaName": schema,
        "objectId": identifier,
        "serializedSnapshot": serialized.decode(),
        "serializedHash": sha1(serialized, usedforsecurity=False).hexdigest(),
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "signedWithoutObjectId": False,
    }
