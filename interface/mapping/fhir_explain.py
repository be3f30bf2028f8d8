"""What one FHIR request becomes, rule by rule, told by the same closures that read it."""

from dataclasses import dataclass
from typing import Final

from interface.errors import InterfaceError
from interface.fhir.path import PathError, compile_path
from interface.fhir.request import Request
from interface.ledger.reading import Filtered, Reading
from interface.mapping.explain import Explained, Explanation, Walked, event_told, filter_conditions, rules_told
from interface.mapping.fhir_grammar import parse_path
from interface.mapping.fhir_mapping import FhirMapping, is_rule
from interface.mapping.filter import Filters
from interface.mapping.grammar import SyntaxFault
from interface.mapping.node import Block, Scalar
from interface.mapping.record import Tape
from interface.mapping.scope import Context

_EVENTS: Final = "events"
_NO_FILTERS: Final = Filters()


@dataclass(frozen=True, slots=True)
class FhirRecorded:
    """A mapping of `format: fhir` compiled to tell what it does: `block` is its file with all that it inherits."""

    mapping: FhirMapping
    block: Block
    tape: Tape

    def explain(
        self,
        request: Request,
        context: Context,
        arrived_at: int,
        filters: Filters = _NO_FILTERS,
        channel: Block | None = None,
    ) -> Explanation:
        """Read a request as production does and tell how. `filters` are those of `channel`, recorded on the same tape."""
        self.tape.clear()
        outcome: Reading | Filtered | InterfaceError
        try:
            outcome = self.mapping.read(request, context, arrived_at, filters)
        except InterfaceError as failure:
            outcome = failure
        kind, _ = self.mapping.event(request)
        rules = rules_told(self, outcome, _walked_in(request), [*filter_conditions(channel), *_meanings(self.block)])
        return Explanation(outcome, _event(self.block, kind), rules)


def _meanings(block: Block) -> list[tuple[str, Scalar]]:
    """The rules that give events their meaning."""
    section = block.node(_EVENTS)
    entries = section.entries.items() if isinstance(section, Block) else ()
    found = [(kind, one.node) for kind, one in entries if is_rule(one.node)]
    return [(f"{_EVENTS}.{kind}", node) for kind, node in found if isinstance(node, Scalar)]


def _event(block: Block, kind: str) -> Explained | None:
    """The entry of `events`; None where it is a rule, which is told among them."""
    is_rule = any(name == f"{_EVENTS}.{kind}" for name, _ in _meanings(block))
    return None if is_rule else event_told(block, kind)


def _walked_in(request: Request) -> Walked:
    resource = request.resource or {"resourceType": request.type}

    def why(each: str) -> str:
        paths = [part.strip() for part in each.split(",") if part.strip()]
        return f"the resource has no {each}" if paths and not any(_finds(path, resource) for path in paths) else ""

    return why


def _finds(path: str, resource: object) -> bool:
    try:
        return bool(compile_path(parse_path(path), frozenset()).walk([resource], resource))
    except (SyntaxFault, PathError):  # of a file with an error, which is told where it stands
        return False
