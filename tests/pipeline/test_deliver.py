"""Sending payments: never twice without being reported, one item for a person when the EHR is silent."""

from dataclasses import dataclass, field

import pytest

from interface.errors import UnansweredError, WireError
from interface.ledger.reading import Meaning, MoneyKind, PaymentAllocation, PaymentSaid, Reading, Transaction
from interface.mapping.posting import Posting
from interface.message import DeliveryState, PostingState
from interface.pipeline.deliver import DeliverStage, Sending
from interface.pipeline.process import drain
from interface.pipeline.recover import recover_sends
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.work import WorkItemRow
from tests.pipeline.spoken import DESTINATION, SECOND, Feed, destination, number, update

SILENCE = UnansweredError("reply-timeout", "no answer in time")
UNREACHABLE = WireError("connect-failed", "nothing listens")


def render(posting: Posting, control_id: str, _now: int) -> bytes:
    return f"{control_id}|{posting.wire_id}|{posting.kind}|{posting.amount_minor}|{posting.account.value}".encode()


@dataclass
class Ehr:
    """The far side as a test plays it: what it was sent, in order."""

    got: list[bytes] = field(default_factory=list)

    def take(self, sending: Sending) -> None:
        self.got.append(sending.payload)

    def wire_ids(self) -> list[str]:
        return [payload.decode().split("|")[1] for payload in self.got]


def pay(feed: Feed, amounts: dict[str, int], name: str = "TX") -> None:
    """One payment for each account."""
    for place, (account, cents) in enumerate(amounts.items()):
        with feed.store.snapshot() as reader:
            story = reader.account(account)
        assert story is not None
        share = PaymentAllocation(None, story.account.public_id, cents)
        said = PaymentSaid(f"{name}{place}", cents, "USD", (share,), "visa", last4="4242", taken_at=feed.clock.now())
        feed.receive(Reading(Meaning.PAYMENT, said.taken_at, payment=said))
    drain(feed.stage(), 64)


def prepared(feed: Feed, accounts: int, **plan: object) -> DeliverStage:
    feed.destinations = {DESTINATION: destination(**plan)}  # type: ignore[arg-type] - each test names the fields it needs
    feed.receive(*(update(str(place), f"A{place}") for place in range(accounts)))
    drain(feed.stage(), 64)
    return DeliverStage(feed.store, feed.destinations[DESTINATION], render, feed.clock, lambda: 0.5)


def send(stage: DeliverStage, ehr: Ehr) -> Sending:
    delivery = stage.next_due()
    assert delivery is not None
    sending = stage.begin(delivery)
    assert sending is not None
    ehr.take(sending)
    return sending


def stories(feed: Feed) -> list[DeliveryStory]:
    with feed.store.snapshot() as reader:
        return reader.deliveries(DeliveryFilter(limit=1000))


def states(feed: Feed) -> list[DeliveryState]:
    return [story.state for story in stories(feed)]


def items(feed: Feed) -> list[WorkItemRow]:
    with feed.store.snapshot() as reader:
        return reader.work_items(only_open=True, beyond_id=0, limit=1000)


def posting(feed: Feed, account: str) -> list[PostingState | None]:
    with feed.store.snapshot() as reader:
        story = reader.account(account)
    assert story is not None
    return [allocation.posting for allocation in story.allocations]


def test_an_accepted_payment_is_delivered_and_posted_where_accept_counts(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    stage.answered(send(stage, ehr), "AA", "", b"MSA|AA")
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]
    assert stage.next_due() is None


@pytest.mark.parametrize(
    ("posted_when", "code", "expected"),
    [
        ("accept", "CA", PostingState.POSTED),
        ("application", "CA", PostingState.ACCEPTED),
        ("application", "AA", PostingState.POSTED),
        ("echo", "AA", PostingState.ACCEPTED),
    ],
)
def test_the_channel_says_what_counts_as_posted(
    feed: Feed, posted_when: str, code: str, expected: PostingState
) -> None:
    stage = prepared(feed, 1, posted_when=posted_when)
    pay(feed, {"A0": 500})
    stage.answered(send(stage, Ehr()), code, "", b"")
    assert posting(feed, "A0") == [expected]


def test_a_refusal_of_the_content_goes_to_a_person_at_once(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.answered(send(stage, Ehr()), "AE", "204", b"")
    assert states(feed) == [DeliveryState.REJECTED]
    assert posting(feed, "A0") == [PostingState.REJECTED]
    assert [item.kind for item in items(feed)] == ["rejected-delivery"]


def test_a_receiver_in_trouble_gets_the_same_bytes_again(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    stage.answered(send(stage, ehr), "AR", "207", b"")
    assert stage.next_due() is None, "it waits first"
    feed.clock.at += 10 * SECOND
    stage.answered(send(stage, ehr), "AA", "", b"")
    assert ehr.got[0] == ehr.got[1]
    assert states(feed) == [DeliveryState.DELIVERED]


def test_what_was_never_sent_stays_first_in_line(feed: Feed) -> None:
    stage, ehr = prepared(feed, 2), Ehr()
    pay(feed, {"A0": 500, "A1": 600})
    stage.failed(send(stage, ehr), UNREACHABLE)
    again = stage.next_due()
    assert again is not None and again.subject == stories(feed)[0].subject


def test_an_unanswered_send_is_ambiguous_and_suspends_the_destination(feed: Feed) -> None:
    stage = prepared(feed, 2)
    pay(feed, {"A0": 500, "A1": 600})
    stage.failed(send(stage, Ehr()), SILENCE)
    assert states(feed) == [DeliveryState.AMBIGUOUS, DeliveryState.QUEUED]
    assert stage.next_due() is None
    assert [item.kind for item in items(feed)] == ["ambiguous-delivery"]


def test_an_unanswered_send_is_repeated_where_the_destination_recognises_repeats(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1, deduplicates=True, max_unresolved=5), Ehr()
    pay(feed, {"A0": 500})
    stage.failed(send(stage, ehr), SILENCE)
    feed.clock.at += 10 * SECOND
    stage.answered(send(stage, ehr), "AA", "", b"")
    assert ehr.got[0] == ehr.got[1]
    assert items(feed) == []


PAYMENTS = 120


def test_two_silent_hours_leave_one_item_and_the_rest_goes_out_in_order(feed: Feed) -> None:
    stage, ehr = prepared(feed, PAYMENTS), Ehr()
    pay(feed, {f"A{place}": 100 + place for place in range(PAYMENTS)})
    stage.failed(send(stage, ehr), SILENCE)
    probes = 0
    for _ in range(2 * 3600 // 20):
        feed.clock.at += 20 * SECOND
        assert stage.next_due() is None
        if stage.look().is_probe_due:
            probes += 1
            stage.probed(is_alive=False)
    assert 10 < probes < 60, "the probe backs off"
    feed.clock.at += 600 * SECOND
    assert stage.look().is_probe_due
    stage.probed(is_alive=True)
    while stage.next_due() is not None:
        stage.answered(send(stage, ehr), "AA", "", b"")
    assert states(feed).count(DeliveryState.AMBIGUOUS) == 1
    assert states(feed).count(DeliveryState.DELIVERED) == PAYMENTS - 1
    assert ehr.wire_ids() == sorted(ehr.wire_ids(), key=lambda name: int(name, 36)), "in the order of taking"
    assert len(set(ehr.wire_ids())) == PAYMENTS
    assert len(items(feed)) == 1


def test_a_late_answer_settles_an_ambiguous_send(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.failed(sending, SILENCE)
    stage.late_ack(sending.control_id, "AA")
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]
    assert items(feed) == []


def test_an_ambiguous_payment_holds_back_later_ones_of_its_account_only(feed: Feed) -> None:
    stage, ehr = prepared(feed, 2, max_unresolved=9), Ehr()
    pay(feed, {"A0": 500})
    stage.failed(send(stage, ehr), SILENCE)
    pay(feed, {"A0": 700, "A1": 900}, "TY")
    stage.answered(send(stage, ehr), "AA", "", b"")
    assert [payload.decode().rsplit("|", 1)[1] for payload in ehr.got] == ["A0", "A1"]
    assert stage.next_due() is None


def test_an_intent_without_an_outcome_is_ambiguous_after_a_crash(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    send(stage, ehr)
    assert recover_sends(feed.store, feed.destinations, feed.clock) == 1
    assert states(feed) == [DeliveryState.AMBIGUOUS]
    assert stage.next_due() is None
    assert [(item.kind, item.currency) for item in items(feed)] == [("ambiguous-delivery", "USD")]


def test_a_payment_that_no_channel_takes_becomes_a_work_item(feed: Feed) -> None:
    prepared(feed, 1)
    feed.destinations = {}
    pay(feed, {"A0": 500})
    assert [(item.kind, item.amount_minor, item.currency) for item in items(feed)] == [("no-destination", 500, "USD")]


@pytest.mark.parametrize("failure", [SILENCE, None])
def test_an_echo_settles_what_no_answer_settled(feed: Feed, failure: UnansweredError | None) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    sending = send(stage, ehr)
    if failure is not None:
        stage.failed(sending, failure)
    else:
        stage.answered(sending, "AE", "204", b"")
    echo = Transaction(
        MoneyKind.PAYMENT,
        500,
        "USD",
        id=ehr.wire_ids()[0],
        type_code="PY",
        occurred_on="2026-01-05",
        account=number("A0"),
        place="FT1[1]",
    )
    feed.receive(Reading(Meaning.TRANSACTIONS, feed.clock.now(), facility="NORTH", transactions=(echo,)))
    drain(feed.stage(), 64)
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]
    assert items(feed) == []


def test_an_echo_withdraws_what_was_to_be_sent_again(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    stage.answered(send(stage, ehr), "AR", "207", b"")
    name = ehr.wire_ids()[0]
    echo = Transaction(
        MoneyKind.PAYMENT, 500, "USD", id=name, type_code="PY", occurred_on="2026-01-05", account=number("A0")
    )
    feed.receive(Reading(Meaning.TRANSACTIONS, feed.clock.now(), facility="NORTH", transactions=(echo,)))
    drain(feed.stage(), 64)
    assert states(feed) == [DeliveryState.WITHDRAWN]
    assert posting(feed, "A0") == [PostingState.POSTED]
