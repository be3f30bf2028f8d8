"""Whatever is not behind an older message of its patient runs, and what is behind one waits, whatever people do meanwhile."""

from collections.abc import Callable
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interface.message import MessageState
from interface.operate.amend import amend
from interface.operate.hold import hold, release, skip
from tests.operate.desk import BROKEN, BY, UNUSABLE, Desk, er7
from tests.pipeline.spoken import Content, merge, update

PATIENTS = ("ada", "ben")
STUCK = (MessageState.HELD, MessageState.FAILED)
fresh = count(1)


def say(desk: Desk, patient: str, content: Content | None = None) -> int:
    """Store and run one message of a patient's, whose owner can be told even where it cannot be read."""
    (number,) = desk.receive(content or update(patient), owner=patient)
    desk.run()
    return number


def test_a_held_younger_message_does_not_keep_back_what_stood_before_it(desk: Desk) -> None:
    first = say(desk, "ada", BROKEN)
    second, third, fourth = say(desk, "ada"), say(desk, "ada"), say(desk, "ada")
    hold(desk.store, BY, third)
    skip(desk.store, BY, [first])
    desk.run()
    assert [desk.state(one) for one in (second, third, fourth)] == ["processed", "held", "parked"]


def test_a_released_head_runs_although_a_younger_message_is_held(desk: Desk) -> None:
    first = say(desk, "ada", BROKEN)
    second = say(desk, "ada")
    hold(desk.store, BY, second)
    desk.mend(first, update("ada"))
    release(desk.store, BY, [first])
    desk.run()
    assert [desk.state(one) for one in (first, second)] == ["processed", "held"]


def test_an_amended_head_runs_although_a_younger_message_is_held(desk: Desk) -> None:
    (first,) = desk.hear(("ada", update("ada")))
    (first,) = desk.hear(("ada", update("zoe", "A9")), ("ada", update("ada", "A9")))[1:]  # Zoe's account
    second = say(desk, "ada")
    hold(desk.store, BY, second)
    corrected = er7(next(desk.numbers), "ada")
    desk.contents[corrected] = update("ada")
    copy = amend(desk.store, desk.clock, BY, first, corrected).message_id
    desk.run()
    assert [desk.state(one) for one in (first, copy, second)] == ["filtered", "processed", "held"]


def test_a_merge_of_two_stopped_patients_waits_for_the_older_messages_of_both(desk: Desk) -> None:
    ada, ben = say(desk, "ada", BROKEN), say(desk, "ben", BROKEN)
    joined = say(desk, "ada", merge("ada", "ben"))
    later, last = say(desk, "ben"), say(desk, "ada")
    hold(desk.store, BY, last)
    skip(desk.store, BY, [ada])
    desk.run()
    assert [desk.state(one) for one in (joined, later, last)] == ["parked", "parked", "held"]
    skip(desk.store, BY, [ben])
    desk.run()
    assert [desk.state(one) for one in (joined, later, last)] == ["processed", "processed", "held"]


# ---------------------------------------------------------------- any sequence of acts

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "skip", "good", "mend", "release", "merge", "broken", "unusable"]),
        st.integers(0, 5),
        st.integers(0, 1),
    ),
    min_size=4,
    max_size=20,
)
MORNING: tuple[Step, ...] = (("broken", 0, 0), *(("good", 0, 0),) * 3, ("unusable", 1, 0), *(("good", 1, 0),) * 3)


class Ward:
    """A few patients of their own on a desk, what was sent for them, and which of them were joined by a merge."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._patients = [f"{name}{next(fresh)}" for name in PATIENTS]
        self._group = {name: name for name in self._patients}
        self._whose: dict[int, str] = {}
        self._done: set[int] = set()

    def take(self, step: Step) -> None:
        kind, one, other = step
        patient = self._patients[one % len(self._patients)]
        match kind:
            case "good":
                self._send(patient, update(patient))
            case "broken":
                self._send(patient, BROKEN)
            case "unusable":
                self._send(patient, UNUSABLE)
            case "merge":
                self._merge(patient, self._patients[other % len(self._patients)])
            case "hold":
                self._act(one, self._parked(), lambda number: hold(self._desk.store, BY, number))
            case "skip":
                self._act(one, self._in_state(*STUCK), lambda number: skip(self._desk.store, BY, [number]))
            case "mend":
                self._act(one, self._in_state(*STUCK), self._mend)
            case "release":
                self._act(one, self._in_state(*STUCK), lambda number: release(self._desk.store, BY, [number]))
        self._desk.run()

    def _send(self, patient: str, content: Content) -> None:
        (number,) = self._desk.receive(content, owner=patient)
        self._whose[number] = patient

    def _merge(self, survivor: str, retired: str) -> None:
        if survivor == retired:
            return
        self._send(survivor, merge(survivor, retired))
        gone, stays = self._group[retired], self._group[survivor]
        self._group = {name: stays if group == gone else group for name, group in self._group.items()}

    def _mend(self, number: int) -> None:
        self._desk.mend(number, update(self._whose[number]))
        release(self._desk.store, BY, [number])

    @staticmethod
    def _act(choice: int, among: list[int], act: Callable[[int], object]) -> None:
        if among:
            act(among[choice % len(among)])

    def _states(self) -> dict[int, str]:
        rows = self._desk.rows(*self._whose) if self._whose else []
        return {row.id: "parked" if row.is_parked else str(row.state) for row in rows}

    def _parked(self) -> list[int]:
        return [number for number, state in self._states().items() if state == "parked"]

    def _in_state(self, *wanted: MessageState) -> list[int]:
        return [number for number, state in self._states().items() if state in wanted]

    def check(self) -> None:
        """What waits stands behind something older; what ran stood behind nothing, and ran in order."""
        states = self._states()
        standing = [number for number, state in states.items() if state in ("held", "failed", "parked")]
        older = {number: [one for one in standing if one < number and self._is_same(one, number)] for number in states}
        assert [one for one, state in states.items() if state == "waiting"] == []
        assert [one for one, state in states.items() if state == "parked" and not older[one]] == []
        ran = [one for one, state in states.items() if state == "processed" and one not in self._done]
        assert [one for one in ran if older[one]] == []
        ended = {one: self._desk.ended_at(one) for one in ran}
        for one in ran:
            assert all(ended[other] <= ended[one] for other in ran if other < one and self._is_same(other, one))
        self._done.update(ran)

    def _is_same(self, one: int, other: int) -> bool:
        return self._group[self._whose[one]] == self._group[self._whose[other]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_order_holds_and_nothing_waits_for_what_is_younger(desk: Desk, steps: list[Step]) -> None:
    ward = Ward(desk)
    for step in (*MORNING, *steps):
        ward.take(step)
        ward.check()
