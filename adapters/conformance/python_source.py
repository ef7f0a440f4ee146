"""A source of nothing but a Python class: its services are all that it offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from adapters.custom.adapter import Offer, SourceAdapter
from adapters.kinds.python.form import PythonAsk, PythonConnection, config_complaints
from adapters.mapping import compile_rules
from adapters.selector import read_selector
from adapters.source import Limits, RecordService, Source
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId


async def source_of(adapter: type[SourceAdapter], config: Mapping[str, Any]) -> Source:
    """The source for a class with a configuration.

    Raises:
        ConfigurationError: the configuration does not fit the class's `Config`.
    """
    try:
        made = adapter.Config.model_validate(config)
    except ValidationError:
        complaints = "; ".join(
            f"{place[-1]}: {what}" for place, what, _ in config_complaints(adapter.Config, config)
        )
        raise ConfigurationError(f"the config does not fit {adapter.__name__}: {complaints}") from None
    offers = await adapter(made, Limits()).discover()
    return Source(
        id=adapter.__name__.lower(),
        title=adapter.__name__,
        kind="python",
        owner={},
        subsystem=SubsystemId.parse("LM/GOV/TEST/adapter"),
        connection=PythonConnection(adapter, made),
        limits=Limits(),
        services={offer.name: _service(offer) for offer in offers},
    )


def _service(offer: Offer) -> RecordService:
    return RecordService(
        name=offer.name,
        title=offer.title,
        canonical=offer.canonical,
        subjects={
            name: read_selector(name, {"pattern": pattern}) for name, pattern in offer.subjects.items()
        },
        shape=offer.shape,
        empty="not_found",
        rules=compile_rules({"fields": list(offer.fields), "shape": offer.shape}, ("services", offer.name)),
        ask=PythonAsk(),
    )
