"""Tokens of programs: one that may write belongs to a channel that takes FHIR."""

import pytest

from interface.errors import ActRefusedError
from interface.fhir.served import TYPES
from interface.operate.act import By
from interface.operate.token import create_token, token_of, tokens
from tests.operate.desk import Desk

BY = By("tester")


def made(desk: Desk, *scopes: str, channel: str = "") -> str:
    """A token's secret."""
    return create_token(
        desk.store, desk.clock, BY, "EHR", scopes, days=1, types=TYPES, channel=channel, channels=("web", "west")
    )[1]


def test_a_token_tells_whose_its_requests_are(desk: Desk) -> None:
    secret = made(desk, "system/Patient.cu", channel="web")
    found = token_of(desk.store, desk.clock, secret)
    assert found is not None
    assert (found.scopes, found.channel) == (("system/Patient.cu",), "web")


@pytest.mark.parametrize("scope", ["system/Account.rs", "system/*.read"])
def test_a_token_that_only_reads_needs_no_channel(desk: Desk, scope: str) -> None:
    made(desk, scope)
    assert [one.channel for one in tokens(desk.store, BY)] == [""]


@pytest.mark.parametrize(
    ("scopes", "channel", "code", "advice"),
    [
        (("system/Patient.c",), "", "channel-missing", "web, west"),
        (("system/Account.rs", "system/Patient.u"), "", "channel-missing", "web, west"),
        (("system/*.d",), "", "channel-missing", "web, west"),
        (("system/*.write",), "", "channel-missing", "web, west"),
        (("system/*.*",), "epic", "channel-not-fhir", "known here: web, west"),
        (("system/Patient.u",), "wbe", "channel-not-fhir", "did you mean `web`"),
        (("system/Patient.r",), "epic", "channel-not-fhir", "known here: web, west"),
    ],
)
def test_a_token_that_may_write_is_of_a_channel_that_takes_fhir(
    desk: Desk, scopes: tuple[str, ...], channel: str, code: str, advice: str
) -> None:
    with pytest.raises(ActRefusedError) as refused:
        made(desk, *scopes, channel=channel)
    assert refused.value.code == code
    assert advice in refused.value.advice
    assert not tokens(desk.store, BY)
