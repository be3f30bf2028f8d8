"""A compiled mapping that reads FHIR: one request that writes, into the same words of the ledger as a message of HL7 v2."""

import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from interface.fhir.request import Request
from interface.hl7.delimiters import STANDARD
from interface.hl7.problem import ErrorCode
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Demand, Filtered, Meaning, Reading, Said, Target
from interface.mapping.assemble import assemble, whose
from interface.mapping.fhir_identifier import OF_SENDER, RESOURCES, reader_of, row_of, token_of
from interface.mapping.filter import Filters
from interface.mapping.identifier import Naming
from interface.mapping.node import Node, Scalar
from interface.mapping.reader import Read
from interface.mapping.rules import Rules
from interface.mapping.scope import UNSAID, Context, Scope, UnfitMessageError
from interface.mapping.scope import Said as Told

_SECOND: Final = 1_000_000
_WORD: Final = re.compile(r"[a-z-]+")
_TEST: Final = "HTEST"  # v3-ActReason: no real patient's
_NO_FILTERS: Final = Filters()
_NOBODY: Final[dict[str, Any]] = {}
# Where a resource says whose it is, what money is, and how much, for messages to people.
_PATIENTS_AT: Final = {"Patient": "identifier", "RelatedPerson": "patient", "Coverage": "beneficiary"}
_KINDS_AT: Final = {"ChargeItem": "status"}
_AMOUNTS_AT: Final = {"ChargeItem": "priceOverride"}


def is_rule(node: Node) -> bool:
    """Whether an entry of `events` is a rule that gives the meaning, rather than the meaning itself."""
    return isinstance(node, Scalar) and bool(node.text) and not _WORD.fullmatch(node.text)


@dataclass(frozen=True, slots=True)
class FhirEvent:
    """What becomes of a type of resource: a meaning, the rule that gives one, or the reason why it is of no concern."""

    meaning: Meaning | None
    reason: str = ""
    rule: Read | None = None


@dataclass(frozen=True, slots=True)
class FhirMapping:
    """A mapping of `format: fhir`. `events` is keyed by type, or type and interaction (`Patient create`), which comes first."""

    name: str
    events: Table[str, FhirEvent]
    rules: Rules
    event_time: Read | None = None

    def event(self, request: Request) -> tuple[str, FhirEvent | None]:
        """The entry for a request, and its key. Deletes are only what is listed as such."""
        kind = f"{request.type} {request.interaction}"
        if kind in self.events or request.method == "DELETE":
            return kind, self.events.get(kind)
        return request.type, self.events.get(request.type)

    def read(
        self, request: Request, context: Context, arrived_at: int, filters: Filters = _NO_FILTERS
    ) -> Reading | Filtered:
        """Map one request that arrived at `arrived_at` (UTC microseconds), unless a filter lets it pass by.

        Raises MessageError or MappingError, whose places are FHIRPath.
        """
        _, event = self.event(request)
        if event is None:
            return Filtered(f"the mapping does not list {request.type} {request.interaction}: event not mapped")
        if event.reason:
            return Filtered(event.reason)
        _refuse_test(request, context)
        scope, names = _scope(request, context, self.rules, arrived_at)
        if reason := filters.reason(f"{request.type} {request.interaction}", scope):
            return Filtered(reason)
        meaning = event.meaning if event.rule is None else _meaning(event.rule(scope))
        if meaning is None:
            return Filtered(
                f"{request.type} of this kind does not change the bill: `events` of the mapping gives no meaning"
            )
        names["meaning"] = meaning.value
        scope.event_at = self._event_at(scope, arrived_at)
        reading = _named(assemble(self.rules, request, scope, meaning), request, names["self"])
        return replace(
            reading, target=_target(request, reading, names["self"], scope, self.rules.naming), is_request=True
        )

    def identify(self, request: Request, context: Context) -> Reading:
        """Whose request it is and nothing else, as far as that can be read."""
        scope, _ = _scope(request, context, self.rules, 0)
        return whose(self.rules, scope)

    def _event_at(self, scope: Scope, arrived_at: int) -> int:
        """Its arrival, unless the mapping says otherwise; never far ahead of our own clock."""
        at = self.event_time(scope) if self.event_time is not None else UNSAID
        if not isinstance(at, int):
            return arrived_at
        latest = arrived_at + scope.context.event_time_tolerance_secs * _SECOND
        if at > latest:
            scope.warn("event-time-capped", "event_time")
        return min(at, latest)


def _meaning(told: Told) -> Meaning | None:
    return Meaning(told) if told else None


def _refuse_test(request: Request, context: Context) -> None:
    meta = (request.resource or _NOBODY).get("meta") or _NOBODY
    labels = (*meta.get("security", ()), *meta.get("tag", ()))
    if context.production and any(one.get("code") == _TEST for one in labels):
        raise UnfitMessageError(
            "not-production",
            f"test or training traffic (meta.security {_TEST}) on a production channel",
            hl7_code=ErrorCode.UNSUPPORTED_PROCESSING_ID,
            place=f"{request.type}.meta.security",
            advice="send it to a channel that is declared `production: false`",
        )


def _scope(request: Request, context: Context, rules: Rules, arrived_at: int) -> tuple[Scope, dict[str, Any]]:
    names: dict[str, Any] = {
        "type": request.type,
        "interaction": request.interaction,
        "meaning": "",
        "facility": context.facility,
        "self": None,
    }
    places = {
        "patient": f"{request.type}.{_PATIENTS_AT.get(request.type, 'subject')}",
        "alternate_visit": "Encounter.identifier",
        "kind": _KINDS_AT.get(request.type, "type"),
        "amount": _AMOUNTS_AT.get(request.type, "amount"),
    }
    resource = request.resource if request.resource is not None else {"resourceType": request.type}
    scope = Scope(
        {}, STANDARD, "", context, names, event_at=arrived_at, resource=resource, node=resource, places=places
    )
    names["self"] = _addressed(request, scope, rules.naming)
    return scope, names


def _addressed(request: Request, scope: Scope, naming: Naming) -> Identifier | None:
    """What the address names: a row of ours, or the number by which a conditional request looks for one."""
    if request.type not in RESOURCES:
        return None
    if request.id:
        return row_of(request.type, request.id, naming)
    if naming.references and isinstance(id_ := scope.resource.get("id"), str):
        return row_of(request.type, id_, naming)
    return _looked_for(request.query, "http.query", request.type, scope, naming)


def _looked_for(
    query: Sequence[tuple[str, str]], at: str, type_: str, scope: Scope, naming: Naming
) -> Identifier | None:
    """The number by which a conditional request finds its row; None where it has no condition."""
    if not query:
        return None
    (name, value), *others = query
    if name != "identifier" or "," in value or others:
        raise UnfitMessageError(
            "reference-unfollowed",
            "a conditional request is found by one identifier alone",
            hl7_code=ErrorCode.UNKNOWN_KEY,
            place=at,
            advice=f"write {type_}?identifier=SYSTEM|VALUE",
        )
    found = reader_of(at, RESOURCES[type_], naming)(token_of(value), scope)
    return found if isinstance(found, Identifier) else None


def _target(request: Request, reading: Reading, own: Identifier | None, scope: Scope, naming: Naming) -> Target | None:
    """The row that the request is about, with what it demands of it; None where its resource stands for no row of ours."""
    noun = RESOURCES.get(request.type)
    if noun is None:
        return None
    wanted = _looked_for(request.only_new, "http.If-None-Exist", request.type, scope, naming)
    ids = dict.fromkeys([*(one for one in (own, wanted) if one is not None), *_numbers(reading, noun)])
    demand = Demand.NOTHING
    if wanted is not None:
        demand = Demand.NEW
    elif request.is_for_absent:
        demand = Demand.ABSENT
    elif request.id and not naming.references:
        demand = Demand.KNOWN
    return Target(noun, tuple(ids), demand, request.version)


def _numbers(reading: Reading, noun: Noun) -> tuple[Identifier, ...]:
    """What the reading knows its row by: of a merge the record that is retired, for that is the one which says so."""
    match noun:
        case Noun.PATIENT if reading.merges:
            return tuple(one.retired for one in reading.merges)
        case Noun.PATIENT:
            said = reading.patient
        case Noun.ACCOUNT:
            said = reading.account
        case Noun.ENCOUNTER:
            said = reading.encounter
        case Noun.GUARANTOR:
            said = reading.guarantors[0] if reading.guarantors else None
    if said is None and noun is Noun.ACCOUNT:
        return tuple(one.account for one in reading.closed)
    return said.ids if said is not None else ()


def own_number(noun: Noun) -> Read:
    """A rule: what the address names, where it is one of this noun."""

    def read(scope: Scope) -> Told:
        return (scope.names["self"] or UNSAID) if RESOURCES.get(scope.names["type"]) is noun else UNSAID

    return read


def _named(reading: Reading, request: Request, own: Identifier | None) -> Reading:
    """The reading, where what the address names finds the row before all that the body says."""
    if own is None:
        return reading
    match RESOURCES[request.type]:
        case Noun.PATIENT:
            return replace(reading, patient=_found_by(own, reading.patient))
        case Noun.ACCOUNT:
            return replace(reading, account=_found_by(own, reading.account))
        case Noun.ENCOUNTER:
            return replace(reading, encounter=_found_by(own, reading.encounter))
        case Noun.GUARANTOR if len(reading.guarantors) == 1:
            (only,) = reading.guarantors
            return replace(reading, guarantors=(replace(only, ids=_first(own, only.ids)),))
        case Noun.GUARANTOR:
            return reading


def _found_by(own: Identifier, said: Said | None) -> Said | None:
    return said and replace(said, ids=_first(own, said.ids))


def _first(own: Identifier, ids: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """Ids of ours come before all numbers; one that a sender's server gave comes behind those that people know."""
    return tuple(dict.fromkeys((*ids, own) if own.type == OF_SENDER else (own, *ids)))
