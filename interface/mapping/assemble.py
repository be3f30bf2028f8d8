"""A reading put together: which parts of a mapping an event may fill, and the parts joined by their identifiers.

Nothing reaches the ledger that an event's meaning has no use for: money messages bring identifiers and money, person-level events
no visit.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from interface.errors import InterfaceError, MappingError
from interface.fhir.request import Request
from interface.hl7.money import Money
from interface.hl7.parser import Message
from interface.hl7.problem import ErrorCode
from interface.ledger.noun import Identifier
from interface.ledger.reading import Meaning, Reading, Said, StatedBalance, Transaction
from interface.mapping.booking import transaction
from interface.mapping.identifier import refuse_clear
from interface.mapping.identities import groups_of, identities
from interface.mapping.rules import ListRules, Rules
from interface.mapping.scope import UNSAID, Scope, UnfitMessageError
from interface.mapping.use import USES, Use

_OWN_SEGMENTS = "P11"  # the event whose transactions each have segments of their own behind them


class AmbiguousBalanceError(MappingError):
    """Several visits of one account state different amounts, and nothing says how they belong together."""

    hl7_code = ErrorCode.TABLE_VALUE.value


def assemble(rules: Rules, message: Message | Request, scope: Scope, meaning: Meaning) -> Reading:
    """Apply every rule that the meaning has a use for. `message` is what the rules' walks go through."""
    context, use = scope.context, USES[meaning]
    patient_id = _key(rules, "patient", scope)
    if patient_id is None and use.patient_needed:
        raise UnfitMessageError(
            "patient-unidentified",
            "no identifier of the patient fits the mapping's rule",
            hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
            place=scope.placed("patient"),
            advice="see `identifiers: patient` of the mapping",
        )
    account_id = _key(rules, "account", scope) if use.account else None
    visits = list(_visits(rules, message, scope, use))
    visit_id = visits[0].ids[0] if visits else None
    return Reading(
        meaning=meaning,
        event_at=scope.event_at,
        facility=context.facility,
        currency=context.currency,
        patient=patient_id and Said((patient_id,), rules.patient.read(scope) if use.details else {}),
        account=account_id and Said((account_id,), _account(rules, message, scope) if use.details else {}),
        encounter=visits[0] if visits else None,
        further_encounters=tuple(visits[1:]),
        guarantors=_guarantors(rules.guarantors, message, scope) if use.guarantors else (),
        **(identities(groups_of(rules.identities, message, scope), meaning) if use.identities else {}),
        transactions=_transactions(rules, message, scope, account_id, visit_id) if use.transactions else (),
        balances=_balances(rules, message, scope, use, account_id) if use.balance else (),
        warnings=tuple(scope.warnings),
    )


def _visits(rules: Rules, message: Any, scope: Scope, use: Use) -> Iterator[Said]:
    """The visit of the message, or each of several (BAR)."""
    if not use.visit:
        return
    for each in rules.visits.scopes(message, scope) if use.visits else (scope,):
        visit_id = _key(rules, "visit", each)
        if visit_id is not None:
            said = rules.encounter.read(each) if use.details else {}
            yield Said((visit_id,), said, aliases=_aliases(rules, each, visit_id))


def _aliases(rules: Rules, scope: Scope, visit_id: Identifier) -> tuple[Identifier, ...]:
    rule = rules.identifiers.get("alternate_visit")
    try:
        found = rule(scope) if rule is not None else None
    except InterfaceError:  # no key: the message says everything else without it
        scope.warn("alternate-number-unread", "alternate_visit")
        return ()
    return (found,) if isinstance(found, Identifier) and found != visit_id else ()


def whose(rules: Rules, scope: Scope) -> Reading:
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


def _account(rules: Rules, message: Any, scope: Scope) -> dict[str, dict[str, Any]]:
    said = rules.account.read(scope)
    if rules.coverages is not None:
        rows = [row for each in rules.coverages.scopes(message, scope) if (row := _row(rules.coverages, each))]
        if rows:
            said["coverages"] = {"coverages": rows}
    return said


def _row(rules: ListRules, scope: Scope) -> dict[str, Any]:
    # A list is a snapshot and replaced whole: inside of it, cleared and not said are the same.
    return {name: value for name, value in rules.values(scope).items() if value is not None}


def _guarantors(rules: ListRules | None, message: Any, scope: Scope) -> tuple[Said, ...]:
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


def _transactions(
    rules: Rules, message: Any, scope: Scope, account: Identifier | None, visit: Identifier | None
) -> tuple[Transaction, ...]:
    listed = rules.transactions
    if listed is None or not any(listed.walk.scopes(message, scope)):
        scope.warn("transactions-missing", listed.walk.name if listed else "FT1")
        return ()
    own = ("GT1", "IN1", "IN2") if scope.names.get("event") == _OWN_SEGMENTS else None
    read = (transaction(listed.values(each), each, account, visit) for each in listed.scopes(message, scope, own=own))
    return tuple(each for each in read if each is not None)


def _balances(
    rules: Rules, message: Any, scope: Scope, use: Use, account: Identifier | None
) -> tuple[StatedBalance, ...]:
    """What is stated of the account; of several visits (BAR) each may state it again, or its own part."""
    if rules.balance is None:
        return ()
    scopes = list(rules.visits.scopes(message, scope)) if use.visits else []
    said = [(each, rules.balance.read(each)) for each in scopes or [scope]]
    stated = [(one, is_part) for each, values in said for one, is_part in _balance(values, each, account)]
    parts = [one for one, is_part in stated if is_part]
    wholes = list(dict.fromkeys(one for one, is_part in stated if not is_part))
    if len(wholes) > 1:
        raise AmbiguousBalanceError(
            "balance-ambiguous",
            "several visits of one account state different amounts",
            place="balance",
            advice="say in the mapping which counts (`balance: when`), or that each is a part (`is_of_visit`), then release",
        )
    return tuple(wholes) if wholes else _summed(parts)


def _summed(parts: list[StatedBalance]) -> tuple[StatedBalance, ...]:
    found: dict[tuple[Identifier, str], StatedBalance] = {}
    for part in parts:
        key = (part.account, part.currency)
        before = found.get(key, StatedBalance(part.account, 0, part.currency, part.as_of))
        amount_minor, as_of = before.amount_minor + part.amount_minor, max(before.as_of, part.as_of)
        found[key] = StatedBalance(part.account, amount_minor, part.currency, as_of)
    return tuple(found.values())


def _balance(said: dict[str, Any], scope: Scope, account: Identifier | None) -> Iterator[tuple[StatedBalance, bool]]:
    amount = said.get("amount", UNSAID)
    if amount is None:
        amount = refuse_clear(scope, "balance")
    account = said.get("account") or account
    if isinstance(amount, Money) and account is not None:
        as_of = said.get("as_of") or scope.event_at
        yield StatedBalance(account, amount.minor, amount.currency, as_of), said.get("is_of_visit") is True
