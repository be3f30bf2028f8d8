"""Payments out over HTTP: to FHIR servers, and to vendors' own calls."""
