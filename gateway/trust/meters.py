"""Metrics: counts and durations whose labels carry no subject and no user (Prometheus text format).

Labels are members, services, results and slugs: all of them public names of the federation.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from schemas.outcome import Outcome

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """One gateway process's metrics; each has its own registry, so several fit in one test."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._of_labels: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self._exchanges = Counter(
            "isthmus_exchanges", "Exchanges by side and result.", ("side", "service", "result"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "isthmus_exchange_seconds", "Duration of an exchange.", ("side",),
            registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._unsigned = Counter(
            "isthmus_unsigned_problems", "Requests that no known peer has signed.", ("problem",),
            registry=self.registry,
        )  # fmt: skip
        self._views = Counter(
            "isthmus_views", "Assembled records, and whether a source gave no answer.", ("view", "degraded"),
            registry=self.registry,
        )  # fmt: skip
        self._view_seconds = Histogram(
            "isthmus_view_seconds", "Duration of assembling one record.", ("view",),
            registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._sources = Counter(
            "isthmus_source_answers", "What sources answered.", ("source", "service", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self._source_seconds = Histogram(
            "isthmus_source_seconds", "Duration of asking a source.", ("source",),
            registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._unknown_codes = Counter(
            "isthmus_source_unknown_codes", "Codes that no code list of a source knew.",
            ("source", "service", "field"), registry=self.registry,
        )  # fmt: skip
        self._source_events = Counter(
            "isthmus_source_events", "Calls of sources, and what became of them.", ("source", "result"),
            registry=self.registry,
        )  # fmt: skip
        self.federation_age = Gauge(
            "isthmus_federation_age_seconds", "Age of the federation's copy.", registry=self.registry
        )

    def exchange(self, side: str, service: str, result: str, seconds: float) -> None:
        """Count one exchange. `service` must be a service of the federation, not what a client wrote."""
        labels = (side, service, result)
        found = self._of_labels.get(labels)
        if found is None:  # the library looks labels up under a lock, each time
            found = self._of_labels[labels] = self._exchanges.labels(*labels), self._seconds.labels(side)
        count, duration = found
        count.inc()
        duration.observe(seconds)

    def unsigned_problem(self, slug: str) -> None:
        """Count a request that failed before it was bound to the federation."""
        self._unsigned.labels(slug).inc()

    def source_event(self, source: str, result: str) -> None:
        """Count one call of a configured source, by what became of it."""
        self._source_events.labels(source, result).inc()

    def view(self, view: str, *, degraded: bool, seconds: float) -> None:
        """Count one assembled record of a configured view."""
        self._views.labels(view, str(degraded).lower()).inc()
        self._view_seconds.labels(view).observe(seconds)

    def source(self, source: str, service: str, outcome: Outcome, seconds: float) -> None:
        """Count one answer of a configured source, by the kind of its outcome."""
        self._sources.labels(source, service, type(outcome).__name__.lower()).inc()
        self._source_seconds.labels(source).observe(seconds)

    def unknown_code(self, source: str, service: str, field: str) -> None:
        """Count one code that no code list of a source's file knew; the code itself is not told."""
        self._unknown_codes.labels(source, service, field).inc()

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
