"""Apply one reading to the ledger: all of it or nothing, and a second time without effect."""

from collections.abc import Callable

from interface.ledger.accounts import account_update, account_with_visits, close_accounts, guarantor_update
from interface.ledger.balances import observe
from interface.ledger.merge import merge
from interface.ledger.moves import move
from interface.ledger.outcome import Applied, Cause, MissingAccount, Outcome, Refusal, Stopped
from interface.ledger.person import link, person, remove_person
from interface.ledger.reading import Meaning, Reading
from interface.ledger.renumber import renumber
from interface.ledger.settlement import take_or_give_back
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
}


def apply(reading: Reading, workset: Workset, stamp: Stamp) -> Outcome:
    """Let a reading change the workset. Anything but `Applied`, and any exception, leaves the workset as it was."""
    telling = Telling(reading, workset, stamp)
    try:
        _FAMILY[reading.meaning](telling)
        observe(telling)
    except Stopped as stopped:
        workset.take_back()
        return _never(stopped.outcome)
    except BaseException:
        workset.take_back()
        raise
    workset.keep()
    return Applied(telling.changed, tuple(telling.warnings), tuple(telling.unrestated))


def _never(outcome: Outcome) -> Outcome:
    """Nothing waits for a public id: ids are given by us, and one that is not known will not come."""
    if isinstance(outcome, MissingAccount) and outcome.identifier.is_public:
        return Refusal("204", Cause.REFERENCE_UNKNOWN, "no account or visit has this id", outcome.place)
    return outcome
