"""What patients owe, as the channel of an account's facility defines it."""

from interface.channel.loader import Configuration
from interface.ledger.due import BalancePolicy, Due
from interface.view.money import AccountStory

_HOUR = 3_600_000_000


def policies(configuration: Configuration) -> dict[str, BalancePolicy]:
    """Each facility's policy, from its channel."""
    return {
        channel.facility: BalancePolicy(channel.balance == "stated", int(channel.posting_lag_hours * _HOUR))
        for channel in configuration.specs.values()
    }


def due_of(story: AccountStory, policy: BalancePolicy) -> Due:
    """What the patient owes on one account."""
    mine = [one for one in story.allocations if one.account_id in (story.account.id, *story.merged_ids)]
    return policy.due(story.observations, mine, story.balances, currency=story.account.currency)
