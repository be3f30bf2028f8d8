"""Where a channel, or the engine itself, listens and sends; and whether that is an address which belongs to production alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from interface.channel.spec import REPLY, Channel
from interface.mapping.node import Block, Mark, place_of
from interface.mapping.problem import Findings
from interface.settings import SETTINGS_FILE, Settings

Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A host in its usual form, and a port; 0: every port of it."""

    host: str
    port: int = 0

    def covers(self, other: "Address") -> bool:
        """Whether what is said of this one holds for the other."""
        return self.host == other.host and self.port in (0, other.port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def address_of(text: str) -> Address:
    """`host`, `host:port`, an IP address, or `[::1]:port`. ValueError where it is none."""
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not host or (port and not (port.isdecimal() and 0 < int(port) < 65536)) or set(host) & set("/@ "):
        raise ValueError(f"`{text}` is no address; as ehr.example.org, 10.1.2.3:2575 or [fd00::1]:2575")
    return Address(_usual(host), int(port or 0))


def _usual(host: str) -> str:
    """The same text for what is the same host; names are not looked up."""
    name = host.lower().rstrip(".")
    try:
        return str(ip_address(name))
    except ValueError:
        return "127.0.0.1" if name == "localhost" else name


@dataclass(frozen=True, slots=True)
class Use:
    """An address in use: what for, and where that is written."""

    what: str
    address: Address
    mark: Mark


def uses(
    specs: Mapping[str, Channel], blocks: Mapping[str, Block], settings: Settings, own: Block | None
) -> Iterator[Use]:
    """Every address that channels and settings listen on or send to. `own` is the settings' file."""
    for name, spec in specs.items():
        if (listener := spec.source.mllp) is not None:
            yield _use("listens on", listener.host, listener.port, blocks[name], ("source", "mllp", "host"))
        if spec.reply is not None:
            yield _use("sends to", spec.reply.host, spec.reply.port, blocks[name], (REPLY, "host"))
        for each, destination in spec.destinations.items():
            for wire, end, option in (("mllp", destination.mllp, "host"), ("fhir", destination.fhir, "base_url")):
                if end is not None:
                    place = ("destinations", each, wire, option)
                    yield _use("sends to", end.host, end.port, blocks[name], place)
    yield from _of_settings(settings, own or Block(Mark(SETTINGS_FILE)))


def _use(what: str, host: str, port: int, block: Block, place: Place) -> Use:
    return Use(what, Address(_usual(host), port), place_of(block, place))


def _of_settings(settings: Settings, own: Block) -> Iterator[Use]:
    if settings.http_port:
        yield _use("listens on", settings.http_host, settings.http_port, own, ("http_host",))
    if settings.fhir.port:
        yield _use("listens on", settings.fhir.host, settings.fhir.port, own, ("fhir", "host"))
    database = urlsplit(settings.database_url)
    if database.hostname:
        yield _use("keeps its data at", database.hostname, database.port or 5432, own, ("database_url",))
    if settings.alerts.mail is not None:
        yield _use("sends to", settings.alerts.mail.host, settings.alerts.mail.port, own, ("alerts", "mail", "host"))
    for name, webhook in settings.alerts.webhooks.items():
        url = urlsplit(webhook.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        yield _use("sends to", url.hostname or "", port, own, ("alerts", "webhooks", name, "url"))


def refuse(found: Iterable[Use], guarded: Iterable[tuple[Address, Mark]], environment: str, findings: Findings) -> None:
    """Find whatever is production's and used by an engine that is not."""
    kept = list(guarded)
    for use in found:
        for address, mark in kept:
            if address.covers(use.address):
                who = f"environment `{environment}`" if environment else "an engine without an environment"
                text = f"{who} {use.what} {use.address}, which is production's ({mark.file}:{mark.line})"
                advice = "give this environment an address of its own, or choose production with HP24_ENVIRONMENT"
                findings.add(use.mark, "production-address", text, advice)
                break
