"""Payments over HTTP for tests: channels whose payments go to a simulated EHR that speaks HTTP, and what became of each."""

from dataclasses import dataclass

from interface.simulate.fhir_ehr import FhirEhr
from tests.engine.cashier import Till
from tests.engine.root import Edit, Spec

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
