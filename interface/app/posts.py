"""Destinations over HTTP as the connector takes them, out of what the channel declares."""

from collections.abc import Callable, Mapping
from pathlib import Path

from interface.channel.files import below, client_files
from interface.channel.option import PaymentShape
from interface.channel.spec_fhir import FhirDestination
from interface.connector.fhir.settings import FhirSettings
from interface.connector.fhir.token import GivenToken
from interface.connector.secret import Secret
from interface.fhir.call import Call

_PROBED = {
    PaymentShape.PAYMENT_RECONCILIATION: "metadata",  # CapabilityStatement, R4 section 3.1.0.14: needs no token
    PaymentShape.ORACLE_BASIC: "metadata",
    PaymentShape.ATHENA_RECORDPAYMENT: "ping",
}


def http_settings(key: str, fhir: FhirDestination, root: Path, environ: Mapping[str, str]) -> FhirSettings:
    """Where it is and what authorises us. Files lie below `root`; a variable is one of `environ`."""
    variable = fhir.token_env
    held = {variable: environ.get(variable, "")}  # no more of it: settings are compared, and may be shown
    secret = Secret(below(root, fhir.token_file), variable, held)
    return FhirSettings(
        key,
        fhir.base_url,
        token=GivenToken(secret) if fhir.token_file or variable else None,
        tls=client_files(fhir.tls, root),
        server_name=fhir.tls.server_name if fhir.tls else "",
        connect_timeout_secs=fhir.connect_timeout_secs,
        reply_timeout_secs=fhir.reply_timeout_secs,
        max_answer_bytes=fhir.max_answer_bytes,
        retry_after_most_secs=fhir.retry_after_most_secs,
    )


def http_probe(fhir: FhirDestination) -> Callable[[str, int], bytes]:
    """What finds out whether it lives: a GET, which books nothing."""
    request = Call("GET", fhir.probe or _PROBED[fhir.shape]).to_bytes()

    def build(_control_id: str, _now: int) -> bytes:
        return request

    return build
