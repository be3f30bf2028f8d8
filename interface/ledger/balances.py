"""What the EHR states that a patient owes: kept as an observation beside the journal, the newest as-of wins."""

from interface.ledger.journal import Observation
from interface.ledger.noun import Noun
from interface.ledger.outcome import Caution, MissingAccount, Stopped
from interface.ledger.people import tell_account, tell_guarantors, tell_patient
from interface.ledger.reading import StatedBalance
from interface.ledger.telling import Telling


def account_update(telling: Telling) -> None:
    """BAR: the account, and its patient and guarantors where they are named; never an encounter."""
    patient = tell_patient(telling) if telling.reading.patient is not None else None
    tell_account(telling, patient, tell_guarantors(telling))


def observe(telling: Telling) -> None:
    """Keep the balances that a message of any kind states."""
    for number, stated in enumerate(telling.reading.balances, start=1):
        account = telling.rows.resolve(Noun.ACCOUNT, (stated.account,))
        if account is None:
            raise Stopped(MissingAccount(stated.account, f"balance[{number}]"))
        _observe(telling, account.id, stated, f"balance[{number}]")


def _observe(telling: Telling, account_id: int, stated: StatedBalance, place: str) -> None:
    stamp, known = telling.stamp, telling.till.observation(account_id)
    seen = Observation(account_id, stated.amount_minor, stated.currency, stated.as_of, stamp.seq, stamp.message_id)
    if known == seen:
        return
    if known is not None:
        is_own = known.message_id == stamp.message_id
        if not is_own and (seen.as_of, seen.seq) < (known.as_of, known.seq):
            telling.warn(Caution.BALANCE_OUTDATED, place)
            return
    said, stands = (seen.amount_minor, seen.currency), known and (known.amount_minor, known.currency)
    if said != stands or (known is not None and known.message_id == seen.message_id):
        telling.changed = True  # of its own message, a newer version may also read another as-of
    telling.till.observe(seen)
