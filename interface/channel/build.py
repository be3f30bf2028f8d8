"""One declared channel to one that runs: its context, filters and outlets."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from interface.channel.feed import Feed, Outlet
from interface.channel.spec import Channel, Destination
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.filter import FilterRule, Filters
from interface.mapping.function import FUNCTIONS
from interface.mapping.kind import Type
from interface.mapping.mapping import Mapping
from interface.mapping.money import MoneyConventions
from interface.mapping.node import Block, Listing, Node
from interface.mapping.outgoing import Outgoing
from interface.mapping.posting import Envelope, PostingConventions
from interface.mapping.problem import Findings
from interface.mapping.reader import Holds
from interface.mapping.rules import SegmentUse
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable
from interface.mapping.target import NAMES


@dataclass(frozen=True, slots=True)
class Conditions:
    """The condition of each filter, None where it has none, and the segments that they look at."""

    holds: tuple[Holds | None, ...]
    uses: tuple[SegmentUse, ...]


def feed_of(
    spec: Channel, conditions: Conditions, mappings: Table[str, Mapping], outgoing: Table[str, Outgoing]
) -> Feed | None:
    """The channel, compiled; None where a mapping of it is missing, which is somebody else's finding."""
    mapping = mappings.get(spec.mapping)
    if mapping is None or any(one.mapping not in outgoing for one in spec.destinations.values()):
        return None
    outlets = {name: _outlet(spec, one, outgoing[one.mapping]) for name, one in spec.destinations.items()}
    return Feed(spec, _context(spec), mapping, _filters(spec, conditions), outlets)


def _context(spec: Channel) -> Context:
    money = spec.money
    return Context(
        timezone=ZoneInfo(spec.timezone),
        facility=spec.facility,
        currency=spec.currency,
        production=spec.production,
        event_time_tolerance_secs=spec.event_time_tolerance_secs,
        money=MoneyConventions(money.amount_format, money.sign_of_payment, money.reversal_style),
        null_is_empty=spec.null_is_empty,
    )


def _outlet(spec: Channel, destination: Destination, outgoing: Outgoing) -> Outlet:
    money = spec.money
    conventions = PostingConventions(
        sign_of_payment=money.sign_of_payment,
        reversal_style=money.reversal_style,
        types_by_kind=money.types_by_kind,
        codes_by_tender=money.codes_by_tender,
        codes_by_kind=money.codes_by_kind,
    )
    envelope = Envelope(
        sending_application=destination.sending_application,
        sending_facility=destination.sending_facility,
        receiving_application=destination.receiving_application,
        receiving_facility=destination.receiving_facility or spec.facility,
        timezone=ZoneInfo(spec.timezone),
        processing_id="P" if spec.production else "T",
        charset=destination.charset,
    )
    return Outlet(destination, outgoing, conventions, envelope)


def conditions_of(
    block: Block,
    tables: Table[str, CodeTable],
    findings: Findings,
    compiler: Callable[..., ExpressionCompiler] = ExpressionCompiler,
) -> Conditions:
    """What the filters of a channel's file ask for, compiled; also of a file whose other options are wrong."""
    expressions = compiler(dict.fromkeys(NAMES, Type.TEXT), FUNCTIONS, tables, findings)
    listing = block.node("filters")
    nodes: tuple[Node, ...] = listing.items if isinstance(listing, Listing) else ()
    whens = [node.node("when") if isinstance(node, Block) else None for node in nodes]
    holds = tuple(expressions.condition(when) if when is not None else None for when in whens)
    return Conditions(holds, tuple(expressions.uses))


def _filters(spec: Channel, conditions: Conditions) -> Filters:
    rules = [
        FilterRule(declared.reason, frozenset(declared.events), holds)
        for declared, holds in zip(spec.filters, conditions.holds, strict=True)
    ]
    return Filters(tuple(rules), conditions.uses)
