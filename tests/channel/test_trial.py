"""A mapping tried on a message: as its channel reads it, and with only the files that it needs."""

from pathlib import Path

import pytest

from interface.channel.attempt import Outcome
from interface.channel.loader import load, read_files
from interface.channel.trial import open_trial
from interface.errors import ConfigurationError
from interface.ledger.reading import Filtered, Reading
from interface.mapping.problem import ProblemsError
from tests.mapping.sample import A04, ARRIVED, DFT, as_event, wire, with_field
from tests.one_channel import copy_epic


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped files, to be edited."""
    copy_epic(tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("explains", [False, True])
def test_a_trial_reads_as_the_channel_does(root: Path, explains: bool) -> None:
    trial = open_trial(root, {}, channel="epic", explains=explains)
    feed = load(read_files(root), {}).feeds["epic"]
    for text in (A04, DFT):
        assert trial.run(wire(text), ARRIVED).content == feed.read(feed.parse(wire(text)), ARRIVED)


def test_a_mapping_is_tried_as_the_channel_that_uses_it(root: Path) -> None:
    trial = open_trial(root, {}, mapping="epic")
    assert (trial.channel, trial.context.facility, trial.context.timezone.key) == ("epic", "NORTH", "America/Chicago")


def test_a_mapping_that_no_channel_uses_takes_the_facility_of_the_message(root: Path) -> None:
    trial = open_trial(root, {}, mapping="hl7v2")
    content = trial.run(wire(with_field(A04, "MSH-4", "SOUTH")), ARRIVED).content
    assert trial.channel == ""
    assert isinstance(content, Reading)
    assert content.facility == "SOUTH"


def test_the_only_channel_needs_no_name_and_several_do(root: Path) -> None:
    assert open_trial(root, {}).channel == "epic"
    text = (root / "channels" / "epic.yaml").read_text()
    (root / "channels" / "west.yaml").write_text(text.replace("channel: epic", "channel: west"))
    with pytest.raises(ConfigurationError) as refused:
        open_trial(root, {})
    assert (refused.value.code, refused.value.advice) == ("channel-unnamed", "choose one with --channel: epic, west")


@pytest.mark.parametrize(
    ("asked", "code", "advice"),
    [
        ({"mapping": "epci"}, "mapping-unknown", "did you mean `epic`?"),
        ({"channel": "epci"}, "channel-unknown", "did you mean `epic`?"),
        ({"mapping": "epic-dft"}, "mapping-outgoing", "give one without `direction: out`"),
    ],
)
def test_what_cannot_be_tried_is_refused(root: Path, asked: dict[str, str], code: str, advice: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_trial(root, {}, **asked)
    assert (refused.value.code, refused.value.advice) == (code, advice)


def test_files_that_are_not_needed_may_be_broken(root: Path) -> None:
    (root / "mappings" / "other.yaml").write_text("mapping: [")
    (root / "mappings" / "tables" / "other.csv").write_text("nonsense")
    edit(root / "mappings" / "epic-dft.yaml", "direction: out", "direction: up")
    assert open_trial(root, {}, channel="epic").mapping.name == "epic"


def test_files_that_are_needed_may_not(root: Path) -> None:
    edit(root / "mappings" / "hl7v2.yaml", "family: PID-5.1", "family: PDI-5.1")
    edit(root / "mappings" / "tables" / "sex.csv", "*,U,", "+,U,")
    with pytest.raises(ProblemsError) as found:
        open_trial(root, {}, channel="epic")
    assert {one.rule for one in found.value.problems} == {"unknown-segment", "table-miss"}


def test_a_filter_of_the_channel_lets_a_message_pass_by_and_is_told(root: Path) -> None:
    with (root / "channels" / "epic.yaml").open("a") as file:
        file.write("\nfilters:\n  - {when: PID-8 = 'F', reason: not for us}\n")
    attempt = open_trial(root, {}, channel="epic", explains=True).run(wire(A04), ARRIVED)
    assert (attempt.outcome, attempt.content) == (Outcome.FILTERED, Filtered("not for us"))
    assert attempt.explanation is not None
    (found,) = [one for one in attempt.explanation.rules if one.target == "filters[1].when"]
    assert (found.value, found.mark.file) == (True, "channels/epic.yaml")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (A04, Outcome.MAPPED),
        (as_event(A04, "ADT^A60"), Outcome.FILTERED),
        (with_field(A04, "PID-3", "1^^^NORTH^MR~2^^^NORTH^MR"), Outcome.HELD),
        (with_field(A04, "PID-3", ""), Outcome.FAILED),
        (with_field(A04, "MSH-10", ""), Outcome.REFUSED),
    ],
)
def test_the_outcome_is_what_the_engine_would_do(root: Path, text: str, outcome: Outcome) -> None:
    assert open_trial(root, {}, channel="epic").run(wire(text), ARRIVED).outcome is outcome


def test_a_channel_that_answers_with_the_outcome_refuses(root: Path) -> None:
    edit(root / "channels" / "epic.yaml", "mode: stored", "mode: processed")
    trial = open_trial(root, {}, channel="epic")
    assert trial.run(wire(with_field(A04, "PID-3", "")), ARRIVED).outcome is Outcome.REFUSED


def test_card_numbers_are_masked_before_the_mapping_reads_them(root: Path) -> None:
    attempt = open_trial(root, {}, channel="epic").run(wire(with_field(A04, "PID-5", "4111111111111111")), ARRIVED)
    assert attempt.masked == ("PID-5",)
    assert isinstance(attempt.content, Reading)
    assert attempt.content.patient is not None
    assert attempt.content.patient.groups["name"]["family"].endswith("1111")
    assert "411111" not in attempt.content.patient.groups["name"]["family"]
