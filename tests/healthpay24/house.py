"""A feed that HealthPay24's messages run through, too."""

from dataclasses import dataclass, replace

from interface.healthpay24 import payload
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.pipeline.plan import ChannelPlan, Plan, Understood
from interface.pipeline.process import drain
from tests.pipeline.spoken import Feed, update


def _read(raw: bytes, _arrived_at: int) -> Understood:
    return Understood(payload.read(raw))


@dataclass
class House(Feed):
    """What is asked of `hp24` waits until `run`."""

    def plan(self, config_id: int = 1) -> Plan:
        plan = super().plan(config_id)
        asked = ChannelPlan(payload.SOURCE, _read, is_amendable=False)
        return replace(plan, channels={**plan.channels, payload.SOURCE: asked})

    @property
    def hp24(self) -> EmbeddedHealthPay24:
        return EmbeddedHealthPay24(self.store, self.clock)

    def run(self) -> None:
        drain(self.stage(), 64)

    def account(self, number: str = "A1", patient: str = "1") -> str:
        """Open an account; its public id."""
        self.receive(update(patient, number))
        self.run()
        with self.store.snapshot() as reader:
            story = reader.account(number)
        assert story is not None
        return story.account.public_id

    def asked(self) -> int:
        """How many messages HealthPay24 brought in."""
        with self.store.snapshot() as reader:
            return sum(one.received for one in reader.channel_counts() if one.channel == payload.SOURCE)
