"""Connections to a PostgreSQL server that wait for nothing without end: not for a network that hangs, not for a peer that is gone.

What the network swallows is not told by the system for hours. Here each wait for an answer has a limit on our side; on the server's
side, sessions whose peer is gone are ended, so that their locks do not stand in another engine's way.
"""

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

_KEEPALIVE_SECS, _KEEPALIVE_COUNT = 10, 3  # a session whose peer is gone ends, on either side, within the sum
_INTERVAL_SECS = 0.1  # of psycopg's own look for Ctrl-C
_GRACE_SECS = 5.0  # our side gives up first
_SESSION = (
    "SELECT set_config('tcp_keepalives_idle', %(secs)s, false), set_config('tcp_keepalives_interval', %(secs)s, false),"
    " set_config('tcp_keepalives_count', %(count)s, false),"
    " set_config('idle_in_transaction_session_timeout', %(idle)s, false)"
)


def bound(engine: sa.Engine, connect_secs: float, answer_secs: float) -> None:
    """Let the engine's connections be made within `connect_secs`, and get each answer within `answer_secs` (0: no limit)."""

    class Bounded(psycopg.Connection[Any]):
        """Closes itself where an answer does not come: nobody knows what the server did of what was asked."""

        def wait(self, gen: Any, interval: float = _INTERVAL_SECS, timeout: float | None = None) -> Any:
            if timeout is not None or not answer_secs:
                return super().wait(gen, interval, timeout)
            started = time.monotonic()
            try:
                return super().wait(gen, interval, answer_secs)
            except psycopg.OperationalError as error:
                if time.monotonic() - started < answer_secs:
                    raise
                self.pgconn.finish()
                raise psycopg.OperationalError(f"no answer within {answer_secs:g} s") from error

    @event.listens_for(engine, "do_connect")
    def on_connecting(_dialect: Any, _record: Any, given: Any, named: dict[str, Any]) -> Any:
        limits = {
            "connect_timeout": max(2, round(connect_secs)),  # libpq's least
            "keepalives_idle": _KEEPALIVE_SECS,
            "keepalives_interval": _KEEPALIVE_SECS,
            "keepalives_count": _KEEPALIVE_COUNT,
            "tcp_user_timeout": _KEEPALIVE_SECS * (1 + _KEEPALIVE_COUNT) * 1000,
        }
        return Bounded.connect(*given, **(limits | named))

    @event.listens_for(engine, "connect")
    def on_connected(connection: Any, _record: Any) -> None:
        idle_millis = int((answer_secs + _GRACE_SECS) * 1000) if answer_secs else 0
        values = {"secs": str(_KEEPALIVE_SECS), "count": str(_KEEPALIVE_COUNT), "idle": str(idle_millis)}
        with connection.cursor() as cursor:
            cursor.execute(_SESSION, values)
        connection.commit()
