"""What the ledger would say to a request now: the real `apply` on rows of one snapshot, kept nowhere.

So an impossible request is answered with no, instead of a yes and a message that fails later. What changes between this look and
the message's own run is still caught there.
"""

from itertools import count

from interface.healthpay24.payload import SOURCE, control_id_of, read
from interface.healthpay24.protocol import Rejected
from interface.ledger.apply import apply
from interface.ledger.needs import needs
from interface.ledger.outcome import Cause, Refusal
from interface.ledger.stamp import Stamp
from interface.ledger.workset import FAR_IDS, Workset
from interface.message import MessageState, RunReason
from interface.ports import Clock, Reader, Store
from interface.view.message import MessageFilter


def refusal(store: Store, clock: Clock, raw: bytes) -> Rejected | None:
    """Why the ledger refuses what HealthPay24 is asked or tells, as things stand; None where it takes it, or cannot tell yet."""
    reading = read(raw)
    with store.snapshot() as reader:
        loaded = reader.load(needs([reading]))
        numbers = count(FAR_IDS)
        workset = Workset(
            loaded,
            allocate=lambda _counter: next(numbers),
            new_public_id=lambda prefix: f"{prefix}_{next(numbers)}",
            lane_of=store.lane_of,
            wire_id=lambda _counter, width: str(next(numbers))[-width:],
        )
        outcome = apply(reading, workset, Stamp(0, 0, 0, SOURCE, RunReason.RECEIVED, clock.now()))
        if not isinstance(outcome, Refusal):
            return None
        # What settles was taken days ago: one that waits is held, and nobody knows for how long.
        original = reading.payment.original if reading.payment else ""
        if outcome.code is Cause.PAYMENT_UNKNOWN and original and _waits(reader, original):
            return None
    return Rejected(outcome.code.value, outcome.text)


def _waits(reader: Reader, original: str) -> bool:
    """Whether the payment to take back was asked for and has not run yet."""
    wanted = MessageFilter(channel=SOURCE, control_id=control_id_of(original), states=(MessageState.WAITING,), limit=1)
    return bool(reader.messages(wanted))
