"""What is counted and timed, for Prometheus.

``make serve`` has several processes. Each counts into files of its own in PROMETHEUS_MULTIPROC_DIR, which the server
makes before prometheus_client is imported (``registry.serve``); whichever answers ``/metrics`` adds them up.
"""

import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, exposition, multiprocess
from prometheus_client import registry as prometheus_registry
from prometheus_client.metrics_core import GaugeMetricFamily

logger = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = exposition.CONTENT_TYPE_PLAIN_0_0_4
# In seconds. Clients of the exchange give up after 5.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

requests = Counter("gatehouse_requests", "Answered requests.", ["method", "route", "status"])
request_seconds = Histogram("gatehouse_request_seconds", "Time to answer a request.", ["route"], buckets=BUCKETS)
uploads = Counter("gatehouse_uploads", "Uploads by the answer's status.", ["status"])

# What is asked at each scrape: functions that give rows of (name, help, labels, value).
Reading = tuple[str, str, dict[str, str], float]
_readings: list[Callable[[], Iterator[Reading]]] = []


def read_at_scrape(reading: Callable[[], Iterator[Reading]]) -> Callable[[], Iterator[Reading]]:
    """Ask ``reading`` for gauges at each scrape: what is in the database already need not be counted."""
    _readings.append(reading)
    return reading


def exposed() -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(prometheus_registry.REGISTRY)
    registry.register(_Readings())
    return exposition.generate_latest(registry)


def forget_process(pid: int) -> None:
    """A worker has ended: what it counted stays."""
    if os.environ.get(FOLDER):
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


class _Readings(prometheus_registry.Collector):
    def collect(self) -> Iterator[Any]:
        """The gauges, those of one name together."""
        families: dict[str, GaugeMetricFamily] = {}
        for name, help_text, labels, value in _rows():
            family = families.setdefault(name, GaugeMetricFamily(name, help_text, labels=list(labels)))
            family.add_metric(list(labels.values()), value)
        yield from families.values()

    def describe(self) -> list[Any]:
        """Nothing: the names are known once they were asked."""
        return []


def _rows() -> Iterator[Reading]:
    for reading in _readings:
        try:
            yield from reading()
        except Exception:  # a database that is away hides its own figures, and no others
            logger.exception("A metric cannot be read")
