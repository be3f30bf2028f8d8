"""Verbs that move money: taking payments and giving them back. HealthPay24 takes it; the running engine posts it."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.healthpay24.protocol import Answered, Share
    from interface.view.money import PaymentStory

_PAYMENT_WAIT_SECS = 1.0  # for the engine to run a payment's message
_POLL_SECS = 0.05


def _last4(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not (value.isascii() and value.isdigit() and len(value) == 4):
        raise click.BadParameter("give four digits, as in 4242, and no more of them")
    return value


_KEY = click.option(
    "--key", metavar="KEY", help="Idempotency key: asking again with it never takes money twice. Default: a new one."
)
_ALLOCATE = click.option(
    "--allocate", "parts", metavar="ACCOUNT=AMOUNT", multiple=True, help="One part of the money. Repeatable."
)


@verb("pay")
@click.option("--account", metavar="ACCOUNT", help="Account (ac_..., or its number) that all of --amount goes to.")
@click.option("--amount", metavar="AMOUNT", help="As in 25.00.")
@_ALLOCATE
@click.option(
    "--within-due", is_flag=True, help="Refuse it where it is more than is due, whoever pays at the same moment."
)
@click.option(
    "--method", required=True, metavar="TENDER:TOKEN", help="As in visa:tok_1a2b, or cash. Never a card number."
)
@click.option("--last4", metavar="DIGITS", default="", callback=_last4, help="Last four digits, for receipts.")
@_KEY
def pay_verb(
    asked: Asked,
    account: str | None,
    amount: str | None,
    parts: tuple[str, ...],
    within_due: bool,
    method: str,
    last4: str,
    key: str | None,
) -> None:
    """Take a payment. It is posted to the EHR by the running engine; `hp24 trace` follows it."""
    from interface.app.pay import hosted
    from interface.healthpay24.protocol import PaymentOrder

    if (account is None) != (amount is None) or (account is None) == (not parts):
        raise click.UsageError("give --account and --amount, or --allocate ACCOUNT=AMOUNT for each account")
    tender, _, token = method.partition(":")
    with asked.app() as app:
        shares, currency = _shares(app, [f"{account}={amount}"] if account else parts)
        order = PaymentOrder(shares, currency, tender, token, last4, within_due)
        key = key or app.store.new_public_id("key")
        answered = hosted(app).pay(order, key=key, actor=asked.by().actor)
        _tell(asked, answered, key, _Told(app, f"payment by {tender}", shares, currency))


def _shares(app: "App", parts: "tuple[str, ...] | list[str]") -> "tuple[tuple[Share, ...], str]":
    from interface.errors import MessageError
    from interface.healthpay24.protocol import Share
    from interface.hl7.money import MoneyFormat, parse_money
    from interface.operate.account import find_account

    shares, currencies = [], set()
    for part in parts:
        name, _, amount = part.rpartition("=")
        with app.store.snapshot() as reader:
            own = find_account(reader, name).account
        try:
            money = parse_money(amount, MoneyFormat.DECIMAL, own.currency)
        except MessageError:
            raise click.UsageError(f"an amount in {own.currency} is written as in 25.00") from None
        shares.append(Share(own.public_id, money.minor))
        currencies.add(own.currency)
    if len(currencies) > 1:
        raise click.UsageError(f"one payment has one currency; these accounts have {', '.join(sorted(currencies))}")
    return tuple(shares), next(iter(currencies), "")


@verb("void")
@click.argument("name", metavar="PAYMENT")
@_KEY
def void_verb(asked: Asked, name: str, key: str | None) -> None:
    """Take back a whole PAYMENT (pm_..., tx_..., or its number in the EHR) before it is settled."""
    _give_back(asked, name, (), key, is_void=True)


@verb("refund")
@click.argument("name", metavar="PAYMENT")
@_ALLOCATE
@_KEY
def refund_verb(asked: Asked, name: str, parts: tuple[str, ...], key: str | None) -> None:
    """Give back money of a PAYMENT (pm_..., tx_..., or its number in the EHR): what --allocate names, else all that is left."""
    _give_back(asked, name, parts, key, is_void=False)


def _give_back(asked: Asked, name: str, parts: tuple[str, ...], key: str | None, *, is_void: bool) -> None:
    from interface.app.pay import hosted
    from interface.healthpay24.protocol import ReturnOrder
    from interface.operate.account import payment

    with asked.app() as app:
        story = payment(app.store, asked.by(), name)
        shares = _shares(app, parts)[0] if parts else _all_left(story)
        order = ReturnOrder(story.payment.transaction_id, story.payment.currency, shares)
        key = key or app.store.new_public_id("key")
        give_back = hosted(app).void if is_void else hosted(app).refund
        answered = give_back(order, key=key, actor=asked.by().actor)
        _tell(asked, answered, key, _Told(app, "void" if is_void else "refund", shares, order.currency))


def _all_left(story: "PaymentStory") -> "tuple[Share, ...]":
    """What has been neither voided nor refunded, account by account."""
    from interface.errors import ActRefusedError
    from interface.healthpay24.protocol import Share
    from interface.ledger.payment import AllocationKind, remaining_minor

    parts = [one for one in story.allocations if one.kind is AllocationKind.PAYMENT]
    left = [(story.account_public_ids[one.account_id], remaining_minor(one, story.allocations)) for one in parts]
    shares = tuple(Share(account, amount) for account, amount in left if amount)
    if not shares:
        text = "nothing of this payment is left to give back"
        raise ActRefusedError("nothing-left", text, place=f"payment:{story.payment.public_id}")
    return shares


@dataclass(frozen=True, slots=True)
class _Told:
    """What was asked for, as it is told again."""

    app: "App"
    what: str
    shares: "tuple[Share, ...]"
    currency: str

    def accounts(self) -> list[str]:
        """The accounts as people name them, each once."""
        with self.app.store.snapshot() as reader:
            stories = [reader.account(name) for name in dict.fromkeys(share.account for share in self.shares)]
        return [one.names[0].value if one.names else one.account.public_id for one in stories if one is not None]

    def payment(self, reference: str) -> str:
        """The payment's public id; empty until the engine has run its message, which is waited for where one runs."""
        deadline = time.monotonic() + _PAYMENT_WAIT_SECS
        while True:
            with self.app.store.snapshot() as reader:
                story = reader.payment(reference)
            if story is not None:
                return story.payment.public_id
            if time.monotonic() > deadline or not self.app.is_processing():
                return ""
            time.sleep(_POLL_SECS)


def _tell(asked: Asked, answered: "Answered", key: str, told: _Told) -> None:
    from interface.cli.table import console, money, print_json
    from interface.errors import ActRefusedError
    from interface.healthpay24.protocol import Done, Pending, Rejected, Unknown

    match answered:
        case Rejected():
            raise ActRefusedError(answered.code, answered.text, place="healthpay24")
        case Done(is_repeat=True):
            how = "was done before under this key"
        case Done():
            how = "is done"
        case Pending():
            how = "is not finished yet; ask again with the same key"
        case Unknown():
            how = "is in doubt; ask again with the same key"
    total = sum(share.amount_minor for share in told.shares)
    payment = told.payment(answered.reference) if isinstance(answered, Done) else ""
    if asked.as_json:
        done = {"message": answered.message_id, "repeat": answered.is_repeat} if isinstance(answered, Done) else {}
        print_json(
            {
                "reference": answered.reference,
                "key": key,
                "outcome": type(answered).__name__.lower(),
                **done,
                "payment": payment or None,
                "amount_minor": total,
                "currency": told.currency,
                "accounts": told.accounts(),
            }
        )
        return
    screen = console()
    on = f" on {', '.join(told.accounts())}" if told.shares else ""
    screen.print(f"A {told.what} of {money(total, told.currency)}{on} {how}.", markup=False, soft_wrap=True)
    named = payment or "no number yet; `hp24 show` takes the transaction"
    screen.print(f"  payment      {named}", markup=False)
    screen.print(f"  transaction  {answered.reference}", markup=False)
    screen.print(f"  key          {key}", markup=False)
