"""What a FHIR server answered, read with suspicion: what was wrong (OperationOutcome), and what a search found (Bundle)."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from interface.fhir.outcome import RefusedError
from interface.fhir.text import Resource, read

# http://hl7.org/fhir/issue-type, R4: what is no code of it is the server's own words, and stays out.
_CODES: Final = frozenset(
    (
        *(
            "invalid",
            "structure",
            "required",
            "value",
            "invariant",
            "security",
            "login",
            "unknown",
            "expired",
            "forbidden",
        ),
        *(
            "suppressed",
            "processing",
            "not-supported",
            "duplicate",
            "multiple-matches",
            "not-found",
            "deleted",
            "too-long",
        ),
        *(
            "code-invalid",
            "extension",
            "too-costly",
            "business-rule",
            "conflict",
            "transient",
            "lock-error",
            "no-store",
        ),
        *("exception", "timeout", "incomplete", "throttled", "informational", "success"),
    )
)
_AMOUNT: Final = {"PaymentReconciliation": "paymentAmount", "PaymentNotice": "amount"}
_BAD: Final = frozenset({"fatal", "error"})
_ELEMENT = re.compile(r"(?:PaymentReconciliation|PaymentNotice|Basic)(?:\.[a-zA-Z]{1,40}(?:\[[0-9]{1,3}\])?){0,8}")


class NotSearchedError(Exception):
    """What came back does not tell whether the searched resource is there."""


def resource_of(body: bytes) -> Resource | None:
    """The JSON object of a body; None where it is none."""
    try:
        return read(body)
    except RefusedError:
        return None


def refusal(body: bytes) -> str:
    """The first error of an OperationOutcome as its code and the element that it names; empty where it tells neither.

    `diagnostics` and `details` may hold what a patient is called: nothing of them is given.
    """
    for issue in _issues(body):
        if issue.get("severity") not in _BAD:
            continue
        code, places = issue.get("code"), issue.get("expression")
        named = [one for one in places if isinstance(one, str)] if isinstance(places, list) else []
        told = [code] if isinstance(code, str) and code in _CODES else []
        return " ".join([*told, *[one for one in named if _ELEMENT.fullmatch(one)][:1]])
    return ""


def contradicts(body: bytes) -> bool:
    """Whether a positive answer carries an error all the same: an outcome that says so, or `success` that is false."""
    found = resource_of(body) or {}
    return any(one.get("severity") in _BAD for one in _issues(body)) or found.get("success") in (False, "false")


def _issues(body: bytes) -> list[Mapping[str, Any]]:
    found = resource_of(body) or {}
    issues = found.get("issue") if found.get("resourceType") == "OperationOutcome" else None
    return [one for one in issues if isinstance(one, dict)] if isinstance(issues, list) else []


def matches(body: bytes, type_: str, identifiers: list[Any]) -> list[Resource]:
    """The resources of a searchset that carry one of these identifiers.

    Raises NotSearchedError where the server did something else than search for it: another bundle, more pages, other resources
    among them, or a self link that shows that the parameter was passed over (R4 section 3.1.1.2).
    """
    bundle = resource_of(body)
    if bundle is None or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise NotSearchedError("no searchset came back")
    for link in _listed(bundle, "link"):
        if link.get("relation") == "next":
            raise NotSearchedError("there are further pages")
        if link.get("relation") == "self" and "identifier" not in parse_qs(urlsplit(str(link.get("url"))).query):
            raise NotSearchedError("the search passed over the identifier")
    entries = [one for one in _listed(bundle, "entry") if _mode(one) == "match"]
    found = [one["resource"] for one in entries if isinstance(one.get("resource"), dict)]
    mine = [one for one in found if one.get("resourceType") == type_ and _carries(one, identifiers)]
    if len(mine) < len(entries):
        raise NotSearchedError("other resources came back, too")
    if not mine and bundle.get("total") not in (0, None):
        raise NotSearchedError("it is said to be there, and is not shown")
    return mine


def _listed(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = found.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _mode(entry: Mapping[str, Any]) -> str:
    search = entry.get("search")
    return str(search.get("mode", "match")) if isinstance(search, dict) else "match"


def _carries(resource: Resource, identifiers: list[Any]) -> bool:
    known = {(one.get("system"), one.get("value")) for one in _listed(resource, "identifier")}
    return any((one["system"], one["value"]) in known for one in identifiers)


def is_same_payment(sent: Resource, there: Resource) -> bool:
    """Whether a PaymentReconciliation or PaymentNotice that was found is what was sent: in force, with the same money.

    A notice says the same of the money, too: `cleared`.
    """
    amount = _AMOUNT[sent["resourceType"]]
    ours, theirs = sent.get(amount), there.get(amount)
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return False
    is_equal = ours.get("value") == theirs.get("value") and ours.get("currency") == theirs.get("currency")
    return is_equal and there.get("status") == sent.get("status") and _codes(sent) <= _codes(there)


def _codes(resource: Resource) -> set[tuple[str, str]]:
    """What a PaymentNotice says of its money; a server may add codes of its own."""
    status = resource.get("paymentStatus")
    codings = _listed(status, "coding") if isinstance(status, dict) else []
    return {(str(one.get("system")), str(one.get("code"))) for one in codings}
