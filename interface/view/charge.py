"""Charges and credits that the EHR booked on accounts, as a resource server shows them."""

from dataclasses import dataclass

from interface.ledger.journal import Entry


@dataclass(frozen=True, slots=True)
class ChargeFilter:
    """What all must hold; an empty one says nothing. One page, in the order of ids.

    `patients` and `accounts` are public ids whose rows are meant, those merged into them included. Within one of `numbers`,
    any may fit; a number is the sender's own of the transaction (FT1-2), whoever the sender is.
    """

    limit: int
    public_ids: tuple[str, ...] | None = None
    numbers: tuple[tuple[str, ...], ...] = ()
    patients: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    beyond_id: int = 0
    are_payments: bool = False  # not charges and credits, but what the EHR says was paid to it, or given back


@dataclass(frozen=True, slots=True)
class ChargeStory:
    """One charge, or credit, with whose it is now: public ids of what stands for account and patient since a merge."""

    entry: Entry
    account: str
    patient: str  # empty while the account has none
    number: str  # FT1-2; empty where the sender gave none, or the charge was taken back
    is_restricted: bool  # the account is paid by the patient, and not to be disclosed to an insurer
    facility: str
    is_taken_back: bool  # the same message was booked anew in its place, or without it
