"""Tests of the store: one contract suite on SQLite and PostgreSQL, and what is special to each."""
