"""How `isthmus policy explain|matrix|flows|replay|simulate` show what they found to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gateway.cli.commands.printing import Table, moment, value_text, words

if TYPE_CHECKING:
    from gateway.app.insight.flows import Flow
    from gateway.app.insight.matrix import Row
    from gateway.app.insight.replay import Replayed
    from gateway.app.insight.simulation import Simulated
    from policies.explain import Explanation


def explained(explanation: Explanation, *, every: bool) -> Iterator[Table | str]:
    """The verdict, what refuses, and the rules behind it; with `every`, all rules."""
    decision = explanation.decision
    yield f"{_verdict(decision.allow)}, policy {decision.policy_version}"
    if decision.allow:
        yield f"fields: {words(decision.fields) or 'none'}"
        if decision.obligations:
            yield f"duties: {value_text(dict(decision.obligations))}"
    else:
        yield f"reasons: {words(decision.reasons)}"
    if explanation.fixed:
        yield f"the fixed check already refuses: {words(explanation.fixed)}"
    spoke = [
        (one.code, "asker" if one.visible else "log only", words(one.asks), f"{one.file}:{one.line}")
        for one in explanation.reasons
        if one.refuses
    ]
    if spoke:
        yield Table(("reason", "told to", "since this does not hold", "at"), spoke, "what refuses")
    yield from _questions(explanation, every=every)


def _questions(explanation: Explanation, *, every: bool) -> Iterator[Table | str]:
    """Of each question the rules that a refusal asked and that did not hold; with `every`, all rules."""
    asked = {path for one in explanation.reasons if one.refuses for path in one.asks}
    for question in explanation.questions:
        rows = [
            (
                rule.path.removeprefix("data.isthmus."),
                _state(rule.holds, rule.value),
                "\n".join(f"{stop.file}:{stop.line}  {stop.text}" for stop in rule.stops),
                "\n".join(
                    f"{name} = {value_text(value) or 'null'}"
                    for stop in rule.stops
                    for name, value in stop.reads.items()
                ),
            )
            for rule in question.rules
            if every or (rule.path in asked and not rule.holds)
        ]
        if rows:
            yield Table(("rule", "says", "stopped at", "facts it read"), rows, question.title)


def _state(holds: bool, value: Any) -> str:
    if not holds:
        return "does not hold"
    return "holds" if value is True else value_text(value)


def matrix_table(rows: list[Row]) -> Table:
    """One line for each row."""
    lines = [
        (row.client, row.service, row.purpose, row.basis, _leaving(row), words(row.predicates), _kept(row))
        for row in rows
    ]
    columns = ("client", "service", "purpose", "legal basis", "leaves", "yes/no questions", "duties")
    return Table(columns, lines)


def _leaving(row: Row) -> str:
    if row.reasons:
        return f"refused: {words(row.reasons)}"
    if row.whole:
        return "the whole answer"
    masked = {name.partition(".")[0]: how for name, how in row.masked.items()}
    return words(f"{name} ({masked[name]})" if name in masked else name for name in row.leaves)


def _kept(row: Row) -> str:
    return words(f"{name} {value_text(value)}" for name, value in row.duties.items())


def flows_table(found: list[Flow]) -> Table:
    """One line for each flow."""
    columns = (
        "client", "service", "purpose", "legal basis", "side", "answered", "refused", "failed",
        "first, UTC", "last, UTC", "may leave",
    )  # fmt: skip
    lines = [
        (
            flow.client, flow.service, flow.purpose, flow.basis, flow.side, flow.answered, flow.refused,
            flow.failed, moment(flow.first), moment(flow.last), words(flow.fields),
        )
        for flow in found
    ]  # fmt: skip
    return Table(columns, lines)


def replayed(found: Replayed) -> Iterator[Table | str]:
    """The verdict in a line, and what differs."""
    said = {
        "same": f"same: policy {found.policy_version} decides {_verdict(found.allow)} again",
        "different": f"DIFFERENT: policy {found.policy_version} now decides {_verdict(found.allow)}",
        "cannot": f"cannot be replayed: {found.why}",
    }
    yield said[found.verdict]
    if found.found:
        rows = [(one.member, _shown(one.before), _shown(one.after)) for one in found.found]
        yield Table(("member", "then", "now"), rows)


def simulated(found: Simulated) -> Iterator[Table | str]:
    """How many of each kind, and each difference."""
    yield f"policy {found.policy_version}: {sum(found.counts.values())} decisions made again"
    rows = [(kind.replace("_", " "), number) for kind, number in sorted(found.counts.items())]
    rows += [(f"not comparable: {why}", number) for why, number in sorted(found.skipped.items())]
    yield Table(("what", "decisions"), rows)
    if found.differ:
        lines = [
            (
                one.kind.replace("_", " "), one.client, one.service, one.purpose,
                "\n".join(f"{d.member}: {_shown(d.before)} -> {_shown(d.after)}" for d in one.found),
                one.exchange,
            )
            for one in found.differ
        ]  # fmt: skip
        yield Table(("kind", "client", "service", "purpose", "then -> now", "exchange"), lines)


def _shown(value: Any) -> str:
    """A JSON value as JSON writes it."""
    import orjson

    return orjson.dumps(value).decode()


def _verdict(allow: bool | None) -> str:
    return "allowed" if allow else "refused"
