"""HL7 v2 in ER7: framing, reading, writing and answering; pure, lazy and lossless."""
