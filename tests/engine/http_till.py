"""Payments over HTTP for tests: channels whose payments go to a simulated EHR that speaks HTTP, and what became of each."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from interface.simulate.fhir_ehr import FhirEhr
from tests.engine.cashier import Till
from tests.engine.harness import running_engine
from tests.engine.root import Edit, Spec, make_root
from tests.ports import free_ports

_OPTIONS: Spec = {"oracle-basic": {"oracle": {"target": "account", "card_date": "2099-12"}}}


def over_http(facility: str, port: int, ehr_port: int, shape: str) -> Edit:
    """A channel of its own: a listener on `port`, payments of its facility over HTTP."""

    def edit(spec: Spec) -> None:
        spec["source"]["mllp"]["port"] = port
        spec["facility"] = facility
        spec["posted_when"] = "accept"
        fhir = {"base_url": f"http://127.0.0.1:{ehr_port}", "shape": shape, "reply_timeout_secs": 1.0}
        fhir |= _OPTIONS.get(shape, {})
        retry = {"first_wait_secs": 0.2, "max_wait_secs": 1.0}
        probes = {"probe_first_wait_secs": 0.3, "probe_max_wait_secs": 1.0}
        spec["destinations"] = {"dft": {"fhir": fhir, "department": "1", "retry": retry, **probes}}

    return edit


@dataclass(frozen=True, slots=True)
class HttpTill(Till):
    """A till together with the simulated EHR that its payments go to."""

    ehr: FhirEhr

    def asked(self, what: str) -> int:
        """How many such requests the EHR got, as `POST Basic`."""
        return self.ehr.record.requests.get(what, 0)

    def attempts(self, reference: str) -> list[str]:
        """The code of each attempt at a payment."""
        delivery = self.delivery(reference)
        assert delivery is not None
        return [one.code for one in delivery.attempts]


@contextmanager
def http_tills(folder: Path, shapes: Mapping[str, str], database_url: str = "") -> Iterator[dict[str, HttpTill]]:
    """A running engine with a channel for each facility, whose payments go out in its shape; gives the till of each.

    Their EHRs book whatever reaches them: nobody but the engine keeps them from booking a payment twice.
    """
    ports = dict(zip(shapes, free_ports(len(shapes)), strict=True))
    with ExitStack() as stack:
        ehrs = {name: stack.enter_context(FhirEhr(recognises=False)) for name in shapes}
        more = {name.lower(): over_http(name, ports[name], ehrs[name].port, shape) for name, shape in shapes.items()}
        root = make_root(folder / "root", more=more)
        engine = stack.enter_context(running_engine(folder / "home", root, database_url=database_url))
        for port in ports.values():
            engine.await_listening(port)
        yield {name: HttpTill(engine, name.lower(), name, ports[name], ehrs[name]) for name in shapes}
