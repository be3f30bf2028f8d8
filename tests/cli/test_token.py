"""`hp24 token`: a secret is shown once, and what it may do is said."""

import pytest

from tests.cli.conftest import Home, Hp24


def test_a_token_is_made_listed_and_revoked(home: Home, hp24: Hp24) -> None:
    made = hp24("token", "create", "--name", "reports", "--scope", "system/Account.rs system/Patient.r").out
    words = made.split()
    token, secret = words[1], words[-1]
    assert secret.startswith("hp24_")
    listed = hp24("token", "list", "--json")
    assert secret not in listed.out
    (row,) = listed.json
    assert (row["public_id"], row["name"], row["scopes"]) == (
        token,
        "reports",
        ["system/Account.rs", "system/Patient.r"],
    )
    assert hp24("token", "revoke", token).code == 0
    assert "revoked" in hp24("token", "list").out
    again = hp24("token", "revoke", token)
    assert (again.code, "[not-found]" in again.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "--name", "x", "--scope", "system/Nothing.rs"), "scope-unknown"),
        (("create", "--name", "x"), "scope-unknown"),
        (("create", "--scope", "system/*.rs"), "name-missing"),
        (("revoke",), "revoke needs the ID"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(
    home: Home, hp24: Hp24, arguments: tuple[str, ...], told: str
) -> None:
    done = hp24("token", *arguments)
    assert done.code != 0
    assert told in done.err


def test_a_token_that_may_write_names_the_channel_of_its_requests(home: Home, hp24: Hp24) -> None:
    made = hp24("token", "create", "--name", "EHR", "--scope", "system/Patient.cu", "--channel", "epic-fhir", "--json")
    assert made.json["channel"] == "epic-fhir"
    (row,) = hp24("token", "list", "--json").json
    assert (row["scopes"], row["channel"]) == (["system/Patient.cu"], "epic-fhir")


def test_before_a_first_version_the_files_say_which_channels_take_fhir(empty_home: Home, hp24: Hp24) -> None:
    scope = ("--scope", "system/*.cruds")
    assert hp24("token", "create", "--name", "EHR", *scope, "--channel", "cerner-fhir").code == 0
    refused = hp24("token", "create", "--name", "EHR", *scope, "--channel", "cerner")
    assert (refused.code, "[channel-not-fhir]" in refused.err, "cerner-fhir" in refused.err) == (1, True, True)
