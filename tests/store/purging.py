"""Messages in every state, with everything that may still need them; and a purge of them."""

import random
from dataclasses import dataclass, replace

import sqlalchemy as sa

from interface.ledger.change import LedgerChanges
from interface.ledger.worklist import WorkItem
from interface.message import HoldKind, MessageState, PostingState
from interface.pipeline.purge import PurgeReport, PurgeStage
from interface.row.purge import DAY_MICROS, Keeping, PurgePace, Rule
from interface.store.schema import METADATA
from interface.store.store import SqlStore
from tests.store.given import (
    START,
    HandClock,
    account,
    allocation,
    entry,
    finish,
    intake,
    payment,
    receive,
    run,
    wanted,
)

DAYS = 100
KEEPING = Keeping(dict.fromkeys(Rule, DAYS), 50)
PACE = PurgePace(step_rows=16)
OLD, NEW = START, START + 99 * DAY_MICROS
NOW = START + 149 * DAY_MICROS
RULES = {
    MessageState.PROCESSED: Rule.PROCESSED_BODIES,
    MessageState.FILTERED: Rule.FILTERED_BODIES,
    MessageState.REFUSED: Rule.REFUSED_BODIES,
    MessageState.INCOMPLETE: Rule.REFUSED_BODIES,
    MessageState.FAILED: Rule.FAILED_BODIES,
}
SETTLED = tuple(RULES)
_NEEDS = (
    "item", "item of cause", "lane", "replay", "copy", "unposted", "rejected", "account item", "payment item",
    "delivery item", "answer", "recent run", "newer run",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One message: how it stands, how old it is, and what else there is of it."""

    state: MessageState
    is_old: bool
    has: str  # one of _NEEDS, "posted" or ""

    @property
    def goes(self) -> bool:
        """Whether its bytes are to go, by the rules in words."""
        if self.state not in SETTLED or not self.is_old:
            return False
        if self.has == "newer run":
            return self.state is not MessageState.PROCESSED
        if self.has == "item of cause":
            return self.state is not MessageState.FAILED
        return self.has in ("", "posted")


def cases(seed: int) -> list[Case]:
    """Every state with everything, old; and as many at random."""
    chance = random.Random(seed)
    every = [Case(state, True, has) for state in MessageState for has in ("", "posted", *_NEEDS)]
    more = [
        Case(chance.choice(list(MessageState)), chance.random() < 0.5, chance.choice(("", "posted", *_NEEDS)))
        for _ in range(40)
    ]
    return every + more


def insert(store: SqlStore, table: str, **values: object) -> None:
    with store.turn("test") as turn:
        turn.transaction.connection.execute(sa.insert(METADATA.tables[table]).values(**values))


def make(store: SqlStore, number: int, case: Case, accounts: list[int]) -> int:
    """Store one message as its case says; gives its id."""
    at = OLD if case.is_old else NEW
    told_no = case.state in (MessageState.REFUSED, MessageState.INCOMPLETE)
    raw = intake(number, arrived_at=at, **({"state": case.state, "answer": "AE", "reason": "x"} if told_no else {}))
    (found,) = receive(store, raw)
    message_id = found.message_id
    ended = NEW + DAY_MICROS if case.has == "recent run" else at
    if not told_no and case.state is not MessageState.WAITING:
        hold = HoldKind.PERSON if case.state is MessageState.HELD else None
        cause = f"cause-{number}" if case.state in (MessageState.FAILED, MessageState.HELD) else ""
        finish(store, replace(run(message_id, case.state, hold=hold, cause=cause), started_at=at, ended_at=ended))
    elif case.has == "recent run":
        finish_again(store, message_id, ended)
    need(store, number, case, message_id, accounts)
    return message_id


def finish_again(store: SqlStore, message_id: int, ended: int) -> None:
    times = {"started_at": ended, "ended_at": ended}
    insert(store, "run", message_id=message_id, reason="received", config_id=1, state="failed", changed=0, **times)


def need(store: SqlStore, number: int, case: Case, message_id: int, accounts: list[int]) -> None:
    """Something that may still need the message."""
    match case.has:
        case "item":
            opened(store, WorkItem("k", f"message:{message_id}", "c"))
        case "item of cause":
            opened(store, WorkItem("failed-message", "channel:epic", f"cause-{number}"))
        case "lane":
            insert(store, "message_lane", lane=number, message_id=message_id)
        case "replay":
            with store.turn("replay") as turn:
                turn.request_replay([message_id], "kim", force_money=False)
        case "copy":
            receive(store, intake(100_000 + number, arrived_at=NEW, original_id=message_id))
        case "unposted" | "rejected" | "posted" | "account item" | "payment item" | "delivery item":
            money(store, number, case.has, message_id, accounts)
        case "answer":
            with store.turn("process") as turn:
                turn.enqueue([wanted(f"message:{message_id}", kind="answer")])


def opened(store: SqlStore, item: WorkItem) -> None:
    with store.turn("process") as turn:
        turn.open_work_items([item])


def money(store: SqlStore, number: int, has: str, message_id: int, accounts: list[int]) -> None:
    states = {"unposted": PostingState.ACCEPTED, "rejected": PostingState.REJECTED}
    number += 1
    accounts.append(number)
    changes = LedgerChanges(
        created=[account(number)],
        entries=[replace(entry(number, message_id, account_id=number), payment_id=number)],
        payments=[payment(message_id, number)],
        allocations=[allocation(number, number, account_id=number, posting=states.get(has, PostingState.POSTED))],
    )
    sealed = store.seal(changes)
    with store.turn("process") as turn:
        turn.save(sealed, 1)
        (delivery,) = turn.enqueue([wanted(f"allocation:{number}", due_at=NOW)]) if has == "delivery item" else (0,)
    subject = {"account item": f"account:acc_{number}", "payment item": f"payment:pay_{number}"}
    subject["delivery item"] = f"delivery:{delivery}"
    if has in subject:
        opened(store, WorkItem("k", subject[has], "c"))


def purge(store: SqlStore, clock: HandClock, keeping: Keeping = KEEPING) -> PurgeReport:
    return PurgeStage(store, clock, keeping, PACE, "engine", lambda _secs: False).run()


def bodies(store: SqlStore) -> set[int]:
    with store.snapshot() as reader:
        found = reader.transaction.connection.execute(sa.select(METADATA.tables["body"].c.message_id))
        return set(found.scalars())
