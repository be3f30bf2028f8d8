import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.ack import AckCode, build_ack, is_ack, read_ack
from interface.hl7.batch import split
from interface.hl7.batch_ack import build_batch_ack
from interface.hl7.header import Header, read_header
from interface.hl7.parser import parse
from interface.hl7.problem import ErrorCode, Problem, Severity
from tests.hl7.batches import bhs, bts, dft, fhs, fts
from tests.hl7.sample import ADT_A01

AT = 1_741_101_300_000_000  # 2025-03-04 15:15:00 UTC
UNKNOWN_ACCOUNT = Problem(ErrorCode.UNKNOWN_KEY, "PID-18", "Account number not recognised")


def header(version: str, *, msh18: str = "", extra: str = "") -> Header:
    return read_header(
        f"MSH|^~\\&|EPIC|NORTH|HP24|HQ|20250304||ADT^A04^ADT_A01|N1|T|{version}||{extra}||||{msh18}\r".encode()
    )


def lines(raw: bytes) -> list[str]:
    assert raw.endswith(b"\r")
    return raw.decode().split("\r")[:-1]


def test_a_positive_answer_swaps_sender_and_receiver_and_echoes_the_rest() -> None:
    assert lines(build_ack(read_header(ADT_A01), AckCode.CA, control_id="A1", at=AT)) == [
        "MSH|^~\\&|HP24ENG|HP24|EPICADT|NORTH|20250304151500+0000||ACK^A01^ACK|A1|P|2.5.1||||||UNICODE UTF-8",
        "MSA|CA|N000123",
    ]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("2.3", "ACK"),
        ("2.2", "ACK"),
        ("", "ACK"),
        ("2.3.1", "ACK^A04^ACK"),
        ("2.5.1^USA", "ACK^A04^ACK"),
        ("2.8", "ACK^A04^ACK"),
    ],
)
def test_the_answers_type_is_that_of_the_version(version: str, kind: str) -> None:
    msh = lines(build_ack(header(version), AckCode.AA, control_id="A1", at=AT))[0].split("|")
    assert (msh[8], msh[10], msh[11]) == (kind, "T", version or "2.3")


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", ""])
def test_to_2_4_an_error_stands_in_err_1_and_its_text_in_msa_3(version: str) -> None:
    problems = (UNKNOWN_ACCOUNT, Problem(ErrorCode.REQUIRED_FIELD_MISSING, "GT1[2]-3", "the guarantor has no name"))
    assert lines(build_ack(header(version), AckCode.AE, control_id="A1", at=AT, problems=problems))[1:] == [
        "MSA|AE|N1|Account number not recognised; the guarantor has no name",
        "ERR|PID^1^18^204&Unknown key identifier&HL70357~GT1^2^3^101&Required field missing&HL70357",
    ]


@pytest.mark.parametrize("version", ["2.5", "2.5.1", "2.7"])
def test_from_2_5_every_error_has_a_segment(version: str) -> None:
    problems = (UNKNOWN_ACCOUNT, Problem("101", "PID-3[2].4.2", "no authority"), Problem("207", "", "full"))
    assert lines(build_ack(header(version), AckCode.AE, control_id="A1", at=AT, problems=problems))[1:] == [
        "MSA|AE|N1",
        "ERR||PID^1^18|204^Unknown key identifier^HL70357|E||||Account number not recognised",
        "ERR||PID^1^3^2^4^2|101^Required field missing^HL70357|E||||no authority",
        "ERR|||207^Application internal error^HL70357|E||||full",
    ]


@pytest.mark.parametrize(("place", "location"), [("MSH", "MSH^1"), ("MSH[2]", "MSH^2"), ("somewhere", "")])
def test_a_segment_has_a_place_too(place: str, location: str) -> None:
    answer = build_ack(header("2.5.1"), AckCode.AE, control_id="A1", at=AT, problems=(Problem("100", place, "x"),))
    assert lines(answer)[2].split("|")[2] == location


def test_with_a_positive_code_problems_are_information() -> None:
    modern = build_ack(header("2.5.1"), AckCode.AA, control_id="A1", at=AT, problems=(UNKNOWN_ACCOUNT,))
    assert "|204^Unknown key identifier^HL70357|I||||" in lines(modern)[2]
    old = build_ack(header("2.3"), AckCode.AA, control_id="A1", at=AT, problems=(UNKNOWN_ACCOUNT,))
    assert lines(old)[1:] == ["MSA|AA|N1|Account number not recognised"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.3", ["MSA|AA|N1|held for review"]),
        ("2.5.1", ["MSA|AA|N1", "ERR|||0^Message accepted^HL70357|I||||held for review"]),
    ],
)
def test_a_bare_text_goes_where_the_version_has_a_place(version: str, expected: list[str]) -> None:
    assert lines(build_ack(header(version), AckCode.AA, control_id="A1", at=AT, text="held for review"))[1:] == expected


def test_a_message_without_control_id_is_answered_with_an_empty_one() -> None:
    nameless = read_header(b"MSH|^~\\&|A|B|C|D|1||ADT^A08||P|2.5.1\r")
    assert lines(build_ack(nameless, AckCode.AE, control_id="A1", at=AT, problems=nameless.errors))[1:] == [
        "MSA|AE|",
        "ERR||MSH^1^10|101^Required field missing^HL70357|E||||the message control id is missing",
    ]


def test_an_unreadable_message_is_answered_all_the_same() -> None:
    unreadable = read_header(b"garbage")
    answer = read_ack(build_ack(unreadable, AckCode.AR, control_id="A1", at=AT, problems=unreadable.problems))
    assert (answer.code, answer.control_id) == (AckCode.AR, "")
    assert answer.text == "the message does not begin with MSH"


def test_our_words_are_escaped_in_the_senders_delimiters() -> None:
    odd = read_header(b"MSH$%*+@$A$B$C$D$1$$ADT%A08$7$P$2.5.1\r")
    answer = build_ack(odd, AckCode.AE, control_id="A1", at=AT, problems=(Problem("207", "PID-3", "5$ @ 10%"),))
    assert lines(answer)[2] == "ERR$$PID%1%3$207%Application internal error%HL70357$E$$$$5+F+ +T+ 10+S+"
    assert read_ack(answer).problems[0].text == "5$ @ 10%"


def test_without_an_escape_character_our_words_lose_their_punctuation() -> None:
    bare = read_header(b"MSH|^~|A|B|C|D|1||ADT^A08|7|P|2.3.1\r")
    answer = read_ack(build_ack(bare, AckCode.AE, control_id="A1", at=AT, problems=(Problem("101", "PID-3", "a|b"),)))
    assert (answer.text, answer.problems[0].code) == ("a b", "101")


def test_an_application_ack_of_its_own_may_ask_for_an_accept_ack() -> None:
    msh = lines(build_ack(header("2.5.1", extra="AL|AL"), AckCode.AA, control_id="A1", at=AT, accept_ack="AL"))[0]
    assert msh.split("|")[14:16] == ["AL", "NE"]


@pytest.mark.parametrize("msh18", ["8859/1", "UNICODE UTF-8", "NONSENSE", ""])
def test_what_is_echoed_is_the_same_bytes(msh18: str) -> None:
    raw = b"MSH|^~\\&|M\xfcNCHEN\xc3\xa9|B|C|D|1||ADT^A08|\xe97\x81|P|2.5||||||" + msh18.encode() + b"\r"
    answer = build_ack(read_header(raw), AckCode.AA, control_id="A1", at=AT)
    assert b"|M\xfcNCHEN\xc3\xa9|B|" in answer
    assert b"MSA|AA|\xe97\x81\r" in answer


def test_a_letter_of_ours_that_the_charset_lacks_does_not_stop_the_answer() -> None:
    assert build_ack(header("2.3", msh18="UNICODE UTF-8"), AckCode.AE, control_id="A", at=AT, text="Größe").endswith(
        "Größe\r".encode()
    )
    assert build_ack(header("2.3"), AckCode.AE, control_id="A", at=AT, text="Größe").endswith(b"Gr??e\r")


@given(st.binary(max_size=120))
def test_any_header_can_be_answered_and_the_answer_read(tail: bytes) -> None:
    raw = read_header(b"MSH|^~\\&|" + tail)
    answer = read_ack(build_ack(raw, AckCode.AE, control_id="A1", at=AT, problems=raw.problems))
    assert answer.code is AckCode.AE
    assert answer.own_control_id == "A1"


@pytest.mark.parametrize("version", ["2.3.1", "2.5.1"])
@pytest.mark.parametrize("code", list(AckCode))
def test_an_answer_reads_as_it_was_built(version: str, code: AckCode) -> None:
    read = read_ack(build_ack(header(version), code, control_id="A1", at=AT, problems=(UNKNOWN_ACCOUNT,)))
    assert (read.code, read.control_id, read.own_control_id) == (code, "N1", "A1")
    assert read.code.is_positive == (code in ("AA", "CA"))
    assert read.code.is_accept == code.startswith("C")
    if not code.is_positive:
        assert [(each.code, each.place, each.severity) for each in read.problems] == [("204", "PID-18", Severity.ERROR)]


def test_answers_of_others_are_read_tolerantly() -> None:
    read = read_ack(
        b"MSH|^~\\&|X|Y|||20250304||ACK|9|P|2.3\nMSA| ae |N1|Unknown account\nERR|^^^207&Internal&HL70357\n"
    )
    assert (read.code, read.control_id, read.text) == (AckCode.AE, "N1", "Unknown account")
    assert [(each.code, each.place, each.text) for each in read.problems] == [("207", "", "Internal")]


def test_a_fatal_error_is_an_error() -> None:
    read = read_ack(b"MSH|^~\\&|X\rMSA|AE|N1\rERR||PID^2|101|F|||dump\r")
    assert [(each.place, each.severity, each.is_error, each.text) for each in read.problems] == [
        ("PID[2]", Severity.FATAL, True, "dump")
    ]


def test_mllp_release_2_commit_blocks_are_accept_answers() -> None:
    assert (read_ack(b"\x06").code, read_ack(b"\x15").code) == (AckCode.CA, AckCode.CR)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "ack-unreadable"),
        (b"OK", "ack-unreadable"),
        (ADT_A01, "ack-unreadable"),
        (b"MSH|^~\\&|X\rMSA|YES|N1", "ack-code-unknown"),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(MessageError) as raised:
        read_ack(raw)
    assert raised.value.code == code


def test_an_ack_is_told_from_a_message() -> None:
    assert is_ack(parse(build_ack(header("2.5"), AckCode.AA, control_id="A1", at=AT)))
    assert not is_ack(parse(ADT_A01))


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="OK"):
        build_ack(header("2.5"), "OK", control_id="A1", at=AT)


@pytest.mark.parametrize(("code", "is_retryable"), [("206", True), ("207", True), ("204", False), ("101", False)])
def test_only_locks_and_internal_errors_are_worth_a_retry(code: str, is_retryable: bool) -> None:
    assert ErrorCode(code).is_retryable is is_retryable


def test_a_batch_of_answers_is_read_as_the_answer_to_its_batch() -> None:
    batch = split(fhs("F1") + bhs("B1") + dft("M1") + dft("M2") + bts(2) + fts(1))
    codes = zip(batch.messages, ("AA", "AR"), strict=True)
    acks = [build_ack(read_header(raw), code, control_id="X", at=AT) for raw, code in codes]
    numbers = iter(("A1", "A2"))
    reply = build_batch_ack(batch, [acks], lambda: next(numbers), AT)
    ack = read_ack(reply)
    assert (ack.code, ack.control_id, ack.own_control_id) == (AckCode.AR, "B1", "A2")
    again = split(reply)
    assert again.messages == tuple(acks)
    assert again.header.split(b"|")[11] == b"F1"


@pytest.mark.parametrize("reply", [b"BHS|^~\\&|||||||||A1|B1\r", b"BHS|^~\\&|||||||||A1|B1\rPID|1\r"])
def test_a_batch_without_answers_is_no_answer(reply: bytes) -> None:
    with pytest.raises(MessageError, match="ack-unreadable"):
        read_ack(reply)
