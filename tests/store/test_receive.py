"""Receiving: every arrival counted, every distinct message kept once, answers decided once."""

import threading
from collections.abc import Callable
from dataclasses import replace

from interface.message import MessageState
from interface.store.store import SqlStore
from interface.view.count import ChannelCount
from tests.store.given import START, HandClock, control_id, finish, intake, receive, row, run, waiting


def counts(store: SqlStore) -> ChannelCount:
    with store.snapshot() as reader:
        (only,) = reader.channel_counts()
    return only


def test_a_message_comes_back_as_it_arrived(store: SqlStore) -> None:
    receive(store, intake(1))
    (message,) = waiting(store)
    assert (message.raw, message.source, message.message_type) == (intake(1).raw, "epic", "ADT^A08")
    assert (control_id(message), message.arrived_at, message.state) == ("C1", START + 1, MessageState.WAITING)


def test_ids_follow_the_order_of_arrival(store: SqlStore) -> None:
    first = receive(store, intake(1), intake(2))
    second = receive(store, intake(3))
    ids = [one.message_id for one in first + second]
    assert ids == sorted(ids)
    assert [control_id(message) for message in waiting(store)] == ["C1", "C2", "C3"]


def test_the_same_bytes_again_are_a_repeat_with_the_first_answer(store: SqlStore) -> None:
    (first,) = receive(store, intake(1, answer="CA"))
    (again,) = receive(store, intake(1, answer="AA"))
    assert not first.is_duplicate
    assert again.is_duplicate
    assert (again.message_id, again.answer) == (first.message_id, "CA")


def test_a_repeat_within_one_batch_is_told(store: SqlStore) -> None:
    first, other, again = receive(store, intake(1), intake(2), intake(1))
    assert [one.is_duplicate for one in (first, other, again)] == [False, False, True]
    assert again.message_id == first.message_id


def test_the_same_bytes_from_another_source_are_another_message(store: SqlStore) -> None:
    first, other = receive(store, intake(1), intake(1, source="cerner"))
    assert not other.is_duplicate
    assert first.message_id != other.message_id


def test_the_same_control_id_with_other_bytes_is_another_message(store: SqlStore) -> None:
    _first, other = receive(store, intake(1), intake(1, raw=b"MSH|^~\\&|other"))
    assert not other.is_duplicate


def test_a_control_id_that_its_sender_used_before_is_told_of_both_messages(store: SqlStore) -> None:
    first, other = receive(store, intake(1), intake(1, raw=b"MSH|^~\\&|other"))
    elsewhere, alone = receive(store, intake(1, source="cerner"), intake(2))
    with store.snapshot() as reader:
        stories = [reader.message(one.message_id) for one in (first, other, elsewhere, alone)]
    assert [story.namesakes for story in stories if story] == [(other.message_id,), (first.message_id,), (), ()]
    assert [story.warnings for story in stories if story][::3] == [("control-id-reused MSH-10",), ()]


def test_a_control_id_that_comes_again_after_a_refusal_is_not_reused(store: SqlStore) -> None:
    _refused, mended = receive(
        store,
        intake(1, state=MessageState.REFUSED, answer="AE", reason="message-type-missing"),
        intake(1, raw=b"MSH|^~\\&|mended"),
    )
    with store.snapshot() as reader:
        story = reader.message(mended.message_id)
    assert story is not None
    assert story.namesakes == ()


def test_another_sender_on_the_channel_has_numbers_of_its_own(store: SqlStore) -> None:
    one, _other = receive(store, intake(1), replace(intake(1, raw=b"MSH|^~\\&|B"), sender="OTHER|NORTH"))
    with store.snapshot() as reader:
        story = reader.message(one.message_id)
    assert story is not None
    assert story.namesakes == ()


def test_what_was_refused_runs_anew_when_it_comes_again(store: SqlStore) -> None:
    refused = intake(1, state=MessageState.REFUSED, answer="AR", reason="not-production")
    (first,) = receive(store, refused)
    (again,) = receive(store, intake(1))
    assert (again.message_id, again.is_duplicate, again.state, again.answer) == (
        first.message_id,
        False,
        MessageState.WAITING,
        "AA",
    )
    assert [message.id for message in waiting(store)] == [first.message_id]
    assert row(store, first.message_id).reason == ""


def test_what_is_refused_twice_is_answered_alike(store: SqlStore) -> None:
    refused = intake(1, state=MessageState.REFUSED, answer="AR", reason="not-production")
    receive(store, refused)
    (again,) = receive(store, refused)
    assert (again.is_duplicate, again.answer) == (True, "AR")


def test_a_repeat_of_what_is_still_being_answered_waits_for_the_same_answer(store: SqlStore) -> None:
    (first,) = receive(store, intake(1, answer="?"))
    (again,) = receive(store, intake(1, answer="?"))
    assert (again.is_duplicate, again.answer) == (True, "?")
    with store.turn("answer") as turn:
        assert turn.settle_answers({first.message_id: "AE"}) == {first.message_id: "AE"}
        assert turn.settle_answers({first.message_id: "AA"}) == {first.message_id: "AE"}
    with store.snapshot() as reader:
        settled = reader.settled_answers([first.message_id])[first.message_id]
        story = reader.message(first.message_id)
    assert settled is not None and settled.code == "AE"
    assert story is not None and [arrival.answer for arrival in story.arrivals] == ["AE", "AE"]


def test_an_undecided_answer_is_none(store: SqlStore) -> None:
    (first,) = receive(store, intake(1, answer="?"))
    assert waiting(store)[0].answer_pending
    with store.snapshot() as reader:
        assert reader.settled_answers([first.message_id]) == {}


def test_a_settled_answer_carries_what_explains_it(store: SqlStore) -> None:
    (first,) = receive(store, intake(1, answer="?"))
    ended = run(
        first.message_id, MessageState.REFUSED, cause="x", place="PID-3", text="rule", hl7_code="101", answer="AE"
    )
    with store.turn("test") as turn:
        assert turn.settle_answers({first.message_id: "AE"}) == {first.message_id: "AE"}
    finish(store, ended)
    with store.snapshot() as reader:
        settled = reader.settled_answers([first.message_id])[first.message_id]
    assert settled is not None
    assert (settled.code, settled.hl7_code, settled.place, settled.text) == ("AE", "101", "PID-3", "rule")


def test_received_is_duplicates_and_all_states_together(store: SqlStore) -> None:
    receive(store, intake(1), intake(2), intake(1), intake(3, state=MessageState.INCOMPLETE, answer=""))
    receive(store, intake(1), intake(4, state=MessageState.REFUSED, answer="AR", reason="r"))
    finish(store, run(1, MessageState.FILTERED))
    found = counts(store)
    assert (found.received, found.duplicates) == (6, 2)
    assert {state: n for state, n in found.states.items() if n} == {
        MessageState.WAITING: 1,
        MessageState.FILTERED: 1,
        MessageState.INCOMPLETE: 1,
        MessageState.REFUSED: 1,
    }
    assert found.oldest_waiting_at == START + 2
    assert found.last_arrival_at == START + 4


def test_masked_card_numbers_are_incidents_that_name_places_only(store: SqlStore) -> None:
    (first,) = receive(store, intake(1, incidents=("NTE-3", "FT1-9")))
    with store.snapshot() as reader:
        story = reader.message(first.message_id)
    assert story is not None and story.row.is_pan_redacted
    assert [incident.place for incident in story.incidents] == ["NTE-3", "FT1-9"]


def test_a_batch_that_fails_leaves_nothing(store: SqlStore) -> None:
    prepared = store.prepare([intake(1)])
    try:
        with store.turn("receive") as turn:
            turn.receive(prepared)
            raise RuntimeError
    except RuntimeError:
        pass
    assert waiting(store) == []
    with store.snapshot() as reader:
        assert reader.channel_counts() == []


def test_words_written_by_a_failed_turn_are_written_again(store: SqlStore) -> None:
    prepared = store.prepare([intake(1, source="fresh")])
    try:
        with store.turn("receive") as turn:
            turn.receive(prepared)
            raise RuntimeError
    except RuntimeError:
        pass
    receive(store, intake(1, source="fresh"))
    assert waiting(store)[0].source == "fresh"


def test_two_receivers_at_once_keep_one_message(opened: Callable[[], SqlStore], clock: HandClock) -> None:
    stores = [opened(), opened()]
    results = []
    together = threading.Barrier(2)

    def take(store: SqlStore) -> None:
        prepared = store.prepare([intake(number) for number in range(40)])
        together.wait()
        with store.turn("receive") as turn:
            results.extend(turn.receive(prepared))

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.message_id for one in results}) == 40
    assert sum(one.is_duplicate for one in results) == 40
    found = counts(stores[0])
    assert (found.received, found.duplicates, found.states[MessageState.WAITING]) == (80, 40, 40)


def test_an_amended_message_stands_where_its_original_stood(store: SqlStore) -> None:
    first, _second = receive(store, intake(1), intake(2))
    (amended,) = receive(store, intake(3, source="operator", original_id=first.message_id, actor="kim"))
    (again,) = receive(store, intake(4, source="operator", original_id=amended.message_id))
    order = [control_id(message) for message in waiting(store)]
    assert order == ["C1", "C3", "C4", "C2"]
    assert row(store, again.message_id).original_id == amended.message_id


def test_a_cut_frame_that_comes_again_whole_is_a_message_like_any_other(store: SqlStore) -> None:
    # The end of a block can be all that was lost: then both have the same bytes, and the second must not count as a repeat.
    cut = intake(1, state=MessageState.INCOMPLETE, answer="", reason="frame-cut")
    (first,) = receive(store, cut)
    (whole,) = receive(store, intake(1))
    assert (whole.message_id, whole.is_duplicate, whole.answer) == (first.message_id, False, "AA")
    assert [message.id for message in waiting(store)] == [first.message_id]
    assert row(store, first.message_id).reason == ""
    assert {state: n for state, n in counts(store).states.items() if n} == {MessageState.WAITING: 1}


def test_what_comes_again_after_a_no_runs_in_the_place_of_its_second_coming(store: SqlStore) -> None:
    receive(store, intake(1, state=MessageState.REFUSED, answer="AR", reason="not-production"))
    receive(store, intake(2))
    receive(store, intake(1))
    assert [control_id(message) for message in waiting(store)] == ["C2", "C1"]
