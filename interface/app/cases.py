"""Cases put to the test: found beside the mappings, played with the files as they are edited, compared with what they expect."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from interface.app.collect import few_collections
from interface.app.coverage import Coverage
from interface.app.due import policies
from interface.app.plan import listening_of, plan_of
from interface.case.case import FOLDER, Case, Outcome
from interface.case.compare import Difference, compare, compare_plain
from interface.case.edit import rewritten
from interface.case.reader import read_case
from interface.case.stage import CaseClock, Setting, play
from interface.channel.build import feed_of
from interface.channel.feed import AnyFeed, Feed
from interface.channel.incoming import conditions_of
from interface.channel.loader import Configuration, load, read_files
from interface.channel.spec import Channel
from interface.document import read_text
from interface.errors import ActRefusedError, InterfaceError
from interface.ledger.due import BalancePolicy, Due
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.coverage import Exercised
from interface.mapping.fill import fill
from interface.mapping.node import Block, Entry, Mark, Node, Scalar
from interface.mapping.problem import Findings, Problem, did_you_mean
from interface.observe.emit import hushed
from interface.store.sandbox import Sandbox, open_sandbox
from interface.view.money import AccountStory

_OWN: Final = "case"  # the name of a channel that a case declares for itself
_PLAIN: Final = {
    "facility": "NORTH",
    "timezone": "UTC",
}  # of a channel that a case of a mapping did not describe further
Expressions = Callable[..., ExpressionCompiler]


@dataclass(frozen=True, slots=True)
class Played:
    """One case and what its steps did; `differences` by step, from 1. `failure`: what kept it from being played whole."""

    case: Case
    outcomes: Sequence[Outcome]
    differences: Mapping[int, Sequence[Difference]]
    failure: InterfaceError | None = None

    @property
    def holds(self) -> bool:
        """Whether everything was as expected."""
        return self.failure is None and not any(self.differences.values())


def read_cases(root: Path, wanted: Sequence[str] = ()) -> list[Case]:
    """The cases below `root`, or those that are wanted by name (`epic/register`), folder (`epic`) or file.

    Errors: ProblemsError with every problem of every file; ActRefusedError `case-unknown`.
    """
    files = _files(root)
    chosen = [file for file in files if not wanted or any(_is_named(file, name) for name in wanted)]
    for name in wanted:
        if not any(_is_named(file, name) for file in files):
            known = {_name(file) for file in files} | {_name(file).partition("/")[0] for file in files}
            raise ActRefusedError(
                "case-unknown",
                "there is no such case",
                place=name,
                advice=did_you_mean(name, known) or f"they lie in {FOLDER}",
            )
    findings = Findings()
    cases = _read(root, chosen, findings)
    findings.raise_any()
    return cases


def readable_cases(root: Path) -> tuple[list[Case], tuple[Problem, ...]]:
    """The cases below `root` that can be read, and what is wrong in the files of others."""
    findings = Findings()
    cases = _read(root, _files(root), findings)
    return cases, tuple(findings.problems)


def _files(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in sorted((root / FOLDER).rglob("*.yaml"))]


def _read(root: Path, files: Sequence[str], findings: Findings) -> list[Case]:
    cases = [read_case(file, read_text(root, file, findings), findings) for file in files]
    return [case for case in cases if case is not None]


def _name(file: str) -> str:
    return file.removeprefix(f"{FOLDER}/").removesuffix(".yaml")


def _is_named(file: str, name: str) -> bool:
    return _name(file) == name or _name(file).startswith(f"{name.rstrip('/')}/") or Path(name).as_posix().endswith(file)


def edited(root: Path, environ: Mapping[str, str], noted: Exercised | None = None) -> Configuration:
    """The files as they are edited; `noted` notes what of them is exercised. Errors: ProblemsError."""
    files = read_files(root)
    return load(files, environ, root) if noted is None else load(files, environ, root, noted.compiler, noted.table)


@contextmanager
def sandbox() -> Iterator[tuple[Sandbox, CaseClock]]:
    """Where cases are played, and the clock of it."""
    clock = CaseClock()
    with few_collections(), hushed(), tempfile.TemporaryDirectory(prefix="hp24-cases-") as folder:
        store = open_sandbox(Path(folder), clock)
        try:
            yield store, clock
        finally:
            store.close()


@dataclass(slots=True)
class Bench:
    """Plays cases under one configuration. Channels of files are made ready once, those that cases declare each time."""

    configuration: Configuration
    store: Sandbox
    clock: CaseClock
    expressions: Expressions = ExpressionCompiler
    coverage: Coverage | None = None
    shared: Setting | None = None

    def play(self, case: Case) -> Played:
        """One case, compared."""
        try:
            setting = self.setting(case)
            if self.coverage is not None:
                self.coverage.played(setting, case)
            outcomes = play(self.store, self.clock, setting, case)
        except InterfaceError as failure:
            return Played(case, (), {}, failure)
        return Played(case, outcomes, dict(_compared(case, outcomes)))

    def setting(self, case: Case) -> Setting:
        """What the case is played with. Errors: ProblemsError where its channel is not to be had."""
        findings = Findings()
        options = case.options or self._options_of(case, findings)
        findings.raise_any()
        if options is not None:
            return _setting({_OWN: self._declared(options, case)}, self.configuration, _OWN)
        if self.shared is None:
            self.shared = _setting(self.configuration.feeds, self.configuration, "")
        for step in case.steps:
            if step.channel and step.channel not in self.configuration.feeds:
                _unknown(step.mark, step.channel, self.configuration.feeds, findings)
        findings.raise_any()
        shared = self.shared
        return Setting(shared.plan, shared.feeds, shared.listening, case.channel or case.folder, shared.due)

    def _options_of(self, case: Case, findings: Findings) -> Block | None:
        """None: a channel of the files. Else what stands for a channel that the case did not describe."""
        name = case.channel or case.folder
        if name in self.configuration.feeds:
            return None
        mark = Mark(case.file)
        readers = {**self.configuration.mappings, **self.configuration.fhir}
        if case.channel or name not in readers:
            known = self.configuration.feeds if case.channel else {**self.configuration.feeds, **readers}
            _unknown(mark, name, known, findings)
            return None
        return Block(mark)

    def _declared(self, options: Block, case: Case) -> AnyFeed:
        """A channel for this case alone, out of what it says and plain values for the rest."""
        findings = Findings()
        mark = options.mark
        is_fhir = (options.text("mapping") or case.folder) in self.configuration.fhir
        source = {"fhir": Block(mark)} if is_fhir else {"mllp": Block(mark, {"port": _entry(mark, "2575")})}
        given: dict[str, Node] = {key: Scalar(mark, text) for key, text in _PLAIN.items()}
        given |= {
            "mapping": Scalar(mark, case.folder),
            "source": Block(mark, {k: Entry(mark, v) for k, v in source.items()}),
        }
        given |= {key: entry.node for key, entry in options.entries.items()} | {"channel": Scalar(mark, _OWN)}
        block = Block(mark, {key: options.entries.get(key) or Entry(mark, node) for key, node in given.items()})
        spec = fill(Channel, block, findings)
        known = self.configuration
        conditions = conditions_of(block, known.tables, findings, self.expressions)
        feed = feed_of(spec, conditions, known.mappings, known.outgoing, known.fhir) if spec else None
        if spec is not None and feed is None:
            wanted = [spec.mapping, *(one.mapping for one in spec.destinations.values() if one.fhir is None)]
            readers = known.mappings if spec.source.fhir is None else known.fhir
            missing = next(name for name in wanted if name not in readers and name not in known.outgoing)
            text = f"there is no mapping `{missing}` that fits here"
            findings.add(mark, "missing-mapping", text, did_you_mean(missing, readers))
        findings.raise_any()
        assert feed is not None, "else something was found"
        return feed


def feeds_of(setting: Setting, case: Case) -> dict[str, AnyFeed]:
    """The channels that a case uses, by name."""
    names = dict.fromkeys(step.channel or setting.channel for step in case.steps)
    return {name: setting.feeds[name] for name in names if name in setting.feeds}


def _entry(mark: Mark, text: str) -> Entry:
    return Entry(mark, Scalar(mark, text))


def _unknown(mark: Mark, name: str, known: Mapping[str, object], findings: Findings) -> None:
    findings.add(mark, "channel-unknown", f"there is no channel `{name}`", did_you_mean(name, known))


def _setting(feeds: Mapping[str, AnyFeed], configuration: Configuration, channel: str) -> Setting:
    own = replace(configuration, feeds=feeds)
    rules = policies(own)

    def due(story: AccountStory) -> Due:
        return story.due(rules.get(story.account.facility, BalancePolicy()))

    listening = {name: listening_of(feed) for name, feed in feeds.items() if isinstance(feed, Feed)}
    return Setting(plan_of(1, own), feeds, listening, channel, due)


def _compared(case: Case, outcomes: Sequence[Outcome]) -> Iterator[tuple[int, list[Difference]]]:
    for number, (step, outcome) in enumerate(zip(case.steps, outcomes, strict=True), start=1):
        expected = step.expected
        yield number, compare(expected, outcome) if expected is not None else compare_plain(step.mark, outcome)


def written(root: Path, played: Played) -> tuple[str, str]:
    """The case's file as it is and as it would be with what happened in place of what was expected otherwise."""
    text = (root / played.case.file).read_text("utf-8")
    wanted = {
        number - 1: played.outcomes[number - 1]
        for number, found in played.differences.items()
        if found or played.case.steps[number - 1].expected is None
    }
    return text, rewritten(text, played.case, wanted)
