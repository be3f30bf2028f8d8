"""What a channel file may say about TLS, at a listener and towards a receiver."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from interface.mapping.fill import Declared

Secs = Annotated[float, Field(gt=0, le=86400)]
File = Annotated[str, Field(min_length=1, max_length=1024)]


class ServerTls(Declared):
    """TLS at a listener: 1.2 or newer. Files are PEM; when they change, new connections use them at once."""

    certificate: File = Field(
        description="file of the certificate, then of those between it and its authority; relative to the root"
    )
    key: File = Field(description="file of its private key, without a passphrase, readable by the engine's user alone")
    client_ca: str = Field(
        default="", description="file of authorities: then senders must show a certificate of one of them (mutual TLS)"
    )


class ClientTls(Declared):
    """TLS towards a receiver: 1.2 or newer. Its certificate must come from a known authority and be for its name."""

    ca: str = Field(default="", description="file of the authorities of its certificate; empty: those of this machine")
    server_name: str = Field(
        default="", description="name or address that its certificate must be for; empty: the host"
    )
    certificate: str = Field(default="", description="file of a certificate to show it (mutual TLS), as for a listener")
    key: str = Field(default="", description="file of the private key of that certificate")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("`certificate` and `key` go together; give both, or neither")
        return self
