"""What of a configuration touches money: a declared list of options, mapping targets and settings, each with its reason.

What stands here is changed only with a person's word. It covers amounts and their signs, accounts and visits, transactions
(FT1), where payments go and whether they may go twice, postal addresses (statements are sent there), and how long anything is kept.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from interface.ledger.reading import Meaning

Path = tuple[str, ...]

_AMOUNT, _ACCOUNT, _FT1 = "amounts and signs", "accounts and visits", "transactions (FT1)"
_WHERE, _TWICE, _POSTAL, _KEPT = "where payments go", "whether a payment may go twice", "postal addresses", "retention"

OPTIONS: Final[Mapping[str, str]] = {
    "facility": _ACCOUNT,
    "currency": _AMOUNT,
    "timezone": "days of service, and which balance is the newest",
    "production": _ACCOUNT,
    "null_is_empty": "which values count as sent",
    "filters.*": "which messages of money pass by",
    "mapping": _ACCOUNT,
    "balance": "what a patient owes",
    "posted_when": "when a payment counts as posted",
    "posting_lag_hours": "what a patient owes",
    "money.*": _AMOUNT,
    "missing_account.*": _ACCOUNT,
    "destinations.*.mllp.host": _WHERE,
    "destinations.*.mllp.port": _WHERE,
    "destinations.*.mllp.tls.*": _WHERE,
    "destinations.*.fhir.base_url": _WHERE,
    "destinations.*.fhir.token_*": _WHERE,
    "destinations.*.fhir.tls.*": _WHERE,
    "destinations.*.fhir.identifier_system": _TWICE,
    "destinations.*.fhir.shape": _FT1,
    "destinations.*.fhir.notices": "whether the EHR is told that payments are settled",
    "destinations.*.fhir.methods_by_tender.*": _FT1,
    "destinations.*.fhir.oracle.*": _FT1,
    "destinations.*.fhir.athena.*": _FT1,
    "destinations.*.mapping": _FT1,
    "destinations.*.receives": _WHERE,
    "destinations.*.receiving_*": _WHERE,
    "destinations.*.deduplicates": _TWICE,
    "destinations.*.max_unresolved_sends": _TWICE,
    "destinations.*.retry.max_attempts": _WHERE,
}

TARGETS: Final[Mapping[str, str]] = {
    "transactions.*": _FT1,
    "balance.*": "what a patient owes",
    "account.*": _ACCOUNT,
    "encounter.*": _ACCOUNT,
    "identities.*": _ACCOUNT,
    "identifiers.account": _ACCOUNT,
    "identifiers.visit": _ACCOUNT,
    "identifiers.authorities": _ACCOUNT,
    "identifiers.types": _ACCOUNT,
    "identifiers.references": _ACCOUNT,
    "identifiers.unmasked": _ACCOUNT,
    **{
        f"{noun}.{part}": _POSTAL
        for noun in ("patient", "guarantors")
        for part in ("line", "line2", "city", "state", "postal_code", "country")
    },
}

OUTGOING: Final[Mapping[str, str]] = {
    "segments.FT1.*": _FT1,
    "segments.PID.*": _ACCOUNT,
    "segments.PV1.*": _ACCOUNT,
    "segments.GT1.*": _ACCOUNT,
    "message": _FT1,
}

_MONEY_TYPES: Final = ("Account", "ChargeItem", "PaymentReconciliation")  # resources of FHIR
_MONEY_PATHS: Final = ("FT1-", "ChargeItem", "PaymentReconciliation")

SETTINGS: Final[Mapping[str, str]] = {"keep_*": _KEPT, "purge_*": _KEPT, "database_url": "which books are written"}

MEANINGS: Final = frozenset(
    meaning
    for meaning in Meaning
    if meaning in (Meaning.TRANSACTIONS, Meaning.BALANCE, Meaning.CHANGE_CLASS, Meaning.REMOVE_VISIT)
    or meaning.startswith(("merge-", "move-", "renumber-", "cancel-"))
    or meaning.endswith("-account")
)
"""Meanings of events that move money, or the account that it stands on."""


def of_option(path: Path) -> str:
    """Why a channel's option touches money; empty: it does not."""
    return _found(OPTIONS, path)


def of_setting(path: Path) -> str:
    """Why a setting of the engine does."""
    return _found(SETTINGS, path)


def of_environment(name: str) -> str:
    """Why an option of an environment's file does."""
    return "which addresses are production's alone" if name in ("production", "addresses") else ""


def of_target(path: Path, *texts: str | None) -> str:
    """Why a rule of an incoming mapping does; `texts` are the rule as it was and as it is."""
    if why := _found(TARGETS, path):
        return why
    if path[0] == "events" and (_says_money(texts) or path[1].startswith(("DFT^", "BAR^", *_MONEY_TYPES))):
        return _FT1
    return _FT1 if any(name in text for text in texts if text for name in _MONEY_PATHS) else ""


def _says_money(texts: Iterable[str | None]) -> bool:
    """Whether an event is, or a rule may give it, a meaning that moves money."""
    words = {word for text in texts if text for word in (text, *re.findall(r"'([a-z-]+)'", text))}
    return bool(words & MEANINGS)


def of_outgoing(path: Path) -> str:
    """Why a rule of an outgoing mapping does."""
    return _found(OUTGOING, path)


_SECTIONS: Final = {
    "guarantor": "guarantors",
    "transaction": "transactions",
    "coverage": "account",
    "further_encounter": "encounter",
    **dict.fromkeys(("merge", "renumber", "move", "linked", "closed"), "identities"),
}


def of_said(name: str) -> str:
    """Why a field that a message says (`guarantor.phone`), or the number of its rows (`transaction`), does."""
    kind, _, part = name.partition(".")
    return _found(TARGETS, (_SECTIONS.get(kind, kind), part))


def _found(declared: Mapping[str, str], path: Path) -> str:
    name = ".".join(path)
    return next((why for pattern, why in declared.items() if fnmatchcase(name, pattern)), "")
