"""The header of a message or a batch, read tolerantly from raw bytes: all that intake knows before it is stored."""

import re
from dataclasses import dataclass
from typing import Final

from interface.hl7 import charset as charsets
from interface.hl7.delimiters import STANDARD, Delimiters, declared_in
from interface.hl7.problem import ErrorCode, Problem, Severity

CONTROL_ID_LENGTH: Final = 20  # MSH-10, HL7 v2.5.1 section 2.15.9.10
_LONGEST_CONTROL_ID: Final = 199  # MSH-10 since v2.7; what is longer is something else in its place
_WINDOW: Final = 4096  # no header is longer; what is longer is searched in full
_LINE_FEED_ENDS = re.compile(rb"\n(?=[A-Z][A-Z0-9]{2}[^A-Za-z0-9]|\s*\Z)")
_KIND: Final = re.compile(r"[A-Z][A-Z0-9]{2}(?:\^[A-Z0-9]{2,3})?")  # tables 0076 and 0003
UNNAMED_KIND: Final = "?"
CONTROL_ID_MISSING: Final = "control-id-missing"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"M\0S\0H", b"\0M\0S\0H")
_FIELDS: Final = 21  # so that a short header has (empty) fields up to MSH-20
_BATCH_HEADERS: Final = (b"FHS", b"BHS")
_FIRST_MESSAGE: Final = re.compile(rb"(?<=[\r\n])MSH(?![A-Za-z0-9\s])")
_BLANK: Final = re.compile(rb"\s*")


@dataclass(frozen=True, slots=True)
class Header:
    """MSH as sent: fields are neither unescaped nor trimmed, so that an answer can echo them byte for byte.

    `codec` decoded it and encodes it back; `charset` is what MSH-18 names. `problems` holds errors and warnings; an
    empty header with one error means that there is none to read.

    Of a batch (`is_batch`): BHS, or FHS where no BHS follows it, with the name of the first segment as message type and BHS-11
    (else FHS-11) as control id; processing id, version and character set are those of its first message (v2.5.1 section 2.10.3).
    """

    delimiters: Delimiters = STANDARD
    encoding_characters: str = STANDARD.encoding_characters
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    timestamp: str = ""
    message_type: str = ""
    trigger_event: str = ""
    structure: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    sequence_number: str = ""
    accept_ack: str = ""
    application_ack: str = ""
    charset: str = ""
    codec: str = "ascii"
    problems: tuple[Problem, ...] = ()
    is_batch: bool = False

    @property
    def kind(self) -> str:
        """Type and trigger event in one word: `ADT^A08`, whatever the message's own delimiters."""
        return f"{self.message_type}^{self.trigger_event}" if self.trigger_event else self.message_type

    @property
    def kind_name(self) -> str:
        """`kind` if it looks like one, else `?`: for places where a name or number that stands there by mistake must not go."""
        return kind_name(self.kind) if self.kind else ""

    @property
    def is_enhanced(self) -> bool:
        """Enhanced acknowledgement mode: MSH-15 or MSH-16 is valued (HL7 v2.5.1 section 2.9.3)."""
        return bool(self.accept_ack or self.application_ack)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the message unanswerable or unusable; warnings left out."""
        return tuple(problem for problem in self.problems if problem.is_error)


def kind_name(kind: str) -> str:
    """A message type with its trigger event, `ADT^A08`, as it may be shown and counted; `?` for anything else."""
    return kind if _KIND.fullmatch(kind) else UNNAMED_KIND


def _no_header(raw: bytes, lead: int) -> Header:
    if not raw[lead:].strip():
        cause, text = "block-empty", "the block is empty"
    elif raw.startswith(_UTF_16):
        cause, text = "charset-impossible", "the message is written in UTF-16, which MLLP does not carry; send UTF-8"
    else:
        cause, text = "header-missing", "the message does not begin with MSH"
    return Header(problems=(Problem(ErrorCode.SEGMENT_SEQUENCE, "MSH", text, cause=cause),))


def read_header(raw: bytes, declared: str | None = None) -> Header:
    """Never raises: what is wrong is in `problems`. `declared` is the channel's character set, stronger than MSH-18."""
    lead = 0 if raw[:3] == b"MSH" else charsets.without_lead(raw)
    line = first_line(raw, lead)
    if line[:3] in _BATCH_HEADERS and not line[3:4].isalnum():
        return _of_batch(raw, lead, line, declared)
    if line[:3] != b"MSH":
        return _no_header(raw, lead)
    found = declared_in(line)
    if found.delimiters is None:
        return Header(problems=found.problems)
    text, codec, warnings = _decoded(line, found.delimiters, declared)
    problems = found.problems + warnings
    if lead:
        problems += (
            Problem(ErrorCode.SEGMENT_SEQUENCE, "MSH", "blanks or a byte order mark before MSH", Severity.WARNING),
        )
    return _filled(text, found.delimiters, found.encoding_characters, codec, problems)


def _of_batch(raw: bytes, lead: int, line: bytes, declared: str | None) -> Header:
    """The header of a batch: BHS where one stands at its beginning, else FHS."""
    kind = line[:3].decode("ascii")
    begins = _BLANK.match(raw, lead + len(line))
    if kind == "FHS" and begins and raw[begins.end() : begins.end() + 3] == b"BHS":
        file_line, line = line, first_line(raw, begins.end())
    else:
        file_line = b""
    found = declared_in(line)
    if found.delimiters is None:
        return Header(problems=found.problems, is_batch=True)
    first = _FIRST_MESSAGE.search(raw, lead)
    inner = read_header(first_line(raw, first.start()), declared) if first else Header()
    text, codec, warnings = _decoded(line, found.delimiters, declared or inner.charset or None)
    fields = text.split(found.delimiters.field)
    fields += [""] * (_FIELDS - len(fields))
    control_id = fields[10] or _file_control_id(file_line)
    return Header(
        delimiters=found.delimiters,
        encoding_characters=found.encoding_characters,
        sending_application=fields[2],
        sending_facility=fields[3],
        receiving_application=fields[4],
        receiving_facility=fields[5],
        timestamp=fields[6],
        message_type=kind,
        control_id=control_id,
        processing_id=inner.processing_id,
        version=inner.version,
        charset=inner.charset,
        codec=codec,
        problems=found.problems + warnings + _unfit_control_id(control_id, f"{line[:3].decode('ascii')}-11", "batch"),
        is_batch=True,
    )


def _file_control_id(line: bytes) -> str:
    """FHS-11."""
    fields = line.split(line[3:4]) if line else []
    return fields[10].decode("ascii", "replace") if len(fields) > 10 else ""


def first_line(raw: bytes, lead: int = 0) -> bytes:
    """The header segment: up to the first CR, or the first LF that ends a segment."""
    window = raw[lead : lead + _WINDOW]
    end = window.find(b"\r")
    if end < 0 and len(window) == _WINDOW and b"\n" not in window:
        window = raw[lead:]
        end = window.find(b"\r")
    line = window if end < 0 else window[:end]
    if b"\n" not in line:
        return line
    if end < 0 and b"\r" not in raw:
        return line[: line.index(b"\n")]
    ends = _LINE_FEED_ENDS.search(line)
    return line[: ends.start()] if ends else line


def _decoded(line: bytes, delimiters: Delimiters, declared: str | None) -> tuple[str, str, tuple[Problem, ...]]:
    if line.isascii():
        return line.decode("ascii"), "ascii", ()
    decoded = charsets.decode(line, declared, charset_named(line, delimiters))
    return decoded.text, decoded.charset, decoded.warnings


def charset_named(line: bytes, delimiters: Delimiters) -> str:
    """MSH-18, its first repetition: the character set of the message. Empty in FHS and BHS, which have none."""
    fields = line.split(delimiters.field.encode("ascii"), 18)
    if len(fields) < 18 or fields[0] != b"MSH":
        return ""
    return fields[17].decode("latin-1").split(delimiters.repetition)[0]


def _filled(
    text: str, delimiters: Delimiters, encoding_characters: str, codec: str, problems: tuple[Problem, ...]
) -> Header:
    """Token n of the split is MSH-(n+1), because MSH-1 is the separator itself."""
    fields = text.split(delimiters.field)
    if len(fields) < _FIELDS:
        fields += [""] * (_FIELDS - len(fields))
    kind = fields[8].split(delimiters.repetition)[0].split(delimiters.component)
    if not kind[0] or not 0 < len(fields[9]) <= _LONGEST_CONTROL_ID:
        problems += _unfit(kind[0], fields[9])
    return Header(
        delimiters,
        encoding_characters,
        fields[2],
        fields[3],
        fields[4],
        fields[5],
        fields[6],
        kind[0],
        kind[1] if len(kind) > 1 else "",
        kind[2] if len(kind) > 2 else "",
        fields[9],
        fields[10],
        fields[11],
        fields[12],
        fields[14],
        fields[15],
        fields[17].split(delimiters.repetition)[0],
        codec,
        problems,
    )


def _unfit(message_type: str, control_id: str) -> tuple[Problem, ...]:
    code = ErrorCode.REQUIRED_FIELD_MISSING
    problems = []
    if not message_type:
        problems.append(Problem(code, "MSH-9", "the message type is missing", cause="message-type-missing"))
    return (*problems, *_unfit_control_id(control_id, "MSH-10", "message"))


def _unfit_control_id(control_id: str, place: str, owner: str) -> tuple[Problem, ...]:
    if not control_id:
        text = f"the {owner} control id is missing"
        return (Problem(ErrorCode.REQUIRED_FIELD_MISSING, place, text, cause=CONTROL_ID_MISSING),)
    if len(control_id) > _LONGEST_CONTROL_ID:
        text = f"the {owner} control id is longer than {_LONGEST_CONTROL_ID} characters"
        return (Problem(ErrorCode.VALUE_TOO_LONG, place, text, cause="control-id-too-long"),)
    return ()


def holds_another(raw: bytes, delimiters: Delimiters) -> bool:
    """Whether a second MSH stands behind the first one: several messages in one, of which one answer could tell nothing."""
    first = raw.find(b"MSH")
    if raw.find(b"MSH", first + 3) < 0:
        return False
    begins = re.compile(rb"[\r\n]MSH" + re.escape(delimiters.field.encode("ascii")))
    return begins.search(raw, first + 3) is not None
