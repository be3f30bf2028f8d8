"""Files to a configuration: read, checked together, compiled; every problem of every file at once, or a configuration that runs.

The texts may come from folders or from a version kept in a database: `${..}` is filled from the environment after the version was
taken, so one version runs on many machines and no secret lies in it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from interface.card.screen import contains_card
from interface.channel.address import refuse, uses
from interface.channel.build import feed_of
from interface.channel.environment import NOWHERE, Surroundings, surroundings
from interface.channel.feed import AnyFeed, Feed
from interface.channel.incoming import conditions_of
from interface.channel.lint import lint, refuse_unneeded, warn_of_masked_numbers
from interface.channel.lint_source import warn_unserved
from interface.channel.named import named_document, stem
from interface.channel.spec import Channel
from interface.document import read_document, read_text
from interface.mapping import compiler, fhir_compiler, outgoing_compiler
from interface.mapping import mapping as incoming
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.environment import substituted
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.fill import fill
from interface.mapping.node import Block, Mark
from interface.mapping.outgoing import Outgoing
from interface.mapping.problem import Findings, Problem
from interface.mapping.table import CodeTable, read_table
from interface.settings import SETTINGS_FILE, Settings, settings_of

_PATTERNS: Final = (
    "channels/*.yaml",
    "mappings/*.yaml",
    "mappings/tables/*.csv",
    "config/environments/*.yaml",
    SETTINGS_FILE,
)
_KEPT_VERSIONS: Final = 4  # of mappings: the active one, the edited one, and those that they are compared with
_HERE: Final = Path()


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the files say, ready to run. `digest` is the SHA-256 of the texts, `${..}` as written."""

    files: Mapping[str, str]
    digest: str
    settings: Settings
    feeds: Mapping[str, AnyFeed]
    mappings: Mapping[str, incoming.Mapping]
    outgoing: Mapping[str, Outgoing]
    tables: Mapping[str, CodeTable]
    warnings: tuple[Problem, ...] = ()  # what runs, and is worth a look
    surroundings: Surroundings = NOWHERE  # what `${..}` was filled from
    fhir: Mapping[str, FhirMapping] = field(default_factory=dict)  # incoming mappings that read FHIR

    @property
    def specs(self) -> dict[str, Channel]:
        """The channels as declared, by name."""
        return {name: feed.spec for name, feed in self.feeds.items()}


def _as_read(table: CodeTable) -> CodeTable:
    return table


@dataclass(slots=True)
class Loading:
    """What has been read so far."""

    environ: Mapping[str, str]
    expressions: Callable[..., ExpressionCompiler] = ExpressionCompiler
    as_table: Callable[[CodeTable], CodeTable] = _as_read
    findings: Findings = field(default_factory=Findings)
    tables: dict[str, CodeTable] = field(default_factory=dict)
    mappings: dict[str, incoming.Mapping] = field(default_factory=dict)
    outgoing: dict[str, Outgoing] = field(default_factory=dict)
    fhir: dict[str, FhirMapping] = field(default_factory=dict)
    mapping_names: dict[str, str] = field(
        default_factory=dict
    )  # every mapping file, usable or not: in, out, or in of another format
    blocks: dict[str, Block] = field(default_factory=dict)  # every channel file that can be read, usable or not
    channels: dict[str, Channel] = field(default_factory=dict)


def read_files(root: Path) -> dict[str, str]:
    """Path (relative, with slashes) to text of every configuration file under `root`; ProblemsError names what cannot be read."""
    findings = Findings()
    paths = sorted(path for pattern in _PATTERNS for path in root.glob(pattern) if path.is_file())
    names = [path.relative_to(root).as_posix() for path in paths]
    texts = {name: read_text(root, name, findings) for name in names}
    findings.raise_any()
    return texts


def digest_of(files: Mapping[str, str]) -> str:
    """The version's name: the same for the same texts, whatever the line ends or the order of reading."""
    hashed = hashlib.sha256()
    for path, text in sorted(files.items()):
        body = "\n".join(text.lstrip("\ufeff").splitlines())
        hashed.update(f"{path}\0{len(body)}\0{body}\0".encode())
    return hashed.hexdigest()


def load(
    files: Mapping[str, str],
    environ: Mapping[str, str],
    root: Path = _HERE,
    expressions: Callable[..., ExpressionCompiler] = ExpressionCompiler,
    as_table: Callable[[CodeTable], CodeTable] = _as_read,
) -> Configuration:
    """Check and compile. Raises ProblemsError, which carries every problem of every file. Secret files lie below `root`.

    `expressions` makes the compiler of single rules, `as_table` what they look codes up in.
    """
    findings = Findings()
    around = surroundings(files, environ, root, findings)
    loading = Loading(around.environ, expressions, as_table, findings)
    _screen(files, loading.findings)
    settings = settings_of(files.get(SETTINGS_FILE, ""), around.environ, loading.findings)
    _take_mappings(files, loading)
    _read_channels(files, loading)
    lint(loading.blocks, loading.mapping_names, loading.findings)
    conditions = {
        name: conditions_of(block, loading.tables, loading.findings, expressions)
        for name, block in loading.blocks.items()
    }
    feeds = {
        name: feed
        for name, spec in loading.channels.items()
        if (feed := feed_of(spec, conditions[name], loading.mappings, loading.outgoing, loading.fhir))
    }
    for feed in (one for one in feeds.values() if isinstance(one, Feed)):
        refuse_unneeded(feed, loading.findings)
        warn_of_masked_numbers(feed, loading.findings)
    warn_unserved(loading.blocks, settings, loading.findings)
    _guard(files, loading, settings, around)
    loading.findings.raise_any()
    warnings = tuple(sorted(set(loading.findings.warnings)))
    return Configuration(
        dict(files),
        digest_of(files),
        settings,
        feeds,
        loading.mappings,
        loading.outgoing,
        loading.tables,
        warnings,
        around,
        loading.fhir,
    )


def _guard(files: Mapping[str, str], loading: Loading, settings: Settings, around: Surroundings) -> None:
    """Nobody but production listens on, or sends to, an address that is production's."""
    if around.guarded:
        text = files.get(SETTINGS_FILE, "")
        own = read_document(SETTINGS_FILE, text, Findings()) if text.strip() else None
        used = uses(loading.channels, loading.blocks, settings, own)
        refuse(used, ((one.address, one.mark) for one in around.guarded), around.name, loading.findings)


def _screen(files: Mapping[str, str], findings: Findings) -> None:
    """A version is kept in the database as it is written: no card number may stand in it, not even in a comment."""
    for path, text in files.items():
        if not contains_card(text):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if contains_card(line):
                findings.add(Mark(path, number), "card-number", "the line holds a payment card number", "leave it out")


def _take_mappings(files: Mapping[str, str], loading: Loading) -> None:
    """Tables and mappings, compiled once for as long as their files stay the same: a process reads them again and again."""
    texts = tuple(sorted((path, text) for path, text in files.items() if path.startswith("mappings/")))
    is_usual = loading.expressions is ExpressionCompiler and loading.as_table is _as_read
    known = _compiled(texts) if is_usual else None
    if known is None:
        _read_tables(files, loading)
        _read_mappings(files, loading)
        return
    loading.tables.update(known.tables)
    loading.mappings.update(known.mappings)
    loading.outgoing.update(known.outgoing)
    loading.fhir.update(known.fhir)
    loading.mapping_names.update(known.mapping_names)
    loading.findings.warnings += known.findings.warnings


@lru_cache(maxsize=_KEPT_VERSIONS)
def _compiled(texts: tuple[tuple[str, str], ...]) -> Loading | None:
    """What these files say; None where something is wrong with them, which is told with all the rest."""
    loading = Loading({}, ExpressionCompiler, _as_read, Findings())
    _read_tables(dict(texts), loading)
    _read_mappings(dict(texts), loading)
    return None if loading.findings.problems else loading


def forget_compiled() -> None:
    """Compile anew what is read next: the functions that rules name are others now."""
    _compiled.cache_clear()


def _read_tables(files: Mapping[str, str], loading: Loading) -> None:
    for path, text in files.items():
        if path.startswith("mappings/tables/"):
            name = stem(path)
            loading.tables[name] = loading.as_table(read_table(name, path, text, loading.findings))


def _read_mappings(files: Mapping[str, str], loading: Loading) -> None:
    blocks: dict[str, Block | None] = {}
    for path, text in files.items():
        if path.startswith("mappings/") and path.endswith(".yaml"):
            block = blocks[stem(path)] = named_document(path, text, "mapping", loading.findings)
            loading.mapping_names[stem(path)] = block.text("direction") or "in" if block else ""
    for name, block in blocks.items():
        if block is None:
            continue
        direction = loading.mapping_names[name]
        if direction not in ("in", "out"):
            mark = block.entries["direction"].node.mark
            loading.findings.add(mark, "wrong-value", "`direction` does not fit", "write in or out")
            direction = "out" if block.node("segments") else "in"  # so that its rules are looked at all the same
        if direction == "in" and (reads := _format(name, blocks, loading)) == fhir_compiler.FORMATS[1]:
            loading.mapping_names[name] = f"in, of {reads}"
            if of_fhir := fhir_compiler.compile_fhir(
                name, blocks, loading.tables, loading.findings, loading.expressions
            ):
                loading.fhir[name] = of_fhir
        elif direction == "in":
            if compiled := compiler.compile_mapping(
                name, blocks, loading.tables, loading.findings, loading.expressions
            ):
                loading.mappings[name] = compiled
        elif written := outgoing_compiler.compile_outgoing(
            name, blocks, loading.tables, loading.findings, loading.expressions
        ):
            loading.outgoing[name] = written


def _format(name: str, blocks: Mapping[str, Block | None], loading: Loading) -> str:
    """What an incoming mapping reads; a word that is none is found where it stands."""
    block = blocks[name]
    own = block.text("format") if block is not None else ""
    if block is not None and own and own not in fhir_compiler.FORMATS:
        mark = block.entries["format"].node.mark
        loading.findings.add(
            mark, "wrong-value", "`format` does not fit", f"write {' or '.join(fhir_compiler.FORMATS)}"
        )
    return fhir_compiler.format_of(name, blocks)


def _read_channels(files: Mapping[str, str], loading: Loading) -> None:
    for path, text in files.items():
        if path.startswith("channels/"):
            block = named_document(path, text, "channel", loading.findings)
            node = substituted(block, loading.environ, loading.findings) if block else None
            if isinstance(node, Block):
                loading.blocks[stem(path)] = node
                if spec := fill(Channel, node, loading.findings):
                    loading.channels[stem(path)] = spec
    if not any(path.startswith("channels/") for path in files):
        loading.findings.add(Mark("channels"), "no-channels", "there is no channel file", "add channels/NAME.yaml")
