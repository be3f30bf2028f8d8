"""What a case lets HealthPay24 ask for, brought in as HealthPay24 does it itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from interface.case.case import Order
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import Answered, Done, PaymentOrder, ReturnOrder, Share
from interface.hl7.money import MoneyFormat, parse_money
from interface.ports import Clock, Store

_ACTOR: Final = "case"


@dataclass(slots=True)
class Desk:
    """Asks for payments, voids and refunds of one case. `references`: HealthPay24's own ids, by the names that the case uses."""

    store: Store
    clock: Clock
    references: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def ask(self, order: Order, currency: str) -> Answered:
        """Ask for it."""
        self.asked += 1
        healthpay24 = EmbeddedHealthPay24(self.store, self.clock)
        key = f"case-{self.asked}"
        shares = self._shares(order.accounts, currency)
        original = self.references.get(order.payment, order.payment)
        match order.kind:
            case "payment":
                wanted = PaymentOrder(shares, currency, order.tender, token="tok_case", last4=order.last4)
                answered = healthpay24.pay(wanted, key=key, actor=_ACTOR)
            case "void":
                answered = healthpay24.void(ReturnOrder(original, currency, shares), key=key, actor=_ACTOR)
            case _:
                answered = healthpay24.refund(ReturnOrder(original, currency, shares), key=key, actor=_ACTOR)
        if isinstance(answered, Done):
            self.references[order.name or answered.reference] = answered.reference
        return answered

    def _shares(self, accounts: Mapping[str, str], currency: str) -> tuple[Share, ...]:
        with self.store.snapshot() as reader:
            known = {number: reader.account(number) for number in accounts}
        # A number that nobody knows is asked for all the same: HealthPay24 has an answer to that, too.
        return tuple(
            Share(story.account.public_id if (story := known[number]) else number, minor_of(written, currency))
            for number, written in accounts.items()
        )


def minor_of(written: str, currency: str) -> int:
    """`25.00` in minor units."""
    return parse_money(written, MoneyFormat.DECIMAL, currency, "accounts").minor
