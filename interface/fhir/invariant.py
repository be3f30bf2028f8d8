"""Invariants of R4's types that matter to billing (R4 section 5.2.0.5, by their names), and what amounts of money must be.

Left out: narratives (txt-1, txt-2), all of Timing but its units, and rules of bundles that are answers.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, Final

from interface.fhir.amount import money, payment
from interface.fhir.finding import Findings
from interface.fhir.outcome import IssueCode
from interface.fhir.span import is_backwards
from interface.fhir.text import Resource

Rule = Callable[[Resource, str, Findings], None]
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def contained(resource: Resource, at: str, named: Set[str], found: Findings) -> None:
    """dom-2 to dom-5: what contained resources may hold, and that something refers to them."""
    for place, one in _objects(resource, "contained", at):
        if "contained" in one:
            found.tell(IssueCode.INVARIANT, "a contained resource contains no others", place, "dom-2")
        id_ = one.get("id")
        if "" not in named and not (isinstance(id_, str) and id_ in named):
            found.tell(IssueCode.INVARIANT, "something refers to a contained resource by #ID", place, "dom-3")
        meta = one.get("meta")
        if isinstance(meta, dict) and meta.keys() & {"versionId", "lastUpdated"}:
            found.tell(
                IssueCode.INVARIANT, "a contained resource has no version and time of its own", f"{place}.meta", "dom-4"
            )
        if isinstance(meta, dict) and "security" in meta:
            found.tell(
                IssueCode.INVARIANT, "a contained resource has no security label of its own", f"{place}.meta", "dom-5"
            )


def _objects(node: Resource, key: str, at: str) -> Iterator[tuple[str, Resource]]:
    many: Any = node.get(key)
    if isinstance(many, list):
        yield from ((f"{at}.{key}[{number}]", one) for number, one in enumerate(many) if isinstance(one, dict))


def _patient(node: Resource, at: str, found: Findings) -> None:
    for place, one in _objects(node, "contact", at):
        if not one.keys() & {"name", "telecom", "address", "organization"}:
            found.tell(IssueCode.INVARIANT, "a contact has a name, telecom, address or organization", place, "pat-1")


def _organization(node: Resource, at: str, found: Findings) -> None:
    if not node.keys() & {"identifier", "name", "_name"}:
        found.tell(IssueCode.INVARIANT, "an organization has a name or an identifier", at, "org-1")
    for key, rule in (("address", "org-2"), ("telecom", "org-3")):
        for place, one in _objects(node, key, at):
            if one.get("use") == "home":
                found.tell(IssueCode.INVARIANT, f"{key} of an organization is never of use home", f"{place}.use", rule)


def _period(node: Resource, at: str, found: Findings) -> None:
    if is_backwards(node.get("start"), node.get("end")):
        found.tell(IssueCode.INVARIANT, "start is not after end", at, "per-1")


def _extension(node: Resource, at: str, found: Findings) -> None:
    has_value = any(key.lstrip("_").startswith("value") for key in node)
    if has_value is ("extension" in node):
        found.tell(IssueCode.INVARIANT, "an extension has either a value[x] or extensions", at, "ext-1")


def _needs(key: str, other: str, rule: str) -> Rule:
    def check(node: Resource, at: str, found: Findings) -> None:
        if key in node and other not in node and f"_{other}" not in node:
            found.tell(IssueCode.INVARIANT, f"{other} is required where {key} is given", f"{at}.{other}", rule)

    return check


def _ratio(node: Resource, at: str, found: Findings) -> None:
    if ("numerator" in node) is not ("denominator" in node):
        found.tell(IssueCode.INVARIANT, "numerator and denominator are both there, or neither", at, "rat-1")


def _modified(node: Resource, at: str, found: Findings) -> None:
    for place, _ in _objects(node, "modifierExtension", at):
        found.tell(
            IssueCode.NOT_SUPPORTED,
            "a modifier extension is kept and not followed; say so in elements of R4",
            place,
            "modifier",
        )


def _bundle(node: Resource, at: str, found: Findings) -> None:
    type_ = node.get("type")
    entries = list(_objects(node, "entry", at))
    if "total" in node and type_ not in ("searchset", "history"):
        found.tell(IssueCode.INVARIANT, "only a search or a history has a total", f"{at}.total", "bdl-1")
    if type_ == "message" and not (entries and _is(entries[0][1].get("resource"), "MessageHeader")):
        found.tell(IssueCode.INVARIANT, "the first entry of a message is its MessageHeader", f"{at}.entry", "bdl-12")
    seen = set()
    for place, one in entries:
        _entry(type_, one, place, found)
        url = _name(one)
        if url and type_ != "history":
            if url in seen:
                found.tell(IssueCode.INVARIANT, "a fullUrl stands once in a bundle", f"{place}.fullUrl", "bdl-7")
            seen.add(url)


def _entry(type_: Any, one: Resource, at: str, found: Findings) -> None:
    if "search" in one and type_ != "searchset":
        found.tell(IssueCode.INVARIANT, "only entries of a search have `search`", f"{at}.search", "bdl-2")
    asked = type_ in ("batch", "transaction")
    if ("request" in one) is not (asked or type_ == "history"):
        text = "entries of a batch, transaction or history have a request, others have none (bdl-3)"
        found.tell(IssueCode.INVARIANT, text, f"{at}.request", "" if asked else "request")
    if ("response" in one) is not (type_ in ("batch-response", "transaction-response", "history")):
        text = "entries of an answer or history have a response, others have none"
        found.tell(IssueCode.INVARIANT, text, f"{at}.response", "bdl-4")
    if not one.keys() & {"resource", "request", "response"}:
        found.tell(IssueCode.INVARIANT, "an entry has a resource, a request or a response", at, "bdl-5")
    request = one.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    if asked and isinstance(method, str) and method in _WITH_BODY and "resource" not in one:
        found.tell(IssueCode.REQUIRED, f"{method} is done with a resource (R4 section 3.1.0.11)", f"{at}.resource")
    if isinstance(url := one.get("fullUrl"), str) and "/_history/" in url:
        found.tell(IssueCode.INVARIANT, "a fullUrl names no version", f"{at}.fullUrl", "bdl-8")


def _name(entry: Resource) -> tuple[str, str] | None:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return (url, version if isinstance(version, str) else "") if isinstance(url, str) else None


def _is(resource: Any, type_: str) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == type_


_QUANTITY: Final = (_needs("code", "system", "qty-3"),)
INVARIANTS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "Age": _QUANTITY,
    "Attachment": (_needs("data", "contentType", "att-1"),),
    "Bundle": (_bundle,),
    "ContactPoint": (_needs("value", "system", "cpt-2"),),
    "Count": _QUANTITY,
    "Distance": _QUANTITY,
    "Duration": _QUANTITY,
    "Extension": (_extension,),
    "Money": (money,),
    "Organization": (_organization, _modified),
    "Patient": (_patient, _modified),
    "PaymentReconciliation": (payment, _modified),
    "Period": (_period,),
    "Quantity": _QUANTITY,
    "Ratio": (_ratio,),
    "TimingRepeat": (_needs("duration", "durationUnit", "tim-1"), _needs("period", "periodUnit", "tim-2")),
    **dict.fromkeys(
        ("Account", "ChargeItem", "Coverage", "Encounter", "MessageHeader", "PaymentNotice", "RelatedPerson"),
        (_modified,),
    ),
}
