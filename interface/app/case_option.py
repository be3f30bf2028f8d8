"""Which changed options of channels no case covers: each is put back alone, and the cases of its channel are played once more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from interface.app.cases import Bench, Played, feeds_of
from interface.case.case import Outcome
from interface.case.stage import Setting
from interface.channel.build import feed_of
from interface.channel.difference import Change
from interface.channel.feed import AnyFeed
from interface.channel.flat import Path, options
from interface.channel.incoming import Conditions
from interface.channel.loader import Configuration
from interface.channel.spec import Channel

_MOST: Final = 20  # options that are put back: each costs as much as the cases of its channel
# What no case can show, for nothing listens, connects or waits in it.
OUT_OF_REACH: Final = frozenset(
    {"source", "reply", "mllp", "retry", "probe", "probe_first_wait_secs", "probe_max_wait_secs"}
    | {"answer_within_secs", "when_unstorable", "max_messages", "hold_hours", "silent_hours", "unconfirmed_hours"}
)


@dataclass(slots=True)
class Options:
    """The options of two versions, and the cases that were `played` with the new one."""

    old: Configuration
    new: Configuration
    bench: Bench
    played: Sequence[Played]
    untried: int = 0
    _tried: int = 0
    _by_channel: dict[str, list[tuple[Played, Setting]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.played:
            if one.failure is None:
                setting = self.bench.setting(one.case)
                for channel in feeds_of(setting, one.case):
                    self._by_channel.setdefault(channel, []).append((one, setting))

    def uncovered(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Of changed options of channels, those that no case covers. Those beyond a limit are counted in `untried`."""
        for one in changes:
            channel = one.subject.partition(" ")[2]
            path = self._path(channel, one.name)
            if one.new is None or path == ("filters",) or OUT_OF_REACH & set(path):
                continue
            is_played = bool(self._by_channel.get(channel))
            if not one.name:
                is_covered = is_played  # a channel that came
            elif path[0] == "filters":
                is_covered = self._is_filtered(channel, int(path[1]) - 1)
            elif is_played and self._tried == _MOST:
                self.untried += 1
                continue
            else:
                is_covered = is_played and self._shows(channel, path)
            if not is_covered:
                yield one

    def _path(self, channel: str, name: str) -> Path:
        """The steps to an option; keys of their own may have dots in them."""
        specs = [one.specs[channel] for one in (self.old, self.new) if channel in one.specs]
        known = {".".join(path): path for spec in specs for path in options(spec)}
        return known.get(name, tuple(name.split(".")))

    def _is_filtered(self, channel: str, number: int) -> bool:
        wanted = ("filtered", self.new.specs[channel].filters[number].reason)
        return any(
            (step.channel or setting.channel) == channel and (outcome.get("state"), outcome.get("reason")) == wanted
            for played, setting in self._by_channel.get(channel, ())
            for step, outcome in zip(played.case.steps, played.outcomes, strict=True)
        )

    def _shows(self, channel: str, path: Path) -> bool:
        """Whether a case does something else with this option as it was; always, where it cannot be put back alone."""
        feed = self._put_back(channel, path)
        if feed is None:
            return True
        self._tried += 1
        configuration = replace(self.new, feeds={**self.new.feeds, channel: feed})
        bench = Bench(configuration, self.bench.store, self.bench.clock)
        return any(_is_other(one, bench.play(one.case)) for one, _setting in self._by_channel[channel])

    def _put_back(self, channel: str, path: Path) -> AnyFeed | None:
        now = self.new.specs[channel].model_dump(mode="json")
        _copy(self.old.specs[channel].model_dump(mode="json"), now, path)
        try:
            spec = Channel.model_validate(now)
        except ValidationError:
            return None
        blind = Conditions(tuple(None for _one in spec.filters), ())
        feed = feed_of(spec, blind, self.new.mappings, self.new.outgoing, self.new.fhir)
        return None if feed is None else replace(feed, filters=self.new.feeds[channel].filters)


def _copy(source: Any, target: Any, path: Path) -> None:
    """What stands at this place in one tree goes to the same place of the other; where nothing stands there, it is taken away."""
    *steps, last = path
    for step in steps:
        source = source.get(step) if isinstance(source, dict) else None
        if not isinstance(target.get(step), dict):
            target[step] = {}
        target = target[step]
    if isinstance(source, dict) and last in source:
        target[last] = source[last]
    else:
        target.pop(last, None)


def _is_other(one: Played, again: Played) -> bool:
    return again.failure is not None or _plain(one.outcomes) != _plain(again.outcomes)


def _plain(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [dict(one) for one in outcomes]
