"""A payment, void or refund as FHIR R4 PaymentReconciliation (section 13.10), created only if it is not there.

R4 has no element for the method, the brand, the last four digits or the visit: they stand in R5's, as cross-version extensions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from interface.currency import exponent
from interface.fhir.call import FHIR_JSON, IF_NONE_EXIST, Call, identified
from interface.fhir.element import ID_TYPES, concept, known, money, system_of
from interface.fhir.text import Resource, write
from interface.ledger.noun import Identifier
from interface.mapping.posting import PAYMENT, Posting, PostingConventions, signed_minor

R5: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-PaymentReconciliation."
PAYMENT_TYPES: Final = "http://terminology.hl7.org/CodeSystem/payment-type"
METHODS: Final = "http://terminology.hl7.org/CodeSystem/v2-0570"
CARDS: Final = {"visa": "VISA", "mastercard": "MASTER", "amex": "AMEX", "discover": "DISCOVER"}
_METHODS: Final = {
    **dict.fromkeys(CARDS, "CCCA"),
    "cash": "CASH",
    "check": "CHCK",
}  # HL7 table 0570; it has none for ach
_LAST = 4


@dataclass(frozen=True, slots=True)
class AsPaymentReconciliation:
    """How one site's server takes them. `system` is that of our identifiers, `methods` codes of HL7 table 0570 by tender."""

    system: str
    methods: Mapping[str, str] = field(default_factory=dict)

    def request(self, posting: Posting, conventions: PostingConventions, zone: ZoneInfo, now: int) -> Call:
        """What creates it. `zone` is the facility's, in which a payment has its business day; `now` is UTC microseconds."""
        head = (
            ("Content-Type", FHIR_JSON),
            (IF_NONE_EXIST, identified(self.system, posting.wire_id)),
        )
        resource = self._resource(posting, conventions, zone, now)
        return Call("POST", "PaymentReconciliation", head, write(resource))

    def _resource(self, posting: Posting, conventions: PostingConventions, zone: ZoneInfo, now: int) -> Resource:
        is_back = posting.kind != PAYMENT
        signed = signed_minor(posting.amount_minor, conventions, is_back=is_back)
        amount = money(signed, posting.currency, exponent(posting.currency))
        day = local(posting.taken_at, zone).date().isoformat()
        detail = known(
            extension=_visit(posting.visit),
            identifier=self._identifier(posting.wire_id),
            predecessor=self._identifier(posting.original_wire_id) if posting.original_wire_id else None,
            type=concept(PAYMENT_TYPES, "adjustment" if is_back else "payment"),
            request=named("Account", posting.account),
            date=day,
            amount=amount,
        )
        return known(
            resourceType="PaymentReconciliation",
            extension=self._beyond_r4(posting),
            identifier=[self._identifier(posting.wire_id)],
            status="active",
            created=local(now, zone).isoformat(timespec="seconds"),
            outcome="complete",  # all of it is allocated, and where this resource stands it is posted
            paymentDate=day,
            paymentAmount=amount,
            paymentIdentifier=known(
                type={"text": posting.tender} if posting.tender else None, value=posting.authorization
            ),
            detail=[detail],
        )

    def _identifier(self, wire_id: str) -> Resource:
        return {"system": self.system, "value": wire_id}

    def _beyond_r4(self, posting: Posting) -> list[Resource]:
        code = {**_METHODS, **self.methods}.get(posting.tender, "")
        method = concept(METHODS, code) or {"text": posting.tender}
        found = [{"url": f"{R5}method", "valueCodeableConcept": method}] if code or posting.tender else []
        if posting.tender in CARDS:
            found.append({"url": f"{R5}cardBrand", "valueString": posting.tender})
        if last4 := last_of(posting):
            found.append({"url": f"{R5}accountNumber", "valueString": last4})
        return found


def _visit(visit: Identifier | None) -> list[Resource]:
    if visit is None:
        return []
    return [{"url": f"{R5}allocation.encounter", "valueReference": named("Encounter", visit)}]


def named(type_: str, one: Identifier) -> Resource:
    """Reference by identifier: the receiver's own id of it is not known (R4 section 2.3.0.2)."""
    type_of = concept(ID_TYPES, one.type)
    return {"type": type_, "identifier": known(type=type_of, system=system_of(one.authority), value=one.value)}


def last_of(posting: Posting) -> str:
    """The last four digits of what was paid with; never more, whatever the posting holds."""
    return posting.last4[-_LAST:]


def local(at: int, zone: ZoneInfo) -> datetime:
    """UTC microseconds as the facility's clock shows them."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone)
