import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.parser import parse, parse_text
from interface.hl7.value import Presence
from tests.hl7 import strategy
from tests.hl7.sample import ADT_A01

HEADER = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1||||||UNICODE UTF-8\r"


@given(st.binary(), st.sampled_from(["\r", "\n", "\r\n"]), st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n "]))
def test_any_bytes_after_a_header_are_written_back_as_they_were(tail: bytes, end: str, lead: bytes) -> None:
    raw = lead + HEADER.replace(b"\r", end.encode()) + tail
    message = parse(raw)
    message.segments("PID")
    assert message.to_bytes() == raw


@given(strategy.messages)
def test_every_leaf_reads_as_it_was_written(model: strategy.Model) -> None:
    message = parse_text(strategy.er7(model))
    seen: dict[str, int] = {}
    for name, fields in model:
        seen[name] = seen.get(name, 0) + 1
        for f, field in enumerate(fields, 1):
            for r, repetition in enumerate(field, 1):
                for c, component in enumerate(repetition, 1):
                    for s, leaf in enumerate(component, 1):
                        expected = "" if leaf == '""' else leaf
                        assert message.text(f"{name}[{seen[name]}]-{f}[{r}].{c}.{s}") == expected


@given(strategy.messages)
def test_text_value_and_get_agree(model: strategy.Model) -> None:
    message = parse_text(strategy.er7(model))
    for name, fields in model:
        for f in range(1, len(fields) + 2):
            for path in (f"{name}-{f}", f"{name}-{f}[2]", f"{name}-{f}.2", f"{name}-{f}.1.2"):
                value = message.value(path)
                assert message.text(path) == value.text
                assert message.get(path) == (None if value.presence in ("absent", "empty") else value.text)


@pytest.mark.parametrize(
    ("field", "path", "presence"),
    [
        ("", "PID-3", Presence.EMPTY),
        ("", "PID-3.2", Presence.ABSENT),
        ("", "PID-4", Presence.ABSENT),
        ("", "PV1-2", Presence.ABSENT),
        ("", "PID[2]-1", Presence.ABSENT),
        ('""', "PID-3", Presence.NULL),
        ('""', "PID-3.4.2", Presence.NULL),
        ('A^""', "PID-3.2", Presence.NULL),
        ('A^""', "PID-3.2.2", Presence.NULL),
        ("A^^C", "PID-3.2", Presence.EMPTY),
        ("A^^C", "PID-3.4", Presence.ABSENT),
        ("A&&C", "PID-3.1.2", Presence.EMPTY),
        ("A", "PID-3[2]", Presence.ABSENT),
        ("A~", "PID-3[2]", Presence.EMPTY),
        ("A", "PID-3.1.1", Presence.VALUE),
        ("\\E\\", "PID-3", Presence.VALUE),
        ('"\\X22\\', "PID-3", Presence.VALUE),
    ],
)
def test_absent_empty_null_and_value_stay_apart(field: str, path: str, presence: Presence) -> None:
    message = parse(HEADER + f"PID|1||{field}\r".encode())
    assert message.value(path).presence is presence


def test_an_element_not_named_further_stands_for_its_first_part() -> None:
    message = parse(ADT_A01)
    assert message.text("PID-18") == message.text("PID-18.1") == message.text("PID-18[1].1.1") == "9001001"


def test_header_fields_are_numbered_from_the_separator_and_never_split() -> None:
    message = parse(ADT_A01)
    assert (message.text("MSH-1"), message.text("MSH-2"), message.text("MSH-3")) == ("|", "^~\\&", "EPICADT")
    assert message.text("MSH-2.2") == ""
    assert message.value("MSH-2").text == "^~\\&"
    assert message.header.control_id == message.text("MSH-10")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\n"])
def test_segments_end_with_cr_lf_or_both(end: str) -> None:
    message = parse(ADT_A01.replace(b"\r", end.encode()))
    names = [segment.name for segment in message.all_segments()]
    assert names == ["MSH", "EVN", "PID", "PD1", "NK1", "PV1", "GT1", "IN1", "ZPM"]
    assert bool(message.warnings) == ("\n" in end)


def test_a_lone_line_feed_in_a_cr_message_is_data() -> None:
    message = parse(HEADER + b"NTE|1||first line\nsecond line\n12|x\rPID|1\r")
    assert message.text("NTE-3") == "first line\nsecond line\n12"
    assert [segment.name for segment in message.all_segments()] == ["MSH", "NTE", "PID"]
    assert message.warnings == ()


def test_a_lone_line_feed_before_what_looks_like_a_segment_ends_one() -> None:
    message = parse(HEADER + b"NTE|1||first\nPID|1||77\rPV1|1")
    assert message.text("PID-3") == "77"
    assert message.warnings


def test_an_escaped_line_end_breaks_no_segment() -> None:
    message = parse(HEADER + b"NTE|1||one\\X0D\\PID|9\r")
    assert len(message.all_segments()) == 2
    assert message.text("NTE-3") == "one\rPID"


def test_unknown_segments_are_kept_in_place() -> None:
    message = parse(HEADER + b"ZAB|1^2\rXYZ1|7\rlower|x\rPID\rZAB|3\r")
    assert [segment.name for segment in message.all_segments()] == ["MSH", "ZAB", "XYZ1", "lower", "PID", "ZAB"]
    assert message.text("ZAB[2]-1") == "3"


def test_missing_delimiters_leave_text_whole() -> None:
    message = parse(b"MSH|^~\\|A|B|C|D|1||ADT^A08|1|P|2.5\rPID|1||A&B^C\r")
    assert (message.text("PID-3.1"), message.text("PID-3.1.2"), message.text("PID-3.2")) == ("A&B", "", "C")


def test_custom_delimiters_are_used_throughout() -> None:
    message = parse(b"MSH$%*+@$A$B$C$D$1$$ADT%A08$1$P$2.5\rPID$1$$A@B%C|^~\\&*D+F+E\r")
    assert message.text("PID-3.1.2") == "B"
    assert message.text("PID-3.2") == "C|^~\\&"
    assert message.text("PID-3[2]") == "D$E"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "header-missing"),
        (b"PID|1", "header-missing"),
        (b"MSH|&&&&|A", "delimiters-impossible"),
        (b"MSH", "delimiters-impossible"),
    ],
)
def test_what_has_no_usable_header_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(MessageError) as raised:
        parse(raw)
    assert raised.value.code == code


def test_a_wrong_charset_is_read_and_told() -> None:
    message = parse(HEADER + b"PID|1||||M\xfcller\r")
    assert message.text("PID-5") == "Müller"
    assert [warning.place for warning in message.warnings] == ["MSH-18"]


def test_nothing_shows_a_value_by_accident() -> None:
    message = parse(ADT_A01)
    assert "TESTER" not in repr(message) + repr(message.segment("PID"))


XML_ESCAPED = (
    b"MSH|^~\\&amp;|A|B|C|D|20250304||ADT^A08|1|P|2.5.1\r"
    b"PID|1||77^^^NORTH&amp;1.2.3&amp;ISO^MR||O&apos;BRIEN &amp;amp; SONS^ANN\r"
)


def test_a_message_that_was_escaped_for_xml_is_read_as_it_was_before() -> None:
    message = parse(XML_ESCAPED)
    assert [message.text(f"PID-3.4.{n}") for n in (1, 2, 3)] == ["NORTH", "1.2.3", "ISO"]
    assert message.text("PID-5.1") == "O'BRIEN "  # the escaped ampersand of a name is a separator, once undone
    assert [problem.cause for problem in message.warnings] == ["xml-escaped"]
    assert message.to_bytes() == XML_ESCAPED


def test_a_value_put_into_such_a_message_reads_the_same_again() -> None:
    changed = parse(XML_ESCAPED).with_value("PID-5.2", "JO & ANN")
    again = parse(changed.to_bytes())
    assert (again.text("PID-5.2"), again.text("PID-3.4.2")) == ("JO & ANN", "1.2.3")


def test_an_ampersand_in_the_text_of_a_sound_message_stays_as_it_is() -> None:
    assert parse(HEADER + b"NTE|1||a &amp;amp; b\r").element("NTE-3") is not None
    assert "&amp;amp;" in parse(HEADER + b"NTE|1||a &amp;amp; b\r").er7


@pytest.mark.parametrize(
    ("encoding", "rule"),
    [(b"^~&", "escape-lost"), (b"^~\\\\&", "escape-doubled"), (b"^~\\&amp;", "xml-escaped")],
)
def test_separators_are_repaired_by_a_rule_that_has_a_name(encoding: bytes, rule: str) -> None:
    message = parse(HEADER.replace(b"^~\\&", encoding, 1))
    assert [(problem.cause, problem.place) for problem in message.warnings] == [(rule, "MSH-2")]
    assert message.delimiters.encoding_characters == "^~\\&"
