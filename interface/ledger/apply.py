"""Apply one reading to the ledger: all of it or nothing, and a second time without effect."""

from collections.abc import Callable

from interface.ledger.balances import account_update, observe
from interface.ledger.merge import merge_patients
from interface.ledger.outcome import Applied, Outcome, Stopped
from interface.ledger.people import person
from interface.ledger.reading import Meaning, Reading
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
    Meaning.CANCEL_VISIT: visit,
    Meaning.CANCEL_DISCHARGE: visit,
    Meaning.ADD_PERSON: person,
    Meaning.UPDATE_PERSON: person,
    Meaning.MERGE_PATIENT: merge_patients,
    Meaning.TRANSACTIONS: transactions,
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
        return stopped.outcome
    except BaseException:
        workset.take_back()
        raise
    workset.keep()
    return Applied(telling.changed, tuple(telling.warnings), tuple(telling.unrestated))
