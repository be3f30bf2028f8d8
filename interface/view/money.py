"""Accounts and payments as people see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from interface.ledger.due import BalancePolicy, Due, counting
from interface.ledger.entity import Entity
from interface.ledger.journal import Balance, Entry, Observation
from interface.ledger.noun import Identifier
from interface.ledger.payment import Allocation, Payment


@dataclass(frozen=True, slots=True)
class AccountStory:
    """One account (the survivor, where it was merged) with whose it is and all that moved on it.

    Opens sealed groups.
    """

    account: Entity
    names: tuple[Identifier, ...]  # live ones first, then retired ones, merged accounts' included
    patient: Entity | None
    patient_names: tuple[Identifier, ...]
    guarantors: tuple[Entity, ...]
    visits: tuple[Entity, ...]
    balances: tuple[Balance, ...]
    observations: tuple[Observation, ...]  # its own, and those of the accounts that were merged into it
    entries: tuple[Entry, ...]
    payments: tuple[Payment, ...]
    allocations: tuple[Allocation, ...]  # all of those payments, also on other accounts
    merged_ids: tuple[int, ...] = ()  # ids of accounts that this one stands for
    merged_names: Mapping[int, Identifier] = field(default_factory=dict)  # the number of each of them

    def due(self, policy: BalancePolicy) -> Due:
        """What the patient owes on it."""
        mine = [one for one in self.allocations if one.account_id in (self.account.id, *self.merged_ids)]
        return policy.due(self.observations, mine, self.balances, currency=self.account.currency)

    def stated(self) -> list[Observation]:
        """What the EHR states, each of other money: its own first, then of those merged into it what nothing newer contains."""
        own_first = sorted(self.observations, key=lambda one: (one.account_id != self.account.id, one.account_id))
        return counting(own_first)

    def number_of(self, account_id: int) -> str:
        """The number of this account, or of one that it stands for."""
        known = self.merged_names.get(account_id) or next(iter(self.names), None)
        return known.value if known is not None else ""


@dataclass(frozen=True, slots=True)
class PaymentStory:
    """One payment with all of its allocations, voids and refunds included, and the public id of each one's account."""

    payment: Payment
    allocations: tuple[Allocation, ...]
    account_public_ids: Mapping[int, str]
    causes: Mapping[int, str] = field(default_factory=dict)  # allocation id -> why its posting stands as it does
