"""The documentation is true of the code: what it lists is what there is, and what it shows works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from adapters.kinds import KINDS as SOURCE_KINDS
from adapters.trying import check_source
from audit.entry import Kind
from audit.tables import metadata
from gateway import settings
from gateway.cli.commands import app
from gateway.exchange.problems import KINDS
from gateway.trust.federation.roles import ROLES
from gateway.trust.jws import verify
from policies.agreement_file import read_agreement
from policies.reasons import REASONS
from registry_virtual.record import Status
from schemas import statement, wire
from schemas.errors import ExchangeError, Unauthenticated
from schemas.statement import AnswerStatement, RequestStatement, jws_digest, signing_digest
from schemas.wire import AnswerHead, RequestHead, frame, unframe
from tests.vectors.make import as_text, private_key

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
OURS = [page for page in PAGES if "examples" not in page.parts]
READING_ORDER = [
    "gateway/doors/xroad.py",
    "gateway/exchange/asking.py",
    "gateway/exchange/answering.py",
    "policies/engine.py",
    "adapters/kinds/sql/reader.py",
    "audit/log.py",
]


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def section(page: str, title: str) -> str:
    """The text under one heading, up to the next of the same or a higher level."""
    found = re.search(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text(page), re.DOTALL | re.MULTILINE
    )
    assert found is not None, f"{page} has no section {title}"
    return found[2]


def first_cells(table: str) -> list[str]:
    """The first cell of each row, where it is a code word."""
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


# The README.


def test_readme__reading_order__six_files_that_exist() -> None:
    """A newcomer reads one exchange in six files, in order."""
    listed = re.findall(
        r"^(\d)\. \[`([^`]+)`\]\(([^)]+)\)", section("README.md", "Read the code in this order"), re.MULTILINE
    )
    assert [(number, path, path) for number, path in enumerate(READING_ORDER, 1)] == [
        (int(number), name, link) for number, name, link in listed
    ]
    assert all((ROOT / path).is_file() for path in READING_ORDER)


def test_readme__commands__are_the_verbs_of_run() -> None:
    """The table lists every verb of `./run`, and no other."""
    verbs = set(re.findall(r"^    ([a-z]+)\)", text("run"), re.MULTILINE))
    listed = {word.split()[1] for word in first_cells(section("README.md", "Commands"))}
    assert listed == verbs


def test_readme__first_screen__shows_a_running_exchange() -> None:
    """Command, question and answer come before anything else."""
    first = "\n".join(text("README.md").splitlines()[:30])
    assert all(words in first for words in ("./run demo", "curl", '"status": "ok"'))


# The protocol.


@pytest.fixture(scope="module")
def vectors() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(text("tests/vectors/exchange.json"))
    return found


def test_vectors__made_again__same_bytes() -> None:
    """The example is what the code does today, byte for byte."""
    assert as_text() == text("tests/vectors/exchange.json")


def test_vectors__read_back__signature_digests_and_frame_hold(vectors) -> None:
    """A second implementation that reads the vectors reads what was meant."""
    key = private_key().public_key()
    request, answer = vectors["request"], vectors["answer"]
    asked = RequestStatement.from_payload(verify(request["jws"], lambda _: key).payload)
    said = AnswerStatement.from_payload(verify(answer["jws"], lambda _: key).payload)
    for made, claims in ((request, asked), (answer, said)):
        head, body = unframe(bytes.fromhex(made["content"]))
        assert (head.decode(), body.decode()) == (made["head"], made["body"])
        assert claims.head.matches(head)
        assert claims.body.matches(body)
        assert frame(head, body).hex() == made["content"]
        assert (jws_digest(made["jws"]), signing_digest(made["jws"])) == (
            made["jws_digest"],
            made["identity"],
        )
    assert RequestHead.from_bytes(request["head"].encode()).to_bytes().decode() == request["head"]
    assert AnswerHead.from_bytes(answer["head"].encode()).to_bytes().decode() == answer["head"]
    assert (said.req, said.id) == (request["jws_digest"], asked.id)


@pytest.mark.parametrize("position", [0, 20, 42, 85])
def test_vectors__signature_altered__is_refused(vectors, position: int) -> None:
    """The example's signature signs."""
    head, _, signature = vectors["request"]["jws"].rpartition(".")
    other = "A" if signature[position] != "A" else "B"
    with pytest.raises(ExchangeError):
        verify(
            f"{head}.{signature[:position]}{other}{signature[position + 1 :]}",
            lambda _: private_key().public_key(),
        )


def test_vectors__unknown_certificate__is_refused(vectors) -> None:
    """A key that the federation does not know signs nothing."""
    with pytest.raises(Unauthenticated):
        verify(vectors["request"]["jws"], lambda _: None)


def test_protocol__example__is_the_vectors(vectors) -> None:
    """The page shows the same bytes as the file."""
    shown = section("docs/protocol.md", "9. An example, byte by byte")
    packed = "".join(shown.split())
    request = vectors["request"]
    for member in ("head", "body", "header", "payload", "jws", "jws_digest", "identity", "head_nonce"):
        assert "".join(request[member].split()) in packed, member
    assert vectors["answer"]["payload"] in shown
    assert request["content"][:64] in packed


def test_protocol__statement_table__has_every_member(vectors) -> None:
    """Every member of a statement stands in the table, and nothing else does."""
    listed = {
        name
        for row in re.findall(
            r"^\| (`[^|]+) \|", section("docs/protocol.md", "3. The statement"), re.MULTILINE
        )
        for name in re.findall(r"`([a-z_]+)`", row)
    }
    members = {name for made in ("request", "answer") for name in json.loads(vectors[made]["payload"])}
    assert listed == members


def test_protocol__headers__are_those_that_travel() -> None:
    """The allow-list in the page is the code's."""
    rule = re.search(
        r"These names travel:(.*?)every `x-…` that does not\s+begin with (.*?)\.\n",
        text("docs/protocol.md"),
        re.DOTALL,
    )
    assert rule is not None
    assert set(re.findall(r"`([a-z-]+)`", rule[1])) == wire._END_TO_END
    assert set(re.findall(r"`([a-z-]+)`", rule[2])) == set(wire._OURS)


def test_protocol__numbers__are_the_code_s() -> None:
    """Times and sizes in the page are the constants."""
    page = text("docs/protocol.md")
    assert f"`0 < exp − iat ≤ {statement.LIFETIME_S}`" in page
    assert f"`iat − {statement.SKEW_S} ≤ now ≤ exp + {statement.SKEW_S}`" in page
    assert f"`exp + {statement.REPLAY_KEPT_S}`" in page
    assert f"at most {wire.MAX_HEADERS} pairs" in page
    assert f"The head is at most {wire.MAX_HEAD_BYTES // 1024} KiB" in page
    assert f"its payload at most {statement.MAX_PAYLOAD_BYTES // 1024} KiB" in page


@pytest.mark.parametrize(
    ("title", "module", "steps"),
    [("5. The asking side", "asking", 8), ("6. The answering side", "answering", 10)],
)
def test_protocol__steps__are_numbered_like_the_code(title: str, module: str, steps: int) -> None:
    """A reader of the page finds each step in the code by its number."""
    listed = re.findall(r"^(\d+)\. \*\*", section("docs/protocol.md", title), re.MULTILINE)
    assert [int(number) for number in listed] == list(range(1, steps + 1))
    code = text(f"gateway/exchange/{module}.py")
    assert {int(number) for number in re.findall(r"# \((\d+)\)", code)} == set(range(1, steps + 1))


# What there is, and what is listed.


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("The file", settings.Settings),
        ("members", settings.Member),
        ("client, peer, admin", settings.Listener),
        ("tls", settings.Tls),
        ("clients", settings.Client),
        ("development", settings.Development),
        ("federation", settings.Federation),
        ("policy", settings.Policy),
        ("consent", settings.Consent),
        ("limits", settings.Limits),
        ("sign_in", settings.SignIn),
    ],
)
def test_settings__every_member__is_documented(title: str, model) -> None:
    """Every setting is explained, and no other."""
    assert set(first_cells(section("docs/settings.md", title))) == set(model.model_fields)


@pytest.mark.parametrize("title", ["policy", "limits"])
def test_settings__defaults__are_the_code_s(title: str) -> None:
    """The numbers in the last column are the defaults."""
    model = {"policy": settings.Policy, "limits": settings.Limits}[title]
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| ([0-9]+)[^|]*\|$", section("docs/settings.md", title), re.MULTILINE
    )
    assert rows
    for name, shown in rows:
        assert int(shown) == model.model_fields[name].default, name


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_problems__every_type__has_a_page(slug: str) -> None:
    """A problem's `type` leads to a page that says the same as the code."""
    kind = KINDS[slug]
    page = text(f"docs/problems/{slug}.md")
    explanation = (kind.__doc__ or "").strip().splitlines()[0]
    retry = "yes" if kind.retryable else "no"
    assert page.startswith(f"# {kind.title}\n")
    assert explanation in page
    assert f"| {kind.status} | {kind.fault} | {retry} |" in page
    assert all(words in page for words in ("**Whose side.**", "**What to do.**"))
    assert f"({slug}.md) | {kind.status} | {kind.fault} | {retry} |" in text("docs/problems/README.md")


def test_problems__pages__are_all_of_a_type() -> None:
    """No page of a problem that does not exist."""
    assert {page.stem for page in (DOCS / "problems").glob("*.md")} - {"README"} == set(KINDS)


def test_policy__reason_codes__are_the_table() -> None:
    """Every code is explained, with its visibility."""
    rows = re.findall(
        r"^\| \[`([a-z_.]+)`\]\([a-z_.]+\) \| `([a-z_]+)` \|", text("docs/reasons/README.md"), re.MULTILINE
    )
    assert dict(rows) == dict(REASONS)


def test_virtual_registry__statuses__are_the_code_s() -> None:
    """Every status of an attribute is explained."""
    assert set(first_cells(section("docs/virtual-registry.md", "Statuses"))) == set(get_args(Status))


def test_audit__kinds__are_the_code_s() -> None:
    """Every kind of entry is explained."""
    page = section("docs/audit.md", "An entry and its case")
    assert all(f"`{kind}`" in page for kind in get_args(Kind))


def test_what_is_kept__every_table__is_named() -> None:
    """Nothing is kept in a table that the page does not name."""
    page = section("docs/what-is-kept.md", "In the gateway's database")
    missing = [name for name in (*metadata.tables, "alembic_version") if f"`{name}" not in page]
    assert not missing


def test_federation__roles__are_all_explained() -> None:
    """Each TUF role stands with its lifetime."""
    page = section("docs/federation.md", "Who signs what")
    assert all(re.search(rf"^\| {role} \| \d+ ", page, re.MULTILINE) for role in ROLES)


def test_adapters__kinds_and_files__are_all_listed() -> None:
    """Every kind and every starter file is in the tables, with its kind."""
    assert set(first_cells(section("docs/adapters.md", "Kinds"))) == set(SOURCE_KINDS)
    listed = dict(re.findall(r"\| `(\w+/\w+\.yaml)` \| ([\w-]+) \|", text("docs/adapters.md")))
    found = {
        f"{path.parent.name}/{path.name}": kind[1]
        for path in (ROOT / "adapters").glob("*/*.yaml")
        if (kind := re.search(r"^kind: ([\w-]+)", path.read_text("utf-8"), re.MULTILINE))
    }
    assert listed == found


def test_commands__every_command__is_listed() -> None:
    """The page lists every command, and no other."""
    listed = {
        " ".join(words)
        for words in re.findall(
            r"^\| `isthmus ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", text("docs/commands.md"), re.MULTILINE
        )
    }
    assert {name.strip() for name in listed} == set(commands())


def commands() -> list[str]:
    root = typer.main.get_command(app)
    found = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found += [f"{name} {inner}" for inner in below] if below else [name]
    return found


@pytest.mark.parametrize("page", OURS, ids=named)
def test_page__commands_it_shows__exist(page: Path) -> None:
    """No page names a command that the program does not have."""
    known = commands()
    shown = re.findall(
        r"(?:`|^|/run )isthmus ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", page.read_text("utf-8"), re.MULTILINE
    )
    groups = {name.split()[0] for name in known}
    wrong = [
        f"{group} {verb}".strip()
        for group, verb in shown
        if group not in groups or (verb and group not in known and f"{group} {verb}" not in known)
    ]
    assert not wrong


WORDS = [
    "instance",
    "federation",
    "registrar",
    "member",
    "subsystem",
    "service",
    "gateway",
    "client",
    "provider",
    "exchange",
    "conversation",
    "statement",
    "subject",
    "subject tag",
    "purpose",
    "agreement",
    "consent",
    "decision",
    "reason",
    "obligation",
    "source",
    "kind",
    "adapter",
    "record service",
    "pass-through service",
    "view",
    "plan",
    "assembled record",
    "provenance",
    "entry",
    "case",
    "committed head",
    "receipt",
    "evidence bundle",
    "witness",
    "door",
    "problem",
    "fault",
]


@pytest.mark.parametrize("word", WORDS)
def test_glossary__word_of_the_design__is_explained(word: str) -> None:
    """One word for one thing, and each one explained."""
    assert re.search(rf"^\| {re.escape(word)}[ ,(|]", text("docs/glossary.md"), re.MULTILINE)


THREATS = re.findall(r"^\| .* \| `(tests/[^`]+)` `(\w+)` \|$", text("docs/threat-model.md"), re.MULTILINE)


def test_threat_model__every_row__names_a_test() -> None:
    """A control without a test is a hope."""
    rows = [line for line in text("docs/threat-model.md").splitlines() if line.startswith("| ")]
    assert len(rows) - 1 == len(THREATS)


@pytest.mark.parametrize(("file", "name"), THREATS)
def test_threat_model__named_test__exists(file: str, name: str) -> None:
    """The test that a row names is there."""
    assert re.search(rf"^(?:async )?def {name}\(", text(file), re.MULTILINE)


# Files that the pages show.


def test_examples__agreements_in_the_pages__are_in_order(tmp_path: Path) -> None:
    """Whoever copies an agreement from a page has a good one."""
    shown = re.findall(r"<<'END'\n(#[^\n]*\nid: .*?)END\n", text("docs/getting-started.md"), re.DOTALL)
    shown += re.findall(r"```yaml\n(#[^\n]*\nid: .*?)```", text("docs/policy.md"), re.DOTALL)
    assert len(shown) == 3
    for number, yaml in enumerate(shown):
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml, "utf-8")
        read_agreement(file)


def test_examples__sources_in_the_pages__are_in_order(tmp_path: Path) -> None:
    """Whoever copies a source file from a page has a good one."""
    shown = re.findall(r"```yaml\n(id: .*?)```", text("docs/adapters.md"), re.DOTALL)
    assert len(shown) == 1
    for number, yaml in enumerate(shown):
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml.replace("$HOME", "/home/somebody").replace("\\$", "$"), "utf-8")
        assert check_source(file) == []


# All pages.


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_page__links__lead_somewhere(page: Path) -> None:
    """Every relative link and anchor resolves."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target) if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert not broken


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", OURS, ids=named)
def test_page__any__names_no_machine(page: Path) -> None:
    """No path of somebody's machine, and no unfinished place."""
    content = page.read_text("utf-8")
    assert not re.search(r"/work/|/tmp/|/root/|TODO|FIXME|@[A-Z_]+@", content)


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("2*.md")), ids=named)
def test_decision__any__says_what_why_and_what_not(page: Path) -> None:
    """A decision has a date, a reason, and what was rejected; the list names it."""
    content = page.read_text("utf-8")
    date = re.match(r"(\d{4}-\d{2}-\d{2})-[a-z0-9-]+\.md", page.name)
    assert date is not None
    assert date[1] in content
    headings = re.findall(r"^## (.+)$", content, re.MULTILINE)
    assert headings == ["Decision", "Rationale", "Rejected"]
    assert f"({page.name})" in text("docs/decisions/README.md")


def test_pictures__every_svg__is_shown_and_described() -> None:
    """A picture has a title and a description, and a page shows it."""
    for picture in (DOCS / "pictures").glob("*.svg"):
        content = picture.read_text("utf-8")
        assert "<title" in content
        assert "<desc" in content
        assert any(f"(pictures/{picture.name})" in page.read_text("utf-8") for page in DOCS.glob("*.md"))
