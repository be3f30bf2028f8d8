"""Acknowledgements: built for what we received, read for what we sent. Ours name rules and places, never values."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from interface.errors import InterfaceError, MessageError
from interface.hl7.batch import is_batch, split
from interface.hl7.charset import codec_of, errors_of
from interface.hl7.delimiters import UNUSED, Delimiters
from interface.hl7.escape import escape
from interface.hl7.header import Header, read_header
from interface.hl7.parser import Message, parse
from interface.hl7.path import Path
from interface.hl7.problem import ErrorCode, Problem, Severity
from interface.hl7.segment import Element, Segment
from interface.hl7.version import version_of


class AckCode(StrEnum):
    """HL7 table 0008: A. answers for the application, C. for safe storage (enhanced mode)."""

    AA = "AA"
    AE = "AE"
    AR = "AR"
    CA = "CA"
    CE = "CE"
    CR = "CR"

    @property
    def is_positive(self) -> bool:
        return self in (AckCode.AA, AckCode.CA)

    @property
    def is_accept(self) -> bool:
        """An accept acknowledgement: about custody, not about the application."""
        return self.value[0] == "C"


# MLLP release 2: the whole content of a block that answers at transport level. It names no message, so that only one
# may be in flight.
COMMIT: Final = b"\x06"
NOT_COMMITTED: Final = b"\x15"

_ERR_BY_FIELD_SINCE: Final = (2, 5)
_STRUCTURE_SINCE: Final = (2, 3, 1)
# Who names no version gets the oldest form in use, which every reader knows.
_UNKNOWN_VERSION: Final = (2, 3)
_OLDEST: Final = "2.3"
_CODING_SYSTEM: Final = "HL70357"
_SEGMENT: Final = re.compile(r"([A-Za-z0-9]{3})(?:\[([0-9]+)\])?")


@dataclass(frozen=True, slots=True)
class Ack:
    """An answer as read.

    `control_id` is MSA-2 (empty in an MLLP release 2 commit); `text` and `problems` are the peer's words and may name
    a patient; `own_control_id` is the answer's own MSH-10; `wants_accept_ack` says that its MSH-15 is AL or SU.
    """

    code: AckCode
    control_id: str
    text: str = ""
    problems: tuple[Problem, ...] = ()
    own_control_id: str = ""
    wants_accept_ack: bool = False


def build_ack(
    header: Header,
    code: str,
    *,
    control_id: str,
    at: int,
    text: str = "",
    problems: Iterable[Problem] = (),
    accept_ack: str = "",
) -> bytes:
    """The answer to the message of `header`, as content for a frame: `code` of table 0008, whatever the header holds.

    `control_id` is the answer's own MSH-10, `at` its time in UTC microseconds. `problems` go to ERR (before 2.5: one
    ERR with ERR-1 repeating, and their texts in MSA-3); with a positive code they are information. `accept_ack` is
    MSH-15 of an application acknowledgement that travels as a message of its own (AL, NE, ER, SU). HL7 v2.5.1
    sections 2.9, 2.15.5, 2.15.8.
    """
    code = AckCode(code)
    delimiters = header.delimiters
    version = version_of(header.version) or _UNKNOWN_VERSION
    told = tuple(_as_information(each) if code.is_positive else each for each in problems)
    by_field = version >= _ERR_BY_FIELD_SINCE
    if by_field and text and not told:
        told = (_spoken(code, text),)
    lines = [
        _msh(header, version, control_id, at, accept_ack),
        _msa(code, header.control_id, "" if by_field else _spoken_text(text, told), delimiters),
    ]
    if by_field:
        lines += [_err_by_field(each, delimiters) for each in told]
    elif told and not code.is_positive:
        lines.append(f"ERR{delimiters.field}{delimiters.repetition.join(_eld(each, delimiters) for each in told)}")
    written = "".join(f"{line}\r" for line in lines)
    return written.encode("ascii") if written.isascii() else _encoded(written, header)


def _encoded(written: str, header: Header) -> bytes:
    """Echoed fields go back as the bytes they were; a letter of our own that the charset lacks becomes `?`."""
    codec = codec_of(header.charset) or "ascii" if header.codec == "ascii" else header.codec
    try:
        return written.encode(codec, errors_of(codec))
    except UnicodeEncodeError:
        return written.encode(codec, "replace")


def _msh(header: Header, version: tuple[int, ...], control_id: str, at: int, accept_ack: str) -> str:
    d = header.delimiters
    kind = "ACK"
    if header.trigger_event and version >= _STRUCTURE_SINCE:
        kind = f"ACK{d.component}{header.trigger_event}{d.component}ACK"
    fields = [
        "MSH",
        d.encoding_characters,
        header.receiving_application,
        header.receiving_facility,
        header.sending_application,
        header.sending_facility,
        written_time(at),
        "",
        kind,
        control_id,
        header.processing_id or "P",
        header.version or _OLDEST,
    ]
    if accept_ack or header.charset:
        application_ack = "NE" if accept_ack else ""
        fields += ["", "", accept_ack, application_ack, "", header.charset]
    return d.field.join(fields).rstrip(d.field)


def _msa(code: AckCode, answered: str, text: str, d: Delimiters) -> str:
    msa = f"MSA{d.field}{code.value}{d.field}{answered}"
    return f"{msa}{d.field}{_written(text, d)}" if text else msa


def _as_information(problem: Problem) -> Problem:
    return replace(problem, severity=Severity.INFORMATION) if problem.is_error else problem


def _spoken(code: AckCode, text: str) -> Problem:
    """A text without a problem of its own still needs ERR-3: accepted, or an internal error."""
    if code.is_positive:
        return Problem(ErrorCode.ACCEPTED, "", text, Severity.INFORMATION)
    return Problem(ErrorCode.INTERNAL_ERROR, "", text)


def _spoken_text(text: str, problems: tuple[Problem, ...]) -> str:
    """MSA-3 is ST of 80 characters to 2.4."""
    return (text or "; ".join(dict.fromkeys(problem.text for problem in problems)))[:80]


def _err_by_field(problem: Problem, d: Delimiters) -> str:
    """ERR from 2.5: location, 0357 code, severity, user message."""
    location = d.component.join(_location(problem.place))
    code = d.component.join((problem.code, _meaning(problem.code), _CODING_SYSTEM))
    fields = ["ERR", "", location, code, problem.severity.value, "", "", "", _written(problem.text, d)]
    return d.field.join(fields).rstrip(d.field)


def _eld(problem: Problem, d: Delimiters) -> str:
    """ERR-1 to 2.4: segment, sequence, field position, code. Without subcomponents the code stands alone."""
    location = (*_location(problem.place), "", "", "")[:3]
    code = (problem.code, _meaning(problem.code), _CODING_SYSTEM)
    coded = problem.code if d.subcomponent == UNUSED else d.subcomponent.join(code)
    return d.component.join((*location, coded))


def _written(text: str, d: Delimiters) -> str:
    try:
        return escape(text, d)
    except InterfaceError:  # no escape character declared: our words lose their punctuation, not the answer
        return "".join(character if character.isalnum() else " " for character in text)


def _meaning(code: str) -> str:
    try:
        return ErrorCode(code).meaning
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def _location(place: str) -> tuple[str, ...]:
    """ERL, which begins like ELD: segment, its sequence, field, then repetition, component, subcomponent if known."""
    try:
        path = Path.parse(place)
    except InterfaceError:
        segment = _SEGMENT.fullmatch(place)
        return (segment[1], segment[2] or "1") if segment else ()
    numbers = [path.field, path.repetition, path.component, path.subcomponent]
    while numbers[-1] is None:
        numbers.pop()
    if len(numbers) > 1:
        numbers[1] = numbers[1] or 1
    return (path.segment, str(path.occurrence or 1), *(str(number or "") for number in numbers))


def written_time(at: int) -> str:
    """UTC microseconds as HL7 writes a time, to the second."""
    return _timestamp(at // 1_000_000)


@lru_cache(maxsize=8)
def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%S+0000")


def read_ack(raw: bytes, charset: str | None = None) -> Ack:
    """Reads an answer tolerantly: original or enhanced, ERR of any version, MLLP release 2 commit blocks.

    Raises MessageError `ack-unreadable` when it is no answer, `ack-code-unknown` when MSA-1 is not of table 0008.
    """
    if raw in (COMMIT, NOT_COMMITTED):
        return Ack(AckCode.CA if raw == COMMIT else AckCode.CR, "")
    try:
        message = parse(raw, charset)
    except MessageError as error:
        raise MessageError("ack-unreadable", "the reply is not an HL7 message", place=error.place) from None
    if is_batch(raw):
        return _read_batch_ack(raw, charset)
    msa = message.find("MSA")
    if msa is None:
        raise MessageError("ack-unreadable", "the reply has no MSA segment", place="MSA")
    try:
        code = AckCode(msa.text(1).strip().upper())
    except ValueError:
        raise MessageError("ack-code-unknown", "MSA-1 is no code of HL7 table 0008", place="MSA-1") from None
    problems = tuple(problem for err in message.segments("ERR") for problem in _problems_of(err))
    header = message.header
    return Ack(code, msa.field(2) or "", msa.text(3), problems, header.control_id, header.accept_ack in ("AL", "SU"))


def _read_batch_ack(raw: bytes, charset: str | None) -> Ack:
    """A batch of answers: BHS-12 (else FHS-12) names the batch, the first that is no yes speaks for it (section 2.10.3.3)."""
    try:
        batch = split(raw)
    except MessageError as error:
        raise MessageError("ack-unreadable", "the reply is a malformed batch", place=error.place) from None
    answers = [read_ack(message, charset) for message in batch.messages]
    if not answers:
        raise MessageError("ack-unreadable", "the batch of answers is empty", place="MSA")
    worst = next((answer for answer in answers if not answer.code.is_positive), answers[0])
    headers = [group.header for group in batch.groups if group.header] or [batch.header]
    fields = headers[0].split(headers[0][3:4])
    named = fields[11].decode("ascii", "replace") if len(fields) > 11 else ""
    return replace(worst, control_id=named, own_control_id=read_header(raw).control_id, wants_accept_ack=False)


def is_ack(message: Message) -> bool:
    """Whether a message is an answer: it carries MSA, whatever its type says."""
    return message.find("MSA") is not None


def _problems_of(err: Segment) -> list[Problem]:
    if err.text(3) or err.text(2):
        severity = Severity(err.text(4)) if err.text(4) in set(Severity) else Severity.ERROR
        text = err.text(8) or err.text(3, component=2) or err.text(7)
        return [Problem(err.text(3), _place(err.elements(2)[0]) if err.elements(2) else "", text, severity)]
    return [
        Problem(element.text(4), _place(element), element.text(4, 2)) for element in err.elements(1) if element.text(4)
    ]


def _place(location: Element) -> str:
    """ERL and ELD begin alike: segment, sequence, field."""
    segment, sequence, field = (location.text(number) for number in (1, 2, 3))
    occurrence = f"[{sequence}]" if sequence not in ("", "1") else ""
    return f"{segment}{occurrence}-{field}" if field else f"{segment}{occurrence}"
