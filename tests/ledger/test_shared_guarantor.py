"""A guarantor shared by patients whose lanes know nothing of each other: whatever the order, it ends in one state."""

from random import Random

import pytest

from interface.ledger.compare import compare
from interface.ledger.entity import Group
from interface.ledger.noun import Noun
from interface.ledger.reading import Meaning, Reading, Said
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import adt, guarantor, named

PATIENTS, UPDATES = 5, 1000


def updates() -> list[Reading]:
    """Each says some of what is known of the guarantor, through one of its patients."""
    rng, readings = Random(24), []
    for at in range(1, UPDATES + 1):
        says = {
            **named("Payer", rng.choice("ABC")),
            "address": {"line": f"{rng.randrange(5)} ELM ST", "city": "MADISON"},
            "phone": {"phone": rng.choice(["1", "2", None])},
            "birth": {"birth_date": "1961-05-23"},
            "hold": {"billing_hold": rng.random() < 0.5},
        }
        told = {name: says[name] for name in rng.sample(sorted(says), rng.randint(1, len(says)))}
        patient = rng.randrange(PATIENTS)
        readings.append(adt(Meaning.UPDATE, at, patient, patient, guarantors=(Said((guarantor(1),), told),)))
    return readings


def play(readings: list[Reading], batch_size: int) -> MemoryStore:
    store = MemoryStore()
    story = [Told(number, reading) for number, reading in enumerate(readings, start=1)]
    for start in range(0, len(story), batch_size):
        store.run(story[start : start + batch_size])
    return store


def held(store: MemoryStore) -> dict[str, dict[str, object]]:
    groups: dict[str, Group] = store.get(Noun.GUARANTOR, guarantor(1)).groups
    return {name: group.values for name, group in groups.items()}


@pytest.mark.parametrize(("seed", "batch_size"), [(1, 1), (2, 7), (3, 64), (4, 256)])
def test_a_thousand_shuffled_updates_through_five_patients_end_in_one_state(seed: int, batch_size: int) -> None:
    in_order, shuffled = updates(), updates()
    Random(seed).shuffle(shuffled)
    expected, found = play(in_order, 64), play(shuffled, batch_size)
    assert held(found) == held(expected)
    assert [one for one in compare(expected.image(), found.image()) if one.noun == Noun.GUARANTOR] == []
