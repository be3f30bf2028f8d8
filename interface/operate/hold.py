"""Acts on messages that wait for a person: hold, release (one, or all of one cause), skip. Bytes never change here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interface.errors import ActRefusedError
from interface.message import MessageState
from interface.operate.act import By, acting, body_purged, need_reason, unknown
from interface.ports import Reader, Store, Turn
from interface.row.message import StuckMessage
from interface.view.message import MessageFilter, MessageRow

STUCK = (MessageState.HELD, MessageState.FAILED)
RELEASABLE = (*STUCK, MessageState.FILTERED)
_PAGE = 200  # messages moved in one turn: other writers wait no longer than a few milliseconds


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act moved: message ids, oldest first."""

    ids: tuple[int, ...]


def hold(store: Store, by: By, message_id: int) -> Moved:
    """Keep a waiting message, and with it what its patient sends later, until a person lets it go.

    Only a message that waits behind another one can be held: of any other it is not known yet whose it is. Pause its channel or
    its patient instead.
    """
    need_reason(by, "hold")
    with acting(store, by, "hold", f"message:{message_id}") as turn:
        turn.hold([message_id], "operator")
    return Moved((message_id,))


def release(store: Store, by: By, message_ids: Sequence[int]) -> Moved:
    """Let messages run (again): held or failed ones, and filtered ones after their filter was changed.

    What waited behind them runs after them, in order.
    """
    ids = tuple(sorted(set(message_ids)))
    for page in _pages(ids):
        with acting(store, by, "release", _subject(page), details={"ids": page}) as turn:
            rows = rows_of(turn, page)
            require_state(rows, RELEASABLE, "released")
            require_bodies(rows)
            turn.release(page)
            close_items_of(turn, by, rows, "released")
    return Moved(ids)


def release_cause(store: Store, by: By, cause: str, channel: str = "") -> Moved:
    """Release every message that is held or failed for one cause: what is right once the cause is mended."""
    ids = stuck_ids(store, cause, channel)
    if not ids:
        raise ActRefusedError(
            "nothing-stuck", "no message is held or failed for this cause", place=cause, advice="see `hp24 worklist`"
        )
    return release(store, by, ids)


def skip(store: Store, by: By, message_ids: Sequence[int]) -> Moved:
    """Let messages go without applying them; they end as filtered, and what waited behind them runs."""
    need_reason(by, "skip")
    ids = tuple(sorted(set(message_ids)))
    for page in _pages(ids):
        with acting(store, by, "skip", _subject(page), details={"ids": page}) as turn:
            rows = rows_of(turn, page)
            require_state(rows, STUCK, "skipped")
            turn.skip(page, "skipped")
            close_items_of(turn, by, rows, "skipped")
    return Moved(ids)


def stuck_ids(store: Store, cause: str, channel: str = "") -> tuple[int, ...]:
    """Ids of all messages that are held or failed for a cause, oldest first."""
    found: list[int] = []
    with store.snapshot() as reader:
        wanted = MessageFilter(cause=cause, channel=channel, states=STUCK, limit=_PAGE)
        while page := reader.messages(wanted):
            found += [row.id for row in page]
            wanted = MessageFilter(cause=cause, channel=channel, states=STUCK, limit=_PAGE, beyond_id=found[-1])
    return tuple(found)


def close_items_of(turn: Turn, by: By, rows: Sequence[MessageRow], how: str) -> None:
    """Close the work items that these messages were the last of. To be called after they were moved."""
    settled = [StuckMessage(row.id, row.channel, row.reason) for row in rows if row.state in STUCK]
    turn.close_items_of(settled, how, by.actor)


def rows_of(reader: Reader, ids: Sequence[int]) -> list[MessageRow]:
    """The messages as they stand now; ActRefusedError `not-found` where one does not exist."""
    found = reader.messages(MessageFilter(ids=tuple(ids), limit=len(ids)))
    if missing := set(ids) - {row.id for row in found}:
        raise unknown("message", min(missing))
    return found


def require_state(rows: Sequence[MessageRow], wanted: Sequence[MessageState], done: str) -> None:
    """Refuse an act on messages that stand otherwise. `done` is the act in the passive: released, skipped ..."""
    for row in rows:
        if row.state not in wanted:
            some = f"{', '.join(wanted[:-1])} or {wanted[-1]}"
            text = f"only a {some} message can be {done}; this one is {row.state}"
            raise ActRefusedError("illegal-move", text, place=f"message:{row.id}", advice=_instead(row))


def require_bodies(rows: Sequence[MessageRow]) -> None:
    """Refuse to run what has no bytes any more."""
    for row in rows:
        if row.is_purged:
            raise body_purged(row.id)


def _instead(row: MessageRow) -> str:
    match row.state:
        case MessageState.WAITING if row.is_parked:
            return f"`hp24 show {row.id}` names what it waits for"
        case MessageState.WAITING:
            return "nothing is to be done: its turn comes"
        case MessageState.PROCESSED:
            return f"it is applied; `hp24 replay {row.id}` runs it again"
        case MessageState.FILTERED:
            return "it is set aside already; release it to run it after all"
        case MessageState.REFUSED | MessageState.INCOMPLETE:
            return "its sender keeps it and sends it again"
        case MessageState.HELD | MessageState.FAILED:
            return "see `hp24 worklist`"


def _subject(ids: Sequence[int]) -> str:
    return f"message:{ids[0]}" if len(ids) == 1 else f"messages:{ids[0]}..{ids[-1]}"


def _pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _PAGE):
        yield ids[start : start + _PAGE]
