"""FHIR R4 without a wire: resources, bundles, searches, scopes and outcomes. Pure; times and ids arrive as arguments."""
