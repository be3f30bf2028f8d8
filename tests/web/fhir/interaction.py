"""Every interaction of FHIR R4 as a request (section 3.1.0), and a town in which there is one of each resource to try it on.

What a server claims must succeed and what it does not claim must be refused: one table for both. An interaction that
writes joins by its body in `BODIES`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from interface.app.compose import App
from interface.fhir.text import write
from tests.web.fhir.conftest import Program, feed, message, pay
from tests.web.fhir.test_charge import dft
from tests.web.fhir.test_reading import COMPANY, GUARANTOR, INSURANCE

REFUSED = frozenset({400, 403, 404, 405, 501})
FHIR = "application/fhir+json"
Resource = dict[str, Any]

_NUMBERS = count(1)


def number(type_: str = "") -> Resource:
    """A number that nothing has yet."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": type_}
    return {
        **({"type": {"coding": [coding]}} if type_ else {}),
        "system": "urn:id:NORTH",
        "value": f"N{next(_NUMBERS)}",
    }


def _whose(one: Resource) -> Resource:
    held = one.get("patient") or one.get("subject")
    found: Resource = held[0] if isinstance(held, list) else held
    return found


def _money(cents: int) -> Resource:
    return {"value": cents / 100, "currency": "USD"}


# What is sent to create or update a resource of a type, with a number of its own; a type whose writing is claimed must have one.
BODIES: Mapping[str, Callable[[Resource], Resource]] = {
    "Patient": lambda _one: {"identifier": [number("MR")], "name": [{"family": "SPECIMEN", "given": ["BO"]}]},
    "RelatedPerson": lambda one: {
        "identifier": [number("GN")],
        "patient": _whose(one),
        "name": [{"family": "SPECIMEN"}],
    },
    "Organization": lambda _one: {"identifier": [number("GN")], "name": "EXAMPLE STEEL"},
    "Account": lambda one: {"identifier": [number("AN")], "status": "active", "subject": [_whose(one)]},
    "Encounter": lambda one: {
        "identifier": [number("VN")],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": _whose(one),
    },
    "Coverage": lambda one: {
        "status": "active",
        "beneficiary": one["beneficiary"],
        "payor": [{"display": "EXAMPLE PAYER"}],
    },
    "PaymentNotice": lambda one: {name: one[name] for name in ("status", "created", "payment", "recipient", "amount")},
    "ChargeItem": lambda one: {
        "identifier": [number()],
        "status": "billable",
        "code": {"coding": [{"code": "99213"}]},
        "subject": _whose(one),
        "account": one["account"],
        "priceOverride": _money(2500),
    },
    "PaymentReconciliation": lambda one: {
        "identifier": [number()],
        "status": "active",
        "created": "2026-11-02T09:00:00-06:00",
        "paymentDate": "2026-11-02",
        "paymentAmount": _money(300),
        "detail": [
            {
                "type": {"coding": [{"code": "payment"}]},
                "request": one["detail"][0]["request"],
                "amount": _money(300),
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request with places for type, id and version, and the statuses of its success.

    `right`: the letter of the scope that it needs; empty where no single one says.
    """

    method: str
    path: str
    succeeds: frozenset[int]
    right: str = ""
    has_body: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    bundle: str = ""  # the type of the Bundle that the body stands in

    def ask(self, program: Program, one: Resource) -> httpx.Response:
        """Make the request about a resource that is there."""
        version = one.get("meta", {}).get("versionId", "1")
        path = self.path.format(type=one["resourceType"], id=one["id"], version=version, needed=needed(one))
        given: dict[str, Any] = {"headers": {name: text.format(id=one["id"]) for name, text in self.headers.items()}}
        if self.has_body:
            body = {"resourceType": one["resourceType"], "id": one["id"]}
            body |= BODIES.get(one["resourceType"], lambda _one: {})(one)
            if path.endswith("/none-such"):
                body["id"] = "none-such"
            given["headers"]["content-type"] = FHIR
            given["content"] = write(bundled(self.bundle, body) if self.bundle else body)
        elif self.method == "POST":
            given["data"] = {"_id": one["id"]}
        return program.ask(path, self.method, **given)


def bundled(type_: str, body: Resource) -> Resource:
    """A resource as the only one that a Bundle creates, or tells of."""
    if type_ == "message":
        head = {
            "resourceType": "MessageHeader",
            "eventUri": "urn:example:told",
            "source": {"endpoint": "urn:example:ehr"},
        }
        return {"resourceType": "Bundle", "type": type_, "entry": [{"resource": head}, {"resource": body}]}
    asked = {"method": "POST", "url": body["resourceType"]}
    return {"resourceType": "Bundle", "type": type_, "entry": [{"resource": body, "request": asked}]}


_OK = frozenset({200})
OF_A_TYPE: Mapping[str, Interaction] = {
    "read": Interaction("GET", "{type}/{id}", _OK, "r"),
    "vread": Interaction("GET", "{type}/{id}/_history/{version}", _OK, "r"),
    "search-type": Interaction("GET", "{type}?{needed}", _OK, "s"),
    "history-instance": Interaction("GET", "{type}/{id}/_history", _OK, "r"),
    "history-type": Interaction("GET", "{type}/_history", _OK, "s"),
    "create": Interaction("POST", "{type}", frozenset({201}), "c", has_body=True),
    "update": Interaction("PUT", "{type}/{id}", _OK, "u", has_body=True),
    "patch": Interaction("PATCH", "{type}/{id}", _OK, "u", has_body=True),
    "delete": Interaction("DELETE", "{type}/{id}", frozenset({200, 204}), "d"),
}
POSTED_SEARCH = Interaction("POST", "{type}/_search", _OK, "s")
COUNT = Interaction("GET", "{type}?{needed}&_summary=count", _OK, "s")
OF_THE_SYSTEM: Mapping[str, Interaction] = {
    "transaction": Interaction("POST", "", _OK, has_body=True, bundle="transaction"),
    "batch": Interaction("POST", "", _OK, has_body=True, bundle="batch"),
    "search-system": Interaction("GET", "?_type={type}", _OK),
    "history-system": Interaction("GET", "_history", _OK),
}
# What a flag of a resource's entry claims: the value that claims it, and the request.
FLAGS: Mapping[str, tuple[Any, Interaction]] = {
    "conditionalCreate": (
        True,
        Interaction(
            "POST",
            "{type}",
            frozenset({200, 201}),
            "c",
            has_body=True,
            headers={"if-none-exist": "identifier=urn:id:O|{id}"},
        ),
    ),
    "conditionalUpdate": (
        True,
        Interaction("PUT", "{type}?identifier=urn:id:O|U{id}", frozenset({200, 201}), "u", has_body=True),
    ),
    "conditionalDelete": ("single", Interaction("DELETE", "{type}?_id={id}", frozenset({200, 204}), "d")),
    "updateCreate": (True, Interaction("PUT", "{type}/none-such", frozenset({201}), "u", has_body=True)),
}
OPERATIONS: Mapping[str, Interaction] = {
    "validate": Interaction("POST", "{type}/$validate", _OK, has_body=True),
    "process-message": Interaction("POST", "$process-message", _OK, has_body=True, bundle="message"),
    "everything": Interaction("GET", "{type}/{id}/$everything", _OK),
}


def needed(one: Resource) -> str:
    """A search that its type may ask for, and that finds it."""
    return f"_id={one['id']}"


def town(app: App, program: Program) -> dict[str, Resource]:
    """One resource of each type that is served, by type."""
    more = (GUARANTOR, INSURANCE)
    feed(app, message(1, event="A04", balance="80.00", more=more))
    feed(app, message(2, mrn="772", account="992", visit="552", more=(COMPANY,)), dft(3, "T1|CG|99213|100.00"))
    (account,) = program.found("Account?identifier=991")
    pay(app, f"ac_{account['id']}", 2500)
    patient = account["subject"][0]["reference"]
    asked = {
        "Patient": "identifier=771",
        "RelatedPerson": f"patient={patient}",
        "Organization": "name=steel",
        "Account": "identifier=991",
        "Encounter": "identifier=551",
        "Coverage": f"patient={patient}",
        "ChargeItem": "identifier=T1",
        "PaymentReconciliation": "",
        "PaymentNotice": "",
    }
    return {type_: program.found(f"{type_}?{query}")[0] for type_, query in asked.items()}
