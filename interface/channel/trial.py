"""One mapping made ready to try messages on, as a channel would read them: only the files that it needs are read.

No database, no wire. A message takes the way that it takes in the engine: card numbers masked, header judged, filtered, mapped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from interface.card.screen import CardScreen, screen
from interface.channel.attempt import Attempt, Outcome
from interface.channel.incoming import conditions_of, context_of, filters_of, takes_fhir
from interface.channel.named import named_document
from interface.channel.option import AckMode
from interface.channel.spec import Channel
from interface.channel.trial_fhir import FhirTrial
from interface.document import read_document, read_text
from interface.errors import ConfigurationError, InterfaceError, MappingError, MessageError
from interface.hl7.header import read_header
from interface.hl7.parser import Message, parse
from interface.ledger.reading import Filtered, Reading
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.compiler import compile_mapping
from interface.mapping.environment import substituted
from interface.mapping.extend import Resolved, resolved
from interface.mapping.fhir_compiler import FORMATS, compile_fhir, format_of
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.fill import fill
from interface.mapping.filter import Filters
from interface.mapping.mapping import Mapping as Compiled
from interface.mapping.node import Block
from interface.mapping.problem import Findings, did_you_mean
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable, read_table

if TYPE_CHECKING:
    from interface.mapping.explain import Explanation, Recorded
    from interface.mapping.fhir_explain import FhirRecorded
    from interface.mapping.record import Tape

V = TypeVar("V")  # the 3.11 spelling of a generic class
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Trial:
    """A mapping under the declarations of a channel; of none (`channel` empty), times are UTC and the facility is MSH-4's."""

    name: str
    channel: str
    mapping: Compiled
    context: Context
    filters: Filters
    charset: str
    is_told_outcomes: bool
    recorded: "Recorded | None"  # where it is to tell what each rule did
    block: Block | None  # the channel's file

    def run(self, raw: bytes, arrived_at: int) -> Attempt:
        """Try one message that arrived at `arrived_at` (UTC microseconds)."""
        screened = screen(raw, CardScreen(self.mapping.identifier_fields))
        masked = tuple(finding.place for finding in screened.findings)
        header = read_header(screened.raw)
        if header.errors:
            return Attempt(header, Outcome.REFUSED, header.errors[0], masked)
        message = parse(screened.raw, self.charset or None)
        content, explanation = self._read(message, arrived_at)
        return Attempt(header, self._outcome(content), content, masked, explanation)

    def run_each(self, raw: bytes, arrived_at: int) -> tuple[Attempt, ...]:
        """The same: one message is one attempt."""
        return (self.run(raw, arrived_at),)

    def _read(
        self, message: Message, arrived_at: int
    ) -> "tuple[Reading | Filtered | InterfaceError, Explanation | None]":
        context = self.context
        if not self.channel:
            component = message.delimiters.component
            context = replace(context, facility=message.header.sending_facility.split(component)[0])
        if self.recorded is not None:
            told = self.recorded.explain(message, context, arrived_at, self.filters, self.block)
            return told.outcome, told
        try:
            return self.mapping.read(message, context, arrived_at, self.filters), None
        except (MessageError, MappingError) as failure:
            return failure, None

    def _outcome(self, content: Reading | Filtered | InterfaceError) -> Outcome:
        match content:
            case Reading():
                return Outcome.MAPPED
            case Filtered():
                return Outcome.FILTERED
            case MappingError():
                return Outcome.HELD
            case _:
                return Outcome.REFUSED if self.is_told_outcomes else Outcome.FAILED


def open_trial(
    root: Path,
    environ: Mapping[str, str],
    *,
    mapping: str = "",
    channel: str = "",
    explains: bool = False,
    is_fhir: bool = False,
) -> Trial | FhirTrial:
    """The mapping of a channel, or one by name under the channel that uses it (the first by name, if several do).

    With neither it is the only channel that takes HL7 v2, or FHIR where that is to be tried (`is_fhir`). Raises ProblemsError for
    what is wrong in the files that are needed, ConfigurationError `channel-unknown`, `mapping-unknown` and `channel-unnamed`.
    """
    files = _Files(root, Findings())
    channels = files.names("channels")
    chosen = channel or _user_of(mapping, files, channels, is_fhir=is_fhir)
    if channel and channel not in channels:
        advice = did_you_mean(channel, channels)
        raise ConfigurationError("channel-unknown", "there is no such channel", place=channel, advice=advice)
    block = _channel_block(chosen, files, environ) if chosen else None
    spec = fill(Channel, block, files.findings) if block is not None else None
    name = mapping or (spec.mapping if spec is not None else block.text("mapping") if block else "")
    if name not in files.names("mappings"):
        files.findings.raise_any()
        advice = did_you_mean(name, files.names("mappings"))
        raise ConfigurationError("mapping-unknown", "there is no such mapping", place=name, advice=advice)
    return _compiled(name, chosen, spec, block, files, explains=explains)


def _compiled(
    name: str, channel: str, spec: Channel | None, block: Block | None, files: "_Files", *, explains: bool
) -> Trial | FhirTrial:
    mappings = OnDemand(files.names("mappings"), files.mapping)
    own = mappings[name]
    if own is not None and own.text("direction") == "out":
        raise ConfigurationError(
            "mapping-outgoing",
            "this mapping writes messages and reads none",
            place=name,
            advice="give one without `direction: out`",
        )
    tape, expressions = _recording() if explains else (None, ExpressionCompiler)
    tables = OnDemand(files.names("mappings/tables", "csv"), files.table)
    context = context_of(spec) if spec is not None else Context(_UTC, "")
    if format_of(name, mappings) == FORMATS[1]:
        of_fhir = compile_fhir(name, mappings, tables, files.findings, expressions)
        filters = _filters(spec, block, tables, files.findings, expressions)
        files.findings.raise_any()
        assert of_fhir is not None, "what is missing was found"
        whole = resolved(name, mappings, Findings())
        recorded = _recorded_fhir(of_fhir, whole, tape) if tape is not None else None
        return FhirTrial(name, channel, of_fhir, context, filters, recorded, block)
    mapping = compile_mapping(name, mappings, tables, files.findings, expressions)
    filters = _filters(spec, block, tables, files.findings, expressions)
    files.findings.raise_any()
    assert mapping is not None, "what is missing was found"
    return Trial(
        name,
        channel,
        mapping,
        context,
        filters,
        spec.charset if spec is not None else "",
        spec is not None and spec.ack.mode is AckMode.PROCESSED,
        _recorded(mapping, resolved(name, mappings, Findings()), tape) if tape is not None else None,
        block,
    )


def _filters(
    spec: Channel | None,
    block: Block | None,
    tables: Mapping[str, CodeTable],
    findings: Findings,
    expressions: Callable[..., ExpressionCompiler],
) -> Filters:
    conditions = conditions_of(block, tables, findings, expressions) if block is not None else None
    return filters_of(spec, conditions) if spec is not None and conditions is not None else Filters()


def _recording() -> "tuple[Tape, Callable[..., ExpressionCompiler]]":
    from interface.mapping.record import RecordingCompiler, Tape

    tape = Tape()
    return tape, partial(RecordingCompiler, tape=tape)


def _recorded(mapping: Compiled, whole: Resolved | None, tape: "Tape") -> "Recorded":
    from interface.mapping.explain import Recorded

    assert whole is not None, "it was compiled"
    return Recorded(mapping, whole.block, tape)


def _recorded_fhir(mapping: FhirMapping, whole: Resolved | None, tape: "Tape") -> "FhirRecorded":
    from interface.mapping.fhir_explain import FhirRecorded

    assert whole is not None, "it was compiled"
    return FhirRecorded(mapping, whole.block, tape)


class OnDemand(Mapping[str, V]):
    """Files by name, each read when it is first asked for."""

    def __init__(self, names: Iterator[str] | list[str], read: Callable[[str], V]) -> None:
        self._names = list(names)
        self._read = read
        self._found: dict[str, V] = {}

    def __getitem__(self, name: str) -> V:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class _Files:
    root: Path
    findings: Findings

    def names(self, folder: str, ending: str = "yaml") -> list[str]:
        return sorted(path.stem for path in (self.root / folder).glob(f"*.{ending}"))

    def text(self, path: str) -> str:
        return read_text(self.root, path, self.findings)

    def mapping(self, name: str) -> Block | None:
        path = f"mappings/{name}.yaml"
        return named_document(path, self.text(path), "mapping", self.findings)

    def table(self, name: str) -> CodeTable:
        path = f"mappings/tables/{name}.csv"
        return read_table(name, path, self.text(path), self.findings)


def _user_of(mapping: str, files: _Files, channels: list[str], *, is_fhir: bool) -> str:
    """The channel that reads with this mapping (the first by name); without a mapping, the only one that fits; else none."""
    if mapping:
        uses = re.compile(rf"^mapping:\s*[\"']?{re.escape(mapping)}[\"']?\s*(#.*)?$", re.MULTILINE)
        return next((name for name in channels if uses.search(files.text(f"channels/{name}.yaml"))), "")
    channels = [name for name in channels if _takes_fhir(name, files) is is_fhir]
    if len(channels) == 1:
        return channels[0]
    kind = "FHIR" if is_fhir else "HL7 v2"
    raise ConfigurationError(
        "channel-unnamed",
        f"there are {len(channels)} channels that take {kind}" if channels else f"no channel takes {kind}",
        place="channels",
        advice=f"choose one with --channel: {', '.join(channels[:20])}"
        if channels
        else "name a mapping with --mapping",
    )


def _takes_fhir(channel: str, files: _Files) -> bool:
    path = f"channels/{channel}.yaml"
    block = read_document(path, files.text(path), Findings())  # what is wrong in others' files is theirs
    return block is not None and takes_fhir(block)


def _channel_block(name: str, files: _Files, environ: Mapping[str, str]) -> Block | None:
    path = f"channels/{name}.yaml"
    block = named_document(path, files.text(path), "channel", files.findings)
    node = substituted(block, environ, files.findings) if block is not None else None
    if not isinstance(node, Block):
        files.findings.raise_any()
    return node if isinstance(node, Block) else None
