"""Alerts by e-mail: one message over SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS, and login where the server wants it.

The message's id is the delivery's: a repeat after a lost answer is the same message, and mail programs show it once.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import orjson
from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.connector.secret import Secret
from interface.connector.told import Told, told
from interface.errors import InterfaceError, UnansweredError, WireError
from interface.observe.alert import RecipientsRefused
from interface.observe.emit import emit

_STEPS = 3  # a session may take so many times as long as one answer: a server that drips bytes is not waited for
_LATER = range(400, 500)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """One mail server, and who is told."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    timeout_secs: float
    is_tls: bool = False  # from the first byte
    is_starttls: bool = True
    authorities: Path | None = None  # None: the system's
    user: str = ""
    password: Secret | None = None

    @property
    def place(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"


class MailSender:
    """Sends one mail after the other, each in a session of its own, on a thread of the reactor's pool."""

    def __init__(self, settings: MailSettings, reactor: AsyncioSelectorReactor) -> None:
        self._settings = settings
        self._reactor = reactor

    async def send(self, payload: bytes, control_id: str) -> Told:
        """Send what `pipeline.alerting.payload` made.

        Errors: WireError where nothing was handed over (`peer-unreachable`, `tls-failed`, `login-refused`, `secret-missing`);
        UnansweredError `reply-timeout` where the server may have it.
        """
        found: Told = await threads.deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), deliver, self._settings, payload, control_id
        )
        return found

    async def close(self) -> None:
        """Nothing stays open between mails."""


def deliver(settings: MailSettings, payload: bytes, control_id: str) -> Told:
    """Blocking: one session, one mail."""
    message = written(payload, settings, control_id)
    with _session(settings) as smtp:
        try:
            refused_ones = smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            return told(min(codes), control_id, comes_later=min(codes) in _LATER)
        except smtplib.SMTPResponseException as refused:  # the sender, or the content
            return told(refused.smtp_code, control_id, comes_later=refused.smtp_code in _LATER)
        except (smtplib.SMTPServerDisconnected, OSError) as lost:
            raise UnansweredError(
                "reply-timeout", "the mail server did not say whether it took the mail", place=settings.place
            ) from lost
    if refused_ones:  # some have it: it is told, and who was refused is too
        emit(RecipientsRefused(settings.place, len(refused_ones)))
    return told(250, control_id, comes_later=False)


class _Bounded(smtplib.SMTP):
    """A session that is cut after a time, whatever it waits for: a server that drips bytes is within every single limit."""

    def __init__(self, limit_secs: float, *args: Any, **named: Any) -> None:
        self.alarm = threading.Timer(limit_secs, self._cut)
        self.alarm.daemon = True
        self.alarm.start()
        try:
            super().__init__(*args, **named)
        except BaseException:
            self.alarm.cancel()
            raise

    def _cut(self) -> None:
        with suppress(OSError):  # it may have ended in this moment
            if (open_socket := getattr(self, "sock", None)) is not None:
                open_socket.shutdown(socket.SHUT_RDWR)


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, over TLS from the first byte."""


@contextmanager
def _session(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    smtp = _connected(settings)
    try:
        _secure(smtp, settings)
        yield smtp
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.alarm.cancel()
        smtp.close()


def _connected(settings: MailSettings) -> _Bounded:
    limit_secs, named = settings.timeout_secs * _STEPS, {"timeout": settings.timeout_secs}
    try:
        if settings.is_tls:
            return _BoundedTls(limit_secs, settings.host, settings.port, context=_context(settings), **named)
        return _Bounded(limit_secs, settings.host, settings.port, **named)
    except ssl.SSLError as failed:
        raise _untrusted(settings) from failed
    except (OSError, smtplib.SMTPException) as failed:
        raise WireError(
            "peer-unreachable", "the mail server does not answer", place=settings.place, advice="it is tried again"
        ) from failed


def _secure(smtp: smtplib.SMTP, settings: MailSettings) -> None:
    try:
        if settings.is_starttls:
            smtp.starttls(context=_context(settings))
        if settings.password is not None:
            smtp.login(settings.user, settings.password.read())
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as refused:
        if isinstance(refused, smtplib.SMTPNotSupportedError) and not smtp.has_extn("starttls"):
            raise _untrusted(settings) from refused
        raise WireError(
            "login-refused",
            "the mail server refuses the login",
            place=settings.place,
            advice="check `user` and its password; it is tried again",
        ) from refused
    except ssl.SSLError as failed:
        raise _untrusted(settings) from failed
    except (OSError, smtplib.SMTPException) as failed:
        raise WireError(
            "peer-unreachable", "the mail server ended the session", place=settings.place, advice="it is tried again"
        ) from failed


def _context(settings: MailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(settings.authorities) if settings.authorities else None)
    except (OSError, ssl.SSLError) as missing:
        raise WireError(
            "tls-file-missing", "the file of authorities cannot be used", place=str(settings.authorities)
        ) from missing


def _untrusted(settings: MailSettings) -> InterfaceError:
    return WireError(
        "tls-failed",
        "the mail server and the engine do not agree on TLS",
        place=settings.place,
        advice="compare its name and certificate with `host` and `ca`; does it offer STARTTLS?",
    )


def written(payload: bytes, settings: MailSettings, control_id: str) -> EmailMessage:
    """The mail that tells what a payload says."""
    content: dict[str, Any] = orjson.loads(payload)
    message = EmailMessage()
    message["Subject"] = f"[{content['origin']}] {content['kind']}: {content['text']}"[:200]
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = format_datetime(datetime.fromisoformat(content["at"]))
    message["Message-ID"] = f"<{control_id}@hp24.invalid>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    lines = [content["text"], ""]
    for one in content["alerts"]:
        ended = f", ended {one['ended_at']}" if one["ended_at"] else ""
        lines += [
            f"{one['state'].upper()}  {one['rule']}  {one['subject']}",
            f"    {one['text']}",
            f"    began {one['began_at']}{ended}" + (f", came {one['times']} times" if one["times"] > 1 else ""),
            f"    more: {one['more']}",
            "",
        ]
    message.set_content("\n".join([*lines, f"{content['id']}, told at {content['at']}"]))
    return message
