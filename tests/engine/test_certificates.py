"""The watch over certificates: changed files are taken, and an end that nears is told once a day."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.testing import MemoryReactorClock

from interface.certificate import DAY_MICROS, TlsFiles
from interface.connector.tls import ServerTls
from interface.engine.certificates import CertificateWatch
from interface.engine.clock import SystemClock
from interface.observe.certificate import CertificateExpiring, CertificateLoaded
from interface.observe.event import Event
from interface.settings import Settings
from tests.authority import Authority


class Watched:
    """One listener's files under watch, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.events: list[Event] = []
        self.at = SystemClock().now()
        self.watch = CertificateWatch(
            cast(Any, MemoryReactorClock()), self, Settings().pace(), lambda: self.secured, emit=self.events.append
        )
        self.secured: list[ServerTls] = []

    def now(self) -> int:
        return self.at

    def begin(self, days: int) -> None:
        self.issue(days)
        self.secured = [ServerTls("north", TlsFiles(*self.paths), self.events.append)]
        self.secured[0].load()

    def issue(self, days: int) -> None:
        self.paths = self.authority.issue("north", ends_in=timedelta(days=days, hours=1))

    def days_told(self) -> list[int]:
        return [event.days_left for event in self.events if isinstance(event, CertificateExpiring)]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_an_end_that_nears_is_told_once_a_day(watched: Watched) -> None:
    watched.begin(days=12)
    watched.watch.look()
    watched.at += DAY_MICROS // 2
    watched.watch.look()
    assert watched.days_told() == [12]
    watched.at += DAY_MICROS // 2
    watched.watch.look()
    assert watched.days_told() == [12, 11]


def test_an_end_in_the_past_is_a_negative_number_of_days(watched: Watched) -> None:
    watched.begin(days=-3)
    watched.watch.look()
    assert watched.days_told() == [-3]


def test_an_end_that_is_far_away_is_not_told(watched: Watched) -> None:
    watched.begin(days=31)
    watched.watch.look()
    assert watched.days_told() == []


def test_a_new_certificate_is_taken_and_ends_the_telling(watched: Watched) -> None:
    watched.begin(days=12)
    watched.watch.look()
    watched.issue(days=90)
    watched.at += DAY_MICROS
    watched.watch.look()
    assert watched.days_told() == [12]
    assert len([event for event in watched.events if isinstance(event, CertificateLoaded)]) == 2
