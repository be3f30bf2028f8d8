"""What is right in each file alone and wrong in all of them together."""

import pytest

from interface.channel.loader import load, read_files
from tests.channel.sample import ADT, CHANNEL, FILES, problems, with_line, wrong_channel
from tests.mapping.sample import PROJECT

SOUTH = CHANNEL.replace("channel: north", "channel: south")
QUIET = SOUTH.replace("    mapping: dft\n", "    mapping: dft\n    receives: []\n")


def test_two_listeners_on_one_port_are_found() -> None:
    (found,) = problems({**FILES, "channels/south.yaml": QUIET})
    assert (found.file, found.line, found.rule) == ("channels/south.yaml", 4, "port-taken")


def test_the_same_port_on_another_address_is_free() -> None:
    south = QUIET.replace("    port: $", "    host: 127.0.0.2\n    port: $")
    assert not problems({**FILES, "channels/south.yaml": south})


def test_payments_of_one_facility_go_to_one_channel() -> None:
    south = SOUTH.replace("2601", "2701")
    (found,) = problems({**FILES, "channels/south.yaml": south})
    assert (found.file, found.rule) == ("channels/south.yaml", "payments-twice")
    assert not problems({**FILES, "channels/south.yaml": south.replace("facility: NORTH", "facility: SOUTH")})


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "interface.example.org", "::"])
def test_a_listener_beyond_this_machine_needs_a_word_about_cleartext(host: str) -> None:
    (found,) = wrong_channel("    port: $", f"    host: '{host}'\n    port: $")
    assert (found.line, found.rule) == (4, "cleartext-listener")
    assert not wrong_channel("    port: $", f"    host: '{host}'\n    cleartext: accepted\n    port: $")
    tls = "{certificate: tls/north.pem, key: tls/north.key}"
    assert not wrong_channel("    port: $", f"    host: '{host}'\n    tls: {tls}\n    port: $")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_a_listener_within_this_machine_does_not(host: str) -> None:
    assert not wrong_channel("    port: $", f"    host: '{host}'\n    port: $")


def test_payments_go_to_one_destination_of_a_channel() -> None:
    second = "  copy:\n    mllp: {host: 127.0.0.1, port: 2603}\n    mapping: dft\n"
    (found,) = problems({**FILES, "channels/north.yaml": CHANNEL + second})
    assert found.rule == "payments-twice"


def test_a_wrong_option_hides_nothing_that_is_wrong_across_files() -> None:
    channel = SOUTH.replace("mapping: adt", "mapping: atd").replace("    mapping: dft", "    mapping: dtf")
    channel = channel.replace("timezone: America", "timezone: Amerika").replace(
        "    port: $", "    host: '::'\n    port: $"
    )
    found = problems(
        {**FILES, "channels/south.yaml": channel + "filters:\n  - {when: PV1-99 = 'X', reason: studies}\n"}
    )
    assert {one.rule for one in found} == {
        "wrong-value",
        "missing-mapping",
        "cleartext-listener",
        "payments-twice",
        "impossible-path",
    }
    assert sum(one.rule == "missing-mapping" for one in found) == 2
    taken = problems({**FILES, "channels/south.yaml": QUIET.replace("timezone: America", "timezone: Amerika")})
    assert {one.rule for one in taken} == {"wrong-value", "port-taken"}


CHARGES = ADT + "transactions:\n  each: FT1\n  kind: \"'charge'\"\n  amount: FT1-11 | money\n  id: FT1-2\n"


def test_a_number_that_may_be_masked_is_a_warning_at_its_rule() -> None:
    (warning,) = load({**FILES, "mappings/adt.yaml": CHARGES}, {}).warnings
    assert (warning.file, warning.line, warning.column, warning.rule) == ("mappings/adt.yaml", 12, 7, "number-masked")
    assert "unmasked" in warning.advice


def test_a_declared_number_is_no_warning_and_not_masked() -> None:
    declared = with_line(CHARGES, "identifiers:\n", "identifiers:\n  unmasked: [FT1-2]\n")
    configuration = load({**FILES, "mappings/adt.yaml": declared}, {})
    assert configuration.warnings == ()
    assert configuration.feeds["north"].mapping.identifier_fields == {"PID-3", "FT1-2"}


def test_what_is_made_an_identifier_by_a_function_is_declared() -> None:
    typed = with_line(ADT, "identifiers:\n", "identifiers:\n  account: PV1-50 | typed('AN') ?? PID-18\n")
    mapping = load({**FILES, "mappings/adt.yaml": typed}, {}).feeds["north"].mapping
    assert mapping.identifier_fields == {"PID-3", "PV1-50", "PID-18"}


@pytest.mark.parametrize(("value", "rule"), [("FT1-2", "list-expected"), ("[FT1-2.1]", "impossible-path")])
def test_an_unmasked_field_that_is_none_is_found(value: str, rule: str) -> None:
    wrong = with_line(ADT, "identifiers:\n", f"identifiers:\n  unmasked: {value}\n")
    (found,) = problems({**FILES, "mappings/adt.yaml": wrong})
    assert (found.line, found.rule) == (5, rule)


def test_the_shipped_files_have_no_warnings() -> None:
    assert load(read_files(PROJECT), {}).warnings == ()


def test_a_mapping_reads_nothing_that_taking_payments_does_not_need() -> None:
    clinical = with_line(ADT, "  sex:", "  language: DG1-3.1 if OBX-3 = 'X'\n  sex:")
    found = problems({**FILES, "mappings/adt.yaml": clinical})
    assert [(one.rule, one.column) for one in found] == [("segment-not-allowed", 13), ("segment-not-allowed", 24)]
    assert "DG1" in found[0].text
    assert "`north`" in found[0].text


def test_a_segment_is_let_in_by_a_channel_that_lists_it() -> None:
    clinical = with_line(ADT, "  sex:", "  language: DG1-3.1\n  sex:")
    allowed = CHANNEL + "segments: [MSH, EVN, PID, PV1, MRG, GT1, IN1, FT1, DG1]\n"
    assert not problems({**FILES, "mappings/adt.yaml": clinical, "channels/north.yaml": allowed})


def test_a_misspelt_segment_of_the_site_is_told_with_the_one_that_is_let_in() -> None:
    own = with_line(ADT, "  sex:", "  language: ZBP-2\n  sex:")
    allowed = CHANNEL + "segments: [MSH, EVN, PID, PV1, MRG, GT1, IN1, FT1, ZPB]\n"
    (found,) = problems({**FILES, "mappings/adt.yaml": own, "channels/north.yaml": allowed})
    assert found.advice.startswith("did you mean ZPB? Otherwise leave the rule out")


def test_a_list_may_walk_allowed_segments_only() -> None:
    walked = ADT + "\nidentities:\n  each: PR1\n  patient: PID-3\n"
    rules = {one.rule for one in problems({**FILES, "mappings/adt.yaml": walked})}
    assert "segment-not-allowed" in rules
