"""A hospital's morning through a running engine ends as the hospital's own books say, on both databases."""

from pathlib import Path

from interface.simulate.parallel import send_all
from interface.simulate.record import take_record
from interface.simulate.traffic import morning
from tests.engine.harness import running_engine
from tests.engine.morning import account_differences
from tests.engine.root import make_root

PATIENTS = 12


def test_a_morning_ends_as_the_hospital_says(tmp_path: Path, database_url: str) -> None:
    day = morning(31, PATIENTS)
    with running_engine(tmp_path / "home", make_root(tmp_path / "root"), database_url=database_url) as engine:
        sending = send_all(day, "127.0.0.1", engine.port, connections=4)
        engine.await_idle()
        truths = take_record(day.hospital)
        counts = engine.counts()
        assert sending.counts.refused == 0
        assert counts["received"] == truths.messages
        assert counts["filtered"] == truths.of_no_interest
        assert counts["processed"] == truths.messages - truths.of_no_interest
        assert list(account_differences(engine, truths)) == []
        assert engine.work_items() == []
