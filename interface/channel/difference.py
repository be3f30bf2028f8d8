"""What differs between two versions of the files: by option, rule and code, with the channels that it reaches and whether it
touches money. Pure: reads two configurations, and nothing else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from interface.channel import consequence
from interface.channel.environment import FOLDER
from interface.channel.flat import Flat, MappingTexts, Path, document, options
from interface.channel.loader import Configuration
from interface.channel.spec import Channel
from interface.channel.spec_destination import Destination
from interface.document import read_document
from interface.mapping.node import Block, Mark, place_of
from interface.mapping.problem import Findings
from interface.mapping.table import ANY, CodeTable, Miss
from interface.settings import SETTINGS_FILE

_SECRETIVE = {"database_url"}  # may carry a password: that it differs is told, and no value


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `old` None: it was not there; `new` None: it is not there any more.

    `place` is file:line of the newer files; of what was taken away, of the older ones. `money` says why it touches money.
    """

    place: str
    subject: str  # as "channel epic", "mapping hl7v2", "table sex", "settings"
    name: str = ""  # of the option, rule or code; empty: the whole
    old: str | None = None
    new: str | None = None
    money: str = ""
    channels: tuple[str, ...] = ()

    def sentence(self) -> str:
        """In one line."""
        of = f"{self.subject}: {self.name}" if self.name else self.subject
        match self.old, self.new:
            case None, None:
                return f"{of} differs"
            case None, str(new):
                return f"{of} added: {new}" if new else f"{of} added"
            case str(old), None:
                return f"{of} removed: {old}" if old else f"{of} removed"
            case _:
                return f"{of}: {self.old} -> {self.new}"


def differences(old: Configuration, new: Configuration) -> list[Change]:
    """Everything that differs in what the files say; comments and the order of keys say nothing."""
    if old.files == new.files and old.specs == new.specs:
        return []  # the same texts under the same environment
    texts = MappingTexts(old.files), MappingTexts(new.files)
    mappings = _merged(_of_mappings(old, new, texts))
    found = [*_of_channels(old, new), *mappings, *_unused(old, new, mappings), *_of_tables(old, new, texts[1])]
    found += [*_of_settings(old, new), *_of_environments(old, new)]
    return [replace(one, old=old.surroundings.masked(one.old), new=new.surroundings.masked(one.new)) for one in found]


# ---------------------------------------------------------------- channels


def _of_channels(old: Configuration, new: Configuration) -> Iterator[Change]:
    before, after = old.specs, new.specs
    for name in sorted({*before, *after}):
        subject, file = f"channel {name}", f"channels/{name}.yaml"
        if name not in before:
            yield Change(f"{file}:1", subject, new=_about(after[name]), money="a feed of its own", channels=(name,))
        elif name not in after:
            yield Change(f"{file}:1", subject, old=_about(before[name]), money="its money stops", channels=(name,))
        else:
            places = (_Places(old.files[file], file), _Places(new.files[file], file))
            yield from (replace(one, channels=(name,)) for one in _of_spec(before[name], after[name], subject, places))


def _about(spec: Channel) -> str:
    return f"{spec.source.place}, facility {spec.facility}, mapping {spec.mapping}"


@dataclass(frozen=True, slots=True)
class _Places:
    """Where options stand in a file."""

    text: str
    file: str

    def of(self, path: Path) -> str:
        block = read_document(self.file, self.text, Findings()) or Block(Mark(self.file))
        steps = [int(step) - 1 if step.isdigit() else step for step in path]
        mark = place_of(block, tuple(steps))
        return f"{mark.file}:{mark.line}"


def _of_spec(before: Channel, after: Channel, subject: str, places: tuple[_Places, _Places]) -> Iterator[Change]:
    gone, come = set(before.destinations) - set(after.destinations), set(after.destinations) - set(before.destinations)
    for name in sorted(gone | come):
        one = (before if name in gone else after).destinations[name]
        told = _sends(one)
        side = int(name in come)
        place = places[side].of(("destinations", name))
        why = "where payments go" if one.receives else ""
        yield Change(place, subject, f"destinations.{name}", None if side else told, told if side else None, why)
    old, new = (
        {path: value for path, value in options(spec).items() if not _is_below(path, gone | come)}
        for spec in (before, after)
    )
    for path in sorted(old.keys() | new.keys()):
        if path[0] not in ("channel", "about") and old.get(path) != new.get(path):
            place = places[int(path in new)].of(path)
            money = consequence.of_option(path)
            yield Change(place, subject, ".".join(path), old.get(path), new.get(path), money)


def _sends(one: Destination) -> str:
    if one.fhir is not None:
        return f"{one.fhir.base_url}, shape {one.fhir.shape}"
    assert one.mllp is not None, "one of both is given"
    return f"{one.mllp.host}:{one.mllp.port}, mapping {one.mapping}"


def _is_below(path: Path, names: set[str]) -> bool:
    return len(path) > 1 and path[0] == "destinations" and path[1] in names


# ---------------------------------------------------------------- mappings


def _of_mappings(old: Configuration, new: Configuration, texts: tuple[MappingTexts, MappingTexts]) -> Iterator[Change]:
    """By channel that both have: what its mappings say, inherited rules included."""
    before, after = old.specs, new.specs
    for channel in sorted(before.keys() & after.keys()):
        pairs = [(before[channel].mapping, after[channel].mapping, False)]
        both = before[channel].destinations.keys() & after[channel].destinations.keys()
        ends = ((before[channel].destinations[name], after[channel].destinations[name]) for name in sorted(both))
        pairs += [(was.mapping, now.mapping, True) for was, now in ends]
        for was, now, is_outgoing in pairs:
            rules = texts[0].rules(was), texts[1].rules(now)
            for change in _of_rules(*rules, f"mapping {now}", is_outgoing=is_outgoing):
                yield replace(change, channels=(channel,))


def _of_rules(old: Flat, new: Flat, subject: str, *, is_outgoing: bool = False) -> Iterator[Change]:
    for path in sorted(old.keys() | new.keys()):
        (was, there), (now, here) = old.get(path, (None, None)), new.get(path, (None, None))
        if was == now:
            continue
        mark = here or there
        assert mark is not None, "one of both has it"
        money = consequence.of_outgoing(path) if is_outgoing else consequence.of_target(path, was, now)
        yield Change(f"{mark.file}:{mark.line}", subject, ".".join(path), was, now, money)


def _merged(changes: Iterable[Change]) -> list[Change]:
    """One line for each rule, however many channels and mappings inherit it: under the name of the file where it stands."""
    found: dict[Change, set[str]] = {}
    for one in changes:
        stem = one.place.partition(":")[0].removeprefix("mappings/").removesuffix(".yaml")
        found.setdefault(replace(one, subject=f"mapping {stem}", channels=()), set()).update(one.channels)
    return [replace(one, channels=tuple(sorted(channels))) for one, channels in found.items()]


def _unused(old: Configuration, new: Configuration, told: list[Change]) -> Iterator[Change]:
    """Mapping files that came, went, or differ in what no channel takes from them."""
    files = {one.place.partition(":")[0] for one in told}
    for path in sorted({*old.files, *new.files}):
        if not (path.startswith("mappings/") and path.endswith(".yaml")) or path in files:
            continue
        name = path.removeprefix("mappings/").removesuffix(".yaml")
        was, now = (
            MappingTexts({path: one.files[path]}).rules(name) if path in one.files else None for one in (old, new)
        )
        texts = [
            None if rules is None else {step: text for step, (text, _mark) in rules.items()} for rules in (was, now)
        ]
        if texts[0] == texts[1]:
            continue
        subject = f"mapping {name}"
        if texts[0] is None or texts[1] is None:
            there = tuple(None if rules is None else "" for rules in texts)
            yield Change(f"{path}:1", subject, old=there[0], new=there[1])
        else:
            yield Change(f"{path}:1", subject, "(no channel takes it)")


# ---------------------------------------------------------------- tables, settings


def _of_tables(old: Configuration, new: Configuration, texts: MappingTexts) -> Iterator[Change]:
    for name in sorted({*old.tables, *new.tables}):
        was, now = (_codes(one.tables.get(name)) for one in (old, new))
        users = list(_users(name, new, texts))
        channels = tuple(sorted({channel for channel, _why in users}))
        money = next((why for _channel, why in users if why), "")
        lines = (new if name in new.tables else old).files.get(f"mappings/tables/{name}.csv", "")
        for code in sorted(was.keys() | now.keys()):
            if was.get(code) != now.get(code):
                place = f"mappings/tables/{name}.csv:{_line_of(code, lines)}"
                yield Change(place, f"table {name}", code, was.get(code), now.get(code), money, channels)


def _codes(table: CodeTable | None) -> dict[str, str]:
    if table is None:
        return {}
    miss = table.default if table.miss is Miss.DEFAULT else str(table.miss)
    return {**table.rows, ANY: miss}


def _users(name: str, new: Configuration, texts: MappingTexts) -> Iterator[tuple[str, str]]:
    """Channels whose rules look something up in the table, and why that rule touches money."""
    for channel, spec in new.specs.items():
        used = [(spec.mapping, False), *((one.mapping, True) for one in spec.destinations.values())]
        for mapping, is_outgoing in used:
            for path in [path for path, table in texts.lookups(mapping) if table == name]:
                text, _mark = texts.rules(mapping)[path]
                yield channel, consequence.of_outgoing(path) if is_outgoing else consequence.of_target(path, text)


def _line_of(code: str, text: str) -> int:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.partition(",")[0].strip().strip('"') == code:
            return number
    return 1


def _of_settings(old: Configuration, new: Configuration) -> Iterator[Change]:
    was, now = options(old.settings), options(new.settings)
    places = _Places((new if SETTINGS_FILE in new.files else old).files.get(SETTINGS_FILE, ""), SETTINGS_FILE)
    for path in sorted(was.keys() | now.keys()):
        if was.get(path) != now.get(path):
            is_shown = path[0] not in _SECRETIVE
            values = (was.get(path), now.get(path)) if is_shown else (None, None)
            yield Change(places.of(path), "settings", ".".join(path), *values, consequence.of_setting(path))


def _of_environments(old: Configuration, new: Configuration) -> Iterator[Change]:
    """What environments themselves say, chosen or not; what the chosen one's values do shows at the options that they fill."""
    for file in sorted({*old.files, *new.files}):
        if not file.startswith(FOLDER):
            continue
        was, now = (document(file, one.files.get(file, "")) for one in (old, new))
        for change in _of_rules(was, now, f"environment {file.removeprefix(FOLDER).removesuffix('.yaml')}"):
            if change.name != "about":
                yield replace(change, money=consequence.of_environment(change.name))
