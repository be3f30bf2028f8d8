"""What senders of batches do wrong; written as in `sent`."""

from typing import Final

from tests.hostile.patient import ADT, MSH, PID
from tests.hostile.row import Ends, Row, framed

BHS: Final = b"BHS|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20250304090000-0600||||{id}\r"
SECOND: Final = ADT.replace(b"{id}", b"{id}B")
UNNUMBERED: Final[Ends] = {
    "answers": ("AE to nobody BHS^1^11 101: the batch control id is missing",),
    "kept": (
        "refused control-id-missing: MSH-10 (of a batch BHS-11) is empty; the sender must number what it sends, or see"
        " `control_id: digest`",
    ),
    "log": ("message-refused control-id-missing",),
}


BATCHES: Final = (
    Row(
        "batch of two messages",
        framed(b"FHS|^~\\&|A|B\r" + BHS + ADT + SECOND + b"BTS|2\rFTS|1\r"),
        kept=("processed",) * 3,
    ),
    Row(
        "batch without control ids",
        framed(b"FHS|^~\\&|A|B\rBHS|^~\\&|A|B\r" + ADT + SECOND + b"BTS|2\rFTS|1\r"),
        **UNNUMBERED,
    ),
    Row(
        "batch with segments of no message",
        framed(BHS + PID),
        kept=("held batch-malformed: BHS something that is no message follows it",),
    ),
    Row(
        "batch in a batch",
        framed(BHS + BHS + ADT + b"BTS|1\rBTS|1\r"),
        kept=("held batch-malformed: BHS[2] a batch begins inside of a batch",),
    ),
    Row(
        "batch with its trailer in the middle",
        framed(BHS + ADT + b"BTS|2\r" + SECOND),
        kept=("held batch-count-differs: BTS-1 it says 2 messages, and there are 1",),
    ),
    Row(
        # Trailers are optional, and what is left of the second message says whose it is: see `trailers: required`.
        "batch that lost its end",
        framed(BHS + ADT + SECOND[:150]),
        kept=("processed",) * 3,
    ),
    Row(
        "batch whose trailer follows other separators",
        framed(BHS + ADT + b"BTS#1\r"),
        kept=("held batch-malformed: BTS the trailer is written with other separators than its header",),
    ),
    Row(
        "batch with separators of its own",
        framed(BHS.replace(b"|", b"#") + ADT + SECOND.replace(b"|", b"*") + b"BTS#2\r"),
        kept=("processed",) * 3,
    ),
    Row(
        "batch of 10,001 messages",
        framed(BHS + MSH * 10_001),
        answers=("AR 207: the batch holds more than the 10000 messages that this listener takes at once",),
        kept=(
            "refused batch-too-large: more messages than batch: max_messages of the channel;"
            " its sender must send smaller batches",
        ),
        log=("message-refused batch-too-large",),
    ),
    Row(
        "batch without messages",
        framed(BHS + b"BTS|0\r"),
    ),
    Row(
        "batch with a message of no header",
        framed(BHS + ADT + b"MSH\rPID|1\r" + b"BTS|2\r"),
        kept=(
            "processed",
            "processed",
            "failed delimiters-impossible: MSH-2 separators must be 2 to 6 different punctuation characters",
        ),
    ),
)
