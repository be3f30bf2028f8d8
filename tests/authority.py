"""Certificates made for a test: authorities, and what they sign, as PEM files."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SUBJECT = "SPECIMEN SUBJECT"  # stands in every certificate, and in no log


class Authority:
    """Signs certificates and writes them into `folder` as NAME.pem and NAME.key; its own is `path`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self._own = self._signed(self._name, self._key, timedelta(days=3650), is_authority=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self._own.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, *, ends_in: timedelta = timedelta(days=90), host: str = "127.0.0.1"
    ) -> tuple[Path, Path]:
        """A certificate for `host` (an address or a name) and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_named(SUBJECT), key, ends_in, host=host)
        paths = (self.folder / f"{name}.pem", self.folder / f"{name}.key")
        paths[1].touch(mode=0o600)
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        return paths

    def trusting(self, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """A client that trusts this authority, and shows a certificate where it is given one."""
        context = ssl.create_default_context(cafile=str(self.path))
        if shown is not None:
            context.load_cert_chain(*shown)
        return context

    def serving(self, shown: tuple[Path, Path], *, wants_certificate: bool = False) -> ssl.SSLContext:
        """A server that shows a certificate, and wants one of this authority where it is told to."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*shown)
        if wants_certificate:
            context.load_verify_locations(str(self.path))
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ends_in: timedelta,
        *,
        host: str = "",
        is_authority: bool = False,
    ) -> x509.Certificate:
        ends = datetime.now(UTC) + ends_in
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(ends, datetime.now(UTC)) - timedelta(days=1))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
