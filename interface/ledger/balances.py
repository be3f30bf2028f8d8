"""What the EHR states that a patient owes: kept as an observation beside the journal, the newest as-of wins."""

from interface.ledger.entity import Entity
from interface.ledger.journal import Observation
from interface.ledger.noun import Noun
from interface.ledger.outcome import Caution, MissingAccount, Stopped
from interface.ledger.reading import StatedBalance
from interface.ledger.rows import Rows
from interface.ledger.telling import Telling


def observe(telling: Telling) -> None:
    """Keep the balances that a message of any kind states."""
    for number, stated in enumerate(telling.reading.balances, start=1):
        account = _spoken_of(telling.rows, stated)
        if account is None:
            raise Stopped(MissingAccount(stated.account, f"balance[{number}]"))
        _observe(telling, account, stated, f"balance[{number}]")


def _spoken_of(rows: Rows, stated: StatedBalance) -> Entity | None:
    """The account that a balance is of: until an account was merged, of itself alone; from then on of its survivor."""
    named = rows.find(Noun.ACCOUNT, stated.account)
    if named is None or named.survivor_id is None:
        return named
    steps = rows.chain(named)
    return next(
        (one for one in steps if "merged" in one.groups and stated.as_of < one.value("merged", "at")), steps[-1]
    )


def _observe(telling: Telling, account: Entity, stated: StatedBalance, place: str) -> None:
    stamp, known = telling.stamp, telling.till.observation(account.id)
    seen = Observation(
        account.id,
        stated.amount_minor,
        stated.currency,
        stated.as_of,
        stamp.seq,
        stamp.message_id,
        account.value("merged", "at"),
        account.survivor_id,
    )
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
