"""Checks across files: what is right in each file alone and wrong in all of them together."""

from collections.abc import Mapping
from ipaddress import ip_address

from interface.channel.option import Cleartext, Receives
from interface.channel.spec import Channel
from interface.mapping.node import Block, place_of
from interface.mapping.problem import Findings, did_you_mean

Channels = Mapping[str, tuple[Channel, Block]]


def lint(channels: Channels, mapping_names: Mapping[str, str], findings: Findings) -> None:
    """All checks. `mapping_names` gives each mapping file's direction; empty for one that cannot be read at all."""
    _listeners(channels, findings)
    _payments(channels, findings)
    for spec, block in channels.values():
        _mapping(spec.mapping, "in", ("mapping",), block, mapping_names, findings)
        for name, destination in spec.destinations.items():
            place = ("destinations", name, "mapping")
            _mapping(destination.mapping, "out", place, block, mapping_names, findings)
        _exposure(spec, block, findings)


def _listeners(channels: Channels, findings: Findings) -> None:
    taken: dict[int, list[tuple[str, str]]] = {}
    for name, (spec, block) in channels.items():
        source = spec.source.mllp
        for other, host in taken.get(source.port, []) if source.port else ():
            if source.host == host or "0.0.0.0" in (source.host, host):
                mark = place_of(block, ("source", "mllp", "port"))
                text = f"channel `{other}` listens on port {source.port}, too"
                findings.add(mark, "port-taken", text, "give each listener a port of its own")
        taken.setdefault(source.port, []).append((name, source.host))


def _mapping(
    name: str,
    direction: str,
    place: tuple[str, ...],
    block: Block,
    mapping_names: Mapping[str, str],
    findings: Findings,
) -> None:
    found = mapping_names.get(name)
    fitting = [known for known, there in mapping_names.items() if there == direction]
    if found is None:
        text = f"there is no mapping `{name}`"
        findings.add(place_of(block, place), "missing-mapping", text, did_you_mean(name, fitting))
    elif found and found != direction:
        text = f"`{name}` has the direction {found}, and one for {direction} is wanted"
        findings.add(place_of(block, place), "wrong-direction", text, did_you_mean(name, fitting))


def _exposure(spec: Channel, block: Block, findings: Findings) -> None:
    source = spec.source.mllp
    if source.cleartext is Cleartext.LOOPBACK and not _is_loopback(source.host):
        findings.add(
            place_of(block, ("source", "mllp", "host")),
            "cleartext-listener",
            "this listener can be reached from beyond this machine, without TLS",
            "put TLS in front of it and listen on 127.0.0.1, or take the risk with `cleartext: accepted`",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _payments(channels: Channels, findings: Findings) -> None:
    takers: dict[str, str] = {}
    for spec, block in channels.values():
        for name, destination in spec.destinations.items():
            if Receives.PAYMENTS not in destination.receives:
                continue
            taker = takers.setdefault(spec.facility, f"{spec.channel}/{name}")
            if taker != f"{spec.channel}/{name}":
                mark = place_of(block, ("destinations", name, "receives"))
                text = f"`{taker}` receives the payments of {spec.facility} already"
                findings.add(mark, "payments-twice", text, "let one destination receive them: `receives: []` here")
