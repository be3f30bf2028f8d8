"""Every limit of an MLLP source, by name, and the bound that all sources share."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from interface.certificate import TlsFiles


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where one channel listens, and how much it takes from its senders at once."""

    channel: str
    port: int  # 0: any free one
    host: str = "127.0.0.1"
    max_frame_bytes: int = 16 * 1024 * 1024  # an embedded PDF of some 12 MB in base64
    max_connections: int = 64
    max_connections_per_peer: int = 32
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()  # peers that may connect; none: all
    max_messages_per_sec: float = 0.0  # of all connections together; 0: no bound
    burst_messages: int = 100
    max_in_flight: int = 64  # frames of one connection that wait for their answer
    idle_timeout_secs: float = 3600.0  # a connection that says nothing and waits for nothing is closed
    frame_timeout_secs: float = 60.0  # to send one frame to its end, and to take the answers that were written
    handshake_timeout_secs: float = 10.0  # to agree on TLS, counted from the connection
    accepts_cleartext: bool = False  # beyond this machine without TLS, knowingly
    tls: TlsFiles | None = None


class InFlight:
    """What all sources of a process hold between wire and durable store, in frames and in bytes.

    Full means: read no more; never: drop. Connections look after each read, so that the bound is passed by at most what
    one read of each connection holds. They read again once half of it is free, not to stop and start for each frame.
    """

    def __init__(self, max_frames: int = 2048, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames = 0
        self._bytes = 0
        self._waiting: dict[Callable[[], None], None] = {}  # a set that keeps its order

    @property
    def is_full(self) -> bool:
        """Whether connections must stop reading."""
        return self._frames >= self._max_frames or self._bytes >= self._max_bytes

    def take(self, size_bytes: int) -> None:
        """Count a frame in."""
        self._frames += 1
        self._bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Count a frame out; where there is room again, call everyone who waits for it."""
        self._frames -= 1
        self._bytes -= size_bytes
        if self._waiting and self._frames <= self._max_frames // 2 and self._bytes <= self._max_bytes // 2:
            waiting, self._waiting = self._waiting, {}
            for resume in waiting:
                resume()

    def when_free(self, resume: Callable[[], None]) -> None:
        """Call `resume` once when there is room again."""
        self._waiting[resume] = None

    def forget(self, resume: Callable[[], None]) -> None:
        """Do not call `resume` any more; its connection is gone."""
        self._waiting.pop(resume, None)
