"""The verb about the master key."""

import click

from interface.cli.asked import Asked, reason_option, verb


@verb("key")
@click.argument("what", type=click.Choice(["rotate"]))
@reason_option(is_required=True)
def key_verb(asked: Asked, what: str, reason: str) -> None:  # noqa: ARG001 - there is one thing to do so far
    """Change the master key. Nothing that is stored is written anew, and a running engine goes on.

    A key file gets a new key; the old one is kept beside it. Where HP24_KEY_COMMAND gives the key, let it print the new one on a
    line above the old one first.
    """
    from interface.cli.table import console, print_json
    from interface.operate.key import rotate_key

    with asked.app() as app:
        rotated = rotate_key(app.store, asked.by(reason))
    if asked.as_json:
        print_json({"key": rotated.place, "old_key": str(rotated.old_file) if rotated.old_file else None})
        return
    screen = console()
    screen.print(f"The database opens with the new key of {rotated.place}; keep a copy of it.", markup=False)
    if rotated.old_file:
        screen.print(
            f"The old key is in {rotated.old_file}. Only backups that were made before need it: keep it apart with them, or"
            " remove it.",
            markup=False,
        )
    screen.print("Engines on other machines need the new key before they start again.")
