"""Payments over HTTP as an EHR reads them, by the contract of each shape and by hand: not with the engine's own code.

What breaks its contract is refused as that EHR would refuse it: 422, with an outcome that names the element.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

RECONCILIATION: Final = "PaymentReconciliation"
NOTICE: Final = "PaymentNotice"
BASIC: Final = "Basic"
FORM: Final = "recordpayment"
SHAPES: Final = (RECONCILIATION, NOTICE, BASIC, FORM)
_ORACLE: Final = "https://fhir-ehr.cerner.com/r4/StructureDefinition/financial-transaction-"
_PAYMENT_TYPES: Final = "http://terminology.hl7.org/CodeSystem/payment-type"
_PAYMENT_STATUS: Final = "http://terminology.hl7.org/CodeSystem/paymentstatus"
_METHODS: Final = "http://terminology.hl7.org/CodeSystem/v2-0570"
_CHECKS: Final = ("CHCK", "CCHK", "TRAC")
_BRANDS: Final = ("VISA", "MASTER", "AMEX", "DISCOVER")
# What a way of paying requires beside what every payment does.
_BY_METHOD: Final = {
    "CASH": {"tendered-amount"},
    "CCCA": {"card-brand", "account-number", "date"},
    **{name: {"account-number", "date"} for name in _CHECKS},
}
_ALWAYS: Final = {"type", "alias", "method", "amount", "allocation"}
_KNOWN: Final = {*_ALWAYS, "location", "card-brand", "account-number", "date", "tendered-amount"}
_LONGEST_IDENTIFIER: Final = 250


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `name` is the last part of its path."""

    method: str
    url: str
    content: bytes = b""
    condition: str = ""
    token: str = ""
    request_id: str = ""

    @property
    def path(self) -> str:
        """Its path."""
        return urlsplit(self.url).path

    @property
    def name(self) -> str:
        """What it is about."""
        return self.path.rpartition("/")[2]

    @property
    def query(self) -> dict[str, list[str]]:
        """Its parameters."""
        return parse_qs(urlsplit(self.url).query)


@dataclass(frozen=True, slots=True)
class Booked:
    """One payment in its books, or the notice that one is settled. `identifier` is empty where the shape has none.

    `payment` is, of a notice, the identifier of the payment that it speaks of.
    """

    shape: str
    path: str
    identifier: str
    amount: str
    content: bytes
    request_id: str
    payment: str = ""


class BrokenContractError(Exception):
    """What an EHR would not take; its text is the element to blame."""


def read_payment(request: Request) -> Booked:
    """The payment that a request brings. Raises BrokenContractError."""
    reader = _READERS.get(request.name)
    if reader is None:
        raise BrokenContractError(request.name)
    try:
        identifier, amount = reader(request)
        payment = _one(_json(request)["payment"]["identifier"]) if request.name == NOTICE else ""
    except (KeyError, IndexError, TypeError, ValueError) as wrong:
        raise BrokenContractError(request.name) from wrong
    path = unquote(request.path)
    return Booked(request.name, path, identifier, str(amount), request.content, request.request_id, payment)


def _demand(holds: bool, element: str) -> None:
    if not holds:
        raise BrokenContractError(element)


def _json(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.content, parse_float=Decimal)
    _demand(found["resourceType"] == request.name, "resourceType")
    return found


def _reconciliation(request: Request) -> tuple[str, Decimal]:
    """FHIR R4 section 13.10: what it requires, and that the details add up to the whole in one currency."""
    found = _json(request)
    total, details = found["paymentAmount"], found["detail"]
    _demand(found["status"] == "active" and bool(re.fullmatch(r".+T.+(Z|[+-]\d\d:\d\d)", found["created"])), "created")
    _demand(bool(re.fullmatch(r"\d{4}-\d\d-\d\d", found["paymentDate"])), "paymentDate")
    for one in details:
        _demand(one["type"]["coding"][0]["system"] == _PAYMENT_TYPES, "detail.type")
        _demand(one["amount"]["currency"] == total["currency"], "detail.amount")
    _demand(sum(one["amount"]["value"] for one in details) == total["value"], "paymentAmount")
    return _one(found["identifier"][0]), total["value"]


def _notice(request: Request) -> tuple[str, Decimal]:
    """PaymentNotice (FHIR R4, financial module): what it requires, that the money has cleared, and on which day."""
    found = _json(request)
    _demand(found["status"] == "active" and bool(re.fullmatch(r".+T.+(Z|[+-]\d\d:\d\d)", found["created"])), "created")
    _demand(bool(re.fullmatch(r"\d{4}-\d\d-\d\d", found["paymentDate"])), "paymentDate")
    _demand(found["payment"]["type"] == RECONCILIATION, "payment")
    _demand(
        found["recipient"]["type"] == "Organization" and bool(found["recipient"]["identifier"]["value"]), "recipient"
    )
    status = found["paymentStatus"]["coding"][0]
    _demand((status["system"], status["code"]) == (_PAYMENT_STATUS, "cleared"), "paymentStatus")
    amount = found["amount"]
    _demand(amount["value"] > 0 and bool(re.fullmatch("[A-Z]{3}", amount["currency"])), "amount")
    return _one(found["identifier"][0]), amount["value"]


def _one(identifier: Mapping[str, str]) -> str:
    return f"{identifier['system']}|{identifier['value']}"


def _basic(request: Request) -> tuple[str, Decimal]:
    """FinancialTransaction (Oracle Health, Millennium Platform APIs R4): every extension once, one allocation, all of it."""
    found = _json(request)
    _demand(found["code"]["coding"][0]["code"] == "FinancialTransaction", "code")
    identifier = found["identifier"][0]["value"]
    _demand(bool(re.fullmatch(rf"[A-Za-z0-9]{{1,{_LONGEST_IDENTIFIER}}}", identifier)), "identifier")
    urls = [one["url"] for one in found["extension"]]
    named = {one["url"].removeprefix(_ORACLE): one for one in found["extension"]}
    _demand(len(named) == len(urls) and all(one.startswith(_ORACLE) for one in urls), "extension")
    _demand(_ALWAYS <= named.keys() <= _KNOWN, "extension")
    _demand(_code(named["type"], _PAYMENT_TYPES) == "payment", "type")
    _demand(bool(named["alias"]["valueString"]), "alias")
    method = _code(named["method"], _METHODS)
    _demand(method in _BY_METHOD and _BY_METHOD[method] <= named.keys(), "method")
    _details(named)
    return identifier, _allocated(named)


def _code(extension: Mapping[str, Any], system: str) -> str:
    coding = extension["valueCodeableConcept"]["coding"][0]
    _demand(coding["system"] == system, "system")
    return str(coding["code"])


def _details(named: Mapping[str, Any]) -> None:
    if "card-brand" in named:
        _demand(named["card-brand"]["valueString"] in _BRANDS, "card-brand")
    if "account-number" in named:
        _demand(named["account-number"]["valueString"].isdecimal(), "account-number")
    if "date" in named:
        _demand(bool(re.fullmatch(r"\d{4}-\d\d(-\d\d)?", named["date"]["valueDate"])), "date")
    if "tendered-amount" in named:
        tendered, amount = (named[name]["valueMoney"]["value"] for name in ("tendered-amount", "amount"))
        _demand(tendered >= amount, "tendered-amount")


def _allocated(named: Mapping[str, Any]) -> Decimal:
    parts = {one["url"]: one for one in named["allocation"]["extension"]}
    _demand(parts.keys() == {"target", "amount"}, "allocation")
    target = parts["target"]["valueReference"]
    # By reference as the contract has it, or by identifier where the site agreed to it.
    kind = target["reference"].partition("/")[0] if "reference" in target else target["type"]
    _demand(kind in ("Encounter", "Account"), "allocation.target")
    _demand(parts["amount"]["valueMoney"] == named["amount"]["valueMoney"], "allocation.amount")
    value = named["amount"]["valueMoney"]["value"]
    _demand(value > 0, "amount")
    return Decimal(value)


def _form(request: Request) -> tuple[str, str]:
    """`recordpayment` of athenahealth: departmentid, paymentmethod, an amount, and of a card no more than four digits."""
    read = parse_qs(request.content.decode(), strict_parsing=True)
    found = {name: value for name, (value,) in read.items()}
    _demand({"departmentid", "paymentmethod"} <= found.keys(), "departmentid, paymentmethod")
    amount = found.get("otheramount") or found["copayamount"]
    _demand(bool(re.fullmatch(r"\d+\.\d\d", amount)), "otheramount")
    _demand(bool(re.fullmatch(r"(\d{4})?", found.get("cardnumberlast4", ""))), "cardnumberlast4")
    return "", amount


_READERS: Final[Mapping[str, Callable[[Request], tuple[str, Decimal | str]]]] = {
    RECONCILIATION: _reconciliation,
    NOTICE: _notice,
    BASIC: _basic,
    FORM: _form,
}
