import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.card.screen import CardScreen, contains_card, screen
from interface.hl7.datatype import mod10
from interface.hl7.parser import parse
from tests.hl7.sample import ADT_A01

# The card schemes' own test numbers.
CARDS = {
    "visa": "4111111111111111",
    "visa of 13": "4222222222222",
    "mastercard": "5555555555554444",
    "mastercard of the 2 series": "2223003122003222",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "diners": "30569309025904",
    "diners of 36": "36148900647913",
    "jcb": "3530111333300000",
    "unionpay": "6200000000000005",
}
HEADER = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1\r"


def places(raw: bytes, how: CardScreen | None = None) -> list[str]:
    return [finding.place for finding in screen(raw, how or CardScreen()).findings]


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
def test_a_card_of_every_brand_is_masked_to_its_last_four(number: str) -> None:
    raw = HEADER + f"NTE|1||paid with {number} today\r".encode()
    screened = screen(raw)
    assert screened.raw == raw.replace(number.encode(), b"*" * (len(number) - 4) + number[-4:].encode())
    assert [finding.place for finding in screened.findings] == ["NTE-3"]
    assert len(screened.raw) == len(raw)


@pytest.mark.parametrize(
    "text",
    [
        "20250304091500",
        "20250304091500.1234-0600",
        "4111111111111112",  # no Luhn
        "9111111111111111",  # no brand
        "41111111111111111",  # no length of Visa
        "5555555555555555",  # one digit throughout
        "VISA4111111111111111",
        "4111111111111111X",
        "84111111111111111118",
        "4111  1111  1111  1111",
        "608-555-0101",
        "2.16.840.1.113883.3.9999.1",
        "tok_4111111111111111a",
    ],
)
def test_other_digits_are_left_alone(text: str) -> None:
    raw = HEADER + f"OBX|1|ST|X||{text}|\r".encode()
    assert screen(raw).raw is raw
    assert not contains_card(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("4111 1111 1111 1111 12 27", "**** **** **** 1111 12 27"),
        ("2 4111111111111111 5", "2 ************1111 5"),
        ("12-4111111111111111-9", "12-************1111-9"),
        ("4111111111111111 378282246310005", "************1111 ***********0005"),
        ("(4111111111111111)", "(************1111)"),
        ("4111111111111111^5555555555554444", "************1111^************4444"),
    ],
)
def test_grouped_numbers_and_numbers_among_others_are_found(text: str, masked: str) -> None:
    raw = HEADER + f"NTE|1||{text}\r".encode()
    assert screen(raw).raw == HEADER + f"NTE|1||{masked}\r".encode()
    assert contains_card(text)


def test_a_number_written_in_hex_escapes_is_masked_in_hex() -> None:
    raw = (
        HEADER + b"NTE|1||\\X" + b"4111111111111111".hex().encode() + b"\\ and 4111\\X20\\1111\\X20\\1111\\X20\\1111\r"
    )
    screened = screen(raw)
    assert parse(screened.raw).text("NTE-3") == "************1111 and **** **** **** 1111"
    assert len(screened.raw) == len(raw)


@pytest.mark.parametrize(
    "raw",
    [b"4111111111111111", b"\xff\xfe 4111111111111111 \x00", b'{"value":"4111111111111111"}', b"PID|4111111111111111"],
)
def test_bytes_that_are_no_message_are_screened_too(raw: bytes) -> None:
    assert screen(raw).raw == raw.replace(b"411111111111", b"*" * 12)
    assert places(raw) == ["unparsed"]


def test_declared_identifiers_and_the_senders_own_header_fields_are_exempt() -> None:
    raw = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|4111111111111111|P|2.5\rPID|||4111111111111111^^^N^MR\rNTE|||4111111111111111"
    assert places(raw) == ["PID-3", "NTE-3"]
    assert places(raw, CardScreen(frozenset({"PID-3"}))) == ["NTE-3"]


@pytest.mark.parametrize("kind", ["AM", "BC", "DI", "DS", "MS", "VS"])
def test_a_card_type_overrules_the_exemption_and_every_other_doubt(kind: str) -> None:
    raw = HEADER + f"PID|1||7^^^N^MR~4111111111111112^^^N^{kind}^X|\r".encode()
    screened = screen(raw, CardScreen(frozenset({"PID-3"})))
    assert screened.raw == raw.replace(b"411111111111", b"*" * 12)
    assert places(raw) == ["PID-3"]


def test_a_name_with_a_title_is_no_card() -> None:
    assert places(HEADER + b"PID|1||7||TESTER^MARIA^Q^^MS\r") == []


def test_a_finding_names_segment_and_field_once() -> None:
    card = "4111111111111111"
    raw = HEADER + f"PID|1||{card}~{card}\rZPM|{card}|x^{card}\nGT1|1|{card}\r".encode()
    assert places(raw) == ["PID-3", "ZPM-1", "ZPM-2", "GT1-2"]
    assert places(HEADER.replace(b"|A|", f"|{card}|".encode())) == ["MSH-3"]


def test_a_number_that_begins_a_segment_is_not_counted_to_the_one_before() -> None:
    raw = HEADER + b"PID|1||7\rNTE-1111-1111-1111-1111^^^N^VS~378282246310005\r"
    screened = screen(raw, CardScreen(frozenset({"PID-3"})))
    assert b"378282246310005" not in screened.raw
    assert [finding.place for finding in screened.findings] == ["NTE-0"]


@pytest.mark.parametrize("follows", ["1111 1111 1119", "1111-1111-1119"])
def test_what_a_masked_number_shows_begins_no_other(follows: str) -> None:
    raw = HEADER + f"NTE|1||5555555555554444 {follows}|x\r".encode()
    assert contains_card(f"4444 {follows}")
    screened = screen(raw)
    assert not contains_card(screened.raw.decode())
    assert len(screened.raw) == len(raw)


@pytest.mark.parametrize("lead", [b"\xef\xbb\xbf", b"\r\n"])
def test_what_stands_before_the_header_hides_no_place(lead: bytes) -> None:
    raw = lead + HEADER + b"PID|1||4111111111111111\rNTE|1||4111111111111111\r"
    assert places(raw, CardScreen(frozenset({"PID-3"}))) == ["NTE-3"]


def test_masking_never_writes_a_delimiter() -> None:
    raw = b"MSH$%*+@$A$B$C$D$1$$ADT%A08$7$P$2.5\rNTE$1$$4111111111111111\r"
    assert screen(raw).raw.endswith(b"NTE$1$$XXXXXXXXXXXX1111\r")


def test_a_clean_message_is_given_back_itself() -> None:
    assert screen(ADT_A01).raw is ADT_A01


@given(st.binary(max_size=300))
def test_screening_keeps_the_length_and_is_final(noise: bytes) -> None:
    once = screen(noise + b" 4111111111111111 ").raw
    assert len(once) == len(noise) + 18
    assert screen(once).raw == once


@given(
    st.sampled_from(sorted(CARDS.values())),
    st.text(st.characters(codec="utf-8", categories=["P", "Z", "S"]), max_size=9),
)
def test_a_card_among_punctuation_is_always_found(number: str, around: str) -> None:
    assert contains_card(f"{around}|{number}|{around}")


def test_file_names_are_looked_at() -> None:
    assert contains_card("payment_4111111111111111.csv")
    assert not contains_card("payment_20250304091500.csv")


@pytest.mark.parametrize(
    ("text", "is_card"), [("4111111111111111", True), ("4111111111111112", False), ("411111111111116", False)]
)
def test_all_of_brand_length_and_luhn_are_needed(text: str, is_card: bool) -> None:
    assert contains_card(text) is is_card


@pytest.mark.parametrize(
    ("start", "length", "is_card"),
    [
        *(
            (start, 16, True)
            for start in ("2221", "2720", "51", "55", "6011", "644", "649", "65", "3528", "3589", "62")
        ),
        *((start, 16, False) for start in ("2220", "2721", "50", "56", "6010", "643", "3527", "3590", "34", "1", "7")),
        *((start, 15, True) for start in ("34", "37")),
        *((start, 14, True) for start in ("300", "305", "36", "38")),
        *((start, 14, False) for start in ("306", "35", "39", "4")),
        *(("4", length, True) for length in (13, 16, 19)),
        *(("62", length, True) for length in (17, 18, 19)),
        *(("4", length, False) for length in (14, 15, 17, 18, 20)),
    ],
)
def test_the_leading_digits_and_lengths_are_those_of_the_brands(start: str, length: int, is_card: bool) -> None:
    body = start.ljust(length - 1, "7")
    assert contains_card(body + mod10(body)) is is_card


def test_a_message_of_a_batch_is_screened_by_its_own_separators() -> None:
    coded = rb"MSH|^~!&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1" + b"\rNTE|1||!X34!111111111111111\r"
    batch = b"BHS|^~\\&|A|B|||||||B1\r" + HEADER + b"NTE|1||nothing\r" + coded + HEADER + b"BTS|3\r"
    screened = screen(batch)
    assert b"!X2A!***********1111" in screened.raw
    assert len(screened.raw) == len(batch)
    assert places(batch) == ["NTE-3"]


def test_a_plain_batch_without_cards_is_left_alone() -> None:
    batch = b"BHS|^~\\&|A|B|||||||B1\r" + HEADER + HEADER.replace(b"|", b"#") + b"BTS|2\r"
    assert screen(batch).raw is batch


def test_the_control_ids_and_times_of_a_batch_may_look_like_cards() -> None:
    header = f"BHS|^~\\&|A|B|C|D|{CARDS['visa']}||||{CARDS['visa']}|{CARDS['visa']}\r".encode()
    assert screen(header + HEADER).findings == ()
