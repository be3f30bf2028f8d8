"""What must be loaded before readings can be applied: told from the readings alone, so a batch loads in a few statements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from interface.ledger.money_key import look_up
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Meaning, MoneyKind, Reading

PAYMENT_KINDS = frozenset(
    {MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REFUND}
)  # what may echo one of our payments


@dataclass(slots=True)
class Needs:
    """Keys of the rows to load.

    `wire_ids` load the payments that have an allocation with such a `wire_id` or `reference`, `transaction_ids` those with
    such an allocation `transaction_id`. An EHR may name our payment by any of them.
    """

    identifiers: set[tuple[Noun, Identifier]] = field(default_factory=set)
    account_public_ids: set[str] = field(default_factory=set)
    money: set[str] = field(default_factory=set)  # MoneyMark.look_up
    money_of_messages: set[int] = field(default_factory=set)  # MoneyMark.message_id of replayed messages
    wire_ids: set[str] = field(default_factory=set)
    transaction_ids: set[str] = field(default_factory=set)
    observed: set[Identifier] = field(default_factory=set)  # accounts whose Observation is needed
    cancelled: set[Identifier] = field(default_factory=set)  # visits whose accounts' balances are needed

    def account_names(self) -> set[str]:
        """Accounts and visits that this batch may bring, as `authority|type|value`: money may be waiting for them."""
        waited_for = (Noun.ACCOUNT, Noun.ENCOUNTER)
        return {"|".join(identifier) for noun, identifier in self.identifiers if noun in waited_for}


def needs(readings: Iterable[Reading], replayed: Iterable[int] = ()) -> Needs:
    """The rows that `apply` may look at. `replayed`: ids of messages that are replayed, whose money was booked before."""
    wanted = Needs(money_of_messages=set(replayed))
    for reading in readings:
        wanted.identifiers.update(_identifiers(reading))
        if reading.transactions:
            _transactions(reading, wanted)
        if reading.balances:
            wanted.observed.update(balance.account for balance in reading.balances)
        if reading.payment is not None:
            said = reading.payment
            wanted.transaction_ids.update(name for name in (said.transaction_id, said.original) if name)
            wanted.account_public_ids.update(a.account_public_id for a in said.allocations if a.account_public_id)
        if reading.meaning is Meaning.CANCEL_VISIT and reading.encounter is not None:
            wanted.cancelled.update(reading.encounter.ids)
    return wanted


def _identifiers(reading: Reading) -> Iterator[tuple[Noun, Identifier]]:
    for noun, said in (
        (Noun.PATIENT, reading.patient),
        (Noun.ACCOUNT, reading.account),
        (Noun.ENCOUNTER, reading.encounter),
    ):
        if said is not None:
            for identifier in said.ids:
                yield noun, identifier
    for guarantor in reading.guarantors:
        for identifier in guarantor.ids:
            yield Noun.GUARANTOR, identifier
    for merge in reading.merges:
        yield Noun.PATIENT, merge.survivor
        yield Noun.PATIENT, merge.retired
    for balance in reading.balances:
        yield Noun.ACCOUNT, balance.account
    for part in reading.money_parts():
        if part.account is not None:
            yield Noun.ACCOUNT, part.account
        if part.visit is not None:
            yield Noun.ENCOUNTER, part.visit


def _transactions(reading: Reading, wanted: Needs) -> None:
    for transaction in reading.transactions:
        wanted.money.add(look_up(transaction))
        if transaction.kind in PAYMENT_KINDS:
            wanted.wire_ids.update(name for name in (transaction.id, transaction.reference) if name)
            if transaction.reference:
                wanted.transaction_ids.add(transaction.reference)
