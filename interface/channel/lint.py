"""Checks across files: what is right in each file alone and wrong in all of them together.

They read the files' nodes, not finished channels: an option that is wrong by itself hides nothing of what else is wrong.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address

from interface.channel.feed import Feed
from interface.channel.incoming import takes_fhir
from interface.channel.lint_source import refuse_foreign
from interface.channel.option import Cleartext, Receives
from interface.channel.spec_destination import Destination
from interface.channel.spec_source import MllpSource
from interface.mapping.fhir_compiler import FORMATS
from interface.mapping.node import Block, Listing, Scalar, place_of
from interface.mapping.problem import Findings, did_you_mean

Channels = Mapping[str, Block]
_HL7, _FHIR = "in", f"in, of {FORMATS[1]}"  # of mappings
_DOES = {_HL7: "reads HL7 v2", _FHIR: "reads FHIR", "out": "writes messages"}


def lint(channels: Channels, mapping_names: Mapping[str, str], findings: Findings) -> None:
    """All checks. `mapping_names` gives each mapping file's direction; empty for one that cannot be read at all."""
    _listeners({name: block for name, block in channels.items() if not takes_fhir(block)}, findings)
    _payments(channels, findings)
    for block in channels.values():
        _mapping(_FHIR if takes_fhir(block) else _HL7, ("mapping",), block, mapping_names, findings)
        for name in _destinations(block):
            _mapping("out", ("destinations", name, "mapping"), block, mapping_names, findings)
        refuse_foreign(block, findings)
        if not takes_fhir(block):
            _exposure(block, findings)


def warn_of_masked_numbers(feed: Feed, findings: Findings) -> None:
    """Tell of fields whose numbers the card screen may mask, for nothing says that they are numbers of something else."""
    for place, mark in feed.mapping.undeclared.items():
        findings.warn(
            mark,
            "number-masked",
            f"a number in {place} that looks like a card's is masked before the mapping reads it",
            f"if {place} never holds card numbers, add it to `identifiers: unmasked:`",
        )


def refuse_unneeded(feed: Feed, findings: Findings) -> None:
    """See that the mapping reads no segment that the channel does not let into the ledger."""
    for segment, mark in feed.mapping.first_read.items():
        if segment not in feed.spec.segments:
            findings.add(
                mark,
                "segment-not-allowed",
                f"the channel `{feed.spec.channel}` lets nothing of {segment} into the ledger",
                f"{_instead(segment, feed.spec.segments)}leave the rule out; or, if taking payments really needs it, "
                f"list `segments:` with {segment} in the channel",
            )


def _instead(segment: str, allowed: Collection[str]) -> str:
    """Advice where a segment of the site's own that is let in has nearly this name: the standard knows none to compare with."""
    near = get_close_matches(segment, [one for one in allowed if one.startswith("Z")], n=1, cutoff=0.6)
    return f"did you mean {near[0]}? Otherwise " if near else ""


def _text(block: Block, place: tuple[str, ...], default: object = "") -> str:
    """The text of a value, else of the option's default; empty where neither is a text."""
    node: object = block
    for key in place:
        node = node.node(key) if isinstance(node, Block) else None
    return node.text if isinstance(node, Scalar) else str(default)


def _listener(block: Block) -> tuple[str, str, str]:
    """Host, port and what was said of cleartext."""
    own, known = ("source", "mllp"), MllpSource.model_fields
    host, cleartext = (_text(block, (*own, key), known[key].default) for key in ("host", "cleartext"))
    return host, _text(block, (*own, "port")), cleartext


def _speaks_tls(block: Block) -> bool:
    node: object = block
    for key in ("source", "mllp", "tls"):
        node = node.node(key) if isinstance(node, Block) else None
    return isinstance(node, Block)


def _listeners(channels: Channels, findings: Findings) -> None:
    taken: dict[int, list[tuple[str, str]]] = {}
    for name, block in channels.items():
        host, text, _cleartext = _listener(block)
        port = int(text) if text.isdecimal() else 0  # 0: whichever is free; what is no port is told by itself
        for other, others_host in taken.get(port, []) if port else ():
            if others_host == host or "0.0.0.0" in (others_host, host):
                mark = place_of(block, ("source", "mllp", "port"))
                told = f"channel `{other}` listens on port {port}, too"
                findings.add(mark, "port-taken", told, "give each listener a port of its own")
        taken.setdefault(port, []).append((name, host))


def _mapping(
    wanted: str, place: tuple[str, ...], block: Block, mapping_names: Mapping[str, str], findings: Findings
) -> None:
    name = _text(block, place)
    if not name:
        return  # told by itself
    found = mapping_names.get(name)
    fitting = [known for known, there in mapping_names.items() if there == wanted]
    if found is None:
        text = f"there is no mapping `{name}`"
        findings.add(place_of(block, place), "missing-mapping", text, did_you_mean(name, fitting))
    elif found and found != wanted:
        does = _DOES.get(found, f"has the direction {found}")
        text = f"`{name}` {does}, and one that {_DOES[wanted]} is wanted here"
        findings.add(place_of(block, place), "wrong-direction", text, did_you_mean(name, fitting))


def _exposure(block: Block, findings: Findings) -> None:
    host, _port, cleartext = _listener(block)
    if not _speaks_tls(block) and cleartext == Cleartext.LOOPBACK and host and not _is_loopback(host):
        findings.add(
            place_of(block, ("source", "mllp", "host")),
            "cleartext-listener",
            "this listener can be reached from beyond this machine, without TLS",
            "give it `tls: {certificate: ..., key: ...}`, or take the risk with `cleartext: accepted`",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _destinations(block: Block) -> list[str]:
    section = block.node("destinations")
    return list(section.entries) if isinstance(section, Block) else []


def _received(block: Block, name: str) -> Iterator[str]:
    section = block.node("destinations")
    own = section.node(name) if isinstance(section, Block) else None
    listed = own.node("receives") if isinstance(own, Block) else None
    if isinstance(listed, Listing):
        yield from (item.text for item in listed.items if isinstance(item, Scalar))
    elif listed is None:
        yield from Destination.model_fields["receives"].default


def _payments(channels: Channels, findings: Findings) -> None:
    takers: dict[str, str] = {}
    for channel, block in channels.items():
        facility = _text(block, ("facility",))
        for name in _destinations(block) if facility else ():
            if Receives.PAYMENTS not in _received(block, name):
                continue
            taker = takers.setdefault(facility, f"{channel}/{name}")
            if taker != f"{channel}/{name}":
                mark = place_of(block, ("destinations", name, "receives"))
                text = f"`{taker}` receives the payments of {facility} already"
                findings.add(mark, "payments-twice", text, "let one destination receive them: `receives: []` here")
