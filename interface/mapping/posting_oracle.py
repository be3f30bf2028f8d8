"""A payment as Oracle Health's FinancialTransaction: `POST /Basic` (Millennium Platform APIs, FinancialTransaction).

One allocation a call. It can be neither searched, changed nor deleted: nothing tells a repeat, and nothing takes a payment back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from interface.currency import exponent
from interface.errors import MappingError
from interface.fhir.call import FHIR_JSON, Call
from interface.fhir.element import concept, money
from interface.fhir.text import Resource, write
from interface.mapping.posting import PAYMENT, Posting, PostingConventions
from interface.mapping.posting_fhir import CARDS, METHODS, PAYMENT_TYPES, last_of, local, named

_BASE: Final = "https://fhir-ehr.cerner.com/r4/StructureDefinition/"
_CARD, _CASH = "CCCA", "CASH"  # HL7 table 0570
_CHECKS: Final = ("CHCK", "CCHK", "TRAC")
_METHODS: Final = {**dict.fromkeys(CARDS, _CARD), "cash": _CASH, "check": "CHCK"}


@dataclass(frozen=True, slots=True)
class AsOracleBasic:
    """What was agreed with one site. `methods` are codes of HL7 table 0570 by tender, `card_date` stands for a card's expiry."""

    methods: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    card_date: str = ""
    visit_is_encounter_id: bool = False
    is_on_account: bool = False  # and not on the visit

    def request(self, posting: Posting, conventions: PostingConventions, zone: ZoneInfo) -> Call:
        """What books it. `zone` is the facility's.

        Errors: MappingError `takes-nothing-back` for a void or refund, `method-unknown`, `visit-not-known`.
        """
        refuse_taking_back(posting, "Oracle's FinancialTransaction")
        method = method_of(posting, {**_METHODS, **self.methods})
        resource = {
            "resourceType": "Basic",
            "identifier": [{"use": "usual", "value": posting.wire_id}],
            "code": {"coding": [{"code": "FinancialTransaction"}]},
            "extension": [*self._extensions(posting, method, conventions), *self._by_method(posting, method, zone)],
        }
        return Call("POST", "Basic", (("Content-Type", FHIR_JSON),), write(resource))

    def _extensions(self, posting: Posting, method: str, conventions: PostingConventions) -> list[Resource]:
        amount = money(posting.amount_minor, posting.currency, exponent(posting.currency))
        target = {"url": "target", "valueReference": self._target(posting)}
        found = [
            _extension("type", valueCodeableConcept=concept(PAYMENT_TYPES, "payment")),
            _extension("alias", valueString=conventions.code(posting.kind, posting.tender)),
            _extension("method", valueCodeableConcept=concept(METHODS, method)),
            _extension("amount", valueMoney=amount),
            _extension("allocation", extension=[target, {"url": "amount", "valueMoney": amount}]),
        ]
        if self.location:
            found.append(_extension("location", valueString=self.location))
        if method == _CASH:
            found.append(_extension("tendered-amount", valueMoney=amount))
        return found

    def _by_method(self, posting: Posting, method: str, zone: ZoneInfo) -> list[Resource]:
        """What a card or a check requires beside: it depends on the method that Oracle is told, and not on the tender."""
        if method != _CARD and method not in _CHECKS:
            return []
        found = []
        if posting.tender in CARDS:
            found.append(_extension("card-brand", valueString=CARDS[posting.tender]))
        if (last4 := last_of(posting)).isdecimal():  # of a check HealthPay24 tells no more of its number, either
            found.append(_extension("account-number", valueString=last4))
        day = self.card_date if method == _CARD else local(posting.taken_at, zone).date().isoformat()
        return [*found, _extension("date", valueDate=day)] if day else found

    def _target(self, posting: Posting) -> Resource:
        if self.is_on_account:
            return named("Account", posting.account)
        visit = posting.visit
        if not self.visit_is_encounter_id:
            # There the account's number (FIN) is one of the Encounter's identifiers.
            return named("Encounter", visit or posting.account)
        if visit is None:
            raise MappingError(
                "visit-not-known",
                "the receiver takes payments on an Encounter's id, and this payment names no visit",
                place="Basic.extension(allocation)",
                advice="post it in the EHR by hand, then `hp24 resolve`",
            )
        return {"reference": f"Encounter/{visit.value}"}


def _extension(name: str, **value: Any) -> Resource:
    return {"url": f"{_BASE}financial-transaction-{name}", **value}


def refuse_taking_back(posting: Posting, receiver: str) -> None:
    """Raises MappingError `takes-nothing-back` for what is no payment."""
    if posting.kind != PAYMENT:
        raise MappingError(
            "takes-nothing-back",
            f"{receiver} takes payments only, and this is a {posting.kind}",
            place=posting.kind,
            advice="book it in the EHR by hand, then `hp24 resolve --posted`",
        )


def method_of(posting: Posting, methods: Mapping[str, str]) -> str:
    """The receiver's word for the way of paying. Raises MappingError `method-unknown`."""
    found = methods.get(posting.tender)
    if not found:
        raise MappingError(
            "method-unknown",
            "the receiver's word for this way of paying is not known",
            place="methods_by_tender",
            advice="add the tender to `fhir: methods_by_tender`, then `hp24 resend`",
        )
    return found
