"""What interface.hl7 and interface.card promise, by example, by property and against python-hl7."""
