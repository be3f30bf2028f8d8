"""What a channel file may say of where its messages come from: a listener for HL7 v2, or requests to the engine's FHIR server."""

from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from interface.channel.option import Cleartext
from interface.channel.spec_tls import Secs, ServerTls
from interface.fhir.transaction import MOST_ENTRIES
from interface.mapping.fill import Declared

Port = Annotated[int, Field(ge=0, le=65535)]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"`{text}` is no network; as 10.1.0.0/16, with no bits beyond the 16, or 10.1.2.3") from None
    return text


Network = Annotated[str, AfterValidator(_network)]


class MllpSource(Declared):
    """Where a channel listens, and how much it takes from its senders at once."""

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all of the machine")
    port: Port = Field(description="TCP port to listen on")
    cleartext: Cleartext = Field(
        default=Cleartext.LOOPBACK,
        description="without `tls`: loopback: within this machine only; accepted: beyond it, knowingly",
    )
    tls: ServerTls | None = Field(default=None, description="speak TLS, and nothing else")
    handshake_timeout_secs: Secs = Field(default=10.0, description="time to agree on TLS")
    max_frame_bytes: int = Field(default=16_777_216, ge=1024, le=268_435_456, description="largest message taken")
    allow: tuple[Network, ...] = Field(
        default=(), description="networks that may connect, as [10.1.0.0/16]; empty: all. Others are closed unread"
    )
    max_connections: int = Field(default=64, ge=1, le=4096, description="connections at a time")
    max_connections_per_peer: int = Field(
        default=32, ge=1, le=4096, description="connections of one address at a time, so that one peer takes not all"
    )
    max_messages_per_sec: float = Field(
        default=0.0, ge=0, le=1_000_000, description="messages taken in a second, all connections together; 0: no bound"
    )
    burst_messages: int = Field(
        default=100, ge=1, le=1_000_000, description="messages taken at once after a rest; beyond it the sender waits"
    )
    max_in_flight: int = Field(
        default=64, ge=1, le=4096, description="messages of one connection that wait for their answer"
    )
    idle_timeout_secs: Secs = Field(default=3600.0, description="a connection that says nothing for so long is closed")
    frame_timeout_secs: Secs = Field(default=60.0, description="time to send one message to its end")


class FhirSource(Declared):
    """How much a channel takes at once of what programs write to the engine's FHIR server (`fhir:` of config/engine.yaml)."""

    max_body_bytes: int = Field(
        default=16_777_216, ge=1024, le=268_435_456, description="largest body taken; a larger one is answered 413"
    )
    max_entries: int = Field(
        default=500, ge=1, le=MOST_ENTRIES, description="entries of one Bundle, at most; a larger one is refused whole"
    )
    max_in_flight: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="requests that wait for their answer; beyond it the sender is answered 429",
    )


class Source(Declared):
    """Where messages come from; one of both."""

    mllp: MllpSource | None = Field(default=None, description="HL7 v2 over MLLP")
    fhir: FhirSource | None = Field(
        default=None,
        description="resources of FHIR R4 that programs write: who has a token of this channel (`hp24 token create "
        "--channel`). `fhir: {}` takes every default; each request is answered once it was processed",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.mllp is None) == (self.fhir is None):
            raise ValueError("messages come in one way; give `mllp:` or `fhir:`")
        return self

    @property
    def place(self) -> str:
        """Where messages come in, in a word: host:port, or FHIR."""
        return f"{self.mllp.host}:{self.mllp.port}" if self.mllp is not None else "FHIR"
