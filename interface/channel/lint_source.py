"""What a channel says that means nothing to the way in which its messages come: told at its line, and never silently left out."""

from collections.abc import Iterator, Mapping
from typing import Final

from interface.channel.incoming import takes_fhir
from interface.fhir.structure import resources
from interface.mapping.node import Block, Listing, Node, Scalar, place_of
from interface.mapping.problem import Findings, did_you_mean
from interface.settings import SETTINGS_FILE, Settings

_HEADER: Final = "the header of HL7 v2 (MSH)"
OF_HL7: Final[Mapping[tuple[str, ...], str]] = {
    ("charset",): "FHIR is written in UTF-8",
    ("expects",): f"it looks at {_HEADER}; who may write is whoever has a token of this channel",
    ("control_id",): f"it looks at {_HEADER}",
    ("sender_clock",): f"it looks at {_HEADER}",
    ("null_is_empty",): 'FHIR has no `""`',
    ("ack", "mode"): "a request is answered once it was processed; `answer_within_secs` says how long that may take",
    ("ack", "when"): "every request is answered",
    ("ack", "when_unstorable"): "a request that cannot be stored is answered 503",
    ("batch",): "it is about batches of HL7 v2; of a Bundle, `source: fhir: max_entries` bounds the entries",
    ("reply",): f"it looks at {_HEADER}",
    ("segments",): "FHIR has none; of resources only what the ledger needs is read",
}
"""Options of a channel that takes HL7 v2 alone, and why they say nothing where it takes FHIR."""


def refuse_foreign(block: Block, findings: Findings) -> None:
    """Find options and filters that are those of the other kind of source."""
    is_fhir = takes_fhir(block)
    for place, why in OF_HL7.items() if is_fhir else ():
        if _at(block, place) is not None:
            text = f"`{'.'.join(place)}` says nothing in a channel that takes FHIR: {why}"
            findings.add(place_of(block, place), "option-of-hl7", text, "remove it")
    for event in _events(block):
        _event(event, findings, is_fhir=is_fhir)


def warn_unserved(channels: Mapping[str, Block], settings: Settings, findings: Findings) -> None:
    """Tell of channels that nobody can write to, for the FHIR server is off."""
    for block in channels.values():
        if takes_fhir(block) and not settings.fhir.port:
            text = "nothing comes in here: the engine's FHIR server is off"
            findings.warn(
                place_of(block, ("source", "fhir")), "fhir-off", text, f"give `fhir: port` in {SETTINGS_FILE}"
            )


def _at(block: Block, place: tuple[str, ...]) -> Node | None:
    node: Node | None = block
    for key in place:
        node = node.node(key) if isinstance(node, Block) else None
    return node


def _events(block: Block) -> Iterator[Scalar]:
    filters = block.node("filters")
    for one in filters.items if isinstance(filters, Listing) else ():
        events = one.node("events") if isinstance(one, Block) else None
        yield from (each for each in events.items if isinstance(each, Scalar)) if isinstance(events, Listing) else ()


def _event(event: Scalar, findings: Findings, *, is_fhir: bool) -> None:
    type_ = event.text.partition(" ")[0]
    if not is_fhir and "^" not in event.text:
        text = f"`{event.text}` is no trigger event of HL7 v2, which this channel takes"
        findings.add(event.mark, "malformed-event", text, "write it as ADT^A08")
    elif is_fhir and type_ not in resources():
        advice = did_you_mean(type_, resources()) or "write Patient, or Patient create"
        findings.add(event.mark, "malformed-event", f"`{type_}` is no resource that is read", advice)
