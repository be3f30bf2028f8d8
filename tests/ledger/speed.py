"""What applying costs in processor time, without parsing, mapping and storing: `python -m tests.ledger.speed`."""

import gc
import time
from collections.abc import Sequence

from interface.ledger.apply import apply
from interface.ledger.change import Loaded
from interface.ledger.needs import needs
from interface.ledger.outcome import Applied
from interface.ledger.reading import Meaning, MoneyKind, Reading, Said
from interface.ledger.workset import Workset
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import SECOND, adt, balance, dft, guarantor, money, named, phone, visit

BATCH = 256
ROUNDS = 7
PARTS = ("needs", "load", "workset", "lanes", "apply", "changes")


def snapshot(at: int, person: int, *, changed: bool = False) -> Reading:
    """A full A08: 12 patient fields, account with coverage, one guarantor, encounter, self-pay balance."""
    address = {"line": "12 Elm St", "city": "Madison", "state": "WI", "postal_code": "53703", "country": "US"}
    patient = {
        **named("Tester", "Maria", middle="Q"),
        "birth": {"birth_date": "1980-02-12"},
        "sex": {"sex": "F"},
        "address": address,
        **phone("608-555-0101" if not changed else "608-555-0102"),
        "email": {"email": "maria@example.org"},
        "language": {"language": "en"},
    }
    coverage = {"priority": 1, "plan_id": "PLAN9", "payer_id": "PAY77", "group_number": "GRP1", "starts": "2025-01-01"}
    payer = {**named("Tester", "Maria"), "address": address, "birth": {"birth_date": "1980-02-12"}}
    return adt(
        Meaning.UPDATE,
        at,
        person,
        person,
        says=patient,
        account_says={
            "class": {"financial_class": "SP", "patient_type": "O"},
            "status": {"status": "A"},
            "coverages": {"coverages": (coverage,)},
        },
        visit_says={
            "class": {"class": "O", "service": "CARD"},
            "place": {"location": "CARD", "servicing_facility": "NORTH"},
            "admission": {"admitted_at": SECOND},
            "finance": {"financial_class": "SP"},
        },
        guarantors=(Said((guarantor(person),), payer | {"relation": {"relationship": "SEL"}}),),
        balances=(balance(at, person, 12_500),),
    )


def measure(name: str, store: MemoryStore, readings: Sequence[Reading]) -> None:
    """Time `needs`, making the workset, `lanes`, `apply` and `changes` of one batch, per message."""
    told = [Told(1_000_000 + number, reading) for number, reading in enumerate(readings)]
    stamps = [one.stamp() for one in told]
    spent: dict[str, float] = {}

    def once() -> None:
        marks = [time.process_time()]
        wanted = needs(readings)
        marks.append(time.process_time())
        loaded: Loaded = store.load(wanted)
        marks.append(time.process_time())
        workset = Workset(loaded, store.allocate, store.new_public_id, store.lane_of, store.wire_id)
        marks.append(time.process_time())
        for reading in readings:
            workset.lanes(reading)
        marks.append(time.process_time())
        outcomes = [apply(reading, workset, stamp) for reading, stamp in zip(readings, stamps, strict=True)]
        marks.append(time.process_time())
        workset.changes()
        marks.append(time.process_time())
        assert all(isinstance(outcome, Applied) for outcome in outcomes)
        for part, start, end in zip(PARTS, marks[:-1], marks[1:], strict=True):
            spent[part] = min(spent.get(part, end - start), end - start)

    for _ in range(ROUNDS):
        once()
    parts = "  ".join(f"{part} {spent[part] / len(readings) * 1e6:6.1f}" for part in spent if part != "load")
    print(f"{name:34} {parts}  us a message")  # noqa: T201 - this module's purpose


def main() -> None:
    gc.disable()  # as timeit does
    store = MemoryStore()
    people = range(1, BATCH + 1)
    measure("A08 of unknown patients (creates)", store, [snapshot(1, person) for person in people])
    store.run([Told(number, snapshot(1, number)) for number in people])
    measure("A08 repeated, newer (unchanged)", store, [snapshot(9, person) for person in people])
    measure("A08 with a new phone", store, [snapshot(9, person, changed=True) for person in people])
    charges = [
        dft(9, person, money(MoneyKind.CHARGE, 4000, id=f"C{person}", visit=visit(person)), person=person)
        for person in people
    ]
    measure("DFT with one charge", store, charges)


if __name__ == "__main__":
    main()
