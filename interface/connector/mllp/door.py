"""Who is let in at a listener: by network, by the number of connections, and by the number of one peer's. No sockets."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_TOLD_AGAIN_SECS = 60.0  # one log line for each peer and cause: whoever knocks all day fills no disk
_MAX_REMEMBERED = 1024


class Refusal(StrEnum):
    """Why a connection is not taken."""

    NOT_ALLOWED = "not-allowed"
    TOO_MANY = "too-many"
    TOO_MANY_OF_PEER = "too-many-of-peer"


class Door:
    """Counts who is inside. Asked before anything is read."""

    def __init__(
        self, allowed: Sequence[IPv4Network | IPv6Network], *, max_connections: int, max_connections_per_peer: int
    ) -> None:
        """`allowed`: networks of peers that may connect; none means all."""
        self._allowed = tuple(allowed)
        self._max = max_connections
        self._max_per_peer = max_connections_per_peer
        self._inside: Counter[str] = Counter()
        self._told_at: dict[tuple[str, Refusal], float] = {}

    def refusal(self, host: str) -> Refusal | None:
        """Why a peer at this address is not let in; None where it is."""
        if self._allowed and not self._is_allowed(host):
            return Refusal.NOT_ALLOWED
        if self._inside.total() >= self._max:
            return Refusal.TOO_MANY
        if self._inside[host] >= self._max_per_peer:
            return Refusal.TOO_MANY_OF_PEER
        return None

    def enter(self, host: str) -> None:
        """Count a connection in."""
        self._inside[host] += 1

    def leave(self, host: str) -> None:
        """Count one out."""
        self._inside[host] -= 1
        if not self._inside[host]:
            del self._inside[host]

    def is_news(self, host: str, why: Refusal, now: float) -> bool:
        """Whether a refusal is to be told of in words, or was lately. `now` in seconds."""
        told_at = self._told_at.pop((host, why), None)
        is_news = told_at is None or now - told_at >= _TOLD_AGAIN_SECS
        self._told_at[host, why] = now if is_news or told_at is None else told_at
        if len(self._told_at) > _MAX_REMEMBERED:
            del self._told_at[next(iter(self._told_at))]
        return is_news

    def _is_allowed(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._allowed)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The peer's address; one that came over an IPv6 listener as ::ffff:10.0.0.7 is 10.0.0.7 (RFC 4291 section 2.5.5.2)."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
