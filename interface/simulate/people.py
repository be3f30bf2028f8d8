"""Invented people: names, addresses, guarantors and coverages out of a seeded generator.

Family names, streets, towns and payers are made up, telephone numbers are of the 555-01xx range kept for fiction
and mail addresses of a domain kept for examples, so nobody real can be met here. The spelling is as unruly as in
life: accents, apostrophes, hyphens, blanks and names too long for their column.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("; "))


_GIVEN = _listed(
    "Maria; John; Zoë; Renée; Björn; Inês; Tomás; Aoife; Søren; Mei-Ling; D'Shawn; Anne Marie; Łucja; Ngozi; "
    "Priya; Émile; Noah; Olivia; Liam; Ava; Günther; Siobhán; Mateo; Amélie; Kai; Wilhelmina; Bartholomew; Jo; "
    "Tess; Ida; Otto; Rosalind; Ezra; Hana; Yusuf; Leilani; Anaïs"
)
_FAMILY = _listed(
    "Tessaly; Brannoway; O'Quillan; D'Arvenne; Vandermoor; Hollowmere; Wintersgale; Marrowby; Penhallick; "
    "Núñerez; Brezhnar; Lindqvale; Öberholt; Fjærvik; Saint-Corvé; van der Quill; McTavishell; Okonwale; "
    "Yamadori; Castellazzo; Dubrovnar; Eastwick-Thorne; Farrowdale; Grimsbury; Ijsselstein; Jørnsgaard; "
    "Kettlewhite; Łuczywo; Mbekande; Nightingrove; Pèrelaine; Quartermoor; Rossignolle; Şahinbey; Thistlewood; "
    "Ullswater; Vâlceanescu; Wolfensteiner; Xantippe; Yarborough-Finch; Zephyrine; Ashcombe; Bellweather; "
    "Featherstonehaugh-Wolverbrook-Quillington; Ng'andwe; Ó Dálaighan; Szczebrzeszka; Tran-Delacourt; Hai"
)
_STREETS = _listed(
    "Elm Hollow; Gristmill; St. Orrin's; Old Quarry; Château; Lantern; Sixth & Alder; Kingfisher; Vesper"
)
_WAYS = ("St", "Ave", "Rd", "Ln", "Blvd", "Ct")
_TOWNS = (
    ("Elmhollow", "53790"),
    ("Port Verity", "53791"),
    ("Saint Orrin", "53792"),
    ("Lower Quill", "53793"),
    ("Marl", "53794"),
)
_LANGUAGES = ("en", "en", "en", "en", "en", "en", "es", "fr", "pl", "vi")
_PLANS = (
    ("PLAN1", "Alderstone PPO", "PAY11", "Alderstone Mutual", "PPO"),
    ("PLAN2", "Brightwater HMO", "PAY12", "Brightwater Health", "HMO"),
    ("PLAN3", "Lumen & Oak Choice", "PAY13", "Lumen & Oak Assurance", "POS"),
    ("PLAN4", "Seniorcare Basic", "PAY14", "Seniorcare of Quill", "MC"),
    ("PLAN5", "Openhand State Plan", "PAY15", "Openhand", "MA"),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives: US postal parts, country not sent."""

    street: str
    other: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is. `sex` is of HL7 table 0001, `language` of ISO 639; phone numbers are three digits and seven."""

    family: str
    given: str
    middle: str
    birth_date: date
    sex: str
    language: str
    address: Address
    area: str
    phone: str
    mail: str


@dataclass(frozen=True, slots=True)
class Guarantor:
    """Who answers for the bill: the patient, or the parent of a child (several children share one)."""

    number: str
    person: Person


@dataclass(frozen=True, slots=True)
class Coverage:
    """One insurance of one patient. `relation` (insured to patient) is of HL7 table 0063, `priority` counts from 1."""

    priority: int
    plan_id: str
    plan_name: str
    payer_id: str
    payer_name: str
    plan_type: str
    group: str
    policy: str
    effective: date
    insured: Person
    relation: str


def invent_person(rng: Random, today: date, *, child: bool = False) -> Person:
    """Return a new person; a child is under 18 on `today`, anybody else is not."""
    years = rng.uniform(0.1, 17.5) if child else rng.uniform(18.5, 96)
    family = rng.choice(_FAMILY)
    if rng.random() < 0.06:
        family = f"{family}-{rng.choice(_FAMILY)}"
    return Person(
        family=family,
        given=rng.choice(_GIVEN),
        middle=rng.choice("ABCDEFGHJKLMNPRSTW") if rng.random() < 0.6 else "",
        birth_date=today - timedelta(days=int(years * 365.25)),
        sex=rng.choice("FFFFMMMMU"),
        language=rng.choice(_LANGUAGES),
        address=invent_address(rng),
        area=rng.choice(("608", "414", "262")),
        phone=f"55501{rng.randrange(100):02d}",
        mail=f"person{rng.randrange(10**6):06d}@example.org" if rng.random() < 0.7 else "",
    )


def invent_address(rng: Random) -> Address:
    """Return an address in one of a few towns that are on no map."""
    city, postal = rng.choice(_TOWNS)
    street = f"{rng.randrange(1, 9900)} {rng.choice(_STREETS)} {rng.choice(_WAYS)}"
    return Address(street, f"Apt {rng.randrange(1, 60)}" if rng.random() < 0.2 else "", city, "WI", postal)


def invent_coverages(rng: Random, insured: Person, relation: str, today: date) -> tuple[Coverage, ...]:
    """Return what insures a patient: nothing for one in eight (self-pay), two plans for one in seven."""
    how_many = rng.choices((0, 1, 2), (12, 74, 14))[0]
    return tuple(
        Coverage(
            priority=priority,
            plan_id=plan[0],
            plan_name=plan[1],
            payer_id=plan[2],
            payer_name=plan[3],
            plan_type=plan[4],
            group=f"GRP{rng.randrange(1, 400)}",
            policy=f"XQ{rng.choice('ABCDEF')}{rng.randrange(10**7):07d}",
            effective=date(today.year - rng.randrange(4), 1, 1),
            insured=insured,
            relation=relation,
        )
        for priority, plan in enumerate(rng.sample(_PLANS, how_many), 1)
    )


def move_house(rng: Random, person: Person) -> Person:
    """Return the same person at another address."""
    return replace(person, address=invent_address(rng))


def mishear(person: Person) -> Person:
    """Return the person as a second registration desk wrote the name down: the usual birth of a duplicate record."""
    return replace(person, given=person.given.split("-")[0].split(" ")[0], middle="", mail="")
