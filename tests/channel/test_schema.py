"""The schemas take what the engine takes, and underline what people really write wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from interface.channel.schema import FOLDER, schemas

PROJECT = Path(__file__).parents[2]
SHIPPED = sorted(
    path
    for pattern in ("channels/*.yaml", "mappings/*.yaml", "config/*.yaml", "config/environments/*.yaml")
    for path in PROJECT.glob(pattern)
)
CHANNEL = """
channel: north
source:
  mllp:
    port: 2575
timezone: America/Chicago
facility: NORTH
mapping: epic
"""


def schema_of(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schemas()[f"{FOLDER}/{kind}.schema.json"]))


def kind_of(path: Path) -> str:
    return {"channels": "channel", "mappings": "mapping", "config": "engine", "environments": "environment"}[
        path.parent.name
    ]


def underlined(kind: str, text: str) -> list[str]:
    """The places that an editor would underline."""
    return sorted({"/".join(map(str, place)) for place in places(schema_of(kind), yaml.safe_load(text))})


def places(validator: Any, document: Any) -> Iterator[tuple[str | int, ...]]:
    for error in validator.iter_errors(document):
        inner = [one for one in error.context or () if len(one.absolute_path) > len(error.absolute_path)]
        yield from (tuple(one.absolute_path) for one in inner or [error])


@pytest.mark.parametrize("kind", ["channel", "engine", "environment", "mapping"])
def test_a_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema_of(kind).schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_fits_its_schema_and_names_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert underlined(kind_of(path), text) == []
    named = text.splitlines()[0].partition("$schema=")[2]
    assert (path.parent / named).resolve() == PROJECT / FOLDER / f"{kind_of(path)}.schema.json"


@pytest.mark.parametrize(
    "text",
    [
        CHANNEL.replace("2575", "${NORTH_PORT:-2575}"),
        CHANNEL.replace("2575", '"2575"'),
        CHANNEL.replace("NORTH", "0123"),
        CHANNEL + "production: ${IS_PRODUCTION:-false}\n",
        CHANNEL + "destinations: {dft: {mllp: {host: '${H}', port: 1}, mapping: epic-dft, receives: [payments]}}\n",
    ],
)
def test_a_channel_that_the_engine_takes_is_not_underlined(text: str) -> None:
    assert underlined("channel", text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (CHANNEL + "mapings: epic\n", ""),  # an option that there is not
        (CHANNEL.replace("facility: NORTH\n", ""), ""),  # one that is missing
        (CHANNEL.replace("2575", "99999"), "source/mllp/port"),
        (CHANNEL + "ack: {mode: later}\n", "ack/mode"),
        (CHANNEL + "production: perhaps\n", "production"),
        (CHANNEL + "filters: [{events: [A08], reason: no study}]\n", "filters/0/events/0"),
        (CHANNEL + "filters: {reason: no study}\n", "filters"),
        (CHANNEL.replace("channel: north", "channel: North Hospital"), "channel"),
        (CHANNEL + "money: {reversal_style: minus}\n", "money/reversal_style"),
    ],
)
def test_what_is_wrong_in_a_channel_is_underlined_where_it_stands(text: str, place: str) -> None:
    assert place in underlined("channel", text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mapping: north\npatients: {family: PID-5.1}\n", ""),
        ("mapping: north\npatient: {famly: PID-5.1}\n", "patient"),
        ("mapping: north\nevents: {A08: update}\n", "events"),
        ("mapping: north\nevents: {ADT^A08: updated}\n", "events/ADT^A08"),
        ("mapping: north\nevents: {ADT^A60: {reason: clinical}}\n", "events/ADT^A60"),
        ("mapping: north\nguarantors: {each: gt1, id: GT1-2}\n", "guarantors/each"),
        ("mapping: north\nidentifiers: {unmasked: FT1-2}\n", "identifiers/unmasked"),
        ("mapping: north\npatient:\n  family: [PID-5.1]\n", "patient/family"),
        ("mapping: out\ndirection: out\nsegments: {PID: {PID-x: 1}}\n", "segments/PID"),
        ("mapping: out\ndirection: out\npatient: {family: PID-5.1}\n", ""),
    ],
)
def test_what_is_wrong_in_a_mapping_is_underlined_where_it_stands(text: str, place: str) -> None:
    assert place in underlined("mapping", text)


@pytest.mark.parametrize(
    ("text", "place"), [("http_port: 99999\n", "http_port"), ("httpport: 1\n", ""), ("log_level: loud\n", "log_level")]
)
def test_what_is_wrong_in_the_settings_is_underlined_where_it_stands(text: str, place: str) -> None:
    assert place in underlined("engine", text)


def test_an_editor_is_told_what_each_target_is() -> None:
    patient = schema_of("mapping").schema["else"]["else"]["properties"]["patient"]["anyOf"][0]["properties"]
    assert patient["birth_date"]["description"] == "date of birth (date)"


def test_every_section_that_a_mapping_may_have_is_in_the_schema() -> None:
    from interface.mapping.compiler import _HEAD, _SECTIONS

    assert set(schema_of("mapping").schema["else"]["else"]["properties"]) == {*_HEAD, *_SECTIONS}
    assert set(schema_of("mapping").schema["else"]["then"]["properties"]) == {*_HEAD, *_SECTIONS, "event_time"}
