"""What patients owe, as the channel of an account's facility defines it."""

from interface.channel.loader import Configuration
from interface.ledger.due import BalancePolicy

_HOUR = 3_600_000_000


def policies(configuration: Configuration) -> dict[str, BalancePolicy]:
    """Each facility's policy, from its channel."""
    return {
        channel.facility: BalancePolicy(channel.balance == "stated", int(channel.posting_lag_hours * _HOUR))
        for channel in configuration.specs.values()
    }
