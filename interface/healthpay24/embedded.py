"""The embedded HealthPay24: takes tokenised payments itself and hands them to the engine as messages.

What the ledger can be seen to refuse is rejected at once (`trial`). The idempotency record, the message and its place in the
audit trail are one commit: a payment is never taken without being stored, and a repeat under the same key gets the first answer.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import orjson

from interface.card.screen import contains_card
from interface.errors import ActRefusedError
from interface.healthpay24 import payload
from interface.healthpay24.books import HeldBooks
from interface.healthpay24.protocol import (
    Answered,
    Capabilities,
    Done,
    PaymentOrder,
    Rejected,
    ReturnOrder,
    Settlement,
    Share,
)
from interface.healthpay24.trial import refusal
from interface.healthpay24.within_due import more_than_due
from interface.ledger.due import BalancePolicy
from interface.ledger.payment import TENDERS, remaining_minor
from interface.ledger.reading import PaymentAllocation, PaymentSaid, SettlementSaid
from interface.message import MessageState
from interface.ports import Clock, Prepared, Store, Turn
from interface.row.act import Act
from interface.row.message import Intake

_KIND = "healthpay24"
_BATCH_LENGTH = 40


class EmbeddedHealthPay24(HeldBooks):
    """HealthPay24 behind the Protocol, on the engine's own store. `rules`: how each facility's balances are reckoned."""

    def __init__(
        self, store: Store, clock: Clock, rules: Callable[[], Mapping[str, BalancePolicy]] = dict[str, BalancePolicy]
    ) -> None:
        super().__init__(store, clock)
        self._rules = rules

    def pay(self, order: PaymentOrder, *, key: str, actor: str) -> Answered:
        """Take a payment.

        Rejected: `tender-unknown`, `amount-not-positive`, `card-number`, `account-unknown`, `idempotency-key-reused`, and
        `more-than-due` for an order that is to stay `within_due`.
        """
        problem = _typed_problem(key, actor) or _order_problem(order)
        if problem is not None:
            return problem
        total = sum(share.amount_minor for share in order.shares)
        said = self._said(order.currency, order.shares, total, order.tender, order.token, order.last4)
        raw = payload.encode("payment", said)
        return self._take("payment", said.transaction_id, raw, key, actor, request=order)

    def void(self, order: ReturnOrder, *, key: str, actor: str) -> Answered:
        """Take back a whole payment before it is settled. Rejected: as `refund`, and `void-not-whole`."""
        return self._give_back("void", order, key, actor)

    def refund(self, order: ReturnOrder, *, key: str, actor: str) -> Answered:
        """Give back what `order.shares` name, or all that is left of the payment.

        Rejected: `payment-unknown`, `nothing-left`, `more-than-taken`, `allocation-unknown`, `account-unknown`,
        `amount-not-positive`, `idempotency-key-reused`.
        """
        return self._give_back("refund", order, key, actor)

    def settle(self, settlement: Settlement, *, key: str, actor: str) -> Answered:
        """Tell that a payment's money has reached the merchant's bank.

        Rejected: `payment-unknown`, `payment-voided`, `settled-otherwise`, `settlement-time`, `batch-id-unfit`, `card-number`,
        `idempotency-key-reused`.
        """
        problem = _typed_problem(key, actor) or _batch_problem(settlement.batch)
        if problem is not None:
            return problem
        now = self._clock.now()
        settled_at = now if settlement.settled_at is None else settlement.settled_at
        if settled_at > now:
            return Rejected("settlement-time", "what settled has settled by now")
        reference = self._store.new_public_id("st")
        said = SettlementSaid(settlement.original, settled_at, settlement.batch)
        raw = payload.encode_settlement(reference, said)
        return self._take(payload.SETTLEMENT, reference, raw, key, actor, request=settlement)

    def _give_back(self, kind: str, order: ReturnOrder, key: str, actor: str) -> Answered:
        if problem := _typed_problem(key, actor):
            return problem
        # Before looking at what is left: of what this very request gave back, nothing is.
        asked = _digest(kind, order)
        if known := self._repeated(key, asked):
            return known
        shares = order.shares or self._left(order.original)
        if isinstance(shares, Rejected):
            return self._repeated(key, asked) or shares
        problem = _shares_problem(shares)
        if problem is not None:
            return problem
        total = sum(share.amount_minor for share in shares)
        said = self._said(order.currency, shares, total, "", "", "", original=order.original)
        return self._take(kind, said.transaction_id, payload.encode(kind, said), key, actor, request=order)

    def _left(self, original: str) -> tuple[Share, ...] | Rejected:
        """What of a payment was neither voided nor refunded, account by account; Rejected where that is nothing."""
        with self._store.snapshot() as reader:
            story = reader.payment(original)
        if story is None:
            return Rejected("payment-unknown", "no payment is booked under this reference")
        left = [(part, remaining_minor(part, story.allocations)) for part in story.allocations if part.reverses is None]
        shares = tuple(Share(story.account_public_ids[part.account_id], amount) for part, amount in left if amount > 0)
        return shares or Rejected("nothing-left", "the payment was voided or refunded whole")

    def _said(
        self,
        currency: str,
        shares: tuple[Share, ...],
        total: int,
        tender: str,
        token: str,
        last4: str,
        original: str = "",
    ) -> PaymentSaid:
        reference = self._store.new_public_id("tx")
        return PaymentSaid(
            transaction_id=reference,
            amount_minor=total,
            currency=currency,
            allocations=tuple(PaymentAllocation(None, share.account, share.amount_minor) for share in shares),
            tender=tender,
            token=token,
            last4=last4,
            authorization="",  # given by a card processor, and there is none behind this one
            taken_at=self._clock.now(),
            original=original,
        )

    def _take(
        self,
        kind: str,
        reference: str,
        raw: bytes,
        key: str,
        actor: str,
        *,
        request: PaymentOrder | ReturnOrder | Settlement,
    ) -> Answered:
        asked = _digest(kind, request)
        now = self._clock.now()
        intake = Intake(
            source=payload.SOURCE,
            arrived_at=now,
            peer=actor,
            raw=raw,
            control_id=payload.control_id_of(reference),
            message_type=f"HP24^{kind}",
            sender="HP24|embedded",
            state=MessageState.WAITING,
            answer="AA",
            actor=actor,
        )
        try:
            return self._store_once(intake, key, asked, request if isinstance(request, PaymentOrder) else None)
        except ActRefusedError as taken:
            if taken.code != "record-exists":
                raise
            # Another process took the same key between our look and our commit: its answer is ours.
            return self._repeated(key, asked) or Rejected("key-unknown", "the first request under this key was undone")

    def _store_once(self, intake: Intake, key: str, asked: str, order: PaymentOrder | None) -> Answered:
        prepared = self._store.prepare([intake])
        known = self._repeated(key, asked)
        if known is None and (refused := refusal(self._store, self._clock, intake.raw)):
            # What left nothing to give back may have been this very request, asked twice at once.
            known = self._repeated(key, asked) or refused
        if known is not None:
            return known
        capped = order if order is not None and order.within_due else None
        rules = self._rules() if capped else {}
        with self._store.turn("pay") as turn:
            beyond = more_than_due(turn, capped, rules) if capped else None
            if beyond is None:
                return _write(turn, intake, prepared, key, asked)
        return self._repeated(key, asked) or beyond  # what leaves nothing due may have been this very request

    def _repeated(self, key: str, asked: str) -> Answered | None:
        with self._store.snapshot() as reader:
            known = reader.record(_KIND, key)
        return None if known is None else _repeat(orjson.loads(known), asked)

    def lookup(self, key: str) -> Answered:
        """What became of the mutation under this key."""
        with self._store.snapshot() as reader:
            known = reader.record(_KIND, key)
            held = reader.held_under(key) if known is None else ""
        if held:
            return Done(held, is_repeat=True)
        if known is None:
            return Rejected("key-unknown", "nothing was asked under this idempotency key")
        body = orjson.loads(known)
        return Done(body["reference"], body["message"], is_repeat=True)

    def capabilities(self, facility: str) -> Capabilities:
        """The embedded HealthPay24 does the same for every facility."""
        return Capabilities(facility, takes_payments=True, voids=True, refunds=True, tenders=TENDERS)


def _write(turn: Turn, intake: Intake, prepared: Sequence[Prepared], key: str, asked: str) -> Done:
    received = turn.receive(prepared)[0]
    reference = orjson.loads(intake.raw)["transaction"]
    done = {"asked": asked, "reference": reference, "message": received.message_id}
    turn.add_record(_KIND, key, orjson.dumps(done))
    verb = intake.message_type.partition("^")[2]
    turn.audit([Act(intake.actor, verb, f"message:{received.message_id}")])
    return Done(reference, received.message_id)


def _digest(kind: str, request: object) -> str:
    return hashlib.blake2b(orjson.dumps([kind, request]), digest_size=16).hexdigest()


def _repeat(known: dict[str, object], asked: str) -> Answered:
    if known["asked"] != asked:
        return Rejected("idempotency-key-reused", "this key was used for another request")
    return Done(str(known["reference"]), int(str(known["message"])), is_repeat=True)


def _typed_problem(key: str, actor: str) -> Rejected | None:
    if contains_card(key) or contains_card(actor):
        return Rejected("card-number", "a card number was given as idempotency key or as a name; nothing was kept")
    return None


def _batch_problem(batch: str) -> Rejected | None:
    if contains_card(batch):
        return Rejected("card-number", "a card number was given as a settlement batch; nothing was kept")
    if len(batch) > _BATCH_LENGTH or not batch.isprintable():
        text = f"the id of a settlement batch has at most {_BATCH_LENGTH} characters that can be printed"
        return Rejected("batch-id-unfit", text)
    return None


def _order_problem(order: PaymentOrder) -> Rejected | None:
    if order.tender not in TENDERS:
        return Rejected("tender-unknown", f"the tender must be one of {', '.join(TENDERS)}")
    if contains_card(order.token) or contains_card(order.last4):
        return Rejected("card-number", "a card number was given where a token belongs; nothing was kept")
    if not order.shares:
        return Rejected("amount-not-positive", "a payment needs at least one account and amount")
    return _shares_problem(order.shares)


def _shares_problem(shares: tuple[Share, ...]) -> Rejected | None:
    if any(share.amount_minor <= 0 for share in shares):
        return Rejected("amount-not-positive", "every amount must be greater than zero")
    return None
