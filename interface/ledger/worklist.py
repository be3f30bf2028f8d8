"""What goes to a person: the store opens these as work items, one per money subject, else one per cause with a count."""

from dataclasses import dataclass
from enum import StrEnum


class ItemKind(StrEnum):
    """What a person is asked to judge."""

    MONEY = "money"  # a transaction that contradicts one that is booked, or looks like its repeat
    ECHO = "echo"  # the EHR answers one of our payments with something else
    REVERSED = "reversed"  # the EHR took back one of our payments
    DEPOSIT = "deposit"  # a cancelled visit's account holds money
    MONEY_LEFT = "money-left"  # a person or account that the EHR took away has money
    GUARANTOR = "guarantor"  # who answers for an account may have changed
    MERGE = "merge"  # a merge, move or new number that contradicts what is known
    IDENTITY = "identity"  # a visit or account number that belongs to somebody else
    FAILED_MESSAGE = "failed-message"  # cannot be applied, and its sender was told yes
    HELD_MESSAGE = "held-message"
    BROKEN_MAPPING = "broken-mapping"  # a mapping that does not know what to do with a message
    REJECTED_DELIVERY = "rejected-delivery"  # the EHR said no
    AMBIGUOUS_DELIVERY = "ambiguous-delivery"  # the EHR may have it
    UNCONFIRMED_POSTING = "unconfirmed-posting"  # the EHR said yes, and nothing proves that it has booked it
    UNWANTED_POSTING = "unwanted-posting"  # the EHR took a payment that was withdrawn, or may have taken it twice
    REJECTED_RECORD = "rejected-record"  # HealthPay24 does not take what the ledger holds
    NO_DESTINATION = "no-destination"  # a payment that no channel takes


class ItemAct(StrEnum):
    """What a person may do about it."""

    AMEND = "amend"
    RELEASE = "release"
    SKIP = "skip"
    CLOSE = "close"
    RESOLVE = "resolve"  # say whether a delivery arrived
    RESEND = "resend"
    PUSH = "push"  # tell HealthPay24 again


HELD_MESSAGE = (ItemAct.AMEND, ItemAct.RELEASE, ItemAct.SKIP)
NOTICE = (ItemAct.CLOSE,)
AMBIGUOUS_SEND = (ItemAct.RESOLVE,)
REJECTED_RECORD = (ItemAct.PUSH,)
REJECTED_SEND = (ItemAct.RESEND, ItemAct.RESOLVE)
UNCONFIRMED_SEND = (ItemAct.RESOLVE,)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing for a person. `subject` names a row or message (`account:<public id>`, `message:<id>`), never a value.

    `amount_minor` is the money at stake, in minor units of `currency`; none where no single amount is. `message_id` is the one
    stuck message that it is about, and that its acts take; it closes with it. 0: about no message, or about many.
    """

    kind: str
    subject: str
    cause: str
    acts: tuple[ItemAct, ...] = ()
    amount_minor: int | None = None
    currency: str = ""
    message_id: int = 0
