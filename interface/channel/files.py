"""The files that channels name beside themselves: which they are, where they lie, and whether they can be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from interface.certificate import TlsFiles, is_exposed, read_material, validities
from interface.channel.spec import Channel
from interface.channel.spec_source import MllpSource
from interface.channel.spec_tls import ClientTls
from interface.document import read_document
from interface.errors import ConfigurationError
from interface.mapping.node import Mark, place_of
from interface.mapping.problem import Findings

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
    return TlsFiles(root / tls.certificate, root / tls.key, below(root, tls.client_ca)) if tls else None


def client_files(tls: ClientTls | None, root: Path) -> TlsFiles | None:
    """Of a destination; None without TLS."""
    return TlsFiles(below(root, tls.certificate), below(root, tls.key), below(root, tls.ca)) if tls else None


def tls_uses(spec: Channel, root: Path) -> Iterator[TlsUse]:
    """Every end of a channel that speaks TLS."""
    if spec.source.mllp is not None and (files := server_files(spec.source.mllp, root)):
        yield TlsUse(spec.channel, ("source", "mllp", "tls"), files)
    if spec.reply is not None and (files := client_files(spec.reply.tls, root)):
        yield TlsUse(f"{spec.channel}/reply", ("reply", "tls"), files)
    for name, destination in spec.destinations.items():
        for wire, end in (("mllp", destination.mllp), ("fhir", destination.fhir)):
            if end is not None and (files := client_files(end.tls, root)):
                yield TlsUse(f"{spec.channel}/{name}", ("destinations", name, wire, "tls"), files)


def below(root: Path, name: str) -> Path | None:
    """The file of a name below `root`; None for an empty name."""
    return root / name if name else None


def check_files(
    specs: Mapping[str, Channel], texts: Mapping[str, str], root: Path, now: int, warn_days: int
) -> Findings:
    """Look into every file that speaks for a channel, as the engine will. `now` in UTC microseconds."""
    findings = Findings()
    for name, spec in specs.items():
        block = read_document(f"channels/{name}.yaml", texts[f"channels/{name}.yaml"], Findings())
        assert block is not None, "it was read before"
        for use in tls_uses(spec, root):
            mark = place_of(block, use.place)
            try:
                read_material(use.files)
            except ConfigurationError as wrong:
                findings.add(mark, wrong.code, f"{_named(wrong.place, root)}: {wrong.text}", wrong.advice)
            else:
                _warn(use.files, root, mark, now, warn_days, findings)
    return findings


def _warn(files: TlsFiles, root: Path, mark: Mark, now: int, warn_days: int, findings: Findings) -> None:
    for found in validities(files):
        days = found.days_left(now)
        if days >= warn_days:
            continue
        name = _named(str(found.path), root)
        rule, text = (
            ("tls-certificate-expired", f"{name}: its certificate {found.fingerprint} has ended")
            if days < 0
            else ("tls-certificate-expiring", f"{name}: its certificate {found.fingerprint} ends in {days} days")
        )
        findings.warn(mark, rule, text, "put a new one in its place; a running engine takes it at once")
    if files.key is not None and is_exposed(files.key):
        text = f"{_named(str(files.key), root)}: other users may read or write the key"
        findings.warn(mark, "tls-key-exposed", text, "chmod 600 it, and have the certificate made anew if they did")


def _named(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")
