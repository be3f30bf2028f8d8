"""TLS for both ends of a wire: contexts made from files, made again when the files change, while connections go on.

TLS 1.2 and later with forward secrecy only, no resumption: each new connection is judged by the files of its day.
"""

# ruff: noqa: N802, N803 - what Twisted calls is named by Twisted
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL.SSL import OP_NO_RENEGOTIATION, Connection, Error
from service_identity import VerificationError
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.internet.ssl import (
    AcceptableCiphers,
    Certificate,
    CertificateOptions,
    TLSVersion,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from interface.certificate import TlsFiles, TlsMaterial, Validity, read_material, signature, validities
from interface.errors import ConfigurationError
from interface.observe.certificate import CertificateKept, CertificateLoaded
from interface.observe.event import Event

# RFC 9325 section 4.2: ephemeral key exchange and authenticated encryption. TLS 1.3 has no others.
_CIPHERS = AcceptableCiphers.fromOpenSSLCipherString("ECDHE+AESGCM:ECDHE+CHACHA20")
# Alerts about our certificate (RFC 8446 section 6.2). A TLS 1.3 server that sends one has read nothing of what followed
# our handshake: it learns to read that from the very message that it refuses (section 4.4.4).
_REFUSALS = (
    "alert bad certificate",
    "alert unsupported certificate",
    "alert certificate revoked",
    "alert certificate expired",
    "alert certificate unknown",
    "alert unknown ca",
    "alert access denied",
    "alert certificate required",
)

Made = TypeVar("Made")


class Reloading(Generic[Made]):
    """What is made of some files, as they were when they last could be used."""

    def __init__(
        self, owner: str, files: TlsFiles, make: Callable[[TlsMaterial], Made], emit: Callable[[Event], None]
    ) -> None:
        """`owner` is the channel, or channel/destination, that the files serve."""
        self.owner = owner
        self._files = files
        self._make = make
        self._emit = emit
        self._seen: tuple[object, ...] | None = None
        self._made: Made | None = None

    @property
    def made(self) -> Made:
        """What serves new connections."""
        assert self._made is not None, "load first"
        return self._made

    def load(self) -> None:
        """Read the files unless that was done. Raises ConfigurationError `tls-...` where they cannot be used."""
        if self._made is None:
            self._seen = signature(self._files)
            self._take()

    def refresh(self) -> None:
        """Look whether the files have changed. New ones that cannot be used change nothing and are told. For any thread."""
        seen = signature(self._files)
        if self._made is None or seen == self._seen:
            return
        self._seen = seen
        try:
            self._take()
        except ConfigurationError as broken:
            self._emit(CertificateKept(self.owner, broken.code, broken.place))

    def validities(self) -> list[Validity]:
        """How long the files' certificates are good; none while they cannot be read, which `refresh` tells."""
        try:
            return list(validities(self._files))
        except ConfigurationError:
            return []

    def _take(self) -> None:
        material = read_material(self._files)
        try:
            self._made = self._make(material)
        except (Error, ValueError) as refused:  # a key or a signature too weak for the machine's OpenSSL
            raise ConfigurationError(
                "tls-file-malformed",
                f"OpenSSL does not take it: {reason_of(refused)}",
                place=str(self._files.paths[0]),
                advice="have the certificate made anew, with a key of today's length",
            ) from refused
        self._emit(CertificateLoaded(self.owner, material.fingerprint))


@implementer(IOpenSSLServerConnectionCreator)
class ServerTls(Reloading[CertificateOptions]):
    """The listening end. With authorities, every sender must show a certificate of one of them (mutual TLS)."""

    def __init__(self, owner: str, files: TlsFiles, emit: Callable[[Event], None]) -> None:
        super().__init__(owner, files, _server_options, emit)

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> Connection:
        return self.made.serverConnectionForTLS(tlsProtocol)


@implementer(IOpenSSLClientConnectionCreator)
class ClientTls(Reloading[Any]):
    """The sending end. The peer's certificate must come from one of the authorities, and be for `server_name`."""

    def __init__(self, owner: str, files: TlsFiles, server_name: str, emit: Callable[[Event], None]) -> None:
        super().__init__(owner, files, lambda material: _client_options(material, server_name), emit)

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> Connection:
        connection: Connection = self.made.clientConnectionForTLS(tlsProtocol)
        return connection


def reason_of(failure: BaseException | None) -> str:
    """Why TLS failed, in OpenSSL's words, which name rules and never a peer's name."""
    if isinstance(failure, VerificationError):
        return "the certificate is for another name"
    if isinstance(failure, Error) and failure.args and isinstance(failure.args[0], Sequence) and failure.args[0]:
        return str(failure.args[0][0][-1])
    return type(failure).__name__


def is_refusal(failure: BaseException | None) -> bool:
    """Whether the peer ended the connection because of our certificate, or because we showed none."""
    return isinstance(failure, Error) and reason_of(failure).endswith(_REFUSALS)


def says_refusal(words: str) -> bool:
    """Whether words of OpenSSL's, however they came, tell that the peer refused our certificate, and so has read nothing."""
    return any(alert in words for alert in _REFUSALS)


def _server_options(material: TlsMaterial) -> CertificateOptions:
    trust = {"trustRoot": _trust(material)} if material.authorities else {}
    options = CertificateOptions(**_shown(material), **_MODERN, **trust)
    # Renegotiation lets one client buy many expensive handshakes with one connection.
    options.getContext().set_options(OP_NO_RENEGOTIATION)
    return options


def _client_options(material: TlsMaterial, server_name: str) -> Any:
    trust = _trust(material) if material.authorities else platformTrust()
    return optionsForClientTLS(server_name, trustRoot=trust, extraCertificateOptions={**_shown(material), **_MODERN})


_MODERN: dict[str, Any] = {"acceptableCiphers": _CIPHERS, "raiseMinimumTo": TLSVersion.TLSv1_2}


def _shown(material: TlsMaterial) -> dict[str, Any]:
    if not material.chain:
        return {}
    own, *between = material.chain
    return {"privateKey": material.key, "certificate": own, "extraCertChain": between}


def _trust(material: TlsMaterial) -> Any:
    return trustRootFromCertificates(
        [Certificate.loadPEM(one.public_bytes(Encoding.PEM)) for one in material.authorities]
    )
