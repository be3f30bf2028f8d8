"""Money that is left where the EHR takes something away: it is never dropped, and a person decides what becomes of it."""

from dataclasses import dataclass

from interface.ledger.noun import Noun
from interface.ledger.telling import Telling


@dataclass(frozen=True, slots=True)
class Left:
    """What is left: the sum of what accounts owe and hold in credit, without signs, where all are of one currency."""

    is_something: bool
    amount_minor: int | None = None
    currency: str = ""


def left_on(telling: Telling, accounts: set[int]) -> Left:
    """What is owed or held on these accounts, stated or booked, and whether a payment is still on its way into the EHR."""
    till, amounts = telling.till, []
    for number in sorted(accounts):
        account = telling.rows.row(Noun.ACCOUNT, number)
        if account.id != number:
            continue  # merged: counted with its survivor
        seen = till.observation(number)
        booked_minor = till.receivable_minor(telling.rows.estate(account), account.currency)
        stated_minor = seen.amount_minor if seen is not None else booked_minor
        amounts.append((account.currency, abs(stated_minor), abs(booked_minor)))
    is_something = any(stated or booked for _, stated, booked in amounts) or till.has_unposted(accounts)
    currencies = {currency for currency, _, _ in amounts}
    if len(currencies) != 1:
        return Left(is_something)
    return Left(is_something, sum(stated for _, stated, _ in amounts), currencies.pop())
