"""One message as a simulated EHR puts it on the wire, and the shape its bytes take there.

It knows nothing of why a message is sent; the names of patients stay inside `content`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """How one frame travels. Whatever the shape, the bytes of the content stay as they are.

    `noise` precedes the frame. `cuts` are offsets into the frame at which the write is interrupted. `joined` sends
    the frame in one write with the next one of the same connection. `bare_end` leaves out the carriage return after
    0x1C.
    """

    noise: bytes = b""
    cuts: tuple[int, ...] = ()
    joined: bool = False
    bare_end: bool = False


WHOLE = Shape()


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to send: `content` without MLLP bytes, and what a counter needs to know about it.

    `message_type` reads `ADT^A08`. `lane` is shared by all messages that must keep their order: those of one
    patient, and of the patients merged with that one. `quirks` names what was done to it on the way, oldest first;
    it is empty for plain traffic.
    """

    control_id: str
    message_type: str
    lane: str
    account: str
    visit: str
    content: bytes
    shape: Shape = WHOLE
    quirks: tuple[str, ...] = ()
