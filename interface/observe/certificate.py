"""Events of certificates: loaded, kept because new files cannot be used, about to end."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import Level


@dataclass(frozen=True, slots=True)
class CertificateLoaded(Running):
    """New connections of `owner` (a channel, or channel/destination) use these files; empty fingerprint: it shows none."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "certificates_loaded_total"
    split_by: ClassVar = ("owner",)
    owner: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CertificateKept(Running):
    """The files of `owner` have changed and cannot be used, for the reason `code`: what was there before goes on."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "certificates_kept_total"
    split_by: ClassVar = ("owner", "code")
    owner: str
    code: str
    place: str


@dataclass(frozen=True, slots=True)
class CertificateExpiring(Running):
    """A certificate of `owner` ends within the days to warn of, or has ended (a negative number); told once a day."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "certificates_expiring_total"
    split_by: ClassVar = ("owner",)
    owner: str
    place: str
    fingerprint: str
    days_left: int
