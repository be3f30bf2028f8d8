"""How long the certificates of the active configuration are good, read from the files as they lie there now."""

from collections.abc import Iterator

from interface.app.compose import App
from interface.certificate import TlsFiles, read_material, validities
from interface.channel.files import TlsUse, tls_uses
from interface.channel.loader import Configuration
from interface.errors import ConfigurationError
from interface.operate.health import CertificateStanding

HTTP, FHIR = "http", "fhir"  # the owners of what the HTTP face and the FHIR server show


def standings(app: App) -> list[CertificateStanding]:
    """Of every channel and destination that speaks TLS, and of the HTTP faces."""
    try:
        _, configuration = app.active()
    except ConfigurationError:
        return standings_of(app, None)
    return standings_of(app, configuration)


def standings_of(app: App, configuration: Configuration | None) -> list[CertificateStanding]:
    """The same, of a configuration that was read already; None while none is active."""
    uses = [*_http(app)]
    if configuration is not None:
        uses += [use for spec in configuration.specs.values() for use in tls_uses(spec, app.root)]
    return [one for use in uses for one in _standings(use, app)]


def _http(app: App) -> Iterator[TlsUse]:
    settings = app.settings
    if settings.http_port and settings.http_certificate:
        certificate = app.root / settings.http_certificate
        yield TlsUse(HTTP, (), TlsFiles(certificate, app.root / (settings.http_key or settings.http_certificate)))
    fhir = settings.fhir
    if fhir.port and fhir.certificate:
        yield TlsUse(FHIR, (), TlsFiles(app.root / fhir.certificate, app.root / (fhir.key or fhir.certificate)))


def _standings(use: TlsUse, app: App) -> list[CertificateStanding]:
    try:
        read_material(use.files)
        found = list(validities(use.files))
    except ConfigurationError as wrong:
        return [CertificateStanding(use.owner, _role(use, wrong.place), wrong.place, code=wrong.code)]
    now = app.clock.now()
    return [
        CertificateStanding(
            use.owner, _role(use, str(one.path)), str(one.path), one.fingerprint, one.ends_at, one.days_left(now)
        )
        for one in found
    ]


def _role(use: TlsUse, path: str) -> str:
    return "authorities" if path == str(use.files.authorities) else "certificate"
