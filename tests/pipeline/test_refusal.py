"""A sender that waits for the outcome and is told no keeps its message: nothing may wait here behind what it keeps."""

from dataclasses import replace

from interface.pipeline.process import drain
from tests.pipeline.spoken import Feed, merge, update

IMPOSSIBLE = replace(merge("1", "2"), merges=())  # a merge that names nobody to merge


def test_what_follows_a_refused_message_in_the_same_batch_runs(feed: Feed) -> None:
    refused = feed.receive(IMPOSSIBLE, waits=True)
    following = feed.receive(update("1", "A1"), update("1", "A1", family="Later"))
    drain(feed.stage(), 64)
    assert feed.states([*refused, *following]) == ["refused", "processed", "processed"]


def test_what_follows_a_message_that_failed_after_a_yes_waits(feed: Feed) -> None:
    failed = feed.receive(IMPOSSIBLE, waits=True)
    with feed.store.turn("answer") as turn:
        assert turn.settle_answers({failed[0]: "AA"}) == {failed[0]: "AA"}, "the sender's time was up first"
    following = feed.receive(update("1", "A1"))
    drain(feed.stage(), 64)
    assert feed.states([*failed, *following]) == ["failed", "parked"]


def test_a_refused_message_is_its_senders_and_opens_no_work_item(feed: Feed) -> None:
    feed.receive(IMPOSSIBLE, waits=True)
    drain(feed.stage(), 64)
    assert _open_items(feed) == []


def test_a_message_that_failed_after_a_yes_opens_a_work_item(feed: Feed) -> None:
    failed = feed.receive(IMPOSSIBLE, waits=True)
    with feed.store.turn("answer") as turn:
        turn.settle_answers({failed[0]: "AA"})
    drain(feed.stage(), 64)
    assert _open_items(feed) == [("failed-message", "merge-missing")]


def test_the_deadline_may_pass_while_the_batch_runs(feed: Feed) -> None:
    stage, failed = feed.stage(), feed.receive(IMPOSSIBLE, waits=True)
    following = feed.receive(update("1", "A1"))
    read = feed.contents

    class Late(dict[bytes, object]):
        """The sender's time is up between the reading of a batch and its commit."""

        def __getitem__(self, raw: bytes) -> object:
            with feed.store.turn("answer") as turn:
                turn.settle_answers({failed[0]: "AA"})
            return read[raw]

    feed.contents = Late()  # type: ignore[assignment] - only looked up
    drain(stage, 64)
    assert feed.states([*failed, *following]) == ["failed", "parked"]


def _open_items(feed: Feed) -> list[tuple[str, str]]:
    with feed.store.snapshot() as reader:
        return [(item.kind, item.cause) for item in reader.work_items(only_open=True, beyond_id=0, limit=10)]
