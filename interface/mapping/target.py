"""What a mapping can say: the sections of a file, their targets, and the type that each target takes."""

from collections.abc import Mapping
from typing import Final

from interface.ledger.noun import FIELDS, Kind, Noun
from interface.mapping.kind import Type

_TYPES = {
    Kind.TEXT: Type.TEXT,
    Kind.CODE: Type.TEXT,
    Kind.DATE: Type.DATE,
    Kind.INSTANT: Type.INSTANT,
    Kind.FLAG: Type.FLAG,
}

# Set by the ledger from the event's meaning and from GT1 as a whole; no rule may name them.
_LEDGERS_OWN = {Noun.ENCOUNTER: {"state"}, Noun.ACCOUNT: {"guarantors"}}


def fields_of(noun: Noun) -> dict[str, Type]:
    """The plain targets of a noun; its lists of rows (`LISTS`) are sections of their own."""
    own = _LEDGERS_OWN.get(noun, set())
    return {
        name: _TYPES[field.kind] for name, field in FIELDS[noun].items() if field.kind in _TYPES and name not in own
    }


IDENTIFIERS: Final[Mapping[str, Type]] = {
    "patient": Type.IDENTIFIER,
    "account": Type.IDENTIFIER,
    "visit": Type.IDENTIFIER,
}
COVERAGE: Final[Mapping[str, Type]] = {
    "priority": Type.NUMBER,
    "plan_id": Type.TEXT,
    "plan_name": Type.TEXT,
    "payer_id": Type.TEXT,
    "payer_name": Type.TEXT,
    "group_number": Type.TEXT,
    "policy_number": Type.TEXT,
    "starts": Type.DATE,
    "ends": Type.DATE,
    "plan_type": Type.TEXT,
}
MERGE: Final[Mapping[str, Type]] = {"survivor": Type.IDENTIFIER, "retired": Type.IDENTIFIER}
TRANSACTION: Final[Mapping[str, Type]] = {
    "kind": Type.TEXT,
    "amount": Type.MONEY,
    "quantity": Type.NUMBER,
    "id": Type.TEXT,
    "type_code": Type.TEXT,
    "code": Type.TEXT,
    "occurred_at": Type.INSTANT,
    "occurred_on": Type.DATE,
    "reference": Type.TEXT,
    "account": Type.IDENTIFIER,
    "visit": Type.IDENTIFIER,
    "responsibility": Type.TEXT,
}
BALANCE: Final[Mapping[str, Type]] = {"account": Type.IDENTIFIER, "amount": Type.MONEY, "as_of": Type.INSTANT}

# The plain names that expressions of an incoming mapping may use, and what they mean.
NAMES: Final[Mapping[str, str]] = {
    "event": "trigger event (MSH-9.2), as A08",
    "message_type": "message type (MSH-9.1), as ADT",
    "meaning": "what the mapping's `events` make of the event, as update",
    "facility": "the channel's facility",
    "sending_application": "MSH-3",
    "sending_facility": "MSH-4",
    "version": "MSH-12",
}
