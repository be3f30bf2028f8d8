"""A positive answer leaves only after a flush that covers its message: seen from below the database, call by call."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from interface.simulate.parallel import send_all
from interface.simulate.traffic import morning
from tests import postgres
from tests.conftest import PROJECT
from tests.crash.flushwatch import POSTGRESQL_LOG, Trace, build, environment, read_trace
from tests.crash.planted import planted
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.root import make_root
from tests.ports import free_ports

PATIENTS = 8
WATCHABLE = pytest.mark.skipif("HP24_TEST_POSTGRES" in os.environ, reason="a running server can no longer be watched")


def loaded(
    folder: Path, environ: Mapping[str, str], command: Sequence[str], *, connections: int, database_url: str = ""
) -> set[str]:
    """Load a listening part; gives the control ids that it answered well."""

    def listen(engine: Engine) -> None:
        engine.start("--part", "listen")

    root = make_root(folder / "root")
    with running_engine(folder / "home", root, environ, database_url, command=command, start=listen) as engine:
        sending = send_all(morning(41, PATIENTS), "127.0.0.1", engine.port, connections=connections)
        assert engine.drain() == 0
    return {answer.control_id for answer in sending.answers if answer.code.is_positive}


def watched(folder: Path, command: Sequence[str], *, connections: int) -> tuple[Trace, set[str]]:
    """Load a listening part under the watch; gives its trace and the control ids that it answered well."""
    (port,) = free_ports(1)
    trace = folder / "trace"
    environ = environment(build(folder), trace, port) | {"EPIC_MLLP_PORT": str(port), "PYTHONPATH": str(PROJECT)}
    acknowledged = loaded(folder, environ, command, connections=connections)
    return read_trace(trace), acknowledged


def watched_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Sequence[str], *, connections: int
) -> tuple[Trace, set[str]]:
    """The same with a server of its own: it writes and flushes, the listening part answers, and one trace has both in order."""
    (port,) = free_ports(1)
    with TemporaryDirectory(prefix="hp24-watch-") as shared:
        trace = Path(shared) / "trace"
        watch = environment(build(Path(shared)), trace, port, POSTGRESQL_LOG)
        Path(shared).chmod(0o755)  # the server may run as another user
        trace.touch()
        trace.chmod(0o666)
        for name, value in watch.items():
            monkeypatch.setenv(name, value)  # for the server and for the engine
        with postgres.server() as server, server.database() as url:
            environ = watch | {"EPIC_MLLP_PORT": str(port), "PYTHONPATH": str(PROJECT)}
            acknowledged = loaded(tmp_path, environ, command, connections=connections, database_url=url)
        return read_trace(trace), acknowledged


def test_every_positive_answer_comes_after_a_flush_that_covers_it(tmp_path: Path) -> None:
    trace, acknowledged = watched(tmp_path, HP24, connections=1)
    assert dict(trace.answers()) == dict.fromkeys(acknowledged, True)
    assert trace.strictly_safe()
    assert trace.flushes >= len(acknowledged)  # one sender that waits for each answer shares no commit with anybody


def test_answers_that_share_a_commit_come_after_its_flush(tmp_path: Path) -> None:
    trace, acknowledged = watched(tmp_path, HP24, connections=6)
    assert dict(trace.answers()) == dict.fromkeys(acknowledged, True)


@WATCHABLE
def test_on_postgresql_every_positive_answer_comes_after_a_flush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, acknowledged = watched_on_postgresql(tmp_path, monkeypatch, HP24, connections=4)
    assert dict(trace.answers()) == dict.fromkeys(acknowledged, True)


@WATCHABLE
def test_on_postgresql_a_planted_bug_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace, acknowledged = watched_on_postgresql(tmp_path, monkeypatch, planted("unflushed"), connections=1)
    answers = dict(trace.answers())
    assert answers.keys() == acknowledged
    assert not all(answers.values())


@pytest.mark.parametrize("bug", ["unflushed", "answered-early"])
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    trace, acknowledged = watched(tmp_path, planted(bug), connections=1)
    answers = dict(trace.answers())
    assert answers.keys() == acknowledged
    assert not all(answers.values())
    if bug == "unflushed":
        assert not trace.strictly_safe()
