"""Money that the EHR reports: charges and its own payments are booked, echoes of our payments confirm them.

Nothing is booked twice and nothing is dropped: what contradicts the books, or only looks like a repeat, is held for a person.
A replay never restates money. Where that is forced, the former entry is taken back by one of its own and the new one booked.
"""

from dataclasses import replace
from typing import Final

from interface.ledger import echo
from interface.ledger.accounts import require_open
from interface.ledger.entity import Entity
from interface.ledger.journal import PATIENT, Book, EntryKind, MoneyMark, marked_lines, negated
from interface.ledger.money_key import look_up
from interface.ledger.needs import PAYMENT_KINDS
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Cause, Caution, MissingAccount, Stopped, Unrestated, hold, refuse, summed
from interface.ledger.people import owned_once, somebody_elses
from interface.ledger.reading import MoneyKind, Transaction
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem
from interface.message import RunReason

MOST_IN_ONE: Final = 1 << 20  # transactions of one reading; those of the next one of its message are counted from here


def transactions(telling: Telling) -> None:
    """DFT^P03: all transactions or none. It brings no account into being: money waits for its account."""
    spoken = telling.reading.transactions
    accounts = [locate(telling, said.account, said.visit, said.place) for said in spoken]
    is_replay = telling.stamp.reason is RunReason.REPLAY
    first = telling.position * MOST_IN_ONE
    marks = telling.till.marks_of(telling.stamp.message_id) if is_replay else {}
    booked = {ordinal: mark for ordinal, mark in marks.items() if ordinal // MOST_IN_ONE == telling.position}
    is_restating = bool(booked)
    for ordinal, (said, account) in enumerate(zip(spoken, accounts, strict=True), first):
        mark = _mark(telling, said, account, ordinal)
        if is_restating:
            _restate(telling, said, account, booked.pop(ordinal, None), mark)
        else:
            _tell(telling, said, account, mark)
    for mark in booked.values():
        if telling.stamp.force_money:
            _withdraw(telling, mark)
        else:
            _leave(telling, mark, None, f"FT1[{mark.ordinal % MOST_IN_ONE + 1}]")


def locate(telling: Telling, account_id: Identifier | None, visit_id: Identifier | None, place: str) -> Entity:
    """The account that money is for, which must be the account of the message's patient."""
    reading, rows = telling.reading, telling.rows
    account_id = account_id or (reading.account.ids[0] if reading.account and reading.account.ids else None)
    visit_id = visit_id or (reading.encounter.ids[0] if reading.encounter and reading.encounter.ids else None)
    if account_id is not None:
        account = rows.resolve(Noun.ACCOUNT, (account_id,))
    elif visit_id is not None:
        visit = rows.resolve(Noun.ENCOUNTER, (visit_id,))
        account = rows.row(Noun.ACCOUNT, visit.account_id) if visit and visit.account_id is not None else None
    else:
        raise refuse("101", Cause.ACCOUNT_MISSING, "the money names neither an account nor a visit", place=place)
    awaited = account_id or visit_id
    if account is None:
        assert awaited is not None
        raise Stopped(MissingAccount(awaited, place))
    if reading.patient is not None and account.patient_id is not None:
        patient = rows.resolve(Noun.PATIENT, reading.patient.ids)
        if patient is not rows.row(Noun.PATIENT, account.patient_id):
            visit = rows.resolve(Noun.ENCOUNTER, (visit_id,)) if visit_id is not None else None
            if not any(owned_once(telling, one) for one in (account, visit) if one is not None):
                raise somebody_elses(account)
    return account


def _mark(telling: Telling, said: Transaction, account: Entity, ordinal: int) -> MoneyMark:
    return MoneyMark(
        look_up=look_up(said),
        source=telling.stamp.source,
        account_id=account.id,
        message_id=telling.stamp.message_id,
        ordinal=ordinal,
        entry_id=None,
        kind=said.kind,
        amount_minor=said.amount_minor,
        currency=said.currency,
        responsibility=said.responsibility,
        code=said.code,
        occurred_on=said.occurred_on,
    )


def _tell(telling: Telling, said: Transaction, account: Entity, mark: MoneyMark) -> None:
    earlier = _earlier(telling, said, account, mark)
    if said.id and earlier:
        _see_repeat(said, account, mark, earlier)
        return
    ours = echo.of_ours(telling, said, account)
    if ours and echo.confirms(telling, said, account, ours):
        telling.till.mark(mark)
        return
    if earlier:
        if any(former.message_id == mark.message_id and former.ordinal == mark.ordinal for former in earlier):
            return
        if any(former.message_id != mark.message_id for former in earlier):
            text = "without a transaction id, and same account, amount, date and code as one that is booked"
            raise _money_hold(Cause.SUSPECTED_REPEAT, text, said, account)
    require_open(telling, said, account)
    if ours:
        mark = echo.reversal(telling, said, account, ours, mark)
    elif said.amount_minor:
        mark = replace(mark, entry_id=_book(telling, said, mark))
    else:
        telling.warn(Caution.AMOUNT_ZERO, said.place)
    telling.till.mark(mark)
    telling.changed = True
    _compare_guarantor(telling, said, account)


def _compare_guarantor(telling: Telling, said: Transaction, account: Entity) -> None:
    """Tell a person of a charge for which somebody else answers than for its account: the account's bill goes to one of them."""
    if said.guarantor is None or said.kind is not MoneyKind.CHARGE:
        return
    listed = {link["guarantor"] for link in account.value("guarantors", "guarantors") or ()}
    known = telling.rows.resolve(Noun.GUARANTOR, (said.guarantor,))
    if listed and (known is None or known.id not in listed):
        subject, stake = f"account:{account.public_id}", (said.amount_minor, said.currency)
        telling.tell_person(WorkItem(ItemKind.GUARANTOR, subject, Cause.GUARANTOR_OF_CHARGE_DIFFERS, NOTICE, *stake))


def _earlier(telling: Telling, said: Transaction, account: Entity, mark: MoneyMark) -> list[MoneyMark]:
    """What was booked under the same key, or what looks the same where there is no key."""
    alike = [former for former in telling.till.marks_alike(mark.look_up) if former.source == mark.source]
    if not alike:
        return []
    before = _accounts_before(telling, said)
    roots = [(former, telling.rows.row(Noun.ACCOUNT, former.account_id)) for former in alike]
    return [former for former, root in roots if root is account or not before.isdisjoint((former.account_id, root.id))]


def _accounts_before(telling: Telling, said: Transaction) -> set[int]:
    """Where money was booked that names a visit alone, before the visit was moved to the account that it has today."""
    reading = telling.reading
    visit_id = said.visit or (reading.encounter.ids[0] if reading.encounter and reading.encounter.ids else None)
    is_by_account = said.account is not None or bool(reading.account and reading.account.ids)
    visit = None if is_by_account or visit_id is None else telling.rows.resolve(Noun.ENCOUNTER, (visit_id,))
    return set(visit.value("owners", "accounts") or ()) if visit is not None else set()


def _see_repeat(said: Transaction, account: Entity, mark: MoneyMark, earlier: list[MoneyMark]) -> None:
    told = (mark.amount_minor, mark.currency, mark.occurred_on)
    if any((former.amount_minor, former.currency, former.occurred_on) != told for former in earlier):
        text = "the transaction id is booked with another amount or date"
        raise _money_hold(Cause.MONEY_KEY_REUSED, text, said, account)


def _money_hold(cause: Cause, text: str, said: Transaction, account: Entity) -> Exception:
    return hold(
        ItemKind.MONEY,
        cause,
        text,
        subject=f"account:{account.public_id}",
        place=said.place,
        amount_minor=said.amount_minor,
        currency=said.currency,
    )


def _book(telling: Telling, said: Transaction, mark: MoneyMark) -> int:
    at = said.occurred_at or telling.reading.event_at
    return telling.till.book(EntryKind(mark.kind.value), at, telling.stamp, marked_lines(mark), memo_code=said.code)


# ---------------------------------------------------------------- replay


def _restate(telling: Telling, said: Transaction, account: Entity, former: MoneyMark | None, mark: MoneyMark) -> None:
    if former is not None:
        as_before = replace(mark, account_id=former.account_id, entry_id=former.entry_id)
        if former.kind in PAYMENT_KINDS and former.responsibility == PATIENT:  # it took back a payment of ours
            as_before = replace(as_before, responsibility=PATIENT)
        if as_before == former and telling.rows.row(Noun.ACCOUNT, former.account_id) is account:
            return
    if not telling.stamp.force_money:
        _leave(telling, former, mark, said.place)
        return
    if former is not None:
        _withdraw(telling, former)
    _tell(telling, said, account, mark)


def _leave(telling: Telling, former: MoneyMark | None, mark: MoneyMark | None, place: str) -> None:
    """Leave money as it is booked, and say what the message would book now."""
    telling.warn(Caution.MONEY_NOT_RESTATED, place)
    booked = _effect(former) if former is not None and former.entry_id is not None else 0
    sides = ((former, booked, 0), (mark, 0, _effect(mark) if mark is not None else 0))
    telling.unrestated += summed(Unrestated(one.currency, before, now) for one, before, now in sides if one is not None)


def _effect(mark: MoneyMark) -> int:
    """What a mark's money does to its account."""
    return sum(line.amount_minor for line in marked_lines(mark) if line.book is Book.RECEIVABLE)


def _withdraw(telling: Telling, former: MoneyMark) -> None:
    """Take back what the message booked before and no longer says."""
    if former.entry_id is not None:
        telling.till.book(
            EntryKind.CORRECTION,
            telling.reading.event_at,
            telling.stamp,
            negated(marked_lines(former)),
            reverses=former.entry_id,
            memo_code=former.code,
        )
        telling.changed = True
    telling.till.mark(replace(former, look_up="", entry_id=None, amount_minor=0))
