"""Where each vendor's numbers, words and balances stand, and that the same person comes out the same in every dress."""

from collections.abc import Callable

import pytest

from interface.channel.feed import Feed
from interface.hl7.parser import parse
from interface.ledger.noun import Identifier
from interface.ledger.reading import Filtered, Meaning, Reading, Transaction
from interface.mapping.posting import Posting
from interface.mapping.selection import AmbiguousIdentifierError
from tests.mapping.sample import A04, ARRIVED, as_event, shipped, wire, with_field

EPIC = with_field(with_field(A04, "PV1-46", "125.00"), "PV1-19", "5550007^^^NORTH^CSN")
CERNER = r"""
MSH|^~\&|HNAM_PM|LAKE|HP24ENG|HP24|20250304091500||ADT^A04|Q000000001T000000002X003|P|2.3||||||8859/1
EVN|A04|20250304091455|||CLERK01|20250304091450
PID|1||7700123^^^LAKE MRN^MRN^LAKE~88001^^^LAKE CMRN^CMRN^UPLOAD||TESTER^MARIA^Q^^^^Current||19800212|Female|||12 ELM ST^^ERIE^PA^16501^USA^home||(814)555-0101^Home^TEL~maria@example.org^EMAIL|||||9001001^^^LAKE FIN^FIN NBR
PV1|1|Inpatient|4WEST^401^1^LAKE^^Bed(s)^LAKE||||||||||||||||5550007^0^^^VISITID|||||||||||||||||||||||||20250304091000||80.00
"""  # noqa: E501 - a segment is a line
CERNER_DFT = r"""
MSH|^~\&|HNAM_CHARGE|LAKE|HP24ENG|HP24|20250304091500||DFT^P03|Q000000002T000000002X003|P|2.3||||||8859/1
EVN|P03|20250304091455
PID|1||7700123||TESTER^MARIA|||||||||||||9001001^^^LAKE FIN^FIN NBR
FT1|1|C0001|B250304|20250304|20250304|CG|99213^Office visit||P000001|1|250.00
"""
ATHENA = r"""
MSH|^~\&|ATHENANET|77001^Canyon Family Practice^1^Main|HP24ENG||202503040915||ADT^A31|183M77001|P|2.5.1
EVN|A31|202503040914|||clerk
PID||7700123|7700123|7700123|TESTER^MARIA^Q||19800212|F|||12 ELM ST^^PROVO^UT^84601^USA||(801)555-0101^PRN^PH^^1^801^5550101~maria@example.org^NET^^maria@example.org
PV1|||2^CANYON EAST^^CANYON EAST
GT1|1||TESTER^JOHN||12 ELM ST^^PROVO^UT^84601^USA|(801)555-0102||19600601|||Child
IN1|1|982^Example PPO|123^Example Payer|Example Payer|||||||||||C1|TESTER^MARIA|Self|19800212||||1||||20250101||||||||||XQ12345
"""  # noqa: E501 - as above


def feed(vendor: str) -> Feed:
    return shipped().feeds[vendor]


def understand(vendor: str, text: str) -> Reading | Filtered:
    mine = feed(vendor)
    return mine.read(mine.parse(wire(text)), ARRIVED)


def read(vendor: str, text: str) -> Reading:
    found = understand(vendor, text)
    assert isinstance(found, Reading), found
    return found


def patient(vendor: str, text: str) -> Identifier:
    said = read(vendor, text).patient
    assert said is not None
    return said.ids[0]


def account(vendor: str, text: str) -> Identifier | None:
    said = read(vendor, text).account
    return said.ids[0] if said else None


def visit(vendor: str, text: str) -> Identifier | None:
    said = read(vendor, text).encounter
    return said.ids[0] if said else None


# ---------------------------------------------------------------- where the numbers are


@pytest.mark.parametrize(
    ("vendor", "text", "authority"), [("epic", EPIC, "north"), ("cerner", CERNER, "lake"), ("athena", ATHENA, "canyon")]
)
def test_the_patient_is_known_by_the_record_number_of_the_facility(vendor: str, text: str, authority: str) -> None:
    assert patient(vendor, text) == Identifier(authority, "MR", "7700123")


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [
        ("epic", EPIC, Identifier("north", "AN", "9001001")),
        ("epic", with_field(with_field(EPIC, "PID-18", ""), "PV1-50", "9001001"), Identifier("north", "AN", "9001001")),
        ("epic", with_field(EPIC, "PID-18", "9001001^^^NORTH^HAR"), Identifier("north", "AN", "9001001")),
        ("cerner", CERNER, Identifier("lake", "AN", "9001001")),
        ("cerner", with_field(CERNER, "PID-18", "9001001"), Identifier("lake", "AN", "9001001")),
        ("cerner", with_field(CERNER, "PID-18", "9001001^^^LAKE FIN^FIN"), Identifier("lake", "AN", "9001001")),
        ("athena", ATHENA, Identifier("canyon", "AN", "7700123")),
        ("athena", with_field(ATHENA, "PID-18", "A9"), Identifier("canyon", "AN", "A9")),
    ],
)
def test_where_the_account_is(vendor: str, text: str, expected: Identifier) -> None:
    assert account(vendor, text) == expected


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [
        ("epic", EPIC, Identifier("north", "VN", "5550007")),
        ("cerner", CERNER, Identifier("lake", "VN", "5550007")),
        ("cerner", with_field(CERNER, "PV1-19", "9001001^^^LAKE FIN^FIN NBR"), Identifier("lake", "VN", "9001001")),
        ("cerner", with_field(CERNER, "PV1-19", ""), Identifier("lake", "VN", "9001001")),
        ("cerner", with_field(CERNER, "PV1-2", "N"), None),
        ("athena", ATHENA, None),
    ],
)
def test_where_the_visit_is(vendor: str, text: str, expected: Identifier | None) -> None:
    assert visit(vendor, text) == expected


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [
        ("epic", EPIC, Identifier("north", "GN", "G3001")),
        ("cerner", f"{CERNER.rstrip()}\nGT1|1|G3001|TESTER^MARIA", Identifier("lake", "GN", "G3001")),
        ("athena", ATHENA, Identifier("canyon", "GN", "7700123")),
    ],
)
def test_where_the_guarantor_is(vendor: str, text: str, expected: Identifier) -> None:
    (guarantor,) = read(vendor, text).guarantors
    assert guarantor.ids == (expected,)


@pytest.mark.parametrize(
    ("vendor", "text", "minor"),
    [("epic", EPIC, 12500), ("cerner", CERNER, 8000), ("athena", with_field(ATHENA, "PV1-46", "42.00"), 4200)],
)
def test_the_stated_balance_is_of_the_account(vendor: str, text: str, minor: int) -> None:
    (balance,) = read(vendor, text).balances
    assert (balance.account, balance.amount_minor) == (account(vendor, text), minor)


# ---------------------------------------------------------------- the same in every dress

DRESSES: dict[str, tuple[str, list[str]]] = {
    "epic": (
        EPIC,
        [
            "7700123^^^NORTH^MRN~E1^^^ENT^EPI",
            "E1^^^ENT^EPI~7700123^^^north^MR",
            "7700123^^^OLDNAME&2.16.840.1.113883.3.9999.1&ISO^MR~5^^^SOUTH^MR",
            "7700123",
        ],
    ),
    "cerner": (
        CERNER,
        [
            "7700123",
            "7700123^^^LAKE MRN^MRN",
            "88001^^^LAKE CMRN^CMRN~7700123^^^LAKE MRN^MRN",
            "7700123^^^LAKE MRN^MR~7700123^^^LAKE MRN^MRN",
            "7700123^^^lake^MRN~4^^^OTHER MRN^MRN",
        ],
    ),
    "athena": (ATHENA, ["7700123", "7700123^^^Patient ID", "7700123^^^Enterprise ID"]),
}


@pytest.mark.parametrize(("vendor", "field"), [(vendor, one) for vendor, (_, all_) in DRESSES.items() for one in all_])
def test_a_record_number_is_the_same_in_every_dress(vendor: str, field: str) -> None:
    text = DRESSES[vendor][0]
    assert patient(vendor, with_field(text, "PID-3", field)) == patient(vendor, text)


def test_at_athena_the_patient_may_stand_in_pid_4_alone() -> None:
    bare = with_field(with_field(ATHENA, "PID-3", ""), "PID-2", "99^^^Enterprise ID")
    moved = with_field(bare, "PID-4", "7700123^^^Patient ID")
    assert (patient("athena", moved), account("athena", moved)) == (
        Identifier("canyon", "MR", "7700123"),
        Identifier("canyon", "AN", "7700123"),
    )


@pytest.mark.parametrize("vendor", DRESSES)
def test_a_check_digit_is_neither_taken_off_nor_added(vendor: str) -> None:
    field = "7700123^4^M11^^MR" if vendor != "athena" else "7700123^4^M11"
    assert patient(vendor, with_field(DRESSES[vendor][0], "PID-3", field)).value == "7700123"


@pytest.mark.parametrize("vendor", ["epic", "cerner"])
def test_the_same_number_of_two_authorities_is_two_patients(vendor: str) -> None:
    text = DRESSES[vendor][0]
    assert patient(vendor, with_field(text, "PID-3", "77^^^EAST^MRN")) != patient(
        vendor, with_field(text, "PID-3", "77^^^WEST^MRN")
    )


@pytest.mark.parametrize("vendor", ["epic", "cerner"])
def test_of_several_authorities_the_senders_own_is_taken_before_others(vendor: str) -> None:
    text = with_field(DRESSES[vendor][0], "MSH-4", "WEST")
    assert patient(vendor, with_field(text, "PID-3", "1^^^EAST^MR~2^^^WEST^MR")) == Identifier("west", "MR", "2")


@pytest.mark.parametrize("vendor", ["epic", "cerner"])
def test_several_numbers_that_fit_are_not_guessed_among(vendor: str) -> None:
    with pytest.raises(AmbiguousIdentifierError):
        read(vendor, with_field(DRESSES[vendor][0], "PID-3", "1^^^EAST^MR~2^^^WEST^MRN"))


def test_a_patient_of_one_vendor_is_nobody_at_another() -> None:
    numbers: list[Callable[[], Identifier]] = [
        lambda: patient("epic", EPIC),
        lambda: patient("cerner", CERNER),
        lambda: patient("athena", ATHENA),
    ]
    assert len({one() for one in numbers}) == 3


# ---------------------------------------------------------------- words and times


def test_cerners_words_are_read_as_codes() -> None:
    reading = read("cerner", CERNER)
    assert reading.patient is not None and reading.encounter is not None
    assert reading.patient.groups["sex"] == {"sex": "F"}
    assert reading.patient.groups["phone"] == {"phone": "(814)555-0101"}
    assert reading.patient.groups["email"] == {"email": "maria@example.org"}
    assert reading.encounter.groups["class"]["class"] == "I"
    assert reading.patient.groups["others"]["other_ids"] == [
        {"authority": "lake enterprise", "type": "PI", "value": "88001"}
    ]


def test_cerners_times_are_those_of_its_zone() -> None:
    assert read("cerner", CERNER).event_at == 1_741_097_690_000_000  # 09:14:50 in New York


def test_what_a_cerner_transaction_refers_to_stands_in_ft1_9() -> None:
    (found,) = read("cerner", CERNER_DFT).transactions
    assert isinstance(found, Transaction)
    assert (found.reference, found.account) == ("P000001", Identifier("lake", "AN", "9001001"))


def test_athenas_department_is_kept_with_the_account() -> None:
    reading = read("athena", with_field(ATHENA, "PV1-3", "12^CANYON EAST"))
    assert reading.account is not None
    assert reading.account.groups["department"] == {"department": "12"}


@pytest.mark.parametrize(("department", "named"), [("12", "12"), ("", "1")])
def test_a_payment_to_athena_names_the_accounts_department_else_the_destinations(department: str, named: str) -> None:
    posting = Posting(
        kind="payment",
        wire_id="P1",
        amount_minor=100,
        currency="USD",
        tender="visa",
        taken_at=0,
        patient=Identifier("canyon", "MR", "7700123"),
        account=Identifier("canyon", "AN", "7700123"),
        department=department,
    )
    sent = parse(shipped().feeds["athena"].outlets["dft"].render(posting, control_id="C1", now=0))
    assert (sent.text("PV1-3.1"), sent.text("FT1-13")) == (named, named)


def test_athenas_words_and_times_to_the_minute_are_read() -> None:
    reading = read("athena", ATHENA)
    assert reading.patient is not None and reading.account is not None
    assert reading.event_at == 1_741_104_840_000_000  # 09:14 in Denver
    assert reading.patient.groups["email"] == {"email": "maria@example.org"}
    assert reading.guarantors[0].groups["relation"] == {"relationship": "CHD"}
    assert reading.account.groups["coverages"]["coverages"][0]["policy_number"] == "XQ12345"


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        ("A04", Meaning.REGISTER),
        ("A08", Meaning.UPDATE),
        ("A28", Meaning.REGISTER),
        ("A31", Meaning.UPDATE),
    ],
)
def test_athenas_four_events_know_the_patient_and_the_account(event: str, meaning: Meaning) -> None:
    reading = read("athena", as_event(ATHENA, f"ADT^{event}"))
    assert (reading.meaning, reading.account is not None, reading.encounter) == (meaning, True, None)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("MSH-9", "ADT^A01", "agreement"),
        ("MSH-9", "DFT^P03", "agreement"),
        ("MSH-4", "88002^Another Practice", "another practice"),
    ],
)
def test_athenas_other_events_and_practices_are_let_pass_by(place: str, value: str, reason: str) -> None:
    found = understand("athena", with_field(ATHENA, place, value))
    assert isinstance(found, Filtered)
    assert reason in found.reason
