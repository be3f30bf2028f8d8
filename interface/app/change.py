"""A change of the configuration, seen before it is made: what differs, what of a running engine that touches, what it costs; and
then made, by the same words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interface.app.case_change import Tried
from interface.app.compose import App
from interface.app.wires import Runnable, runnable
from interface.channel.difference import Change, differences
from interface.channel.environment import FOLDER, VARIABLE
from interface.channel.files import check_files
from interface.channel.loader import Configuration, load
from interface.channel.spec import Channel
from interface.engine.adopt import Adoption, adoption
from interface.mapping.problem import Problem, ProblemsError
from interface.message import DeliveryState, MessageState
from interface.operate.act import By
from interface.operate.configuration import Version, make_active, need_cases, need_confirmation
from interface.ports import Reader
from interface.view.configuration import How

Cases = Callable[[Configuration, Configuration, Sequence[Change]], Tried]
"""What the cases say of the changes from one configuration to the other."""

_IN_SUMMARY = 4


@dataclass(frozen=True, slots=True)
class Touched:
    """What is there already and will meet the new version: messages of a channel, deliveries to a destination."""

    kind: str  # channel, destination
    name: str
    counts: Mapping[str, int]  # by state
    told: str  # what becomes of them


@dataclass(frozen=True, slots=True)
class ConfigPlan:
    """What applying a version would do. `base_id` is the active version, 0 where none is yet."""

    base_id: int
    configuration: Configuration
    files: tuple[str, ...]  # whose texts differ
    changes: tuple[Change, ...]
    listeners: Adoption
    destinations: Adoption
    touched: tuple[Touched, ...]
    warnings: tuple[Problem, ...] = ()
    tried: Tried | None = None  # None: no case was played

    @property
    def money(self) -> tuple[Change, ...]:
        """The changes that touch money. What is published first has nobody who relies on it."""
        return tuple(one for one in self.changes if one.money) if self.base_id else ()

    @property
    def is_empty(self) -> bool:
        """Whether the active version says the same, word by word, for the same environment."""
        return not self.files and not self.changes

    def summary(self) -> str:
        """In one line, names and no values."""
        if not self.base_id:
            return f"first version: {', '.join(self.configuration.specs)}"
        shown, left = self.changes[:_IN_SUMMARY], len(self.changes) - _IN_SUMMARY
        by_subject: dict[str, list[str]] = {}
        for one in shown:
            by_subject.setdefault(one.subject, []).append(one.name)
        told = "; ".join(f"{subject}: {', '.join(names)}".removesuffix(": ") for subject, names in by_subject.items())
        return (f"{told}; and {left} more" if left > 0 else told) or "comments and order"


def plan(app: App, cases: Cases | None = None) -> ConfigPlan:
    """What the edited files would change, and what the cases say of it where they are asked.

    Raises ProblemsError where the files do not pass their check.
    """
    edited = app.edited()
    found = check_files(edited.specs, edited.files, app.root, app.clock.now(), edited.settings.certificate_warn_days)
    if found.problems:
        raise ProblemsError(found.problems, (*edited.warnings, *found.warnings))
    return plan_to(app, edited, cases, (*edited.warnings, *found.warnings))


def plan_to(
    app: App, wanted: Configuration, cases: Cases | None = None, warnings: Sequence[Problem] = ()
) -> ConfigPlan:
    """What making these files active would change."""
    with app.store.snapshot() as reader:
        found = reader.active_config()
        new = runnable(0, wanted, app.root)
        if found is None:
            changes = [Change(f"channels/{name}.yaml:1", f"channel {name}", new="") for name in wanted.specs]
            opens = adoption({}, _listeners(new)), adoption({}, _senders(new))
            return ConfigPlan(0, wanted, tuple(wanted.files), tuple(changes), *opens, (), tuple(sorted(warnings)))
        config_id, files = found
        active, changed = _changed(app, reader, files, wanted)
        old = runnable(config_id, active, app.root)
        listeners = adoption(_listeners(old), _listeners(new))
        destinations = adoption(_senders(old), _senders(new))
        touched = tuple(_touched(reader, changed, active.specs, wanted.specs, destinations))
    return ConfigPlan(
        config_id,
        wanted,
        tuple(sorted(name for name in {*files, *wanted.files} if files.get(name) != wanted.files.get(name))),
        changed,
        listeners,
        destinations,
        touched,
        tuple(sorted(warnings)),
        None if cases is None else cases(active, wanted, changed) if changed else Tried(),
    )


def lines_of_money(app: App, wanted: Configuration) -> list[str]:
    """The lines that touch money in what making these files active would change; none where no version is active yet."""
    with app.store.snapshot() as reader:
        found = reader.active_config()
        changed = () if found is None else _changed(app, reader, found[1], wanted)[1]
    return [_line(one) for one in changed if one.money]


def _line(one: Change) -> str:
    return f"{one.place} {one.subject}: {one.name}".rstrip(": ")


def apply(
    app: App, by: By, planned: ConfigPlan, how: How, *, command: str, is_confirmed: bool, although: str = ""
) -> int:
    """Make the planned version the active one; a running engine takes it over by itself. Gives its id.

    `although` is why that is right although cases fail. Errors: ActRefusedError `money-unconfirmed`, `cases-fail`, `version-moved`.
    """
    lines = [_line(one) for one in planned.money]
    need_confirmation(lines, by.reason if is_confirmed else "", command)
    wrong = planned.tried.wrong if planned.tried is not None else ()
    need_cases(wrong, although, f'{command} --confirm-money "why this is right"' if lines else command)
    wanted = planned.configuration
    details: dict[str, Any] = {
        "changes": len(planned.changes),
        "money": lines[:50],
        "files": planned.files[:50],
        "reopened": sorted(planned.listeners.reopens),
    }
    if wrong:
        details |= {"failing_cases": wrong[:50], "although_cases_fail": although.strip()}
    version = Version(wanted.files, wanted.digest, wanted.surroundings.name, planned.summary(), details)
    config_id = make_active(app.store, app.clock, by, version, how, instead_of=planned.base_id)
    app.wake()
    return config_id


def _changed(
    app: App, reader: Reader, files: Mapping[str, str], wanted: Configuration
) -> tuple[Configuration, tuple[Change, ...]]:
    """The active version, whose texts these are, and what the wanted one changes of it."""
    was, now = reader.activations(1)[0].environment, wanted.surroundings.name
    active = _as_active(app, files, was)
    changed = tuple(differences(active, wanted))
    return active, changed if was == now else (_of_environment(was, now), *changed)


def _as_active(app: App, files: Mapping[str, str], environment: str) -> Configuration:
    """The active version as it runs: under the environment that it was applied for, where that can be had here."""
    try:
        return load(files, {**app.environ, VARIABLE: environment}, app.root)
    except ProblemsError:
        return load(files, app.environ, app.root)


def _of_environment(was: str, now: str) -> Change:
    place = f"{FOLDER}{now or was}.yaml:1"
    return Change(place, "environment", old=was or "none", new=now or "none", money="which site this engine works for")


def _listeners(one: Runnable) -> dict[str, Any]:
    return {source.settings.channel: source.settings for source in one.sources}


def _senders(one: Runnable) -> dict[str, Any]:
    return {name: sending.settings for name, sending in one.senders.items()}


def _touched(
    reader: Reader,
    changes: Sequence[Change],
    old: Mapping[str, Channel],
    new: Mapping[str, Channel],
    destinations: Adoption,
) -> list[Touched]:
    reached = {channel for one in changes for channel in one.channels} | (set(old) - set(new))
    found = []
    for one in reader.channel_counts():
        open_ = {str(state): one.states.get(state, 0) for state in (MessageState.WAITING, MessageState.HELD)}
        failed = one.states.get(MessageState.FAILED, 0)
        counts = {name: number for name, number in {**open_, str(MessageState.FAILED): failed}.items() if number}
        if one.channel in reached and counts:
            found.append(Touched("channel", one.channel, counts, _of_messages(one.channel in new)))
    for each in reader.destination_counts():
        name = each.destination
        states = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.AMBIGUOUS)
        counts = {str(state): number for state in states if (number := each.states.get(state, 0))}
        is_reached = name in destinations.closes or name in destinations.reopens or name.partition("/")[0] in reached
        if is_reached and counts:
            found.append(Touched("destination", name, counts, _of_deliveries(name, destinations)))
    return found


def _of_messages(is_there: bool) -> str:
    if is_there:
        return "waiting ones run under the new version; held and failed ones stay until they are released"
    return "waiting ones are held as channel-unknown until a version has the channel again, then: hp24 release"


def _of_deliveries(name: str, destinations: Adoption) -> str:
    if name in destinations.closes:
        return "stay queued and are not sent until a version has the destination again"
    how = "over a new connection" if name in destinations.reopens else "as before"
    return f"are sent {how}; what was not tried yet is rendered by the new version"
