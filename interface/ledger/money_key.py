"""Under which key a transaction is recognised when it comes again.

With a transaction id (FT1-2) the key is source, FT1-2, FT1-6, the sign as sent and the surviving account. Without one there
is no key, only a suspicion: same source, account, amount, date and code.
"""

from interface.ledger.reading import Transaction

_SEPARATOR = "\x1f"  # cannot come from an HL7 field


def look_up(transaction: Transaction) -> str:
    """The part of the key that the transaction itself tells; source and surviving account complete it."""
    if transaction.id:
        parts = ("id", transaction.id, transaction.type_code, "-" if transaction.sign < 0 else "+")
    else:
        amount = f"{transaction.sign * transaction.amount_minor}{transaction.currency}"
        parts = ("like", transaction.code, transaction.occurred_on, amount)
    return _SEPARATOR.join(parts)


def number_of(known: str) -> str:
    """The transaction id in what `look_up` gave; empty where the sender gave none."""
    kind, *parts = known.split(_SEPARATOR)
    return parts[0] if kind == "id" else ""
