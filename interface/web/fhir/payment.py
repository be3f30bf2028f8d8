"""What HealthPay24 took as FHIR resources: PaymentReconciliation with every share, PaymentNotice with how far the money is."""

from datetime import tzinfo

from interface.currency import exponent
from interface.fhir.element import concept, date_time, day, instant, known, money, reference
from interface.fhir.text import Resource
from interface.ledger.journal import Book, EntryKind
from interface.ledger.payment import Allocation, AllocationKind
from interface.message import PaymentState, PostingState
from interface.view.charge import ChargeStory
from interface.view.money import PaymentStory
from interface.web.fhir.person import id_of, security

PAYMENTS = "urn:id:healthpay24"  # the system of HealthPay24's own numbers
_PAYMENT_TYPES = "http://terminology.hl7.org/CodeSystem/payment-type"
_PAYMENT_STATUS = "http://terminology.hl7.org/CodeSystem/paymentstatus"


def reconciliation(story: PaymentStory, zone: tzinfo) -> Resource:
    """PaymentReconciliation; `zone` is the facility's, in which a payment has its business day."""
    one = story.payment
    return known(
        resourceType="PaymentReconciliation",
        id=id_of(one.public_id),
        meta={"lastUpdated": instant(_changed_at(story))},
        identifier=[{"system": PAYMENTS, "value": one.transaction_id}],
        status=_status(story),
        created=date_time(one.taken_at),
        outcome=_outcome(story),
        paymentDate=day(one.taken_at, zone),
        paymentAmount=money(one.amount_minor, one.currency, exponent(one.currency)),
        paymentIdentifier=known(type={"text": one.tender} if one.tender else None, value=one.authorization),
        detail=[_detail(story, part, zone) for part in story.allocations],
    )


def notice(story: PaymentStory, zone: tzinfo) -> Resource:
    """PaymentNotice: that a payment was taken (`paid`), and that its money has reached the merchant's bank (`cleared`).

    How far the EHR has posted it is the PaymentReconciliation's `outcome`.
    """
    one = story.payment
    is_cleared = one.settled_at is not None
    accounts = {story.account_public_ids[part.account_id] for part in story.allocations}
    return known(
        resourceType="PaymentNotice",
        id=id_of(one.public_id),
        meta={"lastUpdated": instant(_changed_at(story))},
        identifier=[{"system": PAYMENTS, "value": one.transaction_id}],
        status=_status(story),
        request=reference("Account", id_of(accounts.pop())) if len(accounts) == 1 else None,
        created=date_time(one.taken_at),
        payment=reference("PaymentReconciliation", id_of(one.public_id)),
        paymentDate=day(one.settled_at or one.taken_at, zone),
        # The facility has no row in the ledger: it is named, and cannot be read.
        recipient={"type": "Organization", "display": one.facility or "unknown"},
        amount=money(one.amount_minor, one.currency, exponent(one.currency)),
        paymentStatus=concept(_PAYMENT_STATUS, "cleared" if is_cleared else "paid"),
    )


def of_ehr(story: ChargeStory, zone: tzinfo) -> Resource:
    """PaymentReconciliation of what the EHR says was paid to it (positive), or given back (negative)."""
    one = story.entry
    line = next(each for each in one.lines if each.book is Book.RECEIVABLE)
    amount = money(-line.amount_minor, line.currency, exponent(line.currency))
    is_payment = one.kind is EntryKind.PAYMENT
    return known(
        resourceType="PaymentReconciliation",
        id=id_of(one.public_id),
        meta=known(security=security(is_restricted=story.is_restricted)),
        identifier=[{"value": story.number}] if story.number else [],
        status="entered-in-error" if story.is_taken_back else "active",
        created=date_time(one.at),
        outcome="complete",
        paymentDate=day(one.at, zone),
        paymentAmount=amount,
        detail=[
            known(
                type=concept(_PAYMENT_TYPES, "payment" if is_payment else "adjustment"),
                request=reference("Account", id_of(story.account)),
                amount=amount,
            )
        ],
    )


def _status(story: PaymentStory) -> str:
    return "cancelled" if story.payment.state is PaymentState.VOIDED else "active"


def _detail(story: PaymentStory, part: Allocation, zone: tzinfo) -> Resource:
    is_payment = part.kind is AllocationKind.PAYMENT
    reversed_one = next((one for one in story.allocations if one.id == part.reverses), None)
    sign = 1 if is_payment else -1
    return known(
        identifier={"system": PAYMENTS, "value": part.wire_id},
        predecessor={"system": PAYMENTS, "value": reversed_one.wire_id} if reversed_one else None,
        type=concept(_PAYMENT_TYPES, "payment" if is_payment else "adjustment"),
        request=reference("Account", id_of(story.account_public_ids[part.account_id])),
        date=day(part.made_at, zone),
        amount=money(sign * part.amount_minor, part.currency, exponent(part.currency)),
    )


def _outcome(story: PaymentStory) -> str:
    """How far the EHR has it: all of it, some of it, refused, or still on its way."""
    states = [one.posting for one in story.allocations if one.posting is not None]
    if any(state in (PostingState.REJECTED, PostingState.AMBIGUOUS) for state in states):
        return "error"
    posted = [state is PostingState.POSTED for state in states]
    return "complete" if all(posted) else "partial" if any(posted) else "queued"


def _changed_at(story: PaymentStory) -> int:
    times = [story.payment.taken_at, story.payment.settled_at or 0]
    for one in story.allocations:
        times += [at for at in (one.made_at, one.accepted_at, one.application_acked_at, one.posted_at) if at]
    return max(times)
