"""Paying no more than is due, looked at inside the commit that takes the payment: of two who pay the whole at once, one is refused.

Due is what the ledger says, less the payments that were taken and have not run yet.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from interface.healthpay24.payload import SOURCE, read
from interface.healthpay24.protocol import PaymentOrder, Rejected
from interface.ledger.due import BalancePolicy
from interface.ledger.reading import Meaning, PaymentAllocation
from interface.message import MessageState
from interface.ports import Reader, Turn
from interface.view.message import MessageFilter

_PAGE = 500
_NOT_RUN = (MessageState.WAITING, MessageState.HELD)


def more_than_due(turn: Turn, order: PaymentOrder, rules: Mapping[str, BalancePolicy]) -> Rejected | None:
    """Why an order that is to stay within what is due does not; None where it does. Locks its accounts until the turn ends."""
    asked: Counter[str] = Counter()
    for share in order.shares:
        asked[_survivor(turn, share.account)] += share.amount_minor
    for account in sorted(asked):  # in one order, so that two turns never wait for each other
        turn.alone(f"pay {account}")
    waiting: Counter[str] = Counter()
    for part in _not_run(turn):
        waiting[_survivor(turn, part.account_public_id)] += part.amount_minor
    for account, amount_minor in asked.items():
        story = turn.account(account)
        if story is None:
            continue  # the ledger refuses it by itself
        due = story.due(rules.get(story.account.facility, BalancePolicy()))
        if due.currency != order.currency or amount_minor + waiting[account] > due.amount_minor:
            return Rejected("more-than-due", "it is more than is due on the account now")
    return None


def _survivor(reader: Reader, public_id: str) -> str:
    story = reader.account(public_id)
    return public_id if story is None else story.account.public_id


def _not_run(reader: Reader) -> Iterator[PaymentAllocation]:
    """The parts of payments that are not in the ledger yet."""
    beyond_id = 0
    while page := reader.messages(MessageFilter(channel=SOURCE, states=_NOT_RUN, beyond_id=beyond_id, limit=_PAGE)):
        beyond_id = page[-1].id
        for row in page:
            raw = reader.body(row.id)
            said = read(raw) if raw is not None else None
            if said is not None and said.payment is not None and said.meaning is Meaning.PAYMENT:
                yield from said.payment.allocations
