"""A large ledger in a few minutes: households that one message has made, written again and again under other names.

What is written goes through the store's own way of writing, batch by batch, as processing does; no message is stored for it.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from interface.app.compose import App
from interface.app.plan import plan_of
from interface.ledger.change import LedgerChanges
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Observation
from interface.ledger.noun import PREFIX, Identifier, Noun
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.row.mirror import MirrorMark, Subject
from tests.bench.load import TEMPLATES

ACCOUNTS_EACH = 2  # of one patient, who has one guarantor and one visit
FAMILIES = 20_000
GIVEN = (
    "ADA",
    "BEN",
    "CLEO",
    "DAN",
    "EVE",
    "FINN",
    "GWEN",
    "HUGO",
    "IDA",
    "JON",
    "KIM",
    "LEO",
    "MIA",
    "NED",
    "OLGA",
    "PIM",
)
FIRST = 1_000_000  # the first household's number
_BATCH = 100  # households
_SUBJECTS = {Noun.PATIENT: Subject.PATIENT, Noun.GUARANTOR: Subject.GUARANTOR, Noun.ENCOUNTER: Subject.ENCOUNTER}
_TEMPLATE = {"CTL": "template", "MRN": "100000", "N": "1", "TS": "20260304091000"}
Tell = Callable[[int], None]  # accounts that are written


@dataclass(frozen=True, slots=True)
class Household:
    """What a household is called: numbers of the patient and of the accounts, and the patient's name."""

    number: int

    @property
    def mrn(self) -> str:
        return f"{self.number}"

    @property
    def family(self) -> str:
        return f"FAMILY{self.number * 7919 % FAMILIES}"

    @property
    def given(self) -> str:
        return GIVEN[self.number % len(GIVEN)]

    def account(self, place: int) -> str:
        return f"9{place}{self.number}"


def households(accounts: int) -> range:
    """The numbers of all households of a ledger of this size."""
    return range(FIRST, FIRST + accounts // ACCOUNTS_EACH)


def fill(app: App, accounts: int, tell: Tell) -> None:
    """Write a ledger of so many accounts. The active configuration is one that reads the template."""
    template = _templates(app)
    numbers = households(accounts)
    chance = random.Random(accounts)
    for start in range(0, len(numbers), _BATCH):
        changes, marks = LedgerChanges(), list[MirrorMark]()
        for number in numbers[start : start + _BATCH]:
            _household(app, template, Household(number), chance, changes)
        for one in changes.created:
            subjects = (Subject.ACCOUNT, Subject.BALANCE) if one.noun is Noun.ACCOUNT else (_SUBJECTS[one.noun],)
            marks += [MirrorMark(subject, one.id) for subject in subjects]
        sealed = app.store.seal(changes)
        with app.store.turn("fill") as turn:
            turn.save(sealed, 1)
            turn.mark(marks)
        tell(min(start + _BATCH, len(numbers)) * ACCOUNTS_EACH)


def _templates(app: App) -> dict[Noun, Entity]:
    text = TEMPLATES["epic"].read_text(encoding="utf-8").replace("\n", "\r")
    for name, value in _TEMPLATE.items():
        text = text.replace(f"{{{name}}}", value)
    store_batch(app.store, [examine(text.encode(), Listening("epic"), peer="bench:1", at=app.clock.now())])
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 1)
    with app.store.snapshot() as reader:
        return {one.noun: one for one in reader.image().entities}


def _household(
    app: App, template: dict[Noun, Entity], home: Household, chance: random.Random, changes: LedgerChanges
) -> None:
    at = app.clock.now()
    name = {"family": home.family, "given": home.given, "middle": "Q"}
    born = {"birth_date": f"{1930 + home.number % 80}-{1 + home.number % 12:02d}-{1 + home.number % 28:02d}"}

    def made(noun: Noun, number: str, type_: str, said: dict[str, dict[str, Any]], **links: Any) -> Entity:
        groups = template[noun].groups
        one = replace(
            template[noun],
            id=app.store.allocate(noun.value),
            public_id=app.store.new_public_id(PREFIX[noun]),
            created_at=at,
            updated_at=at,
            groups=groups | {group: groups[group]._replace(values=values) for group, values in said.items()},
            **links,
        )
        changes.created.append(one)
        changes.identifiers.append(KnownIdentifier(noun, Identifier("north", type_, number), one.id, at))
        return one

    patient = made(Noun.PATIENT, home.mrn, "MR", {"name": name, "birth": born}, lane=chance.getrandbits(62))
    guarantor = made(Noun.GUARANTOR, f"5{home.mrn}", "GN", {"name": name, "birth": born})
    answers = {"guarantors": [{"guarantor": guarantor.id, "priority": 1, "type": "P/F", "relationship": "SEL"}]}
    accounts = [
        made(Noun.ACCOUNT, home.account(place), "AN", {"guarantors": answers}, patient_id=patient.id)
        for place in range(ACCOUNTS_EACH)
    ]
    first = accounts[0].id
    made(Noun.ENCOUNTER, f"7{home.mrn}", "VN", {"link": {"account": first}}, patient_id=patient.id, account_id=first)
    changes.observations += [Observation(one.id, chance.randrange(0, 500_000), "USD", at, 1, 1) for one in accounts]


def sample(accounts: int, amount: int, chance: random.Random) -> Iterator[Household]:
    """Households of a ledger of this size, drawn evenly."""
    numbers = households(accounts)
    return (Household(numbers[chance.randrange(len(numbers))]) for _ in range(amount))
