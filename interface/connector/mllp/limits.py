"""Every limit of an MLLP source, by name."""

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
