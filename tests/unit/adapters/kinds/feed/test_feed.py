"""Kind `feed`: which alerts count, where they hold, and what is not believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.signer import XMLSigner

from adapters.contract import Query
from adapters.kinds.feed.alerts import Place, counting, touching
from adapters.kinds.feed.cap import UnfitAlert, read_cap
from adapters.kinds.feed.reader import Feed
from adapters.opening import open_source
from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source
from adapters.xml import parse_xml
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Outcome, Unavailable
from schemas.record import Subject

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ACTUAL, PUBLIC = frozenset({"Actual"}), frozenset({"Public"})
BOX = "-30,89 -30,90 -31,90 -31,89 -30,89"
WARNED = (89.5, -30.5)
NOW = 1_790_000_000


def cap(identifier: str = "1", **changes: str) -> str:
    """A document in the form of the examples in appendix A of the standard."""
    at = {
        "sender": "met@lm.example", "sent": "2026-11-20T14:00:00+06:00", "status": "Actual", "msgType": "Alert",
        "scope": "Public", "references": "", "expires": "2999-01-01T00:00:00+06:00", "area": f"<polygon>{BOX}</polygon>",
        "more": "", **changes,
    }  # fmt: skip
    references = f"<references>{at['references']}</references>" if at["references"] else ""
    expires = f"<expires>{at['expires']}</expires>" if at["expires"] else ""
    return (
        f'<alert xmlns="{CAP}"><identifier>{identifier}</identifier><sender>{at["sender"]}</sender>'
        f"<sent>{at['sent']}</sent><status>{at['status']}</status><msgType>{at['msgType']}</msgType>"
        f"<scope>{at['scope']}</scope>{references}<info><category>Met</category><event>SEVERE THUNDERSTORM</event>"
        f"{at['more']}<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>"
        f"{expires}<headline>Storm</headline><area><areaDesc>The plain</areaDesc>{at['area']}</area></info></alert>"
    )


def alerts(*documents: str) -> list[Any]:
    """The warnings among documents."""
    read = [read_cap(parse_xml(one.encode(), max_bytes=1 << 20)) for one in documents]
    return counting(read, ACTUAL, PUBLIC)


def found(*documents: str, point: tuple[float, float] = WARNED, now: int = NOW) -> list[str]:
    """The identifiers of the alerts in force at a point."""
    return [one["identifier"] for one in touching(alerts(*documents), Place(point=point), now, "en")]


def after(
    identifier: str, kind: str, reference: str = "1", sender: str = "met@lm.example", **more: str
) -> str:
    """A later message about an earlier one."""
    references = f"met@lm.example,{reference},2026-11-20T14:00:00+06:00"
    sent = more.pop("sent", "2026-11-20T15:00:00+06:00")
    return cap(identifier, msgType=kind, references=references, sender=sender, sent=sent, **more)


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_status__anything_but_actual__is_no_warning(status: str) -> None:
    """A drill never triggers a payment, and never calls a warning off."""
    assert found(cap(status=status)) == []
    assert found(cap(), after("2", "Cancel", status=status)) == ["1"]
    assert found(cap(), after("2", "Update", status=status)) == ["1"]


@pytest.mark.parametrize("scope", ["Restricted", "Private"])
def test_scope__not_public__is_no_warning(scope: str) -> None:
    """What is not for everybody is not acted on."""
    assert found(cap(scope=scope)) == []


def test_update_and_cancel__of_the_sender__supersede() -> None:
    """The newest word of a sender counts, whatever order the index has."""
    assert found(after("2", "Update"), cap()) == ["2"]
    assert found(after("2", "Cancel"), cap()) == []
    assert found(
        cap(), after("2", "Update"), after("3", "Cancel", "2", sent="2026-11-20T15:00:00+06:00")
    ) == ["2"]


def test_cancel__of_another_sender_or_of_the_past__changes_nothing() -> None:
    """Nobody calls off what somebody else said, nor what was said later."""
    assert found(cap(), after("2", "Cancel", sender="evil@lm.example")) == ["1"]
    assert found(cap(), after("2", "Cancel", sent="2026-11-20T13:00:00+06:00")) == ["1"]


@pytest.mark.parametrize("kind", ["Ack", "Error", "Cancel"])
def test_type__no_warning__is_none(kind: str) -> None:
    """An acknowledgement, an error and a cancellation warn of nothing."""
    assert found(cap(msgType=kind)) == []


def test_duplicate__same_sender_identifier_and_sent__is_one() -> None:
    """An alert that the index lists twice is one alert."""
    assert found(cap(), cap()) == ["1"]


def test_expiry__past__is_over_and_all_clear_is_no_warning() -> None:
    """`expires` ends a block; a block that says all clear warns of nothing."""
    assert found(cap(expires="2026-01-01T00:00:00+00:00")) == []
    assert found(cap(expires="")) == ["1"]
    assert found(cap(more="<responseType>AllClear</responseType>")) == []


def test_place__latitude_comes_first__and_circles_are_kilometres() -> None:
    """CAP writes latitude before longitude; exchanged axes would warn another part of the world."""
    assert found(cap(), point=(89.5, -30.5)) == ["1"]
    assert found(cap(), point=(-30.5, 89.5)) == []
    circle = cap(area="<circle>-30.5,89.5 10</circle>")
    assert found(circle, point=(89.58, -30.5)) == ["1"]
    assert found(circle, point=(89.68, -30.5)) == []


@pytest.mark.parametrize(
    "document",
    [
        cap(sent="2026-11-20T14:00:00"),
        cap(sent="2026-11-20"),
        cap(sent="2026-02-30T14:00:00+06:00"),
        cap(status="actual"),
        cap(msgType="Warning"),
        cap("a,b"),
        cap(references="1 2"),
        cap(area="<polygon>-30,89 -30,90 -31,90 -30.5,89</polygon>"),
        cap(area="<polygon>-130,89 1,89 1,1 -130,89</polygon>"),
        cap(area="<polygon>" + "1,1 " * 20_001 + "</polygon>"),
        cap(area="<circle>-30,89</circle>"),
        cap(area="<circle>-30,89 nan</circle>"),
        cap(area="<geocode><valueName>X</valueName></geocode>"),
        cap(expires="soon"),
        cap().replace(CAP, "urn:oasis:names:tc:emergency:cap:1.1"),
    ],
)
def test_document__breaks_the_standard__is_refused_whole(document: str) -> None:
    """Half a warning would warn the wrong people; outlines are bounded."""
    with pytest.raises(UnfitAlert):
        alerts(document)


def source_of(folder: Path, **connection: Any) -> Source:
    """A feed of warnings by district."""
    service = {
        "title": "Warnings", "canonical": "alert/1", "subject": {"area": {"pattern": "LM-[0-9]{2}"}},
        "geocode": "LM-DISTRICT", "empty": "not_found",
        "map": {"area": "area", "has_alert": "has_alert", "alerts": {"from": "alerts", "each": {"alert_id": "identifier"}}},
    }  # fmt: skip
    document = {
        "id": "warnings", "title": "Warnings", "kind": "feed", "owner": {"ministry": "DRM"},
        "subsystem": "LM/GOV/DRM/early-warning", "limits": {"retries": 0, "max_bytes": 65536},
        "connection": {"base_url": "https://met.example", "auth": {"kind": "bearer", "token": "${secret:T}"},
                       "index": "/atom.xml", "places": {"LM-05": [-30.5, 89.5]}, **connection},
        "services": {"alerts": service},
    }  # fmt: skip
    path = folder / "warnings.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_source(path, EnvironmentSecrets({"ISTHMUS_SECRET_T": "token-of-the-feed"}), {})


def index(*links: str) -> str:
    """An Atom index."""
    entries = "".join(
        f'<entry><updated>1</updated><link type="application/cap+xml" href="{link}"/></entry>'
        for link in links
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'


class Publisher:
    """A feed on a mock network; what it was asked is kept."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.asked: list[httpx.Request] = []
        self.down = False

    def reply(self, request: httpx.Request) -> httpx.Response:
        """One answer, with an ETag on the index."""
        self.asked.append(request)
        if self.down:
            raise httpx.ConnectError("down")
        if request.headers.get("If-None-Match") == '"1"':
            return httpx.Response(304, stream=httpx.ByteStream(b""))
        body = self.pages.get(str(request.url))
        if body is None:
            return httpx.Response(404, stream=httpx.ByteStream(b""))
        headers = {"Content-Type": "application/xml", "ETag": '"1"'}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body.encode()))


async def asked(
    source: Source, publisher: Publisher, *areas: str, between: Callable[[Feed], None] = lambda _: None
) -> list[Outcome]:
    """Ask about areas, one after the other."""
    kind = Feed(source, httpx.MockTransport(publisher.reply))
    adapter = open_source(source, kind=kind)
    await adapter.open()
    try:
        outcomes = []
        for area in areas:
            fields = source.record_service("alerts").fields
            outcomes.append(await adapter.fetch(Query("alerts", Subject("area", area), fields)))
            between(kind)
        return outcomes
    finally:
        await adapter.close()


HOME = "https://met.example"
ONE = {HOME + "/atom.xml": index("/1.xml"), HOME + "/1.xml": cap()}


async def test_question__area__never_leaves(tmp_path: Path) -> None:
    """The feed learns nothing of who is asked about; a second question asks it nothing at all."""
    publisher = Publisher(ONE)
    first, second, third = await asked(source_of(tmp_path), publisher, "LM-05", "LM-05", "LM-77")
    assert isinstance(first, Match)
    assert first.record["has_alert"] is True
    assert isinstance(second, Match)
    assert isinstance(third, NotFound)
    assert [request.url.path for request in publisher.asked] == ["/atom.xml", "/1.xml"]


def due(kind: Feed) -> None:
    """The next question looks at the feed again."""
    kind._tried = None


async def test_index__unchanged__is_not_read_again(tmp_path: Path) -> None:
    """ETag and 304: the alerts stay, and what they vouch for is young again."""
    publisher = Publisher(ONE)
    outcomes = await asked(source_of(tmp_path), publisher, "LM-05", "LM-05", between=due)
    assert all(isinstance(one, Match) and one.record["has_alert"] for one in outcomes)
    assert [request.url.path for request in publisher.asked] == ["/atom.xml", "/1.xml", "/atom.xml"]


async def test_silence__after_max_age__is_unavailable_and_never_no_warning(tmp_path: Path) -> None:
    """A feed that is down answers from memory for a while, as of its last good look, and then not at all."""
    publisher = Publisher({**ONE, HOME + "/atom.xml": index()})
    moments: list[float] = []

    def goes_down(kind: Feed) -> None:
        publisher.down = True
        due(kind)
        assert kind._good_at is not None
        moments.append(kind._good_at)
        if len(moments) == 2:
            kind._good_at = time.time() - 4000

    first, second, third = await asked(source_of(tmp_path), publisher, *["LM-05"] * 3, between=goes_down)
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert second.as_of == first.as_of
    assert isinstance(third, Unavailable)


async def test_start__feed_is_down__is_no_error(tmp_path: Path) -> None:
    """A gateway starts without its feed; the first question hears that nobody answers."""
    publisher = Publisher({})
    publisher.down = True
    (outcome,) = await asked(source_of(tmp_path), publisher, "LM-05")
    assert isinstance(outcome, Unavailable)


@pytest.mark.parametrize(
    "link", ["https://evil.example/1.xml", "http://169.254.169.254/latest", "//evil.example/1.xml"]
)
async def test_link__to_a_foreign_host__is_not_followed(tmp_path: Path, link: str) -> None:
    """An index leads to its own host only, and no answer is given from a part of it."""
    publisher = Publisher({HOME + "/atom.xml": index(link)})
    (outcome,) = await asked(source_of(tmp_path), publisher, "LM-05")
    assert isinstance(outcome, DeniedBySource)
    assert [request.url.host for request in publisher.asked] == ["met.example"]


async def test_link__to_an_allowed_host__gets_no_credentials(tmp_path: Path) -> None:
    """Documents may lie on a host that the file allows; the feed's token stays at home."""
    pages = {HOME + "/atom.xml": index("https://cdn.example/1.xml"), "https://cdn.example/1.xml": cap()}
    publisher = Publisher(pages)
    (outcome,) = await asked(source_of(tmp_path, allow_hosts=["cdn.example"]), publisher, "LM-05")
    assert isinstance(outcome, Match), outcome
    assert ["Authorization" in request.headers for request in publisher.asked] == [True, False]


@pytest.mark.parametrize(
    "page",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>' + cap(),
        "<a>" * 100 + "</a>" * 100,
        "<alert>" + "<x/>" * 200_000 + "</alert>",
        cap(status="Maybe"),
        "no XML",
    ],
)
async def test_document__bomb_or_nonsense__is_misbehaving(tmp_path: Path, page: str) -> None:
    """One document that cannot be read is no reason to say that there is no warning."""
    publisher = Publisher(
        {HOME + "/atom.xml": index("/1.xml", "/2.xml"), HOME + "/1.xml": cap(), HOME + "/2.xml": page}
    )
    (outcome,) = await asked(source_of(tmp_path), publisher, "LM-05")
    assert isinstance(outcome, Misbehaving)


async def test_index__too_many_entries__is_misbehaving(tmp_path: Path) -> None:
    """Alerts are held in memory, so their number is bounded."""
    publisher = Publisher({HOME + "/atom.xml": index(*[f"/{number}.xml" for number in range(4)])})
    (outcome,) = await asked(source_of(tmp_path, max_alerts=3), publisher, "LM-05")
    assert isinstance(outcome, Misbehaving)
    assert len(publisher.asked) == 1


def certified() -> tuple[bytes, bytes]:
    """A key and its certificate, PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "met.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, made.public_bytes(Encoding.PEM)


def sealed(document: str, key: bytes, certificate: bytes) -> str:
    """A document with its enveloped signature."""
    root = XMLSigner().sign(etree.fromstring(document.encode()), key=key, cert=certificate.decode())
    return str(etree.tostring(root).decode())


async def test_signature__pinned_certificate__only_what_it_signed_is_read(tmp_path: Path) -> None:
    """Unsigned, changed, wrapped and foreign alerts are refused, also with a certificate of their own."""
    (key, certificate), (foreign, other) = certified(), certified()
    (tmp_path / "met.pem").write_bytes(certificate)
    source = source_of(tmp_path, certificate_file="met.pem")
    true = sealed(cap(), key, certificate)
    signature = true[true.index("<ds:Signature") : true.index("</ds:Signature>") + len("</ds:Signature>")]
    cases = [
        (true, Match),
        (cap(), Misbehaving),
        (true.replace("Severe<", "Minor<"), Misbehaving),
        (sealed(cap(), foreign, other), Misbehaving),
        (cap("2").replace("</alert>", signature + "</alert>"), Misbehaving),
        (cap("2").replace("</alert>", true + "</alert>"), Misbehaving),
    ]
    for document, expected in cases:
        publisher = Publisher({HOME + "/atom.xml": index("/1.xml"), HOME + "/1.xml": document})
        (outcome,) = await asked(source, publisher, "LM-05")
        assert isinstance(outcome, expected), outcome
