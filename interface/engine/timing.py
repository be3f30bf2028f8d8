"""The engine's clock, and the named waits and sizes of its parts."""

import time
from dataclasses import dataclass


class SystemClock:
    """The machine's clock in UTC microseconds."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits in seconds and sizes in messages; each has a name in config/engine.yaml."""

    receive_batch_messages: int = 256
    process_batch_messages: int = 64
    max_frames_in_flight: int = 2048
    max_bytes_in_flight: int = 64 * 1024 * 1024
    poll_secs: float = 0.5
    storage_retry_secs: float = 1.0
    drain_secs: float = 15.0
    config_check_secs: float = 1.0
    standby_secs: float = 1.0
    heartbeat_secs: float = 2.0
