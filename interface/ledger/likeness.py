"""Guarantors who look like one that their account has already: a suggestion for a person, never a match.

A guarantor is who GT1-2 names, with its authority; the place of a segment says nothing, for senders reorder them. Where the number
is missing, or another one with every message, name, birth date and address may tell that it is the same person all the same. That
is for somebody to judge who can ask the sender: a wrong guess would put one person's bill into another's hands.
"""

from collections.abc import Mapping
from typing import Any

from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Caution
from interface.ledger.precedence import newest
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem
from interface.message import RunReason

Groups = Mapping[str, Mapping[str, Any]]


def notice_alike(telling: Telling, links: list[dict[str, Any]]) -> None:
    """Look at the guarantors of the message's account before `links` replace them; one item for each channel, with a count."""
    said_account = telling.reading.account
    account = telling.rows.resolve(Noun.ACCOUNT, said_account.ids) if said_account is not None else None
    if account is None or newest(account, "guarantors") > (telling.reading.event_at, telling.stamp.seq):
        return
    before = {number for noun, number in account.links() if noun is Noun.GUARANTOR}
    fresh = [link for link in links if link["guarantor"] not in before]
    bare = [said.groups for said in telling.reading.guarantors if not said.ids]
    if not before or not (fresh or bare):
        return
    known = {number: _said_of(telling, number) for number in before}
    left = [known[number] for number in before.difference(link["guarantor"] for link in links)]
    for link in fresh:
        if _is_any_alike(_said_of(telling, link["guarantor"]), left):
            telling.warn(Caution.GUARANTOR_RENUMBERED, f"guarantor[{link['priority']}]")
            _suggest(telling, Cause.GUARANTOR_RENUMBERED)
    if any(_is_any_alike(groups, [*known.values()]) for groups in bare):
        telling.warn(Caution.GUARANTOR_UNNUMBERED, "guarantor")
        _suggest(telling, Cause.GUARANTOR_UNNUMBERED)


def _said_of(telling: Telling, number: int) -> Groups:
    return {name: held.values for name, held in telling.rows.row(Noun.GUARANTOR, number).groups.items()}


def _is_any_alike(one: Groups, others: list[Groups]) -> bool:
    return any(is_alike(one, other) for other in others)


def is_alike(one: Groups, other: Groups) -> bool:
    """Whether two may be the same person: the same name, and the same birth date, or where one is unknown the same address."""
    if not _same(one, other, "name", ("family", "given")) and not _same(one, other, "organisation", ("organisation",)):
        return False
    born = [_text(each, "birth", "birth_date") for each in (one, other)]
    return born[0] == born[1] if all(born) else _same(one, other, "address", ("line", "postal_code"))


def _same(one: Groups, other: Groups, group: str, names: tuple[str, ...]) -> bool:
    told = [tuple(_text(each, group, name) for name in names) for each in (one, other)]
    return told[0] == told[1] and all(told[0])


def _text(groups: Groups, group: str, name: str) -> str:
    value = groups.get(group, {}).get(name)
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""


def _suggest(telling: Telling, cause: Cause) -> None:
    if telling.stamp.reason is RunReason.RECEIVED:  # a replay tells nothing new
        telling.tell_person(WorkItem(ItemKind.GUARANTOR, f"channel:{telling.stamp.source}", cause, NOTICE))
