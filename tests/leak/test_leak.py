"""After a life with secrets none lies in the clear: database, backups, logs, temporary files, names, errors, metrics, alerts."""

from pathlib import Path

import pytest

from tests.leak.forms import needles
from tests.leak.life import SECRETS, Life, life
from tests.leak.scan import leaks
from tests.postgres import PostgresServer

NEEDLES = needles(SECRETS)


def lived_well(lived: Life) -> None:
    """The life was what it was meant to be: each kind of end was met, defects and crashes included."""
    counts = lived.engine.counts()
    assert all(counts[state] for state in ("processed", "filtered", "held", "refused", "incomplete")), counts
    assert lived.engine.events("fault-found")
    assert lived.engine.events("part-stopped")
    assert all(text for name, text in lived.texts.items() if "card" in name or "usage" in name)
    assert b"hp24_messages_received_total" in lived.texts["/metrics"]
    assert b"messages-failed" in b"".join(text for name, text in lived.texts.items() if name.startswith("webhook"))


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_nothing_of_a_life_on_sqlite_lies_in_the_clear(tmp_path: Path) -> None:
    with life(tmp_path) as lived:
        found = leaks(lived.folders, lived.texts, NEEDLES)
        lived_well(lived)
    assert [str(leak) for leak in found] == []


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_nothing_of_a_life_on_postgresql_lies_in_the_clear(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    with life(tmp_path, postgres_url) as lived:
        postgres_server.execute("CHECKPOINT")
        (cluster,) = postgres_server.ask(b"SHOW data_directory") or ("",)
        found = leaks([*lived.folders, Path(str(cluster))], lived.texts, NEEDLES)
        lived_well(lived)
    assert [str(leak) for leak in found] == []
