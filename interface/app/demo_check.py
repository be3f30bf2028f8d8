"""A demo's result held against the books of the simulated hospitals, number by number."""

from collections.abc import Sequence

from interface.app.demo_result import AccountLine, DemoResult, HospitalLine
from interface.app.played import Played
from interface.message import MessageState, PostingState
from interface.simulate.record import Record, take_record
from interface.view.money import PaymentStory


def compare(result: DemoResult, played: Sequence[Played]) -> None:
    """Fill `acknowledged`, `hospitals` and `disagreements` of a result whose own numbers are there."""
    result.acknowledged = sum(one.traffic().acknowledged for one in played)
    for one in played:
        facility, record = one.hospital.site.facility, take_record(one.hospital)
        lines = [line for line in result.lines if line.facility == facility]
        known = {line.public_id for line in lines}
        stories = [story for story in result.payment_stories if known & set(story.account_public_ids.values())]
        check = _Check(f"{facility}: ")
        _check_counts(result, one, stories, check)
        _check_accounts(lines, record, check)
        result.disagreements += check.found
        result.hospitals.append(_line(one, lines, stories, result, len(check.found)))
    check = _Check()
    check("payments of all hospitals", sum(one.payments for one in result.hospitals), result.payments)
    check("messages of all hospitals", result.received, sum(one.messages for one in result.hospitals))
    check("work items", result.work_items, 0)
    check("messages that prove the ledger", result.proven, result.processed + result.payments)
    result.disagreements += check.found


def _check_counts(result: DemoResult, one: Played, stories: Sequence[PaymentStory], check: "_Check") -> None:
    traffic, states = one.traffic(), result.states.get(one.channel, {})
    check("messages received", sum(states.values()), traffic.messages)
    check("messages acknowledged", traffic.acknowledged, traffic.messages)
    check("messages filtered", states.get(MessageState.FILTERED, 0), traffic.unwanted)
    check("messages processed", states.get(MessageState.PROCESSED, 0), traffic.messages - traffic.unwanted)
    parts = [part for story in stories for part in story.allocations]
    booked, twice = one.booked()
    check("payments booked by the EHR", booked, len(parts))
    check("payments booked twice", twice, 0)
    check("payments accepted", sum(part.accepted_at is not None for part in parts), len(parts))
    check("payments posted", _posted(stories), len(parts))


def _check_accounts(lines: Sequence[AccountLine], record: Record, check: "_Check") -> None:
    check("accounts", len(lines), len(record.accounts))
    by_number = {line.number: line for line in lines}
    for number, truth in record.accounts.items():
        line = by_number.get(number)
        if line is None:
            check.found.append(f"{check.where}account {number} is missing")
            continue
        check(f"account {number}, charges", line.charges_minor, truth.charges)
        check(f"account {number}, due", line.due_minor, truth.due)
        check(f"account {number}, shown by HealthPay24", line.shown_minor, truth.due)
        check(f"account {number}, owed less paid", line.owed_minor - line.paid_minor, line.due_minor)
        check(f"account {number}, paid", line.paid_minor, truth.our_payments)
        check(f"account {number}, patient", line.patient == truth.patient, True)


def _posted(stories: Sequence[PaymentStory]) -> int:
    return sum(part.posting is PostingState.POSTED for story in stories for part in story.allocations)


def _line(
    one: Played, lines: Sequence[AccountLine], stories: Sequence[PaymentStory], result: DemoResult, differing: int
) -> HospitalLine:
    site = one.hospital.site
    return HospitalLine(
        facility=site.facility,
        channel=one.channel,
        wire=one.wire,
        messages=sum(result.states.get(one.channel, {}).values()),
        accounts=len(lines),
        currency=site.currency,
        charges_minor=sum(line.charges_minor for line in lines),
        payments=len(stories),
        paid_minor=sum(line.paid_minor for line in lines),
        posted=_posted(stories),
        due_minor=sum(line.due_minor for line in lines),
        differing=differing,
    )


class _Check:
    """Notes what differs; numbers only. `where` begins each line."""

    def __init__(self, where: str = "") -> None:
        self.where = where
        self.found: list[str] = []

    def __call__(self, what: str, ours: int | None, theirs: int) -> None:
        if ours != theirs:
            self.found.append(f"{self.where}{what}: the engine has {ours}, the simulator {theirs}")
