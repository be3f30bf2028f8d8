"""Payments over HTTP for tests: channels whose payments go to a simulated EHR that speaks HTTP, and what became of each."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from interface.app.pay import hosted
from interface.healthpay24.protocol import Done, Settlement
from interface.message import DeliveryState
from interface.simulate.fhir_ehr import FhirEhr
from interface.view.delivery import DeliveryFilter, DeliveryStory
from tests.engine.cashier import Till
from tests.engine.harness import running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Edit, Spec, make_root
from tests.ports import free_ports

_OPTIONS: Spec = {
    "payment-reconciliation": {"notices": True},
    "oracle-basic": {"oracle": {"target": "account", "card_date": "2099-12"}},
}


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

    def notice(self, reference: str) -> DeliveryStory | None:
        """What tells that the payment is settled; None until it is queued."""
        allocation = self.allocation(reference)
        assert allocation is not None
        found = self.engine.deliveries(DeliveryFilter(subjects=(f"notice:{allocation.id}",)))
        return found[0] if found else None

    def settle(self, reference: str) -> DeliveryStory:
        """Let the money reach the bank, and wait until the EHR has been told of it."""
        told = Settlement(reference, batch="B1")
        assert isinstance(hosted(self.engine.app).settle(told, key=f"settle-{reference}", actor="tester"), Done)

        def is_told() -> bool:
            notice = self.notice(reference)
            return notice is not None and notice.state is DeliveryState.DELIVERED

        wait_until(is_told, f"the EHR is told that the payment is settled; see {self.engine.log}")
        notice = self.notice(reference)
        assert notice is not None
        return notice


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
