"""Bundles that a server answers with (R4 section 2.36)."""

from collections.abc import Sequence
from typing import Any

from interface.fhir.outcome import Issue, IssueCode, Severity, outcome
from interface.fhir.search import Search
from interface.fhir.served import SERVED
from interface.fhir.text import Resource

_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def searchset(
    asked: Search,
    base: str,
    matches: Sequence[Resource] = (),
    included: Sequence[Resource] = (),
    *,
    beyond_id: int | None = None,
    total: int | None = None,
) -> dict[str, Any]:
    """One page of a search; `beyond_id` is the row that the next one begins behind, None on the last page.

    `total` is of the matches on all pages, None where it is not known.
    """
    links = [{"relation": "self", "url": asked.link(base)}]
    if beyond_id is not None:
        links.append({"relation": "next", "url": asked.link(base, beyond_id)})
    entries = [_entry(base, one, "match") for one in matches] + [_entry(base, one, "include") for one in included]
    if asked.ignored:
        entries.append(
            {"resource": outcome([_left_out(name) for name in asked.ignored]), "search": {"mode": "outcome"}}
        )
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        found["total"] = total
    found["link"] = links
    return found | ({"entry": entries} if entries else {})


def subset(one: Resource, elements: Sequence[str]) -> Resource:
    """The resource with these elements and those that it must have, and marked so (R4 section 3.1.1.5.7); with none: as it is."""
    if not elements:
        return one
    kept = {"resourceType", "id", *SERVED[one["resourceType"]].required, *elements}
    meta = {**one.get("meta", {})}
    meta["tag"] = [*meta.get("tag", []), _SUBSETTED]
    shown = {name: value for name, value in one.items() if name in kept}
    return {"resourceType": shown.pop("resourceType"), "id": shown.pop("id"), **shown, "meta": meta}


def _entry(base: str, one: Resource, mode: str) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": mode}}


def _left_out(name: str) -> Issue:
    text = "this parameter is not served and was left out; see /metadata, or ask with Prefer: handling=strict"
    return Issue(IssueCode.NOT_SUPPORTED, text, f"http.{name}", Severity.WARNING)
