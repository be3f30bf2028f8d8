"""Who may reach a listener at all: from beyond the machine only with TLS, or knowingly without."""

import pytest

from interface.errors import ConfigurationError
from tests.wire.memory import SourceRig


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::", "interface.example.org"])
def test_a_listener_beyond_this_machine_does_not_open_in_clear(host: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        SourceRig(host=host)
    assert raised.value.code == "cleartext-listener"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_listener_within_this_machine_opens_in_clear(host: str) -> None:
    assert SourceRig(host=host).source.place.startswith(host)


def test_cleartext_beyond_this_machine_can_be_accepted() -> None:
    assert SourceRig(host="0.0.0.0", accepts_cleartext=True).source.place.startswith("0.0.0.0:")
