"""The verb with which a person stands in for HealthPay24's settlement: the money of a payment has reached the merchant's bank."""

import click

from interface.cli.asked import Asked, verb
from interface.cli.look import moment_option


@verb("settle")
@click.argument("name", metavar="PAYMENT")
@moment_option("--at", "When the money reached the bank: 2026-03-04T13:00, or 15m, 2h, 3d ago. Default: now.")
@click.option("--batch", metavar="ID", default="", help="Id of the settlement batch, 40 characters at most.")
@click.option(
    "--key", metavar="KEY", help="Idempotency key: telling it again with it changes nothing. Default: a new one."
)
def settle_verb(asked: Asked, name: str, at: int, batch: str, key: str | None) -> None:
    """Tell that the money of a PAYMENT (pm_..., tx_..., or its number in the EHR) has reached the merchant's bank.

    From then on it is refunded, and not voided. Destinations with `notices: true` are told.
    """
    from interface.app.pay import hosted
    from interface.cli.table import console, print_json
    from interface.errors import ActRefusedError
    from interface.healthpay24.protocol import Done, Rejected, Settlement
    from interface.operate.account import payment

    with asked.app() as app:
        story = payment(app.store, asked.by(), name)
        key = key or app.store.new_public_id("key")
        told = Settlement(story.payment.transaction_id, at or None, batch)
        answered = hosted(app).settle(told, key=key, actor=asked.by().actor)
    if isinstance(answered, Rejected):
        raise ActRefusedError(answered.code, answered.text, place=f"payment:{story.payment.public_id}")
    outcome, done = type(answered).__name__.lower(), answered if isinstance(answered, Done) else None
    if asked.as_json:
        message = {"message": done.message_id, "repeat": done.is_repeat} if done else {}
        about = {"reference": answered.reference, "key": key, "outcome": outcome, "payment": story.payment.public_id}
        print_json(about | message)
        return
    how = "was told before under this key" if done and done.is_repeat else "is told" if done else f"is {outcome}"
    screen = console()
    screen.print(f"That payment {story.payment.public_id} is settled {how}.", markup=False, soft_wrap=True)
    screen.print(f"  settlement  {answered.reference}", markup=False)
    screen.print(f"  key         {key}", markup=False)
