"""Whether intake comes round: a store that hangs shows, a rest does not."""

import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from interface.engine.intake import Intake
from interface.pipeline.receive import Examined
from interface.ports import Prepared, Store
from tests.engine.processes import wait_until


class HangingStore:
    """Takes nothing until it is let go."""

    def __init__(self) -> None:
        self.is_free = threading.Event()

    def prepare(self, _intakes: Sequence[object]) -> list[Prepared]:
        self.is_free.wait(30)
        raise RuntimeError("it was only about the wait")


@pytest.fixture
def hanging() -> Iterator[HangingStore]:
    store = HangingStore()
    yield store
    store.is_free.set()


def test_a_rest_is_no_standstill(hanging: HangingStore) -> None:
    intake = Intake(
        cast(Store, hanging), batch_messages=8, stored=lambda _: None, settled=lambda: None, refusal=lambda: None
    )
    intake.start()
    assert intake.idle_secs == 0.0
    intake.stop(10)


def test_a_store_that_hangs_shows_until_it_goes_on(hanging: HangingStore) -> None:
    told = threading.Event()
    intake = Intake(
        cast(Store, hanging), batch_messages=8, stored=lambda _: None, settled=told.set, refusal=lambda: None
    )
    intake.start()
    intake.submit(cast(Examined, SimpleNamespace(intake=None)), lambda _result: None)
    wait_until(lambda: intake.idle_secs > 0.05, "it is seen not to come round")
    hanging.is_free.set()
    assert told.wait(10)
    wait_until(lambda: intake.idle_secs == 0.0, "it rests")
    intake.stop(10)
