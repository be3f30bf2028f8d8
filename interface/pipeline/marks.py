"""Which rows HealthPay24 is to be told of after a batch."""

from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Noun
from interface.row.mirror import MirrorMark, Subject


def marks_of(changes: LedgerChanges) -> set[MirrorMark]:
    """What changed, and the balances that may have: the records themselves tell whether they differ.

    Rows that a newer message only repeated are left out.
    """
    found: set[MirrorMark] = set()
    for one in (*changes.created, *changes.changed):
        # What names a row that was merged, or an account that was moved, has another owner.
        is_merged = one.survivor_id is not None or "owner" in one.groups
        found.add(MirrorMark(Subject(one.noun.value), one.id, is_merged=is_merged))
        if one.noun is Noun.ACCOUNT:
            found.add(MirrorMark(Subject.BALANCE, one.id))
            if one.survivor_id is not None:
                found.add(MirrorMark(Subject.BALANCE, one.survivor_id))
    owed = {one.account_id for one in changes.balance_deltas}
    owed |= {one.account_id for one in changes.observations}
    owed |= {one.account_id for one in changes.allocations}
    return found | {MirrorMark(Subject.BALANCE, account_id) for account_id in owed}
