"""What a channel file may say of a destination: which wire, how it is written, when it is tried again."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from interface.channel.option import Probe, Receives
from interface.channel.spec_fhir import FhirDestination
from interface.channel.spec_tls import ClientTls, Secs
from interface.hl7.charset import codec_of
from interface.mapping.fill import Declared

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
MappingName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,39})?$")]


def known_charset(name: str) -> str:
    """The name, if text can travel in it; ValueError otherwise."""
    if codec_of(name) is None:
        raise ValueError(f"`{name}` is no character set that HL7 text travels in; as UNICODE UTF-8, 8859/1, ASCII")
    return name


class MllpDestination(Declared):
    """Where messages go, and how long an answer is waited for."""

    host: str = Field(description="address of the receiver")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(description="its TCP port")
    connect_timeout_secs: Secs = Field(default=10.0, description="time to reach it")
    reply_timeout_secs: Secs = Field(
        default=30.0, description="time for its acknowledgement; then the send is ambiguous"
    )
    late_ack_secs: float = Field(
        default=300.0, ge=0, le=86400, description="how long a late acknowledgement is still read"
    )
    one_session: bool = Field(default=False, description="the receiver takes one connection at a time")
    tls: ClientTls | None = Field(
        default=None, description="speak TLS, and nothing else; `tls: {}` takes every default"
    )


class Retry(Declared):
    """When a send that reached nobody is tried again."""

    first_wait_secs: Secs = Field(default=2.0, description="wait after the first failure")
    max_wait_secs: Secs = Field(default=300.0, description="longest wait")
    multiplier: float = Field(default=2.0, ge=1, le=10, description="each wait is so many times the one before")
    jitter: float = Field(default=0.2, ge=0, le=1, description="share of a wait that is random")
    max_attempts: int = Field(default=0, ge=0, le=1_000_000, description="then a person decides; 0: try for ever")


class Destination(Declared):
    """One receiver of this channel's outgoing messages."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["mllp", "mapping"]}, {"required": ["fhir"]}]},
    )

    mllp: MllpDestination | None = Field(default=None, description="HL7 v2 over MLLP; this, or `fhir`")
    fhir: FhirDestination | None = Field(default=None, description="a FHIR server, or a vendor's own call over HTTP")
    mapping: MappingName = Field(
        default="", description="for `mllp`, **required**: the outgoing mapping (direction: out)"
    )
    receives: tuple[Receives, ...] = Field(default=(Receives.PAYMENTS,), description="what is sent there")
    sending_application: str = Field(default="HP24ENG", description="MSH-3")
    sending_facility: str = Field(default="HP24", description="MSH-4")
    receiving_application: str = Field(default="", description="MSH-5")
    receiving_facility: str = Field(default="", description="MSH-6; empty: the channel's facility")
    department: str = Field(default="", description="department that payments are booked under, as FT1-13")
    charset: str = Field(default="UNICODE UTF-8", description="character set of what is sent (HL7 table 0211)")
    retry: Retry = Field(default_factory=Retry, description="when a send that reached nobody is tried again")
    deduplicates: bool = Field(
        default=False,
        description="true only if the receiver is known to recognise a repeat: unanswered sends are then repeated. "
        "Over `fhir` the shape decides",
    )
    max_unresolved_sends: int = Field(
        default=1, ge=1, le=1000, description="unanswered sends before the destination is suspended"
    )
    probe: Probe = Field(
        default=Probe.NMQ,
        description="what finds out whether it lives: this message, over HTTP a GET of `fhir.probe`; off: a person resumes it",
    )
    probe_first_wait_secs: Secs = Field(default=30.0, description="wait before the first probe")
    probe_max_wait_secs: Secs = Field(default=900.0, description="longest wait between probes")

    @field_validator("charset")
    @classmethod
    def _charset(cls, name: str) -> str:
        return known_charset(name)

    @model_validator(mode="after")
    def _one_wire(self) -> Self:
        if (self.mllp is None) == (self.fhir is None):
            raise ValueError("it has no wire, or two; give `mllp:` or `fhir:`")
        if self.mllp is not None and not self.mapping:
            raise ValueError("nothing says how payments are written; add `mapping:` with an outgoing mapping")
        if self.fhir is not None and (self.mapping or self.deduplicates):
            raise ValueError(
                "over `fhir` the shape says how payments are written and repeated; "
                "leave out `mapping` and `deduplicates`"
            )
        return self

    @property
    def recognises_repeats(self) -> bool:
        """Whether an unanswered send may be repeated by itself."""
        return self.deduplicates if self.fhir is None else self.fhir.shape.is_searched
