"""What one message becomes, rule by rule: each with its place in the files, what it looked at, and why it gave what it gave."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from interface.errors import InterfaceError, MessageError
from interface.hl7.parser import Message
from interface.ledger.reading import Filtered, Reading
from interface.mapping.filter import Filters
from interface.mapping.kind import Type
from interface.mapping.mapping import Mapping, event_times
from interface.mapping.moment import instant_at
from interface.mapping.node import Block, Listing, Mark, Node, Scalar
from interface.mapping.record import Step, Tape
from interface.mapping.scope import UNSAID, Context
from interface.mapping.steps import Line, lines
from interface.mapping.target import IDENTITY
from interface.mapping.use import USES
from interface.mapping.why import nothing, seen

_NO_FILTERS: Final = Filters()
_NO_RULES: Final = ("mapping", "about", "extends", "direction", "format", "events")
_NOT_RUN: Final = (
    "each",
    "authorities",
    "types",
    "references",
    "unmasked",
)  # they say where rules look, and give no value
# Failures that no rule raises itself: what the message lacks then, and the rules that give it.
_GIVEN_BY: Final = {
    "patient-unidentified": ("identifiers.patient",),
    **dict.fromkeys(
        ("merge-incomplete", "move-incomplete", "renumber-incomplete", "link-incomplete"),
        tuple(f"identities.{name}" for name in IDENTITY),
    ),
    "transaction-kind-unknown": ("transactions.kind",),
    "amount-missing": ("transactions.amount",),
}
_NEEDS_KEY: Final = {"account": "account", "encounter": "visit"}  # a section is read only with its identifier


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule at work. `target` is as `patient.family`, `group` the segment in view where the rule walks them, as GT1[2].

    `value` is UNSAID where it gave nothing, None where it clears; `why` says why. `rule` is its text, at `mark`. `is_failed`: it
    ended the reading.
    """

    target: str
    rule: str
    mark: Mark
    group: str = ""
    value: Any = UNSAID
    why: str = ""
    type: Type | None = None
    is_failed: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a message, the entry of `events` that decided about it, every rule, and where the event's time is from."""

    outcome: Reading | Filtered | InterfaceError
    event: Explained | None
    rules: tuple[Explained, ...]
    event_time: tuple[Line, ...] = ()

    def to_blame(self) -> tuple[Explained, ...]:
        """The rules for which a message could not be read: those that failed, or that gave nothing where something is needed."""
        if not isinstance(self.outcome, InterfaceError):
            return ()
        needed = _GIVEN_BY.get(self.outcome.code, ())
        return tuple(
            one for one in self.rules if one.is_failed or (one.target in needed and one.value is UNSAID and one.lines)
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A mapping compiled to tell what it does: `block` is its file with all that it inherits."""

    mapping: Mapping
    block: Block
    tape: Tape

    def explain(
        self,
        message: Message,
        context: Context,
        arrived_at: int,
        filters: Filters = _NO_FILTERS,
        channel: Block | None = None,
    ) -> Explanation:
        """Read a message as production does and tell how. `filters` are those of `channel`, recorded on the same tape."""
        self.tape.clear()
        outcome: Reading | Filtered | InterfaceError
        try:
            outcome = self.mapping.read(message, context, arrived_at, filters)
        except InterfaceError as failure:
            outcome = failure
        rules = rules_told(self, outcome, _walked_in(message), filter_conditions(channel))
        times = tuple(_event_time(message, context)) if isinstance(outcome, Reading) else ()
        return Explanation(outcome, event_told(self.block, message.header.kind), rules, times)


class Told(Protocol):
    """A mapping compiled to tell what it does."""

    @property
    def block(self) -> Block: ...
    @property
    def tape(self) -> Tape: ...


Walked = Callable[[str], str]  # why there is nothing of what `each` names; empty where there is


def rules_told(
    recorded: Told,
    outcome: Reading | Filtered | InterfaceError,
    walked: Walked,
    others: Iterable[tuple[str, Scalar]] = (),
) -> tuple[Explained, ...]:
    """Every rule of the file, in its order, as it did after a run; `others` are rules that stand elsewhere."""
    found = dict(_rules(recorded.block))
    labels = {node.mark: target for target, node in (*found.items(), *others)}
    done = [_explained(step, labels) for step in recorded.tape.rules]
    asked = {one.mark for one in done}
    left = [
        _left_out(target, node, recorded, walked, outcome) for target, node in found.items() if node.mark not in asked
    ]
    order = {target: place for place, target in enumerate(found)}
    return tuple(sorted((*done, *left), key=lambda one: (order.get(one.target, -1), one.group)))


def _walked_in(message: Message) -> Walked:
    def why(each: str) -> str:
        first = each.replace(">", ",").partition(",")[0].strip()
        return f"the message has no {first}" if first and not message.segments(first) else ""

    return why


def _explained(step: Step, labels: dict[Mark, str]) -> Explained:
    assert isinstance(step.part, Scalar), "rules are texts"
    target = labels.get(step.part.mark, "")
    is_condition = target.endswith(".when")
    value = step.value if not is_condition else bool(step.value)
    why = ""
    if is_condition and step.failure is None:
        why = "" if step.value else seen(step)
    elif value is UNSAID or value is None or step.failure is not None:
        why = nothing(step)
    return Explained(
        target=target,
        rule=step.part.text,
        mark=step.part.mark,
        group=step.place,
        value=value,
        why=why,
        type=step.type,
        is_failed=step.failure is not None,
        lines=tuple(lines(step)),
    )


def _rules(block: Block) -> Iterator[tuple[str, Scalar]]:
    """Every rule of a mapping by its target, in the order of the file."""
    for section, entry in block.entries.items():
        if section not in _NO_RULES:
            yield from _below(section, entry.node)


def _below(target: str, node: Node) -> Iterator[tuple[str, Scalar]]:
    if isinstance(node, Scalar) and target.rpartition(".")[2] not in _NOT_RUN:
        yield target, node
    elif isinstance(node, Block):
        for key, entry in node.entries.items():
            yield from _below(f"{target}.{key}", entry.node)


def filter_conditions(channel: Block | None) -> Iterator[tuple[str, Scalar]]:
    """The condition of each filter of a channel's file, by its place."""
    listing = channel.node("filters") if channel is not None else None
    for number, one in enumerate(listing.items if isinstance(listing, Listing) else (), start=1):
        when = one.node("when") if isinstance(one, Block) else None
        if isinstance(when, Scalar):
            yield f"filters[{number}].when", when


def event_told(block: Block, kind: str) -> Explained | None:
    """The entry of `events` for a type and trigger event."""
    events = block.node("events")
    entry = events.entries.get(kind) if isinstance(events, Block) else None
    if entry is None:
        return None
    node = entry.node
    text = node.text if isinstance(node, Scalar) else node.text("ignore") if isinstance(node, Block) else ""
    return Explained(f"events.{kind}", text, entry.mark, value=text)


def _event_time(message: Message, context: Context) -> Iterator[Line]:
    """Each field that was asked for the time of the event."""
    evn = message.find("EVN")
    header = message.all_segments()[0].fields()
    sent = header[7] if len(header) > 7 else ""
    is_found = False
    for place, text in event_times(evn.fields() if evn else (), sent, message.delimiters.component):
        if is_found:
            yield Line(0, place, text, note="not needed")
            continue
        try:
            at = instant_at(text, context.timezone)
        except MessageError as broken:
            yield Line(0, place, text, note=broken.text)
            continue
        is_found = at is not None
        yield Line(0, place, text, UNSAID if at is None else at, "" if is_found else "zeros", Type.INSTANT)
    if not is_found:
        yield Line(0, "arrival", note="no field says when it happened")


def _left_out(
    target: str, node: Scalar, recorded: Told, walked: Walked, outcome: Reading | Filtered | InterfaceError
) -> Explained:
    return Explained(target, node.text, node.mark, why=_unasked(target, recorded, walked, outcome))


def _unasked(target: str, recorded: Told, walked: Walked, outcome: Reading | Filtered | InterfaceError) -> str:
    """Why a rule did not run at all."""
    if isinstance(outcome, Filtered):
        return "the message is filtered before"
    section = target.rpartition(".")[0]
    parts = section.split(".")
    if isinstance(outcome, Reading) and parts[0] == "identities" and not USES[outcome.meaning].identities:
        return _of_no_use(outcome)
    for depth in range(len(parts), 0, -1):
        if why := _closed(".".join(parts[:depth]), recorded, walked):
            return why
    if isinstance(outcome, InterfaceError):
        return "not reached: the message stops before"
    key = _NEEDS_KEY.get(parts[0], "")
    if key and getattr(outcome, parts[0]) is None and _ran(recorded, f"identifiers.{key}"):
        return f"identifiers.{key} gives nothing, and without it there is no {parts[0]}"
    return _of_no_use(outcome)


def _of_no_use(reading: Reading) -> str:
    return f"an event that means `{reading.meaning}` has no use for it"


def _closed(section: str, recorded: Told, walked: Walked) -> str:
    """Why the rules of a section did not run: its condition, or no segment to walk; empty when neither is so."""
    block: Node | None = recorded.block
    for key in section.split("."):
        block = block.node(key) if isinstance(block, Block) else None
    if not isinstance(block, Block):
        return ""
    when = block.node("when")
    held = [step for step in recorded.tape.rules if when is not None and step.part is when]
    if held and not any(step.value for step in held):
        return f"{section}.when does not hold: {seen(held[-1])}"
    return walked(block.text("each"))


def _ran(recorded: Told, target: str) -> bool:
    node = dict(_rules(recorded.block)).get(target)
    return node is not None and any(step.part is node for step in recorded.tape.rules)
