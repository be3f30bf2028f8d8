"""Every resource of a corpus of public examples is read, filtered with a reason, or refused with one; none is a surprise."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interface.errors import InterfaceError
from interface.fhir.request import read
from interface.ledger.reading import Filtered, Reading
from tests.mapping.sample import ARRIVED, NORTH, shipped

LARGEST = 4_000_000  # bytes of a file


def resources(one: Any) -> Iterator[dict[str, Any]]:
    """The resource, and those inside of a bundle."""
    if isinstance(one, dict) and isinstance(one.get("resourceType"), str):
        yield one
        for entry in one.get("entry") or () if isinstance(one.get("entry"), list) else ():
            yield from resources(entry.get("resource") if isinstance(entry, dict) else None)


def examples(corpus: Path) -> Iterator[tuple[str, bytes]]:
    with (corpus / "INDEX.csv").open(encoding="utf-8", newline="") as index:
        listed = [row["file"] for row in csv.DictReader(index) if row["kind"] == "fhir" and int(row["size"]) < LARGEST]
    for name in listed:
        raw = (corpus / name).read_bytes()
        yield name, raw
        try:
            whole = json.loads(raw)
        except ValueError:
            continue
        for inside in resources(whole):
            if inside is not whole:
                yield name, json.dumps(inside).encode()


def ending(raw: bytes) -> str:
    try:
        found = shipped().fhir["fhirr4"].read(read(raw), NORTH, ARRIVED)
    except InterfaceError as failure:
        assert failure.text
        assert failure.place or failure.code == "fhir-refused"
        return failure.code
    match found:
        case Reading(meaning=meaning):
            return meaning
        case Filtered(reason=reason):
            assert reason
            return "filtered"


def test_every_example_is_read_or_refused_with_a_reason(corpus: Path) -> None:
    ends = Counter(ending(raw) for _, raw in examples(corpus))
    assert ends["add-person"], ends
