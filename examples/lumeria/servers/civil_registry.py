"""The Civil Registration Office: DCI v1.0.0, `POST /registry/sync/search`, and an events API.

A person who is not found is a success with no records. Essential reading in order: `dci_envelope`,
`dci_query`, `crvs_person`; then `crvs_events` and `event_query`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.servers import dci_envelope
from examples.lumeria.servers.crvs_events import Events
from examples.lumeria.servers.crvs_person import CivilRegisters
from examples.lumeria.servers.dci_envelope import RejectedError, SearchMessage, UnusableEnvelopeError
from examples.lumeria.servers.dci_query import InvalidQueryError, column, parse_query
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, UnreadableBodyError, has_bearer, open_for_reading, read_object

_REG_TYPE: Final = "ns:org:RegistryType:Civil"
_REG_RECORD_TYPE: Final = "spdci-extensions-dci:Person"
_PAGE_SIZE: Final = 50
_LARGEST_PAGE: Final = 500
_LARGEST_PAGE_NUMBER: Final = 1_000_000
_LOCALE: Final = re.compile(r"[a-z]{3}")


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `civil-registry.db`.

    DCI's token comes from LUMERIA_CIVIL_REGISTRY_TOKEN, the events API's secret from LUMERIA_CRVS_SECRET.
    """
    registers = open_for_reading(path)
    office = _Office(CivilRegisters(registers), required(environ, "LUMERIA_CIVIL_REGISTRY_TOKEN"))
    events = Events(registers, required(environ, "LUMERIA_CRVS_SECRET"))
    return Starlette(
        routes=[
            Route("/health", office.health),
            Route("/registry/sync/search", office.search, methods=["POST"]),
            *events.routes(),
        ]
    )


class _Office:
    """The office's answers, read from its registers."""

    def __init__(self, registers: CivilRegisters, token: str) -> None:
        self._registers = registers
        self._token = token

    async def health(self, _: Request) -> Response:
        self._registers.check()
        return Json({"status": "ok", "system": "civil-registry"})

    async def search(self, request: Request) -> Response:
        """Answer a search message: transport faults as HTTP errors, all others inside the envelope."""
        if not has_bearer(request, self._token):
            return _error(401, "err.request.unauthorized", "a valid bearer token is required")
        try:
            message = dci_envelope.parse_envelope(await read_object(request))
        except UnreadableBodyError as error:
            return _error(400, "err.request.bad", str(error))
        except UnusableEnvelopeError as error:
            return _error(400, error.code, str(error))
        try:
            dci_envelope.check_header(message)
        except RejectedError as error:
            return Json(dci_envelope.rejection(message, error))
        return Json(dci_envelope.answer(message, self._respond(message)))

    def _respond(self, message: SearchMessage) -> list[dict[str, Any]]:
        seen: set[str] = set()
        return [self._respond_to_one(search, seen) for search in message.searches]

    def _respond_to_one(self, search: Mapping[str, Any], seen: set[str]) -> dict[str, Any]:
        reference_id = search.get("reference_id")
        response: dict[str, Any] = {
            "reference_id": reference_id if isinstance(reference_id, str) else "",
            "timestamp": dci_envelope.timestamp(),
        }
        locale = search.get("locale")
        if isinstance(locale, str) and _LOCALE.fullmatch(locale):
            response["locale"] = locale
        try:
            _check_search(search, seen)
            return response | {"status": "succ"} | self._find(search["search_criteria"])
        except RejectedError as error:
            reason = {"status_reason_code": error.code, "status_reason_message": str(error)}
            return response | {"status": "rjct"} | reason

    def _find(self, criteria: Mapping[str, Any]) -> dict[str, Any]:
        try:
            condition = parse_query(criteria.get("query_type"), criteria.get("query"))
        except InvalidQueryError as error:
            raise RejectedError("rjct.search_criteria.invalid", str(error)) from error
        order = _order(criteria.get("sort", []))
        size, number = _page(criteria.get("pagination", {}))
        records = self._registers.find(condition, order, size, size * (number - 1))
        return {
            "data": {
                "version": dci_envelope.VERSION,
                "reg_type": _REG_TYPE,
                "reg_record_type": _REG_RECORD_TYPE,
                "reg_records": records,
            },
            "pagination": {
                "page_size": size,
                "page_number": number,
                "total_count": self._registers.count(condition),
            },
        }


def _check_search(search: Mapping[str, Any], seen: set[str]) -> None:
    reference_id, criteria = search.get("reference_id"), search.get("search_criteria")
    if not isinstance(reference_id, str) or not dci_envelope.is_label(reference_id):
        raise RejectedError("rjct.reference_id.invalid", "reference_id is a text of 1 to 99 characters")
    if reference_id in seen:
        raise RejectedError("rjct.reference_id.duplicate", "a reference_id occurs once in a message")
    seen.add(reference_id)
    if not dci_envelope.is_timestamp(search.get("timestamp")):
        raise RejectedError("rjct.timestamp.invalid", "timestamp is ISO 8601 with a time zone")
    if not isinstance(criteria, dict):
        raise RejectedError("rjct.search_criteria.invalid", "search_criteria is a required object")
    if criteria.get("version", dci_envelope.VERSION) != dci_envelope.VERSION:
        raise RejectedError(
            "rjct.search_criteria.invalid", f"search_criteria.version is {dci_envelope.VERSION}"
        )


def _order(sort: object) -> str:
    """Read the sort list into SQL that ends in a comma, or nothing. Raises RejectedError."""
    if not isinstance(sort, list) or len(sort) > 5 or not all(isinstance(each, dict) for each in sort):
        raise RejectedError("rjct.sort.invalid", "sort is a list of at most 5 objects")
    order = ""
    for each in sort:
        direction = each.get("sort_order", "asc")
        if direction not in ("asc", "desc"):
            raise RejectedError("rjct.sort.invalid", "sort_order is asc or desc")
        try:
            order += f"{column(each.get('attribute_name'))} {direction}, "
        except InvalidQueryError as error:
            raise RejectedError("rjct.sort.invalid", str(error)) from error
    return order


def _page(pagination: object) -> tuple[int, int]:
    """Read page size and number, which counts from 1. Raises RejectedError."""
    if not isinstance(pagination, dict):
        raise RejectedError("rjct.pagination.invalid", "pagination is an object")
    size = pagination.get("page_size", _PAGE_SIZE)
    number = pagination.get("page_number", 1)
    if type(size) is not int or not 1 <= size <= _LARGEST_PAGE:
        raise RejectedError(
            "rjct.pagination.invalid", f"page_size is a whole number from 1 to {_LARGEST_PAGE}"
        )
    if type(number) is not int or not 1 <= number <= _LARGEST_PAGE_NUMBER:
        raise RejectedError("rjct.pagination.invalid", "page_number is a whole number and counts from 1")
    return size, number


def _error(status: int, code: str, message: str) -> Json:
    return Json({"errors": [{"code": code, "message": message}]}, status_code=status)
