"""What a mail server or a webhook answers, in the accept codes of HL7 table 0008: CA taken, CR not now, CE never."""

from dataclasses import dataclass

from interface.hl7.ack import Ack, AckCode


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, with the receiver's own status as it is kept."""

    ack: Ack
    raw: bytes


def told(status: int, control_id: str, *, comes_later: bool) -> Told:
    """Read a status of SMTP or HTTP: 2xx is taken, `comes_later` is worth another try, anything else is not."""
    refusal = AckCode.CR if comes_later else AckCode.CE
    code = AckCode.CA if 200 <= status < 300 else refusal
    return Told(Ack(code, control_id), str(status).encode())
