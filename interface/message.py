"""The nouns that travel, their states, and the only table of legal moves between those states.

Every other module asks `move`; none decides by itself which change of state is legal. The diagrams of `interface/README.md` are
drawn from `LEGAL` by `diagram`, so they cannot drift from what is enforced.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from interface.errors import ActRefusedError


class MessageState(StrEnum):
    """Where a stored message stands; the states partition all messages."""

    WAITING = "waiting"  # durable, not yet run (or behind another message of its lane)
    PROCESSED = "processed"  # applied to the ledger; repeats are harmless
    FILTERED = "filtered"  # understood and of no concern to payments; the reason names the filter
    HELD = "held"  # kept for a person, a missing account or a broken mapping: see HoldKind
    REFUSED = "refused"  # the sender was told no
    FAILED = "failed"  # cannot be applied, but the sender was told yes
    INCOMPLETE = "incomplete"  # a frame that was cut off; never acknowledged


class HoldKind(StrEnum):
    """Why a held message waits."""

    PERSON = "person"
    MISSING_ACCOUNT = "missing-account"
    BROKEN_MAPPING = "broken-mapping"


class RunReason(StrEnum):
    """Why a message took a trip down the pipeline."""

    RECEIVED = "received"
    REPLAY = "replay"


class DeliveryState(StrEnum):
    """Where an outgoing payload stands."""

    QUEUED = "queued"  # due at `due_at`
    SENDING = "sending"  # an attempt's intent is committed; its outcome is not
    DELIVERED = "delivered"
    REJECTED = "rejected"  # the destination said no
    AMBIGUOUS = "ambiguous"  # the destination may have it; a person decides
    WITHDRAWN = "withdrawn"  # a person decided that it is not to be sent


class PostingState(StrEnum):
    """What is known about one allocation's arrival in the EHR; separate from the payment's own state."""

    PENDING = "pending"
    ACCEPTED = "accepted"  # the EHR's accept or application ack; not yet what the channel calls posted
    POSTED = "posted"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    WITHDRAWN = "withdrawn"


class MirrorState(StrEnum):
    """What is known about one of our rows at HealthPay24."""

    NEW = "new"  # it was never told
    KNOWN = "known"
    PENDING = "pending"  # taken, not finished: it is asked again
    UNKNOWN = "unknown"  # it may have been taken: it is asked, before anything is told again
    REJECTED = "rejected"  # it said no; a change, or a person, makes us tell it again


class PaymentState(StrEnum):
    """The payment itself, whatever the EHR knows of it."""

    TAKEN = "taken"
    VOIDED = "voided"
    PARTLY_REFUNDED = "partly-refunded"
    REFUNDED = "refunded"


S = TypeVar("S", bound=StrEnum)  # the 3.11 spelling of a generic function
_M, _D, _P, _K = MessageState, DeliveryState, PostingState, MirrorState
_TOLD = frozenset({_K.KNOWN, _K.PENDING, _K.UNKNOWN, _K.REJECTED})

# One table for each kind: members of two StrEnums with the same word are equal, and would share a key.
LEGAL: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    MessageState: {
        _M.WAITING: frozenset({_M.PROCESSED, _M.FILTERED, _M.HELD, _M.REFUSED, _M.FAILED}),
        _M.HELD: frozenset({_M.WAITING, _M.FILTERED}),  # released, skipped
        _M.FAILED: frozenset({_M.WAITING, _M.FILTERED}),
        _M.REFUSED: frozenset({_M.WAITING}),  # the same bytes came again and run anew
        _M.PROCESSED: frozenset(),  # a replay changes the ledger, never this state
        _M.FILTERED: frozenset({_M.WAITING}),  # released after a filter was changed
        _M.INCOMPLETE: frozenset({_M.WAITING}),  # the same bytes came again, and whole
    },
    DeliveryState: {
        # rejected: it could not be rendered; delivered: an earlier attempt had arrived after all; ambiguous: the store was
        # restored, and may have sent it in its earlier life
        _D.QUEUED: frozenset({_D.SENDING, _D.REJECTED, _D.WITHDRAWN, _D.DELIVERED, _D.AMBIGUOUS}),
        _D.SENDING: frozenset({_D.DELIVERED, _D.REJECTED, _D.AMBIGUOUS, _D.QUEUED}),
        _D.AMBIGUOUS: frozenset({_D.DELIVERED, _D.REJECTED, _D.QUEUED, _D.WITHDRAWN}),  # late ack, or a person's word
        _D.REJECTED: frozenset({_D.QUEUED, _D.WITHDRAWN, _D.DELIVERED}),
        _D.DELIVERED: frozenset({_D.REJECTED}),  # an application ack after the accept ack said no
        _D.WITHDRAWN: frozenset(),
    },
    PostingState: {
        _P.PENDING: frozenset({_P.ACCEPTED, _P.POSTED, _P.REJECTED, _P.AMBIGUOUS, _P.WITHDRAWN}),
        _P.ACCEPTED: frozenset({_P.POSTED, _P.REJECTED}),
        _P.AMBIGUOUS: frozenset({_P.PENDING, _P.ACCEPTED, _P.POSTED, _P.REJECTED, _P.WITHDRAWN}),
        _P.REJECTED: frozenset({_P.PENDING, _P.ACCEPTED, _P.POSTED, _P.WITHDRAWN}),
        _P.POSTED: frozenset(),
        _P.WITHDRAWN: frozenset({_P.POSTED}),  # it had arrived after all
    },
    # Each telling ends in any of them, also in the one before; nothing that was told is new again.
    MirrorState: dict.fromkeys(_K, _TOLD),
}


def is_legal(now: StrEnum, to: StrEnum) -> bool:
    """Whether the move `now` -> `to` stands in the table."""
    return to in LEGAL[type(now)][now]


def move(now: S, to: S) -> S:
    """Give `to` if the table allows the move, else raise `illegal-move`."""
    if not is_legal(now, to):
        raise ActRefusedError("illegal-move", f"a {type(now).__name__} cannot go from {now} to {to}")
    return to


def diagram(states: type[StrEnum]) -> str:
    """Mermaid text of one state machine, drawn from the table that `move` enforces."""
    lines = [f"    {state.value} --> {to.value}" for state in states for to in sorted(LEGAL[states][state])]
    return "\n".join(["stateDiagram-v2", *lines])
