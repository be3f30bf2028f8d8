"""Money that is left where the EHR takes something away: it is never dropped, and a person decides what becomes of it.

What is left is what is due by the policy of the account's facility, or held in credit. Where nothing was stated of an account, or
its facility goes by entries, the journal tells, with what a payer may still settle. Payments that are not in the EHR's books yet
are on their way, and may come back.
"""

from dataclasses import dataclass

from interface.ledger.due import Due
from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.telling import Telling


@dataclass(frozen=True, slots=True)
class Left:
    """What is left on accounts. `amount_minor`, without signs: what is owed and in credit; else what is on its way.

    None where the accounts are of several currencies.
    """

    has_balance: bool
    is_on_its_way: bool
    amount_minor: int | None = None
    currency: str = ""

    def __bool__(self) -> bool:
        return self.has_balance or self.is_on_its_way


def left_on(telling: Telling, accounts: set[int]) -> Left:
    """What is left on these accounts and those merged into them."""
    rows = telling.rows
    # One that was merged is counted with its survivor.
    reckoned = [
        reckon(telling, rows.row(Noun.ACCOUNT, one)) for one in accounts if rows.row(Noun.ACCOUNT, one).id == one
    ]
    has_balance = any(one.amount_minor or one.credit_minor for one in reckoned)
    underway = telling.till.unposted(accounts)
    currencies = {one.currency for one in reckoned} | {one.currency for one in underway}
    if len(currencies) != 1:
        return Left(has_balance, bool(underway))
    balance_minor = sum(one.amount_minor + one.credit_minor for one in reckoned)
    amount_minor = balance_minor if has_balance else sum(one.amount_minor for one in underway)
    return Left(has_balance, bool(underway), amount_minor, currencies.pop())


def reckon(telling: Telling, account: Entity) -> Due:
    """What is due or in credit on an account, with all that were merged into it."""
    till, mine = telling.till, telling.rows.estate(account)
    policy = telling.workset.policy_of(account.facility)
    stated = [one for one in till.observations(mine) if one.currency == account.currency]
    if policy.is_stated and stated:
        return policy.due(stated, till.allocations_on(mine), (), currency=account.currency)
    owed_minor = till.receivable_minor(mine, account.currency)
    return Due(max(0, owed_minor), max(0, -owed_minor), account.currency)
