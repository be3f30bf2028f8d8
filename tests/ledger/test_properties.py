"""Any duplication, batching and interleaving that keeps order within each merge-connected group gives the same ledger.

A group is a handful of patients whose records, accounts and visits may be merged, moved, renumbered and linked; groups share
guarantors. Messages play as the pipeline plays them: money without its account waits and goes first when the account appears,
what is held for a person is left alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interface.ledger.apply import apply
from interface.ledger.compare import compare
from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, MissingAccount, Outcome
from interface.ledger.reading import Meaning, MoneyKind, Reading, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import (
    adt,
    balance,
    close,
    dft,
    guarantor,
    link,
    listed,
    merge,
    merge_accounts,
    merge_visits,
    money,
    move_account,
    move_visit,
    named,
    paid,
    phone,
    renumber,
)

M, K = Meaning, MoneyKind

PEOPLE_IN_GROUP = 3
VISIT_EVENTS = (
    M.ADMIT,
    M.REGISTER,
    M.PREADMIT,
    M.TRANSFER,
    M.DISCHARGE,
    M.UPDATE,
    M.CHANGE_CLASS,
    M.CANCEL_VISIT,
    M.CANCEL_TRANSFER,
    M.CANCEL_DISCHARGE,
    M.CANCEL_PREADMIT,
    M.REMOVE_VISIT,
    M.OPEN_ACCOUNT,
    M.UPDATE_ACCOUNT,
)
Action = tuple[str, dict[str, Any]]

people = st.integers(0, PEOPLE_IN_GROUP - 1)
suffixes = st.sampled_from(["", "", "x"])  # a number of its own, that only renumbering brings
phones = st.sampled_from([None, "1", "2"]).map(phone)
said_of_person = st.one_of(
    st.just({}), phones, st.sampled_from(["A", "B"]).map(named), st.sampled_from(["E1", "E2"]).map(listed)
)
said_of_visit = st.one_of(
    st.just({}),
    st.sampled_from(["W1", "W2"]).map(lambda ward: {"place": {"location": ward}}),
    st.sampled_from([None, 7, 8]).map(lambda at: {"discharge": {"discharged_at": at}}),
)
said_of_account = st.one_of(
    st.just({}),
    st.sampled_from(["SP", "BC"]).map(lambda name: {"class": {"financial_class": name}}),
    st.just({"class": {"patient_type": "ER"}}),
    st.sampled_from(["P1", "P2"]).map(lambda plan: {"coverages": {"coverages": [{"plan_id": plan}]}}),
)
guarantors = st.one_of(st.none(), st.tuples(st.integers(1, 2), phones))

actions: st.SearchStrategy[Action] = st.one_of(
    st.fixed_dictionaries(
        {
            "meaning": st.sampled_from(VISIT_EVENTS),
            "person": people,
            "of": st.one_of(st.none(), people),
            "says": said_of_person,
            "visit_says": said_of_visit,
            "account_says": said_of_account,
            "guarantor": guarantors,
            "stated": st.one_of(st.none(), st.integers(-200, 500)),
        }
    ).map(lambda told: ("visit", told)),
    st.fixed_dictionaries({"person": people, "says": said_of_person}).map(lambda told: ("person", told)),
    st.fixed_dictionaries({"survivor": people, "retired": people}).map(lambda told: ("merge", told)),
    st.fixed_dictionaries(
        {
            "kind": st.deferred(lambda: st.sampled_from(sorted(_REGROUPS))),
            "person": people,
            "other": people,
            "to": people,
            "suffix": suffixes,
        }
    ).map(lambda told: ("regroup", told)),
    st.fixed_dictionaries(
        {
            "person": people,
            "kind": st.sampled_from(list(K)),
            "amount_minor": st.integers(0, 3),
            "id": st.sampled_from(["", "", "X1", "X2", "X3"]),
            "reference": st.sampled_from(["", "", "first", "second"]),
        }
    ).map(lambda told: ("money", told)),
    st.fixed_dictionaries(
        {
            "person": people,
            "meaning": st.sampled_from([M.PAYMENT, M.PAYMENT, M.REFUND, M.VOID]),
            "name": st.sampled_from(["first", "second"]),
            "amount_minor": st.integers(1, 3),
        }
    ).map(lambda told: ("payment", told)),
)


def reading_of(group: int, action: Action, at: int, known: set[str]) -> Reading | None:
    """The reading of an action, or none where HealthPay24 would not do such a thing. Numbers are the group's own."""
    kind, told = action
    person = group * 10 + told.get("person", 0)
    match kind:
        case "visit":
            known.add(f"{person}")
            payer = told["guarantor"]
            return adt(
                told["meaning"],
                at,
                group * 10 + told["of"] if told["of"] is not None else person,
                person,
                says=told["says"],
                visit_says=told["visit_says"],
                account_says=told["account_says"],
                guarantors=(Said((guarantor(payer[0]),), payer[1]),) if payer else (),
                balances=(balance(at, person, told["stated"]),) if told["stated"] is not None else (),
            )
        case "person":
            return adt(M.UPDATE_PERSON, at, person, says=told["says"])
        case "merge":
            return merge(at, (group * 10 + told["survivor"], group * 10 + told["retired"]))
        case "regroup":
            return _regroup(told, group, at)
        case "money":
            reference = f"{person}{told['reference']}" if told["reference"] else ""
            said = money(told["kind"], told["amount_minor"], id=told["id"], reference=reference)
            return dft(at, person, said, person=person)
        case _:
            return _payment(told, person, at, known)


_REGROUPS: dict[str, Callable[[int, str, str, str, str], Reading]] = {
    "merge-accounts": lambda at, one, other, to, _new: merge_accounts(at, one, other, to),
    "merge-visits": lambda at, one, other, to, _new: merge_visits(at, one, other, to),
    "move-account": lambda at, one, other, to, _new: move_account(at, one, other, to),
    "move-visit": lambda at, one, other, to, _new: move_visit(at, one, one, other, to, former=one),
    "renumber-patient": lambda at, _one, other, _to, new: renumber(at, Noun.PATIENT, other, new),
    "renumber-account": lambda at, _one, other, to, new: renumber(at, Noun.ACCOUNT, other, new, to),
    "renumber-visit": lambda at, _one, other, to, new: renumber(at, Noun.ENCOUNTER, other, new, to),
    "link": lambda at, one, other, _to, _new: link(at, one, other),
    "unlink": lambda at, one, other, _to, _new: link(at, one, other, meaning=M.UNLINK_PATIENTS),
    "end": lambda at, one, _other, to, _new: close(at, one, to),
    "purge": lambda at, one, _other, to, _new: close(at, one, to, meaning=M.PURGE_ACCOUNT),
    "remove": lambda at, one, _other, _to, _new: adt(M.REMOVE_PERSON, at, one),
}


def _regroup(told: dict[str, Any], group: int, at: int) -> Reading:
    one, other, to = (f"{group * 10 + told[name]}" for name in ("person", "other", "to"))
    return _REGROUPS[told["kind"]](at, one, other, to, one + told["suffix"])


def _payment(told: dict[str, Any], person: int, at: int, known: set[str]) -> Reading | None:
    name = f"{person}{told['name']}"
    if told["meaning"] is M.PAYMENT:
        if f"{person}" not in known:
            return None
        known.add(name)
        return paid(at, name, told["amount_minor"], (person, told["amount_minor"]))
    if name not in known:
        return None
    return paid(at, f"{name}-{told['meaning']}-{at}", told["amount_minor"], meaning=told["meaning"], original=name)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Reading], list[Reading]]:
    """The same groups twice: one after the other, and interleaved with messages repeated."""
    stories = draw(st.lists(st.lists(actions, min_size=1, max_size=10), min_size=1, max_size=3))
    times = iter(draw(st.permutations(range(1, sum(map(len, stories)) + 1))))
    groups: list[list[Reading]] = []
    for group, story in enumerate(stories, start=1):
        known: set[str] = set()
        readings = [reading_of(group, action, next(times), known) for action in story]
        groups.append([reading for reading in readings if reading is not None])
    plain = [reading for group in groups for reading in group]
    repeated = [draw(_with_repeats(group, _heard(group))) for group in groups]
    turns = draw(st.permutations([number for number, group in enumerate(repeated) for _ in group]))
    queues = [iter(group) for group in repeated]
    return plain, [next(queues[number]) for number in turns]


def _heard(group: list[Reading]) -> list[Reading]:
    """Those that are applied, or wait for their account: what is held for a person may well be right at another time."""
    ended: dict[int, Outcome] = {}
    play(group, 1, ended)
    return [one for number, one in enumerate(group, start=1) if isinstance(ended[number], Applied | MissingAccount)]


def _with_repeats(group: list[Reading], heard: list[Reading]) -> st.SearchStrategy[list[Reading]]:
    """Some messages come again, anywhere later."""
    spots = st.tuples(st.integers(0, max(0, len(heard) - 1)), st.integers(0, 20))

    def repeat(chosen: list[tuple[int, int]]) -> list[Reading]:
        longer = list(group)
        for number, later in chosen if heard else []:
            longer.insert(min(longer.index(heard[number]) + 1 + later, len(longer)), heard[number])
        return longer

    return st.lists(spots, max_size=4).map(repeat)


def play(readings: Sequence[Reading], batch_size: int, ended: dict[int, Outcome] | None = None) -> MemoryStore:
    """Run the messages in batches as the pipeline does; money that waits goes first when its account appears.

    `ended` is told how each message ended at last.
    """
    last = ended if ended is not None else {}
    store = MemoryStore()
    queue = [Told(number, reading) for number, reading in enumerate(readings, start=1)]
    waiting: dict[int, tuple[Told, str]] = {}
    while queue:
        batch, queue = queue[:batch_size], queue[batch_size:]
        workset = store.workset(told.reading for told in batch)
        for number, told in enumerate(batch, start=1):
            outcome = last[told.message_id] = apply(told.reading, workset, told.stamp())
            if isinstance(outcome, MissingAccount):
                waiting[told.message_id] = (told, "|".join(outcome.identifier))
            elif appeared := {name for _, name in waiting.values()}.intersection(workset.new_account_names()):
                released = [one for one, name in waiting.values() if name in appeared]
                waiting = {key: one for key, one in waiting.items() if one[1] not in appeared}
                queue = [*released, *batch[number:], *queue]
                break
        store.save(workset.changes())
    return store


@settings(max_examples=150)
@given(histories(), st.integers(1, 8))
def test_duplication_batching_and_interleaving_give_the_same_ledger(
    history: tuple[list[Reading], list[Reading]], batch_size: int
) -> None:
    plain, shuffled = history
    expected, found = play(plain, 1), play(shuffled, batch_size)
    assert compare(expected.image(), found.image()) == []
    expected.assert_journal_proven()
    found.assert_journal_proven()


@settings(max_examples=60)
@given(histories())
def test_replaying_everything_changes_nothing(history: tuple[list[Reading], list[Reading]]) -> None:
    _, readings = history
    story = [Told(number, reading) for number, reading in enumerate(readings, start=1)]
    store = MemoryStore()
    outcomes = [store.run([told])[0] for told in story]
    applied = [told for told, outcome in zip(story, outcomes, strict=True) if type(outcome).__name__ == "Applied"]
    before = store.image()
    again = [store.run([Told(told.message_id, told.reading, reason=RunReason.REPLAY)])[0] for told in applied]
    assert [one for one in again if not isinstance(one, Applied) or one.changed] == []
    assert compare(before, store.image()) == []
    store.assert_journal_proven()


@settings(max_examples=60)
@given(histories())
def test_rebuild_from_all_applied_messages_gives_the_same_ledger(history: tuple[list[Reading], list[Reading]]) -> None:
    _, readings = history
    story = [Told(number, reading) for number, reading in enumerate(readings, start=1)]
    first, second = MemoryStore(), MemoryStore()
    outcomes = [first.run([told])[0] for told in story]
    applied = [told for told, outcome in zip(story, outcomes, strict=True) if type(outcome).__name__ == "Applied"]
    second.run(applied)
    assert compare(first.image(), second.image()) == []
