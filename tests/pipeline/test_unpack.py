"""An HL7 batch in the pipeline: verified whole, taken apart once, its messages in its place in the order."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.ledger.reading import Filtered, Reading
from interface.message import MessageState
from interface.pipeline.plan import Unsound
from interface.pipeline.process import ProcessStage, drain
from interface.view.count import ChannelCount, PauseKind
from interface.view.message import MessageFilter, MessageStory
from tests.pipeline.spoken import CHANNEL, Feed, charge_of, update


def run(feed: Feed, ahead_messages: int = 256) -> int:
    return drain(feed.stage(ahead_messages=ahead_messages), 64)


def story(feed: Feed, message_id: int) -> MessageStory:
    with feed.store.snapshot() as reader:
        found = reader.message(message_id)
    assert found is not None
    return found


def counts(feed: Feed) -> ChannelCount:
    with feed.store.snapshot() as reader:
        (found,) = reader.channel_counts()
    assert found.received == found.duplicates + sum(found.states.values())
    return found


def family(feed: Feed, account: str) -> str:
    with feed.store.snapshot() as reader:
        found = reader.account(account)
    assert found is not None and found.patient is not None
    return found.patient.value("name", "family") or ""


def named(name: str, patient: str = "1") -> Reading:
    return update(patient, f"A{patient}", family=name)


def test_the_messages_of_a_batch_become_messages_of_their_own(feed: Feed) -> None:
    batch = feed.receive_batch(*feed.speak(update("1", "A1"), update("2", "A2")))
    run(feed)
    found = story(feed, batch)
    assert feed.states([batch, *found.members]) == ["processed"] * 3
    assert [story(feed, number).row.batch_position for number in found.members] == [1, 2]
    assert {story(feed, number).row.batch_id for number in found.members} == {batch}


def test_nothing_of_a_batch_that_differs_is_applied(feed: Feed) -> None:
    batch = feed.receive_batch(*feed.speak(update("1", "A1")), difference="batch-count-differs")
    run(feed)
    row = story(feed, batch).row
    assert (row.state, row.reason, row.hold) == (MessageState.HELD, "batch-count-differs", "person")
    assert counts(feed).states[MessageState.WAITING] == 0
    with feed.store.snapshot() as reader:
        assert reader.account("A1") is None
        assert [item.subject for item in reader.work_items(only_open=True, beyond_id=0, limit=9)] == [
            f"message:{batch}"
        ]


def test_a_held_batch_is_found_by_whom_it_is_about(feed: Feed) -> None:
    raws = feed.speak(named("Ann", "1"), named("Bea", "2"))
    feed.owners |= {raws[0]: "1", raws[1]: "2"}
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    run(feed)
    with feed.store.snapshot() as reader:
        assert [row.id for row in reader.messages(MessageFilter(patient="2"))] == [batch]


def test_a_mended_batch_is_taken_apart_when_it_is_released(feed: Feed) -> None:
    raws = feed.speak(update("1", "A1"))
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    run(feed)
    feed.mend(batch, *raws)
    with feed.store.turn("release") as turn:
        turn.release([batch])
    run(feed)
    assert feed.states([batch, *story(feed, batch).members]) == ["processed"] * 2


def test_what_came_after_a_batch_is_applied_after_its_messages(feed: Feed) -> None:
    feed.receive_batch(*feed.speak(named("In the batch")))
    feed.receive(named("After it"))
    run(feed)
    assert family(feed, "A1") == "After it"


def test_what_came_after_a_held_batch_waits_for_it_and_nobody_else_does(feed: Feed) -> None:
    raws = feed.speak(named("In the batch"))
    feed.owners[raws[0]] = "1"
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    later = feed.receive(named("After it"), named("Another", "2"))
    run(feed)
    assert feed.states(later) == ["parked", "processed"]
    feed.mend(batch, *raws)
    with feed.store.turn("release") as turn:
        turn.release([batch])
    run(feed)
    assert feed.states([batch, *later]) == ["processed"] * 3
    assert family(feed, "A1") == "After it"


def test_a_skipped_batch_lets_go_what_waited_for_it(feed: Feed) -> None:
    raws = feed.speak(named("In the batch"))
    feed.owners[raws[0]] = "1"
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    later = feed.receive(named("After it"))
    run(feed)
    with feed.store.turn("skip") as turn:
        turn.skip([batch], "skipped")
    run(feed)
    assert feed.states([batch, *later]) == ["filtered", "processed"]


def test_a_released_batch_does_not_wait_for_one_stuck_patient(feed: Feed) -> None:
    feed.receive(update("2", "A2"))
    raws = feed.speak(named("Stuck"), named("Free", "3"))
    feed.owners |= {raws[0]: "1", raws[1]: "3"}
    stuck = feed.receive(update("1", "A2"))
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    run(feed)
    feed.mend(batch, *raws)
    with feed.store.turn("release") as turn:
        turn.release([batch])
    run(feed)
    assert feed.states([*stuck, batch, *story(feed, batch).members]) == ["held", "processed", "parked", "processed"]


def test_a_stuck_message_of_a_batch_holds_back_its_patients_next_ones_in_it(feed: Feed) -> None:
    feed.receive(update("2", "A2"))
    batch = feed.receive_batch(*feed.speak(named("First"), update("1", "A2"), named("Last"), named("Else", "3")))
    run(feed)
    assert feed.states(list(story(feed, batch).members)) == ["processed", "held", "parked", "processed"]
    assert family(feed, "A1") == "First"


def test_repeats_in_a_batch_are_counted_and_not_applied_again(feed: Feed) -> None:
    raws = feed.speak(charge_of("1", "A1", 500, "T1"), update("1", "A1"))
    feed.receive_raw(*reversed(raws))
    run(feed)
    batch = feed.receive_batch(raws[0], raws[0], *feed.speak(update("2", "A2")))
    run(feed)
    found = story(feed, batch)
    assert (len(found.members), found.repeats) == (3, 2)
    assert (counts(feed).received, counts(feed).duplicates) == (6, 2)


def test_a_message_that_comes_in_a_batch_and_again_by_itself_runs_where_it_came_first(feed: Feed) -> None:
    raws = feed.speak(named("First"), named("Second"))
    feed.receive_batch(*raws)
    feed.receive_raw(raws[0])
    run(feed)
    assert family(feed, "A1") == "Second"


def test_a_refused_message_that_comes_in_a_batch_runs_in_its_place(feed: Feed) -> None:
    raws = feed.speak(named("First"), named("Second"))
    (refused,) = refuse(feed, raws[0])
    batch = feed.receive_batch(*raws)
    run(feed)
    assert story(feed, batch).members[0] == refused
    assert feed.states([refused]) == ["processed"]
    assert family(feed, "A1") == "Second"


def refuse(feed: Feed, raw: bytes) -> list[int]:
    content = feed.contents[raw]
    ids = feed.receive_raw(raw, waits=True)
    feed.contents[raw] = MessageError("impossible", "a rule is broken")
    run(feed)
    assert feed.states(ids) == ["refused"]
    feed.contents[raw] = content
    return ids


def test_a_replay_of_a_batch_brings_no_second_messages(feed: Feed) -> None:
    batch = feed.receive_batch(*feed.speak(charge_of("1", "A1", 500, "T1"), update("1", "A1")))
    run(feed)
    before = counts(feed)
    with feed.store.turn("replay") as turn:
        turn.request_replay([batch], "nora", force_money=False)
    run(feed)
    assert counts(feed) == before
    assert len(story(feed, batch).runs) == 2


def test_a_batch_is_taken_apart_once_whatever_is_found_in_it_later(feed: Feed) -> None:
    raws = feed.speak(update("1", "A1"))
    batch = feed.receive_batch(*raws)
    run(feed)
    feed.mend(batch, *raws, *feed.speak(update("2", "A2")))
    with feed.store.turn("replay") as turn:
        turn.request_replay([batch], "nora", force_money=False)
    run(feed)
    assert len(story(feed, batch).members) == 1


def test_a_held_batch_with_patients_is_not_opened_by_a_replay(feed: Feed) -> None:
    raws = feed.speak(named("In the batch"))
    feed.owners[raws[0]] = "1"
    batch = feed.receive_batch(*raws, difference="batch-count-differs")
    run(feed)
    feed.mend(batch, *raws)
    with feed.store.turn("replay") as turn:
        turn.request_replay([batch], "nora", force_money=False)
    run(feed)
    assert [one.cause for one in story(feed, batch).runs] == ["batch-count-differs", "holds-its-lane"]
    assert story(feed, batch).members == ()


class Stopped(BaseException):
    """The process dies here."""


def crashing(feed: Feed, stage: ProcessStage, after: int) -> None:
    """Run until so many turns have been written, then die."""
    real, turns = feed.store.turn, iter(range(after))

    def turn(purpose: str) -> object:
        if next(turns, None) is None:
            raise Stopped
        return real(purpose)

    feed.store.turn = turn  # type: ignore[method-assign, assignment] - the store is there, its process is not
    try:
        with pytest.raises(Stopped):
            drain(stage, 64)
    finally:
        feed.store.turn = real  # type: ignore[method-assign] - as it was


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_large_batch_that_was_cut_short_goes_on_where_it_stood(feed: Feed, after: int) -> None:
    raws = feed.speak(*(update(str(number), f"A{number}") for number in range(10)))
    batch = feed.receive_batch(*raws)
    crashing(feed, feed.stage(ahead_messages=3), after)
    assert counts(feed).received == 1 + 3 * after
    assert counts(feed).states[MessageState.PROCESSED] == 0
    run(feed, ahead_messages=3)
    assert feed.states([batch, *story(feed, batch).members]) == ["processed"] * 11
    assert (counts(feed).received, counts(feed).duplicates) == (11, 0)


def test_what_was_written_ahead_of_a_batch_shares_its_fate(feed: Feed) -> None:
    raws = feed.speak(*(update(str(number), f"A{number}") for number in range(6)))
    batch = feed.receive_batch(*raws)
    crashing(feed, feed.stage(ahead_messages=2), 1)
    with feed.store.snapshot() as reader:
        (message,) = reader.stored([batch])
    feed.contents[message.raw] = Unsound("batch-count-differs", "BTS-1", "it differs", raws)
    run(feed)
    ahead = list(story(feed, batch).members)
    assert feed.states([batch, *ahead]) == ["held", "parked", "parked"]
    with feed.store.turn("skip") as turn:
        turn.skip([batch], "skipped")
    assert feed.states([batch, *ahead]) == ["filtered"] * 3
    feed.mend(batch, *raws)
    with feed.store.turn("release") as turn:
        turn.release([batch])
    run(feed, ahead_messages=2)
    assert feed.states([batch, *story(feed, batch).members]) == ["processed"] * 7
    assert counts(feed).received == 7


def test_a_pause_meanwhile_keeps_what_was_written_ahead_from_running(feed: Feed) -> None:
    raws = feed.speak(*(update(str(number), f"A{number}") for number in range(6)))
    batch = feed.receive_batch(*raws)
    crashing(feed, feed.stage(ahead_messages=2), 2)
    with feed.store.turn("pause") as turn:
        turn.pause(PauseKind.CHANNEL, CHANNEL, "nora")
    run(feed)
    assert feed.states([batch, *story(feed, batch).members]) == ["waiting"] + ["parked"] * 4
    with feed.store.turn("resume") as turn:
        turn.resume(PauseKind.CHANNEL, CHANNEL)
    run(feed)
    assert feed.states([batch, *story(feed, batch).members]) == ["processed"] * 7


def test_an_empty_batch_is_processed(feed: Feed) -> None:
    batch = feed.receive_batch()
    run(feed)
    assert feed.states([batch]) == ["processed"]


_STEPS = st.tuples(st.sampled_from("123"), st.sampled_from(["Ann", "Bea", "Cat", "Dot"]), st.booleans())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STEPS, min_size=1, max_size=12), st.lists(st.integers(1, 4), max_size=6), st.integers(1, 4))
def test_batches_give_the_same_ledger_as_their_messages_one_by_one(
    feed: Feed, steps: list[tuple[str, str, bool]], cuts: list[int], ahead: int
) -> None:
    # Fresh patients for each example: one store serves them all.
    era = f"{next(feed.numbers)}"
    contents = [
        Filtered("of no use") if is_noise else update(f"{patient}-{era}", f"{patient}-{era}", family=name)
        for patient, name, is_noise in steps
    ]
    alone = [content if isinstance(content, Filtered) else _other(content, era) for content in contents]
    edges = [0, *_edges(cuts, len(contents)), len(contents)]
    for start, end in pairwise(edges):
        raws = feed.speak(*contents[start:end])
        if (start + end) % 3:
            feed.receive_batch(*raws)
        else:
            feed.receive_raw(*raws)
    run(feed, ahead_messages=ahead)
    feed.receive(*alone)
    run(feed)
    for patient in {patient for patient, _name, is_noise in steps if not is_noise}:
        assert family(feed, f"{patient}-{era}") == family(feed, f"{patient}-{era}-alone")


def _edges(cuts: list[int], size: int) -> list[int]:
    edges, at = [], 0
    for cut in cuts:
        at += cut
        if at < size:
            edges.append(at)
    return edges


def _other(reading: Reading, era: str) -> Reading:
    assert reading.patient is not None
    name = reading.patient.ids[0].value
    said = reading.patient.groups["name"]["family"]
    return update(f"{name}-alone", f"{name}-alone", family=str(said))
