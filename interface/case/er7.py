"""A message as cases write it, taken apart down to its leaves, in the order in which they stand."""

from interface.case.request import is_request, request_leaves, request_with_wildcards
from interface.fhir.call import is_call
from interface.hl7 import charset
from interface.hl7.delimiters import STANDARD
from interface.hl7.header import read_header
from interface.hl7.parser import parse_text

_TIME_AND_NUMBER = (7, 10)  # of MSH: other at each sending


def text_of(payload: bytes) -> str:
    """What is sent, as text of lines: an HL7 message, or a request over HTTP."""
    if is_call(payload):
        return payload.decode("utf-8", "replace").replace("\r\n", "\n").strip()
    return charset.decode(payload, None, read_header(payload).charset).text.replace("\r", "\n").strip()


def leaves(text: str) -> dict[str, str]:
    """Every leaf by its place (`FT1[2]-11.1.2`; of a field with one leaf `PID-8`), as written. Empty ones are left out."""
    if is_request(text):
        return request_leaves(text)
    message = parse_text("\r".join(line for line in text.splitlines() if line.strip()))
    found: dict[str, str] = {}
    counted: dict[str, int] = {}
    for segment in message.all_segments():
        number = counted[segment.name] = counted.get(segment.name, 0) + 1
        name = segment.name if number == 1 else f"{segment.name}[{number}]"
        found[name] = segment.name  # so that a segment without content is there, too
        for place, er7 in enumerate(segment.fields()):
            if place and er7:
                is_whole = segment.is_verbatim(place)
                found |= (
                    {f"{name}-{place}": er7}
                    if is_whole
                    else _field(f"{name}-{place}", er7, message.delimiters.component)
                )
    return found


def _field(place: str, er7: str, component: str) -> dict[str, str]:
    found: dict[str, str] = {}
    repetitions = er7.split(STANDARD.repetition)
    for count, repetition in enumerate(repetitions, start=1):
        at = place if len(repetitions) == 1 else f"{place}[{count}]"
        parts = repetition.split(component)
        for number, part in enumerate(parts, start=1):
            if part:
                found[at if len(parts) == 1 else f"{at}.{number}"] = part
    return found


def with_wildcards(text: str) -> str:
    """The message with `*` for what differs each time: its time and its number."""
    if is_request(text):
        return request_with_wildcards(text)
    first, *others = text.splitlines()
    fields = first.split(STANDARD.field)
    for number in _TIME_AND_NUMBER:
        if number - 1 < len(fields) and fields[number - 1]:
            fields[number - 1] = "*"
    return "\n".join([STANDARD.field.join(fields), *others])
