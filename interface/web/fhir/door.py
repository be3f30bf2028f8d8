"""Who may ask the FHIR face for what: tokens and their scopes, the formats of answers, and the server's own address."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from interface.fhir.capability import JSON
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.scope import Right, may
from interface.fhir.served import SERVED, TYPES
from interface.operate.act import By
from interface.view.token import TokenRow
from interface.web.fhir.response import ROOT

_JSONS = ("*/*", "application/*", "application/json", "application/fhir+json", "text/json", "json")


class Gate(Protocol):
    """Who may ask."""

    def __call__(self, secret: str) -> TokenRow | None: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server says of itself. `base` is its address as clients know it; empty: as they ask for it."""

    release: str
    started: str  # dateTime
    base: str = ""


class Door:
    """Lets requests in, or refuses them with the status that says why."""

    def __init__(self, gate: Gate, identity: Identity) -> None:
        self._gate = gate
        self.identity = identity

    def asked(self, request: Request, right: Right) -> tuple[str, By]:
        """The type that is asked for, and by whom; refused where the request may not be answered."""
        acceptable(request)
        request.state.token = token = self.token(request)
        type_ = request.path_params["type"]
        self.may(token, right, type_)
        return type_, by_token(token)

    def token(self, request: Request) -> TokenRow:
        """The token that the request carries. RefusedError 401 where none that stands."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        found = self._gate(secret.strip()) if kind.lower() == "bearer" else None
        if found is None:
            text = "a bearer token that stands is needed: Authorization: Bearer TOKEN (hp24 token create)"
            raise RefusedError(401, Issue(IssueCode.LOGIN, text))
        return found

    @staticmethod
    def may(token: TokenRow, right: Right, type_: str) -> None:
        """See that a token's scopes allow it. RefusedError 404 for a type that is not served, 403 for one that it may not."""
        if type_ not in SERVED:
            raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, f"served are {', '.join(TYPES)}"))
        if not may(token.scopes, right, type_, TYPES):
            raise RefusedError(403, Issue(IssueCode.FORBIDDEN, f"the token's scopes lack system/{type_}.{right}"))

    def base(self, request: Request) -> str:
        """The server's address as this client knows it."""
        return self.identity.base or f"{request.url.scheme}://{request.url.netloc}{ROOT}"


def by_token(token: TokenRow) -> By:
    """Who acts, where a program does."""
    return By(f"token:{token.public_id}")


def preferred(request: Request, name: str) -> str:
    """What a client prefers (RFC 7240) under a name: `return=minimal`, `respond-async`; empty where it says nothing of it."""
    for one in request.headers.get("prefer", "").replace(";", ",").split(","):
        asked, _, value = one.partition("=")
        if asked.strip().lower() == name:
            return value.strip().strip('"').lower() or name
    return ""


def acceptable(request: Request) -> None:
    """See that the client takes JSON. RefusedError 406 where it does not."""
    asked = request.query_params.get("_format") or request.headers.get("accept") or "*/*"
    kinds = [one.partition(";")[0].strip().lower() for one in asked.split(",")]
    if not any(kind in _JSONS for kind in kinds):
        raise RefusedError(406, Issue(IssueCode.NOT_SUPPORTED, f"answers are given as {JSON} alone"))
