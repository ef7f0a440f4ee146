"""Makes `consent.json`, the byte-level example of a consent token in `docs/protocol.md`.

    python -m tests.vectors.make_consent > tests/vectors/consent.json

As in `tests.vectors.make`, nothing is random: the key is the public test key, the shared key is
counted up, and the signature is made by RFC 6979.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from gateway.consent.record import Frequency, Often
from gateway.consent.status import Status
from gateway.consent.token import Token, make, sub_tag
from gateway.trust.jws import StatementSigner
from schemas.encoding import b64url
from schemas.identifiers import MemberId, SubsystemId
from schemas.record import Subject
from schemas.strict_json import dump
from tests.vectors.make import MOMENT, _DeterministicKey, certificate, private_key

CONSENT: Final = "019f0000-0000-7000-8000-000000000002.1"
SHARED_KEY: Final = bytes(range(32))
SUBJECT: Final = Subject("national_id", "3127297534")


def make_vectors() -> dict[str, Any]:
    """A token and its parts, and the question and answer about it."""
    signer = StatementSigner(_DeterministicKey(private_key()), certificate())  # type: ignore[arg-type]
    tag = sub_tag(SHARED_KEY, SUBJECT)
    token = Token(
        consent=CONSENT,
        issuer=MemberId.parse("LM/GOV/MSW"),
        sub_tag=tag,
        client=SubsystemId.parse("LM/NGO/RELIEF/response"),
        provider=SubsystemId.parse("LM/GOV/NIA/identity"),
        purpose="social-assistance.eligibility",
        fields=("birth_date", "full_name"),
        valid_from=MOMENT,
        valid_until=MOMENT + 30 * 24 * 3600,
    )
    frequency = Frequency(Often.PER_PERIOD, 2, 86_400)
    status = Status(CONSENT, "granted", None, frequency, token.valid_from, token.valid_until)
    text = make(token, signer)
    return {
        "about": "docs/protocol.md section 13; made by tests/vectors/make_consent.py; the keys are public",
        "shared_key": b64url(SHARED_KEY),
        "subject": SUBJECT.as_json(),
        "sub_tag": tag,
        "header": f'{{"alg":"ES256","typ":"consent+jwt","x5t#S256":"{signer.thumbprint}"}}',
        "payload": token.to_payload().decode(),
        "token": text,
        "question": dump({"want": "status", "consent": CONSENT}).decode(),
        "answer": dump(status.as_json()).decode(),
    }


if __name__ == "__main__":
    json.dump(make_vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
