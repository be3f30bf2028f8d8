"""Charges that HL7 brought are read as ChargeItem: found by whose they are, and adding up to what was charged."""

from decimal import Decimal
from typing import Any

import pytest

from interface.app.compose import App
from interface.app.plan import plan_of
from interface.operate.act import By
from interface.operate.replay import choose, request
from interface.pipeline.process import ProcessStage, drain
from interface.view.message import MessageFilter
from tests.web.fhir.conftest import Program, feed, message
from tests.web.fhir.test_reading import is_valid


def dft(number: int, *charges: str, mrn: str = "771", account: str = "991") -> bytes:
    """DFT^P03 with these FT1: `ID|TYPE|CODE|AMOUNT`."""
    at = f"202504{1 + number:02d}120000-0500"
    lines = [
        f"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|{at}||DFT^P03|D{number}|P|2.5.1",
        f"EVN|P03|{at}",
        f"PID|1||{mrn}^^^NORTH^MR||SPECIMEN^ANA||19700101|F||||||||||{account}^^^NORTH^AN",
    ]
    for place, one in enumerate(charges, start=1):
        id_, type_, code, amount = one.split("|")
        lines.append(f"FT1|{place}|{id_}||{at}||{type_}|{code}^TEST|||1|{amount}")
    return "".join(f"{line}\r" for line in lines).encode()


@pytest.fixture
def charged(app: App, program: Program) -> Program:
    """Two people with an account each: two charges and a credit on one, a charge on the other."""
    feed(app, message(1), message(2, mrn="772", name="SPECIMEN^BEN", account="992", visit="552"))
    feed(app, dft(1, "T1|CG|99213|100.00", "T2|CG|99214|20.50"), dft(2, "T3|CD|99214|20.50"))
    feed(app, dft(3, "T4|CG|99215|7.00", mrn="772", account="992"))
    return program


def price(one: dict[str, Any]) -> str:
    return str(one["priceOverride"]["value"])


def account_of(program: Program, number: str) -> str:
    (found,) = program.found(f"Account?identifier={number}")
    return str(found["id"])


def test_a_charge_is_read_as_it_was_booked(charged: Program) -> None:
    (found,) = charged.found("ChargeItem?identifier=T1")
    (account,) = charged.found("Account?identifier=991")
    assert charged.get(f"ChargeItem/{found['id']}") == found
    assert found["code"] == {"coding": [{"code": "99213"}]}
    assert (found["status"], price(found)) == ("billable", "100.00")
    assert found["account"] == [{"reference": f"Account/{account['id']}"}]
    assert found["subject"] == account["subject"][0]
    assert found["occurrenceDateTime"] == "2025-04-02T17:00:00Z"
    assert is_valid(found)


def test_charges_and_credits_add_up(charged: Program) -> None:
    found = charged.found(f"ChargeItem?account={account_of(charged, '991')}")
    assert [price(one) for one in found] == ["100.00", "20.50", "-20.50"]
    assert sum(Decimal(price(one)) for one in found) == Decimal("100.00")


@pytest.mark.parametrize("parameter", ["patient", "subject"])
def test_charges_are_found_by_whose_they_are(charged: Program, parameter: str) -> None:
    (patient,) = charged.found("Patient?identifier=772")
    assert [price(one) for one in charged.found(f"ChargeItem?{parameter}=Patient/{patient['id']}")] == ["7.00"]


def test_charges_come_page_by_page_and_are_counted(charged: Program) -> None:
    pages = charged.pages("ChargeItem?_count=3")
    assert [[price(one) for one in page] for page in pages] == [["100.00", "20.50", "-20.50"], ["7.00"]]
    assert charged.get("ChargeItem?_summary=count")["total"] == 4


def test_no_charge_is_found_by_another_number_or_on_another_account(charged: Program) -> None:
    other = account_of(charged, "992")
    for query in ("identifier=T", "identifier=99213", f"identifier=T1&account={other}", "account=none", "_id=none"):
        assert charged.found(f"ChargeItem?{query}") == []


def test_the_charges_of_a_merged_account_are_those_of_its_survivor(app: App, charged: Program) -> None:
    standing = account_of(charged, "991")
    feed(app, message(30, event="A40", more=("MRG|772^^^NORTH^MR",)))
    feed(app, message(31, event="A41", more=("MRG|772^^^NORTH^MR||992^^^NORTH^AN",)))
    found = charged.found(f"ChargeItem?account={standing}")
    assert {one["account"][0]["reference"] for one in found} == {f"Account/{standing}"}
    assert len(found) == 4


def test_a_charge_brings_its_account_and_patient(charged: Program) -> None:
    bundle = charged.get("ChargeItem?identifier=T1&_include=ChargeItem:account&_include=ChargeItem:patient")
    assert [one["resource"]["resourceType"] for one in bundle["entry"]] == ["ChargeItem", "Account", "Patient"]


def test_a_charge_that_was_booked_anew_is_entered_in_error(app: App, charged: Program) -> None:
    kinds = app.root / "mappings" / "tables" / "transaction_kind.csv"
    kinds.write_text(kinds.read_text(encoding="utf-8").replace("CD,credit,", "CD,charge,"), encoding="utf-8")
    app.publish(app.edited(), "tester")
    request(app.store, By("tester", "try"), choose(app.store, MessageFilter()), force_money=True)
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)
    found = charged.found(f"ChargeItem?account={account_of(charged, '991')}")
    told = [(one["status"], price(one), "identifier" in one) for one in found]
    assert told == [
        ("billable", "100.00", True),
        ("billable", "20.50", True),
        ("entered-in-error", "-20.50", False),
        ("billable", "20.50", True),
    ]
