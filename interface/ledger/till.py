"""The money of one batch: what was booked before, what is booked now, payments and what the EHR stated."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace

from interface.ledger.change import LedgerChanges, Loaded, PaymentMoved, Settled
from interface.ledger.journal import (
    Book,
    Entry,
    EntryKind,
    Line,
    MoneyMark,
    Observation,
    is_balanced,
    sum_lines,
)
from interface.ledger.payment import WIRE_ID_LENGTH, Allocation, AllocationKind, Payment, Posting, PostingConfirmed
from interface.ledger.stamp import Stamp
from interface.ledger.undo import Undo
from interface.message import PaymentState, PostingState, is_legal

_MarkKey = tuple[int, int]  # message id, ordinal
_UNPOSTED = frozenset(PostingState) - {PostingState.POSTED, PostingState.WITHDRAWN}


class Till:
    """Marks, entries, observations, payments and allocations, changed through the undo log."""

    def __init__(
        self,
        loaded: Loaded,
        undo: Undo,
        allocate: Callable[[str], int],
        new_public_id: Callable[[str], str],
        wire_id: Callable[[str, int], str],
    ) -> None:
        self.undo = undo
        self._allocate = allocate
        self._new_public_id = new_public_id
        self._wire_id = wire_id
        self._marks: dict[_MarkKey, MoneyMark] = {(m.message_id, m.ordinal): m for m in loaded.money}
        self._alike: dict[str, dict[_MarkKey, None]] = {}
        for key, mark in self._marks.items():
            self._alike.setdefault(mark.look_up, {})[key] = None
        self._balances = list(loaded.balances)
        self._observations = {seen.account_id: seen for seen in loaded.observations}
        self._payments = {payment.id: payment for payment in loaded.payments}
        self._allocations = {allocation.id: allocation for allocation in loaded.allocations}
        self._named: dict[str, dict[int, None]] = {}
        for allocation in self._allocations.values():
            for name in _names(allocation):
                self._named.setdefault(name, {})[allocation.id] = None
        self._entries: list[Entry] = []
        self._new_marks: dict[_MarkKey, None] = {}
        self._observed: dict[int, None] = {}
        self._new_payments: dict[int, None] = {}
        self._new_allocations: dict[int, None] = {}
        self._moves: dict[int, PaymentState] = {}
        self._settled: dict[int, None] = {}
        self._confirmed: list[PostingConfirmed] = []

    # ------------------------------------------------------------ the journal

    def marks_alike(self, look_up: str) -> list[MoneyMark]:
        """Transactions booked under the same part of the key."""
        found = [self._marks[key] for key in self._alike.get(look_up, ())]
        return [mark for mark in found if mark.look_up == look_up]  # a mark may have been rewritten since

    def marks_of(self, message_id: int) -> dict[int, MoneyMark]:
        """What a message has booked before, by ordinal."""
        return {mark.ordinal: mark for key, mark in self._marks.items() if key[0] == message_id}

    def mark(self, mark: MoneyMark) -> None:
        """Remember a transaction, in place of what the same message said at the same ordinal."""
        key = (mark.message_id, mark.ordinal)
        self.undo.put(self._marks, key, mark)
        self.undo.put(self._alike, mark.look_up, {**self._alike.get(mark.look_up, {}), key: None})
        self.undo.put(self._new_marks, key, None)

    def book(
        self,
        kind: EntryKind,
        at: int,
        stamp: Stamp,
        lines: tuple[Line, ...],
        *,
        payment_id: int | None = None,
        reverses: int | None = None,
        memo_code: str = "",
    ) -> int:
        """Add an entry that balances; gives its id."""
        assert is_balanced(lines), "an entry sums to zero in every currency"
        entry = Entry(
            id=self._allocate("entry"),
            public_id=self._new_public_id("je"),
            kind=kind,
            at=at,
            message_id=stamp.message_id,
            config_id=stamp.config_id,
            payment_id=payment_id,
            reverses=reverses,
            memo_code=memo_code,
            lines=lines,
        )
        self.undo.add(self._entries, entry)
        return entry.id

    @property
    def booked(self) -> Sequence[Entry]:
        """The entries that this batch adds, in their order."""
        return self._entries

    def receivable_minor(self, accounts: Container[int], currency: str) -> int:
        """What the journal holds against these accounts, in their favour if negative; their balances must have been loaded."""
        return sum(
            balance.amount_minor
            for balance in (*self._balances, *sum_lines(self._entries))
            if balance.account_id in accounts and (balance.book, balance.currency) == (Book.RECEIVABLE, currency)
        )

    def allocations_on(self, accounts: Container[int]) -> list[Allocation]:
        """Every part of a payment on these accounts; they must have been loaded."""
        return [a for a in self._allocations.values() if a.account_id in accounts]

    def unposted(self, accounts: Container[int]) -> list[Allocation]:
        """Those that are not in the EHR's books yet."""
        return [a for a in self.allocations_on(accounts) if a.posting in _UNPOSTED]

    # ------------------------------------------------------------ stated balances

    def observation(self, account_id: int) -> Observation | None:
        """What the EHR last stated about the account."""
        return self._observations.get(account_id)

    def observations(self, account_ids: Iterable[int]) -> list[Observation]:
        """What it last stated about each of these accounts, where it did."""
        return [seen for seen in map(self.observation, account_ids) if seen is not None]

    def observe(self, observation: Observation) -> None:
        """Keep a newer statement."""
        self.undo.put(self._observations, observation.account_id, observation)
        self.undo.put(self._observed, observation.account_id, None)

    # ------------------------------------------------------------ payments

    def allocations_named(self, *names: str) -> list[Allocation]:
        """Allocations with one of these as wire id, reference or transaction id."""
        ids = {row_id: None for name in names if name for row_id in self._named.get(name, ())}
        return [self._allocations[row_id] for row_id in ids]

    def payment(self, payment_id: int) -> Payment:
        """A payment that was loaded or taken in this batch."""
        return self._payments[payment_id]

    def payment_of_transaction(self, transaction_id: str) -> Payment | None:
        """The payment with this transaction id; None where it was not loaded."""
        found = [self._payments[one.payment_id] for one in self.allocations_named(transaction_id)]
        return next((one for one in found if one.transaction_id == transaction_id), None)

    def allocations_of(self, payment_id: int) -> list[Allocation]:
        """All parts of a payment, voids and refunds included."""
        return [a for a in self._allocations.values() if a.payment_id == payment_id]

    def new_id(self, name: str) -> int:
        """An id for a payment or allocation."""
        return self._allocate(name)

    def new_public_id(self) -> str:
        """A public id for a payment."""
        return self._new_public_id("pm")

    def new_wire_id(self) -> str:
        """An id that fits FT1-2."""
        wire_id = self._wire_id("wire", WIRE_ID_LENGTH)
        assert 0 < len(wire_id) <= WIRE_ID_LENGTH, "the injected allocator keeps wire ids short"
        return wire_id

    def take(self, payment: Payment) -> None:
        """Add a payment."""
        self.undo.put(self._payments, payment.id, payment)
        self.undo.put(self._new_payments, payment.id, None)

    def allocate(self, allocation: Allocation) -> None:
        """Add a part of a payment."""
        self.undo.put(self._allocations, allocation.id, allocation)
        self.undo.put(self._new_allocations, allocation.id, None)
        for name in _names(allocation):
            self.undo.put(self._named, name, {**self._named.get(name, {}), allocation.id: None})

    def move_payment(self, payment_id: int, state: PaymentState) -> None:
        """Give a payment its new state."""
        self.undo.put(self._payments, payment_id, replace(self._payments[payment_id], state=state))
        if payment_id not in self._new_payments:
            self.undo.put(self._moves, payment_id, state)

    def settle(self, payment: Payment) -> None:
        """Keep that a payment is settled."""
        self.undo.put(self._payments, payment.id, payment)
        self.undo.put(self._settled, payment.id, None)

    def confirm(self, allocation: Allocation, at: int, stamp: Stamp) -> None:
        """The EHR shows the allocation in its books: the strongest proof that it is posted."""
        posting = allocation.posting
        if posting is not None and is_legal(posting, PostingState.POSTED):
            posting = PostingState.POSTED
        known = replace(
            allocation,
            posting=posting,
            confirmed_at=at,
            posted_at=allocation.posted_at or stamp.recorded_at,
            echo_message_id=stamp.message_id,
        )
        self.undo.put(self._allocations, allocation.id, known)
        if allocation.id not in self._new_allocations:
            self.undo.add(self._confirmed, PostingConfirmed(allocation.id, at, stamp.recorded_at, stamp.message_id))

    # ------------------------------------------------------------ the batch's end

    def write_changes(self, changes: LedgerChanges) -> None:
        """Add what happened to the money."""
        changes.entries += self._entries
        changes.balance_deltas += sum_lines(self._entries)
        changes.observations += [self._observations[account_id] for account_id in self._observed]
        changes.money += [self._marks[key] for key in self._new_marks]
        changes.payments += [self._payments[payment_id] for payment_id in self._new_payments]
        changes.allocations += [self._allocations[row_id] for row_id in self._new_allocations]
        changes.payment_moves += [PaymentMoved(payment_id, state) for payment_id, state in self._moves.items()]
        changes.settlements += [self._settlement(payment_id) for payment_id in self._settled]
        changes.confirmed_postings += self._confirmed
        changes.postings += self._postings(changes.allocations)

    def _settlement(self, payment_id: int) -> Settled:
        parts = [a for a in self.allocations_of(payment_id) if a.kind is AllocationKind.PAYMENT]
        return Settled(self._payments[payment_id], tuple(parts))

    def _postings(self, allocations: Iterable[Allocation]) -> list[Posting]:
        return [
            Posting(
                a.id,
                a.payment_id,
                a.kind,
                # A void never overtakes what it takes back, also where that account was merged meanwhile.
                self._allocations[a.reverses].account_id if a.reverses is not None else a.account_id,
                self._payments[a.payment_id].facility,
                a.amount_minor,
                a.currency,
            )
            for a in allocations
            if a.posting is PostingState.PENDING
        ]


def _names(allocation: Allocation) -> set[str]:
    return {name for name in (allocation.wire_id, allocation.reference, allocation.transaction_id) if name}
