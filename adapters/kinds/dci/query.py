"""The query of a DCI search: idtype-value, expression or predicate (section 1.3 of the standard).

The file writes the query's form, with `{name}` where a selector's value stands. Values are put into
finished JSON, member by member, so a value never adds a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.kinds.dci.form import DciAsk
from adapters.template import fill

EXPRESSION_TYPE = "ns:org:QueryType:expression"


def query_of(ask: DciAsk, subject_type: str, values: Mapping[str, str | int]) -> Any:
    """The `query` of a search about one subject."""
    match ask.query_type:
        case "idtype-value":
            return {"type": ask.id_types[subject_type], "value": values[subject_type]}
        case "predicate":
            return fill(ask.query, values)
        case _:
            expression = {"collection": ask.collection, "query": fill(ask.query, values)}
            present = {name: item for name, item in expression.items() if item is not None}
            return {"type": EXPRESSION_TYPE, "value": {"expression": present}}


def criteria_of(ask: DciAsk, query: Any, page_size: int, page_number: int) -> dict[str, Any]:
    """`search_criteria`; what the file leaves out is None here."""
    return {
        "version": "1.0.0",
        "reg_type": ask.reg_type,
        "reg_event_type": ask.reg_event_type,
        "reg_record_type": ask.reg_record_type,
        "response_entity": ask.response_entity,
        "query_type": ask.query_type,
        "query": query,
        "pagination": {"page_size": page_size, "page_number": page_number},
    }
