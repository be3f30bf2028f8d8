"""Files to a configuration: one version for the same texts, every problem of every file at once."""

from pathlib import Path

import pytest

from interface.channel.loader import digest_of, load, read_files
from interface.mapping.problem import ProblemsError
from tests.channel.sample import ADT, CHANNEL, FILES, problems, with_line, wrong_channel
from tests.mapping.sample import PROJECT


def test_the_shipped_files_are_right() -> None:
    configuration = load(read_files(PROJECT), {})
    assert {"epic"} <= set(configuration.feeds)
    assert configuration.specs["epic"].source.mllp.port == 2575


def test_the_shipped_files_take_every_port_and_peer_from_the_environment() -> None:
    environ = {
        "EPIC_MLLP_PORT": "12575",
        "EPIC_DFT_HOST": "192.0.2.7",
        "EPIC_DFT_PORT": "12576",
        "HP24_HTTP_PORT": "18024",
    }
    configuration = load(read_files(PROJECT), environ)
    epic = configuration.specs["epic"]
    dft = epic.destinations["dft"].mllp
    assert (epic.source.mllp.port, dft.host, dft.port) == (12575, "192.0.2.7", 12576)
    assert configuration.settings.http_port == 18024


def test_files_are_read_from_a_folder_by_their_relative_path(tmp_path: Path) -> None:
    for path, text in {**FILES, "notes.txt": "", "channels/old.yaml.bak": "x"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert read_files(tmp_path) == FILES


def test_texts_from_a_database_load_like_files() -> None:
    assert set(load(dict(reversed(FILES.items())), {}).feeds) == {"north"}


def test_a_version_is_the_same_for_the_same_texts_wherever_they_were_saved() -> None:
    windows = {path: "\ufeff" + text.replace("\n", "\r\n") for path, text in reversed(FILES.items())}
    assert digest_of(windows) == digest_of(FILES)


def test_a_version_differs_when_a_text_does() -> None:
    assert digest_of({**FILES, "mappings/adt.yaml": ADT + "# note\n"}) != digest_of(FILES)


def test_a_version_does_not_depend_on_the_environment() -> None:
    assert load(FILES, {"NORTH_PORT": "3001"}).digest == load(FILES, {}).digest == digest_of(FILES)


def test_all_problems_of_all_files_come_at_once_in_order() -> None:
    files = {
        "channels/north.yaml": with_line(with_line(CHANNEL, "facility: NORTH", "facilty: NORTH"), "America", "Amerika"),
        "mappings/adt.yaml": with_line(ADT, "PID-8 |", "PID-99 |"),
        "mappings/dft.yaml": FILES["mappings/dft.yaml"].replace("message.control_id", "message.control"),
        "mappings/tables/sex.csv": "in,out,note\nF,F,\n",
        "config/engine.yaml": "http_prot: 80\n",
    }
    found = [(p.file, p.line, p.rule) for p in problems(files)]
    assert found == [
        ("channels/north.yaml", 1, "missing-option"),
        ("channels/north.yaml", 5, "wrong-value"),
        ("channels/north.yaml", 6, "unknown-option"),
        ("config/engine.yaml", 1, "unknown-option"),
        ("mappings/adt.yaml", 7, "impossible-path"),
        ("mappings/dft.yaml", 7, "unknown-name"),
        ("mappings/tables/sex.csv", 1, "table-miss"),
    ]


def test_the_error_says_the_first_problem_and_how_many_there_are() -> None:
    with pytest.raises(ProblemsError) as wrong:
        load({**FILES, "channels/north.yaml": "channel: north\n"}, {})
    assert wrong.value.code == "configuration-invalid"
    assert wrong.value.place == "channels/north.yaml:1:1"
    assert "more)" in wrong.value.text


def test_what_builds_on_a_file_that_cannot_be_read_is_not_complained_of_again() -> None:
    site = "mapping: site\nextends: adt\n"
    channel = with_line(CHANNEL, "mapping: adt", "mapping: site")
    broken = ADT.replace("events:", " events:")
    files = {**FILES, "channels/north.yaml": channel, "mappings/site.yaml": site, "mappings/adt.yaml": broken}
    assert [(p.file, p.rule) for p in problems(files)] == [("mappings/adt.yaml", "bad-indentation")]


def test_no_channel_at_all_is_a_problem() -> None:
    assert [p.rule for p in problems({path: text for path, text in FILES.items() if "channels" not in path})] == [
        "no-channels"
    ]


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "channels"
    folder.mkdir()
    (folder / "north.yaml").write_bytes(CHANNEL.encode() + b"about: caf\xe9\n")
    found = problems({**FILES, **read_files(tmp_path)})
    assert [(p.line, p.rule) for p in found] == [(14, "not-text")]


@pytest.mark.parametrize(
    ("old", "new", "line", "rule", "advice"),
    [
        ("channel: north", "channel: south", 1, "name-differs", "channel: north"),
        ("mapping: adt", "mapping: atd", 7, "missing-mapping", "did you mean `adt`?"),
        ("mapping: adt", "mapping: dft", 7, "wrong-direction", "adt"),
        ("    mapping: dft", "    mapping: dtf", 13, "missing-mapping", "did you mean `dft`?"),
        ("    mapping: dft", "    mapping: adt", 13, "wrong-direction", "dft"),
        ("${NORTH_PORT:-2601}", "${NORTH_PORT}", 4, "variable-unset", "${NORTH_PORT:-value}"),
        ("${NORTH_PORT:-2601}", "${NORTH PORT}", 4, "malformed-variable", "${NAME:-default}"),
    ],
)
def test_a_channel_that_fits_nothing_is_found(old: str, new: str, line: int, rule: str, advice: str) -> None:
    found = [p for p in wrong_channel(old, new) if p.rule == rule]
    assert [p.line for p in found] == [line]
    assert advice in found[0].advice


def test_an_empty_variable_counts_as_unset() -> None:
    assert load(FILES, {"NORTH_PORT": ""}).specs["north"].source.mllp.port == 2601


def test_a_filter_lets_pass_by_with_its_reason() -> None:
    from interface.hl7.parser import parse
    from interface.ledger.reading import Filtered, Reading

    filters = "filters:\n  - events: [ADT^A08]\n    when: PV1-18 = 'STUDY'\n    reason: visits of a study\n"
    feed = load({**FILES, "channels/north.yaml": CHANNEL + filters}, {}).feeds["north"]
    head = b"MSH|^~\\&|A|B|||20250304||ADT^A08|1|P|2.5.1\rPID|1||77\rPV1|1|O"
    study = feed.parse(head + b"||||||||||||||||STUDY\r")
    assert feed.read(study, 0) == Filtered("visits of a study")
    assert isinstance(feed.read(parse(head + b"\r"), 0), Reading)


def test_a_wrong_filter_is_found_at_its_expression() -> None:
    filters = "filters:\n  - when: PV1-99 = 'STUDY'\n    reason: visits of a study\n"
    (found,) = problems({**FILES, "channels/north.yaml": CHANNEL + filters})
    assert (found.line, found.column, found.rule) == (15, 11, "impossible-path")


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("F", "row-incomplete"),
        (",F,female", "row-without-code"),
        ("F,F,female,woman", "row-too-long"),
        ('F,"F', "malformed-row"),
    ],
)
def test_a_row_that_says_too_little_is_found_at_its_line(row: str, rule: str) -> None:
    (found,) = problems({**FILES, "mappings/tables/sex.csv": f"in,out,note\n*,<keep>,\n{row}\n"})
    assert (found.file, found.line, found.rule) == ("mappings/tables/sex.csv", 3, rule)


def test_a_table_that_is_not_text_is_a_problem() -> None:
    (found,) = problems({**FILES, "mappings/tables/sex.csv": "in,out,note\n*,<keep>,\n\ufffd,F,\n"})
    assert (found.line, found.rule) == (3, "not-text")


def test_a_missing_base_hides_nothing_that_is_wrong_in_the_file_itself() -> None:
    site = "mapping: site\nextends: adtt\npatient:\n  sex: PID-99\n  family: nothing\ntransactions:\n  id: FT1-99\n"
    found = problems({**FILES, "mappings/site.yaml": site})
    assert [(p.line, p.rule) for p in found] == [(2, "missing-mapping"), (4, "impossible-path"), (7, "impossible-path")]


def test_a_direction_that_is_none_hides_nothing_that_is_wrong_in_the_rules() -> None:
    found = problems({**FILES, "mappings/adt.yaml": "direction: inn\n" + with_line(ADT, "PID-8 |", "PID-99 |")})
    assert {p.rule for p in found if p.file == "mappings/adt.yaml"} == {"wrong-value", "impossible-path"}


OF_FHIR = (
    "mapping: site\nformat: fhir\nevents:\n  Patient: update-person\nidentifiers:\n  patient: Patient.identifier\n"
)


def test_a_mapping_of_fhir_stands_beside_those_of_hl7() -> None:
    found = load({**FILES, "mappings/site.yaml": OF_FHIR}, {})
    assert list(found.fhir) == ["site"]
    assert "site" not in found.mappings


def test_a_mapping_reads_what_the_one_reads_that_it_builds_on() -> None:
    files = {**FILES, "mappings/site.yaml": OF_FHIR, "mappings/ward.yaml": "mapping: ward\nextends: site\n"}
    assert set(load(files, {}).fhir) == {"site", "ward"}


def test_a_channel_of_hl7_cannot_read_with_a_mapping_of_fhir() -> None:
    channel = with_line(CHANNEL, "mapping: adt", "mapping: site")
    found = problems({**FILES, "mappings/site.yaml": OF_FHIR, "channels/north.yaml": channel})
    assert [(p.line, p.rule) for p in found] == [(7, "wrong-direction")]


def test_a_format_that_is_none_is_told() -> None:
    (found,) = problems({**FILES, "mappings/adt.yaml": "format: fihr\n" + ADT})
    assert (found.line, found.rule, found.advice) == (1, "wrong-value", "write hl7 or fhir")


def test_every_part_of_an_expression_is_looked_at() -> None:
    rule = "PID-98 ?? PID-99 | table(sexx) ?? PID-8 if PID-97 = 'F' or PID-96 = 'M'"
    found = problems({**FILES, "mappings/adt.yaml": with_line(ADT, "PID-8 | table(sex)", rule)})
    assert [p.rule for p in found] == ["impossible-path", "missing-table", "impossible-path", "impossible-path"]
