"""Where payments are posted over HTTP, and how long an answer is waited for."""

from dataclasses import dataclass

from interface.certificate import TlsFiles
from interface.connector.fhir.token import Token


@dataclass(frozen=True, slots=True)
class FhirSettings:
    """One destination. Times are seconds."""

    name: str  # channel/destination
    base_url: str
    token: Token | None = None
    tls: TlsFiles | None = None
    server_name: str = ""  # that the server's certificate must be for; empty: the host
    connect_timeout_secs: float = 10.0
    reply_timeout_secs: float = 30.0
    max_answer_bytes: int = 1_048_576
    retry_after_most_secs: float = 900.0

    @property
    def allows_one_session(self) -> bool:
        """Whether an older version's connection has to end first: none outlives its request."""
        return False
