"""What ``/metrics`` tells Prometheus: requests, stores, what the archive holds; others add collectors of their own.

Has a registry of its own, so that several applications in one process do not meet.
Knows no routes and no patient values.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from isocenter.archive import Statistics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_HELD = {
    "patients": "Patients in the archive",
    "studies": "Studies in the archive",
    "series": "Series in the archive",
    "instances": "Instances in the archive",
    "bytes": "Bytes of the instances in the archive",
    "conflicts": "Entries of the conflict list",
    "non_patient_objects": "Objects that belong to no patient",
    "non_patient_bytes": "Bytes of the objects that belong to no patient",
}


class _Held(Collector):
    """Asks the archive what it holds when Prometheus asks us."""

    def __init__(self, statistics: Callable[[], Statistics]) -> None:
        self._statistics = statistics

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name the metrics without asking the archive."""
        return [GaugeMetricFamily(f"isocenter_{name}", text) for name, text in _HELD.items()]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the current numbers."""
        numbers = self._statistics()
        for name, text in _HELD.items():
            yield GaugeMetricFamily(f"isocenter_{name}", text, value=float(getattr(numbers, name)))


class Metrics:
    """Counters of the HTTP side."""

    def __init__(self, statistics: Callable[[], Statistics], collectors: Iterable[Collector] = ()) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter("isocenter_http_requests", "HTTP requests", labels, registry=self.registry)
        self._latency = Histogram(
            "isocenter_http_request_seconds", "Time from request to end of answer", ("route",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._stores = Counter(
            "isocenter_http_stores", "Instances received over STOW-RS by outcome", ("outcome",), registry=self.registry
        )
        self._received = Counter("isocenter_http_received_bytes", "Bytes of received instances", registry=self.registry)
        ProcessCollector(namespace="isocenter", registry=self.registry)
        for collector in (_Held(statistics), *collectors):
            self.registry.register(collector)

    def request_done(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request; ``route`` is the pattern, never the path."""
        self._requests.labels(route, method, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def instance_received(self, outcome: str, size: int) -> None:
        """Count one instance that came over STOW-RS: ``stored``, ``duplicate``, ``conflict`` or ``failed``."""
        self._stores.labels(outcome).inc()
        self._received.inc(size)

    def exposition(self) -> bytes:
        """Return the page of ``/metrics``."""
        return generate_latest(self.registry)
