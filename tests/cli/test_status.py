"""How everything stands: what the configuration declares is there from the first moment, and who waits to take over."""

from interface.app.compose import open_app
from interface.message import MessageState
from interface.view.count import PartRow, PartState
from tests.cli.conftest import CHANNEL, Home, Hp24
from tests.conftest import PROJECT

ZEROS = ("queued", "sending", "accepted", "posted", "rejected", "ambiguous", "withdrawn")


def test_every_declared_channel_and_destination_is_there_with_zeros(empty_home: Home, hp24: Hp24) -> None:
    with open_app(empty_home.folder, PROJECT, empty_home.environ) as app:
        app.publish(app.edited(), "test")
    found = hp24("status", "--json").json
    assert set(found["channels"]) == {
        *(f"{vendor}{kind}" for vendor in ("athena", "cerner", "epic") for kind in ("", "-fhir")),
        "fhir",
    }
    assert set(found["channels"][CHANNEL].values()) == {0}
    assert found["channels"][CHANNEL].keys() >= {state.value for state in MessageState}
    assert {name: found["destinations"]["epic/dft"][name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert "epic/dft" in hp24("status").out


def test_an_engine_that_stands_by_is_shown_beside_the_one_that_works(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        now = app.clock.now()
        for pid, state in ((11, PartState.RUNNING), (22, PartState.STANDING_BY), (33, PartState.STOPPED)):
            with app.store.turn("beat") as turn:
                turn.beat(PartRow("process", pid, "node", state, now, now))
    found = hp24("status", "--json").json
    assert found["parts"] == {"process": {"pid": 11, "state": "running"}}
    assert found["standing_by"] == [{"name": "process", "pid": 22, "host": "node"}]
    told = hp24("status").out
    assert "Engine: process (11)" in told
    assert "Standing by: process (22 on node)" in told
