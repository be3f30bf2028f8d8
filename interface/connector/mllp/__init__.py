"""HL7 over MLLP: a source that listens, a destination that sends."""
