"""Channels that are written to over FHIR: what may stand in their files, what is refused there, and what they make of requests."""

import json
from pathlib import Path

import pytest

from interface.app.wires import runnable
from interface.channel.feed import FhirFeed
from interface.channel.lint_source import OF_HL7
from interface.channel.loader import Configuration, load
from interface.channel.trial import open_trial
from interface.errors import ConfigurationError, MessageError
from interface.fhir.request import write
from interface.ledger.reading import Filtered, Reading
from tests.channel.sample import FILES, problems, with_line

CHANNEL = """\
channel: web
source:
  fhir: {}
timezone: America/Chicago
facility: SOUTH
mapping: persons
"""
PERSONS = """\
mapping: persons
format: fhir
events:
  Patient: update-person
identifiers:
  patient: Patient.identifier.where(type.coding.code = 'MR')
patient:
  family: Patient.name.family
"""
ENGINE = "fhir: {port: 8025}\n"
BOTH = {**FILES, "channels/web.yaml": CHANNEL, "mappings/persons.yaml": PERSONS, "config/engine.yaml": ENGINE}
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:id:SOUTH", "value": "71"}],
    "name": [{"family": "TESTER"}],
}
AT = 1_767_268_800_000_000


def with_web(old: str, new: str) -> dict[str, str]:
    return {**BOTH, "channels/web.yaml": with_line(CHANNEL, old, new)}


def web(configuration: Configuration) -> FhirFeed:
    feed = configuration.feeds["web"]
    assert isinstance(feed, FhirFeed)
    return feed


def put(resource: object = PATIENT, target: str = "/Patient?identifier=urn:id:SOUTH|71") -> bytes:
    return write("PUT", target, (), json.dumps(resource).encode())


def test_both_kinds_of_channels_live_in_one_configuration() -> None:
    found = runnable(1, load(BOTH, {}))
    assert [source.settings.channel for source in found.sources] == ["north"]
    assert list(found.requests) == ["web"]
    requests = found.requests["web"]
    assert (requests.facility, requests.max_entries, requests.answer_within_micros) == ("SOUTH", 500, 10_000_000)


@pytest.mark.parametrize("source", ["  mllp: {port: 2700}\n  fhir: {}", "  {}"])
def test_messages_come_in_one_way(source: str) -> None:
    found = problems(with_web("  fhir: {}", source))
    assert ("channels/web.yaml", "wrong-value", "give `mllp:` or `fhir:`") in [
        (one.file, one.rule, one.advice) for one in found
    ]


def test_a_request_is_read_by_the_channel() -> None:
    content = web(load(BOTH, {})).read_raw(put(), AT)
    assert isinstance(content, Reading)
    assert content.patient is not None
    assert content.patient.groups == {"name": {"family": "TESTER"}}


def test_whose_a_request_is_can_be_told_alone() -> None:
    reading = web(load(BOTH, {})).identify_raw(put())
    assert reading.patient is not None
    assert [one.value for one in reading.patient.ids] == ["71"]


def test_what_is_no_request_is_a_failure_of_the_message_with_its_place() -> None:
    raw = put({**PATIENT, "birthDate": 7})
    with pytest.raises(MessageError) as failed:
        web(load(BOTH, {})).read_raw(raw, AT)
    assert (failed.value.code, failed.value.place) == ("request-malformed", "Patient.birthDate")


@pytest.mark.parametrize("option", sorted(OF_HL7))
def test_what_is_about_hl7_alone_is_told_at_its_line(option: tuple[str, ...]) -> None:
    values = {
        "charset": "ASCII",
        "expects": "{sending_facility: [SOUTH]}",
        "control_id": "digest",
        "sender_clock": "{watch_secs: 60}",
        "null_is_empty": "true",
        "mode": "processed",
        "when": "asked",
        "when_unstorable": "reject",
        "batch": "{acks: each}",
        "reply": "{host: 127.0.0.1, port: 2702}",
        "segments": "[PID]",
    }
    section = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(option[:-1]))
    line = f"{section}{'  ' * (len(option) - 1)}{option[-1]}: {values[option[-1]]}\n"
    (found,) = problems({**BOTH, "channels/web.yaml": CHANNEL + line})
    assert (found.rule, found.line, found.advice) == ("option-of-hl7", 6 + len(option), "remove it")


@pytest.mark.parametrize(
    ("channel", "own", "other", "told"),
    [
        ("web", "persons", "adt", "`adt` reads HL7 v2, and one that reads FHIR is wanted here"),
        ("north", "adt", "persons", "`persons` reads FHIR, and one that reads HL7 v2 is wanted here"),
    ],
)
def test_a_channel_reads_by_a_mapping_of_its_format(channel: str, own: str, other: str, told: str) -> None:
    file = f"channels/{channel}.yaml"
    (found,) = problems({**BOTH, file: with_line(BOTH[file], f"mapping: {own}", f"mapping: {other}")})
    assert (found.file, found.rule, found.text) == (file, "wrong-direction", told)


def test_a_server_that_is_off_is_told() -> None:
    (warned,) = load({**BOTH, "config/engine.yaml": "fhir: {port: 0}\n"}, {}).warnings
    assert (warned.file, warned.line, warned.rule) == ("channels/web.yaml", 3, "fhir-off")


@pytest.mark.parametrize(
    ("rule", "is_filtered"),
    [
        ("events: [Patient]", True),
        ("events: [Patient update]", True),
        ("events: [Patient create]", False),
        ("events: [Encounter]", False),
        ("when: Patient.name.family = 'TESTER'", True),
        ("when: \"%interaction = 'create'\"", False),
    ],
)
def test_filters_let_requests_pass_by(rule: str, is_filtered: bool) -> None:
    configuration = load({**BOTH, "channels/web.yaml": f"{CHANNEL}filters:\n  - {{{rule}, reason: a study}}\n"}, {})
    assert (web(configuration).read_raw(put(), AT) == Filtered("a study")) is is_filtered


@pytest.mark.parametrize(
    ("channel", "rule", "told"),
    [
        ("web", "events: [ADT^A08]", "malformed-event"),
        ("web", "events: [Pateint]", "malformed-event"),
        ("web", "when: PV1-18 = 'X'", "malformed-expression"),
        ("web", "when: Patient.nmae.exists()", "impossible-path"),
        ("north", "events: [Patient]", "malformed-event"),
        ("north", "when: Patient.active = true", "malformed-expression"),
    ],
)
def test_a_filter_of_the_other_format_is_told(channel: str, rule: str, told: str) -> None:
    file = f"channels/{channel}.yaml"
    found = problems({**BOTH, file: f"{BOTH[file]}filters:\n  - {{{rule}, reason: a study}}\n"})
    assert [(one.file, one.rule) for one in found] == [(file, told)]


def at(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_what_is_tried_chooses_the_channel_that_takes_it(tmp_path: Path) -> None:
    root = at(tmp_path, BOTH)
    assert (open_trial(root, {}).channel, open_trial(root, {}, is_fhir=True).channel) == ("north", "web")


def test_of_several_channels_that_take_it_one_is_named(tmp_path: Path) -> None:
    root = at(tmp_path, {**BOTH, "channels/net.yaml": with_line(CHANNEL, "channel: web", "channel: net")})
    with pytest.raises(ConfigurationError) as refused:
        open_trial(root, {}, is_fhir=True)
    assert (refused.value.code, refused.value.advice) == ("channel-unnamed", "choose one with --channel: net, web")


def test_a_request_is_tried_as_the_channel_reads_it_its_filters_too(tmp_path: Path) -> None:
    filters = "filters:\n  - {when: Patient.name.family = 'TESTER', reason: a study}\n"
    trial = open_trial(at(tmp_path, {**BOTH, "channels/web.yaml": CHANNEL + filters}), {}, is_fhir=True, explains=True)
    attempt = trial.run(put(), AT)
    assert attempt.content == Filtered("a study")
    assert attempt.explanation is not None
    assert "filters[1].when" in [rule.target for rule in attempt.explanation.rules]
