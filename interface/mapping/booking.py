"""FT1 segments read as transactions, under the money conventions agreed with the site."""

from typing import Any

from interface.errors import MappingError
from interface.hl7.money import Money
from interface.hl7.problem import ErrorCode
from interface.ledger.noun import Identifier
from interface.ledger.reading import MoneyKind, Transaction
from interface.mapping.identifier import refuse_clear
from interface.mapping.money import kind_in_effect
from interface.mapping.scope import UNSAID, Scope, UnfitMessageError

_KINDS = {kind.value: kind for kind in MoneyKind}


class UnknownTransactionError(MappingError):
    """The mapping gives no kind, or a sign that nobody agreed on; the message waits until the mapping is mended."""

    hl7_code = ErrorCode.TABLE_VALUE.value


def transaction(
    said: dict[str, Any], scope: Scope, account: Identifier | None, visit: Identifier | None
) -> Transaction | None:
    """One transaction. None, with a warning, for a charge that leaves its price to the receiver (FT1-11 empty)."""
    kind = _kind(said, scope)
    amount = _amount(said, scope, kind)
    if amount is None:
        return None
    conventions = scope.context.money
    spoken = conventions.words.get((said.get("type_code") or "", said.get("code") or ""), ())
    effect = kind_in_effect(kind, amount.minor, said.get("quantity") or 1, conventions, spoken=spoken)
    if effect is None:
        raise UnknownTransactionError(
            "sign-not-agreed",
            f"sign, quantity and code of this {kind} together have no agreed meaning",
            place=scope.placed("amount"),
            advice="see `money` of the channel (`reversal_style`, `codes_by_kind`), or map the code (FT1-7) to its kind",
        )
    return Transaction(
        kind=effect,
        amount_minor=abs(amount.minor),
        currency=amount.currency,
        id=said.get("id") or "",
        type_code=said.get("type_code") or "",
        sign=-1 if amount.minor < 0 else 1,
        code=said.get("code") or "",
        occurred_at=said.get("occurred_at") or scope.event_at,
        occurred_on=said.get("occurred_on") or "",
        reference=said.get("reference") or "",
        account=said.get("account") or account,
        visit=said.get("visit") or visit,
        responsibility=said.get("responsibility") or "unknown",
        guarantor=said.get("guarantor") or None,
        place=scope.place,
    )


def _kind(said: dict[str, Any], scope: Scope) -> MoneyKind:
    kind = _KINDS.get(said.get("kind") or "")
    if kind is None:
        raise UnknownTransactionError(
            "transaction-kind-unknown",
            f"the mapping gives this transaction none of the kinds {', '.join(_KINDS)}",
            place=scope.placed("kind"),
            advice="add its type or code to the mapping's table of transaction kinds, then release the message",
        )
    return kind


def _amount(said: dict[str, Any], scope: Scope, kind: MoneyKind) -> Money | None:
    amount = said.get("amount", UNSAID)
    if amount is None:
        amount = refuse_clear(scope, "amount")
    if isinstance(amount, Money):
        return amount
    if kind in (MoneyKind.CHARGE, MoneyKind.CREDIT):
        scope.warn("charge-without-amount", "amount")
        return None
    raise UnfitMessageError(
        "amount-missing",
        f"a {kind} carries no amount",
        hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
        place=scope.placed("amount"),
    )
