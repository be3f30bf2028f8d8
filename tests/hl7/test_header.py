import pytest

from interface.hl7.delimiters import STANDARD, UNUSED, Delimiters
from interface.hl7.header import holds_another, read_header
from interface.hl7.problem import ErrorCode, Severity
from tests.hl7.sample import ADT_A01


def test_every_field_that_intake_needs_is_read() -> None:
    header = read_header(ADT_A01)
    assert header.problems == ()
    assert (header.sending_application, header.sending_facility) == ("EPICADT", "NORTH")
    assert (header.receiving_application, header.receiving_facility) == ("HP24ENG", "HP24")
    assert header.timestamp == "20250304091500-0600"
    assert (header.message_type, header.trigger_event, header.structure) == ("ADT", "A01", "ADT_A01")
    assert header.kind == "ADT^A01"
    assert (header.control_id, header.processing_id, header.version) == ("N000123", "P", "2.5.1")
    assert (header.accept_ack, header.application_ack) == ("AL", "NE")
    assert header.charset == "UNICODE UTF-8"
    assert header.is_enhanced


def test_a_short_header_has_empty_fields() -> None:
    header = read_header(b"MSH|^~\\&|||||||ADT^A08|7")
    assert (header.control_id, header.version, header.charset, header.sequence_number) == ("7", "", "", "")
    assert not header.is_enhanced
    assert header.problems == ()


@pytest.mark.parametrize("mode", ["|AL|", "||AL"])
def test_either_acknowledgement_field_asks_for_enhanced_mode(mode: str) -> None:
    assert read_header(f"MSH|^~\\&|||||||ADT^A08|7|P|2.5||{mode}".encode()).is_enhanced


@pytest.mark.parametrize("raw", [b"", b"\x0b", b"PID|1", b"<xml/>", b"\xff\xfe", b"msh|^~\\&|"])
def test_bytes_without_msh_have_one_problem_and_no_fields(raw: bytes) -> None:
    header = read_header(raw)
    assert [(each.code, each.place, each.is_error) for each in header.problems] == [("100", "MSH", True)]
    assert (header.control_id, header.delimiters) == ("", STANDARD)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"", "block-empty"),
        (b"\xef\xbb\xbf \r\n", "block-empty"),
        (b"PID|1", "header-missing"),
        (b"FHS|^~\\&|A", "control-id-missing"),
        (b"\r\nBHS|^~\\&|A", "control-id-missing"),
        (b"BHS", "header-unusable"),
        (b"BHS|^~\\&|||||||||" + b"7" * 200, "control-id-too-long"),
        ("MSH|^~\\&|A".encode("utf-16"), "charset-impossible"),
        ("MSH|^~\\&|A".encode("utf-16-le"), "charset-impossible"),
        ("MSH|^~\\&|A".encode("utf-16-be"), "charset-impossible"),
        (b"MSH", "header-unusable"),
        (b"MSH|^~\\&|||||||ADT^A08|" + b"7" * 199, ""),
        (b"MSH|^~\\&|||||||ADT^A08|" + b"7" * 200, "control-id-too-long"),
    ],
)
def test_what_keeps_a_message_from_being_taken_has_a_name(raw: bytes, cause: str) -> None:
    assert [each.cause for each in read_header(raw).errors] == ([cause] if cause else [])


@pytest.mark.parametrize("kind", ["ADT^A08", "ACK", "ORU^R01", "ZPM^Z01"])
def test_a_kind_that_looks_like_one_is_shown(kind: str) -> None:
    assert read_header(f"MSH|^~\\&|||||||{kind}|7".encode()).kind_name == kind


@pytest.mark.parametrize(
    "kind", ["SPECIMEN^MARIA", "19700101", "ADT^SPECIMEN", "adt^a08", "A\0T^A08", "770001^^^NORTH"]
)
def test_what_stands_in_the_place_of_a_kind_by_mistake_is_not(kind: str) -> None:
    assert read_header(f"MSH|^~\\&|||||||{kind}|7".encode()).kind_name == "?"


@pytest.mark.parametrize(
    ("behind", "is_several"),
    [
        (b"\rMSH|^~\\&|", True),
        (b"\nMSH|^~\\&|", True),
        (b"\r\n\r\nMSH|", True),
        (b"\rMSH^|", False),
        (b"\rNTE|1||MSH|", False),
        (b"\rMSHX|", False),
    ],
)
@pytest.mark.parametrize("lead", [b"", b"\r\n"])
def test_a_second_header_is_seen(lead: bytes, behind: bytes, is_several: bool) -> None:
    assert holds_another(lead + b"MSH|^~\\&|A\rPID|1" + behind, STANDARD) is is_several


@pytest.mark.parametrize(
    "start", [b"MSH", b"MSH|", b"MSH||A", b"MSH|^^^^|", b"MSHABCDE", b"MSH|^~\\&#+|A", b"MSH|\xfd~|A", b"MSH |^~|"]
)
def test_impossible_delimiters_are_one_problem(start: bytes) -> None:
    (problem,) = read_header(start).errors
    assert (problem.code, problem.place) == (ErrorCode.UNSUPPORTED_MESSAGE_TYPE, "MSH-2")


def test_missing_type_and_control_id_are_told() -> None:
    header = read_header(b"MSH|^~\\&|A|B|C|D|20250304\rPID|1")
    assert [(each.code, each.place) for each in header.errors] == [("101", "MSH-9"), ("101", "MSH-10")]
    assert header.sending_application == "A"


@pytest.mark.parametrize("lead", [b"\xef\xbb\xbf", b" ", b"\r\n", b"\xef\xbb\xbf\r\n\t"])
def test_what_stands_before_msh_is_passed_over_with_a_warning(lead: bytes) -> None:
    header = read_header(lead + ADT_A01)
    assert header.control_id == "N000123"
    assert [(each.severity, each.place) for each in header.problems] == [(Severity.WARNING, "MSH")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("|^~\\&", Delimiters()),
        ("|^~\\&#", Delimiters(truncation="#")),
        ("|^~\\", Delimiters(subcomponent=UNUSED)),
        ("$%*+@", Delimiters("$", "%", "*", "+", "@")),
    ],
)
def test_delimiters_come_from_the_message(written: str, expected: Delimiters) -> None:
    separator = written[0]
    header = read_header(separator.join(["MSH" + written, *"ABCDEF", "ADT", "77", "P", "2.5"]).encode())
    assert header.delimiters == expected
    assert header.control_id == "77"
    assert header.delimiters.encoding_characters == written[1:] == header.encoding_characters


@pytest.mark.parametrize("mangled", ["^~\\&amp;", "^~\\\\&", "^~&"])
def test_known_manglings_of_the_delimiters_are_repaired_with_a_warning(mangled: str) -> None:
    header = read_header(f"MSH|{mangled}|A|B|C|D|1||ADT^A08|77|P|2.5\r".encode())
    assert header.delimiters == STANDARD
    assert header.control_id == "77"
    assert [(each.severity, each.place) for each in header.problems] == [(Severity.WARNING, "MSH-2")]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_any_line_end_ends_the_header(end: bytes) -> None:
    header = read_header(b"MSH|^~\\&|A|B|C|D|1||ADT^A08|77" + end + b"PID|1" + end)
    assert header.control_id == "77"


def test_a_line_feed_inside_a_field_of_a_cr_message_does_not_end_the_header() -> None:
    assert read_header(b"MSH|^~\\&|A\nB|||||ADT^A08|||\rPID|").sending_application == "A\nB"
    assert read_header(b"MSH|^~\\&|A|B|C|D|1||ADT^A08|77\nPID|1\rPV1|1").control_id == "77"


def test_a_header_longer_than_any_should_be_is_read() -> None:
    header = read_header(b"MSH|^~\\&|" + b"A" * 9000 + b"||||||ADT^A08|77\rPID|1")
    assert header.control_id == "77"


def test_fields_are_kept_byte_for_byte() -> None:
    header = read_header(b"MSH|^~\\&| A\\T\\B ^1.2^ISO||||||ADT^A08| 7 |P|2.5||||||8859/1~UNICODE\r")
    assert header.sending_application == " A\\T\\B ^1.2^ISO"
    assert header.control_id == " 7 "
    assert header.charset == "8859/1"


def test_the_header_is_decoded_by_its_own_charset_or_the_channels() -> None:
    raw = "MSH|^~\\&|KLINIK MÜNCHEN||||||ADT^A08|7|P|2.5||||||{}\r"
    utf8 = raw.format("UNICODE UTF-8").encode()
    latin = raw.format("8859/1").encode("latin-1")
    assert read_header(utf8).sending_application == read_header(latin).sending_application == "KLINIK MÜNCHEN"
    assert read_header(latin, "8859/2").codec == "iso8859-2"


BATCH = "BHS|^~\\&|EPICDFT|NORTH|HP24ENG|HP24|20260304091500||||B7\r"
FILE = "FHS|^~\\&|FILES|NORTH|||||||F3\r"
INSIDE = "MSH|^~\\&|A|B|C|D|20260304||DFT^P03|M1|T|2.4||||||8859/1\rPID|1\r"


@pytest.mark.parametrize(
    ("text", "kind", "control_id", "sender"),
    [
        (BATCH + INSIDE, "BHS", "B7", "EPICDFT"),
        (FILE + BATCH + INSIDE, "FHS", "B7", "EPICDFT"),
        (FILE + INSIDE, "FHS", "F3", "FILES"),
        (FILE + BATCH.replace("B7", "") + INSIDE, "FHS", "F3", "EPICDFT"),
        (FILE.replace("\r", "\r\n\r\n") + BATCH + INSIDE, "FHS", "B7", "EPICDFT"),
    ],
)
def test_a_batch_is_known_by_its_own_headers(text: str, kind: str, control_id: str, sender: str) -> None:
    header = read_header(text.encode())
    assert (header.is_batch, header.kind_name, header.control_id, header.sending_application) == (
        True,
        kind,
        control_id,
        sender,
    )
    assert header.problems == ()


def test_a_batch_is_answered_in_the_version_and_character_set_of_its_messages() -> None:
    header = read_header((BATCH + INSIDE).encode())
    assert (header.version, header.processing_id, header.charset) == ("2.4", "T", "8859/1")


def test_a_batch_without_messages_has_no_version() -> None:
    assert read_header((BATCH + "BTS|0\r").encode()).version == ""


def test_the_place_of_a_missing_control_id_is_that_of_the_header_that_lacks_it() -> None:
    assert [one.place for one in read_header(BATCH.replace("B7", "").encode()).errors] == ["BHS-11"]
    assert [one.place for one in read_header(FILE.replace("F3", "").encode()).errors] == ["FHS-11"]
