"""Store before understanding, for requests over HTTP: what arrives is kept, and its answer follows from what becomes of it.

A request that breaks a rule of FHIR is kept, too, refused with a status. Each is a message of its own: the same bytes may be sent
again, and mean something again, unless the sender gave the same number (X-Request-Id) to both.
"""

from dataclasses import dataclass, replace
from typing import Final

from interface.card.screen import screen
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.request import Request, read
from interface.fhir.structure import resources
from interface.fhir.transaction import entries, header_of
from interface.message import MessageState
from interface.pipeline.cards import card_places
from interface.pipeline.http import ACCEPTED
from interface.pipeline.receive import WAITS
from interface.row.message import Intake, Settled

MALFORMED: Final = "request-malformed"
HOLDS_CARD: Final = "card-number"
UNREAD: Final = "500"
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, decided on: what to store, and what is said where it is refused. `request` None: it cannot be read."""

    intake: Intake
    request: Request | None
    refusal: RefusedError | None = None

    def unread(self) -> "Asked":
        """The same with its bytes alone, refused."""
        intake = replace(
            self.intake, control_id="", state=MessageState.REFUSED, answer=UNREAD, reason="internal-error", sender=""
        )
        refusal = RefusedError(int(UNREAD), Issue(IssueCode.EXCEPTION, "a defect of the server; the request was kept"))
        return Asked(intake, None, refusal)

    def repeated(self, first: str) -> str:
        """What was said to the first one."""
        return first


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one request: its message, what its sender is told, with what explains it, and the type that it was of."""

    message_id: int
    settled: Settled
    type: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the channel that it writes to, the program's name, its token, its address."""

    channel: str
    name: str
    actor: str
    peer: str


def examine_request(raw: bytes, number: str, sender: Sender, at: int, *, is_later: bool = False) -> Asked:
    """Decide on one stored request (`fhir.request.write`): pure. `is_later`: its sender does not wait for the outcome."""
    try:
        request = read(raw)
        _look_inside(request)
    except RefusedError as refused:
        return _refused(raw, number, sender, at, None, refused, MALFORMED)
    if places := card_places(raw, request.resource):
        issues = [
            Issue(
                IssueCode.BUSINESS_RULE,
                "this looks like a payment card number; send none, not even in a comment",
                place,
            )
            for place in places
        ]
        return _refused(raw, number, sender, at, request, RefusedError(422, *issues), HOLDS_CARD)
    state, answer = MessageState.WAITING, ACCEPTED if is_later else WAITS
    return Asked(_intake(raw, number, sender, at, kind_of(request), state, answer), request)


def refuse_request(asked: Asked, refused: RefusedError, reason: str) -> Asked:
    """The same request, refused for what it says."""
    intake = replace(asked.intake, state=MessageState.REFUSED, answer=str(refused.status), reason=reason)
    return Asked(intake, asked.request, refused)


def kind_of(request: Request) -> str:
    """What it is called where anybody may read it: nothing of what a sender words."""
    first, _, rest = request.kind.partition(" ")
    return f"{first} {rest}" if first in resources() or not request.type else _UNKNOWN


def is_request(kind: str) -> bool:
    """Whether the kind of a stored message is one of a request's."""
    return " " in kind


def _look_inside(request: Request) -> None:
    if request.type:
        request.only_new  # noqa: B018 - read for its being readable
        return
    if (request.resource or {}).get("type") == "message":
        header_of(request.resource or {})
    for one in entries(request):
        if one.request is not None:
            one.request.only_new  # noqa: B018 - as above


def _refused(
    raw: bytes, number: str, sender: Sender, at: int, request: Request | None, refused: RefusedError, reason: str
) -> Asked:
    screened = screen(raw)
    kind = kind_of(request) if request is not None else _UNKNOWN
    intake = _intake(screened.raw, number, sender, at, kind, MessageState.REFUSED, str(refused.status))
    places = tuple(one.expression for one in refused.issues) if reason == HOLDS_CARD else ()
    found = places or tuple(dict.fromkeys(one.place for one in screened.findings))
    return Asked(replace(intake, reason=reason, incidents=found), request, refused)


def _intake(raw: bytes, number: str, sender: Sender, at: int, kind: str, state: MessageState, answer: str) -> Intake:
    return Intake(
        source=sender.channel,
        arrived_at=at,
        peer=sender.peer,
        raw=raw,
        control_id=number,
        message_type=kind,
        sender=sender.name,
        state=state,
        answer=answer,
        actor=sender.actor,
    )
