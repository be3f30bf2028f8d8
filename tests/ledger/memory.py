"""A ledger store in memory: keeps rows as JSON text, so that only what survives storage comes back."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from interface.ledger.apply import apply
from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.compare import Image
from interface.ledger.due import BalancePolicy
from interface.ledger.entity import Confirmed, Entity, Group, KnownIdentifier
from interface.ledger.estate import estate
from interface.ledger.journal import Balance, Book, Entry, MoneyMark, Observation, is_balanced, sum_lines
from interface.ledger.needs import Needs, needs
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Outcome
from interface.ledger.payment import Allocation, Payment
from interface.ledger.reading import Reading
from interface.ledger.stamp import Stamp
from interface.ledger.worklist import WorkItem
from interface.ledger.workset import Workset
from interface.message import PostingState, RunReason

RowKey = tuple[Noun, int]
RECORDED_AT = 1_900_000_000_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """One reading with the id of the message that it came in."""

    message_id: int
    reading: Reading
    source: str = "epic"
    reason: RunReason = RunReason.RECEIVED
    config_id: int = 1
    force_money: bool = False

    def stamp(self) -> Stamp:
        return Stamp(
            message_id=self.message_id,
            seq=self.message_id,
            config_id=self.config_id,
            source=self.source,
            reason=self.reason,
            recorded_at=RECORDED_AT + self.message_id,
            force_money=self.force_money,
        )


class MemoryStore:
    """What `interface.store` keeps of the ledger, in dicts."""

    def __init__(self) -> None:
        self._counters: dict[str, itertools.count[int]] = {}
        self.rows: dict[RowKey, str] = {}
        self.identifiers: dict[tuple[Noun, Identifier], KnownIdentifier] = {}
        self.entries: list[Entry] = []
        self.balances: dict[tuple[int, Book, str, str], int] = {}
        self.observations: dict[int, Observation] = {}
        self.marks: dict[tuple[int, int], MoneyMark] = {}
        self.payments: dict[int, Payment] = {}
        self.allocations: dict[int, Allocation] = {}
        self.work_items: list[WorkItem] = []
        self.saved: list[LedgerChanges] = []
        self.policies: dict[str, BalancePolicy] = {}

    # ------------------------------------------------------------ what is injected

    def allocate(self, name: str) -> int:
        return next(self._counters.setdefault(name, itertools.count(1)))

    def new_public_id(self, prefix: str) -> str:
        return f"{prefix}_{self.allocate(prefix):06d}"

    def wire_id(self, name: str, width: int) -> str:
        return f"P{self.allocate(name):0{width - 1}d}"

    @staticmethod
    def lane_of(identifier: Identifier) -> int:
        digest = hashlib.blake2b("|".join(identifier).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1

    # ------------------------------------------------------------ load and save

    def workset(self, readings: Iterable[Reading], replayed: Iterable[int] = ()) -> Workset:
        loaded = self.load(needs(readings, replayed))
        return Workset(loaded, self.allocate, self.new_public_id, self.lane_of, self.wire_id, self.policies)

    def load(self, wanted: Needs) -> Loaded:
        known = [self.identifiers[key] for key in wanted.identifiers if key in self.identifiers]
        known += [
            KnownIdentifier(noun, identifier, row_id, 0)
            for noun, identifier in wanted.identifiers
            for (kept, row_id), text in self.rows.items()
            if identifier.is_public and kept is noun and _row(text).public_id == identifier.value
        ]
        money = [
            mark
            for mark in self.marks.values()
            if mark.look_up in wanted.money or mark.message_id in wanted.money_of_messages
        ]
        paid = {
            a.payment_id
            for a in self.allocations.values()
            if a.transaction_id in wanted.transaction_ids or {a.wire_id, a.reference} & wanted.wire_ids
        }
        allocations = [a for a in self.allocations.values() if a.payment_id in paid]
        keys: set[RowKey] = {(one.noun, one.entity_id) for one in known}
        keys |= {(Noun.ACCOUNT, one.account_id) for one in (*money, *allocations)}
        for key in self.rows:
            if key[0] is Noun.ACCOUNT and _row(self.rows[key]).public_id in wanted.account_public_ids:
                keys.add(key)
        in_question = self._money_of(wanted)
        keys |= {(Noun.ACCOUNT, number) for number in in_question}
        paid_there = {a.payment_id for a in self.allocations.values() if a.account_id in in_question} - paid
        paid |= paid_there
        allocations += [a for a in self.allocations.values() if a.payment_id in paid_there]
        keys |= {(Noun.ACCOUNT, a.account_id) for a in allocations}
        entities = self._linked(keys)
        accounts = {one.id for one in entities if one.noun is Noun.ACCOUNT}
        observed = (accounts if wanted.observed else set()) | in_question
        return Loaded(
            entities=entities,
            identifiers=known,
            money=money,
            payments=[self.payments[payment_id] for payment_id in paid],
            allocations=allocations,
            observations=[o for o in self.observations.values() if o.account_id in observed],
            balances=[b for b in self.all_balances() if b.account_id in in_question],
        )

    def _money_of(self, wanted: Needs) -> set[int]:
        if not wanted.money_of:
            return set()
        named = [self.identifiers[key] for key in wanted.money_of if key in self.identifiers]
        return estate([_row(text) for text in self.rows.values()], [(one.noun, one.entity_id) for one in named])

    def _linked(self, keys: set[RowKey]) -> list[Entity]:
        found: dict[RowKey, Entity] = {}
        while missing := keys - found.keys():
            for key in missing:
                found[key] = _row(self.rows[key])
                keys |= set(found[key].links())
        return list(found.values())

    def save(self, changes: LedgerChanges) -> None:
        self.saved.append(changes)
        for entity in (*changes.created, *changes.changed):
            key = (entity.noun, entity.id)
            assert (key in self.rows) == any(entity is one for one in changes.changed)
            self.rows[key] = _text(entity)
        for one in changes.confirmations:
            entity = _row(self.rows[one.noun, one.entity_id])
            entity.confirmed = one.confirmed
            self.rows[one.noun, one.entity_id] = _text(entity)
        for known in changes.identifiers:
            assert (known.noun, known.identifier) not in self.identifiers, "an identifier is given once"
            self.identifiers[known.noun, known.identifier] = known
        for gone in changes.retirements:
            known = self.identifiers[gone.noun, gone.identifier]
            self.identifiers[gone.noun, gone.identifier] = replace(known, retired_at=gone.retired_at)
        self._save_money(changes)
        self.work_items += changes.work_items

    def _save_money(self, changes: LedgerChanges) -> None:
        self.entries += changes.entries
        for delta in changes.balance_deltas:
            key = (delta.account_id, delta.book, delta.responsibility, delta.currency)
            self.balances[key] = self.balances.get(key, 0) + delta.amount_minor
        self.observations |= {one.account_id: one for one in changes.observations}
        self.marks |= {(mark.message_id, mark.ordinal): mark for mark in changes.money}
        self.payments |= {payment.id: payment for payment in changes.payments}
        self.allocations |= {one.id: one for one in changes.allocations}
        for moved in changes.payment_moves:
            self.payments[moved.payment_id] = replace(self.payments[moved.payment_id], state=moved.state)
        self.payments |= {one.payment.id: one.payment for one in changes.settlements}
        for proof in changes.confirmed_postings:
            known = self.allocations[proof.allocation_id]
            self.allocations[proof.allocation_id] = replace(
                known,
                confirmed_at=proof.at,
                posted_at=known.posted_at or proof.learnt_at,
                posting=PostingState.POSTED,
                echo_message_id=proof.message_id,
            )

    # ------------------------------------------------------------ what tests do and look at

    def run(self, batch: Sequence[Told]) -> list[Outcome]:
        """Apply a batch as the pipeline does: load, apply in order, save."""
        replayed = [told.message_id for told in batch if told.reason is RunReason.REPLAY]
        workset = self.workset((told.reading for told in batch), replayed)
        outcomes = [apply(told.reading, workset, told.stamp()) for told in batch]
        self.save(workset.changes())
        return outcomes

    def tell(self, reading: Reading, message_id: int | None = None, **stamp: Any) -> Outcome:
        """Apply one reading as a batch of its own."""
        number = message_id if message_id is not None else self.allocate("message")
        return self.run([Told(number, reading, **stamp)])[0]

    def find(self, noun: Noun, identifier: Identifier) -> Entity | None:
        """The row that stands for this identifier today."""
        known = self.identifiers.get((noun, identifier))
        if known is None:
            return None
        row = _row(self.rows[noun, known.entity_id])
        while row.survivor_id is not None:
            row = _row(self.rows[noun, row.survivor_id])
        return row

    def get(self, noun: Noun, identifier: Identifier) -> Entity:
        row = self.find(noun, identifier)
        assert row is not None
        return row

    def all_balances(self) -> list[Balance]:
        return [Balance(*key, amount) for key, amount in self.balances.items()]

    def balance(self, account: Identifier, book: Book, responsibility: str = "unknown", currency: str = "USD") -> int:
        return self.balances.get((self.get(Noun.ACCOUNT, account).id, book, responsibility, currency), 0)

    def image(self) -> Image:
        return Image(
            entities=[_row(text) for text in self.rows.values()],
            identifiers=self.identifiers.values(),
            entries=self.entries,
            balances=self.all_balances(),
            observations=self.observations.values(),
            payments=self.payments.values(),
            allocations=self.allocations.values(),
        )

    def assert_journal_proven(self) -> None:
        """Every entry balances, and the balances kept are the sums of the lines."""
        assert all(is_balanced(entry.lines) for entry in self.entries)
        kept = {key: amount for key, amount in self.balances.items() if amount}
        summed = {(b.account_id, b.book, b.responsibility, b.currency): b.amount_minor for b in sum_lines(self.entries)}
        assert kept == summed


_PLAIN = ("id", "public_id", "created_at", "updated_at", "survivor_id", "patient_id", "account_id", "lane")


def _text(entity: Entity) -> str:
    confirmed = entity.confirmed and [entity.confirmed.at, entity.confirmed.seq, sorted(entity.confirmed.groups)]
    plain = {name: getattr(entity, name) for name in (*_PLAIN, "facility", "currency")}
    return json.dumps([entity.noun, plain, entity.groups, confirmed])


def _row(text: str) -> Entity:
    noun, plain, groups, confirmed = json.loads(text)
    return Entity(
        noun=Noun(noun),
        **plain,
        groups={name: Group(*group) for name, group in groups.items()},
        confirmed=Confirmed(confirmed[0], confirmed[1], frozenset(confirmed[2])) if confirmed else None,
    )
