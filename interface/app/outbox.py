"""How alerts get out: a destination of the outbox for each way of telling, with the loop that serves every destination."""

import time
from collections.abc import Coroutine
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.alarm import Alerts, Mail, MailTls, Webhook
from interface.app.compose import App
from interface.channel.files import below
from interface.channel.spec import RESERVED
from interface.connector.mail import MailSender, MailSettings
from interface.connector.secret import Secret
from interface.connector.webhook import WebhookSender, WebhookSettings
from interface.engine.chance import chance
from interface.engine.delivery import DeliveryLoop, Sender
from interface.mapping.posting import Posting
from interface.pipeline.alert import AlertPolicy
from interface.pipeline.alerting import LOCK, AlertStage
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.plan import DestinationPlan
from interface.pipeline.retry import RetryPolicy, wait_secs

PREFIX = f"{RESERVED}/"  # before the names of the ways; no channel is called so
MAIL = "mail"
HOUR_SECS = 3600


def ways(alerts: Alerts) -> tuple[str, ...]:
    """The destinations that each telling goes to."""
    names = [*([MAIL] if alerts.mail is not None else []), *(f"webhook-{name}" for name in alerts.webhooks)]
    return tuple(f"{PREFIX}{name}" for name in names)


def alert_stage(app: App) -> AlertStage:
    """What judges and queues, by the settings."""
    alerts = app.settings.alerts
    policy = AlertPolicy(
        alerts.tell_after_secs, alerts.gone_after_secs, alerts.max_per_hour, alerts.summary_secs, alerts.keep_days
    )
    return AlertStage(app.store, app.clock, policy, ways(alerts), origin(app))


def origin(app: App) -> str:
    """What this installation is called in what is told: the end of its database's id."""
    return f"hp24-{app.store.opened.database_id[-6:].lower()}"


class Outbox:
    """One delivery loop for each way. `start` and what `stop` gives belong to the reactor's thread."""

    def __init__(self, app: App, reactor: AsyncioSelectorReactor) -> None:
        self._app = app
        self._reactor = reactor
        self._loops: list[DeliveryLoop] = []

    def start(self) -> None:
        """Begin to send."""
        self._loops = [self._loop(name, sender) for name, sender in self._senders().items()]
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """Look for work now."""
        for loop in self._loops:
            loop.wake()

    def stop(self) -> list[Coroutine[Any, Any, None]]:
        """What ends the loops after their present attempts."""
        loops, self._loops = self._loops, []
        return [loop.stop() for loop in loops]

    def _senders(self) -> dict[str, Sender]:
        alerts = self._app.settings.alerts
        found: dict[str, Sender] = {}
        if alerts.mail is not None:
            found[f"{PREFIX}{MAIL}"] = MailSender(mail_settings(self._app, alerts.mail), self._reactor)
        for name, webhook in alerts.webhooks.items():
            settings = webhook_settings(self._app, name, webhook)
            found[f"{PREFIX}webhook-{name}"] = WebhookSender(settings, self._reactor, time.time)
        return found

    def _loop(self, name: str, sender: Sender) -> DeliveryLoop:
        plan = destination_plan(name, self._app.settings.alerts)
        stage = DeliverStage(self._app.store, plan, _unrendered, self._app.clock, chance)
        return DeliveryLoop(
            self._reactor,
            name,
            stage,
            sender,
            self._app.settings.pace(),
            probe=None,
            connect_wait=lambda failures: wait_secs(failures, plan.retry, chance()),
        )


def destination_plan(name: str, alerts: Alerts) -> DestinationPlan:
    """A repeat harms nobody: what is unanswered is sent again, within bounds, and the destination is never suspended."""
    retry = RetryPolicy(alerts.first_wait_secs, alerts.max_wait_secs, max_attempts=alerts.max_attempts)
    return DestinationPlan(
        name,
        retry,
        retry,
        deduplicates=True,
        max_unresolved_sends=1,
        posted_when="accept",
        receives_payments=False,
        facility="",
        gives_up_secs=alerts.give_up_hours * HOUR_SECS,
        lock=LOCK,
    )


def mail_settings(app: App, mail: Mail) -> MailSettings:
    """The mail server, as the connector takes it."""
    return MailSettings(
        mail.host,
        mail.port,
        mail.sender,
        mail.to,
        mail.timeout_secs,
        is_tls=mail.tls is MailTls.TLS,
        is_starttls=mail.tls is MailTls.STARTTLS,
        authorities=below(app.root, mail.ca),
        user=mail.user,
        password=_secret(app, mail.password_file, mail.password_env) if mail.user else None,
    )


def webhook_settings(app: App, name: str, webhook: Webhook) -> WebhookSettings:
    """One receiver, as the connector takes it."""
    secret = _secret(app, webhook.secret_file, webhook.secret_env)
    return WebhookSettings(name, webhook.url, secret, webhook.timeout_secs, below(app.root, webhook.ca))


def _secret(app: App, file: str, variable: str) -> Secret:
    return Secret(below(app.root, file), variable, app.environ)


def _unrendered(_posting: Posting, _control_id: str, _now: int) -> bytes:
    raise AssertionError("an alert is queued with its bytes")
