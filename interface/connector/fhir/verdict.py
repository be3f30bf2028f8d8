"""What an answer over HTTP means for a payment (RFC 9110 section 15): taken, refused, not now, or nobody knows."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from interface.connector.fhir.exchange import Heard
from interface.errors import BusyError, UnansweredError, WireError
from interface.fhir.answered import contradicts, refusal, resource_of
from interface.message import DeliveryState
from interface.row.delivery import Answer

FOUND: Final = "found"  # the code of an earlier attempt that was looked for, and has arrived
CREATED, OK = 201, 200
UNAUTHORISED, FORBIDDEN, NO_PROXY = 401, 403, 407
TIMED_OUT, CONFLICT, PRECONDITION, TOO_EARLY, TOO_MANY = 408, 409, 412, 425, 429
UNAVAILABLE, SERVER = 503, 500


def read(heard: Heard, place: str, *, now: datetime, most_secs: float) -> Answer:
    """The answer to a request that books something. `now` is what a Retry-After that names a time is reckoned from.

    Errors: BusyError `busy` and WireError `not-permitted` where nothing was booked; UnansweredError `answer-unclear` where the
    status does not tell, or a proxy may have spoken for the server.
    """
    match heard.status:
        case 200 | 201 if _is_a_yes(heard):
            return Answer(f"http-{heard.status}", DeliveryState.DELIVERED, "", heard.to_bytes())
        case 425 | 429:
            raise _busy(heard, place, now, most_secs)
        case 503 if "retry-after" in heard.head:
            raise _busy(heard, place, now, most_secs)
        case 401 | 403 | 407:
            raise WireError(
                "not-permitted",
                f"the server answers {heard.status}",
                place=place,
                advice="look at the token and its scopes; nothing was booked, and it is tried again",
            )
        case status if 400 <= status < SERVER and status not in (TIMED_OUT, CONFLICT):
            return Answer(f"http-{status}", DeliveryState.REJECTED, refusal(heard.body), heard.to_bytes())
        case status:
            raise UnansweredError(
                "answer-unclear",
                f"an answer {status} does not tell whether the payment was booked",
                place=place,
                advice="look into the EHR, then `hp24 resolve`",
            )


def _is_a_yes(heard: Heard) -> bool:
    """A page of some proxy says 200, too: a server that took a resource names it, or says something in JSON."""
    if heard.status == CREATED and "location" in heard.head:
        return not contradicts(heard.body)
    is_told = "location" in heard.head or (heard.is_whole and resource_of(heard.body) is not None)
    return is_told and not contradicts(heard.body)


def _busy(heard: Heard, place: str, now: datetime, most_secs: float) -> BusyError:
    return BusyError(
        "busy",
        f"the server answers {heard.status}: not now",
        place=place,
        advice="nothing was booked, and it is tried again",
        wait_secs=wait_secs(heard.head.get("retry-after", ""), now, most_secs),
    )


def wait_secs(asked: str, now: datetime, most_secs: float) -> float:
    """Retry-After (RFC 9110 section 10.2.3), seconds or a date, within 0 and `most_secs`; 0 where it is neither."""
    if asked.isascii() and asked.strip().isdecimal():
        return min(float(asked.strip()[:9]), most_secs)
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, TypeError):
        return 0.0
    return min(max((until - now).total_seconds(), 0.0), most_secs) if until.tzinfo is not None else 0.0
