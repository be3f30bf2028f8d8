"""Alerts: when they begin, end and are told; mail and webhooks."""
