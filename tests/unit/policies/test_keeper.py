"""A changed policy comes into force only after its trial; a bad one never replaces a good one."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from policies.keeper import Country, PolicyKeeper, PolicyPlaces
from policies.national import ListedPurpose
from policies.regorus_engine import RegorusEngine
from policies.sources import POLICY_FOLDER, PolicyFile, join_sources, load_sources, read_files
from policies.trial import on_trial, try_policy
from schemas.errors import AuditUnavailable, ConfigurationError
from tests.unit.policies import country
from tests.unit.policies.questions import question

HEAD = "# METADATA\n# title: t\n# description: d\npackage isthmus.{}\n\nimport rego.v1\n\n"
RULES = "member: LM/GOV/TAX\nservices:\n  LM/GOV/TAX/income/band:\n    {}\n"
LOOP = "numbers := [n | some a in x; some b in x; some c in x; some d in x; n := ((a + b) + c) + d]\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The shipped rules with their tests, to be changed."""
    folder = tmp_path / "rules"
    shutil.copytree(
        POLICY_FOLDER, folder, ignore=lambda _, names: [n for n in names if n.endswith((".py", ".pyc"))]
    )
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


async def test_look__nothing_changed__nothing_happens(rules):
    """Looking every second costs no trial."""
    keeper = PolicyKeeper(PolicyPlaces(rules))
    assert not await keeper.look()


async def test_look__owner_writes_a_rule__it_decides_from_then_on(tmp_path):
    """A rule narrows the next decision, and the version that decisions name is another one."""
    file = tmp_path / "rules.yaml"
    write(file, RULES.format("max_records: 3"))
    keeper = PolicyKeeper(PolicyPlaces(provider=file))
    engine = RegorusEngine(keeper.sources)
    keeper.use(engine.replace)
    before = await engine.decide(question())
    write(file, RULES.format("roles: [clerk]"))
    assert await keeper.look()
    after = await engine.decide(question())
    assert before.obligations == {"max_records": 3}
    assert after.reasons == ("user.role_not_permitted",)
    assert after.policy_version == keeper.sources.version != before.policy_version


BAD_RULES = {
    "not Rego": ("purpose/purpose.rego", "nonsense", "not Rego"),
    "a forbidden built-in": ("x/x.rego", HEAD.format("x") + "a if http.send({})\n", r"http\.send"),
    "a test that fails": ("x/x_test.rego", "package isthmus.x_test\n\nimport rego.v1\n\ntest_a if 1 == 2\n", "test_a fails"),
    "everything allowed": (
        "exchange/exchange.rego",
        HEAD.format("exchange")
        + 'decision := {"allow": true, "reasons": [], "fields": [], "predicates": [], "obligations": {},'
        ' "policy_version": "x"}\n',
        "fails|does not refuse",
    ),
    "a loop": (
        "fields/fields.rego", HEAD.format("fields") + f"x := input.fields\n\n{LOOP}\ngranted := numbers\n", "fails|takes|end within",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "complaint"), BAD_RULES.values(), ids=BAD_RULES.keys())
async def test_look__bad_rules__the_good_ones_stay(rules, name, text, complaint):
    """Whatever is wrong, the policy in force goes on deciding, and the failure says why."""
    keeper = PolicyKeeper(PolicyPlaces(rules))
    engine = RegorusEngine(keeper.sources)
    keeper.use(engine.replace)
    good = keeper.sources.version
    write(rules / "usage/usage.rego", (rules / "usage/usage.rego").read_text() + "# changed\n")
    write(rules / name, text)
    assert not await keeper.look()
    assert keeper.failure is not None
    assert re.search(complaint, keeper.failure)
    assert keeper.sources.version == good
    assert (await engine.decide(question())).allow


async def test_look__mended__comes_into_force_and_the_failure_is_gone(tmp_path):
    """After a bad file, a good one is taken up."""
    file = tmp_path / "rules.yaml"
    write(file, RULES.format("max_records: 3"))
    keeper = PolicyKeeper(PolicyPlaces(provider=file))
    write(file, RULES.format("max_records: none"))
    assert not await keeper.look()
    assert "rules.yaml:4" in str(keeper.failure)
    write(file, RULES.format("max_records: 4 # mended"))
    assert await keeper.look()
    assert keeper.failure is None


async def test_look__federation_publishes__its_word_wins_over_the_file(tmp_path):
    """A file of national policy counts only until the federation publishes one."""
    file = tmp_path / "national.yaml"
    write(file, "legal_bases: {public_task: {title: t}}\nmax_records: 1000\n")
    keeper = PolicyKeeper(PolicyPlaces(national=file))
    assert keeper.sources.national["duties"] == {"max_records": 1000}
    published = Country(
        (ListedPurpose("aid", "Aid"),), b'{"legal_bases":{"public_task":{"title":"t"}},"max_records":2}'
    )
    assert await keeper.look(published)
    assert keeper.sources.national["duties"] == {"max_records": 2}
    assert set(keeper.sources.national["purposes"]) == {"aid"}
    assert not await keeper.look(None)
    assert keeper.sources.national["duties"] == {"max_records": 2}


async def test_look__cannot_be_kept_for_replay__waits_and_tries_again(tmp_path):
    """No policy decides that could not be replayed; the next look tries again."""
    file = tmp_path / "rules.yaml"
    write(file, RULES.format("max_records: 3"))
    keeper = PolicyKeeper(PolicyPlaces(provider=file))
    broken = True

    async def archive(_: object) -> None:
        if broken:
            raise AuditUnavailable

    keeper.before(archive)
    write(file, RULES.format("max_records: 4"))
    assert not await keeper.look()
    broken = False
    assert await keeper.look()


async def test_on_trial__does_not_end__is_killed_and_refused():
    """The process is killed at the limit: no policy can hold up a gateway."""
    with pytest.raises(ConfigurationError, match="did not end within"):
        await on_trial(load_sources(), (), limit_s=0.001)


def test_try_policy__shipped_and_country__pass():
    """What is shipped stands its own trial, with rules of every kind too."""
    tests = tuple(file for file in read_files(POLICY_FOLDER) if file.is_test)
    try_policy(load_sources(), tests)
    try_policy(country.sources(), tests)


def test_try_policy__costs_too_much__is_refused():
    """A loop over loops over what an asker may send is found before it decides."""
    body = 'x := input.fields\n\ndecision := {"allow": false, "n": count([1 | some a in x; some b in x; some c in x; a != b; b != c])}\n'
    test = PolicyFile("t_test.rego", "package isthmus.t_test\n\nimport rego.v1\n\ntest_a if true\n")
    file = PolicyFile("exchange.rego", HEAD.format("exchange") + body)
    sources = join_sources((file,), country.national(), country.provider())
    with pytest.raises(ConfigurationError, match=r"loop less|fails"):
        try_policy(sources, (test,))
