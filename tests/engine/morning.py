"""What an engine must hold after a hospital's traffic: compared with the hospital's own books, never with the engine's."""

from collections.abc import Iterator

from interface.app.due import policies
from interface.ledger.journal import Book
from interface.simulate.record import AccountTruth, Record
from interface.view.money import AccountStory
from tests.engine.harness import Engine

_PAGE = 200


def accounts_of(engine: Engine, facility: str) -> list[AccountStory]:
    """Every surviving account of a facility."""
    found: list[AccountStory] = []
    with engine.app.store.snapshot() as reader:
        while page := reader.accounts(found[-1].account.id if found else 0, _PAGE):
            found += page
    return [story for story in found if story.account.facility == facility]


def account_differences(engine: Engine, truths: Record, facility: str = "NORTH") -> Iterator[str]:
    """Where the engine's accounts differ from the hospital's: which there are, charges, what is due, whose they are."""
    policy_of = policies(engine.app.active()[1])
    stories = accounts_of(engine, facility)
    by_number = {name.value: story for story in stories for name in story.names}
    if len(stories) != len(truths.accounts):
        yield f"accounts: {len(stories)}, not {len(truths.accounts)}"
    for number, truth in truths.accounts.items():
        story = by_number.get(number)
        if story is None:
            yield f"account {number} is missing"
            continue
        due = story.due(policy_of[story.account.facility]).amount_minor
        yield from (f"account {number}: {what}" for what in _differences(story, truth, due))


def _differences(story: AccountStory, truth: AccountTruth, due: int) -> Iterator[str]:
    charged = -sum(one.amount_minor for one in story.balances if one.book is Book.CHARGES)
    if charged != truth.charges:
        yield f"charges {charged}, not {truth.charges}"
    if due != truth.due:
        yield f"due {due}, not {truth.due}"
    if truth.patient not in {name.value for name in story.patient_names}:
        yield "belongs to another patient"
