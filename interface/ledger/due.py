"""What a patient owes on an account today. Not its gross charges: a charge that a payer may still settle is not owed.

By the channel's policy either the self-pay balance that the EHR states, less what HealthPay24 took since, or the entries of the
journal for which the patient is responsible.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from interface.ledger.journal import PATIENT, Balance, Book, Observation
from interface.ledger.payment import Allocation, AllocationKind


@dataclass(frozen=True, slots=True)
class Due:
    """`amount_minor` >= 0 is owed; what was paid beyond it is `credit_minor`.

    `in_flight_minor` is what HealthPay24 took that the stated balance does not contain yet. `is_estimated`: for some payment
    nothing confirms the posting, and only its age tells that it is contained.
    """

    amount_minor: int
    credit_minor: int
    currency: str
    as_of: int | None = None
    in_flight_minor: int = 0
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class BalancePolicy:
    """Which figure counts on accounts of one facility, and how long an accepted payment may take to show in it."""

    is_stated: bool = True
    posting_lag_micros: int = 24 * 3_600_000_000

    def due(
        self,
        observations: Iterable[Observation],
        allocations: Iterable[Allocation],
        balances: Iterable[Balance],
        *,
        currency: str,
    ) -> Due:
        """What the patient owes on an account, from all that is known of the account and of those merged into it."""
        if not self.is_stated:
            return due_of_entries(balances, currency=currency)
        return due_stated(observations, allocations, currency=currency, posting_lag_micros=self.posting_lag_micros)


def due_stated(
    observations: Iterable[Observation], allocations: Iterable[Allocation], *, currency: str, posting_lag_micros: int
) -> Due:
    """The stated balance less the account's `allocations` that it does not contain; nothing stated is nothing owed.

    Both with those of accounts that were merged into it: until something is stated of the survivor as of a time after the merge,
    what was stated of each is added up, each less what was paid on it. `as_of` is the eldest of them.
    """
    standing = {one.account_id: one for one in counting(observations) if one.currency == currency}
    own = next((one for one in standing.values() if one.merged_at is None), None)
    stated, estimated, in_flight = sum(one.amount_minor for one in standing.values()), False, 0
    for allocation in allocations:
        if allocation.currency != currency:
            continue
        seen = standing.get(allocation.account_id, own)
        contained, guessed = _contained(allocation, seen.as_of if seen is not None else None, posting_lag_micros)
        estimated |= guessed
        if not contained:
            in_flight += _paid(allocation)
    owed = stated - in_flight
    as_of = min((one.as_of for one in standing.values()), default=None)
    return Due(max(0, owed), max(0, -owed), currency, as_of, in_flight, estimated)


def counting(observations: Iterable[Observation]) -> list[Observation]:
    """Those that nothing stated later of what stands for their account has overtaken: each is of other money than the rest."""
    observations = list(observations)
    by_account = {one.account_id: one for one in observations}
    own = next((one for one in observations if one.merged_at is None), None)

    def is_overtaken(one: Observation) -> bool:
        if one.merged_at is None:
            return False
        above = [own] if own is not None else []
        step = by_account.get(one.merged_into or 0)
        while step is not None:
            above.append(step)
            step = by_account.get(step.merged_into or 0)
        return any(other.as_of >= one.merged_at for other in above)

    return [one for one in observations if not is_overtaken(one)]


def due_of_entries(balances: Iterable[Balance], *, currency: str) -> Due:
    """The account's receivable for which the patient is responsible; our own payments are entries, too."""
    owed = sum(
        balance.amount_minor
        for balance in balances
        if (balance.book, balance.responsibility, balance.currency) == (Book.RECEIVABLE, PATIENT, currency)
    )
    return Due(max(0, owed), max(0, -owed), currency)


def _contained(allocation: Allocation, as_of: int | None, posting_lag_micros: int) -> tuple[bool, bool]:
    """Whether a balance as of then contains the allocation, and whether that is a guess from its age."""
    if as_of is None:
        return False, False
    if allocation.confirmed_at is not None:
        return allocation.confirmed_at <= as_of, False
    # What the EHR took through its own till has no posting of ours: it was there from the start.
    accepted_at = allocation.made_at if allocation.posting is None else allocation.accepted_at
    is_old = accepted_at is not None and accepted_at <= as_of - posting_lag_micros
    return is_old, is_old


def _paid(allocation: Allocation) -> int:
    return allocation.amount_minor if allocation.kind is AllocationKind.PAYMENT else -allocation.amount_minor
