"""A mapping that reads FHIR, made ready to try requests and resources on, as the engine reads them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interface.channel.attempt import Attempt, Outcome
from interface.errors import InterfaceError, MappingError, MessageError
from interface.fhir.outcome import RefusedError
from interface.fhir.request import Request, read
from interface.fhir.transaction import entries
from interface.fhir.valid import issues_of
from interface.hl7.header import Header
from interface.ledger.reading import Filtered, Reading
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.filter import Filters
from interface.mapping.node import Block
from interface.mapping.scope import Context

if TYPE_CHECKING:
    from interface.mapping.explain import Explanation
    from interface.mapping.fhir_explain import FhirRecorded


@dataclass(frozen=True, slots=True)
class FhirTrial:
    """A mapping of `format: fhir` under the declarations of a channel.

    Of none (`channel` empty), times are UTC and a number without a system has no authority.
    """

    name: str
    channel: str
    mapping: FhirMapping
    context: Context
    filters: Filters
    recorded: "FhirRecorded | None"  # where it is to tell what each rule did
    block: Block | None  # the channel's file

    def run(self, raw: bytes, arrived_at: int) -> Attempt:
        """Try one stored request, or a resource by itself as one that is created."""
        try:
            request = read(raw)
        except RefusedError as refused:
            return Attempt(Header(message_type="FHIR"), Outcome.REFUSED, refused)
        return self._try(request, arrived_at)

    def run_each(self, raw: bytes, arrived_at: int) -> tuple[Attempt, ...]:
        """Try a stored request or resource; of a transaction or message every entry, in the order in which they are applied."""
        try:
            request = read(raw)
            found = [one.request for one in entries(request)] if not request.type else [request]
        except RefusedError as refused:
            return (Attempt(Header(message_type="FHIR"), Outcome.REFUSED, refused),)
        return tuple(self._try(one, arrived_at) for one in found if one is not None)

    def _try(self, request: Request, arrived_at: int) -> Attempt:
        kind = f"{request.type or 'Bundle'} {request.interaction}"
        header = Header(message_type=kind, control_id=request.headers.get("x-request-id", ""))
        content, explanation = self._read(request, arrived_at)
        issues = issues_of(request.resource) if request.resource is not None else ()
        return Attempt(header, _outcome(content), content, (), explanation, issues)

    def _read(
        self, request: Request, arrived_at: int
    ) -> "tuple[Reading | Filtered | InterfaceError, Explanation | None]":
        if self.recorded is not None:
            told = self.recorded.explain(request, self.context, arrived_at, self.filters, self.block)
            return told.outcome, told
        try:
            return self.mapping.read(request, self.context, arrived_at, self.filters), None
        except (MessageError, MappingError) as failure:
            return failure, None


def _outcome(content: Reading | Filtered | InterfaceError) -> Outcome:
    match content:
        case Reading():
            return Outcome.MAPPED
        case Filtered():
            return Outcome.FILTERED
        case MappingError():
            return Outcome.HELD
        case _:
            return Outcome.REFUSED
