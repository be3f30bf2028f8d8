"""Whatever a sender does, it is told what a person can act on, and the engine goes on."""

from collections.abc import Iterator

import pytest

from tests.hostile.patient import VALUES
from tests.hostile.row import Ending, Row
from tests.hostile.seen import see
from tests.hostile.sent import CUT, ROWS
from tests.hostile.ward import Ward, hostile_ward
from tests.leak.forms import needles
from tests.leak.scan import leaks

NEEDLES = needles({f"value {number}": value for number, value in enumerate(VALUES)})


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with hostile_ward(tmp_path_factory.mktemp("senders")) as running:
        yield running
        home = running.engine.home
        found = leaks([home.parent], {}, NEEDLES)  # database, log, key, sockets
        assert [str(leak) for leak in found] == [], "a secret lies in the clear"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_sent_gets_its_answer_its_state_and_its_reason(ward: Ward, row: Row) -> None:
    seen = see(ward, row)
    assert (seen.answers, seen.kept, seen.log) == (row.answers, row.kept, row.log)


@pytest.mark.proof
def test_postgresql_gives_the_same_answers(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with hostile_ward(tmp_path_factory.mktemp("senders"), database_url=postgres_url) as ward:
        told = {row.name: see(ward, row) for row in ROWS}
    assert {name: (seen.answers, seen.kept) for name, seen in told.items()} == {
        row.name: (row.answers, row.kept) for row in ROWS
    }


def test_every_row_that_is_not_answered_is_seen_elsewhere() -> None:
    # Nothing passes without a trace: an answer, a message with a reason, or a line in the log.
    assert all(row.answers or row.kept or row.log for row in ROWS)
    assert any(row.ending is Ending.IS_SILENT and CUT in row.kept for row in ROWS)
