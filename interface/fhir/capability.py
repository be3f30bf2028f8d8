"""What the server says of itself: CapabilityStatement (R4 section 5.1), made of what is really served."""

from typing import Any

from interface.fhir.served import SERVED, Served

VERSION = "4.0.1"
JSON = "application/fhir+json"
_OPERATIONS = "http://hl7.org/fhir/OperationDefinition"
_HOW = (
    "Every request but this one needs a bearer token, whose scopes say what it may do. What is written is read by the mapping of "
    "the token's channel, and answered once it is applied: a resource whose number is known already is updated, also by a create "
    "(200 instead of 201). An update changes what it speaks of, and leaves what it does not speak of. Conditional requests look "
    "for one identifier. What cannot be applied yet is kept and answered with 202; what is not done in time is answered with 503, "
    "and never applied (issue `timeout`). Each answer tells its X-Request-Id: the same request under the same one is one. "
    "Prefer: respond-async answers at once with 202 and an address that tells what became of the request."
)
_INTERACTIONS = ("read", "vread", "create", "update", "search-type")


def capability(base: str, release: str, at: str) -> dict[str, Any]:
    """The statement of the server at `base`; `at` is when this release was started, a dateTime."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at,
        "kind": "instance",
        "software": {"name": "HealthPay24 interface engine", "version": release},
        "implementation": {"description": "What HealthPay24 knows of patients' bills", "url": base},
        "fhirVersion": VERSION,
        "format": ["json", JSON],
        "rest": [
            {
                "mode": "server",
                "documentation": _HOW,
                "security": {
                    "cors": False,
                    "description": "Authorization: Bearer TOKEN, with scopes such as system/Account.rs",
                },
                "resource": [_resource(type_, served) for type_, served in SERVED.items()],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [
                    {"name": "process-message", "definition": f"{_OPERATIONS}/MessageHeader-process-message"},
                    {"name": "validate", "definition": f"{_OPERATIONS}/Resource-validate"},
                ],
            }
        ],
    }


def _resource(type_: str, served: Served) -> dict[str, Any]:
    given = {"read", "search-type", *served.writes, *(("vread",) if served.is_versioned else ())}
    codes = [code for code in _INTERACTIONS if code in given]
    found: dict[str, Any] = {
        "type": type_,
        "documentation": served.about,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned" if served.is_versioned else "no-version",
        "readHistory": False,  # vread answers the version that is current
        "updateCreate": False,
        "conditionalCreate": served.writes >= {"create", "update"},
        "conditionalRead": "not-match" if served.is_versioned else "not-supported",
        "conditionalUpdate": "update" in served.writes,
        "conditionalDelete": "not-supported",
    }
    if served.includes:
        found["searchInclude"] = [f"{type_}:{name}" for name in served.includes]
    found["searchParam"] = [
        {"name": name, "type": one.kind.value, "documentation": one.about} for name, one in served.parameters.items()
    ]
    return found
