"""The whole story of a payment or an account on one time line: messages, ledger entries, deliveries, attempts, answers, echo."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from interface.ledger.journal import Book, Entry
from interface.ledger.payment import Allocation
from interface.operate.account import find_account
from interface.operate.act import By, note, unknown
from interface.ports import Reader, Store
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow
from interface.view.money import AccountStory, PaymentStory

_MOST_MESSAGES = 500  # of one account


class Step(StrEnum):
    """What a line of the trail tells of, in the order in which steps of one moment happen."""

    MESSAGE = "message"
    RUN = "run"
    BALANCE = "balance"
    LEDGER = "ledger"
    PAYMENT = "payment"
    DELIVERY = "delivery"
    ATTEMPT = "attempt"
    ANSWER = "answer"
    POSTING = "posting"


_ORDER = {step: place for place, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Mark:
    """One line: when, what kind of step, what happened (names, ids, codes, amounts), and what it is about (`message:17`)."""

    at: int
    step: Step
    text: str
    subject: str
    amount_minor: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """Where it begins (`account:ac_..`, `payment:pm_..`) and every mark, oldest first. `left_out`: messages beyond the limit."""

    subject: str
    marks: tuple[Mark, ...]
    left_out: int = 0


def trace(store: Store, by: By, name: str) -> Trail:
    """The trail of a payment (public id, transaction id, wire id) or, where none is so named, of an account.

    A payment's trail begins with the messages of its accounts. Audited. Errors: ActRefusedError `not-found`.
    """
    with store.snapshot() as reader:
        found = reader.payment(name)
        subject = f"payment:{found.payment.public_id}" if found else f"account:{_account_id(reader, name)}"
    note(store, by, "trace", subject)
    with store.snapshot() as reader:
        public_id = subject.partition(":")[2]
        payment = reader.payment(public_id) if found else None
        if payment is not None:
            return _of_payment(reader, payment, subject)
        return _of_account(reader, find_account(reader, public_id), subject)


def _account_id(reader: Reader, name: str) -> str:
    story = reader.account(name)
    if story is None:
        raise unknown("payment or account", "")
    return story.account.public_id


def _of_account(reader: Reader, story: AccountStory, subject: str) -> Trail:
    messages, left_out = _messages(reader, [story])
    marks = [
        *_message_marks(messages),
        *_ledger_marks([story]),
        *_balance_marks([story]),
        *_payment_marks(reader, _payments_of(story)),
    ]
    return Trail(subject, _sorted(marks), left_out)


def _of_payment(reader: Reader, payment: PaymentStory, subject: str) -> Trail:
    stories = [found for name in payment.account_public_ids.values() if (found := reader.account(name))]
    messages, left_out = _messages(reader, stories)
    entries = [entry for story in stories for entry in story.entries if entry.payment_id == payment.payment.id]
    marks = [
        *_message_marks(messages),
        *_entry_marks(entries),
        *_balance_marks(stories),
        *_payment_marks(reader, [payment]),
    ]
    return Trail(subject, _sorted(marks), left_out)


def _payments_of(story: AccountStory) -> list[PaymentStory]:
    by_payment: dict[int, list[Allocation]] = {}
    for allocation in story.allocations:
        by_payment.setdefault(allocation.payment_id, []).append(allocation)
    return [PaymentStory(pay, tuple(by_payment.get(pay.id, ())), {}) for pay in story.payments]


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(set(marks), key=lambda mark: (mark.at, _ORDER[mark.step])))


def _messages(reader: Reader, stories: Iterable[AccountStory]) -> tuple[list[MessageRow], int]:
    """Messages that name these accounts, and those that the ledger says its rows come from."""
    rows: dict[int, MessageRow] = {}
    left_out = 0
    for story in stories:
        for value in dict.fromkeys(name.value for name in story.names):
            wanted = MessageFilter(account=value, limit=_MOST_MESSAGES)
            page = reader.messages(wanted)
            rows |= {row.id: row for row in page}
            if len(page) == _MOST_MESSAGES:
                left_out += reader.count_messages(wanted) - len(page)
        sources = {entry.message_id for entry in story.entries} | {pay.message_id for pay in story.payments}
        sources |= {group.message_id for group in story.account.groups.values()}
        missing = tuple(sorted(sources - rows.keys()))[:_MOST_MESSAGES]
        if missing:
            rows |= {row.id: row for row in reader.messages(MessageFilter(ids=missing, limit=len(missing)))}
    return [rows[number] for number in sorted(rows)], left_out


def _message_marks(rows: Iterable[MessageRow]) -> Iterator[Mark]:
    for row in rows:
        ended = f"{row.state} ({row.reason})" if row.reason else str(row.state)
        answered = f", answered {row.answer}" if row.answer else ""
        yield Mark(
            row.arrived_at, Step.MESSAGE, f"{row.type} from {row.channel}{answered}: {ended}", f"message:{row.id}"
        )


def _ledger_marks(stories: Iterable[AccountStory]) -> Iterator[Mark]:
    for story in stories:
        yield from _entry_marks(story.entries)


def _entry_marks(entries: Iterable[Entry]) -> Iterator[Mark]:
    for entry in entries:
        owed = [line for line in entry.lines if line.book is Book.RECEIVABLE]
        code = f" {entry.memo_code}" if entry.memo_code else ""
        for line in owed:
            text = f"{entry.kind}{code} ({line.responsibility}), by message {entry.message_id}"
            yield Mark(entry.at, Step.LEDGER, text, f"entry:{entry.public_id}", line.amount_minor, line.currency)


def _balance_marks(stories: Iterable[AccountStory]) -> Iterator[Mark]:
    for story in stories:
        seen = story.observation
        if seen is not None:
            text = f"the EHR states what the patient owes, by message {seen.message_id}"
            yield Mark(
                seen.as_of, Step.BALANCE, text, f"account:{story.account.public_id}", seen.amount_minor, seen.currency
            )


def _payment_marks(reader: Reader, payments: Iterable[PaymentStory]) -> Iterator[Mark]:
    for story in payments:
        pay = story.payment
        subject = f"payment:{pay.public_id}"
        yield Mark(pay.taken_at, Step.PAYMENT, f"taken by {pay.tender}", subject, pay.amount_minor, pay.currency)
        of_subject = {f"allocation:{one.id}": one for one in story.allocations}
        deliveries = reader.deliveries(DeliveryFilter(subjects=tuple(of_subject), limit=_MOST_MESSAGES))
        for delivery in deliveries:
            yield from _delivery_marks(delivery, of_subject[delivery.subject])
        for allocation in story.allocations:
            yield from _posting_marks(allocation, story)


def _delivery_marks(delivery: DeliveryStory, allocation: Allocation) -> Iterator[Mark]:
    subject = f"delivery:{delivery.id}"
    again = f", a copy of delivery {delivery.original_id}" if delivery.original_id else ""
    text = f"{delivery.kind} {allocation.wire_id} queued for {delivery.destination}{again}"
    yield Mark(delivery.created_at, Step.DELIVERY, text, subject, allocation.amount_minor, allocation.currency)
    for attempt in delivery.attempts:
        yield Mark(attempt.at, Step.ATTEMPT, f"attempt {attempt.number}", subject)
        if attempt.ended_at:
            said = f" {attempt.code}" if attempt.code else ""
            yield Mark(attempt.ended_at, Step.ANSWER, f"attempt {attempt.number}:{said} {attempt.state}", subject)
    for reply in delivery.replies:
        if reply.is_late:
            yield Mark(reply.at, Step.ANSWER, f"answered {reply.code}, apart from its attempt", subject)


def _posting_marks(allocation: Allocation, story: PaymentStory) -> Iterator[Mark]:
    facts = (
        (allocation.accepted_at, "accepted by the EHR"),
        (allocation.application_acked_at, "acknowledged by the EHR's application"),
        (allocation.confirmed_at, "echoed by the EHR: it stands in its books"),
        (allocation.posted_at, "posted"),
    )
    for at, text in facts:
        if at is not None:
            yield Mark(at, Step.POSTING, f"{allocation.wire_id} {text}", f"payment:{story.payment.public_id}")
