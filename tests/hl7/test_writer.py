import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.delimiters import Delimiters
from interface.hl7.parser import parse, parse_text
from interface.hl7.writer import Builder, Verbatim, build_segment, field_er7
from tests.hl7 import strategy
from tests.hl7.sample import ADT_A01

HEADER = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1||||||UNICODE UTF-8\r"
places = st.builds(
    lambda field, repetition, deeper: f"{field}[{repetition}]{deeper}",
    st.integers(1, 9),
    st.integers(1, 4),
    st.sampled_from(["", ".1", ".2", ".4", ".1.1", ".2.2", ".3.1"]),
)


@given(strategy.messages, places, strategy.texts.filter(lambda text: text != '""'))
def test_what_was_set_is_read_and_nothing_else_changes(model: strategy.Model, place: str, text: str) -> None:
    raw = strategy.er7([("PID", [[[["1"]]]]), *model, ("ZZ9", [[[["end"]]]])]).encode()
    before = parse(raw, "UNICODE UTF-8")
    after = before.with_value(f"ZZ9-{place}", text)
    assert after.text(f"ZZ9-{place}") == text
    assert after.to_bytes().split(b"\r")[:-2] == raw.split(b"\r")[:-2]
    assert parse(after.to_bytes(), "UNICODE UTF-8").text(f"ZZ9-{place}") == text
    assert before.to_bytes() == raw


@given(strategy.messages)
def test_setting_a_leaf_to_its_own_text_changes_no_byte(model: strategy.Model) -> None:
    message = parse_text(strategy.er7(model))
    for name, fields in model:
        path = f"{name}-{len(fields)}.1.1"
        if message.value(path).presence == "value":
            assert message.with_value(path, message.text(path)).to_bytes() == message.to_bytes()


@pytest.mark.parametrize(
    ("before", "path", "text", "after"),
    [
        ("PID|1", "PID-5", "x", "PID|1||||x"),
        ("PID|1|A|", "PID-2", "x|y", "PID|1|x\\F\\y|"),
        ("PID|1|A^B~C||", "PID-2[2].3", "x", "PID|1|A^B~C^^x||"),
        ("PID|1|A^B", "PID-2[3]", "x", "PID|1|A^B~~x"),
        ("PID|1|A^B&C^D", "PID-2.2", "x", "PID|1|A^x^D"),
        ("PID|1|A^B&C^D", "PID-2.2.2", "x", "PID|1|A^B&x^D"),
        ("PID|1|A^B", "PID-2", "x", "PID|1|x"),
        ("PID|1|A^^^^MR~B^^^^PI", "PID-2[.5 = 'PI'].1", "x", "PID|1|A^^^^MR~x^^^^PI"),
        ('PID|1|""', "PID-2.2", "x", "PID|1|^x"),
        ("PID|1|A", "PID-2", '""', 'PID|1|""'),
        ("PID|1|A", "PID-2", "", "PID|1|"),
        ("PID|1|A", "PID-2", "a\rb", "PID|1|a\\X0D\\b"),
    ],
)
def test_values_are_placed_and_escaped(before: str, path: str, text: str, after: str) -> None:
    message = parse(HEADER + before.encode() + b"\rPV1|1\r")
    assert message.with_value(path, text).to_bytes() == HEADER + after.encode() + b"\rPV1|1\r"


def test_a_header_field_can_be_set() -> None:
    changed = parse(ADT_A01).with_value("MSH-10", "N9").to_bytes()
    assert changed == ADT_A01.replace(b"|N000123|", b"|N9|")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
def test_line_ends_and_lead_bytes_survive_a_change(end: bytes) -> None:
    raw = b"\xef\xbb\xbf" + ADT_A01.replace(b"\r", end)
    assert parse(raw).with_value("PV1-2", "O").to_bytes() == raw.replace(b"PV1|1|I|", b"PV1|1|O|")


def test_bytes_that_fit_no_charset_survive_a_change_elsewhere() -> None:
    raw = HEADER + b"PID|1||\x81\xff\nx\rPV1|1|I\r"
    assert parse(raw).with_value("PV1-2", "O").to_bytes() == raw.replace(b"|1|I", b"|1|O")


def test_a_shift_encoding_keeps_the_bytes_of_the_other_segments() -> None:
    head = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1||||||ISO IR87\r"
    redundant = b"\x1b$B4\x1b$B5\x1b(B" + "患者".encode("iso2022_jp")
    raw = head + b"PID|1||" + redundant + b"\rPV1|1|I\r"
    assert parse(raw).with_value("PV1-2", "O").to_bytes() == raw.replace(b"|1|I", b"|1|O")


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("ZZZ-1", "x", "segment-missing"),
        ("PID[2]-1", "x", "segment-missing"),
        ("PID[*]-1", "x", "path-ambiguous"),
        ("PID-3[*]", "x", "path-ambiguous"),
        ("PID-3[.5 = 'XX'].1", "x", "repetition-missing"),
        ("MSH-1", "x", "field-fixed"),
        ("MSH-2", "x", "field-fixed"),
    ],
)
def test_what_cannot_be_placed_is_refused(path: str, text: str, code: str) -> None:
    with pytest.raises(MessageError) as raised:
        parse(ADT_A01).with_value(path, text)
    assert raised.value.code == code


def test_a_letter_that_the_charset_lacks_is_refused() -> None:
    message = parse(HEADER.replace(b"UNICODE UTF-8", b"8859/1") + b"PID|1\r")
    assert b"\xfc" in message.with_value("PID-5", "ü").to_bytes()
    with pytest.raises(MessageError) as raised:
        message.with_value("PID-5", "患")
    assert raised.value.code == "character-unmappable"


def test_a_subcomponent_cannot_be_written_where_none_is_declared() -> None:
    with pytest.raises(MessageError) as raised:
        parse(b"MSH|^~\\|A\rPID|1\r").with_value("PID-3.1.2", "x")
    assert raised.value.code == "delimiter-missing"


@pytest.mark.parametrize(
    ("content", "er7"),
    [
        (None, ""),
        ("", ""),
        ("a|b", "a\\F\\b"),
        ('""', '""'),
        (("a", "", "c", "", ""), "a^^c"),
        (("a", "", "", ("N", "1.2", "ISO"), "MR"), "a^^^N&1.2&ISO^MR"),
        ([("a", "b"), "c"], "a^b~c"),
        (Verbatim("a^b\\F\\"), "a^b\\F\\"),
    ],
)
def test_nested_values_become_er7(content: object, er7: str) -> None:
    assert field_er7(content) == er7  # type: ignore[arg-type]  # the cases are of every kind


def test_a_segment_ends_at_its_last_value() -> None:
    assert build_segment("PV1", {2: "O", 19: ("55", "", "", "N"), 30: None}) == "PV1||O" + "|" * 17 + "55^^^N"
    assert build_segment("MSH", {3: "HP24"}) == "MSH|^~\\&|HP24"
    assert build_segment("EVN", {}) == "EVN"


def test_a_message_is_built_and_read_back() -> None:
    built = (
        Builder()
        .add("MSH", {3: "HP24ENG", 9: ("DFT", "P03", "DFT_P03"), 10: "HP1", 11: "P", 12: "2.5.1"})
        .add("FT1", {1: "1", 2: "P98", 6: "PY", 11: (("125.00", "USD"),), 25: "Grüße & 患"})
        .to_bytes()
    )
    message = parse(built)
    assert message.header.charset == "UNICODE UTF-8"
    assert (message.text("FT1-11.1"), message.text("FT1-11.1.2"), message.text("FT1-25")) == (
        "125.00",
        "USD",
        "Grüße & 患",
    )
    assert built.endswith(b"\r")


def test_segments_of_another_message_are_copied_as_they_stand() -> None:
    pid = parse(ADT_A01).segment("PID")
    assert pid is not None
    assert Builder().add("MSH", {3: "X"}).copy(pid).to_text().split("\r")[1] == pid.er7
    with pytest.raises(MessageError) as raised:
        Builder(delimiters=Delimiters(field="!")).copy(pid)
    assert raised.value.code == "delimiters-differ"


def test_an_outgoing_message_is_encoded_strictly() -> None:
    with pytest.raises(MessageError) as raised:
        Builder(charset="ASCII").add("MSH", {3: "Ü"}).to_bytes()
    assert raised.value.code == "character-unmappable"
