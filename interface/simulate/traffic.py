"""A hospital's morning as one stream of messages in causal order, from a seed: the same seed gives the same bytes.

Steps of the stories run in the order of their moments, and a message is worded (and counted in the hospital's
books) only when the stream is asked for it: whoever stops early leaves books that tell exactly what was handed out.
"""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self

from interface.simulate import story
from interface.simulate.hospital import Event, Hospital, Patient, Site, Vendor
from interface.simulate.people import Guarantor, invent_coverages, invent_person
from interface.simulate.sent import Sent
from interface.simulate.story import Step, Story
from interface.simulate.vendor import dialect_of

_LENGTH = timedelta(hours=5)
"""How long patients keep arriving."""
DEFAULT_START = datetime(2025, 3, 4, 13, 0, tzinfo=UTC)
"""Seven o'clock of a Tuesday at the default site; long past, so that no event time is ahead of a receiver's clock."""

_OPENING: tuple[Story, ...] = (
    *(story.outpatient, story.outpatient, story.inpatient, story.registered_twice, story.registered_in_error),
    *(story.charged_before_arrival, story.discharged_too_early, story.emergency),
)
"""The first eight patients, in any order: so small a morning, and something of everything happens."""
_ROUND: tuple[Story, ...] = (
    *((story.outpatient,) * 26 + (story.inpatient,) * 5 + (story.emergency,) * 4 + (story.only_demographics,) * 2),
    *(story.registered_in_error, story.registered_twice, story.discharged_too_early),
)
"""Every forty patients after that, in any order."""
_PRACTICE: tuple[Story, ...] = (story.outpatient,) * 9 + (story.only_demographics,)
"""Every ten patients of a practice, which has no beds."""


class Day(Iterator[tuple[Event, datetime]]):
    """What happens in one morning, in order and in nobody's words yet. Hold the hospital's lock around a step and its wording."""

    def __init__(self, hospital: Hospital, patients: int, start: datetime) -> None:
        self.hospital = hospital
        self._stories = _deal(Random(f"{hospital.seed}:stories"), patients, *_decks(hospital.site))
        self._spacing = _LENGTH / max(1, patients)
        self._today = start.astimezone(hospital.site.zone).date()
        self._arrival = start
        self._arrived = 0
        self._parent: Guarantor | None = None
        # (moment, order of arrival, act, rest of the story): the number keeps equal moments in a fixed order.
        self._agenda: list[tuple[datetime, int, Step, Iterator[Step]]] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[Event, datetime]:
        with self.hospital.lock:
            self._let_patients_in()
            if not self._agenda:
                raise StopIteration
            at, number, step, rest = heapq.heappop(self._agenda)
            event = step.act(at)
            self._put(at, number, rest)
            return event, at

    def _let_patients_in(self) -> None:
        """Begin the stories of everybody who arrives before the next step that waits."""
        while not self._agenda or self._arrival <= self._agenda[0][0]:
            tell = next(self._stories, None)
            if tell is None:
                return
            self._arrived += 1
            rng = Random(f"{self.hospital.seed}:{self._arrived}")
            self._put(self._arrival, self._arrived, tell(self.hospital, self._enrol(rng), rng))
            self._arrival += self._spacing

    def _put(self, at: datetime, number: int, rest: Iterator[Step]) -> None:
        step = next(rest, None)
        if step is not None:
            heapq.heappush(self._agenda, (at + timedelta(seconds=round(step.wait_secs)), number, step, rest))

    def _enrol(self, rng: Random) -> Patient:
        """Return a new patient; a child has a parent for guarantor, and the next child is often its sibling."""
        hospital = self.hospital
        child = rng.random() < 0.18
        person = invent_person(rng, self._today, child=child)
        if not child:
            guarantor = Guarantor(hospital.number("G"), person)
            return hospital.enrol(person, guarantor, "SEL", invent_coverages(rng, person, "SEL", self._today))
        if self._parent is None or rng.random() < 0.5:
            self._parent = Guarantor(hospital.number("G"), invent_person(rng, self._today))
        parent = self._parent.person
        return hospital.enrol(person, self._parent, "PAR", invent_coverages(rng, parent, "PAR", self._today))


class Morning(Iterator[Sent]):
    """The messages of one morning. `hospital` keeps the books of what was handed out so far."""

    def __init__(self, hospital: Hospital, patients: int, start: datetime) -> None:
        self.hospital = hospital
        self._dialect = dialect_of(hospital)
        self._day = Day(hospital, patients, start)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Sent:
        with self.hospital.lock:
            for event, at in self._day:
                sent = self._dialect.tell(event, at)
                if sent is not None:
                    return sent
            raise StopIteration


def morning(seed: int, patients: int, *, site: Site | None = None, start: datetime | None = None) -> Morning:
    """Return a morning of `patients` people at a hospital of its own; `start` is when the first one arrives (aware)."""
    return Morning(Hospital(seed, site), patients, (start or DEFAULT_START).astimezone(UTC))


def _decks(site: Site) -> tuple[tuple[Story, ...], tuple[Story, ...]]:
    return (_PRACTICE, _PRACTICE) if site.vendor is Vendor.ATHENA else (_OPENING, _ROUND)


def _deal(rng: Random, patients: int, opening: tuple[Story, ...], later: tuple[Story, ...]) -> Iterator[Story]:
    """Deal stories like cards, the opening first, then whole rounds: small mornings keep the proportions too."""
    deck: list[Story] = list(opening)
    for _ in range(patients):
        if not deck:
            deck = list(later)
        yield deck.pop(rng.randrange(len(deck)))
