"""Payments, voids and refunds as DFT^P03: where things stand, the conventions of section 'money', the limits of the wire."""

from dataclasses import replace

import pytest

from interface.channel.feed import Outlet
from interface.document import read_document
from interface.errors import MappingError, MessageError
from interface.hl7.parser import parse
from interface.ledger.noun import Identifier
from interface.mapping.money import PaymentSign, ReversalStyle
from interface.mapping.outgoing_compiler import compile_outgoing
from interface.mapping.posting import Posting, PostingConventions
from interface.mapping.problem import Findings
from tests.mapping.sample import shipped

NOW = 1_741_123_812_000_000  # 2025-03-04 15:30:12 in Chicago
PAID = Posting(
    kind="payment",
    wire_id="P00000098765",
    amount_minor=12500,
    currency="USD",
    tender="visa",
    taken_at=NOW - 22_000_000,
    patient=Identifier("north", "MR", "7700123"),
    account=Identifier("north", "AN", "9001001"),
    visit=Identifier("north", "VN", "5550007"),
    family="TESTER",
    given="MARIA",
    transaction_id="TX8F2K1",
)
TAKEN_BACK = replace(PAID, kind="void", wire_id="P00000098802", original_wire_id="P00000098765")


def outlet(conventions: PostingConventions | None = None) -> Outlet:
    found = shipped().feeds["epic"].outlets["dft"]
    return replace(found, conventions=conventions) if conventions else found


def render(posting: Posting, conventions: PostingConventions | None = None) -> bytes:
    return outlet(conventions).render(posting, control_id="HP0000000451", now=NOW)


def test_a_payment_is_worded_as_agreed() -> None:
    assert render(PAID).decode().split("\r") == [
        r"MSH|^~\&|HP24ENG|HP24|EPICFIN|NORTH|20250304153012-0600||DFT^P03^DFT_P03|HP0000000451|P|2.5.1|||AL|AL||UNICODE UTF-8",
        "EVN|P03|20250304153012-0600",
        "PID|1||7700123^^^NORTH^MR||TESTER^MARIA|||||||||||||9001001^^^NORTH^AN",
        "PV1|1|O|||||||||||||||||5550007^^^NORTH^VN",
        "FT1|1|P00000098765|B250304|20250304152950-0600|20250304|PY|VISA^Visa card^HP24|||1|125.00&USD|125.00&USD"
        "||||||||||||||||||TX8F2K1^^^HP24",
        "",
    ]


def test_a_payment_without_a_visit_has_no_visit_segment() -> None:
    assert b"\rPV1|" not in render(replace(PAID, visit=None))


def test_the_same_posting_is_the_same_bytes() -> None:
    assert render(PAID) == render(PAID)


C1 = PostingConventions(reversal_style=ReversalStyle.CODE)
C2 = PostingConventions(sign_of_payment=PaymentSign.NEGATIVE)
C3 = PostingConventions()
C4 = PostingConventions(
    reversal_style=ReversalStyle.QUANTITY, codes_by_kind=dict.fromkeys(("payment", "void", "refund"), "{code}")
)
C5 = PostingConventions(
    reversal_style=ReversalStyle.TYPE,
    types_by_kind={"payment": "CD", "void": "CG", "refund": "CG"},
    codes_by_kind=dict.fromkeys(("payment", "void", "refund"), "{code}"),
)


@pytest.mark.parametrize(
    ("conventions", "posting", "expected"),
    [
        (C1, PAID, ("PY", "VISA", "1", "125.00")),
        (C1, TAKEN_BACK, ("PY", "VISAREV", "1", "125.00")),
        (C2, PAID, ("PY", "VISA", "1", "-125.00")),
        (C2, TAKEN_BACK, ("PY", "VISAREV", "1", "125.00")),
        (C3, PAID, ("PY", "VISA", "1", "125.00")),
        (C3, TAKEN_BACK, ("PY", "VISAREV", "1", "-125.00")),
        (C3, replace(TAKEN_BACK, kind="refund"), ("PY", "VISAREF", "1", "-125.00")),
        (C4, PAID, ("PY", "VISA", "1", "125.00")),
        (C4, TAKEN_BACK, ("PY", "VISA", "-1", "125.00")),
        (C5, PAID, ("CD", "VISA", "1", "125.00")),
        (C5, TAKEN_BACK, ("CG", "VISA", "1", "125.00")),
    ],
)
def test_sign_type_code_and_quantity_follow_the_convention(
    conventions: PostingConventions, posting: Posting, expected: tuple[str, ...]
) -> None:
    message = parse(render(posting, replace(conventions, codes_by_tender={"visa": "VISA"})))
    found = tuple(message.text(path) for path in ("FT1-6", "FT1-7.1", "FT1-10", "FT1-11.1"))
    assert found == expected


def test_what_takes_a_payment_back_has_an_id_of_its_own_and_names_the_original() -> None:
    message = parse(render(TAKEN_BACK))
    assert (message.text("FT1-2"), message.text("FT1-30.1")) == ("P00000098802", "P00000098765")


def test_a_tender_without_a_code_of_its_own_is_sent_in_capitals() -> None:
    assert parse(render(replace(PAID, tender="zelle"))).text("FT1-7.1") == "ZELLE"


def test_delimiters_in_names_are_escaped_and_read_back() -> None:
    odd = replace(PAID, family="O'BRIEN^&|~\\", given="Zo\u00eb")
    message = parse(render(odd))
    assert (message.text("PID-5.1"), message.text("PID-5.2")) == (odd.family, odd.given)


@pytest.mark.parametrize(
    ("posting", "control_id", "place"),
    [(replace(PAID, wire_id="P" * 13), "HP1", "FT1-2"), (PAID, "H" * 21, "MSH-10")],
)
def test_an_id_that_is_too_long_stops_the_message_and_is_never_cut(
    posting: Posting, control_id: str, place: str
) -> None:
    with pytest.raises(MappingError) as stopped:
        outlet().render(posting, control_id=control_id, now=NOW)
    assert (stopped.value.code, stopped.value.place) == ("value-too-long", place)


def test_a_letter_that_the_receivers_character_set_lacks_is_reported() -> None:
    found = outlet()
    ascii_only = replace(found, envelope=replace(found.envelope, charset="ASCII"))
    with pytest.raises(MessageError) as stopped:
        ascii_only.render(replace(PAID, given="Zo\u00eb"), control_id="HP1", now=NOW)
    assert stopped.value.code == "character-unmappable"


def test_amounts_have_the_decimal_places_of_their_currency() -> None:
    assert parse(render(replace(PAID, currency="JPY"))).text("FT1-11.1.1") == "12500"


def wrong(rules: str) -> set[str]:
    findings = Findings()
    text = f"mapping: out\ndirection: out\nmessage: DFT^P03\nversion: 2.5.1\n{rules}"
    block = read_document("mappings/out.yaml", text, findings)
    assert block is not None
    compile_outgoing("out", {"out": block}, {}, findings)
    return {problem.rule for problem in findings.problems}


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ("segments:\n  PID:\n    PID-3: patient.mrn\n", "segments-missing"),
        ("segments:\n  MSH:\n    MSH-3: patient.nmr\n", "unknown-name"),
        ("segments:\n  MSH:\n    MSH-3: PID-3\n", "path-not-here"),
        ("segments:\n  MSH:\n    MSH-7: now\n", "type-mismatch"),
        ("segments:\n  MSH:\n    MSH-9: payment.kind\n", "field-fixed"),
        ("segments:\n  MSH:\n    PID-3: patient.mrn\n", "malformed-place"),
        ("segments:\n  MSH:\n    MSH-99: patient.mrn\n", "impossible-path"),
        ("segments:\n  MSH: {}\n  pid:\n    PID-3: patient.mrn\n", "malformed-segment"),
        ("segment:\n  MSH: {}\n", "unknown-target"),
    ],
)
def test_a_wrong_outgoing_rule_is_found(rules: str, rule: str) -> None:
    assert rule in wrong(rules)
