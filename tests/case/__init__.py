"""Cases: read, played, compared, written; made of stored messages."""
