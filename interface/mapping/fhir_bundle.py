"""A stored request read by a mapping, whole: a request of one resource, or every entry of a transaction or message."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from interface.errors import InterfaceError, MappingError, MessageError
from interface.fhir.outcome import RefusedError
from interface.fhir.request import Request, read
from interface.fhir.transaction import entries
from interface.hl7.problem import ErrorCode
from interface.ledger.reading import Filtered, Reading
from interface.mapping.scope import UnfitMessageError

Said = tuple[int, Reading | Filtered]


def parts(raw: bytes) -> tuple[tuple[int, Request], ...]:
    """The requests that a stored one consists of, in the order in which they are applied, each with its place from 0.

    Errors: MessageError where the request breaks a rule of R4, with the FHIRPath of the element.
    """
    try:
        request = read(raw)
        if request.type:
            return ((0, request),)
        return tuple((one.position, one.request) for one in entries(request) if one.request is not None)
    except RefusedError as refused:
        raise unfit(refused) from None


def unfit(refused: RefusedError) -> MessageError:
    """The same refusal in the words of messages."""
    return UnfitMessageError(
        "request-malformed", refused.text, hl7_code=ErrorCode.DATA_TYPE, place=refused.place, advice=refused.advice
    )


def read_all(raw: bytes, read_one: Callable[[Request], Reading | Filtered]) -> tuple[Said, ...]:
    """What each part says, in the order in which they are applied. Raises MessageError or MappingError."""
    found = []
    for place, request in (asked := parts(raw)):
        with _within(place if len(asked) > 1 else None):
            found.append((place, read_one(request)))
    return tuple(found)


def identify_first(raw: bytes, identify: Callable[[Request], Reading]) -> Reading | None:
    """Whose request it is, as far as that can be read; of several parts the first that tells."""
    for _, request in parts(raw):
        try:
            reading = identify(request)
        except InterfaceError:
            continue
        if reading.patient or reading.account or reading.encounter:
            return reading
    return None


@contextmanager
def _within(place: int | None) -> Iterator[None]:
    try:
        yield
    except (MessageError, MappingError) as failure:
        if place is not None:
            failure.place = (
                f"Bundle.entry[{place}].resource / {failure.place}" if failure.place else f"Bundle.entry[{place}]"
            )
        raise
