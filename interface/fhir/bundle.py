"""Bundles that a server answers with (R4 section 2.36)."""

from collections.abc import Sequence
from typing import Any

from interface.fhir.outcome import Issue, IssueCode, Severity, outcome
from interface.fhir.search import Search
from interface.fhir.text import Resource


def searchset(
    asked: Search, base: str, matches: Sequence[Resource], included: Sequence[Resource], beyond_id: int | None
) -> dict[str, Any]:
    """One page of a search; `beyond_id` is the row that the next one begins behind, None on the last page."""
    links = [{"relation": "self", "url": asked.link(base)}]
    if beyond_id is not None:
        links.append({"relation": "next", "url": asked.link(base, beyond_id)})
    entries = [_entry(base, one, "match") for one in matches] + [_entry(base, one, "include") for one in included]
    if asked.ignored:
        entries.append(
            {"resource": outcome([_left_out(name) for name in asked.ignored]), "search": {"mode": "outcome"}}
        )
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return found | ({"entry": entries} if entries else {})


def _entry(base: str, one: Resource, mode: str) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": mode}}


def _left_out(name: str) -> Issue:
    text = "this parameter is not served and was left out; see /metadata, or ask with Prefer: handling=strict"
    return Issue(IssueCode.NOT_SUPPORTED, text, f"http.{name}", Severity.WARNING)
