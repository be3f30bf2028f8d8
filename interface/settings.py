"""The engine's own settings: config/engine.yaml and the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from interface.alarm import Alerts, is_loopback
from interface.document import read_document, read_text
from interface.mapping.environment import substituted
from interface.mapping.fill import Declared, fill
from interface.mapping.problem import Findings
from interface.row.backup import BackupPace
from interface.row.message import BATCH_BYTES
from interface.row.purge import Keeping, PurgePace, Rule

SETTINGS_FILE = "config/engine.yaml"


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits in seconds and sizes in messages or bytes, as the engine's parts take them."""

    receive_batch_messages: int
    process_batch_messages: int
    process_batch_bytes: int
    max_frames_in_flight: int
    max_bytes_in_flight: int
    gather_secs: float
    poll_secs: float
    storage_retry_secs: float
    disk_check_secs: float
    disk_warn_mb: int
    disk_reserve_mb: int
    listen_retry_secs: float
    drain_secs: float
    config_check_secs: float
    standby_secs: float
    heartbeat_secs: float
    push_batch_records: int
    push_gather_secs: float
    push_share: float
    push_lookup_secs: float
    push_first_wait_secs: float
    push_max_wait_secs: float
    certificate_check_secs: float
    certificate_warn_days: int
    audit_seal_secs: float
    purge_every_hours: float


_Batch = Annotated[int, Field(ge=1, le=4096)]
_SIX_YEARS, _SEVEN_YEARS = 2_192, 2_557
_Days = Annotated[int, Field(ge=1, le=36_500)]
_Wait = Annotated[float, Field(gt=0, le=3600)]


class HttpCleartext(StrEnum):
    """How far an HTTP face without TLS may be reached."""

    LOOPBACK = "loopback"
    ACCEPTED = "accepted"


def _guard_cleartext(face: str, host: str, port: int, certificate: str, cleartext: HttpCleartext, prefix: str) -> None:
    """Refuse a face that others could reach in clear. `prefix` begins the names of its options."""
    if port and not certificate and cleartext is HttpCleartext.LOOPBACK and not is_loopback(host):
        raise ValueError(
            f"the {face} could be reached from beyond this machine, without TLS; "
            f"give it `{prefix}certificate`, or take the risk with `{prefix}cleartext: accepted`"
        )


class Fhir(Declared):
    """The FHIR server. Every request but the one for its metadata needs a token: `hp24 token create`."""

    host: str = Field(default="127.0.0.1", description="address that it listens on")
    port: int = Field(default=8025, ge=0, le=65535, description="its port; 0: there is no FHIR server")
    base_url: str = Field(
        default="",
        pattern="^(https?://[^ ?#]+[^/ ?#])?$",
        description="its address as clients know it, up to /fhir/r4, where a proxy stands before it; empty: as they ask for it",
    )
    cleartext: HttpCleartext = Field(
        default=HttpCleartext.LOOPBACK,
        description="without `certificate` only addresses of this machine are listened on; `accepted` takes that risk",
    )
    certificate: str = Field(default="", description="file of its certificate, relative to the root; empty: no TLS")
    key: str = Field(default="", description="file of its key; empty: it stands in the certificate's file")
    max_connections: int = Field(
        default=256, ge=1, le=10_000, description="connections at once; further ones are answered 503"
    )

    @model_validator(mode="after")
    def _cleartext_stays_here(self) -> "Fhir":
        _guard_cleartext("FHIR server", self.host, self.port, self.certificate, self.cleartext, "")
        return self


class Settings(Declared):
    """Options of config/engine.yaml. Every one has a default; units stand in the names."""

    database_url: str = Field(
        default="", description="SQLAlchemy URL of the database; empty: the file hp24.db in the engine's home"
    )
    http_host: str = Field(default="127.0.0.1", description="address of the HTTP face (/health, /metrics)")
    http_port: int = Field(default=8024, ge=0, le=65535, description="port of the HTTP face; 0: there is none")
    http_cleartext: HttpCleartext = Field(
        default=HttpCleartext.LOOPBACK,
        description="without `http_certificate` only addresses of this machine are listened on; `accepted` takes that risk",
    )
    http_certificate: str = Field(
        default="", description="file of the certificate that the HTTP face shows, relative to the root; empty: no TLS"
    )
    http_key: str = Field(default="", description="file of its key; empty: it stands in the certificate's file")
    http_max_connections: int = Field(
        default=64, ge=1, le=10_000, description="HTTP connections at once; further ones are answered 503"
    )
    fhir: Fhir = Field(default_factory=Fhir, description="the FHIR server")
    health_secs: _Wait = Field(
        default=2.0,
        description="how often the engine's health is looked at; what /health and /metrics show is as old, at most",
    )
    stuck_secs: _Wait = Field(
        default=60.0, description="a part that is alive and has not come round for so long is told of as stuck"
    )
    receive_batch_messages: _Batch = Field(default=256, description="messages that intake commits at once, at most")
    process_batch_messages: _Batch = Field(default=64, description="messages that processing commits at once, at most")
    process_batch_bytes: int = Field(
        default=BATCH_BYTES,
        ge=65536,
        description="bytes of messages that processing reads at once, at most; one that is larger is read alone",
    )
    max_frames_in_flight: int = Field(
        default=2048, ge=1, le=1_000_000, description="frames between wire and store, all channels together"
    )
    max_bytes_in_flight: int = Field(
        default=67_108_864,
        ge=65536,
        description="bytes between wire and store, frames that have begun included (half of it, at most), all channels together",
    )
    gather_secs: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="after a batch that was not full, processing lets messages gather for so long: fewer, larger commits",
    )
    poll_secs: _Wait = Field(default=0.5, description="how often a part looks for work that nobody called it for")
    storage_retry_secs: _Wait = Field(default=1.0, description="wait before a database that is away is tried again")
    database_connect_secs: float = Field(
        default=10.0, ge=2, le=3600, description="how long a PostgreSQL server may take to accept a connection"
    )
    database_answer_secs: _Wait = Field(
        default=60.0,
        description="how long the engine waits for an answer of a PostgreSQL server; after that the connection counts as broken",
    )
    clock_tolerance_secs: _Wait = Field(
        default=5.0,
        description="a clock that is set by more than this, or is this far behind the last stored time, is told of",
    )
    clock_hold_hours: float = Field(
        default=24.0,
        ge=0,
        le=8784,
        description="after the clock was set back by no more than this, arrivals keep the last one's time until it has caught up",
    )
    disk_check_secs: _Wait = Field(
        default=10.0,
        description="how often the room on the store's disk is looked at; intake also looks at every commit",
    )
    disk_warn_mb: int = Field(
        default=2000,
        ge=0,
        le=1_000_000_000,
        description="less room than this on the disk of the SQLite file is told of",
    )
    disk_reserve_mb: int = Field(
        default=200,
        ge=0,
        le=1_000_000_000,
        description="with less room than this on the disk of the SQLite file nothing is received any more: the rest is for "
        "processing and for the outcomes of what was sent",
    )
    listen_retry_secs: _Wait = Field(
        default=5.0, description="wait before a channel whose address could not be had again is listened for once more"
    )
    drain_secs: _Wait = Field(default=15.0, description="how long a stop waits for what is under way")
    config_check_secs: _Wait = Field(
        default=1.0,
        description="how often listeners look for a newer configuration version; processing looks before every batch",
    )
    standby_secs: _Wait = Field(default=1.0, description="how often a second engine asks whether it is to take over")
    heartbeat_secs: _Wait = Field(default=2.0, description="how often a part says that it is alive")
    push_batch_records: int = Field(
        default=64, ge=1, le=4096, description="rows of the ledger that HealthPay24 is told of at once, at most"
    )
    push_gather_secs: _Wait = Field(
        default=0.5,
        description="changes gather for so long before HealthPay24 is told; a row that changes twice is told once",
    )
    push_share: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="share of its time that telling HealthPay24 may take, so that processing keeps its core; what changes "
        "twice meanwhile is told once",
    )
    push_lookup_secs: _Wait = Field(
        default=30.0, description="wait before HealthPay24 is asked what became of something that it left open"
    )
    push_first_wait_secs: _Wait = Field(
        default=2.0, description="first wait after HealthPay24 could not be reached; each further one is twice as long"
    )
    push_max_wait_secs: _Wait = Field(default=300.0, description="longest wait after HealthPay24 could not be reached")
    key_command_secs: _Wait = Field(
        default=30.0, description="how long the command that gives the master key (HP24_KEY_COMMAND) may take"
    )
    backup_megabytes_per_sec: float = Field(
        default=64.0,
        gt=0,
        le=10_000,
        description="a backup reads no faster than this, so that the engine keeps its disk",
    )
    backup_step_kilobytes: int = Field(
        default=1024, ge=4, le=1_048_576, description="a backup reads so much at once, and rests in between if it must"
    )
    certificate_check_secs: _Wait = Field(
        default=10.0, description="how often files of certificates and keys are looked at; changed ones are read again"
    )
    certificate_warn_days: int = Field(
        default=30, ge=1, le=3650, description="a certificate that ends within so many days is told of, once a day"
    )
    audit_seal_secs: _Wait = Field(
        default=60.0,
        description="how often new rows of the audit trail are sealed, so that they cannot be altered unseen",
    )
    keep_processed_bodies_days: _Days = Field(
        default=_SEVEN_YEARS,
        description="bytes of processed messages are kept for so long; nothing that is still needed is removed",
    )
    keep_filtered_bodies_days: _Days = Field(
        default=_SEVEN_YEARS, description="bytes of filtered messages are kept for so long"
    )
    keep_refused_bodies_days: _Days = Field(
        default=366,
        description="bytes of refused and incomplete messages, which their senders keep, are kept for so long",
    )
    keep_failed_bodies_days: _Days = Field(
        default=_SEVEN_YEARS,
        description="bytes of failed messages are kept for so long, and as long as a work item is open",
    )
    keep_deliveries_days: _Days = Field(
        default=_SEVEN_YEARS, description="payloads, attempts and answers of deliveries are kept for so long"
    )
    keep_arrivals_days: _Days = Field(
        default=_SEVEN_YEARS, description="when and from where a message came, each time, is kept for so long"
    )
    keep_runs_days: _Days = Field(default=_SEVEN_YEARS, description="what a message's runs found is kept for so long")
    keep_repeats_days: int = Field(
        default=366,
        ge=30,
        le=36_500,
        description="a repeat is recognised for so long after the bytes are gone, and never shorter than the audit trail is kept",
    )
    keep_audit_days: int = Field(
        default=_SEVEN_YEARS,
        ge=_SIX_YEARS,
        le=36_500,
        description="the audit trail is kept for so long; six years are the least (45 CFR 164.316(b)(2)(i))",
    )
    purge_every_hours: float = Field(
        default=24.0, gt=0, le=8_760, description="how often the running engine removes what its time is over for"
    )
    purge_step_rows: int = Field(
        default=200, ge=10, le=10_000, description="rows that the purge removes in one write transaction, at most"
    )
    purge_step_millis: int = Field(
        default=5, ge=1, le=1_000, description="a step of the purge that took longer is followed by smaller ones"
    )
    purge_share: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="share of its time that the purge works; the rest of it belongs to the others",
    )
    purge_give_back_kilobytes: int = Field(
        default=512, ge=4, le=1_048_576, description="the file of a SQLite database becomes so much smaller in one step"
    )
    alerts: Alerts = Field(default_factory=Alerts, description="who is told when something is wrong, and when")
    turn_limit_millis: int = Field(
        default=10, ge=1, le=10_000, description="a write transaction longer than this is reported"
    )
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="least level of events that are logged"
    )

    @model_validator(mode="after")
    def _cleartext_stays_here(self) -> "Settings":
        _guard_cleartext(
            "HTTP face", self.http_host, self.http_port, self.http_certificate, self.http_cleartext, "http_"
        )
        return self

    def backup_pace(self) -> BackupPace:
        """What a backup takes."""
        return BackupPace(self.backup_step_kilobytes * 1024, int(self.backup_megabytes_per_sec * 1_000_000))

    def keeping(self) -> Keeping:
        """How long everything is kept."""
        days: dict[Rule, int] = {
            rule: getattr(self, f"keep_{rule.replace('-', '_')}_days") for rule in Rule if rule is not Rule.MESSAGES
        }
        return Keeping(days, self.keep_repeats_days)

    def purge_pace(self) -> PurgePace:
        """How gently it is removed."""
        return PurgePace(
            self.purge_step_rows, self.purge_step_millis * 1_000, self.purge_share, self.purge_give_back_kilobytes
        )

    def pace(self) -> Pace:
        """What the engine's parts take."""
        return Pace(**{name: getattr(self, name) for name in Pace.__slots__})


def read_settings(root: Path, home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of `root`; the file may be absent. Raises ProblemsError with everything that is wrong."""
    findings = Findings()
    text = read_text(root, SETTINGS_FILE, findings) if (root / SETTINGS_FILE).is_file() else ""
    settings = settings_of(text, environ, findings)
    findings.raise_any()
    if settings.database_url:
        return settings
    return settings.model_copy(update={"database_url": f"sqlite:///{home / 'hp24.db'}"})


def settings_of(text: str, environ: Mapping[str, str], findings: Findings) -> Settings:
    """The settings in a text; an empty one says nothing. Problems go into `findings`, and defaults stand in."""
    block = read_document(SETTINGS_FILE, text, findings) if text.strip() else None
    if block is None:
        return Settings()
    return fill(Settings, substituted(block, environ, findings), findings) or Settings()
