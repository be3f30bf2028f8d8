"""A reading put together: which parts of a mapping an event may fill, and the parts joined by their identifiers.

Nothing reaches the ledger that an event's meaning has no use for: money messages bring identifiers and money, person-level events
no visit.
"""

from contextlib import suppress
from typing import Any, Final

from interface.errors import InterfaceError
from interface.hl7.money import Money
from interface.hl7.parser import Message
from interface.hl7.problem import ErrorCode
from interface.ledger.noun import Identifier
from interface.ledger.reading import Meaning, Merge, Reading, Said, StatedBalance, Transaction
from interface.mapping.booking import transaction
from interface.mapping.identifier import refuse_clear
from interface.mapping.rules import ListRules, Rules
from interface.mapping.scope import UNSAID, Scope, UnfitMessageError

_PERSONS: Final = frozenset({Meaning.ADD_PERSON, Meaning.UPDATE_PERSON})
_IDENTIFIERS_ONLY: Final = frozenset({Meaning.TRANSACTIONS})
_NO_VISIT: Final = _PERSONS | {Meaning.MERGE_PATIENT, Meaning.BALANCE}
_NO_BALANCE: Final = _PERSONS | {Meaning.MERGE_PATIENT}
_NO_PATIENT_NEEDED: Final = frozenset({Meaning.TRANSACTIONS, Meaning.BALANCE})


def assemble(rules: Rules, message: Message, scope: Scope, meaning: Meaning) -> Reading:
    """Apply every rule that the meaning has a use for."""
    context = scope.context
    patient_id = _key(rules, "patient", scope)
    if patient_id is None and meaning not in _NO_PATIENT_NEEDED:
        raise UnfitMessageError(
            "patient-unidentified",
            "no identifier of the patient fits the mapping's rule",
            hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
            place="PID-3",
            advice="see `identifiers: patient` of the mapping",
        )
    is_merge = meaning is Meaning.MERGE_PATIENT
    account_id = None if is_merge else _key(rules, "account", scope)
    visit_id = None if meaning in _NO_VISIT else _key(rules, "visit", scope)
    is_money = meaning in _IDENTIFIERS_ONLY
    return Reading(
        meaning=meaning,
        event_at=scope.event_at,
        facility=context.facility,
        currency=context.currency,
        patient=patient_id and Said((patient_id,), {} if is_money else rules.patient.read(scope)),
        account=account_id and Said((account_id,), {} if is_money else _account(rules, message, scope)),
        encounter=visit_id and Said((visit_id,), {} if is_money else rules.encounter.read(scope)),
        guarantors=() if is_money or is_merge else _guarantors(rules.guarantors, message, scope),
        merges=_merges(rules.merges, message, scope) if is_merge else (),
        transactions=_transactions(rules.transactions, message, scope, account_id, visit_id) if is_money else (),
        balances=() if meaning in _NO_BALANCE else _balances(rules, scope, account_id),
        warnings=tuple(scope.warnings),
    )


def identities(rules: Rules, scope: Scope) -> Reading:
    """The identifiers of patient, account and visit, as far as they can be read, in a reading that says nothing else."""
    found: dict[str, Said | None] = {}
    for name in ("patient", "account", "visit"):
        with suppress(InterfaceError):
            key = _key(rules, name, scope)
            found[name] = Said((key,)) if key is not None else None
    return Reading(
        meaning=Meaning.UPDATE,
        event_at=0,
        facility=scope.context.facility,
        patient=found.get("patient"),
        account=found.get("account"),
        encounter=found.get("visit"),
    )


def _key(rules: Rules, name: str, scope: Scope) -> Identifier | None:
    rule = rules.identifiers.get(name)
    found = UNSAID if rule is None else rule(scope)
    if found is None:
        found = refuse_clear(scope, name)
    return found if isinstance(found, Identifier) else None


def _account(rules: Rules, message: Message, scope: Scope) -> dict[str, dict[str, Any]]:
    said = rules.account.read(scope)
    if rules.coverages is not None:
        rows = [row for each in rules.coverages.scopes(message, scope) if (row := _row(rules.coverages, each))]
        if rows:
            said["coverages"] = {"coverages": rows}
    return said


def _row(rules: ListRules, scope: Scope) -> dict[str, Any]:
    # A list is a snapshot and replaced whole: inside of it, cleared and not said are the same.
    return {name: value for name, value in rules.values(scope).items() if value is not None}


def _guarantors(rules: ListRules | None, message: Message, scope: Scope) -> tuple[Said, ...]:
    if rules is None:
        return ()
    found = []
    for each in rules.scopes(message, scope):
        identifier = rules.values(each).get("id")
        ids = (identifier,) if isinstance(identifier, Identifier) else ()
        said = rules.noun.read(each)
        if ids or said:
            found.append(Said(ids, said))
    return tuple(found)


def _merges(rules: ListRules | None, message: Message, scope: Scope) -> tuple[Merge, ...]:
    found = []
    for each in rules.scopes(message, scope) if rules else ():
        said = rules.values(each) if rules else {}
        survivor, retired = said.get("survivor"), said.get("retired")
        if not isinstance(survivor, Identifier) or not isinstance(retired, Identifier):
            missing = "survivor" if not isinstance(survivor, Identifier) else "retired"
            raise UnfitMessageError(
                "merge-incomplete",
                f"a merge without its {missing} identifier",
                hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
                place=each.place if missing == "survivor" else "MRG-1",
            )
        found.append(Merge(survivor, retired))
    return tuple(found)


def _transactions(
    rules: ListRules | None, message: Message, scope: Scope, account: Identifier | None, visit: Identifier | None
) -> tuple[Transaction, ...]:
    if rules is None or not any(rules.walk.groups(message)):
        scope.warn("transactions-missing", rules.walk.names[0] if rules else "FT1")
        return ()
    read = (transaction(rules.values(each), each, account, visit) for each in rules.scopes(message, scope))
    return tuple(each for each in read if each is not None)


def _balances(rules: Rules, scope: Scope, account: Identifier | None) -> tuple[StatedBalance, ...]:
    if rules.balance is None:
        return ()
    said = rules.balance.read(scope)
    amount = said.get("amount", UNSAID)
    if amount is None:
        amount = refuse_clear(scope, "balance")
    account = said.get("account") or account
    if not isinstance(amount, Money) or account is None:
        return ()
    return (StatedBalance(account, amount.minor, amount.currency, said.get("as_of") or scope.event_at),)
