"""What is asked of a server over HTTP, on asyncio's loop: to book something, and first whether it has it already."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from interface.connector.fhir import verdict
from interface.connector.fhir.exchange import Heard, ask, trust
from interface.connector.fhir.settings import FhirSettings
from interface.errors import UnclearError, WireError
from interface.fhir.answered import NotSearchedError, is_same_payment, matches, refusal, resource_of
from interface.fhir.call import Call, read_call
from interface.message import DeliveryState
from interface.row.delivery import Answer

R = TypeVar("R")
_ACCEPT = "application/fhir+json, application/json;q=0.9"


class Off(Protocol):
    """Runs what blocks on some thread, and gives what it gave."""

    def __call__(self, call: Callable[[], R]) -> Awaitable[R]: ...


class Asking:
    """Asks one server. `seconds` is the wall clock, for a Retry-After that names a time."""

    def __init__(self, settings: FhirSettings, off: Off, seconds: Callable[[], float]) -> None:
        self._settings = settings
        self._off = off
        self._seconds = seconds

    async def send(self, payload: bytes, control_id: str) -> Answer:
        """Send a kept request; `control_id` goes with it as X-Request-Id.

        Errors: WireError where nothing was booked, BusyError with the wait that was asked for, UnansweredError where the server
        may have booked it, UnclearError where it says that it was there before and does not show the same.
        """
        call = read_call(payload)
        heard = await self._asked(call, control_id)
        if call.method == "GET":
            return self._lives(heard)
        if call.search and heard.status in (verdict.CONFLICT, verdict.PRECONDITION):
            return await self._refused_as_there(call, heard, control_id)
        return self._read(heard)

    async def send_again(self, payload: bytes, control_id: str) -> Answer:
        """Look whether an earlier attempt has arrived, and send only if not. Where nothing can be searched it is just sent.

        Errors: those of `send`; UnclearError `search-impossible`, `found-differs`, `found-several`.
        """
        call = read_call(payload)
        if call.search and (found := await self._look(call, control_id)) is not None:
            return found
        return await self.send(payload, control_id)

    # ------------------------------------------------------------ asking

    async def _asked(self, call: Call, control_id: str) -> Heard:
        """One request with the token of the moment; once more with another token, if the first is refused and there is one."""
        token = await self._off(self._token)
        heard = await self._once(call, control_id, token)
        source = self._settings.token
        if heard.status == verdict.UNAUTHORISED and source is not None:
            other = await self._off(lambda: source.renewed(token))
            if other:
                heard = await self._once(call, control_id, other)
        return heard

    async def _once(self, call: Call, control_id: str, token: str) -> Heard:
        context = await self._off(lambda: trust(self._settings))
        head = {"Accept": _ACCEPT, "X-Request-Id": control_id}
        if token:
            head["Authorization"] = f"Bearer {token}"
        return await ask(self._settings, call, head, context)

    def _token(self) -> str:
        return self._settings.token.current() if self._settings.token is not None else ""

    # ------------------------------------------------------------ understanding

    def _read(self, heard: Heard) -> Answer:
        now = datetime.fromtimestamp(self._seconds(), UTC)
        return verdict.read(heard, self._settings.name, now=now, most_secs=self._settings.retry_after_most_secs)

    def _lives(self, heard: Heard) -> Answer:
        """The answer to a probe: whoever refuses it lives, too."""
        if heard.status >= verdict.SERVER or heard.status == verdict.TOO_MANY:
            raise WireError("peer-unreachable", f"the server answers {heard.status}", place=self._settings.name)
        return Answer(f"http-{heard.status}", DeliveryState.DELIVERED, "", heard.to_bytes())

    async def _look(self, call: Call, control_id: str) -> Answer | None:
        """What the search for a call's resource finds; None where it is not there."""
        sent = resource_of(call.body)
        assert sent is not None, "what is searched for is a resource of ours"
        heard = await self._asked(Call("GET", call.search), control_id)
        if heard.status != verdict.OK:
            raise self._not_searched(heard)
        try:
            found = matches(heard.body if heard.is_whole else b"", call.path, sent["identifier"])
        except NotSearchedError as why:
            raise self._unclear("search-impossible", str(why)) from why
        if not found:
            return None
        if len(found) > 1:
            raise self._unclear("found-several", f"the server has it {len(found)} times")
        if not is_same_payment(sent, found[0]):
            raise self._unclear(
                "found-differs", "what the server has under its identifier has another amount or status"
            )
        return Answer(verdict.FOUND, DeliveryState.DELIVERED, "", heard.to_bytes())

    def _not_searched(self, heard: Heard) -> UnclearError:
        if heard.status != verdict.FORBIDDEN:
            self._read(heard)  # what only says not now, or nothing at all, is raised there
        return self._unclear("search-impossible", f"the search is answered {heard.status}")

    async def _refused_as_there(self, call: Call, heard: Heard, control_id: str) -> Answer:
        """409 and 412 may say that it is there already: one look tells."""
        found = await self._look(call, control_id)
        if found is not None:
            return found
        if heard.status == verdict.CONFLICT:
            return Answer(f"http-{heard.status}", DeliveryState.REJECTED, refusal(heard.body), heard.to_bytes())
        raise self._unclear("search-impossible", "the server says that it has several, and shows none")

    def _unclear(self, code: str, text: str) -> UnclearError:
        return UnclearError(code, text, place=self._settings.name, advice="look into the EHR, then `hp24 resolve`")
