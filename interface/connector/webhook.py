"""Alerts by webhook: an HTTP POST of the JSON, signed with a shared secret (HMAC-SHA256 over time and body).

`HP24-Signature: t=<unix seconds>,v1=<hex>` signs `<t>.<body>`; `HP24-Delivery` is the same for every repeat of one telling.
"""

import hashlib
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.connector.secret import Secret
from interface.connector.told import Told, told
from interface.errors import UnansweredError, WireError

_LATER = frozenset({408, 425, 429})  # RFC 9110, 8470, 6585: not now


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """One receiver."""

    name: str
    url: str
    secret: Secret
    timeout_secs: float
    authorities: Path | None = None  # None: the system's


class WebhookSender:
    """Posts one telling after the other, on a thread of the reactor's pool."""

    def __init__(
        self, settings: WebhookSettings, reactor: AsyncioSelectorReactor, seconds: Callable[[], float]
    ) -> None:
        """`seconds` is the wall clock that signatures are dated with."""
        self._settings = settings
        self._reactor = reactor
        self._seconds = seconds

    async def send(self, payload: bytes, control_id: str) -> Told:
        """Post it.

        Errors: WireError where nothing was sent (`peer-unreachable`, `secret-missing`, `tls-file-missing`); UnansweredError
        `reply-timeout` where the receiver may have it.
        """
        found: Told = await threads.deferToThreadPool(
            self._reactor,
            self._reactor.getThreadPool(),
            deliver,
            self._settings,
            payload,
            control_id,
            int(self._seconds()),
        )
        return found

    async def close(self) -> None:
        """Nothing stays open between posts."""


def signature(secret: str, at: int, body: bytes) -> str:
    """What proves to the receiver that the body is ours, and of which second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def deliver(settings: WebhookSettings, payload: bytes, control_id: str, at: int) -> Told:
    """Blocking: one request. Redirects are not followed: the secret is meant for this receiver."""
    headers = {
        "content-type": "application/json",
        "user-agent": "hp24",
        "hp24-delivery": control_id,
        "hp24-signature": signature(settings.secret.read(), at, payload),
    }
    place = f"{settings.name} ({httpx.URL(settings.url).host})"
    try:
        with (
            httpx.Client(verify=_trusted(settings), timeout=settings.timeout_secs) as client,
            client.stream("POST", settings.url, content=payload, headers=headers) as answer,
        ):
            status = answer.status_code  # what it says beside is nobody's
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as failed:
        raise WireError(
            "peer-unreachable", "the receiver cannot be reached", place=place, advice="it is tried again"
        ) from failed
    except httpx.HTTPError as lost:
        raise UnansweredError("reply-timeout", "the receiver did not say whether it took it", place=place) from lost
    return told(status, control_id, comes_later=status in _LATER or status >= 500)


def _trusted(settings: WebhookSettings) -> ssl.SSLContext | bool:
    if settings.authorities is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(settings.authorities))
    except (OSError, ssl.SSLError) as missing:
        raise WireError(
            "tls-file-missing", "the file of authorities cannot be used", place=str(settings.authorities)
        ) from missing
