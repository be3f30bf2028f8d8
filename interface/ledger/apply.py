"""Apply one reading to the ledger: all of it or nothing, and a second time without effect."""

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


def apply(reading: Reading, workset: Workset, stamp: Stamp) -> Outcome:
    """Let a reading change the workset. Anything but `Applied`, and any exception, leaves the workset as it was."""
    telling = Telling(reading, workset, stamp)
    try:
        _tell(telling)
    except Stopped as stopped:
        workset.take_back()
        return stopped.outcome
    except BaseException:
        workset.take_back()
        raise
    workset.keep()
    return Applied(telling.changed, tuple(telling.warnings))


def _tell(telling: Telling) -> None:
    match telling.reading.meaning:
        case (
            Meaning.ADMIT
            | Meaning.REGISTER
            | Meaning.PREADMIT
            | Meaning.TRANSFER
            | Meaning.DISCHARGE
            | Meaning.UPDATE
            | Meaning.CANCEL_VISIT
            | Meaning.CANCEL_DISCHARGE
        ):
            visit(telling)
        case Meaning.ADD_PERSON | Meaning.UPDATE_PERSON:
            person(telling)
        case Meaning.MERGE_PATIENT:
            merge_patients(telling)
        case Meaning.TRANSACTIONS:
            transactions(telling)
        case Meaning.BALANCE:
            account_update(telling)
        case Meaning.PAYMENT | Meaning.VOID | Meaning.REFUND:
            take_or_give_back(telling)
    observe(telling)
