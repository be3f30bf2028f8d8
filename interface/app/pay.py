"""HealthPay24 as this engine is configured to reach it: the embedded one."""

from interface.app.compose import App
from interface.app.due import policies
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import HealthPay24


def hosted(app: App) -> HealthPay24:
    """The HealthPay24 that payments are taken with."""
    return EmbeddedHealthPay24(app.store, app.clock, lambda: policies(app.active()[1]))
