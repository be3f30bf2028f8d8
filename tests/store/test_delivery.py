"""Deliveries: order by account, intent before the first byte, every outcome once, and what is known of postings."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from interface.errors import ActRefusedError
from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Noun
from interface.message import DeliveryState, PostingState
from interface.row.delivery import DestinationState, Outcome, PostingFact
from interface.store.store import SqlStore
from interface.view.count import PauseKind
from interface.view.delivery import DeliveryFilter
from tests.store.given import HAR, MR, START, account, allocation, entry, named, patient, payment, received, wanted

TO = "epic/dft"


def enqueue(store: SqlStore, *orders: int, **more: object) -> list[int]:
    with store.turn("process") as turn:
        return turn.enqueue([wanted(f"delivery-test:{n}", order_key=n, **more) for n in orders])


def due(store: SqlStore, now: int = START) -> list[int]:
    with store.snapshot() as reader:
        return [one.id for one in reader.due(TO, now, 10)]


def begin(store: SqlStore, number: int, control_id: str = "W1") -> bool:
    with store.turn("deliver") as turn:
        return turn.begin_attempt(number, b"MSH|payload", control_id, START + 1)


def end(store: SqlStore, number: int, state: DeliveryState, code: str = "AA", **more: object) -> None:
    with store.turn("deliver") as turn:
        turn.end_attempt(number, Outcome(state, START + 2, code, "said", **more))  # type: ignore[arg-type]  # by name


def paid(store: SqlStore) -> None:
    """A payment of one allocation, queued for delivery."""
    (message,) = received(store, 1)
    changes = LedgerChanges(
        created=[patient(), account()],
        identifiers=[named(Noun.PATIENT, MR, 1), named(Noun.ACCOUNT, HAR, 1)],
        entries=[entry(1, message)],
        payments=[payment(message)],
        allocations=[allocation()],
    )
    sealed = store.seal(changes)
    with store.turn("process") as turn:
        turn.save(sealed, 1)
        turn.enqueue([wanted()])


def posting(store: SqlStore) -> PostingState | None:
    with store.snapshot() as reader:
        story = reader.payment("pay_1")
    assert story is not None
    return story.allocations[0].posting


def test_the_oldest_of_each_account_is_due(store: SqlStore) -> None:
    first, _second, other = enqueue(store, 1, 1, 2)
    assert due(store) == [first, other]


def test_what_asks_for_no_order_waits_for_nothing(store: SqlStore) -> None:
    ids = enqueue(store, 0, 0)
    assert due(store) == ids


def test_nothing_is_due_before_its_time_or_elsewhere(store: SqlStore) -> None:
    enqueue(store, 1, due_at=START + 50)
    assert due(store, START + 49) == []
    with store.snapshot() as reader:
        assert reader.due("epic/other", START + 99, 10) == []


@pytest.mark.parametrize(
    ("state", "moves_on"),
    [
        (DeliveryState.DELIVERED, True),
        (DeliveryState.REJECTED, True),
        (DeliveryState.AMBIGUOUS, False),
        (DeliveryState.QUEUED, False),
    ],
)
def test_an_accounts_next_delivery_follows_only_a_settled_one(
    store: SqlStore, state: DeliveryState, moves_on: bool
) -> None:
    first, second = enqueue(store, 1, 1)
    begin(store, first)
    assert due(store) == []
    end(store, first, state, due_at=START + 99)
    assert due(store) == ([second] if moves_on else [])


def test_the_first_payload_stays(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    assert begin(store, number)
    end(store, number, DeliveryState.QUEUED, "connection-lost")
    with store.turn("deliver") as turn:
        assert turn.begin_attempt(number, b"other bytes", "W2", START + 3)
    with store.snapshot() as reader:
        (story,) = reader.deliveries(DeliveryFilter())
        assert reader.payload(number) == b"MSH|payload"
    assert story.control_id == "W1"
    assert [(one.number, one.code, one.state) for one in story.attempts] == [
        (1, "connection-lost", DeliveryState.QUEUED),
        (2, "", None),
    ]


def test_only_what_is_queued_can_be_begun(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    assert begin(store, number)
    assert not begin(store, number)


def test_an_outcome_is_written_once(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    begin(store, number)
    end(store, number, DeliveryState.AMBIGUOUS, "reply-timeout")
    end(store, number, DeliveryState.DELIVERED, "AA", reply=b"MSA|AA|W1")
    with store.snapshot() as reader:
        (story,) = reader.deliveries(DeliveryFilter(ids=(number,)))
    assert (story.state, story.cause) == (DeliveryState.DELIVERED, "")
    assert [(one.code, one.state) for one in story.attempts] == [("reply-timeout", DeliveryState.AMBIGUOUS)]
    assert [(one.code, one.is_late) for one in story.replies] == [("AA", True)]


def test_an_illegal_outcome_is_refused(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    begin(store, number)
    end(store, number, DeliveryState.DELIVERED)
    with pytest.raises(ActRefusedError, match="illegal-move"):
        end(store, number, DeliveryState.QUEUED)


def test_an_acknowledgement_that_comes_apart_finds_its_delivery(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    begin(store, number)
    with store.turn("deliver") as turn:
        found = turn.application_ack("W1", "AE", START + 5)
        assert turn.application_ack("W9", "AE", START + 5) is None
    assert found is not None and found.id == number


def test_an_answer_to_an_older_rendering_still_finds_its_delivery(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    begin(store, number)
    end(store, number, DeliveryState.REJECTED, "AE")
    with store.turn("act") as turn:
        turn.queue_again(number, START, "corrected", anew=True)
    with store.snapshot() as reader:
        assert reader.payload(number) is None
    begin(store, number, "W2")
    with store.turn("deliver") as turn:
        for control_id in ("W1", "W2"):
            found = turn.application_ack(control_id, "AA", START + 5)
            assert found is not None and (found.id, found.control_id) == (number, "W2")


def test_sends_without_an_outcome_become_ambiguous(store: SqlStore) -> None:
    first, second = enqueue(store, 1, 2)
    begin(store, first)
    with store.turn("recover") as turn:
        assert [one.id for one in turn.recover_sends(START + 9)] == [first]
    with store.snapshot() as reader:
        story = reader.deliveries(DeliveryFilter(ids=(first,)))[0]
    assert (story.state, story.cause) == (DeliveryState.AMBIGUOUS, "stopped-while-sending")
    assert story.attempts[0].ended_at == START + 9
    assert due(store) == [second]


def test_a_withdrawn_delivery_lets_the_next_one_go(store: SqlStore) -> None:
    first, second = enqueue(store, 1, 1)
    with store.turn("act") as turn:
        turn.withdraw(first, "wrong amount")
    assert due(store) == [second]


def test_a_resend_is_a_linked_copy(store: SqlStore) -> None:
    (first,) = enqueue(store, 1)
    begin(store, first)
    end(store, first, DeliveryState.DELIVERED)
    with store.turn("act") as turn:
        copy = turn.resend(first, b"MSH|payload", "W7", START)
    with store.snapshot() as reader:
        (one,) = reader.due(TO, START, 10)
        (story,) = reader.deliveries(DeliveryFilter(ids=(copy,)))
    assert (one.id, one.payload, one.control_id) == (copy, b"MSH|payload", "W7")
    assert story.original_id == first


def test_deliveries_are_found_by_what_they_are_about(store: SqlStore) -> None:
    (message,) = received(store, 1)
    with store.turn("process") as turn:
        ids = turn.enqueue(
            [wanted("allocation:5"), wanted(f"message:{message}", kind="acknowledgement", payload=b"MSA")]
        )
    with store.snapshot() as reader:
        by_subject = reader.deliveries(DeliveryFilter(subjects=("allocation:5",)))
        by_message = reader.deliveries(DeliveryFilter(reply_to=(message,), destination=TO))
        by_state = reader.deliveries(DeliveryFilter(states=(DeliveryState.QUEUED,), since=START, until=START + 1))
        assert reader.deliveries(DeliveryFilter(destination="nowhere")) == []
    assert [one.id for one in by_subject] == ids[:1]
    assert [one.id for one in by_message] == ids[1:]
    assert [one.id for one in by_state] == ids


def test_destinations_are_counted_by_state(store: SqlStore) -> None:
    first, second, _third = enqueue(store, 1, 2, 3)
    begin(store, first)
    end(store, first, DeliveryState.DELIVERED)
    begin(store, second)
    with store.snapshot() as reader:
        (counted,) = reader.destination_counts()
    assert {state: n for state, n in counted.states.items() if n} == {
        DeliveryState.QUEUED: 1,
        DeliveryState.SENDING: 1,
        DeliveryState.DELIVERED: 1,
    }
    assert counted.oldest_queued_at == START


def test_facts_about_a_posting_stand_apart_and_the_first_stays(store: SqlStore) -> None:
    paid(store)
    with store.turn("deliver") as turn:
        turn.posting_facts([PostingFact(1, "accepted", START + 1), PostingFact(1, "application-acked", START + 2)])
    assert posting(store) is PostingState.ACCEPTED
    with store.turn("deliver") as turn:
        turn.posting_facts([PostingFact(1, "accepted", START + 7), PostingFact(1, "posted", START + 3)])
    with store.snapshot() as reader:
        story = reader.payment("pay_1")
        (counted,) = reader.destination_counts()
    assert story is not None
    (found,) = story.allocations
    assert (found.accepted_at, found.application_acked_at, found.posted_at) == (START + 1, START + 2, START + 3)
    assert (found.posting, found.confirmed_at, counted.posted) == (PostingState.POSTED, None, 1)


def test_a_refused_posting_tells_why_and_a_posted_one_stays_posted(store: SqlStore) -> None:
    paid(store)
    with store.turn("deliver") as turn:
        turn.posting_facts([PostingFact(1, "rejected", START + 1, "AE")])
    with store.snapshot() as reader:
        story = reader.payment("pay_1")
    assert story is not None and story.causes == {1: "AE"}
    with store.turn("deliver") as turn:
        turn.posting_facts([PostingFact(1, "posted", START + 2), PostingFact(1, "rejected", START + 3, "AR")])
    assert posting(store) is PostingState.POSTED


def test_a_posting_is_seen_through_current_identities(store: SqlStore) -> None:
    paid(store)
    with store.snapshot() as reader:
        seen = reader.posting(1)
    assert (seen.account, seen.patient, seen.family) == (HAR, MR, "Quillfeather")
    assert (seen.wire_id, seen.amount_minor, seen.currency, seen.last4) == ("0LABC1", 2500, "USD", "4242")
    assert (seen.kind, seen.original_wire_id, seen.original_posting) == ("payment", "", None)


def test_an_unknown_posting_is_refused(store: SqlStore) -> None:
    with pytest.raises(ActRefusedError, match="allocation-unknown"), store.snapshot() as reader:
        reader.posting(99)


def at_once(first: Callable[[], object], then: Callable[[], object], between: Callable[[], object]) -> None:
    """Run `then` in a thread of its own while `first` is done and not committed; `between` is what commits it."""
    first()
    thread = threading.Thread(target=then)
    thread.start()
    thread.join(0.5)
    between()
    thread.join(30)
    assert not thread.is_alive()


def test_an_answer_and_a_persons_word_at_once_do_not_both_count(store: SqlStore) -> None:
    (number,) = enqueue(store, 1)
    begin(store, number)
    end(store, number, DeliveryState.AMBIGUOUS, "reply-timeout")
    refused: list[str] = []

    def not_posted() -> None:
        try:
            with store.turn("resolve") as turn:
                turn.queue_again(number, START, "resolved", anew=True)
        except ActRefusedError as error:
            refused.append(error.code)

    with ExitStack() as late:
        turn = late.enter_context(store.turn("deliver"))
        at_once(
            lambda: turn.end_attempt(number, Outcome(DeliveryState.DELIVERED, START + 9, "AA")), not_posted, late.close
        )
    assert refused == ["illegal-move"]
    assert due(store) == []


def test_facts_that_are_found_out_at_once_are_all_kept(store: SqlStore) -> None:
    paid(store)

    def confirmed() -> None:
        with store.turn("process") as turn:
            turn.posting_facts([PostingFact(1, "confirmed", START + 5), PostingFact(1, "posted", START + 5)])

    with ExitStack() as answer:
        turn = answer.enter_context(store.turn("deliver"))
        at_once(lambda: turn.posting_facts([PostingFact(1, "accepted", START + 4)]), confirmed, answer.close)
    with store.snapshot() as reader:
        story = reader.payment("pay_1")
    assert story is not None
    (found,) = story.allocations
    assert (found.accepted_at, found.confirmed_at, found.posting) == (START + 4, START + 5, PostingState.POSTED)


def test_a_pause_and_a_suspension_at_once_are_both_kept(store: SqlStore) -> None:
    with store.turn("deliver") as turn:
        turn.set_destination_state(DestinationState(TO, unanswered=1))

    def pause() -> None:
        with store.turn("act") as turn:
            assert turn.pause(PauseKind.DESTINATION, TO, "kim")

    with ExitStack() as silence:
        turn = silence.enter_context(store.turn("deliver"))
        at_once(
            lambda: turn.set_destination_state(DestinationState(TO, START, START + 5, unanswered=2)),
            pause,
            silence.close,
        )
    with store.snapshot() as reader:
        assert reader.destination_state(TO) == DestinationState(TO, START, START + 5, 0, "kim", 2)
