"""A request over HTTP as cases write it: its start line, head and body, down to the leaves of its JSON or form."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from interface.fhir.answered import resource_of

_START = re.compile(r"(POST|GET) \S+\n")
_STORED = re.compile(r"\s*\{|(POST|PUT|DELETE) /")
_CREATED = re.compile(r'("created":)"[^"]*"')  # the moment of sending: other each time


def is_request(text: str) -> bool:
    """Whether the text is one: no HL7 message begins so."""
    return _START.match(text.lstrip()) is not None


def is_stored_request(text: str) -> bool:
    """Whether the text is a FHIR request that writes, or a resource by itself."""
    return _STORED.match(text) is not None


def request_leaves(text: str) -> dict[str, str]:
    """Every value by its place: `start`, `head.If-None-Exist`, `detail[1].amount.value`, or the name of a form's field."""
    head, _, body = text.strip().partition("\n\n")
    first, *fields = head.splitlines()
    found = {"start": first.strip()}
    found |= {f"head.{name}": value for name, _, value in (line.strip().partition(": ") for line in fields)}
    resource = resource_of(body.encode("utf-8", "replace"))
    return found | dict(_below(resource, "") if resource is not None else parse_qsl(body.strip()))


def request_with_wildcards(text: str) -> str:
    """The request with `*` for what differs each time."""
    return _CREATED.sub(r'\1"*"', text)


def _below(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _below(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _below(inner, f"{place}[{number}]" if len(value) > 1 else place)
    else:
        yield place, str(value)
