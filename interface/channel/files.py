"""The files that a channel names beside itself: which they are, and where they lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from interface.certificate import TlsFiles
from interface.channel.spec import Channel, MllpDestination, MllpSource

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TlsUse:
    """One end that speaks TLS. `owner` is the channel or channel/destination, `place` where its `tls` stands in the file."""

    owner: str
    place: Place
    files: TlsFiles


def server_files(source: MllpSource, root: Path) -> TlsFiles | None:
    """Of a listener; None without TLS."""
    tls = source.tls
    return TlsFiles(root / tls.certificate, root / tls.key, _below(root, tls.client_ca)) if tls else None


def client_files(destination: MllpDestination, root: Path) -> TlsFiles | None:
    """Of a destination; None without TLS."""
    tls = destination.tls
    return TlsFiles(_below(root, tls.certificate), _below(root, tls.key), _below(root, tls.ca)) if tls else None


def tls_uses(spec: Channel, root: Path) -> Iterator[TlsUse]:
    """Every end of a channel that speaks TLS."""
    if files := server_files(spec.source.mllp, root):
        yield TlsUse(spec.channel, ("source", "mllp", "tls"), files)
    if spec.reply is not None and (files := client_files(spec.reply, root)):
        yield TlsUse(f"{spec.channel}/reply", ("reply", "tls"), files)
    for name, destination in spec.destinations.items():
        if files := client_files(destination.mllp, root):
            yield TlsUse(f"{spec.channel}/{name}", ("destinations", name, "mllp", "tls"), files)


def _below(root: Path, name: str) -> Path | None:
    return root / name if name else None
