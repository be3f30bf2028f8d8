"""What the EHR states that a patient owes: kept as an observation beside the journal, the newest as-of wins."""

from dataclasses import replace

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
        named = telling.rows.find(Noun.ACCOUNT, stated.account)
        if named is None:
            raise Stopped(MissingAccount(stated.account, f"balance[{number}]"))
        _observe(telling, _spoken_of(telling.rows, named, stated.as_of), stated, f"balance[{number}]")


def inherit_observation(telling: Telling, retired: Entity) -> None:
    """What was stated of an account that is merged now: of it alone, unless as of a time after the merge."""
    seen = telling.till.observation(retired.id)
    if seen is None:
        return
    telling.till.observe(_of(seen, retired))
    account = _spoken_of(telling.rows, retired, seen.as_of)
    known = telling.till.observation(account.id)
    if known is None or (known.as_of, known.seq) < (seen.as_of, seen.seq):
        telling.till.observe(_of(seen, account))


def _of(seen: Observation, account: Entity) -> Observation:
    merged_at, merged_into = account.value("merged", "at"), account.survivor_id
    return replace(seen, account_id=account.id, merged_at=merged_at, merged_into=merged_into)


def _spoken_of(rows: Rows, named: Entity, as_of: int) -> Entity:
    """The account that a balance is of: until an account was merged, of itself alone; from then on of its survivor."""
    steps = rows.chain(named)
    return next((one for one in steps if "merged" in one.groups and as_of < one.value("merged", "at")), steps[-1])


def _observe(telling: Telling, account: Entity, stated: StatedBalance, place: str) -> None:
    stamp, known = telling.stamp, telling.till.observation(account.id)
    said_of = Observation(account.id, stated.amount_minor, stated.currency, stated.as_of, stamp.seq, stamp.message_id)
    seen = _of(said_of, account)
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
