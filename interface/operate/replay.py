"""Asking for stored messages to be run again: same code path, another reason, original order. No payment is sent by it."""

from dataclasses import dataclass, replace

from interface.errors import ActRefusedError
from interface.message import MessageState
from interface.operate.act import By, acting, need_reason, unknown
from interface.ports import Store
from interface.view.message import MessageFilter, MessageRow
from interface.view.work import ReplayRow

_NEVER_APPLIED = frozenset({MessageState.REFUSED, MessageState.INCOMPLETE})
_SET_ASIDE = frozenset({"skipped", "amended"})  # by a person: only a release brings such a message back
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a filter found: ids to replay, oldest first, and how many it left out: never applied, or set aside by a person.

    Of those left out, `purged` ones have no bytes any more.
    """

    ids: tuple[int, ...]
    left_out: int
    purged: int = 0


def choose(store: Store, wanted: MessageFilter) -> Chosen:
    """All messages that a filter finds, whatever its page, in their original order."""
    ids: list[int] = []
    left_out = purged = 0
    wanted = replace(wanted, newest_first=False, beyond_id=0, limit=_PAGE)
    with store.snapshot() as reader:
        while page := reader.messages(wanted):
            fitting = [row.id for row in page if _can_run(row)]
            ids += fitting
            left_out += len(page) - len(fitting)
            purged += sum(row.is_purged for row in page)
            wanted = replace(wanted, beyond_id=page[-1].id)
    return Chosen(tuple(ids), left_out, purged)


def _can_run(row: MessageRow) -> bool:
    is_set_aside = row.state is MessageState.FILTERED and row.reason in _SET_ASIDE
    return not row.is_purged and not is_set_aside and row.state not in _NEVER_APPLIED


def request(store: Store, by: By, chosen: Chosen, *, force_money: bool = False) -> int:
    """Queue a replay; gives the request's id. Forced money reverses what was booked and books it anew: it needs a reason.

    Errors: ActRefusedError `nothing-chosen`, `reason-missing`.
    """
    if not chosen.ids:
        purged = f"; the bytes of {chosen.purged} were purged" if chosen.purged else ""
        raise ActRefusedError("nothing-chosen", f"no message fits that can be replayed{purged}", place="replay")
    if force_money:
        need_reason(by, "replay")
    subject = f"messages:{chosen.ids[0]}..{chosen.ids[-1]}"
    with store.snapshot() as reader:
        ids = reader.in_order(chosen.ids)
    with acting(store, by, "replay", subject, details={"total": len(ids), "force_money": force_money}) as turn:
        replay_id = turn.request_replay(ids[:_PAGE], by.actor, force_money=force_money)
    for start in range(_PAGE, len(ids), _PAGE):  # one turn for a million would keep every receiver waiting
        with store.turn("replay") as turn:
            turn.epoch()  # a purge waits, and then finds that these are to be run
            turn.extend_replay(replay_id, ids[start : start + _PAGE])
    return replay_id


def progress(store: Store, replay_id: int) -> ReplayRow:
    """How far a requested replay is; ActRefusedError `not-found`."""
    with store.snapshot() as reader:
        row = reader.replay(replay_id)
    if row is None:
        raise unknown("replay", replay_id)
    return row
