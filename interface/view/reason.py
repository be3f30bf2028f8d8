"""What the reason of a message that was not taken means, in a sentence: nothing was run that could have explained it."""

from collections.abc import Mapping
from typing import Final

_SENTENCES: Final[Mapping[str, str]] = {
    "batch-too-large": "more messages than batch: max_messages of the channel; its sender must send smaller batches",
    "block-empty": "the sender wrote a block with nothing in it",
    "charset-impossible": "written in UTF-16, which MLLP does not carry; the sender must write UTF-8",
    "control-id-missing": "MSH-10 (of a batch BHS-11) is empty; the sender must number what it sends, or see `control_id: digest`",
    "control-id-too-long": "MSH-10 is longer than 199 characters; the sender's fields may have slipped",
    "frame-cut": "the connection ended inside the message; nobody was told yes, the sender sends it again",
    "frame-too-large": "larger than max_frame_bytes of the channel; only its beginning is kept",
    "header-missing": "it does not begin with MSH; is its sender an HL7 v2 interface?",
    "header-unusable": "MSH-1 and MSH-2 cannot be used as separators; ask the sender",
    "internal-error": "a defect of the engine kept it from being stored as it was read; report it",
    "message-type-missing": "MSH-9 is empty; ask the sender",
    "not-expected": "MSH-3 to MSH-6 name somebody that `expects` of the channel does not; is it sent to the right listener?",
    "not-production": "MSH-11 says T or D, and the channel takes production messages only",
    "several-messages": "a second MSH in one block; the sender must put each message into a block of its own",
}


def sentence(reason: str) -> str:
    """What a reason means and what is to be done; "" where the run of the message tells."""
    return _SENTENCES.get(reason, "")
