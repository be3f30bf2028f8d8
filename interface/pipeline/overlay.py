"""A ledger in memory over one snapshot: sees what the store of record holds, keeps what is written to it, takes no lock.

Rows that were ever loaded are kept, so that what one batch changed is what the next one sees.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.estate import estate
from interface.ledger.journal import Balance, Book, MoneyMark, Observation
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, Payment
from interface.ports import LedgerRows

_RowKey = tuple[Noun, int]
_BalanceKey = tuple[int, Book, str, str]


class Overlay:
    """`LedgerRows` over a reader, and a place to save changes. `is_free`: no message holds back another one in it."""

    def __init__(self, base: LedgerRows, *, is_free: bool = False) -> None:
        self._base = base
        self._is_free = is_free
        self._rows: dict[_RowKey, Entity] = {}
        self._identifiers: dict[tuple[Noun, Identifier], KnownIdentifier] = {}
        self._marks: dict[tuple[int, int], MoneyMark] = {}
        self._payments: dict[int, Payment] = {}
        self._allocations: dict[int, Allocation] = {}
        self._observations: dict[int, Observation] = {}
        self._balances: dict[_BalanceKey, Balance] = {}
        self._deltas: dict[_BalanceKey, int] = {}
        self.before: dict[_RowKey, Entity | None] = {}  # changed rows as they were at first; None: they were not

    # ------------------------------------------------------------ reading

    def heads(self, lanes: Iterable[int]) -> Mapping[int, int]:
        """As in the store of record, unless lanes are free."""
        return {} if self._is_free else self._base.heads(lanes)

    def lane_roots(self, lanes: Iterable[int]) -> dict[int, int]:
        """As in the store of record."""
        return self._base.lane_roots(lanes)

    def awaited(self, _accounts: Iterable[str], /) -> dict[str, list[int]]:
        """None: nothing is released by looking."""
        return {}

    def names(self, noun: Noun, ids: Iterable[int]) -> Mapping[int, Identifier]:
        """As in the store of record."""
        return self._base.names(noun, ids)

    def row_versions(self, _noun: Noun, _ids: Sequence[int], /) -> Mapping[int, int]:
        """Nobody counts: which version a request met was decided when it was answered."""
        return {}

    def load(self, needs: Needs) -> Loaded:
        """Rows of the snapshot, with those that were changed since in their place."""
        self._keep(self._base.load(needs))
        known = [self._identifiers[key] for key in needs.identifiers if key in self._identifiers]
        marks = [mark for mark in self._marks.values() if _is_wanted(mark, needs)]
        in_question = self._estate(needs)
        paid = {
            part.payment_id
            for part in self._allocations.values()
            if _is_named(part, needs) or part.account_id in in_question
        }
        parts = [part for part in self._allocations.values() if part.payment_id in paid]
        entities: list[Entity] = self._linked(
            {
                *((one.noun, one.entity_id) for one in known),
                *((Noun.ACCOUNT, mark.account_id) for mark in marks),
                *((Noun.ACCOUNT, part.account_id) for part in parts),
                *((Noun.ENCOUNTER, part.visit_id) for part in parts if part.visit_id is not None),
                *self._called(needs.account_public_ids),
                *((Noun.ACCOUNT, number) for number in in_question),
            }
        )
        accounts = {one.id for one in entities if one.noun is Noun.ACCOUNT}
        return Loaded(
            entities=[replace(one, groups=dict(one.groups)) for one in entities],
            identifiers=known,
            money=marks,
            payments=[self._payments[number] for number in paid],
            allocations=parts,
            observations=[one for one in self._observations.values() if one.account_id in accounts],
            balances=[one for one in self._summed() if one.account_id in accounts],
        )

    def _estate(self, needs: Needs) -> set[int]:
        named = (self._identifiers[key] for key in needs.money_of if key in self._identifiers)
        return estate(self._rows.values(), [(one.noun, one.entity_id) for one in named]) if needs.money_of else set()

    def _called(self, public_ids: set[str]) -> list[_RowKey]:
        return [key for key, row in self._rows.items() if row.public_id in public_ids] if public_ids else []

    def _keep(self, loaded: Loaded) -> None:
        for row in loaded.entities:
            self._rows.setdefault((row.noun, row.id), row)
        for known in loaded.identifiers:
            self._identifiers.setdefault((known.noun, known.identifier), known)
        for mark in loaded.money:
            self._marks.setdefault((mark.message_id, mark.ordinal), mark)
        for payment in loaded.payments:
            self._payments.setdefault(payment.id, payment)
        for part in loaded.allocations:
            self._allocations.setdefault(part.id, part)
        for seen in loaded.observations:
            self._observations.setdefault(seen.account_id, seen)
        for balance in loaded.balances:
            self._balances.setdefault(_balance_key(balance), balance)

    def _linked(self, keys: set[_RowKey]) -> list[Entity]:
        found: dict[_RowKey, Entity] = {}
        while missing := [key for key in keys if key not in found and key in self._rows]:
            for key in missing:
                found[key] = self._rows[key]
                keys = keys | set(found[key].links())
        return list(found.values())

    def _summed(self) -> Iterator[Balance]:
        for key in self._balances.keys() | self._deltas.keys():
            kept = self._balances.get(key)
            amount = (kept.amount_minor if kept else 0) + self._deltas.get(key, 0)
            yield Balance(*key, amount)

    # ------------------------------------------------------------ writing

    def save(self, changes: LedgerChanges) -> None:
        """Keep what a batch changed; the former state of each row is remembered once."""
        for row in (*changes.created, *changes.changed):
            key = (row.noun, row.id)
            self.before.setdefault(key, self._rows.get(key))
            self._rows[key] = row
        for one in changes.confirmations:
            row = self._rows[one.noun, one.entity_id]
            self._rows[one.noun, one.entity_id] = replace(row, confirmed=one.confirmed)
        for known in changes.identifiers:
            self._identifiers[known.noun, known.identifier] = known
        for gone in changes.retirements:
            known = self._identifiers[gone.noun, gone.identifier]
            self._identifiers[gone.noun, gone.identifier] = replace(known, retired_at=gone.retired_at)
        self._save_money(changes)

    def _save_money(self, changes: LedgerChanges) -> None:
        for delta in changes.balance_deltas:
            key = _balance_key(delta)
            self._deltas[key] = self._deltas.get(key, 0) + delta.amount_minor
        self._observations |= {one.account_id: one for one in changes.observations}
        self._marks |= {(mark.message_id, mark.ordinal): mark for mark in changes.money}
        self._payments |= {payment.id: payment for payment in changes.payments}
        self._allocations |= {part.id: part for part in changes.allocations}
        for moved in changes.payment_moves:
            self._payments[moved.payment_id] = replace(self._payments[moved.payment_id], state=moved.state)
        self._payments |= {one.payment.id: one.payment for one in changes.settlements}
        for proof in changes.confirmed_postings:
            part = self._allocations[proof.allocation_id]
            self._allocations[part.id] = replace(part, confirmed_at=proof.at)

    def now(self, key: _RowKey) -> Entity:
        """A changed row as it is at the end."""
        return self._rows[key]


def _balance_key(balance: Balance) -> _BalanceKey:
    return balance.account_id, balance.book, balance.responsibility, balance.currency


def _is_wanted(mark: MoneyMark, needs: Needs) -> bool:
    return mark.look_up in needs.money or mark.message_id in needs.money_of_messages


def _is_named(part: Allocation, needs: Needs) -> bool:
    return part.transaction_id in needs.transaction_ids or not needs.wire_ids.isdisjoint({part.wire_id, part.reference})
