"""A positive answer leaves only after a flush that covers its message: seen from below the database, call by call."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from interface.simulate.parallel import send_all
from interface.simulate.traffic import morning
from tests.conftest import PROJECT
from tests.crash.flushwatch import Trace, build, environment, read_trace
from tests.crash.planted import planted
from tests.engine.harness import HP24, Engine, free_ports, running_engine
from tests.engine.root import make_root

PATIENTS = 8


def watched(folder: Path, command: Sequence[str], *, connections: int) -> tuple[Trace, set[str]]:
    """Load a listening part under the watch; gives its trace and the control ids that it answered well."""
    (port,) = free_ports(1)
    trace = folder / "trace"
    environ = environment(build(folder), trace, port) | {"EPIC_MLLP_PORT": str(port), "PYTHONPATH": str(PROJECT)}
    root = make_root(folder / "root")

    def listen(engine: Engine) -> None:
        engine.start("--part", "listen")

    with running_engine(folder / "home", root, environ, command=command, start=listen) as engine:
        sending = send_all(morning(41, PATIENTS), "127.0.0.1", engine.port, connections=connections)
        assert engine.drain() == 0
    return read_trace(trace), {answer.control_id for answer in sending.answers if answer.code.is_positive}


def test_every_positive_answer_comes_after_a_flush_that_covers_it(tmp_path: Path) -> None:
    trace, acknowledged = watched(tmp_path, HP24, connections=1)
    assert dict(trace.answers()) == dict.fromkeys(acknowledged, True)
    assert trace.strictly_safe()
    assert trace.flushes >= len(acknowledged)  # one sender that waits for each answer shares no commit with anybody


def test_answers_that_share_a_commit_come_after_its_flush(tmp_path: Path) -> None:
    trace, acknowledged = watched(tmp_path, HP24, connections=6)
    assert dict(trace.answers()) == dict.fromkeys(acknowledged, True)


@pytest.mark.parametrize("bug", ["unflushed", "answered-early"])
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    trace, acknowledged = watched(tmp_path, planted(bug), connections=1)
    answers = dict(trace.answers())
    assert answers.keys() == acknowledged
    assert not all(answers.values())
    if bug == "unflushed":
        assert not trace.strictly_safe()
