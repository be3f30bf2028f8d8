"""The engine's clock."""

import time


class SystemClock:
    """The machine's clock in UTC microseconds."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1000
