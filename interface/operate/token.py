"""Tokens of programs that ask the HTTP faces: made, listed, revoked, and looked at with each request."""

import secrets
from collections.abc import Collection, Sequence

from interface.errors import ActRefusedError
from interface.fhir.scope import WRITING, ScopeError, rights
from interface.mapping.problem import did_you_mean
from interface.operate.act import By, acting, note, unknown
from interface.ports import Clock, Store
from interface.view.token import TokenRow

LEAD = "hp24_"  # begins every secret: what leaked can be found and told apart
_SECRET_BYTES = 32
_DAY = 86_400_000_000
_USE_EVERY = 3_600_000_000  # a token's last use is noted so often at most: a request costs no write of its own


def create_token(
    store: Store,
    clock: Clock,
    by: By,
    name: str,
    scopes: Sequence[str],
    *,
    days: int,
    types: Collection[str],
    channel: str = "",
    channels: Collection[str] = (),
) -> tuple[TokenRow, str]:
    """Make a token for a program; gives it and its secret, which is shown once and kept nowhere.

    What the program writes belongs to `channel`, which is one of `channels`: those that take FHIR.

    Errors: ActRefusedError `scope-unknown`, `name-missing`, `channel-missing`, `channel-not-fhir`.
    """
    if not name.strip():
        raise ActRefusedError("name-missing", "a token is made for a program", place="token", advice="name it: --name")
    writes = False
    for scope in scopes or ("",):
        try:
            writes = bool(rights(scope, types)[1] & WRITING) or writes
        except ScopeError as wrong:
            raise ActRefusedError(
                "scope-unknown", str(wrong), place="scope", advice="give one or more --scope"
            ) from wrong
    _require_channel(channel, channels, writes=writes)
    now, secret = clock.now(), LEAD + secrets.token_urlsafe(_SECRET_BYTES)
    made = TokenRow(
        store.new_public_id("tk"),
        name.strip(),
        tuple(dict.fromkeys(scopes)),
        by.actor,
        now,
        now + days * _DAY,
        channel=channel,
    )
    details = {"name": made.name, "scopes": list(made.scopes), "days": days}
    details |= {"channel": channel} if channel else {}
    with acting(store, by, "token create", f"token:{made.public_id}", details=details) as turn:
        turn.add_token(made, secret)
    return made, secret


def _require_channel(channel: str, channels: Collection[str], *, writes: bool) -> None:
    if writes and not channel:
        raise ActRefusedError(
            "channel-missing",
            "what a program writes belongs to a channel",
            place="channel",
            advice=f"name it with --channel: {', '.join(sorted(channels)) or 'no active one takes FHIR'}; "
            "or give scopes that only read, as system/*.rs",
        )
    if channel and channel not in channels:
        raise ActRefusedError(
            "channel-not-fhir",
            "no active channel of this name takes FHIR",
            place=channel,
            advice=did_you_mean(channel, channels) or "declare one with `source: fhir: {}`, then hp24 config apply",
        )


def tokens(store: Store, by: By) -> list[TokenRow]:
    """All tokens, oldest first; revoked and expired ones too."""
    note(store, by, "list", "tokens")
    with store.snapshot() as reader:
        return reader.tokens()


def revoke_token(store: Store, clock: Clock, by: By, public_id: str) -> None:
    """Let a token open nothing from the next request on. ActRefusedError `not-found` where none of this id stands."""
    with acting(store, by, "token revoke", f"token:{public_id}") as turn:
        if not turn.revoke_token(public_id, clock.now()):
            raise unknown("token", public_id)


def token_of(store: Store, clock: Clock, secret: str) -> TokenRow | None:
    """The token that is this secret, where it opens anything now."""
    if not secret.startswith(LEAD):
        return None
    now = clock.now()
    with store.snapshot() as reader:
        found = reader.token(secret)
    if found is None or not found.stands(now):
        return None
    if now - found.used_at >= _USE_EVERY:
        with store.turn("token use") as turn:
            turn.use_token(found.public_id, now)
    return found
