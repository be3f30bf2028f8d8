"""Apply one reading to the ledger: all of it or nothing, and a second time without effect."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from interface.ledger.accounts import account_update, account_with_visits, close_accounts, guarantor_update
from interface.ledger.balances import observe
from interface.ledger.demand import is_done, touched
from interface.ledger.journal import Entry
from interface.ledger.merge import merge
from interface.ledger.moves import move
from interface.ledger.outcome import Applied, Cause, MissingAccount, Outcome, Refusal, Stopped, Touched
from interface.ledger.person import link, person, remove_person
from interface.ledger.reading import Meaning, Reading
from interface.ledger.renumber import renumber
from interface.ledger.settlement import take_or_give_back
from interface.ledger.settling import settle
from interface.ledger.stamp import Stamp
from interface.ledger.telling import Telling
from interface.ledger.transactions import transactions
from interface.ledger.visits import visit
from interface.ledger.workset import Workset

_FAMILY: dict[Meaning, Callable[[Telling], None]] = {
    Meaning.ADMIT: visit,
    Meaning.REGISTER: visit,
    Meaning.PREADMIT: visit,
    Meaning.TRANSFER: visit,
    Meaning.DISCHARGE: visit,
    Meaning.UPDATE: visit,
    Meaning.CHANGE_CLASS: visit,
    Meaning.CANCEL_VISIT: visit,
    Meaning.CANCEL_TRANSFER: visit,
    Meaning.CANCEL_DISCHARGE: visit,
    Meaning.CANCEL_PREADMIT: visit,
    Meaning.REMOVE_VISIT: visit,
    Meaning.ADD_PERSON: person,
    Meaning.UPDATE_PERSON: person,
    Meaning.REMOVE_PERSON: remove_person,
    Meaning.LINK_PATIENTS: link,
    Meaning.UNLINK_PATIENTS: link,
    Meaning.MERGE_PATIENT: merge,
    Meaning.MERGE_ACCOUNT: merge,
    Meaning.MERGE_VISIT: merge,
    Meaning.MERGE_NAMED: merge,
    Meaning.MOVE_PATIENT: move,
    Meaning.MOVE_ACCOUNT: move,
    Meaning.MOVE_VISIT: move,
    Meaning.RENUMBER_PATIENT: renumber,
    Meaning.RENUMBER_ACCOUNT: renumber,
    Meaning.RENUMBER_VISIT: renumber,
    Meaning.RENUMBER_ALTERNATE_VISIT: renumber,
    Meaning.TRANSACTIONS: transactions,
    Meaning.OPEN_ACCOUNT: account_with_visits,
    Meaning.UPDATE_ACCOUNT: account_with_visits,
    Meaning.END_ACCOUNT: close_accounts,
    Meaning.PURGE_ACCOUNT: close_accounts,
    Meaning.UPDATE_GUARANTOR: guarantor_update,
    Meaning.BALANCE: account_update,
    Meaning.PAYMENT: take_or_give_back,
    Meaning.VOID: take_or_give_back,
    Meaning.REFUND: take_or_give_back,
    Meaning.SETTLEMENT: settle,
}


def apply(reading: Reading, workset: Workset, stamp: Stamp) -> Outcome:
    """Let a reading change the workset. Anything but `Applied`, and any exception, leaves the workset as it was."""
    return apply_all((reading,), workset, stamp)


def apply_all(readings: Sequence[Reading], workset: Workset, stamp: Stamp) -> Outcome:
    """Let all readings of a message change the workset, in their order, or none of them."""
    tellings = [Telling(reading, workset, stamp, place) for place, reading in enumerate(readings)]
    try:
        rows = tuple(_tell(telling) for telling in tellings)
    except Stopped as stopped:
        workset.take_back()
        return _never(stopped.outcome)
    except BaseException:
        workset.take_back()
        raise
    workset.keep()
    return Applied(
        any(telling.changed for telling in tellings),
        tuple(warning for telling in tellings for warning in telling.warnings),
        tuple(part for telling in tellings for part in telling.unrestated),
        rows if any(reading.is_request for reading in readings) else (),
    )


def _tell(telling: Telling) -> Touched | None:
    reading, target = telling.reading, telling.reading.target
    if target is not None and is_done(telling, target):
        found = touched(telling, target)
        return found and replace(found, is_new=False)
    before = len(telling.till.booked)
    _FAMILY[reading.meaning](telling)
    observe(telling)
    return touched(telling, target) if target is not None else _entry(telling.till.booked[before:])


def _entry(booked: Sequence[Entry]) -> Touched | None:
    return Touched(None, booked[0].id, booked[0].public_id, is_new=True) if len(booked) == 1 else None


def _never(outcome: Outcome) -> Outcome:
    """Nothing waits for a public id: ids are given by us, and one that is not known will not come."""
    if isinstance(outcome, MissingAccount) and outcome.identifier.is_public:
        return Refusal("204", Cause.REFERENCE_UNKNOWN, "no account or visit has this id", outcome.place)
    return outcome
