"""Every interaction of FHIR R4 as a request (section 3.1.0), and a town in which there is one of each resource to try it on.

What a server claims must succeed and what it does not claim must be refused: one table for both. An interaction that
writes joins by its body in `BODIES`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from interface.app.compose import App
from tests.web.fhir.conftest import Program, feed, message, pay
from tests.web.fhir.test_charge import dft
from tests.web.fhir.test_reading import COMPANY, GUARANTOR, INSURANCE

REFUSED = frozenset({400, 403, 404, 405, 501})
FHIR = "application/fhir+json"
Resource = dict[str, Any]

# What is sent to create or update a resource of a type; a type whose writing is claimed must have one.
BODIES: Mapping[str, Callable[[Resource], Resource]] = {}


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

    def ask(self, program: Program, one: Resource) -> httpx.Response:
        """Make the request about a resource that is there."""
        version = one.get("meta", {}).get("versionId", "1")
        path = self.path.format(type=one["resourceType"], id=one["id"], version=version, needed=needed(one))
        given: dict[str, Any] = {"headers": {name: text.format(id=one["id"]) for name, text in self.headers.items()}}
        if self.has_body:
            body = BODIES.get(
                one["resourceType"], lambda each: {"resourceType": each["resourceType"], "id": each["id"]}
            )(one)
            given["headers"]["content-type"] = FHIR
            given["content"] = json.dumps(body)
        elif self.method == "POST":
            given["data"] = {"_id": one["id"]}
        return program.ask(path, self.method, **given)


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
    "transaction": Interaction("POST", "", _OK, has_body=True),
    "batch": Interaction("POST", "", _OK, has_body=True),
    "search-system": Interaction("GET", "?_type={type}", _OK),
    "history-system": Interaction("GET", "_history", _OK),
}
# What a flag of a resource's entry claims: the value that claims it, and the request.
FLAGS: Mapping[str, tuple[Any, Interaction]] = {
    "conditionalCreate": (
        True,
        Interaction("POST", "{type}", frozenset({200, 201}), "c", has_body=True, headers={"if-none-exist": "_id={id}"}),
    ),
    "conditionalUpdate": (True, Interaction("PUT", "{type}?_id={id}", frozenset({200, 201}), "u", has_body=True)),
    "conditionalDelete": ("single", Interaction("DELETE", "{type}?_id={id}", frozenset({200, 204}), "d")),
    "updateCreate": (True, Interaction("PUT", "{type}/none-such", frozenset({201}), "u", has_body=True)),
}
OPERATIONS: Mapping[str, Interaction] = {
    "validate": Interaction("POST", "{type}/$validate", _OK, has_body=True),
    "process-message": Interaction("POST", "$process-message", _OK, has_body=True),
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
