"""What people type in is never kept where it holds a card number: each place refuses it, and nothing was done."""

from pathlib import Path

import pytest

from interface.app.compose import open_app
from interface.view.audit import AuditFilter
from tests.cli.conftest import Home, Hp24
from tests.conftest import PROJECT

CARD = "4111 1111 1111 1111"
PAY = ("pay", "--account", "9001", "--amount", "1.00")


def trail(home: Home) -> int:
    with open_app(home.folder, PROJECT, home.environ) as app, app.store.snapshot() as reader:
        return len(reader.audit_trail(AuditFilter(limit=10_000)))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--as", CARD, "pause", "channel", "epic", "--reason", "test"),
        ("--as", CARD, "messages"),
        ("--as", CARD, "show", "1"),
        ("--as", CARD, "accounts"),
        ("pause", "channel", "epic", "--reason", f"card {CARD}"),
        ("release", "1", "--reason", CARD),
        ("amend", "1", "--set", f"NTE-3={CARD}", "--reason", "test"),
    ],
)
def test_a_card_number_is_refused_wherever_it_would_be_kept(home: Home, hp24: Hp24, arguments: tuple[str, ...]) -> None:
    before = trail(home)
    told = hp24(*arguments)
    assert (told.code, told.out) == (1, "")
    assert told.err.rstrip().endswith("[card-number]")
    assert CARD[-4:] not in told.err
    assert trail(home) - before <= (arguments[0] == "amend"), "but the look at what was to be amended"


@pytest.mark.parametrize(
    "arguments", [("--method", "cash", "--key", CARD), ("--method", f"visa:{CARD}"), ("--as", CARD, "--method", "cash")]
)
def test_a_payment_keeps_no_card_number(home: Home, hp24: Hp24, arguments: tuple[str, ...]) -> None:
    account = hp24("accounts", "--json").lines[0]["numbers"][0]
    told = hp24("pay", "--account", account, "--amount", "1.00", *arguments)
    assert told.code == 1
    assert told.err.rstrip().endswith("[card-number]")
    told = hp24("void", "pm_1", "--key", CARD)
    assert told.code == 1


def test_a_last_four_that_are_more_is_wrong_usage(home: Home, hp24: Hp24) -> None:
    account = hp24("accounts", "--json").lines[0]["numbers"][0]
    told = hp24("pay", "--account", account, "--amount", "1.00", "--method", "visa:tok", "--last4", "41111111")
    assert told.code == 2


def test_a_version_keeps_no_card_number(no_home: Home, hp24: Hp24, tmp_path: Path) -> None:
    assert hp24("init", str(tmp_path / "site")).code == 0
    channel = tmp_path / "site" / "channels" / "epic.yaml"
    channel.write_text(channel.read_text(encoding="utf-8") + f"# tried with {CARD}\n")
    told = hp24("check", "--root", str(tmp_path / "site"))
    assert told.code == 1
    assert "[card-number]" in told.out
