"""What a declared channel says about messages that come in: their format, their context, and which are let pass by."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from interface.channel.spec import Channel
from interface.mapping.compile import FHIR, ExpressionCompiler
from interface.mapping.fhir_compiler import INTERACTIONS
from interface.mapping.fhir_function import FHIR_FUNCTIONS
from interface.mapping.filter import FilterRule, Filters
from interface.mapping.function import FUNCTIONS
from interface.mapping.kind import Type
from interface.mapping.money import MoneyConventions
from interface.mapping.node import Block, Listing, Node
from interface.mapping.posting import PostingConventions
from interface.mapping.problem import Findings
from interface.mapping.reader import Holds
from interface.mapping.rules import SegmentUse
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable
from interface.mapping.target import FHIR_NAMES, NAMES


@dataclass(frozen=True, slots=True)
class Conditions:
    """The condition of each filter, None where it has none, and the segments that they look at."""

    holds: tuple[Holds | None, ...]
    uses: tuple[SegmentUse, ...]


def takes_fhir(block: Block) -> bool:
    """Whether the channel of this file is written to over FHIR, and reads no HL7 v2."""
    source = block.node("source")
    return isinstance(source, Block) and "fhir" in source.entries and "mllp" not in source.entries


def context_of(spec: Channel) -> Context:
    """What rules must know of the channel."""
    agreed = conventions_of(spec)
    return Context(
        timezone=ZoneInfo(spec.timezone),
        facility=spec.facility,
        currency=spec.currency,
        production=spec.production,
        event_time_tolerance_secs=spec.event_time_tolerance_secs,
        money=MoneyConventions(spec.money.amount_format, agreed.sign_of_payment, agreed.reversal_style, agreed.words()),
        null_is_empty=spec.null_is_empty,
    )


def conventions_of(spec: Channel) -> PostingConventions:
    """What was agreed about money, as it is sent."""
    money = spec.money
    return PostingConventions(
        sign_of_payment=money.sign_of_payment,
        reversal_style=money.reversal_style,
        types_by_kind=money.types_by_kind,
        codes_by_tender=money.codes_by_tender,
        codes_by_kind=money.codes_by_kind,
    )


def conditions_of(
    block: Block,
    tables: Table[str, CodeTable],
    findings: Findings,
    expressions: Callable[..., ExpressionCompiler] = ExpressionCompiler,
) -> Conditions:
    """What the filters of a channel's file ask for, compiled; also of a file whose other options are wrong."""
    if takes_fhir(block):
        names = {name: type_ for name, (type_, _) in FHIR_NAMES.items()}
        compiler = expressions(names, FHIR_FUNCTIONS, tables, findings)
        compiler.language = FHIR
    else:
        compiler = expressions(dict.fromkeys(NAMES, Type.TEXT), FUNCTIONS, tables, findings)
    listing = block.node("filters")
    nodes: tuple[Node, ...] = listing.items if isinstance(listing, Listing) else ()
    whens = [node.node("when") if isinstance(node, Block) else None for node in nodes]
    holds = tuple(compiler.condition(when) if when is not None else None for when in whens)
    return Conditions(holds, tuple(compiler.uses))


def filters_of(spec: Channel, conditions: Conditions) -> Filters:
    """The filters, each with its condition."""
    rules = [
        FilterRule(declared.reason, frozenset(_each_interaction(declared.events)), holds)
        for declared, holds in zip(spec.filters, conditions.holds, strict=True)
    ]
    return Filters(tuple(rules), conditions.uses)


def _each_interaction(events: Iterable[str]) -> Iterator[str]:
    """A type of resources stands for whatever is done to them: `Patient` for `Patient create` and the others."""
    for event in events:
        is_type = "^" not in event and " " not in event
        yield from (f"{event} {one}" for one in INTERACTIONS) if is_type else (event,)
