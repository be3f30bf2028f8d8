"""What the server says of itself: CapabilityStatement (R4 section 5.1), made of what is really served."""

from typing import Any

from interface.fhir.served import SERVED, Served

VERSION = "4.0.1"
JSON = "application/fhir+json"


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
                "documentation": "Every request but this one needs a bearer token, whose scopes say what it may do.",
                "security": {
                    "cors": False,
                    "description": "Authorization: Bearer TOKEN, with scopes such as system/Account.rs",
                },
                "resource": [_resource(type_, served) for type_, served in SERVED.items()],
            }
        ],
    }


def _resource(type_: str, served: Served) -> dict[str, Any]:
    codes = ("read", "vread", "search-type") if served.is_versioned else ("read", "search-type")
    found: dict[str, Any] = {
        "type": type_,
        "documentation": served.about,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned" if served.is_versioned else "no-version",
        "readHistory": False,  # vread answers the version that is current
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "not-match" if served.is_versioned else "not-supported",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
    }
    if served.includes:
        found["searchInclude"] = [f"{type_}:{name}" for name in served.includes]
    found["searchParam"] = [
        {"name": name, "type": one.kind.value, "documentation": one.about} for name, one in served.parameters.items()
    ]
    return found
