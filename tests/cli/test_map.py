"""`hp24 map`: what a message becomes, and with --explain how and why."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from interface.app.compose import open_app
from tests.cli.conftest import Home, Hp24, feed
from tests.cli.test_look import trail
from tests.conftest import PROJECT
from tests.mapping.fhir_sample import ACCOUNT, PATIENT, raw
from tests.mapping.sample import A04, A40, DFT, as_event, with_field


def message(root: Path, *texts: str, ends: str = "\n") -> str:
    file = root.parent / "messages.hl7"
    file.write_bytes(ends.join("\n".join(text.strip() for text in texts).split("\n")).encode())
    return str(file)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_message_of_a_file_is_mapped_whatever_ends_its_lines(root: Path, hp24: Hp24, ends: str) -> None:
    told = hp24("map", message(root, A04, A40, DFT, ends=ends), "--mapping", "epic", "--json")
    assert told.code == 0
    assert [one["reading"]["meaning"] for one in told.json["messages"]] == ["register", "merge-patient", "transactions"]
    assert not (root.parent / "nowhere").exists()


def test_the_reading_is_told_in_the_ledgers_nouns(root: Path, hp24: Hp24) -> None:
    (one,) = hp24("map", message(root, A04), "--json").json["messages"]
    reading = one["reading"]
    assert reading["patient"]["ids"] == [{"authority": "north", "type": "MR", "value": "7700123"}]
    assert (reading["patient"]["family"], reading["patient"]["birth_date"]) == ("TESTER", "1980-02-12")
    assert reading["encounter"]["admitted_at"] == "2025-03-04T15:10:00.000000Z"
    assert reading["account"]["coverages"][0]["plan_id"] == "PLAN9"
    assert reading["guarantors"][0]["ids"][0]["value"] == "G3001"
    assert reading["event_at"] == "2025-03-04T15:14:55.000000Z"


def test_transactions_and_merges_are_told(root: Path, hp24: Hp24) -> None:
    merged, billed = hp24("map", message(root, A40, DFT), "--json").json["messages"]
    assert [one["retired"]["value"] for one in merged["reading"]["merges"]] == ["7700999", "7700201"]
    assert [(one["kind"], one["amount_minor"]) for one in billed["reading"]["transactions"]] == [
        ("charge", 25000),
        ("payment", 12500),
    ]


def test_people_see_a_table_that_fits(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, A04))
    assert "  family           TESTER" in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_standard_input_is_read(root: Path, hp24: Hp24, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(A04.strip().encode())))
    (one,) = hp24("map", "-", "--json").json["messages"]
    assert one["source"] == "standard input"


def test_a_file_is_mapped_without_the_libraries_of_the_engine(root: Path) -> None:
    """They would take longer to load than everything else: a verb that people call again and again answers at once."""
    code = """
import sys
from interface.cli.main import run
run(sys.argv[1:])
loaded = {name.split(".")[0] for name in sys.modules} | set(sys.modules)
print(sorted(loaded & {"sqlalchemy", "twisted", "cryptography", "hl7apy", "httpx", "interface.mapping.explain"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "map", message(root, A04)], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_explain_tells_of_every_rule(root: Path, hp24: Hp24) -> None:
    (one,) = hp24("map", message(root, A04), "--explain", "--json").json["messages"]
    rules = {rule["target"]: rule for rule in one["rules"]}
    assert rules["patient.sex"]["steps"][-1]["note"].startswith("mappings/tables/sex.csv:")
    assert (rules["patient.suffix"]["said"], rules["patient.suffix"]["why"]) == (False, "PID-5.4 is empty")
    assert rules["encounter.admitted_at"]["value"] == "2025-03-04T15:10:00.000000Z"
    assert (one["event"]["rule"], one["event"]["file"]) == ("register", "mappings/hl7v2.yaml")


def test_explain_for_people_shows_rule_place_and_reason(root: Path, hp24: Hp24) -> None:
    lines = hp24("map", message(root, A04), "--explain").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("patient.birth_date"))
    assert [" ".join(line.split()) for line in lines[at : at + 4]] == [
        f"patient.birth_date 1980-02-12 mappings/hl7v2.yaml:{_line(root, 'birth_date: PID-7')}",
        "PID-7 | date",
        "PID-7 19800212",
        "| date > 1980-02-12",
    ]
    assert any(line.startswith("identities.*  nothing: an event that means `register`") for line in lines)


def test_one_rule_is_explained_alone(root: Path, hp24: Hp24) -> None:
    lines = hp24("map", message(root, A04), "--rule", "patient.birth_date").out.splitlines()
    assert [line.split()[0] for line in lines if line and line[0] != " "] == [
        "mapping",
        "messages.hl7",
        "patient.birth_date",
    ]


def test_the_rules_of_a_section_are_explained_alone(root: Path, hp24: Hp24) -> None:
    (one,) = hp24("map", message(root, A04), "--rule", "identifiers", "--json").json["messages"]
    assert [rule["target"] for rule in one["rules"]] == [
        "identifiers.patient",
        "identifiers.account",
        "identifiers.visit",
    ]


def test_a_misspelt_rule_is_told_with_the_nearest(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, A04), "--rule", "patient.brith_date")
    assert (told.code, "did you mean `patient.birth_date`" in told.err) == (2, True)


def _line(root: Path, text: str) -> int:
    lines = (root / "mappings" / "hl7v2.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_a_filtered_message_says_why_and_is_well(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, as_event(A04, "ADT^A60")), "--json")
    (one,) = told.json["messages"]
    assert (told.code, one["outcome"], one["code"], one["text"]) == (
        0,
        "filtered",
        "filtered",
        "allergies are clinical",
    )


def test_a_message_that_cannot_be_mapped_names_the_rule_to_blame(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, with_field(A04, "PID-3", "1^^^NORTH^XX~2^^^NORTH^XX")), "--json")
    (one,) = told.json["messages"]
    assert (told.code, one["outcome"], one["code"], one["place"]) == (1, "failed", "patient-unidentified", "PID-3")
    assert [rule["target"] for rule in one["to_blame"]] == ["identifiers.patient"]


def test_a_message_that_is_refused_at_the_door_says_why(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, with_field(A04, "MSH-10", "")), "--json")
    (one,) = told.json["messages"]
    assert (one["outcome"], one["code"], one["place"]) == ("refused", "control-id-missing", "MSH-10")


def test_problems_of_the_files_are_told_as_check_does(root: Path, hp24: Hp24) -> None:
    file = root / "mappings" / "hl7v2.yaml"
    file.write_text(file.read_text().replace("family: PID-5.1", "family: PDI-5.1"))
    told = hp24("map", message(root, A04))
    assert told.code == 1
    assert told.out == hp24("check").out


def test_what_is_no_message_is_told(root: Path, hp24: Hp24) -> None:
    told = hp24("map", message(root, "no message"))
    assert (told.code, "[message-missing]" in told.err) == (1, True)
    assert hp24("map", "no-such-file.hl7").code == 2


def test_a_stored_message_is_mapped_as_its_channel_and_the_look_is_audited(home: Home, hp24: Hp24) -> None:
    told = hp24("map", "1", "--json", "--as", "mary")
    assert (told.code, told.json["channel"]) == (0, "epic")
    assert told.json["messages"][0]["reading"]["patient"]["ids"]
    assert "mary: look" in trail(home, "message:1")


def test_a_message_that_is_not_there_is_refused(home: Home, hp24: Hp24) -> None:
    told = hp24("map", "message:999999")
    assert (told.code, "[not-found]" in told.err) == (1, True)


def test_what_a_person_amended_is_mapped_as_the_channel_it_came_by(home: Home, hp24: Hp24) -> None:
    unusable = with_field(A04, "PID-3", "").strip().replace("\n", "\r").encode()
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, unusable)
    (stuck,) = [one["id"] for one in hp24("messages", "--state", "failed", "--json").lines]
    amended = hp24("amend", str(stuck), "--set", "PID-3.1=770077", "--reason", "by phone", "--json").json["message"]
    told = hp24("map", str(amended), "--json").json
    assert (told["channel"], told["messages"][0]["reading"]["patient"]["ids"][0]["value"]) == ("epic", "770077")


def test_a_request_of_healthpay24_is_read_by_no_mapping(home: Home, hp24: Hp24) -> None:
    number = str(hp24("accounts", "--json").lines[0]["numbers"][0])
    hp24("pay", "--account", number, "--amount", "1.00", "--method", "cash")
    asked = hp24("messages", "--channel", "healthpay24", "--json").lines[0]["id"]
    told = hp24("map", str(asked))
    assert (told.code, "[read-by-no-mapping]" in told.err) == (1, True)


def resource(root: Path, content: bytes) -> str:
    file = root.parent / "resource.json"
    file.write_bytes(content)
    return str(file)


def test_a_resource_is_mapped_like_a_message(root: Path, hp24: Hp24) -> None:
    told = hp24("map", resource(root, raw(ACCOUNT)), "--mapping", "fhirr4", "--json")
    assert told.code == 0
    (one,) = told.json["messages"]
    assert (one["type"], one["outcome"]) == ("Account create", "mapped")
    assert one["reading"]["account"]["ids"] == [{"authority": "north", "type": "AN", "value": "9001001"}]


def test_a_stored_request_is_mapped_with_what_its_address_names(root: Path, hp24: Hp24) -> None:
    told = hp24("map", resource(root, raw({**PATIENT, "id": "01A"}, "/Patient/01A")), "--mapping", "fhirr4")
    assert told.code == 0
    assert "Patient update" in told.out
    assert "pt_01A" in told.out


def test_a_path_that_stops_a_request_is_named_with_its_rule(root: Path, hp24: Hp24) -> None:
    told = hp24("map", resource(root, raw({**PATIENT, "gender": "F"})), "--mapping", "fhirr4", "--json")
    assert told.code == 1
    (one,) = told.json["messages"]
    assert (one["outcome"], one["code"], one["place"]) == ("refused", "code-unknown", "Patient.gender")
    assert [rule["target"] for rule in one["to_blame"]] == ["patient.sex"]


def test_what_a_body_breaks_of_r4_is_told_beside_what_is_read(root: Path, hp24: Hp24) -> None:
    body = resource(
        root, raw({**PATIENT, "telecom": [{"value": "555"}], "managingOrganization": {"reference": "Basic/1"}})
    )
    told = hp24("map", body, "--mapping", "fhirr4")
    assert "error of R4 in Patient.managingOrganization.reference: this refers to Organization" in told.out
    assert "warning of R4 in Patient.telecom[0].system: cpt-2" in told.out


def test_what_a_body_breaks_of_r4_is_told_to_programs(root: Path, hp24: Hp24) -> None:
    told = hp24("map", resource(root, raw({**PATIENT, "shoeSize": 38})), "--mapping", "fhirr4", "--json")
    (issue,) = told.json["messages"][0]["issues"]
    assert (issue["severity"], issue["code"], issue["place"]) == ("error", "structure", "Patient.shoeSize")


def test_a_resource_of_another_shape_is_refused_with_its_path(root: Path, hp24: Hp24) -> None:
    told = hp24("map", resource(root, raw({**PATIENT, "name": "TESTER"})), "--mapping", "fhirr4", "--json")
    (one,) = told.json["messages"]
    assert (one["outcome"], one["place"]) == ("refused", "Patient.name")


WEB = """\
channel: web
source: {fhir: {}}
timezone: America/Chicago
facility: NORTH
mapping: fhirr4
"""


def test_a_resource_is_read_as_the_only_channel_that_takes_fhir_does(root: Path, hp24: Hp24) -> None:
    (root / "channels" / "web.yaml").write_text(WEB)
    told = hp24("map", resource(root, raw({**PATIENT, "identifier": [{"value": "71"}]})), "--json")
    (one,) = told.json["messages"]
    assert (told.json["channel"], one["reading"]["patient"]["ids"]) == (
        "web",
        [{"authority": "north", "type": "MR", "value": "71"}],
    )
    assert hp24("map", message(root, A04), "--json").json["channel"] == "epic"


def test_every_entry_of_a_bundle_is_tried(root: Path, hp24: Hp24) -> None:
    entries = [
        {"resource": ACCOUNT, "request": {"method": "POST", "url": "Account"}},
        {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
    ]
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
    told = hp24("map", resource(root, bundle), "--mapping", "fhirr4", "--json")
    assert [(one["type"], one["outcome"]) for one in told.json["messages"]] == [
        ("Patient create", "mapped"),
        ("Account create", "mapped"),
    ]
