"""What a destination answers: one frame, read as an acknowledgement."""

from dataclasses import dataclass

from interface.errors import MessageError
from interface.hl7.ack import Ack, AckCode, read_ack


@dataclass(frozen=True, slots=True)
class Reply:
    """An acknowledgement and the bytes that it was read from (for an oversize one their beginning)."""

    ack: Ack
    raw: bytes

    @property
    def code(self) -> AckCode:
        """MSA-1."""
        return self.ack.code

    @property
    def control_id(self) -> str:
        """MSA-2, as sent: the MSH-10 of the message that is answered."""
        return self.ack.control_id

    @property
    def is_application(self) -> bool:
        """AA, AE or AR: about the content. CA, CE and CR are about custody only."""
        return not self.code.is_accept


def read_reply(content: bytes) -> Reply | str:
    """The reply, or the code of the reason why this is none."""
    try:
        ack = read_ack(content)
    except MessageError as error:
        return error.code
    # A commit block of MLLP release 2 names no message, so it cannot be told which one it is about.
    return Reply(ack, content) if ack.control_id else "no-control-id"
