"""The server that the tests run on keeps what it promises: durable, separate databases, no trace afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.postgres import PostgresServer

OWNER = """
import time
from tests import postgres
with postgres.server() as server, server.database() as url:
    print(url.partition("host=")[2], flush=True)
    time.sleep(60)
"""


def ask(url: str, statement: str) -> str:
    """The one value that a statement gives, as text; commits, and leaves no connection behind."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(text(statement))
        return str(result.scalar()) if result.returns_rows else ""


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_commits_are_flushed(postgres_url: str, name: str) -> None:
    assert ask(postgres_url, f"SHOW {name}") == "on"


def test_each_database_is_a_copy_of_its_own(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as first, postgres_server.database() as second:
        ask(first, "CREATE TABLE t AS SELECT 7 AS i")
        assert ask(second, "SELECT to_regclass('t')") == "None"
        with postgres_server.database(template=make_url(first).database or "") as copy:
            assert ask(copy, "SELECT i FROM t") == "7"


def test_a_database_is_dropped_after_use(postgres_server: PostgresServer, postgres_url: str) -> None:
    with postgres_server.database() as url:
        name = make_url(url).database
        assert ask(postgres_url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "1"
    assert ask(postgres_url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"


def test_the_contract_fixture_gives_both_databases(database_url: str, request: pytest.FixtureRequest) -> None:
    assert make_url(database_url).get_backend_name() == request.node.callspec.params["database_url"]
    assert ask(database_url, "SELECT 1") == "1"


def test_a_killed_run_leaves_no_server_behind() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "HP24_TEST_POSTGRES"}
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None
        home = Path(run.stdout.readline().strip().replace("%2F", "/"))
        assert home.is_dir()
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while home.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not home.exists()
