"""The store of record: messages, runs, the ledger, deliveries and the audit trail in SQLite or PostgreSQL."""
