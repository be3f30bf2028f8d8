"""How the end of a request's run is answered over HTTP: a status, as FHIR R4 section 3.1.0 and RFC 9110 want it."""

from typing import Final

from interface.ledger.outcome import Cause
from interface.message import MessageState
from interface.pipeline.conclude import Ending

OK, CREATED, ACCEPTED = "200", "201", "202"
UNPROCESSABLE: Final = "422"
_REFUSED: Final = {
    Cause.VERSION_DIFFERS: "412",
    Cause.RESOURCE_KNOWN: "412",
    Cause.RESOURCE_UNKNOWN: "405",  # there is no update as create here (R4 section 3.1.0.4)
    "request-malformed": "400",
}


def status_of(ending: Ending) -> str:
    """The status: a new row alone is 201; what is kept for later is 202, for it is in our custody."""
    match ending.state:
        case MessageState.PROCESSED:
            is_one = len(ending.touched) == 1
            only = ending.touched[0] if is_one else None
            return CREATED if only is not None and only.is_new else OK
        case MessageState.HELD:
            return ACCEPTED
        case MessageState.FAILED:
            return _REFUSED.get(ending.cause, UNPROCESSABLE)
        case _:
            return OK
