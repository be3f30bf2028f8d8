"""What each event of the shipped Epic mapping becomes, and what of its segments the ledger hears."""

import pytest

from interface.errors import MappingError
from interface.ledger.noun import Identifier
from interface.ledger.reading import Filtered, Meaning, Merge
from interface.mapping.scope import UnfitMessageError
from tests.mapping.sample import A04, A40, ARRIVED, NORTH, as_event, read, understand, with_field

MRN = Identifier("north", "MR", "7700123")


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        ("ADT^A01", Meaning.ADMIT),
        ("ADT^A02", Meaning.TRANSFER),
        ("ADT^A03", Meaning.DISCHARGE),
        ("ADT^A04", Meaning.REGISTER),
        ("ADT^A05", Meaning.PREADMIT),
        ("ADT^A08", Meaning.UPDATE),
        ("ADT^A11", Meaning.CANCEL_VISIT),
        ("ADT^A13", Meaning.CANCEL_DISCHARGE),
        ("ADT^A28^ADT_A05", Meaning.ADD_PERSON),
        ("ADT^A31", Meaning.UPDATE_PERSON),
    ],
)
def test_each_event_has_its_meaning(event: str, meaning: Meaning) -> None:
    assert read(as_event(A04, event)).meaning is meaning


def test_a_registration_is_read_in_full() -> None:
    reading = read(A04)
    assert reading.patient is not None and reading.account is not None and reading.encounter is not None
    assert reading.patient.ids == (MRN,)
    assert reading.patient.groups == {
        "name": {"family": "TESTER", "given": "MARIA", "middle": "Q"},
        "birth": {"birth_date": "1980-02-12"},
        "sex": {"sex": "F"},
        "address": {"line": "12 ELM ST", "city": "MADISON", "state": "WI", "postal_code": "53703"},
        "phone": {"phone": "1-608-5550101"},
        "email": {"email": "maria@example.org"},
        "others": {"other_ids": [{"authority": "ent", "type": "PI", "value": "E88001"}]},
    }
    assert reading.account.ids == (Identifier("north", "AN", "9001001"),)
    assert reading.account.groups["class"] == {"financial_class": "SP"}
    assert reading.encounter.ids == (Identifier("north", "VN", "5550007"),)
    assert reading.encounter.groups["admission"] == {"admitted_at": 1_741_101_000_000_000}
    assert (reading.facility, reading.currency) == ("NORTH", "USD")


def test_guarantors_and_coverages_are_read_from_their_segments() -> None:
    reading = read(A04)
    (guarantor,) = reading.guarantors
    assert guarantor.ids == (Identifier("north", "GN", "G3001"),)
    assert guarantor.groups["relation"] == {"relationship": "SEL"}
    assert reading.account is not None
    assert reading.account.groups["coverages"]["coverages"] == [
        {
            "priority": 1,
            "plan_id": "PLAN9",
            "plan_name": "Example PPO",
            "payer_id": "PAY77",
            "payer_name": "EXAMPLE PAYER",
            "group_number": "GRP1",
            "starts": "2025-01-01",
            "plan_type": "PPO",
        }
    ]


def test_segments_that_an_event_does_not_carry_are_not_said() -> None:
    transfer = "\n".join(line for line in as_event(A04, "ADT^A02").split("\n") if line[:3] not in ("GT1", "IN1"))
    reading = read(transfer)
    assert reading.guarantors == ()
    assert reading.account is not None and "coverages" not in reading.account.groups


def test_a_person_level_event_speaks_of_no_visit_and_no_balance() -> None:
    reading = read(with_field(as_event(A04, "ADT^A31"), "PV1-46", "10.00"))
    assert reading.encounter is None
    assert reading.balances == ()


def test_a_class_of_not_applicable_is_no_visit() -> None:
    assert read(with_field(A04, "PV1-2", "N")).encounter is None


def test_every_group_of_a_merge_is_read() -> None:
    assert read(A40).merges == (
        Merge(MRN, Identifier("north", "MR", "7700999")),
        Merge(Identifier("north", "MR", "7700200"), Identifier("north", "MR", "7700201")),
    )


def test_a_merge_group_without_mrg_is_refused_and_not_filled_from_its_neighbour() -> None:
    broken = A40.strip().rsplit("\n", 1)[0]
    with pytest.raises(UnfitMessageError) as refused:
        read(broken)
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == ("merge-incomplete", "101", "MRG-1")


def test_a_stated_balance_is_as_of_the_event() -> None:
    (balance,) = read(with_field(A04, "PV1-46", "-12.50")).balances
    assert (balance.account.value, balance.amount_minor, balance.currency) == ("9001001", -1250, "USD")
    assert balance.as_of == 1_741_101_295_000_000


def test_an_event_that_is_listed_as_ignored_is_filtered_with_its_reason() -> None:
    assert understand(as_event(A04, "ADT^A60")) == Filtered("allergies are clinical")


@pytest.mark.parametrize("event", ["ADT^A99", "ORU^R01", "ADT", "SIU^S12^SIU_S12"])
def test_an_event_that_is_not_listed_is_filtered_never_failed(event: str) -> None:
    found = understand(as_event(A04, event))
    assert isinstance(found, Filtered)
    assert "event not mapped" in found.reason


@pytest.mark.parametrize("processing_id", ["T", "D", "T^A"])
def test_test_traffic_never_reaches_production(processing_id: str) -> None:
    with pytest.raises(UnfitMessageError) as refused:
        read(with_field(A04, "MSH-11", processing_id))
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == ("not-production", "202", "MSH-11")


def test_a_channel_that_is_not_for_production_takes_test_traffic() -> None:
    from dataclasses import replace

    assert read(with_field(A04, "MSH-11", "T"), replace(NORTH, production=False)).meaning is Meaning.REGISTER


def test_a_message_without_a_patient_is_refused() -> None:
    with pytest.raises(UnfitMessageError) as refused:
        read(with_field(A04, "PID-3", ""))
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == ("patient-unidentified", "101", "PID-3")


def test_no_error_carries_a_value_of_the_message() -> None:
    for text in (with_field(A04, "PID-3", "SECRETA^^^X^MR~SECRETB^^^Y^MR"), with_field(A04, "PV1-46", "SECRET")):
        with pytest.raises((UnfitMessageError, MappingError)) as refused:
            read(text)
        assert "SECRET" not in refused.value.sentence()


def test_custom_separators_are_those_of_the_message() -> None:
    odd = A04.replace("|", "#").replace("^", "!").replace("~", "@")
    odd = odd.replace("maria@example.org", "maria(at)example.org")
    assert read(odd.replace("MSH#!@\\&", "MSH#!@\\&")).patient == read(A04.replace("maria@", "maria(at)")).patient


def test_the_second_reading_of_the_same_message_is_the_same() -> None:
    assert read(A04) == read(A04, arrived_at=ARRIVED + 1)
