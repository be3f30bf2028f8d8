"""Telling HealthPay24 again: of some rows, of those that it rejected, or of everything (after it lost its own data)."""

from collections.abc import Sequence

from interface.errors import ActRefusedError
from interface.message import MirrorState
from interface.operate.act import By, acting, need_reason, unknown
from interface.ports import Store


def push_rows(store: Store, by: By, public_ids: Sequence[str]) -> int:
    """Tell HealthPay24 of these patients, guarantors, accounts (with their balances) or encounters, whatever it knows.

    Errors: ActRefusedError `reason-missing`, `not-found`.
    """
    need_reason(by, "push")
    names = sorted(set(public_ids))
    subject = f"rows:{names[0]}" if len(names) == 1 else f"rows:{names[0]}..{names[-1]}"
    with acting(store, by, "push", subject, details={"ids": names}) as turn:
        found = turn.mirror_rows(names)
        for missing in names:
            if missing not in found:
                raise unknown("row", missing)
        return turn.tell_again(rows=[row for rows in found.values() for row in rows])


def push_rejected(store: Store, by: By) -> int:
    """Tell HealthPay24 of everything that it rejected.

    Errors: ActRefusedError `reason-missing`, `nothing-chosen`.
    """
    need_reason(by, "push")
    with acting(store, by, "push", "rows:rejected") as turn:
        told = turn.tell_again(in_state=MirrorState.REJECTED)
        if not told:
            raise ActRefusedError("nothing-chosen", "HealthPay24 has rejected nothing", place="push")
    return told


def push_all(store: Store, by: By) -> int:
    """Tell HealthPay24 of every row that it was ever told of.

    Errors: ActRefusedError `reason-missing`.
    """
    need_reason(by, "push")
    with acting(store, by, "push", "rows:all") as turn:
        return turn.tell_again()
