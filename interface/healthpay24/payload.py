"""The message that a HealthPay24 payment, void, refund or settlement is stored as: JSON, read back into the ledger's words.

Money from HealthPay24 takes the same way as everything else: stored as a message, sequenced in its patient's lane, applied once.
"""

from typing import Any

import orjson

from interface.errors import MessageError
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading, SettlementSaid

SOURCE = "healthpay24"
SETTLEMENT = "settlement"
_MEANINGS = {"payment": Meaning.PAYMENT, "void": Meaning.VOID, "refund": Meaning.REFUND}


def control_id_of(transaction_id: str) -> str:
    """What a request's message is found by: the end of its transaction id."""
    return transaction_id[-CONTROL_ID_LENGTH:]


def encode(kind: str, said: PaymentSaid) -> bytes:
    """The stored bytes of one payment, void or refund."""
    return orjson.dumps(
        {
            "type": kind,
            "transaction": said.transaction_id,
            "original": said.original,
            "amount_minor": said.amount_minor,
            "currency": said.currency,
            "tender": said.tender,
            "token": said.token,
            "last4": said.last4,
            "authorization": said.authorization,
            "taken_at": said.taken_at,
            "allocations": [
                {"account": part.account_public_id, "amount_minor": part.amount_minor} for part in said.allocations
            ],
        },
        option=orjson.OPT_INDENT_2,
    )


def encode_settlement(transaction_id: str, said: SettlementSaid) -> bytes:
    """The stored bytes of one settlement, which has an id of its own."""
    body = {
        "type": SETTLEMENT,
        "transaction": transaction_id,
        "original": said.original,
        "settled_at": said.settled_at,
        "batch": said.batch,
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def read(raw: bytes) -> Reading:
    """Read such a message; MessageError where it is not one."""
    try:
        body: dict[str, Any] = orjson.loads(raw)
        if body["type"] == SETTLEMENT:
            settled = SettlementSaid(body["original"], int(body["settled_at"]), body["batch"])
            return Reading(meaning=Meaning.SETTLEMENT, event_at=settled.settled_at, settlement=settled)
        meaning = _MEANINGS[body["type"]]
        said = PaymentSaid(
            transaction_id=body["transaction"],
            amount_minor=int(body["amount_minor"]),
            currency=body["currency"],
            allocations=tuple(
                PaymentAllocation(None, part["account"], int(part["amount_minor"])) for part in body["allocations"]
            ),
            tender=body["tender"],
            token=body["token"],
            last4=body["last4"],
            authorization=body["authorization"],
            taken_at=int(body["taken_at"]),
            original=body["original"],
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as broken:
        text = f"not a HealthPay24 payment message ({type(broken).__name__})"
        raise MessageError("payment-unreadable", text, place=SOURCE) from None
    return Reading(meaning=meaning, event_at=said.taken_at, currency=said.currency, payment=said)
