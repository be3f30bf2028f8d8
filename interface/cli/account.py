"""Accounts and payments for people: the list, one account with what moved on it, one payment with its parts."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.ledger.due import BalancePolicy
    from interface.operate.account import AccountLine
    from interface.view.money import AccountStory, PaymentStory


@verb("accounts")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N.")
def accounts_verb(asked: Asked, limit: int | None) -> None:
    """List accounts with what patients owe on them, what was paid through HealthPay24, and what of it is posted."""
    from interface.cli.table import print_json
    from interface.operate.account import accounts

    lines: list[AccountLine] = []
    with asked.app() as app:
        rules = _policies(app)
        while page := accounts(app.store, asked.by(), beyond_id=lines[-1].story.account.id if lines else 0):
            lines += page
            if limit is not None and len(lines) >= limit:
                break
    lines = lines[:limit]
    if asked.as_json:
        for line in lines:
            print_json(account_json(line, rules), is_line=True)
    else:
        _print_accounts(lines, rules)


def _policies(app: "App") -> "dict[str, BalancePolicy]":
    from interface.app.due import policies
    from interface.errors import ConfigurationError

    try:
        return policies(app.active()[1])
    except ConfigurationError:
        return {}  # nothing was published yet: the default policy counts


def account_json(line: "AccountLine", rules: "dict[str, BalancePolicy]") -> dict[str, Any]:
    """One account as JSON. Amounts in minor units."""
    from interface.cli.table import iso
    from interface.ledger.due import BalancePolicy

    own = line.story.account
    due = line.story.due(rules.get(own.facility, BalancePolicy()))
    return {
        "id": own.public_id,
        "numbers": [name.value for name in line.story.names],
        "facility": own.facility,
        "patient": line.story.patient.public_id if line.story.patient else None,
        "currency": own.currency,
        "due_minor": due.amount_minor,
        "credit_minor": due.credit_minor,
        "due_as_of": iso(due.as_of or 0),
        "due_is_estimated": due.is_estimated,
        "charges_minor": line.charges_minor,
        "paid_minor": line.paid_minor,
        "posted_minor": line.posted_minor,
        "stated": [
            {
                "number": line.story.number_of(one.account_id),
                "amount_minor": one.amount_minor,
                "currency": one.currency,
                "as_of": iso(one.as_of),
            }
            for one in line.story.stated()
        ],
    }


def _print_accounts(lines: "list[AccountLine]", rules: "dict[str, BalancePolicy]") -> None:
    from interface.cli.table import Column, console, money, table
    from interface.ledger.due import BalancePolicy

    if not lines:
        console().print("There are no accounts yet.")
        return
    columns = [
        Column("account", leaves=1),  # every verb takes the number, too
        Column("number"),
        Column("facility", leaves=3),
        Column("charges", True, leaves=2),
    ]
    columns += [Column("due", True), Column("paid", True), Column("posted", True)]
    rows = []
    for line in lines:
        own = line.story.account
        due = line.story.due(rules.get(own.facility, BalancePolicy()))
        number = line.story.names[0].value if line.story.names else ""
        amounts = (line.charges_minor, due.amount_minor, line.paid_minor, line.posted_minor)
        rows.append([own.public_id, number, own.facility, *(money(each, own.currency) for each in amounts)])
    console().print(table(columns, rows))


def payment_json(story: "PaymentStory") -> dict[str, Any]:
    """One payment as JSON. Amounts in minor units."""
    from interface.cli.table import iso

    pay = story.payment
    return {
        "id": pay.public_id,
        "transaction": pay.transaction_id,
        "origin": pay.origin,
        "tender": pay.tender,
        "state": pay.state,
        "amount_minor": pay.amount_minor,
        "currency": pay.currency,
        "taken_at": iso(pay.taken_at),
        "settled_at": iso(pay.settled_at or 0),
        "settlement_batch": pay.settlement_batch or None,
        "parts": [
            {
                "kind": one.kind,
                "account": story.account_public_ids.get(one.account_id),
                "amount_minor": one.amount_minor,
                "wire_id": one.wire_id,
                "posting": one.posting,
                "reason": story.causes.get(one.id, ""),
                "accepted_at": iso(one.accepted_at or 0),
                "application_acked_at": iso(one.application_acked_at or 0),
                "confirmed_at": iso(one.confirmed_at or 0),
                "posted_at": iso(one.posted_at or 0),
            }
            for one in story.allocations
        ],
    }


def show_payment(asked: Asked, name: str) -> None:
    """Print one payment with its parts."""
    from interface.cli.table import Column, console, moment, money, print_json, state, table
    from interface.operate.account import payment

    with asked.app() as app:
        story = payment(app.store, asked.by(), name)
    if asked.as_json:
        print_json(payment_json(story))
        return
    pay = story.payment
    screen = console()
    head = f"Payment {pay.public_id}: {money(pay.amount_minor, pay.currency)} by {pay.tender}, {pay.state}, {moment(pay.taken_at)}"
    screen.print(head, markup=False)
    if pay.settled_at is not None:
        batch = f", batch {pay.settlement_batch}" if pay.settlement_batch else ""
        screen.print(f"Settled {moment(pay.settled_at)}{batch}", markup=False)
    columns = [
        Column("part"),
        Column("account"),
        Column("amount", True),
        Column("number in the EHR"),
        Column("posting"),
        Column("accepted", leaves=2),
        Column("posted", leaves=1),
    ]
    rows = [
        [
            one.kind,
            story.account_public_ids.get(one.account_id, ""),
            money(one.amount_minor, one.currency),
            one.wire_id,
            state(str(one.posting or "not ours to post")),
            moment(one.accepted_at or 0)[11:],
            moment(one.posted_at or 0)[11:],
        ]
        for one in story.allocations
    ]
    screen.print(table(columns, rows))


def show_account(asked: Asked, name: str) -> None:
    """Print one account with what moved on it."""
    from interface.app.pay import hosted
    from interface.cli.table import console, iso, moment, money, print_json
    from interface.operate.account import account

    with asked.app() as app:
        rules = _policies(app)
        line = account(app.store, asked.by(), name)
        public_id = line.story.account.public_id
        shown = hosted(app).balances([public_id]).get(public_id)
    if asked.as_json:
        there = {"due_minor": shown.record.amount_minor, "observed_at": iso(shown.observed_at)} if shown else None
        payments = [pay.public_id for pay in line.story.payments]
        print_json(account_json(line, rules) | {"payments": payments, "at_healthpay24": there})
        return
    _print_accounts([line], rules)
    due = money(shown.record.amount_minor, shown.record.currency) if shown else ""
    since = f"shows {due} due, as told {moment(shown.observed_at)}" if shown else "was not told of it yet"
    console().print(f"HealthPay24 {since}.", markup=False)
    _print_stated(line.story)
    _print_entries(line.story)
    console().print(f"hp24 trace {line.story.account.public_id} tells its whole story.", markup=False)


def _print_stated(story: "AccountStory") -> None:
    from interface.cli.table import Column, console, moment, money, table

    rows = [
        [story.number_of(one.account_id), money(one.amount_minor, one.currency), moment(one.as_of)]
        for one in story.stated()
    ]
    if rows:
        console().print()
        console().print(table([Column("account"), Column("the EHR states", True), Column("as of")], rows))


def _print_entries(story: "AccountStory") -> None:
    from interface.cli.table import Column, console, moment, money, table
    from interface.ledger.journal import Book

    rows = [
        [
            moment(entry.at),
            entry.kind,
            entry.memo_code,
            line.responsibility,
            money(line.amount_minor, line.currency),
            f"message {entry.message_id}",
        ]
        for entry in story.entries
        for line in entry.lines
        if line.book is Book.RECEIVABLE and line.account_id in (story.account.id, *story.merged_ids)
    ]
    if rows:
        columns = [
            Column("when"),
            Column("entry"),
            Column("code"),
            Column("responsible", leaves=1),
            Column("amount", True),
            Column("from"),
        ]
        console().print()
        console().print(table(columns, rows))
