"""Whatever was sent can be answered, our own answers can be read, and those of others are read or refused."""

from interface.errors import MessageError
from interface.hl7.ack import AckCode, build_ack, read_ack
from interface.hl7.framing import wrap
from interface.hl7.header import read_header
from interface.hl7.problem import ErrorCode, Problem
from interface.pipeline.answer import said
from tests.fuzz.target import Signature, Target, magnitude

_AT = 1_741_101_300_000_000
_PROBLEMS = (Problem("101", "PID-3[2].4", "a|b^c\\ \u00fc"), Problem("207", "", "text"), Problem("100", "MSH[2]", "x"))
_TELLS = frozenset(f"{one.value} {one.meaning}" for one in ErrorCode)


def check(data: bytes) -> Signature:
    """The bytes are a message to be answered, and an answer to be read."""
    content = data.translate(None, b"\x0b\x1c")  # a frame's content holds neither
    header = read_header(content)
    words = [f"{each.cause}" for each in header.errors]
    for code in (AckCode.AA, AckCode.AE, AckCode.CR):
        built = build_ack(header, code, control_id="A1", at=_AT, problems=(*header.problems, *_PROBLEMS), text="held")
        wrap(built)
        read = read_ack(built)
        assert (read.code, read.own_control_id) == (code, "A1")
        assert read.control_id == header.control_id or header.codec != "ascii"  # its bytes may read otherwise
    return frozenset(words + _read(content))


def _read(content: bytes) -> list[str]:
    try:
        ack = read_ack(content)
    except MessageError as refused:
        assert refused.code in ("ack-unreadable", "ack-code-unknown")
        return [refused.code]
    words = [ack.code, magnitude("problems", len(ack.problems)), f"wants {ack.wants_accept_ack}"]
    for problem in ack.problems:
        told = said(problem.code, problem.place)
        assert not told or told.rpartition(": ")[2] in _TELLS
        words += [problem.severity, f"told {bool(told)} {':' in told}"]
    return words


_MSH = b"MSH|^~\\&|EHR|N|HP24|HQ|20250304||ACK^P03^ACK|E1|P|2.5.1\r"
TARGET = Target(
    "ack",
    check,
    (
        _MSH + b"MSA|AE|N1|text\rERR||PID^1^18|204^Unknown key identifier^HL70357|E||||words\r",
        _MSH.replace(b"2.5.1", b"2.3") + b"MSA|AA|N1\rERR|PID^2^3^101&x&HL70357~GT1^1\r",
        b"\x06",
        b"MSH$%*+@$A$B$C$D$1$$ADT%A08$7$P$2.3\rMSA$CA$7\r",
        _MSH.replace(b"\r", b"||||||8859/1\r") + b"MSA|CR|\xfc\x81\r",
    ),
    (
        *(
            b"MSA|",
            b"AA",
            b"AE",
            b"AR",
            b"CA",
            b"CE",
            b"CR",
            b"ERR|",
            b"\rERR||PID^1^3|204",
            b"|F|",
            b"|W|",
            b"2.3",
            b"2.5.1",
        ),
        *(
            b"|",
            b"^",
            b"~",
            b"\\",
            b"&",
            b"\r",
            b"\x06",
            b"\x15",
            b"\x81",
            b"\xe9",
            b"8859/1",
            b"UNICODE UTF-8",
            b"||||",
        ),
    ),
)
