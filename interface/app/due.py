"""What patients owe, as the channel of an account's facility defines it."""

from dataclasses import dataclass

from interface.channel.loader import Configuration
from interface.ledger.due import Due, due_of_entries, due_stated
from interface.view.money import AccountStory

_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class BalancePolicy:
    """Which figure counts on accounts of one facility, and how long an accepted payment may take to show in it."""

    is_stated: bool = True
    posting_lag_micros: int = 24 * _HOUR


def policies(configuration: Configuration) -> dict[str, BalancePolicy]:
    """Each facility's policy, from its channel."""
    return {
        channel.facility: BalancePolicy(channel.balance == "stated", int(channel.posting_lag_hours * _HOUR))
        for channel in configuration.specs.values()
    }


def due_of(story: AccountStory, policy: BalancePolicy) -> Due:
    """What the patient owes on one account."""
    if not policy.is_stated:
        return due_of_entries(story.balances, currency=story.account.currency)
    mine = [one for one in story.allocations if one.account_id in (story.account.id, *story.merged_ids)]
    return due_stated(
        story.observation,
        mine,
        currency=story.account.currency,
        posting_lag_micros=policy.posting_lag_micros,
    )
