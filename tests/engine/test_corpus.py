"""Public sample messages through a running engine, each on the channel of the vendor that it is closest to."""

from pathlib import Path

import pytest

from interface.message import MessageState
from tests.engine.corpus import EXPLAINED, Piece, cause_of, corpus_root, run_corpus
from tests.engine.harness import running_engine


@pytest.mark.proof
def test_every_sample_message_is_answered_kept_and_explained(corpus: Path, tmp_path: Path) -> None:
    with running_engine(tmp_path / "home", corpus_root(tmp_path / "root")) as engine:
        run = run_corpus(corpus, engine)
        assert run.sent > 1000
        assert run.unanswered == []
        assert sum(run.answers.values()) == run.sent
        counts = run.counts
        assert counts["received"] == run.sent
        assert counts["received"] == counts["duplicates"] + sum(run.outcomes.values())
        assert counts["incomplete"] == 0
        found = {cause_of(reason) for _channel, _kind, _state, reason in run.reasons}
        assert found - EXPLAINED.keys() == set()
        for vendor in ("cerner", "athena"):
            states = {state for channel, kind, state in run.outcomes if channel == vendor and kind.startswith("ADT^")}
            assert states == {MessageState.PROCESSED}


@pytest.mark.parametrize(
    ("file", "head", "pid", "channel"),
    [
        ("a.hl7", "HNAM_PM|HNA500|X|", "1", "cerner"),
        ("a.hl7", "ATHENANET|7||", "1", "athena"),
        ("cerner/a.hl7", "EPIC|MAIN||", "1", "epic"),
        ("a.hl7", "ADT|MAIN||", "1^^^P^FIN NBR", "cerner"),
        ("a.hl7", "ADT|MAIN||", "1^^^Patient ID", "athena"),
        ("oracle/a.hl7", "ADT|MAIN||", "1^^^H^MR", "cerner"),
        ("a.hl7", "ADT|MAIN||", "1^^^H^MR", "epic"),
    ],
)
def test_a_sample_goes_to_the_closest_mapping(file: str, head: str, pid: str, channel: str) -> None:
    content = f"MSH|^~\\&|{head}|20250304||ADT^A04|1|P|2.3\rPID|1||{pid}\r".encode()
    assert Piece(file, content).channel == channel
