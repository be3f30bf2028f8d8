"""A path is read or refused, and written as it is read."""

from interface.errors import MappingError
from interface.hl7.parser import parse_text
from interface.hl7.path import Path
from interface.hl7.path import _parsed as parsed
from tests.fuzz.target import Signature, Target

_MESSAGE = parse_text(
    "MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1\rPID|1||7^^^N&1.2&ISO^MR~8^^^X^PI||SPECIMEN^MARIA\rGT1|1\rGT1|2|9\r"
)


def check(data: bytes) -> Signature:
    """The bytes are the path's text."""
    parsed.cache_clear()  # each input is parsed, and the memory of many is not kept
    text = data.decode("utf-8", "replace")
    try:
        path = Path.parse(text)
    except MappingError as refused:
        assert refused.code in ("path-malformed", "path-out-of-range")
        return frozenset([refused.code])
    assert Path.parse(str(path)) == path
    value = path.evaluate(_MESSAGE)
    assert path.text(_MESSAGE) == value.text
    assert len(path.all(_MESSAGE)) == len(path.elements(_MESSAGE))
    words = [
        name for name in ("occurrence", "repetition", "choice", "component", "subcomponent") if getattr(path, name)
    ]
    return frozenset([*words, value.presence, f"conditions {len(path.choice)}"])


TARGET = Target(
    "path",
    check,
    (
        b"PID-3[1].4",
        b"GT1[2]-3.1",
        b"OBX[*]-5[*].1.2",
        b"PID-3[.5 = 'MR' and .4.2 = '1.2'].1",
        b" PID-3[ .5='it''s' ] ",
    ),
    (b"PID-3", b"[*]", b"[.5 = 'MR']", b" and ", b"''", b".99999", b"[100000]", b"[.4.2 = 'x' and", b"]", b"GT1[2]-"),
)
