"""How long the certificates of the active configuration are good, read from the files as they lie there now."""

from dataclasses import dataclass

from interface.app.compose import App
from interface.certificate import read_material, validities
from interface.channel.files import TlsUse, tls_uses
from interface.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Standing:
    """One file of certificates: until when they are good (UTC microseconds), or the code of why they cannot be used."""

    owner: str  # channel, or channel/destination
    path: str
    fingerprint: str = ""
    ends_at: int = 0
    days_left: int = 0
    code: str = ""


def standings(app: App) -> list[Standing]:
    """Of every channel and destination that speaks TLS; none while no configuration is active."""
    try:
        _, configuration = app.active()
    except ConfigurationError:
        return []
    uses = [use for spec in configuration.specs.values() for use in tls_uses(spec, app.root)]
    return [one for use in uses for one in _standings(use, app)]


def _standings(use: TlsUse, app: App) -> list[Standing]:
    try:
        read_material(use.files)
        found = list(validities(use.files))
    except ConfigurationError as wrong:
        return [Standing(use.owner, wrong.place, code=wrong.code)]
    now = app.clock.now()
    return [Standing(use.owner, str(one.path), one.fingerprint, one.ends_at, one.days_left(now)) for one in found]
