"""What is right in each file alone and wrong in all of them together."""

import pytest

from tests.channel.sample import CHANNEL, FILES, problems, wrong_channel

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
