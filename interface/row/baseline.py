"""The point in the ledger's history from which a proof begins."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Baseline:
    """A copy of the ledger. Runs and allocations up to these ids are contained in it; `functions` names the code since."""

    at: int
    beyond_run: int
    beyond_allocation: int
    functions: str
