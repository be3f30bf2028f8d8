"""FHIR without a wire."""
