"""Why something whose time is over is kept all the same, asked of the database for many rows at once.

Each is an expression over the row that a rule looks at (`purge_rule.py`): the first that holds is the reason.
"""

import sqlalchemy as sa

from interface.message import DeliveryState, MessageState, PostingState
from interface.store import schema_delivery as d
from interface.store import schema_ledger as g
from interface.store import schema_message as m
from interface.store import schema_operation as o

Condition = sa.ColumnElement[bool]
CUTOFF = sa.bindparam("cutoff", type_=sa.BigInteger)
PROVEN = sa.bindparam("proven", type_=sa.BigInteger)  # runs up to this one are contained in the baseline
MESSAGE = m.message.c
DELIVERY = d.delivery.c
UNSETTLED = (MessageState.WAITING.value, MessageState.HELD.value)
_ON_ITS_WAY = (DeliveryState.QUEUED.value, DeliveryState.SENDING.value, DeliveryState.AMBIGUOUS.value)
_UNPOSTED = tuple(state.value for state in PostingState if state not in (PostingState.POSTED, PostingState.WITHDRAWN))
_COPY = m.message.alias("copy")
_ITEM = o.work_item.c
_ENTRY, _PART = g.journal_entry.c, g.allocation.c


def _named(kind: str, column: sa.ColumnElement[object]) -> sa.ColumnElement[str]:
    return sa.literal(f"{kind}:", sa.String).concat(sa.cast(column, sa.String))


def _open_about(kind: str, column: sa.ColumnElement[object], *where: Condition) -> Condition:
    """Whether an open work item names the row whose name ends with `column`."""
    return sa.exists().where(_ITEM.subject == _named(kind, column), o.OPEN, *where)


_parts = [_ENTRY.message_id == MESSAGE.id, _PART.payment_id == _ENTRY.payment_id]  # of the money that a message moved
_cause, _source = m.name.alias("cause"), m.name.alias("source")
BEHIND_ITEM: Condition = sa.or_(
    sa.exists().where(_ITEM.message_id == MESSAGE.id, o.OPEN),
    _open_about("message", MESSAGE.id),
    # One item for all messages of a channel that are stuck for one cause.
    sa.and_(
        MESSAGE.state == MessageState.FAILED.value,
        sa.exists().where(
            _source.c.id == MESSAGE.source_id,
            _cause.c.id == MESSAGE.cause_id,
            _ITEM.subject == _named("channel", _source.c.text),
            _ITEM.cause == _cause.c.text,
            o.OPEN,
        ),
    ),
    _open_about("allocation", _PART.id, *_parts),
    _open_about("payment", g.payment.c.public_id, _ENTRY.message_id == MESSAGE.id, g.payment.c.id == _ENTRY.payment_id),
    _open_about("delivery", DELIVERY.id, *_parts, DELIVERY.allocation_id == _PART.id),
    _open_about("delivery", DELIVERY.id, DELIVERY.reply_to == MESSAGE.id),
    _open_about(
        "account",
        g.account.c.public_id,
        _ENTRY.message_id == MESSAGE.id,
        g.journal_line.c.entry_id == _ENTRY.id,
        g.account.c.id == g.journal_line.c.account_id,
    ),
)
IN_LANE: Condition = sa.exists().where(m.message_lane.c.message_id == MESSAGE.id)
TO_REPLAY: Condition = sa.exists().where(m.replay_message.c.message_id == MESSAGE.id, m.replay_message.c.done == 0)
HAS_COPY: Condition = sa.exists().where(
    _COPY.c.original_id == MESSAGE.id, _COPY.c.state.in_((*UNSETTLED, MessageState.FAILED.value))
)
HAS_UNPOSTED: Condition = sa.exists().where(*_parts, _PART.posting.in_(_UNPOSTED))
HAS_UNSENT: Condition = sa.exists().where(DELIVERY.reply_to == MESSAGE.id, DELIVERY.state.in_(_ON_ITS_WAY))
RUN_LATELY: Condition = sa.exists().where(m.run.c.message_id == MESSAGE.id, m.run.c.ended_at > CUTOFF)
IN_PROOF: Condition = sa.exists().where(m.run.c.message_id == MESSAGE.id, m.run.c.id > PROVEN)
HAS_BODY: Condition = sa.exists().where(m.body.c.message_id == MESSAGE.id)
HAS_RUN: Condition = sa.exists().where(m.run.c.message_id == MESSAGE.id)
HAS_ARRIVAL: Condition = sa.exists().where(m.arrival.c.message_id == MESSAGE.id)
IS_NAMED: Condition = sa.or_(
    *(
        sa.exists().where(column == MESSAGE.id)
        for column in (
            _ENTRY.message_id,
            g.money_key.c.message_id,
            g.payment.c.message_id,
            _PART.echo_message_id,
            DELIVERY.reply_to,
            _COPY.c.original_id,
            m.batch_member.c.batch_id,
        )
    )
)
ON_ITS_WAY: Condition = DELIVERY.state.in_(_ON_ITS_WAY)
PART_UNPOSTED: Condition = sa.exists().where(_PART.id == DELIVERY.allocation_id, _PART.posting.in_(_UNPOSTED))
DELIVERY_ITEM: Condition = sa.or_(
    _open_about("delivery", DELIVERY.id),
    _open_about("allocation", DELIVERY.allocation_id),
    _open_about(
        "payment", g.payment.c.public_id, _PART.id == DELIVERY.allocation_id, g.payment.c.id == _PART.payment_id
    ),
    _open_about(
        "account", g.account.c.public_id, _PART.id == DELIVERY.allocation_id, g.account.c.id == _PART.account_id
    ),
)
SENT_LATELY: Condition = sa.or_(
    sa.exists().where(
        d.attempt.c.delivery_id == DELIVERY.id, sa.or_(d.attempt.c.at > CUTOFF, d.attempt.c.ended_at > CUTOFF)
    ),
    sa.exists().where(d.reply.c.delivery_id == DELIVERY.id, d.reply.c.at > CUTOFF),
)
