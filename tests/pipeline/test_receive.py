"""What intake decides on one frame, and what repeats get."""

import pytest

from interface.message import MessageState
from interface.pipeline.expected import Expected
from interface.pipeline.receive import WAITS, Answer, Examined, Listening, ack_of, examine, store_batch
from interface.view.message import MessageFilter
from tests.pipeline.spoken import Feed

ADT = b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20260105091500||ADT^A08^ADT_A01|N1|P|2.5.1\rPID|1||77^^^NORTH^MR\r"
HERE = Listening("spoken")


def answer(feed: Feed, raw: bytes, listening: Listening = HERE, **how: bool) -> Answer[Examined]:
    return store_batch(feed.store, [examine(raw, listening, peer="test:1", at=feed.clock.now(), **how)])[0]


def test_a_message_is_durable_before_its_positive_answer(feed: Feed) -> None:
    given = answer(feed, ADT)
    assert given.code == "AA"
    ack = ack_of(given, "A1", feed.clock.now())
    assert ack is not None and b"MSA|AA|N1" in ack
    with feed.store.snapshot() as reader:
        assert reader.body(given.received.message_id) == ADT


@pytest.mark.parametrize(
    ("raw", "code", "reason"),
    [
        (b"hello", "AE", "header-missing"),
        (b"", "AE", "block-empty"),
        (b"BHS|^~\\&|A\r", "AE", "control-id-missing"),
        (ADT + ADT, "AE", "several-messages"),
        (ADT.replace(b"|N1|", b"|%s|" % (b"N" * 200)), "AE", "control-id-too-long"),
        (ADT.replace(b"|N1|", b"||"), "AE", "control-id-missing"),
        (ADT.replace(b"|P|", b"|T|"), "AR", "not-production"),
        (ADT.replace(b"|P|2.5.1", b"|D|2.5.1|||AL|NE"), "CR", "not-production"),
    ],
)
def test_what_is_refused_is_kept_with_its_reason(feed: Feed, raw: bytes, code: str, reason: str) -> None:
    given = answer(feed, raw)
    assert given.code == code
    with feed.store.snapshot() as reader:
        story = reader.message(given.received.message_id)
    assert story is not None
    assert (story.row.state, story.row.reason) == (MessageState.REFUSED, reason)


def test_a_channel_for_tests_takes_test_messages(feed: Feed) -> None:
    assert answer(feed, ADT.replace(b"|P|", b"|T|"), Listening("spoken", production=False)).code == "AA"


def test_the_same_bytes_get_the_first_answer_and_are_one_message(feed: Feed) -> None:
    first, second = answer(feed, ADT), answer(feed, ADT)
    assert second.received.is_duplicate
    assert (second.code, second.received.message_id) == ("AA", first.received.message_id)


def test_the_same_control_id_with_other_bytes_is_another_message(feed: Feed) -> None:
    assert not answer(feed, ADT + b"ZZZ|1\r").received.is_duplicate | answer(feed, ADT).received.is_duplicate


def test_a_repeat_in_the_same_batch_waits_for_the_same_commit(feed: Feed) -> None:
    examined = [examine(ADT, HERE, peer="test:1", at=feed.clock.now()) for _ in range(3)]
    answers = store_batch(feed.store, examined)
    assert [one.received.is_duplicate for one in answers] == [False, True, True]
    assert {one.received.message_id for one in answers} == {answers[0].received.message_id}


def test_a_cut_frame_is_kept_and_never_answered(feed: Feed) -> None:
    given = answer(feed, ADT[:60], is_cut=True)
    assert ack_of(given, "A1", 0) is None
    with feed.store.snapshot() as reader:
        story = reader.message(given.received.message_id)
    assert story is not None and story.row.state is MessageState.INCOMPLETE


def test_an_oversize_frame_is_refused_and_its_beginning_kept(feed: Feed) -> None:
    given = answer(feed, ADT, is_oversize=True)
    assert given.code == "AR"


def test_a_sender_that_waits_for_the_outcome_gets_no_answer_yet(feed: Feed) -> None:
    waiting = Listening("spoken", waits_for_outcome=True)
    assert answer(feed, ADT, waiting).code == WAITS
    assert answer(feed, ADT, waiting).code == WAITS, "a repeat waits for the same answer"


def test_a_card_number_is_masked_before_it_is_stored(feed: Feed) -> None:
    given = answer(feed, ADT + b"NTE|1||card 4111 1111 1111 1111 given\r")
    with feed.store.snapshot() as reader:
        body = reader.body(given.received.message_id)
        story = reader.message(given.received.message_id)
    assert body is not None and b"1111 1111 1111 1111" not in body
    assert story is not None and story.row.is_pan_redacted
    assert [incident.place for incident in story.incidents] == ["NTE-3"]


def test_a_sender_that_asks_for_errors_only_is_answered_unless_the_channel_follows_its_wish(feed: Feed) -> None:
    errors_only = ADT.replace(b"|P|2.5.1", b"|P|2.5.1|||ER|NE")
    assert answer(feed, errors_only).code == "CA"
    as_asked = Listening("spoken", answers_always=False)
    assert answer(feed, errors_only.replace(b"|N1|", b"|N2|"), as_asked).code == ""
    assert answer(feed, errors_only.replace(b"|P|", b"|T|"), as_asked).code == "CR"


# ------------------------------------------------------------ what a channel asks for

NUMBERLESS = Listening("spoken", needs_control_id=False)


def test_where_the_channel_says_so_a_message_without_control_id_is_taken_and_known_by_its_digest(feed: Feed) -> None:
    bare = ADT.replace(b"|N1|", b"||")
    first, again, other = (answer(feed, raw, NUMBERLESS) for raw in (bare, bare, bare + b"ZZZ|1\r"))
    assert [one.code for one in (first, again, other)] == ["AA", "AA", "AA"]
    assert [one.received.is_duplicate for one in (first, again, other)] == [False, True, False]
    with feed.store.snapshot() as reader:
        names = [row.control_id for row in reader.messages(MessageFilter(channel="spoken"))]
        (found,) = reader.messages(MessageFilter(control_id=names[0]))
    assert found.id == first.received.message_id
    assert len(set(names)) == 2
    assert all(name.startswith("digest-") and len(name) == 20 for name in names)


def test_such_a_message_is_answered_with_what_it_sent_nothing(feed: Feed) -> None:
    ack = ack_of(answer(feed, ADT.replace(b"|N1|", b"||"), NUMBERLESS), "A1", feed.clock.now())
    assert ack is not None and b"MSA|AA|\r" in ack


def test_a_missing_type_is_refused_there_too(feed: Feed) -> None:
    given = answer(feed, ADT.replace(b"|N1|", b"||").replace(b"ADT^A08^ADT_A01", b""), NUMBERLESS)
    assert (given.code, given.examined.intake.reason) == ("AE", "message-type-missing")


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ({"sending_application": ["EPICFIN"]}, "MSH-3"),
        ({"sending_facility": ["SOUTH"]}, "MSH-4"),
        ({"receiving_application": ["OTHER"]}, "MSH-5"),
        ({"receiving_facility": ["TEST"]}, "MSH-6"),
        ({"sending_application": ["EPICADT"], "receiving_facility": ["TEST"]}, "MSH-6"),
    ],
)
def test_who_is_not_expected_is_refused_and_the_place_is_named(
    feed: Feed, names: dict[str, list[str]], place: str
) -> None:
    given = answer(feed, ADT, Listening("spoken", expected=Expected.of(**names)))
    assert (given.code, given.examined.intake.reason) == ("AR", "not-expected")
    assert given.examined.problem is not None
    assert (given.examined.problem.place, given.examined.problem.code) == (place, "204")


@pytest.mark.parametrize("sent", [b"|NORTH|", b"|north|", b"|North^1.2.3^ISO|", b"|X^north^ISO|"])
def test_an_expected_sender_is_known_by_namespace_or_universal_id_in_any_case(feed: Feed, sent: bytes) -> None:
    expected = Expected.of(sending_facility=["NORTH", "SOUTH"])
    assert answer(feed, ADT.replace(b"|NORTH|", sent, 1), Listening("spoken", expected=expected)).code == "AA"


def test_an_empty_field_is_nobody_who_is_expected(feed: Feed) -> None:
    expected = Expected.of(sending_facility=["NORTH"])
    assert answer(feed, ADT.replace(b"|NORTH|", b"||", 1), Listening("spoken", expected=expected)).code == "AR"
