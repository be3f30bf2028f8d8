"""The same morning, as HL7 v2 into one engine and as FHIR transactions into another, leads to the same ledger.

Compared is every field of every patient, guarantor, account and visit, under the same numbers, retired ones included: names,
birth, sex, addresses, e-mail, language, other and former numbers; who answers for an account, and what covers it; class, service,
place, state, times, account of a visit. Of money: what every account holds in every book, each charge and payment, and what is
stated and due.

Different by nature, and so left out: financial class, patient type and discharge disposition (codes of v2 that the morning has in
no resource), the type of an account (R4's own) and of a guarantor (GT1-10), the country code of phones (a component of XTN, in R4
a part of the text), and when a merge was (a Patient does not say; it is when the request came).
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from interface.app.compose import App
from interface.app.due import policies
from interface.ledger.noun import Noun
from interface.simulate.fhir_day import FhirDay, FhirRequest
from interface.simulate.hospital import Hospital
from interface.simulate.traffic import morning
from interface.view.money import AccountStory
from tests.web.fhir.conftest import Program, face_of, feed, opened
from tests.web.fhir.writer import Resource, Writer

SEED, PATIENTS, FACILITY = 24, 8, "NORTH"  # eight are enough for one of everything: see interface/simulate/traffic.py
BY_NATURE: Final = {
    "financial_class",
    "patient_type",
    "disposition",
    "type",
    "phone",
    "merged.at",
}
Rows = dict[tuple[Noun, tuple[str, ...]], dict[str, Any]]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, App]]:
    one, other = (tmp_path_factory.mktemp(name) for name in ("hl7", "fhir"))
    with (
        opened(one, f"sqlite:///{one / 'hp24.db'}") as hl7,
        opened(other, f"sqlite:///{other / 'hp24.db'}", facility=FACILITY) as fhir,
    ):
        feed(hl7, *(sent.content for sent in morning(SEED, PATIENTS)))
        writer = Writer(Program(fhir, "", face_of(fhir)).with_token("system/*.cruds"))
        for told in FhirDay(Hospital(SEED), PATIENTS):
            assert writer.send("POST", "", transaction(told)).status_code in (
                200,
                202,
            )  # 202: a charge before its account
        yield hl7, fhir


def transaction(told: tuple[FhirRequest, ...]) -> Resource:
    """What one event of the hospital leads to, whole."""
    entries = [{"request": {"method": one.method, "url": one.target}, "resource": dict(one.resource)} for one in told]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def rows(app: App) -> Rows:
    """Every row by its numbers, and its fields."""
    with app.store.snapshot() as reader:
        image = reader.image()
        names: dict[tuple[Noun, int], list[str]] = {}
        for known in image.identifiers:
            is_retired = " retired" if known.retired_at else ""
            names.setdefault((known.noun, known.entity_id), []).append(f"{known.identifier}{is_retired}")
        return {(row.noun, tuple(sorted(names[row.noun, row.id]))): fields(row.groups) for row in image.entities}


def fields(groups: Any) -> dict[str, Any]:
    found = {f"{name}.{field}": value for name, group in groups.items() for field, value in group.values.items()}
    if listed := found.get("guarantors.guarantors"):
        found["guarantors.guarantors"] = [{k: v for k, v in one.items() if k not in BY_NATURE} for one in listed]
    return {name: value for name, value in found.items() if not BY_NATURE & {name, name.partition(".")[2]}}


def test_every_field_of_every_row_is_the_same(apps: tuple[App, App]) -> None:
    hl7, fhir = map(rows, apps)
    assert {noun for noun, _ in hl7} == {Noun.PATIENT, Noun.GUARANTOR, Noun.ACCOUNT, Noun.ENCOUNTER}
    assert any("retired" in name for _, names in hl7 for name in names)
    assert hl7 == fhir


MONEY: Final[dict[str, Callable[[App, AccountStory], object]]] = {
    "books": lambda _app, one: sorted((str(b.book), str(b.responsibility), b.amount_minor) for b in one.balances),
    "entries": lambda _app, one: sorted(
        (str(entry.kind), sorted((str(line.book), line.amount_minor) for line in entry.lines)) for entry in one.entries
    ),
    "stated": lambda _app, one: [(seen.amount_minor, seen.currency) for seen in one.stated()],
    "due": lambda app, one: one.due(policies(app.active()[1])[one.account.facility]).amount_minor,
    "guarantors": lambda _app, one: [guarantor.value("name", "family") for guarantor in one.guarantors],
}


@pytest.mark.parametrize("what", MONEY)
def test_every_account_holds_the_same_money(apps: tuple[App, App], what: str) -> None:
    hl7, fhir = ({one.names[0].value: MONEY[what](app, one) for one in stories(app)} for app in apps)
    assert hl7 == fhir
    assert any(hl7.values())


def stories(app: App) -> list[AccountStory]:
    with app.store.snapshot() as reader:
        found = (reader.account(one.account.public_id) for one in reader.accounts(0, 100))
        return [one for one in found if one is not None]
