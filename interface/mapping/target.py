"""What a mapping can say: the sections of a file, their targets, and the type that each target takes."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from interface.ledger.noun import FIELDS, Kind, Noun
from interface.ledger.reading import MoneyKind
from interface.mapping.kind import Type


class Target(NamedTuple):
    """What a rule fills: the type that it takes, what it is, and the only texts allowed where they are a closed set.

    `is_number`: a text that is some organisation's number of something, which may look like a card's by chance.
    """

    type: Type
    about: str
    allowed: tuple[str, ...] = ()
    is_number: bool = False
    noun: Noun | None = None  # of an identifier: whose


_TYPES: Final = {
    Kind.TEXT: Type.TEXT,
    Kind.CODE: Type.TEXT,
    Kind.DATE: Type.DATE,
    Kind.INSTANT: Type.INSTANT,
    Kind.FLAG: Type.FLAG,
}

# Set by the ledger from the event's meaning; no rule may name its fields.
_LEDGERS_OWN_GROUP: Final = "state"


def fields_of(noun: Noun) -> dict[str, Target]:
    """The plain targets of a noun; its lists of rows are sections of their own."""
    return {
        name: Target(_TYPES[field.kind], field.about)
        for name, field in FIELDS[noun].items()
        if field.kind in _TYPES and field.group != _LEDGERS_OWN_GROUP
    }


_KINDS: Final = tuple(kind.value for kind in MoneyKind)

IDENTIFIERS: Final[Mapping[str, Target]] = {
    "patient": Target(Type.IDENTIFIER, "the patient's key; only money may come without", noun=Noun.PATIENT),
    "account": Target(Type.IDENTIFIER, "the account's key", noun=Noun.ACCOUNT),
    "visit": Target(Type.IDENTIFIER, "the visit's key", noun=Noun.ENCOUNTER),
    "alternate_visit": Target(
        Type.IDENTIFIER, "another number of the visit: leads to it, and is never looked for", noun=Noun.ENCOUNTER
    ),
}
# Beside them, a list of further fields whose numbers are never taken for card numbers.
UNMASKED: Final = "unmasked"
GUARANTOR: Final[Mapping[str, Target]] = {"id": Target(Type.IDENTIFIER, "the guarantor's key", noun=Noun.GUARANTOR)}
COVERAGE: Final[Mapping[str, Target]] = {
    "priority": Target(Type.NUMBER, "1 is billed first"),
    "plan_id": Target(Type.TEXT, "plan"),
    "plan_name": Target(Type.TEXT, "its name"),
    "payer_id": Target(Type.TEXT, "insurance company"),
    "payer_name": Target(Type.TEXT, "its name"),
    "group_number": Target(Type.TEXT, "group number", is_number=True),
    "policy_number": Target(Type.TEXT, "policy or member number", is_number=True),
    "starts": Target(Type.DATE, "in force from"),
    "ends": Target(Type.DATE, "in force until"),
    "plan_type": Target(Type.TEXT, "plan type"),
}
IDENTITY: Final[Mapping[str, Target]] = {
    "patient": Target(
        Type.IDENTIFIER,
        "the patient's number, of an event about identities (merge, move, new number, link)",
        noun=Noun.PATIENT,
    ),
    "account": Target(Type.IDENTIFIER, "the account's number", noun=Noun.ACCOUNT),
    "visit": Target(Type.IDENTIFIER, "the visit's number", noun=Noun.ENCOUNTER),
    "alternate_visit": Target(Type.IDENTIFIER, "the visit's alternate number", noun=Noun.ENCOUNTER),
    "prior_patient": Target(
        Type.IDENTIFIER, "the patient's number that was: retired, or the one moved away from", noun=Noun.PATIENT
    ),
    "prior_account": Target(
        Type.IDENTIFIER,
        "the account's number that was, or the account that is moved (or moved away from)",
        noun=Noun.ACCOUNT,
    ),
    "prior_visit": Target(Type.IDENTIFIER, "the visit's number that was", noun=Noun.ENCOUNTER),
    "prior_alternate_visit": Target(Type.IDENTIFIER, "the visit's alternate number that was", noun=Noun.ENCOUNTER),
}
TRANSACTION: Final[Mapping[str, Target]] = {
    "kind": Target(Type.TEXT, "what it is: " + ", ".join(_KINDS), _KINDS),
    "amount": Target(Type.MONEY, "the amount as sent; its sign is read by the channel's `money`"),
    "quantity": Target(Type.NUMBER, "a negative one takes the transaction back, where that is the style"),
    "id": Target(Type.TEXT, "the sender's id of it, by which a repeat is recognised", is_number=True),
    "type_code": Target(Type.TEXT, "transaction type as sent"),
    "code": Target(Type.TEXT, "transaction code as sent"),
    "occurred_at": Target(Type.INSTANT, "when it happened; else the event's time"),
    "occurred_on": Target(Type.DATE, "its day as sent"),
    "reference": Target(Type.TEXT, "reference of the payment medium"),
    "account": Target(Type.IDENTIFIER, "its account, where it is not the message's", noun=Noun.ACCOUNT),
    "visit": Target(Type.IDENTIFIER, "its visit, where it is not the message's", noun=Noun.ENCOUNTER),
    "guarantor": Target(
        Type.IDENTIFIER, "who answers for it, where the message says so for each (DFT^P11)", noun=Noun.GUARANTOR
    ),
    "responsibility": Target(
        Type.TEXT, "who owes it: patient, insurance or unknown", ("patient", "insurance", "unknown")
    ),
}
BALANCE: Final[Mapping[str, Target]] = {
    "account": Target(Type.IDENTIFIER, "its account, where it is not the message's", noun=Noun.ACCOUNT),
    "amount": Target(Type.MONEY, "what the patient owes; a credit is negative"),
    "as_of": Target(Type.INSTANT, "when that was so; else the event's time"),
    "is_of_visit": Target(
        Type.FLAG, "of several visits of one account (BAR), each states its own part: they are added up"
    ),
}

# The plain names that expressions of an incoming mapping may use, and what they mean.
NAMES: Final[Mapping[str, str]] = {
    "event": "trigger event (MSH-9.2), as A08",
    "message_type": "message type (MSH-9.1), as ADT",
    "meaning": "what the mapping's `events` make of the event, as update",
    "facility": "the channel's facility",
    "sending_application": "MSH-3.1",
    "sending_facility": "MSH-4.1",
    "version": "MSH-12.1",
}
# The same of a mapping that reads FHIR, each written behind a percent sign: `%type`.
FHIR_NAMES: Final[Mapping[str, tuple[Type, str]]] = {
    "type": (Type.TEXT, "the resource's type, as Patient"),
    "interaction": (Type.TEXT, "create, update or delete"),
    "meaning": (Type.TEXT, "what the mapping's `events` make of the request, as update-person"),
    "facility": (Type.TEXT, "the channel's facility"),
    "self": (
        Type.IDENTIFIER,
        "what the request's address names: `PUT Patient/ID`, or what `PUT Patient?identifier=S|V` looks for",
    ),
}
