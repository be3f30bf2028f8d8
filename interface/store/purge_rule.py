"""What each rule of the purge looks at, in the order of ids, with the reason for which each row is kept: one statement a rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from interface.message import MessageState
from interface.row.purge import Rule, Why
from interface.store import purge_reason as why
from interface.store import schema_delivery as d
from interface.store import schema_message as m
from interface.store.dialect import within

_M, _D = m.message.c, d.delivery.c
_ALL, _NOTHING = sa.true(), sa.literal(0)
_NEWEST_RUN = sa.select(sa.func.max(m.run.c.id)).scalar_subquery()
_KEPT_BODY = (
    (Why.UNSETTLED, _M.state.in_(why.UNSETTLED)),
    (Why.WORK_ITEM, why.BEHIND_ITEM),
    (Why.LANE, why.IN_LANE),
    (Why.REPLAY, why.TO_REPLAY),
    (Why.COPY, why.HAS_COPY),
    (Why.UNDELIVERED, why.HAS_UNSENT),
    (Why.UNPOSTED, why.HAS_UNPOSTED),
    (Why.RECENT, why.RUN_LATELY),
)
_STATES = {
    # What waits or is held is of no rule, and told here as kept.
    Rule.PROCESSED_BODIES: (MessageState.PROCESSED, MessageState.WAITING, MessageState.HELD),
    Rule.FILTERED_BODIES: (MessageState.FILTERED,),
    Rule.REFUSED_BODIES: (MessageState.REFUSED, MessageState.INCOMPLETE),
    Rule.FAILED_BODIES: (MessageState.FAILED,),
}


@dataclass(frozen=True, slots=True)
class Looking:
    """Rows of `table` by the rising numbers of `key`, about as old as their number is small.

    `sources` are joined to it. A row is of this rule where it `belongs`, and its time is over where `at` lies before the cutoff.
    """

    key: sa.Column[int]
    sources: sa.FromClause
    at: sa.ColumnElement[int]
    reasons: Sequence[tuple[Why, sa.ColumnElement[bool]]]
    size: sa.ColumnElement[int]
    lock: sa.Table  # its rows are kept from other writers while a step removes something
    belongs: sa.ColumnElement[bool] = _ALL

    def _asked(self) -> sa.Select[Any]:
        is_due = sa.and_(self.belongs, self.at <= why.CUTOFF)
        return sa.select(
            self.key.label("id"),
            self.at.label("at"),
            sa.case((is_due, 1), else_=0).label("is_due"),
            sa.case((is_due, self.size), else_=0).label("size"),
            # In this order: what is not due is not asked why it stays.
            sa.case((sa.not_(is_due), None), *((holds, name.value) for name, holds in self.reasons), else_=None).label(
                "why"
            ),
        ).select_from(self.sources)

    def page(self) -> sa.Select[Any]:
        """The next rows beyond :beyond, :amount of them, whether of this rule and due or not."""
        key = self.key
        numbers = sa.select(key.label("number")).where(key > sa.bindparam("beyond")).order_by(key)
        page = numbers.limit(sa.bindparam("amount")).subquery("page")
        return self._asked().join(page, page.c.number == key).order_by(key)

    def chosen(self) -> sa.Select[Any]:
        """These rows (:ids) as they stand now; those that another writer holds are left out."""
        is_forgotten = self.lock is m.message and self.key is _M.id
        asked = self._asked().where(within(self.key, "ids")).order_by(self.key)
        return asked.with_for_update(of=self.lock, skip_locked=True, key_share=not is_forgotten)


def _bodies(rule: Rule) -> Looking:
    reasons = [*_KEPT_BODY, *([(Why.PROOF, why.IN_PROOF)] if rule is Rule.PROCESSED_BODIES else [])]
    return Looking(
        key=m.body.c.message_id,
        sources=m.body.join(m.message, m.body.c.message_id == _M.id),
        at=_M.arrived_at,
        reasons=reasons,
        size=sa.func.length(m.body.c.sealed),
        lock=m.message,
        belongs=_M.state.in_([state.value for state in _STATES[rule]]),
    )


def _deliveries() -> Looking:
    size = sa.select(sa.func.length(d.payload.c.sealed)).where(d.payload.c.delivery_id == _D.id).scalar_subquery()
    left = (sa.exists().where(table.c.delivery_id == _D.id) for table in (d.payload, d.attempt, d.reply))
    return Looking(
        key=_D.id,
        sources=d.delivery,
        at=_D.created_at,
        reasons=(
            (Why.UNDELIVERED, why.ON_ITS_WAY),
            (Why.UNPOSTED, why.PART_UNPOSTED),
            (Why.WORK_ITEM, why.DELIVERY_ITEM),
            (Why.RECENT, why.SENT_LATELY),
        ),
        size=sa.func.coalesce(size, 0),
        lock=d.delivery,
        belongs=sa.or_(*left),
    )


def _history(table: sa.Table, at: sa.Column[int], *reasons: tuple[Why, sa.ColumnElement[bool]]) -> Looking:
    """Arrivals or runs, each for itself."""
    return Looking(
        key=table.c.id,
        sources=table.join(m.message, _M.id == table.c.message_id),
        at=at,
        reasons=((Why.UNSETTLED, _M.state.in_(why.UNSETTLED)), (Why.BODY, why.HAS_BODY), *reasons),
        size=_NOTHING,
        lock=table,
    )


def _messages() -> Looking:
    return Looking(
        key=_M.id,
        sources=m.message,
        at=_M.arrived_at,
        reasons=(
            (Why.UNSETTLED, _M.state.in_(why.UNSETTLED)),
            (Why.BODY, why.HAS_BODY),
            (Why.RECENT, sa.or_(why.HAS_RUN, why.HAS_ARRIVAL)),
            (Why.NAMED, why.IS_NAMED),
            (Why.WORK_ITEM, why.BEHIND_ITEM),
            (Why.LANE, why.IN_LANE),
            (Why.REPLAY, why.TO_REPLAY),
        ),
        size=_NOTHING,
        lock=m.message,
    )


LOOKING: Mapping[Rule, Looking] = {
    **{rule: _bodies(rule) for rule in _STATES},
    Rule.DELIVERIES: _deliveries(),
    Rule.ARRIVALS: _history(m.arrival, m.arrival.c.arrived_at),
    # The newest run stays: SQLite, and a restored PostgreSQL, go on with the number after the greatest that there is, and a proof
    # takes what has a greater number than the baseline's last run.
    Rule.RUNS: _history(
        m.run, m.run.c.ended_at, (Why.PROOF, m.run.c.id > why.PROVEN), (Why.RECENT, m.run.c.id == _NEWEST_RUN)
    ),
    Rule.MESSAGES: _messages(),
}
PAGE = {rule: looking.page() for rule, looking in LOOKING.items()}
CHOSEN = {rule: looking.chosen() for rule, looking in LOOKING.items()}
