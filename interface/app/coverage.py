"""Which rules of the mappings no case exercises, and which of those no stored message exercises either."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from interface.case.case import Case
from interface.case.stage import Setting
from interface.channel.feed import AnyFeed
from interface.channel.loader import Configuration
from interface.document import read_document
from interface.errors import InterfaceError
from interface.mapping.coverage import Exercised, Rule, event_marks, rules_of
from interface.mapping.node import Block
from interface.mapping.problem import Findings
from interface.operate.act import By, note
from interface.ports import Reader, Store
from interface.view.message import MessageFilter

_PAGE = 256


@dataclass(slots=True)
class Coverage:
    """Collects while cases are played or stored messages are read; `noted` by the closures themselves."""

    noted: Exercised = field(default_factory=Exercised)
    kinds: dict[str, set[str]] = field(default_factory=dict)  # mapping -> events that were read by it

    def played(self, setting: Setting, case: Case) -> None:
        """Note the events of a case."""
        for step in case.steps:
            feed = setting.feeds.get(step.channel or setting.channel)
            if step.message and feed is not None:
                self._event(feed, step.message.encode("utf-8", "replace"))

    def _event(self, feed: AnyFeed, raw: bytes) -> None:
        self.kinds.setdefault(feed.mapping.name, set()).update(feed.kinds(raw))

    def missing(self, configuration: Configuration) -> list[Rule]:
        """The rules that nothing exercised, in the order of files and lines."""
        blocks = _blocks(configuration.files)
        marks = set(self.noted.marks)
        for mapping, kinds in self.kinds.items():
            marks |= event_marks(blocks, mapping, kinds)
        return sorted(rule for rule in rules_of(blocks) if rule.mark not in marks)

    def stored(self, store: Store, by: By, configuration: Configuration) -> int:
        """Read every stored message, and render every payment, as the files are now; gives how many messages. Audited."""
        note(store, by, "read-all", "messages", details={"for": "rules that no case exercises"})
        count = 0
        with store.snapshot() as reader:
            for source, raw, arrived_at in _messages(reader):
                feed = configuration.feeds.get(source.removeprefix("operator/"))
                if feed is None:
                    continue
                count += 1
                self._event(feed, raw)
                try:
                    feed.read_raw(raw, arrived_at)
                except InterfaceError:
                    continue  # what it gave until then is noted
            _render_payments(reader, configuration)
        return count

    def total(self, configuration: Configuration) -> int:
        """How many rules there are."""
        return len(rules_of(_blocks(configuration.files)))


def _messages(reader: Reader) -> Iterator[tuple[str, bytes, int]]:
    beyond = 0
    while page := reader.messages(MessageFilter(beyond_id=beyond, limit=_PAGE)):
        yield from ((one.source, one.raw, one.arrived_at) for one in reader.stored([row.id for row in page]))
        beyond = page[-1].id


def _render_payments(reader: Reader, configuration: Configuration) -> None:
    outlets = [outlet for feed in configuration.feeds.values() for outlet in feed.outlets.values()]
    beyond = 0
    while page := reader.payments(beyond, _PAGE):
        for part in (part for story in page for part in story.allocations):
            for outlet in outlets:
                try:
                    outlet.render(reader.posting(part.id), control_id="X", now=part.made_at)
                except InterfaceError:
                    continue
        beyond = page[-1].payment.id


def _blocks(files: Mapping[str, str]) -> dict[str, Block | None]:
    paths: Iterable[str] = (path for path in files if path.startswith("mappings/") and path.endswith(".yaml"))
    return {PurePosixPath(path).stem: read_document(path, files[path], Findings()) for path in paths}
