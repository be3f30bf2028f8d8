"""What differs between two versions of the files is told by its name and place, with what it reaches and whether it is money."""

import pytest

from interface.channel import consequence
from interface.channel.difference import Change, differences
from interface.channel.flat import options
from interface.channel.loader import load, read_files
from interface.channel.option import PaymentShape
from interface.channel.spec import Channel
from interface.channel.spec_fhir import FhirDestination
from interface.channel.spec_tls import ClientTls
from interface.settings import Settings
from tests.conftest import PROJECT

OTHERS = ("cerner", "athena", "channels/fhir.yaml")
SHIPPED = {path: text for path, text in read_files(PROJECT).items() if not any(one in path for one in OTHERS)}
EPIC, HL7, KINDS = "channels/epic.yaml", "mappings/hl7v2.yaml", "mappings/tables/transaction_kind.csv"


def changed(file: str, old: str, new: str) -> list[Change]:
    """What an edit of one shipped file changes."""
    assert old in SHIPPED[file]
    return differences(load(SHIPPED, {}), load({**SHIPPED, file: SHIPPED[file].replace(old, new, 1)}, {}))


def line_of(file: str, text: str) -> str:
    number = next(at for at, line in enumerate(SHIPPED[file].splitlines(), 1) if text in line)
    return f"{file}:{number}"


def test_the_same_files_differ_in_nothing() -> None:
    assert differences(load(SHIPPED, {}), load(dict(SHIPPED), {})) == []


def test_a_comment_says_nothing() -> None:
    assert changed(EPIC, "# Agreed with", "# agreed with") == []


def test_an_option_is_named_with_both_values() -> None:
    (one,) = changed(EPIC, "sign_of_payment: positive", "sign_of_payment: negative")
    assert (one.subject, one.name, one.old, one.new) == (
        "channel epic",
        "money.sign_of_payment",
        "positive",
        "negative",
    )
    assert (one.place, one.channels) == (line_of(EPIC, "sign_of_payment"), ("epic",))
    assert one.money


def test_an_option_that_is_taken_away_has_its_default_again() -> None:
    (one,) = changed(EPIC, "posting_lag_hours: 24\n", "posting_lag_hours: 12\n")
    assert (one.old, one.new) == ("24.0", "12.0")
    assert changed(EPIC, "posting_lag_hours: 24\n", "") == []


def test_a_value_that_the_environment_gives_differs_only_where_it_is_another() -> None:
    assert changed(EPIC, "EPIC_MLLP_PORT:-2575", "OTHER_PORT:-2575") == []
    (one,) = changed(EPIC, "EPIC_MLLP_PORT:-2575", "OTHER_PORT:-2585")
    assert (one.name, one.old, one.new, one.money) == ("source.mllp.port", "2575", "2585", "")


def test_a_rule_is_named_where_it_stands_with_the_channels_that_inherit_it() -> None:
    (one,) = changed(HL7, "phone: GT1-6", "phone: GT1-7")
    assert (one.subject, one.name, one.place) == ("mapping hl7v2", "guarantors.phone", line_of(HL7, "phone: GT1-6"))
    assert (one.channels, one.money) == (("epic",), "")


def test_an_inherited_rule_that_is_replaced_reaches_nobody() -> None:
    (one,) = changed(HL7, "  account: PID-18\n", "  account: PV1-50\n")
    assert (one.name, one.channels) == ("(no channel takes it)", ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount: FT1-11 | money", "amount: FT1-12 | money"),
        ("postal_code: PID-11.5", "postal_code: PID-11.9"),
        ("visit: PV1-19 if", "visit: PV1-50 if"),
        ("DFT^P03: transactions", "DFT^P03: update"),
        ("ADT^A40: merge-patient", "ADT^A40: update"),
    ],
)
def test_amounts_accounts_visits_addresses_and_their_events_are_money(old: str, new: str) -> None:
    assert all(one.money for one in changed(HL7, old, new))


def test_a_code_is_named_with_its_line_and_is_money_where_a_rule_of_money_asks_for_it() -> None:
    (one,) = changed(KINDS, "CG,charge", "CG,credit")
    assert (one.subject, one.name, one.old, one.new) == ("table transaction_kind", "CG", "charge", "credit")
    assert (one.place, one.channels) == (line_of(KINDS, "CG,"), ("epic",))
    assert one.money
    assert not any(other.money for other in changed("mappings/tables/sex.csv", "M,", "MM,"))


def test_how_long_things_are_kept_is_money() -> None:
    (one,) = changed("config/engine.yaml", "log_level:", "keep_deliveries_days: 400\nlog_level:")
    assert (one.subject, one.name, one.new, one.money) == ("settings", "keep_deliveries_days", "400", "retention")


def test_a_database_address_is_not_shown() -> None:
    (one,) = changed("config/engine.yaml", "HP24_DATABASE_URL:-}", "HP24_DATABASE_URL:-postgresql://hp24:pw@db/hp24}")
    assert (one.name, one.old, one.new) == ("database_url", None, None)
    assert one.money


def test_a_channel_that_comes_or_goes_is_one_line() -> None:
    text = SHIPPED[EPIC].replace("channel: epic", "channel: west").replace("NORTH", "WEST").replace("2575", "2580")
    with_west = load({**SHIPPED, "channels/west.yaml": text}, {})
    (come,) = differences(load(SHIPPED, {}), with_west)
    (gone,) = differences(with_west, load(SHIPPED, {}))
    assert (come.subject, come.old, gone.new) == ("channel west", None, None)
    assert come.new == gone.old is not None
    assert come.money
    assert gone.money


def test_a_destination_that_goes_is_one_line() -> None:
    start = SHIPPED[EPIC].index("destinations:")
    (one,) = differences(load(SHIPPED, {}), load({**SHIPPED, EPIC: SHIPPED[EPIC][:start]}, {}))
    assert (one.name, one.new, one.money) == ("destinations.dft", None, "where payments go")


def test_every_declared_option_and_setting_exists() -> None:
    spec = load(SHIPPED, {}).specs["epic"]
    known = set(options(spec)) | {
        ("filters", "1", "when"),
        ("destinations", "dft", "mllp", "tls", "ca"),
    }
    over_http = FhirDestination(
        base_url="https://fhir.example.org",
        shape=PaymentShape.PAYMENT_RECONCILIATION,
        methods_by_tender={"ach": "CHCK"},
        tls=ClientTls(),
    )
    known |= {("destinations", "dft", "fhir", *path) for path in options(over_http)}
    settings = set(options(Settings()))
    assert isinstance(spec, Channel)
    for pattern in consequence.OPTIONS:
        assert any(consequence._found({pattern: "x"}, path) for path in known), pattern
    for pattern in consequence.SETTINGS:
        assert any(consequence._found({pattern: "x"}, path) for path in settings), pattern


def test_what_an_environment_says_differs_by_name() -> None:
    file = "config/environments/production.yaml"
    (one,) = changed(file, "addresses: [ehr.example.org]", "addresses: []")
    assert (one.subject, one.name, one.old, one.new) == (
        "environment production",
        "addresses",
        "[ehr.example.org]",
        "[]",
    )
    assert one.money
    (two,) = changed(file, "EPIC_DFT_HOST: ehr.example.org", "EPIC_DFT_HOST: ehr2.example.org")
    assert (two.name, two.money) == ("values.EPIC_DFT_HOST", "")


FHIRR4, OF_EPIC = "mappings/fhirr4.yaml", "channels/epic-fhir.yaml"


def test_what_a_channel_over_fhir_takes_is_an_option_like_others() -> None:
    (one,) = changed(OF_EPIC, "max_entries: 500", "max_entries: 400")
    assert (one.name, one.old, one.new, one.money) == ("source.fhir.max_entries", "500", "400", "")


def test_a_rule_that_reads_fhir_reaches_the_channels_that_inherit_it() -> None:
    (one,) = changed(FHIRR4, "birth_date: Patient.birthDate | date", "birth_date: Patient.birthDate[0] | date")
    assert (one.subject, one.name, one.channels, one.money) == (
        "mapping fhirr4",
        "patient.birth_date",
        ("epic-fhir",),
        "",
    )


def test_a_channel_over_fhir_that_comes_says_so() -> None:
    before = {path: text for path, text in SHIPPED.items() if path != OF_EPIC}
    (one,) = differences(load(before, {}), load(SHIPPED, {}))
    assert (one.subject, one.new) == ("channel epic-fhir", "FHIR, facility HARBOR, mapping epic-fhir")


@pytest.mark.parametrize(
    ("path", "texts", "is_money"),
    [
        (("events", "Account"), ("balance", None), True),
        (("events", "PaymentReconciliation"), (None, None), True),
        (("events", "Patient"), ("'merge-patient' if Patient.link", "update-person"), True),
        (("events", "Patient"), ("update-person", "add-person"), False),
        (("patient", "language"), ("ChargeItem.code.text", None), True),
        (("identifiers", "references"), ("urn:id:a", "urn:id:b"), True),
        (("patient", "family"), ("Patient.name.family", None), False),
    ],
)
def test_what_of_fhir_touches_money_is_told(
    path: tuple[str, ...], texts: tuple[str | None, ...], is_money: bool
) -> None:
    assert bool(consequence.of_target(path, *texts)) is is_money
