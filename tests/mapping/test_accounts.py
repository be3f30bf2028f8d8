"""BAR and DFT^P11: several visits of one account, what they state of it, and segments that each transaction has of its own."""

import pytest

from interface.ledger.noun import Identifier
from interface.ledger.reading import Meaning
from interface.mapping.assemble import AmbiguousBalanceError
from tests.mapping.sample import read, with_field

BAR = (
    "MSH|^~\\&|EPICFIN|NORTH|HP24ENG|HP24|20250304101500-0600||{event}|N000140|P|2.5.1\nEVN||20250304101455-0600\n"
    "PID|1||71^^^NORTH^MR||TESTER^MARIA|||||||||||||91^^^NORTH^AN\n"
)


def bar(*balances: tuple[str, str], event: str = "BAR^P01^BAR_P01") -> str:
    visits = (
        f"PV1|{n}|O|W{n}"
        + "|" * 16
        + f"5{n}^^^NORTH^VN"
        + "|" * 27
        + amount
        + "|" * 5
        + level
        + f"\nGT1|1|G{n}^^^NORTH^GN|TESTER^MARIA"
        for n, (amount, level) in enumerate(balances, start=1)
    )
    return BAR.format(event=event) + "\n".join(visits)


@pytest.mark.parametrize(("event", "meaning"), [("BAR^P01", Meaning.OPEN_ACCOUNT), ("BAR^P05", Meaning.UPDATE_ACCOUNT)])
def test_every_visit_of_an_account_is_read(event: str, meaning: Meaning) -> None:
    reading = read(bar(("", ""), ("", ""), ("", ""), event=event))
    assert reading.meaning is meaning
    assert reading.encounter is not None
    visits = (reading.encounter, *reading.further_encounters)
    assert [one.ids[0].value for one in visits] == ["51", "52", "53"]
    assert [one.groups["place"]["location"] for one in visits] == ["W1", "W2", "W3"]
    assert [one.ids[0].value for one in reading.guarantors] == ["G1", "G2", "G3"]


@pytest.mark.parametrize(
    ("balances", "amounts"),
    [
        ([("10.00", "")], [1000]),
        ([("10.00", "A"), ("10.00", "A")], [1000]),
        ([("10.00", ""), ("", "")], [1000]),
        ([("10.00", "V"), ("2.50", "V")], [1250]),
        ([("10.00", "A"), ("2.50", "V")], [1000]),
        ([("", ""), ("", "")], []),
    ],
)
def test_what_visits_state_of_their_account(balances: list[tuple[str, str]], amounts: list[int]) -> None:
    assert [one.amount_minor for one in read(bar(*balances)).balances] == amounts


def test_visits_that_contradict_each_other_stop_the_message() -> None:
    with pytest.raises(AmbiguousBalanceError) as refused:
        read(bar(("10.00", "A"), ("11.00", "A")))
    assert refused.value.code == "balance-ambiguous"


P11 = """
MSH|^~\\&|EPICFIN|NORTH|HP24ENG|HP24|20250304153012-0600||DFT^{event}|N0000451|P|2.5.1
EVN||20250304153012-0600
PID|1||71^^^NORTH^MR||TESTER^MARIA|||||||||||||91^^^NORTH^AN
{head}FT1|1|C1||20250304|20250304|CG|99213|||1|250.00&USD
GT1|1|G1^^^NORTH^GN|TESTER^MARIA
FT1|2|C2||20250304|20250304|CG|99214|||1|25.00&USD
FT1|3|C3||20250304|20250304|CG|99215|||1|5.00&USD
GT1|1|G3^^^NORTH^GN|SAMPLE^JOHN"""


def test_each_transaction_of_a_p11_has_its_own_guarantor_or_the_one_before_them_all() -> None:
    head = "GT1|1|G0^^^NORTH^GN|TESTER^PAUL\n"
    found = read(P11.format(event="P11", head=head)).transactions
    assert [one.guarantor for one in found] == [Identifier("north", "GN", g) for g in ("G1", "G0", "G3")]


def test_a_transaction_of_a_p11_takes_nothing_from_its_neighbour() -> None:
    found = read(P11.format(event="P11", head="")).transactions
    assert [one.guarantor and one.guarantor.value for one in found] == ["G1", None, "G3"]


def test_the_guarantors_behind_the_transactions_of_a_p03_are_of_none_of_them_alone() -> None:
    found = read(P11.format(event="P03", head="")).transactions
    assert [(one.guarantor, one.amount_minor) for one in found] == [(None, 25000), (None, 2500), (None, 500)]


DATED = "20250304152950-0600"
LINES = {
    # Fields by version: 2.3 lists 25 with FT1-22 as a number, 2.3.1 and 2.4 26, 2.5 31 with a date range, 2.7 43 with coded types.
    "2.3": f"FT1|1|P1|B1|{DATED}|20250304|PY|VISA|card||1|125.00|125.00" + "|" * 10 + "10.5|||",
    "2.3.1": f"FT1|1|P1|B1|{DATED}|20250304|PY|VISA^card|||1|125.00^AP|125.00" + "|" * 10 + "10.50&USD||||",
    "2.4": f"FT1|1|P1|B1|{DATED}|20250304|PY|VISA^card|||1|125.00&USD^AP|125.00&USD" + "|" * 14,
    "2.5": f"FT1|1|P1|B1|{DATED}^20250305|20250304|PY|VISA^card|||1|125.00&USD" + "|" * 19 + "TX8F2K1^^^HP24|1",
    "2.5.1": f"FT1|1|P1|B1|{DATED}|20250304|PY|VISA^card|||1|125.00&USD" + "|" * 19 + "TX8F2K1^^^HP24|1",
    "2.6": f"FT1|1|P1|B1|{DATED}|20250304|PY|VISA^card|||1|125.00&USD" + "|" * 19 + "TX8F2K1^^^HP24|1",
    "2.7": f"FT1|1|P1|B1|{DATED}|20250304|PY^Payment^HL70017|VISA^card|||1|125.00&USD"
    + "|" * 19
    + "TX8F2K1^^^HP24|1"
    + "|" * 12,
    "2.8": f"FT1|1|P1|B1|{DATED}^|20250304|PY^Payment^HL70017|VISA^card|||1|125.00&USD" + "|" * 32,
}


@pytest.mark.parametrize("version", LINES)
def test_a_payment_reads_the_same_in_every_version(version: str) -> None:
    text = P11.format(event="P03", head="").split("FT1|1")[0] + LINES[version]
    (found,) = read(with_field(text, "MSH-12", version)).transactions
    told = (found.kind, found.amount_minor, found.currency, found.id, found.type_code, found.code, found.occurred_on)
    assert told == ("payment", 12500, "USD", "P1", "PY", "VISA", "2025-03-04")
    assert found.occurred_at == 1_741_123_790_000_000
