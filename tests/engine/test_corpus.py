"""Public sample messages through a running engine, each on the channel of the vendor that it is closest to."""

import re
from pathlib import Path

import pytest

from interface.message import MessageState
from tests.engine.corpus import corpus_root, run_corpus
from tests.engine.harness import running_engine

# Why a sample of ADT, DFT or BAR may not be processed: samples are made for parsers, and leave out or contradict what a bill needs.
EXPLAINED = {
    "filtered",  # an event without a meaning for the bill
    "control-id-missing",
    "patient-unidentified",  # PID-3 is empty, or holds no number of a kind that stands for a patient
    "identifier-ambiguous",  # several record numbers, and nothing says which counts
    "null-refused",
    "merge-incomplete",
    "account-missing",
    "missing-account",
    "account-of-another-patient",  # samples of different projects share their numbers
    "visit-of-another-patient",
    "amount-unreadable",
    "code-unknown",
    "parked",  # behind one of these
}


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
        assert found - EXPLAINED == set()
        for vendor in ("cerner", "athena"):
            states = {state for channel, kind, state in run.outcomes if channel == vendor and kind.startswith("ADT^")}
            assert states == {MessageState.PROCESSED}


def cause_of(reason: str) -> str:
    """The code that a reason begins with."""
    found = re.match(r"\[?([a-z-]+)", reason)
    assert found, reason
    return found[1]
