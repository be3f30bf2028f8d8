"""The `alerts` section of config/engine.yaml: which conditions are alerts, and who is told in which way.

No secret has an option of its own: a file or a variable of the environment is named that holds it.
"""

from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interface.mapping.fill import Declared

_Secs = Annotated[float, Field(gt=0, le=3600)]
_Minutes = Annotated[float, Field(ge=0, le=10_080)]


class MailTls(StrEnum):
    """How mail is kept from being read on its way."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


class Mail(Declared):
    """Alerts by e-mail, over SMTP."""

    host: str = Field(min_length=1, description="the mail server")
    port: int = Field(default=587, ge=1, le=65535, description="its port")
    tls: MailTls = Field(
        default=MailTls.STARTTLS,
        description="starttls, tls from the first byte, or off, which is taken to this machine only. Names are proved",
    )
    ca: str = Field(
        default="", description="file of the authorities to trust, relative to the root; empty: the system's"
    )
    sender: str = Field(min_length=3, description="address that mail comes from")
    to: tuple[str, ...] = Field(min_length=1, description="addresses that it goes to")
    user: str = Field(default="", description="name to log in with; empty: no login")
    password_file: str = Field(default="", description="file that holds the password, relative to the root")
    password_env: str = Field(default="", description="variable of the environment that holds the password")
    timeout_secs: _Secs = Field(
        default=20.0, description="longest wait for each answer of the server; three times as long in all"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.tls is MailTls.OFF and not is_loopback(self.host):
            raise ValueError("mail would leave this machine without TLS; set `tls: starttls` or `tls: tls`")
        if bool(self.user) != bool(self.password_file or self.password_env):
            raise ValueError("`user` and its password go together; give `password_file` or `password_env`")
        return self


class Webhook(Declared):
    """Alerts by HTTP POST of a JSON object."""

    url: str = Field(description="where it is posted to, https:// (http:// within this machine only)")
    secret_file: str = Field(
        default="", description="file that holds the secret it is signed with, relative to the root"
    )
    secret_env: str = Field(default="", description="variable of the environment that holds the secret")
    ca: str = Field(
        default="", description="file of the authorities to trust, relative to the root; empty: the system's"
    )
    timeout_secs: _Secs = Field(default=20.0, description="longest wait for each step of a request")

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return url
        if parts.scheme == "http" and is_loopback(parts.hostname or ""):
            return url
        raise ValueError("it is not a safe address; write https://host/path")

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if bool(self.secret_file) == bool(self.secret_env):
            raise ValueError("a webhook is signed; give `secret_file` or `secret_env`, and not both")
        return self


class Rules(Declared):
    """When something is an alert. 0 switches a rule off where a number says when."""

    destination_suspended: bool = Field(default=True, description="a destination does not answer and is probed")
    queue_older_minutes: _Minutes = Field(
        default=30.0, description="the oldest delivery of a destination is queued for so long"
    )
    waiting_older_minutes: _Minutes = Field(default=15.0, description="a message was not run for so long")
    mapping_broken: bool = Field(default=True, description="messages are held because a mapping does not fit them")
    messages_failed: bool = Field(default=True, description="messages failed that their sender was told yes for")
    payment_ambiguous: bool = Field(default=True, description="nobody knows whether the EHR has a payment")
    payment_unconfirmed: bool = Field(
        default=True,
        description="the EHR acknowledged a payment, and nothing proved within its channel's `unconfirmed_hours` that it is posted",
    )
    channel_closed: bool = Field(default=True, description="a channel takes no connections")
    disk_left_gigabytes: float = Field(
        default=2.0, ge=0, le=1_000_000, description="less room is left on the home's disk"
    )
    certificate_days: int = Field(
        default=14, ge=0, le=3650, description="a certificate ends within so many days, or cannot be used"
    )
    part_down: bool = Field(default=True, description="a part of the engine is dead, or is alive and stuck")
    part_restarts: int = Field(default=3, ge=0, le=100, description="a part was started so often within ten minutes")
    database_away: bool = Field(default=True, description="the database takes nothing")
    key_gone: bool = Field(default=True, description="the master key is no longer where it was read")
    clock_skew_secs: float = Field(
        default=5.0, ge=0, le=86_400, description="the database's clock differs from ours by so much"
    )
    sender_clock: bool = Field(
        default=True,
        description="a sender's clock differs from ours by more than its channel's `sender_clock.tolerance_secs`",
    )
    backup_older_days: float = Field(
        default=0.0, ge=0, le=3650, description="the last backup is older, or there is none"
    )


class Alerts(Declared):
    """Alerts: one start and one recovery each, told by mail and webhooks."""

    mail: Mail | None = Field(default=None, description="by e-mail")
    webhooks: dict[str, Webhook] = Field(default={}, description="by HTTP POST, each under a name")
    rules: Rules = Field(default_factory=Rules, description="which conditions are alerts")
    tell_after_secs: float = Field(
        default=60.0, ge=0, le=86_400, description="a condition that holds for less is not told of"
    )
    gone_after_secs: float = Field(
        default=300.0,
        ge=0,
        le=86_400,
        description="it has ended once it was gone for so long; what comes again before is the same alert",
    )
    max_per_hour: int = Field(default=20, ge=1, le=1000, description="starts and recoveries told one by one in an hour")
    summary_secs: float = Field(
        default=600.0, ge=60, le=86_400, description="what is beyond that is told in a summary, one in so long at most"
    )
    first_wait_secs: _Secs = Field(
        default=5.0,
        description="wait after a mail server or webhook could not be reached; each further one is twice as long",
    )
    max_wait_secs: _Secs = Field(default=300.0, description="longest such wait")
    max_attempts: int = Field(
        default=20, ge=1, le=1000, description="tries of one telling that the receiver put off or did not answer"
    )
    give_up_hours: float = Field(
        default=24.0, gt=0, le=720, description="what could not be told for so long is dropped, and a work item says so"
    )

    keep_days: int = Field(default=90, ge=1, le=3650, description="what ended and was told is kept for so long")

    @property
    def is_told(self) -> bool:
        """Whether anybody is told."""
        return self.mail is not None or bool(self.webhooks)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
