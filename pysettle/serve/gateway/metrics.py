"""Metrics of a gateway for Prometheus, on an address of their own: customers do not see them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pysettle.serve.gateway.ledger import Ledger

_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/tokens", "/v1/models", "/healthz")


class Metrics:
    """The metrics of one gateway."""

    def __init__(self, ledger: Ledger) -> None:
        """Count from nothing; the payments are those of a ledger."""
        self.registry = CollectorRegistry()
        """Its registry."""
        self._requests = Counter(
            "pysettle_gateway_requests",
            "Requests by path, status and name of the API key.",
            ["path", "status", "key"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "pysettle_gateway_seconds", "Time to the headers of an answer.", ["path"], registry=self.registry
        )
        self.lost_runs = Counter(
            "pysettle_gateway_lost_runs",
            "Calls that were with the provider when a gateway ended, and were never charged.",
            registry=self.registry,
        )
        """Calls that were lost."""
        self.clock_difference = Gauge(
            "pysettle_gateway_chain_clock_ahead_seconds",
            "Seconds by which the chain's clock is ahead of the machine's.",
            registry=self.registry,
        )
        """Seconds by which the chain's clock is ahead."""
        self.registry.register(_Payments(ledger))

    def answered(self, path: str, status: int, key: str, seconds: float) -> None:
        """Count an answer."""
        # A caller chooses its path: unknown ones are one, so that nobody fills the memory with names.
        known = path if path in _PATHS else "other"
        self._requests.labels(known, str(status), key).inc()
        self._seconds.labels(known).observe(seconds)

    def serve(self, host: str, port: int) -> None:
        """Serve them at an address."""
        start_http_server(port, host, self.registry)


class _Payments(Collector):
    """The payments of a ledger by their state, counted when somebody looks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("pysettle_gateway_payments", "Payments in the ledger by state.", labels=["state"])
        for state, number in self._ledger.totals().items():
            family.add_metric([state], number)
        yield family
