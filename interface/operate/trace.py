"""The whole story of a payment or an account on one time line: messages, ledger entries, deliveries, attempts, answers, echo."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from interface.ledger.journal import Book, Entry
from interface.ledger.payment import Allocation
from interface.operate.account import find_account, find_payment
from interface.operate.act import By, note, unknown
from interface.ports import Reader, Store
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow
from interface.view.money import AccountStory, PaymentStory

Arrivals = Mapping[int, int]  # message id to the time at which it arrived
_MOST_MESSAGES = 500  # of one account
_SECOND = 1_000_000


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
    SETTLEMENT = "settlement"


_ORDER = {step: place for place, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Mark:
    """One line: when we learnt it, what kind of step, what happened (names, ids, codes, amounts), its subject (`message:17`)."""

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
        found = find_payment(reader, name) if name.startswith("tx_") else reader.payment(name)
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
    sources = {entry.message_id for entry in story.entries} | {pay.message_id for pay in story.payments}
    messages, left_out = _messages(reader, [story], sources | _echoes(story.allocations))
    arrivals = {row.id: row.arrived_at for row in messages}
    marks = [
        *_message_marks(messages),
        *_entry_marks(story, story.entries, arrivals),
        *_balance_marks(story, arrivals),
        *_payment_marks(reader, _payments_of(story), arrivals),
    ]
    return Trail(subject, _sorted(marks), left_out)


def _of_payment(reader: Reader, payment: PaymentStory, subject: str) -> Trail:
    stories = [found for name in payment.account_public_ids.values() if (found := reader.account(name))]
    sources = {payment.payment.message_id} | _echoes(payment.allocations)
    messages, left_out = _messages(reader, stories, sources)
    arrivals = {row.id: row.arrived_at for row in messages}
    marks = [*_message_marks(messages), *_payment_marks(reader, [payment], arrivals)]
    for story in stories:
        own = [entry for entry in story.entries if entry.payment_id == payment.payment.id]
        marks += [*_entry_marks(story, own, arrivals), *_balance_marks(story, arrivals)]
    return Trail(subject, _sorted(marks), left_out)


def _echoes(allocations: Iterable[Allocation]) -> set[int]:
    return {one.echo_message_id for one in allocations if one.echo_message_id}


def _payments_of(story: AccountStory) -> list[PaymentStory]:
    by_payment: dict[int, list[Allocation]] = {}
    for allocation in story.allocations:
        by_payment.setdefault(allocation.payment_id, []).append(allocation)
    return [PaymentStory(pay, tuple(by_payment.get(pay.id, ())), {}) for pay in story.payments]


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(dict.fromkeys(marks), key=lambda mark: (mark.at, _ORDER[mark.step])))


def _messages(reader: Reader, stories: Iterable[AccountStory], sources: Iterable[int]) -> tuple[list[MessageRow], int]:
    """Messages that name these accounts, those that their rows come from, and `sources`; and how many are too many."""
    rows: dict[int, MessageRow] = {}
    wanted_ids = set(sources)
    left_out = 0
    for story in stories:
        for value in dict.fromkeys(name.value for name in story.names):
            wanted = MessageFilter(account=value, limit=_MOST_MESSAGES)
            page = reader.messages(wanted)
            rows |= {row.id: row for row in page}
            if len(page) == _MOST_MESSAGES:
                left_out += reader.count_messages(wanted) - len(page)
        wanted_ids |= {group.message_id for group in story.account.groups.values()}
    if missing := tuple(sorted(wanted_ids - rows.keys()))[:_MOST_MESSAGES]:
        rows |= {row.id: row for row in reader.messages(MessageFilter(ids=missing, limit=len(missing)))}
    return [rows[number] for number in sorted(rows)], left_out


def _message_marks(rows: Iterable[MessageRow]) -> Iterator[Mark]:
    for row in rows:
        ended = f"{row.state} ({row.reason})" if row.reason else str(row.state)
        answered = f", answered {row.answer}" if row.answer else ""
        brought = f", message {row.batch_position} of batch {row.batch_id}" if row.batch_id else ""
        text = f"{row.type} from {row.channel}{brought}{answered}: {ended}"
        yield Mark(row.arrived_at, Step.MESSAGE, text, f"message:{row.id}")


def _entry_marks(story: AccountStory, entries: Iterable[Entry], arrivals: Arrivals) -> Iterator[Mark]:
    own = {story.account.id, *story.merged_ids}
    for entry in entries:
        code = f" {entry.memo_code}" if entry.memo_code else ""
        at = arrivals.get(entry.message_id, entry.at)
        for line in entry.lines:
            if line.book is Book.RECEIVABLE and line.account_id in own:
                text = f"{entry.kind}{code}, {line.responsibility}{_dated(entry.at, at)}; message {entry.message_id}"
                yield Mark(at, Step.LEDGER, text, f"entry:{entry.public_id}", line.amount_minor, line.currency)


def _balance_marks(story: AccountStory, arrivals: Arrivals) -> Iterator[Mark]:
    for seen in story.observations:
        at = arrivals.get(seen.message_id, seen.as_of)
        text = f"the EHR states what the patient owes{_dated(seen.as_of, at)}; message {seen.message_id}"
        subject = f"account:{story.account.public_id}"
        yield Mark(at, Step.BALANCE, text, subject, seen.amount_minor, seen.currency)


def _dated(said: int, at: int) -> str:
    """The day that the sender names, where it is not the day on which we heard of it."""
    day, heard = (datetime.fromtimestamp(each // _SECOND, UTC).date() for each in (said, at))
    return "" if day == heard else f", of {day}"


def _payment_marks(reader: Reader, payments: Iterable[PaymentStory], arrivals: Arrivals) -> Iterator[Mark]:
    for story in payments:
        pay = story.payment
        at = arrivals.get(pay.message_id, pay.taken_at)
        subject = f"payment:{pay.public_id}"
        yield Mark(at, Step.PAYMENT, f"taken by {pay.tender}", subject, pay.amount_minor, pay.currency)
        if pay.settled_at is not None:
            batch = f" in batch {pay.settlement_batch}" if pay.settlement_batch else ""
            yield Mark(pay.settled_at, Step.SETTLEMENT, f"settled{batch}", subject, pay.amount_minor, pay.currency)
        for allocation in story.allocations:
            carried = (f"allocation:{allocation.id}", f"notice:{allocation.id}")
            deliveries = reader.deliveries(DeliveryFilter(subjects=carried))
            for delivery in deliveries:
                yield from _delivery_marks(delivery, allocation)
            yield from _posting_marks(allocation, story, arrivals)


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


def _posting_marks(allocation: Allocation, story: PaymentStory, arrivals: Arrivals) -> Iterator[Mark]:
    # The echo is dated by the EHR's clock, often in whole seconds: what we know is when its message came.
    echo_id = allocation.echo_message_id
    echoed_at = arrivals.get(echo_id, allocation.confirmed_at) if echo_id else allocation.confirmed_at
    facts = (
        (allocation.accepted_at, "accepted by the EHR"),
        (allocation.application_acked_at, "acknowledged by the EHR's application"),
        (echoed_at, f"echoed by the EHR: it stands in its books; message {echo_id}"),
        (allocation.posted_at, "posted"),
    )
    subject = f"payment:{story.payment.public_id}"
    for at, text in facts:
        if at is not None:
            yield Mark(at, Step.POSTING, f"{allocation.wire_id} {text}", subject)
