"""An Account that a program read and writes back, as FHIR clients do: what the patient owes is not stated anew by that."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.fhir_site import account, patient
from tests.web.fhir.conftest import Program, amount, face_of, opened, pay
from tests.web.fhir.writer import Resource, Writer, id_of

R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Account."


@pytest.fixture
def writer(tmp_path: Any) -> Iterator[Writer]:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
        yield Writer(Program(app, "", face_of(app)).with_token("system/*.cruds"))


def stated(value: str, day: str) -> list[Resource]:
    """What a patient owes, as an EHR says it."""
    money = {"value": Decimal(value), "currency": "USD"}
    return [
        {"url": f"{R5}balance", "extension": [{"url": "amount", "valueMoney": money}]},
        {"url": f"{R5}calculatedAt", "valueInstant": f"{day}T00:00:00Z"},
    ]


def test_what_was_paid_meanwhile_is_not_taken_off_twice(writer: Writer) -> None:
    writer.post(patient("771"))
    made = id_of(writer.post(account("A1", "771", extension=stated("100.00", "2026-03-04"))))
    pay(writer.program.app, f"ac_{made}", 4000)
    known = writer.program.get(f"Account/{made}")
    answer = writer.send("PUT", f"Account/{made}", known | {"type": {"text": "SELFPAY"}})
    after = writer.program.get(f"Account/{made}")
    assert (answer.status_code, after["type"]["text"]) == (200, "SELFPAY")
    assert (amount(known), amount(after)) == (Decimal("60.00"), Decimal("60.00"))


def test_where_nothing_was_stated_nothing_is(writer: Writer) -> None:
    writer.post(patient("771"))
    made = id_of(writer.post(account("A1", "771")))
    known = writer.program.get(f"Account/{made}")
    writer.send("PUT", f"Account/{made}", known)
    assert writer.program.get(f"Account/{made}")["extension"] == known["extension"]


def test_what_the_ehr_says_itself_counts(writer: Writer) -> None:
    writer.post(patient("771"))
    made = id_of(writer.post(account("A1", "771", extension=stated("100.00", "2026-03-04"))))
    known = writer.program.get(f"Account/{made}")
    writer.send("PUT", f"Account/{made}", known | {"extension": stated("25.00", "2026-03-05")})
    assert amount(writer.program.get(f"Account/{made}")) == Decimal("25.00")
