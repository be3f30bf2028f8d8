"""A program that writes, and invented resources for it."""

from decimal import Decimal
from typing import Any

import httpx

from interface.fhir.text import write
from interface.message import MessageState
from interface.view.message import MessageFilter
from tests.engine.fhir_site import Resource, number
from tests.web.fhir.conftest import Program

FHIR = {"content-type": "application/fhir+json"}


def charge(value: str, of: str, cents: str, **more: Any) -> Resource:
    return {
        "resourceType": "ChargeItem",
        "identifier": [{"system": "urn:id:WEST", "value": value}],
        "status": "billable",
        "code": {"coding": [{"code": "99213"}]},
        "subject": {"identifier": number("771", "MR")},
        "account": [{"identifier": number(of, "AN")}],
        "priceOverride": {"value": Decimal(cents), "currency": "USD"},
    } | more


def bundle(type_: str, *entries: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def entry(resource: Resource, method: str = "POST", url: str = "", full: str = "", **asked: str) -> Resource:
    request = {"method": method, "url": url or resource["resourceType"], **asked}
    return {**({"fullUrl": full} if full else {}), "resource": resource, "request": request}


class Writer:
    """A program that writes."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def send(self, method: str, path: str, body: Resource | bytes, **headers: str) -> httpx.Response:
        """One request; header names with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else write(body)
        return self.program.ask(path, method, content=content, headers=FHIR | named)

    def post(self, body: Resource, **headers: str) -> httpx.Response:
        return self.send("POST", body["resourceType"], body, **headers)

    def states(self) -> list[tuple[MessageState, str]]:
        """Every message: its state, and its reason."""
        with self.program.app.store.snapshot() as reader:
            rows = reader.messages(MessageFilter(limit=100))
        return [(row.state, row.reason) for row in sorted(rows, key=lambda one: one.id)]


def id_of(answer: httpx.Response) -> str:
    return str(answer.headers["location"].split("/")[-3])


def outcome(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, the first issue's code, and its places."""
    issue = answer.json()["issue"][0]
    return answer.status_code, issue["code"], issue.get("expression", [])
