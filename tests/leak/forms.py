"""The ways in which a value may lie somewhere without being sealed: as text, in hex, in base64, encoded for a URL or JSON .."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

_FEWEST_DIGITS: Final = 7  # fewer stand everywhere by chance
_FEWEST_BYTES: Final = 5
_IN_EVERY_FORM: Final = ("text", "digits")


def needles(secrets: Mapping[str, str]) -> dict[bytes, str]:
    """What to look for, in lower case, and what it would tell: `name as form`."""
    found: dict[bytes, str] = {}
    for name, value in secrets.items():
        for form, data in forms(value):
            if len(data) >= _FEWEST_BYTES:
                found.setdefault(data.lower(), f"{name} as {form}")
    return found


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Every form of one value. Base64 depends on what stands before it: three alignments, without the ends that others share."""
    for spelled, text in _spellings(value):
        data = text.encode()
        yield spelled, data
        yield f"{spelled} in hex", data.hex().encode()
        yield f"{spelled} in UTF-16", text.encode("utf-16-le")
        if spelled not in _IN_EVERY_FORM:
            continue
        yield f"{spelled} in Latin-1", text.encode("latin-1", "replace")
        yield f"{spelled} in UTF-16 BE", text.encode("utf-16-be")
        yield f"{spelled} in a URL", quote(text, safe="").encode()
        yield f"{spelled} in a form", quote_plus(text).encode()
        yield f"{spelled} in JSON", json.dumps(text)[1:-1].encode()
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + data)
            inside = coded[4 if offset else 0 : len(coded) - (4 if (offset + len(data)) % 3 else 0)]
            yield f"{spelled} in base64", inside
            yield f"{spelled} in base64 for URLs", inside.translate(bytes.maketrans(b"+/", b"-_"))


def _spellings(value: str) -> Iterator[tuple[str, str]]:
    yield "text", value
    if not value.isascii():  # case is folded in bytes, which know no other letters
        yield "lower case", value.lower()
    digits = re.sub(r"\D", "", value)
    if len(digits) < _FEWEST_DIGITS:
        return
    if digits != value:
        yield "digits", digits
    yield "digits reversed", digits[::-1]
    if len(digits) in (15, 16):
        groups = (4, 6, 5) if len(digits) == 15 else (4, 4, 4, 4)
        ends = [sum(groups[: at + 1]) for at in range(len(groups))]
        parts = [digits[end - size : end] for size, end in zip(groups, ends, strict=True)]
        yield "grouped by blanks", " ".join(parts)
        yield "grouped by dashes", "-".join(parts)
    if len(digits) == 8:
        yield "ISO date", f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
