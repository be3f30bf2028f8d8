"""Configuration versions as people see them: what was made active, when, by whom and why."""

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """By what a version became the active one."""

    RUN = "run"  # the first start of an engine, or `hp24 run --publish`
    APPLY = "apply"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Activation:
    """One time that a version was made active. `summary` says in one line what that changed, in names of the configuration."""

    number: int  # in the order of time, over all versions
    config_id: int
    at: int
    actor: str
    how: How
    environment: str  # the name under which it was checked; empty: none was chosen
    reason: str
    summary: str


@dataclass(frozen=True, slots=True)
class Publishing:
    """Who makes a version active at `at` (UTC microseconds), by what and why.

    `instead_of` is the version that was active when that was decided (0: none); None: whichever is.
    """

    at: int
    actor: str
    how: How = How.RUN
    environment: str = ""
    reason: str = ""
    summary: str = ""
    instead_of: int | None = None
