"""Patients as people name them, and what in the store is about them."""

from dataclasses import dataclass

from interface.ledger.noun import Identifier


@dataclass(frozen=True, slots=True)
class PatientStory:
    """One patient (the survivor, after a merge). `account_ids` are public ids, those of merged accounts and patients included."""

    public_id: str
    lane: int
    names: tuple[Identifier, ...]
    account_ids: tuple[str, ...]
