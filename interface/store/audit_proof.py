"""The proof of the audit trail: every row as its link names it, every link as the one before it lets it be, both ends as noted."""

from collections.abc import Iterator

import sqlalchemy as sa

from interface.row.backup import AuditEnd
from interface.store import immutable
from interface.store import schema_operation as t
from interface.store.audit_seal import BETWEEN, Chain, Link, chain, link_of, row_digest
from interface.store.tx import Tx
from interface.view.audit import AuditProof

_BELOW_ALL = -(1 << 63)
_LINKS = sa.select(t.audit_seal).where(t.audit_seal.c.id > sa.bindparam("beyond")).order_by(t.audit_seal.c.id).limit(50)
_UNSEALED = sa.select(sa.func.count().label("amount"), sa.func.min(t.audit.c.at).label("since")).where(
    t.audit.c.id > sa.bindparam("beyond")
)


def prove(tx: Tx, noted: AuditEnd | None) -> AuditProof:
    """Prove the whole chain in one snapshot. `noted`: the end that a backup carries, which must be a part of it."""
    found = [f"trigger {name} is gone" for name in immutable.missing(tx.connection)]
    kept = chain(tx)
    if kept is not None and kept.code != kept.code_of(tx.vault):
        found.append("what is noted of the chain's ends was altered")
    before: Link | None = None
    rows = seals = 0
    is_noted = noted is None
    for link in _links(tx):
        if before is None:
            found += [f"row {row.id} was inserted" for row in tx.read(BETWEEN, beyond=_BELOW_ALL, last=link.beyond_row)]
        found += _joint(tx, kept, before, link)
        found += _rows(tx, link)
        is_noted = is_noted or (noted is not None and (link.id, link.code.hex()) == (noted.seal, noted.code))
        rows, seals, before = rows + len(link.digests()), seals + 1, link
    found += _end(kept, before)
    if noted is not None and not is_noted and not (kept and kept.first_seal > noted.seal):
        found.append(f"seal {noted.seal}, the newest when the backup was made, is not in the chain")
    after = tx.read(_UNSEALED, beyond=before.last_row if before else 0)[0]
    return AuditProof(
        rows=rows,
        seals=seals,
        last_seal=before.id if before else 0,
        sealed_at=before.at if before else 0,
        unsealed=after.amount,
        unsealed_since=after.since or 0,
        found=tuple(found),
    )


def _links(tx: Tx) -> Iterator[Link]:
    beyond = -1
    while page := tx.read(_LINKS, beyond=beyond):
        for row in page:
            yield link_of(row)
        beyond = page[-1].id


def _joint(tx: Tx, kept: Chain | None, before: Link | None, link: Link) -> Iterator[str]:
    """Whether a link is as it was made, and follows from the one before."""
    if link.code != link.code_of(tx.vault):
        yield f"seal {link.id} was altered"
    if before is not None:
        first, follows = before.id + 1, before.code
    elif kept is not None:
        first, follows = kept.first_seal, kept.follows
    else:
        return
    if link.id > first:
        yield f"{_range('seal', first, link.id - 1)} removed"
    elif link.id < first:
        yield f"seal {link.id} was inserted"
    elif link.follows != follows:
        yield f"seal {link.id} does not follow from the one before it"


def _end(kept: Chain | None, last: Link | None) -> Iterator[str]:
    if kept is None:
        if last is not None:
            yield "the note of the chain's ends was removed"
        return
    if last is None:
        yield f"{_range('seal', kept.first_seal, kept.last_seal)} removed"
    elif last.id < kept.last_seal:
        yield f"{_range('seal', last.id + 1, kept.last_seal)} cut off the end"
    elif (last.id, last.code) != (kept.last_seal, kept.last_code):
        yield f"seal {last.id} is not the one that the chain ends with"


def _range(what: str, first: int, last: int) -> str:
    return f"{what} {first} was" if first == last else f"{what}s {first} to {last} were"


def _rows(tx: Tx, link: Link) -> Iterator[str]:
    # A link's own code is proven apart: what it names is compared also where that fails, so that the rows are told all the same.
    named = link.digests()
    for row in tx.read(BETWEEN, beyond=link.beyond_row, last=link.last_row):
        digest = named.pop(row.id, None)
        if digest is None:
            yield f"row {row.id} was inserted"
        elif digest != row_digest(tx.vault, row):
            yield f"row {row.id} was altered"
    yield from (f"row {number} was removed" for number in sorted(named))
