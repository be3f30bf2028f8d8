"""A real mail server and a real HTTP receiver on this machine, well or badly behaved."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.ports import free_ports


@dataclass
class Mailbox:
    """What arrived. `answer` is what the server says to the content of a mail; `on_content` is called before it does."""

    mails: list[Message] = field(default_factory=list)
    answer: str = "250 taken"
    on_recipient: str = "250 OK"
    refuses: str = ""  # this address
    on_content: Callable[[], object] = lambda: None
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self.refuses:
            return "550 unknown"
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.on_content()
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.mails.append(message_from_bytes(content))
        return self.answer


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None,
    *,
    from_the_first: bool = False,
    login: tuple[str, str] | None = None,
    port: int = 0,
) -> Iterator[Mailbox]:
    """A server on a port of its own. With `tls` it offers STARTTLS, or speaks TLS `from_the_first` byte; `login` is the user and
    password that it wants."""
    box = Mailbox()
    box.port = port or free_ports(1)[0]

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword) and login is not None
        is_right = (given.login.decode(), given.password.decode()) == login
        return AuthResult(success=is_right, handled=is_right)

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        ready_timeout=20,
        tls_context=None if from_the_first else tls,
        ssl_context=tls if from_the_first else None,
        authenticator=authenticate if login else None,
        auth_required=login is not None,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Post:
    """One request."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What was posted, and what is answered to it."""

    posts: list[Post] = field(default_factory=list)
    status: int = 204
    port: int = 0


@contextmanager
def http_receiver(port: int = 0) -> Iterator[Receiver]:
    """A server that keeps what is posted to it."""
    kept = Receiver()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # who posted was killed in the middle: nothing was received
                return
            kept.posts.append(Post({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", port), Answer)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
