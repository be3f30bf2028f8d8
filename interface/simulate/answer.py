"""How the receiving EHR answers: HL7 2.5.1 acknowledgements, original and enhanced (sections 2.9.2 and 2.9.3).

Worded here rather than by the engine's own writer, for the same reason as the messages of `epic`.
"""

from dataclasses import dataclass
from datetime import datetime

from interface.hl7.ack import AckCode
from interface.simulate.books import Fault
from interface.simulate.incoming import Incoming

_ACCEPT = {AckCode.AA: AckCode.CA, AckCode.AE: AckCode.CE, AckCode.AR: AckCode.CR}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to give: MSA-1, MSA-2 (the control id that it answers) and what ERR says.

    `wants_accept` asks the other side to confirm it in turn (MSH-15), as a message of its own may.
    """

    code: AckCode
    answered: str
    fault: Fault | None
    wants_accept: bool = False


def plan_answers(
    incoming: Incoming, code: AckCode, answered: str, fault: Fault | None, *, has_replies: bool
) -> tuple[Answer | None, Answer | None]:
    """Return what MSH-15 and MSH-16 ask for: an answer at once, and one as a message of its own later.

    Without a way for the latter (`has_replies`) the application acknowledgement is given at once, as many EHRs do.
    """
    accept_rule, application_rule = incoming.field("MSH", 15), incoming.field("MSH", 16)
    application = Answer(code, answered, fault)
    if not accept_rule and not application_rule:
        return application, None
    wants_application = _is_wanted(application_rule, code)
    if wants_application and not has_replies:
        return application, None
    accept = Answer(_ACCEPT[code], answered, fault) if _is_wanted(accept_rule, code) else None
    return accept, Answer(code, answered, fault, wants_accept=True) if wants_application else None


def word_answer(incoming: Incoming, answer: Answer, *, control_id: str, at: datetime) -> bytes:
    """Return the acknowledgement of a message, with MSH-10 and MSH-7 of its own."""
    swapped = "|".join(incoming.field("MSH", number) for number in (5, 6, 3, 4))
    trigger = incoming.message_type.partition("^")[2]
    wishes = "|||AL|NE" if answer.wants_accept else ""
    version = incoming.field("MSH", 12) or "2.5.1"
    fault = answer.fault
    error = f"ERR||{fault.place}|{fault.code}^{fault.code.meaning}^HL70357|E\r" if fault else ""
    return (
        f"MSH|^~\\&|{swapped}|{at:%Y%m%d%H%M%S%z}||ACK^{trigger}^ACK|{control_id}|P|{version}{wishes}\r"
        f"MSA|{answer.code}|{answer.answered}\r{error}"
    ).encode()


def _is_wanted(rule: str, code: AckCode) -> bool:
    """Whether a rule of HL7 table 0155 (AL, NE, ER, SU) asks for an answer of this kind."""
    return rule == "AL" or (rule == "SU" and code.is_positive) or (rule == "ER" and not code.is_positive)
