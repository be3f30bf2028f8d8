"""One HTTP request and its answer on asyncio's loop, and what is known where none came: whether anything was sent.

A connection serves one request: one that is kept open may be closed by the server just as the next payment goes out, and nobody
would know whether it arrived. No proxy is taken from the environment and no redirect followed: a token is for this server alone.
"""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from interface.certificate import read_material
from interface.connector.fhir.settings import FhirSettings
from interface.connector.tls import says_refusal
from interface.errors import ConfigurationError, UnansweredError, WireError
from interface.fhir.call import Call

_AGENT = "hp24"


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer. `body` is its beginning where it was too long or ended early; `is_whole` tells."""

    status: int
    head: Mapping[str, str]  # names in lower case
    body: bytes
    is_whole: bool = True

    def to_bytes(self) -> bytes:
        """As it is kept: the status, where the resource is, the body."""
        location = self.head.get("location", "")
        lines = [f"HTTP {self.status}", *([f"Location: {location}"] if location else [])]
        return "\r\n".join(lines).encode("ascii", "replace") + b"\r\n\r\n" + self.body


def trust(settings: FhirSettings) -> ssl.SSLContext | None:
    """Blocking: TLS 1.2 or newer by the files as they are now; None for an address without TLS. Raises WireError `tls-...`."""
    if not settings.base_url.startswith("https:"):
        return None
    files = settings.tls
    try:
        if files is not None:
            read_material(files)
        context = ssl.create_default_context(cafile=str(files.authorities) if files and files.authorities else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if files is not None and files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except ConfigurationError as broken:
        raise WireError(broken.code, broken.text, place=broken.place, advice=broken.advice) from broken
    except (OSError, ssl.SSLError) as broken:
        place = str(files.certificate or files.authorities) if files else settings.name
        raise WireError("tls-file-malformed", "the files of `tls` cannot be used", place=place) from broken
    return context


async def ask(settings: FhirSettings, call: Call, head: Mapping[str, str], context: ssl.SSLContext | None) -> Heard:
    """Send it and hear the answer.

    Errors: WireError `peer-unreachable` or `tls-failed` where nothing was read; UnansweredError `reply-timeout` or
    `connection-lost` where the server may have acted. An answer counts from its status on, even if its body breaks off.
    """
    timeout = httpx.Timeout(settings.reply_timeout_secs, connect=settings.connect_timeout_secs)
    most_secs = settings.connect_timeout_secs + settings.reply_timeout_secs
    url = f"{settings.base_url}/{call.path}"
    fields = {"User-Agent": _AGENT, "Accept-Encoding": "identity", **dict(call.head), **head}
    extensions = {"sni_hostname": settings.server_name} if settings.server_name else {}
    client = httpx.AsyncClient(verify=context or False, timeout=timeout, trust_env=False)
    try:
        async with client:
            request = client.build_request(call.method, url, content=call.body, headers=fields, extensions=extensions)
            async with asyncio.timeout(most_secs):
                answer = await client.send(request, stream=True)
            return await _heard(answer, settings)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as failed:
        raise _unreachable(settings, failed) from failed
    except (httpx.TimeoutException, TimeoutError) as late:
        text = f"no answer within {settings.reply_timeout_secs:g} s"
        raise UnansweredError("reply-timeout", text, place=settings.name) from late
    except (httpx.HTTPError, OSError) as lost:
        if any(says_refusal(str(one)) for one in _chain(lost)):
            raise _not_agreed(settings, "the server refuses our certificate, and has read nothing") from lost
        raise UnansweredError(
            "connection-lost", "the connection ended before an answer came", place=settings.name
        ) from lost


async def _heard(answer: httpx.Response, settings: FhirSettings) -> Heard:
    body, is_whole = b"", True
    head = {name.lower(): value for name, value in answer.headers.items()}
    try:
        async with asyncio.timeout(settings.reply_timeout_secs):
            async for part in answer.aiter_raw():
                body += part
                if len(body) > settings.max_answer_bytes:
                    body, is_whole = body[: settings.max_answer_bytes], False
                    break
    except (httpx.HTTPError, OSError):  # TimeoutError is one
        is_whole = False
    return Heard(answer.status_code, head, body, is_whole)


def _unreachable(settings: FhirSettings, failed: Exception) -> WireError:
    if any(isinstance(one, ssl.SSLError) for one in _chain(failed)):
        return _not_agreed(settings, "its certificate is not what `tls` wants, or it speaks no TLS")
    text = f"destination {settings.name} gives no connection"
    return WireError("peer-unreachable", text, place=settings.base_url, advice="nothing was sent; it is tried again")


def _not_agreed(settings: FhirSettings, why: str) -> WireError:
    return WireError(
        "tls-failed",
        f"destination {settings.name} and the engine do not agree on TLS: {why}",
        place=settings.base_url,
        advice="compare `ca`, `server_name` and `certificate` of the destination's `tls` with what the server wants",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
