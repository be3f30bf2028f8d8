"""Events about identities: which numbers become one, change, move or are linked, told from prior numbers (MRG) beside present ones.

HL7 v2.5.1 section 3.6.2: the numbers in PID and PV1 are those that stay, the ones in MRG those that were. What a group names above
the level of its event (the patient of a merged account) is whose it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from interface.hl7.problem import ErrorCode
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import AccountNamed, Meaning, Merge, Move, Renumber
from interface.mapping.rules import ListRules
from interface.mapping.scope import Scope, UnfitMessageError

_LEVELS = ((Noun.PATIENT, "patient"), (Noun.ACCOUNT, "account"), (Noun.ENCOUNTER, "visit"))
_PLACES = {
    "patient": "PID-3",
    "account": "PID-18",
    "visit": "PV1-19",
    "alternate_visit": "PV1-50",
    "prior_patient": "MRG-1",
    "prior_account": "MRG-3",
    "prior_visit": "MRG-5",
    "prior_alternate_visit": "MRG-6",
}
_MERGED = {
    Meaning.MERGE_PATIENT: Noun.PATIENT,
    Meaning.MERGE_ACCOUNT: Noun.ACCOUNT,
    Meaning.MERGE_VISIT: Noun.ENCOUNTER,
}
_MOVED = frozenset({Meaning.MOVE_PATIENT, Meaning.MOVE_ACCOUNT, Meaning.MOVE_VISIT})
_RENUMBERED = {
    Meaning.RENUMBER_PATIENT: (Noun.PATIENT, "patient"),
    Meaning.RENUMBER_ACCOUNT: (Noun.ACCOUNT, "account"),
    Meaning.RENUMBER_VISIT: (Noun.ENCOUNTER, "visit"),
    Meaning.RENUMBER_ALTERNATE_VISIT: (Noun.ENCOUNTER, "alternate_visit"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The numbers of one PID with its MRG and PV1."""

    said: dict[str, Any]
    place: str

    def number(self, name: str) -> Identifier | None:
        """A number, where it is said."""
        found = self.said.get(name)
        return found if isinstance(found, Identifier) else None

    def needed(self, name: str, code: str) -> Identifier:
        """A number that the event cannot do without."""
        found = self.number(name)
        if found is None:
            raise UnfitMessageError(
                code,
                f"the event needs the {name.replace('_', ' ')} number, and it is not said",
                hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
                place=self._place(name),
            )
        return found

    def _place(self, name: str) -> str:
        if not self.place.startswith("PID"):  # an element of a FHIR resource
            return self.place
        return f"{self.place}{_PLACES[name][3:]}" if _PLACES[name].startswith("PID") else _PLACES[name]


def groups_of(rules: ListRules | None, message: Any, scope: Scope) -> list[Group]:
    """Every group of numbers that the message holds."""
    if rules is None:
        return []
    return [Group(rules.values(each), each.place) for each in rules.scopes(message, scope)]


def identities(groups: Sequence[Group], meaning: Meaning) -> dict[str, Any]:
    """The parts of a reading, by the names that `Reading` gives them, that these groups make under an event's meaning."""
    if meaning in _MERGED:
        return {"merges": tuple(_merge(group, _MERGED[meaning]) for group in groups)}
    if meaning in _RENUMBERED:
        return {"renumbers": tuple(_renumber(group, *_RENUMBERED[meaning]) for group in groups)}
    if meaning in _MOVED:
        return _moves(groups, meaning)
    return _OTHERS[meaning](groups)


def _merge(group: Group, noun: Noun) -> Merge:
    name = dict(_LEVELS)[noun]
    retired = group.needed(f"prior_{name}", "merge-incomplete")
    return Merge(group.needed(name, "merge-incomplete"), retired, noun, _whose(group, noun))


def _whose(group: Group, noun: Noun) -> Identifier | None:
    return None if noun is Noun.PATIENT else group.number("patient")


def _merges_named(group: Group) -> Iterator[Merge]:
    """Whatever prior numbers the group names; the level above is only named, and not merged, where both are equal."""
    is_any = False
    for noun, name in _LEVELS:
        survivor, retired = group.number(name), group.number(f"prior_{name}")
        if survivor is not None and retired is not None:
            is_any = True
            if survivor != retired:
                yield Merge(survivor, retired, noun, _whose(group, noun))
    if not is_any:
        group.needed("prior_patient", "merge-incomplete")


def _linked(groups: Sequence[Group]) -> tuple[Identifier, ...]:
    """All patients of the message; a prior number (A39) is another one of the same person."""
    found = dict.fromkeys(
        number for group in groups for name in ("patient", "prior_patient") if (number := group.number(name))
    )
    if len(found) < 2:
        raise UnfitMessageError(
            "link-incomplete",
            "fewer than two patients are named to be linked",
            hl7_code=ErrorCode.REQUIRED_FIELD_MISSING,
            place="PID-3",
        )
    return tuple(found)


def _moves(groups: Sequence[Group], meaning: Meaning) -> dict[str, Any]:
    code = "move-incomplete"
    moves: list[Move] = []
    renumbers: list[Renumber] = []
    for group in groups:
        patient, source = group.needed("patient", code), group.number("prior_patient")
        match meaning:
            case Meaning.MOVE_PATIENT:
                moves.append(Move(Noun.PATIENT, group.needed("prior_patient", code), patient))
            case Meaning.MOVE_ACCOUNT:
                row = group.number("prior_account") or group.needed("account", code)
                moves.append(Move(Noun.ACCOUNT, row, patient, group.needed("prior_patient", code)))
                now = group.number("account")
                if now is not None and now != row:
                    renumbers.append(Renumber(Noun.ACCOUNT, now, row, patient))
            case _:
                row = group.number("prior_visit") or group.needed("visit", code)
                account = group.needed("account", code)
                moves.append(Move(Noun.ENCOUNTER, row, account, group.number("prior_account"), patient, source))
                now = group.number("visit")
                if now is not None and now != row:
                    renumbers.append(Renumber(Noun.ENCOUNTER, now, row, patient))
    return {"moves": tuple(moves), "renumbers": tuple(renumbers)}


def _renumber(group: Group, noun: Noun, name: str) -> Renumber:
    code = "renumber-incomplete"
    return Renumber(noun, group.needed(name, code), group.needed(f"prior_{name}", code), _whose(group, noun))


def _renumbers_named(group: Group) -> Iterator[Renumber]:
    """A class change says so by the way when account or visit have other numbers from now on."""
    for noun, name in _LEVELS[1:]:
        new, old = group.number(name), group.number(f"prior_{name}")
        if new is not None and old is not None and new != old:
            yield Renumber(noun, new, old, group.number("patient"))


def _closed(group: Group) -> AccountNamed:
    return AccountNamed(group.needed("account", "account-missing"), group.number("patient"))


_OTHERS: dict[Meaning, Callable[[Sequence[Group]], dict[str, Any]]] = {
    Meaning.MERGE_NAMED: lambda groups: {"merges": tuple(one for group in groups for one in _merges_named(group))},
    Meaning.CHANGE_CLASS: lambda groups: {
        "renumbers": tuple(one for group in groups for one in _renumbers_named(group))
    },
    Meaning.LINK_PATIENTS: lambda groups: {"linked": _linked(groups)},
    Meaning.UNLINK_PATIENTS: lambda groups: {"linked": _linked(groups)},
    Meaning.END_ACCOUNT: lambda groups: {"closed": tuple(_closed(group) for group in groups)},
    Meaning.PURGE_ACCOUNT: lambda groups: {"closed": tuple(_closed(group) for group in groups)},
}
