"""What a site's own files say about codes, authorities and fields: what of a message may be kept, or must keep its looks."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from interface.channel.loader import Configuration
from interface.deidentify.message import Site
from interface.document import read_document
from interface.mapping import grammar
from interface.mapping.expression import Expression, Literal, Reference, parts
from interface.mapping.extend import resolved
from interface.mapping.node import scalars
from interface.mapping.problem import Findings

_LONGEST: Final = 40  # characters of a literal that may be a code


def site_of(configuration: Configuration) -> Site:
    """Codes of tables, rules, filters and channels; authorities; and every field that some mapping or filter reads."""
    trees = list(_trees(configuration))
    literals = {part.text for tree in trees for part in parts(tree) if isinstance(part, Literal)}
    reads = {f"{part.segment}-{part.field}" for tree in trees for part in parts(tree) if isinstance(part, Reference)}
    codes = {code for table in configuration.tables.values() for code in table.rows}
    authorities: set[str] = set()
    for spec in configuration.specs.values():
        money = spec.money
        sent = money.codes_by_tender.values()
        codes |= {how.replace("{code}", code) for how in money.codes_by_kind.values() for code in sent}
        codes |= {*sent, *money.types_by_kind.values()}
        authorities.add(spec.facility)
        for one in spec.destinations.values():
            authorities |= {one.sending_application, one.sending_facility, one.receiving_application, "HP24"}
    table = configuration.tables.get("authority")
    authorities |= {*table.rows, *table.rows.values()} if table else set()
    kept = {code for code in (*codes, *literals) if code and len(code) <= _LONGEST}
    return Site(frozenset(kept), frozenset(name.casefold() for name in authorities if name), frozenset(reads))


def _trees(configuration: Configuration) -> Iterator[Expression]:
    """Every expression of the mappings and of the channels' filters."""
    files = configuration.files
    blocks = {
        PurePosixPath(path).stem: read_document(path, text, Findings())
        for path, text in files.items()
        if path.startswith("mappings/") and path.endswith(".yaml")
    }
    wholes = (resolved(name, blocks, Findings()) for name in blocks)
    texts = [one.text for whole in wholes if whole is not None for one in scalars(whole.block)]
    for path, text in files.items():
        block = read_document(path, text, Findings()) if path.startswith("channels/") else None
        filters = block.node("filters") if block is not None else None
        if filters is not None:
            texts += [one.text for one in scalars(filters)]
    for text in texts:
        for parse in (grammar.parse_value, grammar.parse_condition):
            with suppress(grammar.SyntaxFault):
                yield parse(text)
                break
