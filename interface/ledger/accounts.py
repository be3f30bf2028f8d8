"""Accounts as BAR messages tell of them: opened with their visits, brought up to date, ended, archived.

An account that has ended takes no further charges, and payments as before. One that the EHR has purged keeps everything that it
holds, and counts as archived only when no money is left on it.
"""

from interface.ledger.entity import Entity
from interface.ledger.left import left_on
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.people import (
    is_of_merged,
    new_account,
    own,
    patient_named,
    tell_account,
    tell_guarantors,
    tell_patient,
)
from interface.ledger.precedence import newest
from interface.ledger.reading import AccountNamed, Meaning, MoneyKind, Transaction
from interface.ledger.telling import Telling
from interface.ledger.visits import tell_encounter
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem


def account_update(telling: Telling) -> None:
    """The account, and its patient and guarantors where they are named; never an encounter."""
    _account(telling)


def guarantor_update(telling: Telling) -> None:
    """Those who answer for accounts, as they are known to all of them; for which, their accounts say."""
    tell_guarantors(telling)


def account_with_visits(telling: Telling) -> None:
    """BAR^P01 and P05: the account, its guarantors, and each visit that the message shows, as a snapshot."""
    reading = telling.reading
    patient, account = _account(telling)
    ids = reading.account.ids if reading.account is not None else ()
    if account is not None and reading.meaning is Meaning.OPEN_ACCOUNT and not is_of_merged(telling, ids):
        telling.say(account, {"ending": {"ended": False}})
    for said in (reading.encounter, *reading.further_encounters):
        if said is not None and said.ids and patient is not None:
            tell_encounter(telling, said, patient, account)


def _account(telling: Telling) -> tuple[Entity | None, Entity | None]:
    patient = tell_patient(telling) if telling.reading.patient is not None else None
    return patient, tell_account(telling, patient, tell_guarantors(telling))


def close_accounts(telling: Telling) -> None:
    """BAR^P06 and P02: every account that the message names."""
    if not telling.reading.closed:
        raise refuse("101", Cause.ACCOUNT_MISSING, "the message names no account", place="closed")
    is_purge = telling.reading.meaning is Meaning.PURGE_ACCOUNT
    for number, named in enumerate(telling.reading.closed, start=1):
        account = _named(telling, named, f"closed[{number}]")
        if is_of_merged(telling, (named.account,)):
            continue
        telling.say(account, {"ending": {"ended": True}})
        if is_purge:
            _purge(telling, account, f"closed[{number}]")


def _named(telling: Telling, named: AccountNamed, place: str) -> Entity:
    """The account, created when unknown: what comes late finds it closed."""
    account = telling.rows.resolve(Noun.ACCOUNT, (named.account,))
    patient = patient_named(telling, named.patient) if named.patient is not None else None
    if account is None:
        telling.warn(Caution.ACCOUNT_CREATED, place)
        return new_account(telling, (named.account,), patient)
    own(telling, account, patient, (named.patient,) if named.patient is not None else ())
    return account


def _purge(telling: Telling, account: Entity, place: str) -> None:
    """Archive the account if nothing is due, in credit or on its way into the EHR.

    Decided once for each request: one that comes again finds its answer.
    """
    at, _ = newest(account, "purge")
    if telling.reading.event_at <= at:
        return
    left = left_on(telling, telling.rows.estate(account))
    telling.say(account, {"purge": {"purged": not left}})
    if left:
        telling.warn(Caution.ACCOUNT_NOT_PURGED, place)
        subject = f"account:{account.public_id}"
        cause = Cause.ACCOUNT_PURGED_WITH_MONEY if left.has_balance else Cause.ACCOUNT_PURGED_BEFORE_POSTING
        telling.tell_person(WorkItem(ItemKind.MONEY_LEFT, subject, cause, NOTICE, left.amount_minor, left.currency))


def require_open(telling: Telling, said: Transaction, account: Entity) -> None:
    """Hold a charge that was made after the EHR ended its account."""
    if said.kind is not MoneyKind.CHARGE or not account.value("ending", "ended"):
        return
    ended_at, _ = newest(account, "ending")
    if telling.reading.event_at > ended_at:
        raise hold(
            ItemKind.MONEY,
            Cause.ACCOUNT_ENDED,
            "a charge after the EHR ended the account",
            subject=f"account:{account.public_id}",
            place=said.place,
            amount_minor=said.amount_minor,
            currency=said.currency,
        )
