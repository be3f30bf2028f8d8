"""The FHIR face over a real store that HL7 messages have filled."""
