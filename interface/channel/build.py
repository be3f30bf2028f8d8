"""One declared channel to one that runs: what reads its messages, and its outlets."""

from collections.abc import Mapping as Table
from zoneinfo import ZoneInfo

from interface.channel.feed import Feed, Outlet
from interface.channel.incoming import Conditions, context_of, conventions_of, filters_of
from interface.channel.spec import Channel, Destination
from interface.mapping.mapping import Mapping
from interface.mapping.outgoing import Outgoing
from interface.mapping.posting import Envelope, PostingConventions


def feed_of(
    spec: Channel, conditions: Conditions, mappings: Table[str, Mapping], outgoing: Table[str, Outgoing]
) -> Feed | None:
    """The channel, compiled; None where a mapping of it is missing, which is somebody else's finding."""
    mapping = mappings.get(spec.mapping)
    if mapping is None or any(one.mapping not in outgoing for one in spec.destinations.values()):
        return None
    agreed = conventions_of(spec)
    outlets = {name: _outlet(spec, one, outgoing[one.mapping], agreed) for name, one in spec.destinations.items()}
    return Feed(spec, context_of(spec), mapping, filters_of(spec, conditions), outlets)


def _outlet(spec: Channel, destination: Destination, outgoing: Outgoing, agreed: PostingConventions) -> Outlet:
    envelope = Envelope(
        sending_application=destination.sending_application,
        sending_facility=destination.sending_facility,
        receiving_application=destination.receiving_application,
        receiving_facility=destination.receiving_facility or spec.facility,
        department=destination.department,
        timezone=ZoneInfo(spec.timezone),
        processing_id="P" if spec.production else "T",
        charset=destination.charset,
    )
    return Outlet(destination, outgoing, agreed, envelope)
