"""The exposition of all metrics: what the parts share, added up, and the gauges that were read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from interface.observe.event import PREFIX
from interface.observe.gauge import GAUGES, Reading
from interface.observe.shared import FOLDER


class _Gauges(Collector):
    """The gauges as a collector: those without a reading are left out."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = list(readings)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._readings:
            gauge = GAUGES[one.name]
            family = families.get(one.name)
            if family is None:
                family = GaugeMetricFamily(PREFIX + gauge.name, gauge.about, labels=gauge.labels)
                families[one.name] = family
            family.add_metric(one.labels, one.value)
        yield from families.values()


def expose(home: Path, readings: Iterable[Reading], accept: str = "") -> tuple[bytes, str]:
    """The exposition and its content type, in the format that `accept` (the request's header) asks for."""
    registry = CollectorRegistry()
    registry.register(_Gauges(readings))
    folder = home / "run" / FOLDER
    if folder.is_dir():
        MultiProcessCollector(registry, str(folder))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
