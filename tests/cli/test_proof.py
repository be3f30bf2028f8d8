"""`hp24 verify` and `hp24 replay`: what was proven holds after payments and after what people decided."""

from interface.app.compose import open_app
from tests.cli.conftest import Home, Hp24, feed
from tests.conftest import PROJECT


def process(home: Home) -> None:
    """Let waiting messages run, as the engine would."""
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app)


def pay(hp24: Hp24, home: Home) -> None:
    """Three payments on three accounts."""
    for account in hp24("accounts", "--json").lines[:3]:
        paid = hp24("pay", "--account", account["id"], "--amount", "5.00", "--method", "visa:tok_1")
        assert paid.code == 0, paid.err
    process(home)


def test_a_ledger_with_payments_is_rebuilt_from_its_messages(home: Home, hp24: Hp24) -> None:
    pay(hp24, home)
    proof = hp24("verify", "--json")
    assert (proof.code, proof.json["differences"], proof.json["endings"]) == (0, [], [])
    assert proof.json["holds"]


def broken(control_id: str, account: str) -> bytes:
    """A charge of a kind that no table knows."""
    return "\r".join(
        (
            rf"MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20260304093000||DFT^P03^DFT_P03|{control_id}|P|2.5.1",
            "EVN|P03|20260304093000",
            f"PID|1|||||||||||||||||{account}^^^NORTH^AN",
            f"FT1|1|{control_id}|B1|20260304093000|20260304|??|99213^OFFICE VISIT^C4|||1|180.00",
            "",
        )
    ).encode()


def test_a_replay_leaves_alone_what_a_person_set_aside(home: Home, hp24: Hp24) -> None:
    first, second = [line["numbers"][0] for line in hp24("accounts", "--json").lines][:2]
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, broken("X1", first), broken("X2", second))
    stuck = [line["id"] for line in hp24("messages", "--state", "failed", "--json").lines]
    assert hp24("skip", str(stuck[0]), "--reason", "sent by mistake").code == 0
    assert hp24("amend", str(stuck[1]), "--set", "FT1-6=CG", "--reason", "a charge, the site says").code == 0
    process(home)
    told = hp24("replay", *map(str, stuck), "--json")
    assert told.code == 1
    assert "nothing-chosen" in told.err
    everything = hp24("replay", "--all", "--preview", "--json").json
    assert not [ending for ending in everything["endings"] if ending.startswith("failed")]
    proof = hp24("verify", "--json")
    assert (proof.code, proof.json["differences"], proof.json["endings"]) == (0, [], [])
