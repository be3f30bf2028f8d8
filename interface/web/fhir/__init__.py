"""The FHIR R4 face: routes, who may ask, and the ledger's rows as resources."""
