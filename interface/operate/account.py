"""Accounts and payments: whose they are, what moved on them, and how far payments are on their way into the EHR."""

from dataclasses import dataclass

from interface.errors import ActRefusedError
from interface.healthpay24.payload import control_id_of
from interface.ledger.journal import Book
from interface.ledger.payment import AllocationKind
from interface.message import PostingState
from interface.operate.act import By, note, unknown
from interface.ports import Reader, Store
from interface.view.message import MessageFilter, MessageRow
from interface.view.money import AccountStory, PaymentStory

PAGE = 200


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in a list. Amounts in minor units of its currency; `posted_minor` is what of `paid_minor` the EHR has."""

    story: AccountStory
    charges_minor: int
    paid_minor: int
    posted_minor: int


def accounts(store: Store, by: By, *, beyond_id: int = 0) -> list[AccountLine]:
    """One page of accounts, oldest first. Audited: an account names its patient."""
    with store.snapshot() as reader:
        page = [line_of(story) for story in reader.accounts(beyond_id, PAGE)]
    ids = [one.story.account.public_id for one in page]
    note(store, by, "list", f"accounts:{ids[0]}..{ids[-1]}" if ids else "accounts", details={"ids": ids})
    return page


def account(store: Store, by: By, name: str) -> AccountLine:
    """One account by public id or number; ActRefusedError `not-found` where none, or more than one, is known by it."""
    with store.snapshot() as reader:
        public_id = find_account(reader, name).account.public_id
    note(store, by, "look", f"account:{public_id}")
    with store.snapshot() as reader:
        return line_of(find_account(reader, public_id))


def payment(store: Store, by: By, name: str) -> PaymentStory:
    """One payment by public id, transaction id or the number that the EHR knows it by; ActRefusedError `not-found`."""
    with store.snapshot() as reader:
        story = find_payment(reader, name)
    note(store, by, "look", f"payment:{story.payment.public_id}")
    return story


def find_payment(reader: Reader, name: str) -> PaymentStory:
    """The payment by public id, transaction id or wire id. A transaction whose message has not run yet is told by that message."""
    story = reader.payment(name)
    if story is not None:
        return story
    awaited = reader.messages(MessageFilter(control_id=control_id_of(name), limit=1)) if name[:3] == "tx_" else []
    raise _not_taken_yet(awaited[0]) if awaited else unknown("payment", "")


def _not_taken_yet(message: MessageRow) -> ActRefusedError:
    return ActRefusedError(
        "not-found",
        f"this transaction has no payment yet: its message is {'parked' if message.is_parked else message.state}",
        place=f"message:{message.id}",
        advice=f"see `hp24 show {message.id}`",
    )


def find_account(reader: Reader, name: str) -> AccountStory:
    """The account; the refusal does not repeat the name, which may be a number out of a hospital."""
    story = reader.account(name)
    if story is None:
        raise unknown("account", "")
    return story


def line_of(story: AccountStory) -> AccountLine:
    """The sums of one account."""
    own = story.account
    ids = {own.id, *story.merged_ids}
    allocations = [one for one in story.allocations if one.account_id in ids]
    taken = [one for one in allocations if one.kind is AllocationKind.PAYMENT]
    return AccountLine(
        story,
        charges_minor=-sum(b.amount_minor for b in story.balances if b.book is Book.CHARGES),
        paid_minor=sum(one.amount_minor for one in taken),
        posted_minor=sum(one.amount_minor for one in taken if one.posting is PostingState.POSTED),
    )
