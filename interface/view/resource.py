"""The ledger's rows as a resource server shows them: by what they are searched, and how far each has changed."""

from dataclasses import dataclass

from interface.ledger.noun import Noun


@dataclass(frozen=True, slots=True)
class Token:
    """An identifier that is searched for; `authority` None: of whatever authority."""

    value: str
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """What all must hold; an empty one says nothing. Within one of `identifiers`, any may fit. One page, in the order of ids.

    Where nothing but times of change is asked for, the page is in the order of those.

    `patients` and `accounts` are public ids whose rows are meant, those merged into them included. Times are UTC microseconds.
    """

    noun: Noun
    limit: int
    public_ids: tuple[str, ...] | None = None
    identifiers: tuple[tuple[Token, ...], ...] = ()
    names: tuple[tuple[str, ...], ...] = ()  # each: any of these fits, with all of its words
    birth_dates: tuple[str, ...] = ()
    patients: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    updated_from: int = 0
    updated_until: int | None = None  # itself not included
    beyond: int = 0  # the place of the last row of the page before


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One row: its number, its public id, how often it has changed, and when last; and its place in the order of pages."""

    id: int
    public_id: str
    version: int
    updated_at: int
    place: int
