"""What a request demands of the row that it is about, and which row that turns out to be."""

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Touched, refuse
from interface.ledger.reading import Demand, Target
from interface.ledger.telling import Telling
from interface.message import RunReason


def is_done(telling: Telling, target: Target) -> bool:
    """Whether nothing is to be applied, for the row is there already. Stopped where the demand is not met.

    A version is demanded once, of a request that runs for the first time. What a request has made itself is no other's: it may
    be replayed.
    """
    row = _row(telling, target)
    if row is None:
        if target.demand is Demand.KNOWN or target.version:
            raise refuse("204", Cause.RESOURCE_UNKNOWN, "there is no resource here that this request could update")
        return False
    if target.demand is Demand.NEW:
        return not _is_own(telling, row)
    is_first = telling.stamp.reason is not RunReason.REPLAY
    if target.demand is Demand.ABSENT and not _is_own(telling, row):
        raise refuse("205", Cause.RESOURCE_KNOWN, "the resource is here already, and was to be new")
    if target.version and is_first and telling.workset.version_of(target.noun, row.id) not in (target.version, None):
        raise refuse("207", Cause.VERSION_DIFFERS, "the resource has changed since the version that If-Match names")
    return False


def touched(telling: Telling, target: Target) -> Touched | None:
    """The row, once the request was applied."""
    row = _row(telling, target)
    if row is None:
        return None
    owner = telling.reading.patient if target.noun is Noun.GUARANTOR else None
    patient = telling.rows.resolve(Noun.PATIENT, owner.ids) if owner is not None else None
    return Touched(
        target.noun,
        row.id,
        row.public_id,
        telling.rows.is_new(row),
        patient.public_id if patient is not None else "",
    )


def _row(telling: Telling, target: Target) -> Entity | None:
    # Not who stands for it today: a retired record is a resource of its own, which says who replaced it.
    ids = target.ids[:1] if target.demand is Demand.KNOWN else target.ids
    return telling.rows.known(target.noun, ids)


def _is_own(telling: Telling, row: Entity) -> bool:
    return any(group.message_id == telling.stamp.message_id for group in row.groups.values())
