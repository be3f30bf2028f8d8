"""A case made of stored messages: de-identified, played, and written beside the mappings."""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from interface.app.case_site import site_of
from interface.app.case_stored import Stored, stored_steps
from interface.app.cases import Bench, sandbox
from interface.case.case import FOLDER, Case, Order, Outcome, Step
from interface.case.shape import shape
from interface.case.write import case_text
from interface.channel.loader import Configuration
from interface.deidentify.message import Site, deidentified, values
from interface.deidentify.replace import Replacements, beginning
from interface.errors import ActRefusedError, InterfaceError
from interface.hl7.parser import Message, parse_text
from interface.hl7.timestamp import read_timestamp
from interface.operate.act import By
from interface.ports import Store

Chance = Callable[[int], int]
Play = Callable[[Sequence[Step]], Sequence[Outcome]]
_NAME: Final = re.compile(r"(?:([a-z0-9][a-z0-9-]*)/)?([a-z0-9][a-z0-9-]*)")


@dataclass(frozen=True, slots=True)
class Saved:
    """A case that was made. `otherwise` names steps (from 1) that do something else than the originals did here."""

    file: str
    steps: int
    earlier: int
    otherwise: tuple[int, ...]


def save(
    store: Store,
    by: By,
    root: Path,
    configuration: Configuration,
    ids: Sequence[int],
    name: str = "",
    *,
    with_earlier: bool = False,
    chance: Chance = secrets.randbelow,
) -> Saved:
    """Make a case of these messages; with those of their patients' earlier ones that it needs, if so asked. Audited.

    Errors: as `stored_steps`; ActRefusedError `case-name`, `case-exists`; whatever keeps the case from being played.
    """
    stored = stored_steps(store, by, configuration.feeds, ids, with_earlier=with_earlier)
    channel = next((step.channel for step in stored.steps if step.channel), "")
    file = _file(root, name, channel, stored.kinds[-stored.asked])
    with sandbox() as (there, clock):
        bench = Bench(configuration, there, clock)

        def play(steps: Sequence[Step]) -> Sequence[Outcome]:
            played = bench.play(Case(file, "", channel, None, tuple(steps)))
            if played.failure is not None:
                raise played.failure
            return played.outcomes

        chosen = _needed(stored, play)
        originals = [stored.steps[at] for at in chosen]
        steps = [
            _alone(step, channel)
            for step in without_people(originals, site_of(configuration), stored.ours.values(), chance)
        ]
        outcomes = play(steps)
        shapes = [shape(outcome) for outcome in play(originals)]
    otherwise = [number for number, outcome in enumerate(outcomes, start=1) if shape(outcome) != shapes[number - 1]]
    kinds = ", ".join(dict.fromkeys(stored.kinds[at] for at in chosen))
    about = f"Made of stored messages ({kinds}), with invented people, numbers and days."
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case_text(about, channel, steps, outcomes), encoding="utf-8")
    return Saved(file, len(steps), len(steps) - stored.asked, tuple(otherwise))


def _file(root: Path, name: str, channel: str, kind: str) -> str:
    """Where the case is to lie: as it is named, else after the first message that was asked for."""
    given = _NAME.fullmatch(name) if name else None
    folder = (given[1] if given else "") or channel
    if (name and given is None) or not folder:
        text = "a case is called by a folder and a name of small letters, digits and hyphens"
        raise ActRefusedError("case-name", text, place="--name", advice="as epic/late-charge")
    if given is not None:
        file = f"{FOLDER}/{folder}/{given[2]}.yaml"
        if (root / file).exists():
            raise ActRefusedError(
                "case-exists", "there is such a case already", place=file, advice="give another --name"
            )
        return file
    stem = re.sub(r"[^a-z0-9]+", "-", kind.casefold()).strip("-") or "message"
    files = (f"{FOLDER}/{folder}/{stem}-{number}.yaml" for number in range(1, 10_000))
    return next(file for file in files if not (root / file).exists())


def _needed(stored: Stored, play: Play) -> list[int]:
    """The steps without which those asked for would do something else than after all earlier ones; long runs are tried first."""
    earlier = len(stored.steps) - stored.asked
    left = list(range(len(stored.steps)))

    def ending(chosen: Sequence[int]) -> list[object]:
        return [shape(outcome) for outcome in play([stored.steps[at] for at in chosen])[-stored.asked :]]

    size, whole = earlier, ending(left) if earlier else []
    while size:
        start = 0
        while start < len(left) - stored.asked:
            fewer = left[:start] + left[min(start + size, len(left) - stored.asked) :]
            if ending(fewer) == whole:
                left = fewer
            else:
                start += size
        size //= 2
    return left


def without_people(originals: Sequence[Step], site: Site, ours: Iterable[str], chance: Chance) -> list[Step]:
    """The same steps, de-identified together: what is the same in two of them stays the same. `ours`: ids of ours, which stay."""
    messages = [parse_text(step.message.replace("\n", "\r")) for step in originals if step.order is None]
    newest = max((_day(message) for message in messages), default=datetime.now(UTC).date())
    accounts = {number.casefold() for step in originals if step.order for number in step.order.accounts}
    made = beginning(chance, newest, values(messages) | accounts)
    for counted in ours:
        made.fix(counted, counted)
    left = iter(messages)
    return [
        replace(step, message=deidentified(next(left), site, made))
        if step.order is None
        else replace(step, order=_order(step.order, made))
        for step in originals
    ]


def _day(message: Message) -> date:
    try:
        found = read_timestamp(message.text("MSH-7"), UTC)
    except InterfaceError:
        found = None
    return found.on if found else date(1900, 1, 1)


def _order(order: Order, made: Replacements) -> Order:
    accounts = {made.number(number): amount for number, amount in order.accounts.items()}
    return replace(order, accounts=accounts, last4=made.number(order.last4) if order.last4 else "")


def _alone(step: Step, channel: str) -> Step:
    """A step of the case's own channel does not name it."""
    return replace(step, channel="") if step.channel == channel else step
