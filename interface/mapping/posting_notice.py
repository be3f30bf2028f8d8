"""That a payment is settled as PaymentNotice (FHIR R4, financial module), created only if it is not there.

The payment is named by the identifier that it was posted under: the receiver's own id of it may never have been told.
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from interface.currency import exponent
from interface.fhir.call import FHIR_JSON, IF_NONE_EXIST, Call, identified
from interface.fhir.element import concept, known, money
from interface.fhir.text import Resource, write
from interface.mapping.posting import Posting, PostingConventions
from interface.mapping.posting_fhir import local, named

PAYMENT_STATUS: Final = "http://terminology.hl7.org/CodeSystem/paymentstatus"
_SUFFIX: Final = "S"  # behind the payment's number: the number of its notice


@dataclass(frozen=True, slots=True)
class AsPaymentNotice:
    """How one site's server takes them; `system` is that of our identifiers."""

    system: str

    def request(self, posting: Posting, _conventions: PostingConventions, zone: ZoneInfo, now: int) -> Call:
        """What creates it. `zone` is the facility's, in which money arrives on a day; `now` is UTC microseconds."""
        assert posting.settled_at is not None, "a notice follows from a settlement"
        number = f"{posting.wire_id}{_SUFFIX}"
        head = (("Content-Type", FHIR_JSON), (IF_NONE_EXIST, identified(self.system, number)))
        resource = known(
            resourceType="PaymentNotice",
            identifier=[self._identifier(number)],
            status="active",
            request=named("Account", posting.account),
            created=local(now, zone).isoformat(timespec="seconds"),
            payment={"type": "PaymentReconciliation", "identifier": self._identifier(posting.wire_id)},
            paymentDate=local(posting.settled_at, zone).date().isoformat(),
            recipient=_recipient(posting.facility),
            # What the payee gets, whatever sign was agreed for the books.
            amount=money(posting.amount_minor, posting.currency, exponent(posting.currency)),
            paymentStatus=concept(PAYMENT_STATUS, "cleared"),
        )
        return Call("POST", "PaymentNotice", head, write(resource))

    def _identifier(self, value: str) -> Resource:
        return {"system": self.system, "value": value}


def _recipient(facility: str) -> Resource:
    if not facility:
        return {"type": "Organization", "display": "unknown"}
    return {"type": "Organization", "identifier": {"value": facility}}
