"""The thread that makes frames durable, when one frame is not to be stored: it spoils only itself."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from interface.engine.intake import Intake, Result
from interface.errors import StoreError
from interface.message import MessageState
from interface.pipeline.receive import Answer, Examined, Listening, ack_of, examine
from interface.ports import Store
from interface.row import message as rows
from interface.store.store import open_store
from tests.made import MadeDatabase
from tests.store.given import HandClock

HEADER = b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20260105091500||ADT^A08|%s|P|2.5.1\r"


class Spoiled:
    """A store with a defect: it cannot prepare what carries this control id."""

    def __init__(self, store: Store, control_id: str, *, also_without: bool = False) -> None:
        self._store = store
        self._bad = {control_id, ""} if also_without else {control_id}

    def prepare(self, intakes: Sequence[rows.Intake]) -> object:
        if self._bad & {one.control_id for one in intakes}:
            raise TypeError("a patient's value")
        return self._store.prepare(intakes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def store(made_sqlite: MadeDatabase) -> Iterator[Store]:
    opened = open_store(made_sqlite.url, HandClock(), made_sqlite.environ)
    yield opened
    opened.close()


def taken(store: object, *control_ids: str) -> list[Result[Examined]]:
    """What each frame of one batch is told."""
    told: dict[str, Result[Examined]] = {}
    done = threading.Event()
    intake = Intake[Examined](
        cast(Store, store),
        batch_messages=10,
        stored=lambda _answers: None,
        settled=lambda: done.set() if len(told) == len(control_ids) else None,
        refusal=lambda: None,
    )
    for number in control_ids:
        intake.submit(_frame(number), lambda result, number=number: told.update({number: result}))  # type: ignore[misc]  # a default binds it
    intake.start()
    assert done.wait(30)
    intake.stop(30)
    return [told[number] for number in control_ids]


def _frame(number: str) -> Examined:
    return examine(HEADER % number.encode(), Listening("spoken"), peer="test:1", at=1)


def test_a_frame_that_a_defect_keeps_out_spoils_only_itself_and_keeps_its_bytes(store: Store) -> None:
    first, bad, last = taken(Spoiled(store, "N2"), "N1", "N2", "N3")
    assert isinstance(first, Answer) and isinstance(bad, Answer) and isinstance(last, Answer)
    assert [first.code, bad.code, last.code] == ["AA", "AR", "AA"]
    with store.snapshot() as reader:
        story = reader.message(bad.received.message_id)
        assert reader.body(bad.received.message_id) == HEADER % b"N2"
    assert story is not None
    assert (story.row.state, story.row.reason) == (MessageState.REFUSED, "internal-error")
    ack = ack_of(bad, "A1", 1)
    assert ack is not None
    assert b"MSA|AR|N2\rERR|||207^" in ack


def test_where_not_even_the_bytes_can_be_kept_nothing_is_answered(store: Store) -> None:
    good, bad = taken(Spoiled(store, "N2", also_without=True), "N1", "N2")
    assert isinstance(good, Answer)
    assert isinstance(bad, StoreError)
    assert "patient" not in str(bad)
