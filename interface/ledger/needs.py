"""What must be loaded before readings can be applied: told from the readings alone, so a batch loads in a few statements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from interface.ledger.money_key import look_up
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Meaning, MoneyKind, Reading

PAYMENT_KINDS = frozenset(
    {MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REFUND}
)  # what may echo one of our payments

CANCELS_VISIT = frozenset({Meaning.CANCEL_VISIT, Meaning.CANCEL_PREADMIT, Meaning.REMOVE_VISIT})


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
    money_of: set[tuple[Noun, Identifier]] = field(default_factory=set)  # whose money must be known: see `estate`

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
        for merge in reading.merges:
            if merge.noun is Noun.ACCOUNT:
                wanted.observed.update((merge.survivor, merge.retired))
        if reading.payment is not None:
            said = reading.payment
            wanted.account_public_ids.update(a.account_public_id for a in said.allocations if a.account_public_id)
        own = reading.payment.transaction_id if reading.payment is not None else ""
        wanted.transaction_ids.update(name for name in (own, reading.earlier_payment) if name)
        wanted.money_of.update(_money_of(reading))
    return wanted


def _identifiers(reading: Reading) -> Iterator[tuple[Noun, Identifier]]:
    for noun, said in (
        (Noun.PATIENT, reading.patient),
        (Noun.ACCOUNT, reading.account),
        (Noun.ENCOUNTER, reading.encounter),
        *((Noun.GUARANTOR, one) for one in reading.guarantors),
        *((Noun.ENCOUNTER, one) for one in reading.further_encounters),
    ):
        if said is not None:
            for identifier in (*said.ids, *said.aliases):
                yield noun, identifier
    yield from reading.regrouped()
    yield from reading.named()
    for balance in reading.balances:
        yield Noun.ACCOUNT, balance.account
    for part in reading.money_parts():
        if part.account is not None:
            yield Noun.ACCOUNT, part.account
        if part.visit is not None:
            yield Noun.ENCOUNTER, part.visit
    yield from ((Noun.GUARANTOR, one.guarantor) for one in reading.transactions if one.guarantor is not None)


def _money_of(reading: Reading) -> Iterator[tuple[Noun, Identifier]]:
    """Where the event takes something away: what money is left there?"""
    if reading.meaning in CANCELS_VISIT and reading.encounter is not None:
        yield from ((Noun.ENCOUNTER, identifier) for identifier in reading.encounter.ids)
    if reading.meaning is Meaning.REMOVE_PERSON and reading.patient is not None:
        yield from ((Noun.PATIENT, identifier) for identifier in reading.patient.ids)
    if reading.meaning is Meaning.PURGE_ACCOUNT:
        yield from ((Noun.ACCOUNT, one.account) for one in reading.closed)


def _transactions(reading: Reading, wanted: Needs) -> None:
    for transaction in reading.transactions:
        wanted.money.add(look_up(transaction))
        if transaction.kind in PAYMENT_KINDS:
            wanted.wire_ids.update(name for name in (transaction.id, transaction.reference) if name)
            if transaction.reference:
                wanted.transaction_ids.add(transaction.reference)
