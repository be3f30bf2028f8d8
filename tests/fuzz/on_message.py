"""A message is kept byte for byte, every value of it can be read and written, and only documented errors are raised."""

import re

from interface.errors import InterfaceError, MessageError
from interface.hl7.charset import encode
from interface.hl7.delimiters import UNUSED, XML_ESCAPED
from interface.hl7.escape import escape, unescape
from interface.hl7.header import holds_another, kind_name, read_header
from interface.hl7.parser import Message, parse
from interface.hl7.path import Path
from interface.hl7.segment import Segment
from tests.fuzz.target import Signature, Target, magnitude

_MOST_SEGMENTS = 12  # that are looked into, of any one message
_PATHS = ("MSH-9.2", "PID-3[2].4.2", "PID-3[.5 = 'MR'].1", "OBX[*]-5[*]", "ZZZ-1", "PV1-19", "MSH-1", "MSH-2.2")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LEAF = "a|^~\\&\r\x0b\u00e9"


def check(data: bytes) -> Signature:
    """The bytes are the message."""
    header = read_header(data)
    words = [f"header {each.code} {each.place} {each.cause} {each.text}" for each in header.problems]
    _storable(header.control_id, header.sending_application, header.sending_facility, header.kind)
    assert header.kind_name in ("", "?") or kind_name(header.kind) == header.kind
    words.append(f"another {holds_another(data, header.delimiters)}")
    try:
        message = parse(data)
    except MessageError as refused:
        return frozenset([*words, refused.code])
    assert message.to_bytes() == data
    is_repaired = any(each.cause == XML_ESCAPED for each in header.problems)  # what is read is not what is kept
    assert (
        is_repaired
        or encode(message.er7, message.charset) == data[len(data) - len(encode(message.er7, message.charset)) :]
    )
    words += [message.charset, *(each.text for each in message.warnings)]
    segments = message.all_segments()
    assert "".join(message.er7.split()) == "".join("".join(each.er7.split()) for each in segments)
    for segment in segments[:_MOST_SEGMENTS]:
        words += _read(segment)
    for text in _PATHS:
        words.append(f"{text} {_evaluated(message, Path.parse(text))}")
    words += _written(message)
    words += [magnitude("segments", len(segments)), magnitude("bytes", len(data))]
    return frozenset(words)


def _storable(*texts: str) -> None:
    """Text that a store of Unicode can keep: no lone surrogates."""
    for text in texts:
        text.encode("utf-8")


def _read(segment: Segment) -> list[str]:
    most_components = most_repetitions = 0
    for number in range(1, min(len(segment.fields()), 24)):
        elements = segment.elements(number)
        most_repetitions = max(most_repetitions, len(elements))
        for element in elements[:4]:
            components = element.er7.count(element.delimiters.component) + 1
            most_components = max(most_components, components)
            for component in (1, 2, components):
                text = element.text(component, 1)
                _storable(text)
                value = element.value(component, 1)
                assert value.text == text
    return [magnitude("components", most_components), magnitude("repetitions", most_repetitions)]


def _evaluated(message: Message, path: Path) -> str:
    value = path.evaluate(message)
    assert path.text(message) == value.text
    assert all(each.presence for each in path.all(message))
    return value.presence


def _written(message: Message) -> list[str]:
    """A value put into the last segment and read back, with the others as they were."""
    segments = message.all_segments()
    last = segments[-1]
    if not _NAME.fullmatch(last.name):
        return ["odd segment"]
    path = Path(last.name, 4, len(message.segments(last.name)), component=2)
    try:
        written = message.with_value(path, _LEAF)
    except InterfaceError as refused:
        return [refused.code]
    assert written.text(path) == _LEAF
    assert [each.er7 for each in written.all_segments()[:-1]] == [each.er7 for each in segments[:-1]]
    delimiters = message.delimiters
    if delimiters.escape != UNUSED:
        assert unescape(escape(message.er7, delimiters), delimiters, message.charset) == message.er7
    return ["written"]


_MSH = b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20250304090000-0600||ADT^A08^ADT_A01|N1|P|2.5.1||||||UNICODE UTF-8\r"
TARGET = Target(
    "message",
    check,
    (
        _MSH + b"PID|1||77^^^NORTH&1.2&ISO^MR~88^^^X^PI||SPECIMEN^MARIA||19700101|F\rPV1|1|O\r",
        _MSH.replace(b"\r", b"\n") + b'OBX|1|ST|X||a\\F\\b\\X4142\\\\.br\\||""\n',
        b"MSH$%*+@$A$B\rNTE$1$$a%b*c@d+F+\r",
        b"BHS|^~\\&|A\rMSH|^~|A\r",
        _MSH.replace(b"UNICODE UTF-8", b"8859/1") + b"PID|\xfc\x81\xe9\r",
    ),
    (
        *(
            b"|",
            b"^",
            b"~",
            b"\\",
            b"&",
            b"\r",
            b"\n",
            b"\r\n",
            b'""',
            b"\\F\\",
            b"\\X0D\\",
            b"\\E\\",
            b"\\.br\\",
            b"#",
        ),
        *(
            b"MSH|^~\\&|",
            b"\rMSH|",
            b"PID|",
            b"\rOBX|",
            b"BHS|",
            b"ZZ1|",
            b"&amp;",
            b"\xef\xbb\xbf",
            b"\x81",
            b"\xc3\xa9",
        ),
        *(b"UNICODE UTF-8", b"8859/1", b"ISO IR87", b"BIG-5", b"GB 18030-2000", b"ADT^A08", b"\x1b$B", b"\0", b"MR"),
    ),
)
