"""Public sample messages through a running engine."""

from pathlib import Path

import pytest

from tests.engine.corpus import for_tests, run_corpus
from tests.engine.harness import running_engine
from tests.engine.root import make_root


@pytest.mark.proof
def test_every_sample_message_is_answered_kept_and_explained(corpus: Path, tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", for_tests)
    with running_engine(tmp_path / "home", root) as engine:
        run = run_corpus(corpus, engine)
        assert run.sent > 1000
        assert run.unanswered == []
        assert sum(run.answers.values()) == run.sent
        counts = run.counts
        assert counts["received"] == run.sent
        assert counts["received"] == counts["duplicates"] + sum(run.outcomes.values())
        assert counts["incomplete"] == 0
        assert all(reason.strip() for _kind, _state, reason in run.reasons)
