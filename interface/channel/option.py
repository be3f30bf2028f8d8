"""The closed sets of words that channel files choose from."""

from enum import StrEnum


class AckMode(StrEnum):
    """When a sender gets its answer."""

    STORED = "stored"
    PROCESSED = "processed"


class AckWhen(StrEnum):
    """Whether the sender's own wish to hear of errors only, or of successes only, is followed."""

    ALWAYS = "always"
    ASKED = "asked"


class BatchAcks(StrEnum):
    """What a sender of a batch is answered."""

    ONE = "one"
    EACH = "each"


class BatchTrailers(StrEnum):
    """Whether a batch must say where it ends."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class ControlId(StrEnum):
    """What is made of a message that has none (MSH-10)."""

    REQUIRED = "required"
    DIGEST = "digest"


class WhenUnstorable(StrEnum):
    """What a sender is told when nothing can be stored."""

    CLOSE = "close"
    REJECT = "reject"


class Cleartext(StrEnum):
    """How far a listener without TLS may be reached."""

    LOOPBACK = "loopback"
    ACCEPTED = "accepted"


class Balance(StrEnum):
    """Which figure a patient owes."""

    STATED = "stated"
    ENTRIES = "entries"


class Posted(StrEnum):
    """What counts as proof that a payment is in the EHR's books."""

    ACCEPT = "accept"
    APPLICATION = "application"
    ECHO = "echo"


class Probe(StrEnum):
    """How a silent destination is asked whether it lives."""

    NMQ = "NMQ^N01"
    OFF = "off"


class Receives(StrEnum):
    """What a destination is sent."""

    PAYMENTS = "payments"


class OracleTarget(StrEnum):
    """What Oracle books a payment on."""

    VISIT = "visit"
    ACCOUNT = "account"


class PaymentShape(StrEnum):
    """How a payment is written for a receiver over HTTP."""

    PAYMENT_RECONCILIATION = "payment-reconciliation"
    ORACLE_BASIC = "oracle-basic"
    ATHENA_RECORDPAYMENT = "athena-recordpayment"

    @property
    def is_searched(self) -> bool:
        """Whether a payment can be looked for by its identifier before it is sent again."""
        return self is PaymentShape.PAYMENT_RECONCILIATION
