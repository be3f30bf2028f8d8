"""The verb about tokens of programs."""

from typing import TYPE_CHECKING

import click

from interface.cli.asked import Asked, reason_option, verb

if TYPE_CHECKING:
    from interface.app.compose import App


@verb("token")
@click.argument("what", type=click.Choice(["create", "list", "revoke"]))
@click.argument("token_id", required=False, metavar="[ID]")
@click.option("--name", default="", metavar="TEXT", help="create: the program that it is made for.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help="create: such as system/Account.rs; may be repeated."
)
@click.option(
    "--channel", default="", metavar="NAME", help="create: what the program writes belongs to it; for c, u and d."
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="create: it opens for so long."
)
@reason_option(is_required=False)
def token_verb(
    asked: Asked,
    what: str,
    token_id: str | None,
    name: str,
    scopes: tuple[str, ...],
    channel: str,
    days: int,
    reason: str,
) -> None:
    """Make, list or revoke a token, with which a program asks the FHIR server. Its secret is shown once and kept nowhere.

    A scope gives rights on resources of a type, or of all (`*`): c create, r read, u update, d delete, s search. What a program
    writes is a message of a channel that takes FHIR, and read by its mapping: a token with c, u or d names it.
    """
    if what == "revoke" and not token_id:
        raise click.UsageError("revoke needs the ID of a token; see `hp24 token list`")
    match what:
        case "create":
            _create(asked, name, [one for scope in scopes for one in scope.split()], channel, days, reason)
        case "list":
            _list(asked)
        case _:
            _revoke(asked, str(token_id), reason)


def _create(asked: Asked, name: str, scopes: list[str], channel: str, days: int, reason: str) -> None:
    from interface.cli.table import console, moment, print_json
    from interface.fhir.served import TYPES
    from interface.operate.token import create_token

    with asked.app() as app:
        made, secret = create_token(
            app.store,
            app.clock,
            asked.by(reason),
            name,
            scopes,
            days=days,
            types=TYPES,
            channel=channel,
            channels=_over_fhir(app),
        )
    if asked.as_json:
        print_json(
            {
                "token": made.public_id,
                "secret": secret,
                "scopes": made.scopes,
                "channel": made.channel or None,
                "expires_at": made.expires_at,
            }
        )
        return
    screen = console()
    screen.print(
        f"Token {made.public_id} for {made.name}, until {moment(made.expires_at)}. This is shown once:", markup=False
    )
    click.echo(secret)


def _over_fhir(app: "App") -> tuple[str, ...]:
    """The active channels that take FHIR; those of the files where none was ever made active."""
    from interface.app.compose import known_of
    from interface.errors import ConfigurationError

    try:
        return known_of(app.active()[1]).over_fhir
    except ConfigurationError as failure:
        if failure.code != "no-active-version":
            raise
        return known_of(app.edited()).over_fhir


def _list(asked: Asked) -> None:
    from interface.cli.table import Column, console, moment, print_json, state, table
    from interface.operate.token import tokens

    with asked.app() as app:
        found, now = tokens(app.store, asked.by()), app.clock.now()
    if asked.as_json:
        print_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    rows = [
        (
            one.public_id,
            one.name,
            " ".join(one.scopes),
            one.channel,
            state("revoked" if one.revoked_at else "active" if one.stands(now) else "expired"),
            moment(one.created_at),
            moment(one.expires_at),
            moment(one.used_at) if one.used_at else "never",
        )
        for one in found
    ]
    screen = console()
    if not rows:
        screen.print("No token was made yet: hp24 token create --name TEXT --scope SCOPE", markup=False)
        return
    heads = ("token", "for", "scopes", "channel", "state", "made", "until", "last used")
    screen.print(table([Column(head) for head in heads], rows))


def _revoke(asked: Asked, token_id: str, reason: str) -> None:
    from interface.operate.token import revoke_token

    with asked.app() as app:
        revoke_token(app.store, app.clock, asked.by(reason), token_id)
    click.echo(f"Token {token_id} opens nothing any more.")
