"""The nouns of a case: a story of messages and payments, each with what it is expected to do. Knows no engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interface.mapping.node import Block, Mark

FOLDER = "mappings/cases"
TOLD_OF_STEP = ("state", "reason", "place", "answer", "warnings", "then", "transactions", "worklist", "closed", "sent")
TOLD_OF_LEDGER = ("patients", "guarantors", "accounts", "encounters", "payments")
EXPECTED = (*TOLD_OF_STEP[:7], *TOLD_OF_LEDGER, *TOLD_OF_STEP[7:])
OTHERS, ANY = "others", "any"  # `others: any`: what is not written here is not looked at


class Er7(str):
    """A message as text, one segment a line: compared field by field."""

    __slots__ = ()


Told = str | None | Sequence["Told"] | Mapping[str, "Told"]
"""What is told of a ledger or a step: text, nothing (None: not there, or cleared), lists and tables of these."""

Outcome = Mapping[str, Told]
"""What one step did, under the names of `EXPECTED`; what did not happen has no entry."""


@dataclass(frozen=True, slots=True)
class Order:
    """What HealthPay24 asks for. `kind` is payment, void or refund; `accounts` are numbers with amounts as written (125.00)."""

    kind: str
    name: str = ""  # by which a void or refund of the case calls it
    accounts: Mapping[str, str] = field(default_factory=dict)
    tender: str = ""
    last4: str = ""
    payment: str = ""  # the one that a void or refund takes back


@dataclass(frozen=True, slots=True)
class Step:
    """A message or an order, and what is expected: None where only that it is processed.

    A message is ER7, one segment a line, or a FHIR request with its head, or a resource by itself, which is created.
    `at` is its arrival as HL7 writes times; empty: the time that its MSH-7 tells, or a moment after the step before. `reply` is
    how the EHR answers what is sent to it now; `none`: not at all.
    """

    mark: Mark
    message: str = ""
    order: Order | None = None
    channel: str = ""
    at: str = ""
    reply: str = ""
    expected: Block | None = None
    expected_at: Mark | None = None  # where `expect` stands


@dataclass(frozen=True, slots=True)
class Case:
    """A case. `channel` names one, or `options` declare one for this case alone; `folder` is the mapping or channel it is of."""

    file: str
    about: str
    channel: str
    options: Block | None
    steps: tuple[Step, ...]

    @property
    def folder(self) -> str:
        return self.file.removeprefix(f"{FOLDER}/").partition("/")[0]

    @property
    def name(self) -> str:
        """`epic/register`: what it is called by."""
        return self.file.removeprefix(f"{FOLDER}/").removesuffix(".yaml")
