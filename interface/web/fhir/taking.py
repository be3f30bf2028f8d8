"""Letting a request in that writes: whose it is, whether it may, to which channel it belongs, and whether it is valid. Blocking."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from starlette.requests import Request

from interface.engine.requested import RequestSource
from interface.fhir import request as asked_for
from interface.fhir.outcome import Issue, IssueCode, RefusedError, Severity
from interface.fhir.scope import Right, may
from interface.fhir.served import SERVED, TYPES
from interface.fhir.text import Resource
from interface.fhir.transaction import entries
from interface.pipeline.request import Asked, Sender, examine_request, refuse_request
from interface.view.token import TokenRow
from interface.web.fhir.door import Door, by_token, preferred
from interface.web.fhir.response import ROOT
from interface.web.fhir.written import Sent

INVALID = "request-invalid"
_RIGHTS = {"POST": Right.CREATE, "PUT": Right.UPDATE}
_LONGEST_NUMBER = 128


class Taking:
    """`sources` gives the channels that take requests, `issues_of` what is wrong with a resource."""

    def __init__(
        self,
        door: Door,
        sources: Callable[[], Mapping[str, RequestSource]],
        issues_of: Callable[[Resource], tuple[Issue, ...]],
        now: Callable[[], int],
        new_number: Callable[[], str],
    ) -> None:
        self._door = door
        self._sources = sources
        self.issues_of = issues_of
        self._now = now
        self._new_number = new_number

    def let_in(self, request: Request, body: bytes) -> tuple[TokenRow, Sent, Asked]:
        """One request with its token, decided on. RefusedError for who may not, or to no channel."""
        token = self._door.token(request)
        if type_ := request.path_params.get("type", ""):
            self._door.may(token, _RIGHTS[request.method], type_)
            if request.method == "PUT" and "id" not in request.path_params:
                self._door.may(token, Right.CREATE, type_)
            see_writable(type_, request.method, is_conditional="if-none-exist" in request.headers)
        sent = self.sent(request, token, body)
        return token, sent, self.examined(token, sent)

    def sent(self, request: Request, token: TokenRow, body: bytes) -> Sent:
        """A request as it came, with what its sender prefers and may see of the answer."""
        source = self.source(token)
        number = request.headers.get("x-request-id", "").strip()[:_LONGEST_NUMBER] or self._new_number()
        target = request.url.path.removeprefix(ROOT) or "/"
        if request.url.query:
            target += f"?{request.url.query}"
        return Sent(
            source,
            Sender(source.channel, token.name, by_token(token).actor, _peer(request)),
            number,
            request.method,
            target,
            tuple((name, value) for name, value in request.headers.items() if name != "x-request-id"),
            body,
            self._door.base(request),
            preferred(request, "return"),
            bool(preferred(request, "respond-async")),
            readable(token.scopes),
        )

    def source(self, token: TokenRow) -> RequestSource:
        """The channel that the token writes to. RefusedError 403 where it is none."""
        source = self._sources().get(token.channel)
        if source is None:
            text_ = "the token writes to no channel that takes FHIR: hp24 token create --channel NAME"
            raise RefusedError(403, Issue(IssueCode.FORBIDDEN, text_))
        return source

    def asked(self, sent: Sent) -> Asked:
        """What is to be stored of it, by its form alone."""
        headers = (*sent.headers, ("x-request-id", sent.number))
        raw = asked_for.write(sent.method, sent.target, headers, sent.body)
        return examine_request(raw, sent.number, sent.sender, self._now(), is_later=sent.is_later)

    def examined(self, token: TokenRow, sent: Sent) -> Asked:
        """What is to be stored of it, and whether it is refused. RefusedError 403 for an entry that the token may not write."""
        asked = self.asked(sent)
        if asked.request is None or asked.refusal is not None:
            return asked
        if not asked.request.type:
            found = entries(asked.request)
            if len(found) > sent.source.max_entries:
                raise too_many(sent.source)
            for one in found:
                if one.request is not None:
                    self.may_write(token, one.request)
                else:
                    self._may_look(token, one.url)
        issues = self.issues_of(asked.request.resource or {})
        wrong = tuple(one for one in issues if one.severity in (Severity.ERROR, Severity.FATAL))
        return refuse_request(asked, RefusedError(422, *wrong), INVALID) if wrong else asked

    def may_write(self, token: TokenRow, request: asked_for.Request) -> None:
        """See that the token may write what an entry of a Bundle writes."""
        self._door.may(token, _RIGHTS[request.method], request.type)
        if request.query:
            self._door.may(token, Right.CREATE, request.type)

    def _may_look(self, token: TokenRow, url: str) -> None:
        path = url.partition("?")[0].strip("/")
        self._door.may(token, Right.READ if "/" in path else Right.SEARCH, path.partition("/")[0])


@lru_cache(maxsize=256)
def readable(scopes: tuple[str, ...]) -> frozenset[str]:
    """The types whose resources a token may see: who may only write is not shown what else is known."""
    return frozenset(type_ for type_ in TYPES if may(scopes, Right.READ, type_, TYPES))


def too_many(source: RequestSource) -> RefusedError:
    """What is said to a Bundle of more entries than its channel takes."""
    text_ = f"the channel takes {source.max_entries} entries in a Bundle at most"
    return RefusedError(413, Issue(IssueCode.TOO_COSTLY, text_, "Bundle.entry"))


def see_writable(type_: str, method: str, *, is_conditional: bool) -> None:
    """See that a type is written so. RefusedError 405 where metadata does not claim it."""
    interaction = "create" if method == "POST" else "update"
    wanted = {interaction, "update"} if is_conditional else {interaction}  # what is looked for can be updated, too
    if not wanted <= SERVED[type_].writes:
        raise RefusedError(405, Issue(IssueCode.NOT_SUPPORTED, f"a {type_} is not written so; see /metadata"))


def _peer(request: Request) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else ""
